"""Tasks that write: updates, and graphs by the Graph Store Protocol. Each makes a new generation, or nothing."""

import uuid
from collections.abc import Callable, Iterator
from typing import BinaryIO

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Triple, parse

from picograph.kg.store.embedded import FolderStore
from picograph.ontology.errors import InputError, UsageError
from picograph.web.answering import MissingError
from picograph.web.negotiation import GRAPHS
from picograph.web.tasks import Head, Part, Update, WriteGraph, Writing
from picograph.web.updates import with_dataset


class MediaTypeError(UsageError):
    """A body of a type that is not read."""

    status = 415


def write(store: FolderStore, task: Writing, begin: Callable[[Head], BinaryIO], hosts: frozenset[str]) -> None:
    """Do what is asked, whole or not at all."""
    if isinstance(task, Update):
        text = with_dataset(task.text, task.using, task.using_named)
        with store.change() as writer:
            writer.update(text, task.base, hosts)
        begin(Head("", 204))
        return
    begin(_write_graph(store, task))


def _write_graph(store: FolderStore, task: WriteGraph) -> Head:
    created: dict[str, str] = {}
    graph = task.graph
    if graph == "":  # a graph of a name that we make
        graph = f"{task.base}/{uuid.uuid4()}"
        created = {"Location": graph}
    try:
        name = DefaultGraph() if graph is None else NamedNode(graph)
    except ValueError as error:
        raise UsageError(str(error), where="graph", remedy="give a whole IRI") from None
    there = graph is None or store.has_graph(graph)
    if task.method == "DELETE":
        if not there:
            raise MissingError(f"there is no graph {graph}", where="graph", remedy="picograph info lists them")
        with store.change() as writer:
            if graph is None:
                writer.replace_default([])
            else:
                writer.remove(graph)
        return Head("", 204)
    triples = list(_triples(task.parts, graph or task.base))
    if task.method == "POST":
        triples += [quad.triple for quad in store.in_graph(name)]
    with store.change() as writer:
        if graph is None:
            writer.replace_default(triples)
        else:
            writer.replace(graph, [Quad(s, p, o, NamedNode(graph)) for s, p, o in triples])
    return Head("", 204 if there else 201, created)


def _triples(parts: list[Part], base: str) -> Iterator[Triple]:
    """Read RDF; blank nodes get labels of their own, so that they never meet those that are there."""
    for part in parts:
        form = GRAPHS.get(part.media_type)
        if form is None or form in (RdfFormat.TRIG, RdfFormat.N_QUADS):
            known = [name for name, each in GRAPHS.items() if each not in (RdfFormat.TRIG, RdfFormat.N_QUADS)]
            raise MediaTypeError(
                f"{part.media_type or 'no media type'} is not read",
                where="Content-Type",
                remedy=f"send one of: {', '.join(known)}",
            )
        labels: dict[BlankNode, BlankNode] = {}
        try:
            for quad in parse(part.body, format=form, base_iri=base):
                subject, value = (
                    labels.setdefault(term, BlankNode()) if isinstance(term, BlankNode) else term
                    for term in (quad.subject, quad.object)
                )
                yield Triple(subject, quad.predicate, value)
        except (SyntaxError, ValueError) as error:
            raise InputError(
                f"this is not {part.media_type}: {error}", where="the body", remedy="correct it at that place"
            ) from None
