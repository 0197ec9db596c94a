"""What the service says of itself: its description (SPARQL 1.1 Service Description), its data (VoID), its questions."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolutions, Triple, serialize

from picograph.kg.model import PG
from picograph.kg.store.embedded import FolderStore
from picograph.web.negotiation import GRAPHS, choose, content_type
from picograph.web.tasks import Describe, Head

_SD = "http://www.w3.org/ns/sparql-service-description#"
_VOID = "http://rdfs.org/ns/void#"
_DCTERMS = "http://purl.org/dc/terms/"
_FORMATS = "http://www.w3.org/ns/formats/"
_PREFIXES = {"sd": _SD, "void": _VOID, "dcterms": _DCTERMS, "formats": _FORMATS, "pg": PG}
_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_RESULTS = (
    "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
    "Turtle", "N-Triples", "RDF_XML", "JSON-LD", "TriG", "N-Quads",
)  # fmt: skip


def describe(store: FolderStore, task: Describe, begin: Callable[[Head], BinaryIO]) -> None:
    """Write a description."""
    if task.what == "home":
        from picograph.web.pages import home_page

        begin(Head("text/html; charset=utf-8")).write(home_page(store).encode())
        return
    media_type = choose(task.accept, None, GRAPHS)
    triples = _service(task) if task.what == "service" else _data(store, task)
    serialize(triples, output=begin(Head(content_type(media_type))), format=GRAPHS[media_type], prefixes=_PREFIXES)


def _service(task: Describe) -> Iterator[Triple]:
    service, dataset, default = NamedNode(f"{task.base}sparql"), BlankNode(), BlankNode()

    def says(name: str, value: NamedNode | BlankNode) -> Triple:
        return Triple(service, NamedNode(_SD + name), value)

    yield Triple(service, _TYPE, NamedNode(_SD + "Service"))
    yield says("endpoint", service)
    yield says("supportedLanguage", NamedNode(_SD + "SPARQL11Query"))
    if task.writable:
        yield says("supportedLanguage", NamedNode(_SD + "SPARQL11Update"))
    yield says("feature", NamedNode(_SD + "UnionDefaultGraph"))
    for name in _RESULTS:
        yield says("resultFormat", NamedNode(_FORMATS + name))
    yield says("defaultDataset", dataset)
    yield Triple(dataset, _TYPE, NamedNode(_SD + "Dataset"))
    yield Triple(dataset, NamedNode(_SD + "defaultGraph"), default)
    yield Triple(default, _TYPE, NamedNode(_SD + "Graph"))


def counts(store: FolderStore) -> dict[str, int]:
    """Give the number of studies and of records.

    Each study is counted once, however many records speak of it.
    """
    found = {}
    for name in ("Study", "Record"):
        rows = store.query(f"SELECT (COUNT(DISTINCT ?it) AS ?n) WHERE {{ GRAPH ?g {{ ?it a <{PG}{name}> }} }}")
        assert isinstance(rows, QuerySolutions)
        found[name] = int(next(rows)["n"].value)
    return found


def _data(store: FolderStore, task: Describe) -> Iterator[Triple]:
    dataset = NamedNode(f"{task.base}.well-known/void#data")
    number = NamedNode("http://www.w3.org/2001/XMLSchema#integer")

    def says(name: str, value: NamedNode | BlankNode | Literal) -> Triple:
        return Triple(dataset, NamedNode(name), value)

    yield says(_TYPE.value, NamedNode(_VOID + "Dataset"))
    yield says(_DCTERMS + "title", Literal("Evidence graph", language="en"))
    yield says(
        _DCTERMS + "description",
        Literal("Reports of clinical studies, each number with the place that it was read from", language="en"),
    )
    yield says(_VOID + "sparqlEndpoint", NamedNode(f"{task.base}sparql"))
    yield says(_VOID + "uriSpace", Literal("https://w3id.org/picograph/study/"))
    for vocabulary in (PG, "http://www.w3.org/ns/prov#", "http://id.nlm.nih.gov/mesh/vocab#"):
        yield says(_VOID + "vocabulary", NamedNode(vocabulary))
    yield says(_VOID + "triples", Literal(str(store.size()), datatype=number))
    for name, count in counts(store).items():
        part = BlankNode()
        yield says(_VOID + "classPartition", part)
        yield Triple(part, NamedNode(_VOID + "class"), NamedNode(PG + name))
        yield Triple(part, NamedNode(_VOID + "entities"), Literal(str(count), datatype=number))
