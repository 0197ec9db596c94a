"""The words of our own ontology, read from `picograph.ttl`: labels, members of enumerations, levels of scales.

The file is read once, when first asked for, and held. Concepts of other vocabularies are not here but in `concepts`.
"""

from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import pyoxigraph as ox

from picograph.ontology.concepts import Concept
from picograph.ontology.errors import UsageError

PG = "https://w3id.org/picograph/ontology/"
GRAPH = "https://w3id.org/picograph/ontology"

_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_RDFS_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
_OWL = "http://www.w3.org/2002/07/owl#"


def ontology_text() -> str:
    """Give the ontology as it ships, in Turtle.

    >>> "a owl:Ontology" in ontology_text()
    True
    """
    return files("picograph.ontology").joinpath("picograph.ttl").read_text("utf-8")


def shapes_text() -> str:
    """Give the SHACL shapes for the graph of one record, in Turtle.

    >>> "sh:NodeShape" in shapes_text()
    True
    """
    return files("picograph.ontology").joinpath("shapes.ttl").read_text("utf-8")


@cache
def _triples() -> tuple[ox.Triple, ...]:
    """Parse the file; blank nodes are numbered, so that two runs give the same triples and the same checksum."""
    nodes: dict[ox.BlankNode, ox.BlankNode] = {}

    def named(term: Any) -> Any:
        if isinstance(term, ox.BlankNode):
            return nodes.setdefault(term, ox.BlankNode(f"ontology{len(nodes) + 1}"))
        return term

    return tuple(
        ox.Triple(named(quad.subject), quad.predicate, named(quad.object))
        for quad in ox.parse(ontology_text(), ox.RdfFormat.TURTLE)
    )


class _Index(NamedTuple):
    labels: dict[str, str]
    members: dict[str, tuple[str, ...]]  # of a class, as the file has them
    levels: dict[str, tuple[str, ...]]  # of a scale, by rank
    version: str


@cache
def _index() -> _Index:
    labels: dict[str, str] = {}
    members: dict[str, list[str]] = {}
    scale_of: dict[str, str] = {}
    ranks: dict[str, int] = {}
    version = ""
    for subject, predicate, value in _triples():
        if not isinstance(subject, ox.NamedNode):
            continue
        iri = subject.value
        if predicate.value == _RDFS_LABEL:
            labels[iri] = value.value
        elif predicate.value == _RDF_TYPE and value.value.startswith(PG):
            members.setdefault(value.value, []).append(iri)
        elif predicate.value == PG + "inScale":
            scale_of[iri] = value.value
        elif predicate.value == PG + "rank":
            ranks[iri] = int(value.value)
        elif predicate.value == _OWL + "versionIRI":
            version = value.value
    levels: dict[str, list[str]] = {}
    for level in sorted(scale_of, key=lambda iri: ranks[iri]):
        levels.setdefault(scale_of[level], []).append(level)
    return _Index(
        labels,
        {cls: tuple(iris) for cls, iris in members.items()},
        {scale: tuple(iris) for scale, iris in levels.items()},
        version,
    )


def _full(term: str) -> str:
    """Take a term as an IRI, as ``pg:Name`` or as ``Name``."""
    return term if "://" in term else PG + term.removeprefix("pg:")


def version_iri() -> str:
    """Give the dated version of the ontology.

    >>> version_iri().startswith("https://w3id.org/picograph/ontology/20")
    True
    """
    return _index().version


def label(term: str) -> str | None:
    """Give the label of one of our own terms, or None if the ontology has no such term.

    :param term: an IRI, ``pg:Name`` or ``Name``

    >>> label("https://w3id.org/picograph/ontology/SurvivalProbability")
    'survival probability'
    >>> label("pg:ChildPughA")
    'Child-Pugh class A'
    """
    return _index().labels.get(_full(term))


def individuals(cls: str) -> tuple[str, ...]:
    """Give the individuals of one of our classes, in the order of the file: the members of an enumeration, for one.

    :param cls: an IRI, ``pg:Name`` or ``Name``
    :raises UsageError: if the ontology has no such term

    >>> [label(iri) for iri in individuals("Absence")]
    ['not reported', 'not assessed']
    """
    if label(cls) is None:
        raise UsageError(f"the ontology has no class {cls}", remedy="see the classes in ontology/picograph.ttl")
    return _index().members.get(_full(cls), ())


def levels(scale: str) -> tuple[str, ...]:
    """Give the levels of a scale, lowest rank first; none for a scale whose grades are numbers.

    :param scale: an IRI, ``pg:Name`` or ``Name``
    :raises UsageError: if the ontology has no such scale

    >>> [label(iri) for iri in levels("pg:ChildPugh")]
    ['Child-Pugh class A', 'Child-Pugh class B', 'Child-Pugh class C']
    >>> levels("pg:CTCAE")
    ()
    """
    if _full(scale) not in (*individuals("Scale"), *individuals("ScaleVersion")):
        names = ", ".join("pg:" + iri.removeprefix(PG) for iri in individuals("Scale"))
        raise UsageError(f"the ontology has no scale {scale}", remedy=f"take one of {names}")
    return _index().levels.get(_full(scale), ())


# What our own concepts are kinds of: words of a study may mean one of their members.
_NAMED = ("OutcomeConcept", "Scale", "ScaleVersion", "ScaleLevel", "Criteria")
_ALT_LABEL = "http://www.w3.org/2004/02/skos/core#altLabel"


@cache
def concepts() -> tuple[Concept, ...]:
    """Give our own concepts that words of a study may mean: outcomes, scales and their levels, criteria.

    >>> next(each for each in concepts() if each.label == "overall survival").curie
    'pg:OverallSurvival'
    """
    others: dict[str, list[str]] = {}
    for subject, predicate, value in _triples():
        if predicate.value == _ALT_LABEL and isinstance(subject, ox.NamedNode):
            others.setdefault(subject.value, []).append(value.value)
    return tuple(
        Concept(
            curie="pg:" + iri.removeprefix(PG),
            label=_index().labels[iri],
            vocabulary="pg",
            synonyms=tuple(others.get(iri, ())),
            parents=(f"pg:{cls}",),
        )
        for cls in _NAMED
        for iri in individuals(cls)
    )


@cache
def _quads() -> tuple[ox.Quad, ...]:
    graph = ox.NamedNode(GRAPH)
    return tuple(ox.Quad(t.subject, t.predicate, t.object, graph) for t in _triples())


def ontology_quads() -> tuple[str, list[ox.Quad]]:
    """Give the ontology as quads of its own named graph, with the graph's IRI.

    >>> graph, quads = ontology_quads()
    >>> graph, {str(quad.graph_name) for quad in quads}
    ('https://w3id.org/picograph/ontology', {'<https://w3id.org/picograph/ontology>'})
    """
    return GRAPH, list(_quads())
