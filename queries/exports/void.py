"""VoID: what is in the graph, in numbers, for who looks for data: the W3C note "Describing Linked Datasets"."""

from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, serialize

from picograph.kg.model import PG
from picograph.ontology.prefixes import PREFIXES
from picograph.queries.exports.rdf import prefixes
from picograph.queries.exports.selection import Losses, Selection

DATASET = "https://w3id.org/picograph/dataset"
_VOID = "http://rdfs.org/ns/void#"
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_DCTERMS = PREFIXES["dcterms"]
_INTEGER = NamedNode("http://www.w3.org/2001/XMLSchema#integer")
_BASE = "https://w3id.org/picograph/"


def _term(name: str) -> NamedNode:
    return NamedNode(_VOID + name)


def _count(number: int) -> Literal:
    return Literal(str(number), datatype=_INTEGER)


def _known_by(iri: str) -> int:
    """Give 8 bytes to know an IRI by, in any process: among ten million of them two are alike once in 400,000 times."""
    return int.from_bytes(blake2b(iri.encode(), digest_size=8).digest())


class _Counts:
    """Counts statements as they pass; kinds are kept, and 8 bytes of each subject, which several records may have."""

    def __init__(self) -> None:
        self.triples = self.graphs = 0
        self.classes: dict[str, set[int]] = {}
        self.properties: Counter[str] = Counter()
        self.links: Counter[tuple[str, str]] = Counter()  # prefix of the vocabulary, property

    def add(self, other: "_Counts") -> None:
        """Count what another has counted."""
        self.triples += other.triples
        self.graphs += other.graphs
        self.properties.update(other.properties)
        self.links.update(other.links)
        for name, subjects in other.classes.items():
            self.classes.setdefault(name, set()).update(subjects)

    def take(self, quads: list[Quad]) -> None:
        """Count the statements of one graph."""
        self.graphs += 1
        self.triples += len(quads)
        for quad in quads:
            predicate = quad.predicate.value
            self.properties[predicate] += 1
            if not isinstance(quad.object, NamedNode):
                continue
            target = quad.object.value
            if predicate == _TYPE:
                self.classes.setdefault(target, set()).add(_known_by(str(quad.subject)))
            elif not target.startswith(_BASE):
                for prefix, namespace in PREFIXES.items():
                    if target.startswith(namespace):
                        self.links[prefix, predicate] += 1
                        break


def _part(part: Selection, losses: Losses) -> _Counts:
    counts = _Counts()
    for _, quads in part.graphs():
        counts.take(quads)
    return counts


def void(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write a VoID description (Turtle): triples, classes, properties, links to other vocabularies."""
    from picograph import __version__

    counts = _Counts()
    for each in selection.each(_part, losses, words=True):
        counts.add(each)
    losses.add("statements, which are counted and not written: VoID describes a graph", count=counts.triples)
    declared = prefixes() | {"void": _VOID, "dcterms": _DCTERMS}
    written = serialize(_described(counts, __version__), format=RdfFormat.TURTLE, prefixes=declared)
    assert written is not None
    yield written


def _described(counts: _Counts, version: str) -> Iterator[Triple]:
    dataset, type_ = NamedNode(DATASET), NamedNode(_TYPE)
    yield Triple(dataset, type_, _term("Dataset"))
    yield Triple(dataset, NamedNode(_DCTERMS + "title"), Literal("picograph: evidence of clinical studies"))
    yield Triple(dataset, NamedNode(PREFIXES["prov"] + "wasGeneratedBy"), NamedNode(f"{_BASE}software/{version}"))
    yield Triple(dataset, _term("uriSpace"), Literal(_BASE))
    yield Triple(dataset, _term("triples"), _count(counts.triples))
    yield Triple(dataset, _term("documents"), _count(counts.graphs))
    yield Triple(dataset, _term("classes"), _count(len(counts.classes)))
    yield Triple(dataset, _term("properties"), _count(len(counts.properties)))
    spaces = {space for name in (*counts.classes, *counts.properties) if (space := _namespace(name))}
    for space in (PG, *sorted(spaces - {PG})):
        yield Triple(dataset, _term("vocabulary"), NamedNode(space))
    for class_, subjects in sorted(counts.classes.items()):
        part = NamedNode(f"{DATASET}/class/{_local(class_)}")
        yield Triple(dataset, _term("classPartition"), part)
        yield Triple(part, _term("class"), NamedNode(class_))
        yield Triple(part, _term("entities"), _count(len(subjects)))
    for property_, number in sorted(counts.properties.items()):
        part = NamedNode(f"{DATASET}/property/{_local(property_)}")
        yield Triple(dataset, _term("propertyPartition"), part)
        yield Triple(part, _term("property"), NamedNode(property_))
        yield Triple(part, _term("triples"), _count(number))
    for (prefix, predicate), number in sorted(counts.links.items()):
        links, other = NamedNode(f"{DATASET}/links/{prefix}/{_local(predicate)}"), NamedNode(f"{DATASET}/to/{prefix}")
        yield Triple(dataset, _term("subset"), links)
        yield Triple(links, type_, _term("Linkset"))
        yield Triple(links, _term("subjectsTarget"), dataset)
        yield Triple(links, _term("objectsTarget"), other)
        yield Triple(links, _term("linkPredicate"), NamedNode(predicate))
        yield Triple(links, _term("triples"), _count(number))
        yield Triple(other, type_, _term("Dataset"))
        yield Triple(other, _term("uriSpace"), Literal(PREFIXES[prefix]))


def _namespace(iri: str) -> str | None:
    return next((each for each in PREFIXES.values() if iri.startswith(each)), None)


def _local(iri: str) -> str:
    from urllib.parse import quote

    from picograph.ontology.prefixes import compress

    return quote(compress(iri) or iri, safe="")
