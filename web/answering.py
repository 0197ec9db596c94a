"""Tasks that read: queries, questions, graphs and descriptions, written as they are found."""

from collections.abc import Callable
from itertools import islice
from typing import BinaryIO

from pyoxigraph import DefaultGraph, NamedNode, QueryBoolean, QuerySolutions, serialize

from picograph.kg.store.embedded import FolderStore
from picograph.ontology.errors import StoreError, UsageError
from picograph.web.negotiation import ANSWERS, GRAPHS, ROWS, choose, content_type
from picograph.web.tasks import Ask, Behind, Describe, Head, Query, ReadGraph, Reading

_HTML = "text/html; charset=utf-8"
Begin = Callable[[Head], BinaryIO]
_PREFIXES = {
    "pg": "https://w3id.org/picograph/ontology/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


class MissingError(UsageError):
    """Something that is asked for by name, and is not there."""

    status = 404


def warm(store: FolderStore) -> None:
    """Read what every answer needs, so that no first client waits for it."""
    from picograph.queries import ask, catalog

    for name in catalog.names():
        catalog.question(name)
    ask.concepts_named("sorafenib")
    try:
        store.query("ASK { ?s ?p ?o }")
    except StoreError:
        return  # it may be there later


def answer(store: FolderStore, task: Reading, begin: Begin, hosts: frozenset[str]) -> None:
    """Write the answer to a task."""
    match task:
        case Query():
            _query(store, task, begin, hosts)
        case ReadGraph():
            _graph(store, task, begin)
        case Ask():
            _ask(store, task, begin)
        case Describe():
            from picograph.web.describing import describe

            describe(store, task, begin)
        case Behind():
            from picograph.web.pages import evidence_page, study_page

            page = study_page(store, task.study) if task.study is not None else evidence_page(store, task.place or "")
            begin(Head(_HTML)).write(page.encode())


def _iris(given: list[str] | None, where: str) -> list[str] | None:
    for iri in given or ():
        try:
            NamedNode(iri)
        except ValueError as error:
            raise UsageError(str(error), where=where, remedy="give a whole IRI") from None
    return given


def _query(store: FolderStore, task: Query, begin: Begin, hosts: frozenset[str]) -> None:
    results = store.query(
        task.text,
        default_graphs=_iris(task.default_graphs, "default-graph-uri"),
        named_graphs=_iris(task.named_graphs, "named-graph-uri"),
        hosts=hosts,
        base=task.base,
    )
    if isinstance(results, QuerySolutions | QueryBoolean):
        media_type = choose(task.accept, task.format, (*ROWS, "text/html"))
        if media_type == "text/html":
            from picograph.web.pages import query_page

            begin(Head(_HTML)).write(query_page(task.text, results).encode())
            return
        form = ROWS[media_type]
        if isinstance(results, QueryBoolean) and media_type in ("text/csv", "text/tab-separated-values"):
            begin(Head(content_type(media_type))).write(b"true\n" if results else b"false\n")
            return
        results.serialize(output=begin(Head(content_type(media_type))), format=form)
        return
    media_type = choose(task.accept, task.format, GRAPHS)
    output = begin(Head(content_type(media_type)))
    if media_type == "text/turtle":
        serialize(results, output=output, format=GRAPHS[media_type], prefixes=_PREFIXES)
    else:
        results.serialize(output=output, format=GRAPHS[media_type])


def _graph(store: FolderStore, task: ReadGraph, begin: Begin) -> None:
    media_type = choose(task.accept, task.format, GRAPHS)
    if task.graph is None:
        triples = (quad.triple for quad in store.in_graph(DefaultGraph()))
    else:
        _iris([task.graph], "graph")
        if not store.has_graph(task.graph):
            raise MissingError(f"there is no graph {task.graph}", where="graph", remedy="picograph info lists them")
        triples = (quad.triple for quad in store.in_graph(NamedNode(task.graph)))
    serialize(triples, output=begin(Head(content_type(media_type))), format=GRAPHS[media_type], prefixes=_PREFIXES)


def _ask(store: FolderStore, task: Ask, begin: Begin) -> None:
    from picograph.queries import catalog
    from picograph.queries.ask import coming
    from picograph.web.pages import answer_page

    if task.name not in catalog.names():
        raise MissingError(f"there is no question {task.name!r}", where="ask", remedy="the first page lists them")
    media_type = choose(task.accept, task.format, ANSWERS)
    if media_type == "text/html":
        status, page = answer_page(store, task)
        begin(Head(content_type(media_type), status)).write(page.encode())
        return
    found = coming(store, task.name, **{name: value for name, value in task.parameters.items() if value.strip()})
    if media_type == "application/json":
        pieces = found.json()
    else:
        pieces = (line.encode() for line in found.lines("," if media_type == "text/csv" else "\t"))
    beginning = b"".join(islice(pieces, 2))  # its head, and the first rows: a status can still say that there are none
    output = begin(Head(content_type(media_type)))
    output.write(beginning)
    for piece in pieces:
        output.write(piece)
