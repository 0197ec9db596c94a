"""The reasoner: which defined classes the facts of a study fall into, and whether ontology and facts hold together.

HermiT (through owlready2) works under the open world: what is not said may still be so. Two things are closed here,
because records mean them so: the arms that a record lists are all its arms and differ from each other (unless the
record itself states a greater number of arms), and two studies with different IRIs are different studies.

HermiT's work grows with the square of the individuals or worse, and most parts of a study do not bear on each other. So
facts are reasoned over study by study, and within a study some parts at a time, always with its design, arms and
outcomes: what is found is the same, which a test holds.
"""

import io
import shutil
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import pyoxigraph as ox

from picograph.ontology import terms
from picograph.ontology.errors import InputError, PicographError
from picograph.ontology.terms import PG

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_OWL = "http://www.w3.org/2002/07/owl#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_TYPE = ox.NamedNode(_RDF + "type")

# What HermiT knows of the datatypes that picograph writes. xsd:date is no datatype of OWL 2: such values are left out.
_DATATYPES = frozenset(_XSD + name for name in ("string", "integer", "decimal", "boolean"))

# What other parts are classed by: it goes into every batch.
_FRAME = frozenset(PG + name for name in ("Study", "StudyDesign", "Arm", "Outcome"))
_BATCH = 50  # other parts at a time: fewer start Java more often, more make HermiT slow


def _owlready() -> Any:
    """Give owlready2, or say what is missing."""
    try:
        import owlready2
    except ImportError:
        raise PicographError(
            "the reasoner needs the package owlready2, which is not installed",
            remedy="pip install 'picograph[reasoning]'",
        ) from None
    if shutil.which(owlready2.JAVA_EXE) is None:
        raise PicographError(
            "the reasoner HermiT runs on Java, which is not installed",
            remedy="install a Java runtime, on Debian or Ubuntu: apt-get install default-jre-headless",
        )
    return owlready2


@cache
def _properties() -> dict[str, str]:
    """Give every property of ours that the reasoner needs, with its kind. Evidence changes no class and is left out."""
    kinds = {_OWL + "ObjectProperty": "object", _OWL + "DatatypeProperty": "data"}
    found: dict[str, str] = {}
    for quad in terms.ontology_quads()[1]:
        if quad.predicate == _TYPE and isinstance(quad.object, ox.NamedNode) and isinstance(quad.subject, ox.NamedNode):
            kind = kinds.get(quad.object.value)
            if kind and quad.subject.value.startswith(PG):
                found[quad.subject.value] = kind
    found.pop(PG + "evidence")
    return found


def _facts(triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    """Give the triples that bear on classes."""
    properties = _properties()
    for triple in triples:
        if triple.predicate == _TYPE:
            yield triple
            continue
        kind = properties.get(triple.predicate.value)
        if kind is None:
            continue
        literal = isinstance(triple.object, ox.Literal)
        if literal == (kind == "object"):
            wanted, got = ("an IRI", "a literal") if literal else ("a literal", "an IRI")
            raise InputError(
                f"pg:{triple.predicate.value.removeprefix(PG)} takes {wanted} and has {got}: {triple.object}",
                where=str(triple.subject),
            )
        if isinstance(triple.object, ox.Literal) and triple.object.datatype.value not in _DATATYPES:
            continue
        yield triple


def _list(items: list[ox.NamedNode]) -> tuple[ox.BlankNode, list[ox.Triple]]:
    """Write an RDF list of at least one item."""
    nodes = [ox.BlankNode() for _ in items]
    rest: list[ox.BlankNode | ox.NamedNode] = [*nodes[1:], ox.NamedNode(_RDF + "nil")]
    triples = []
    for node, item, tail in zip(nodes, items, rest, strict=True):
        triples.append(ox.Triple(node, ox.NamedNode(_RDF + "first"), item))
        triples.append(ox.Triple(node, ox.NamedNode(_RDF + "rest"), tail))
    return nodes[0], triples


def _different(items: list[ox.NamedNode]) -> list[ox.Triple]:
    """Say that individuals differ from each other."""
    if len(items) < 2:
        return []
    head, triples = _list(items)
    axiom = ox.BlankNode()
    return [
        ox.Triple(axiom, _TYPE, ox.NamedNode(_OWL + "AllDifferent")),
        ox.Triple(axiom, ox.NamedNode(_OWL + "distinctMembers"), head),
        *triples,
    ]


def _at_most(study: ox.NamedNode, arms: int) -> list[ox.Triple]:
    """Say that a study has at most so many arms."""
    restriction = ox.BlankNode()
    number = ox.Literal(str(arms), datatype=ox.NamedNode(_XSD + "nonNegativeInteger"))
    return [
        ox.Triple(study, _TYPE, restriction),
        ox.Triple(restriction, _TYPE, ox.NamedNode(_OWL + "Restriction")),
        ox.Triple(restriction, ox.NamedNode(_OWL + "onProperty"), ox.NamedNode(PG + "arm")),
        ox.Triple(restriction, ox.NamedNode(_OWL + "maxQualifiedCardinality"), number),
        ox.Triple(restriction, ox.NamedNode(_OWL + "onClass"), ox.NamedNode(PG + "Arm")),
    ]


def _closure(facts: list[ox.Triple]) -> list[ox.Triple]:
    """Say what records mean and do not say: see the top of the module."""
    arms: dict[ox.NamedNode, list[ox.NamedNode]] = {}
    designs: dict[ox.NamedNode, set[ox.NamedNode]] = {}
    stated: dict[ox.NamedNode, int] = {}  # by design
    for subject, predicate, value in facts:
        if not isinstance(subject, ox.NamedNode):
            continue
        if predicate == _TYPE and value == ox.NamedNode(PG + "Study"):
            arms.setdefault(subject, [])
        elif predicate.value == PG + "arm" and isinstance(value, ox.NamedNode):
            if value not in arms.setdefault(subject, []):
                arms[subject].append(value)
        elif predicate.value == PG + "design" and isinstance(value, ox.NamedNode):
            designs.setdefault(subject, set()).add(value)
        elif predicate.value == PG + "numberOfArms" and isinstance(value, ox.Literal):
            stated[subject] = max(int(value.value), stated.get(subject, 0))
    closure = _different(list(arms))
    for study, listed in arms.items():
        closure += _different(listed)
        number = max((stated.get(design, 0) for design in designs.get(study, ())), default=0)
        if listed and number <= len(listed):
            closure += _at_most(study, len(listed))
    return closure


def _reason(facts: list[ox.Triple]) -> Any:
    """Load ontology and facts into a world of their own and let HermiT fill it."""
    owlready2 = _owlready()
    ontology = [quad.triple for quad in terms.ontology_quads()[1]]
    content = ox.serialize([*ontology, *facts], format=ox.RdfFormat.N_TRIPLES)
    world = owlready2.World()
    try:
        world.get_ontology(terms.GRAPH + "#").load(fileobj=io.BytesIO(content or b""))
        owlready2.sync_reasoner_hermit(world, debug=0)
    except owlready2.OwlReadyInconsistentOntologyError:
        world.close()
        raise InputError(
            "the facts contradict the ontology: no world has them all",
            remedy="check the record with: picograph validate",
        ) from None
    return world


def _batches(facts: list[ox.Triple]) -> Iterator[tuple[list[ox.NamedNode], list[ox.Triple]]]:
    """Give batches of individuals, each with the facts that bear on their classes."""
    about: dict[ox.NamedNode, list[ox.Triple]] = {}
    for triple in facts:
        if isinstance(triple.subject, ox.NamedNode):
            about.setdefault(triple.subject, []).append(triple)
    types = {node: [triple for triple in said if triple.predicate == _TYPE] for node, said in about.items()}
    kinds = {node: {str(triple.object).strip("<>") for triple in said} for node, said in types.items()}
    studies = {node for node in about if PG + "Study" in kinds[node]}
    study_of = {node: str(node) for node in studies}
    for triple in facts:  # a part says its study…
        if triple.predicate.value == PG + "ofStudy" and isinstance(triple.subject, ox.NamedNode):
            study_of.setdefault(triple.subject, str(triple.object))
    for triple in facts:  # … or the study points to it
        if triple.subject in studies and isinstance(triple.object, ox.NamedNode):
            study_of.setdefault(triple.object, str(triple.subject))
    frames: dict[str, list[ox.NamedNode]] = {}
    leaves: dict[str, list[ox.NamedNode]] = {}
    for node in about:
        (frames if kinds[node] & _FRAME else leaves).setdefault(study_of.get(node, ""), []).append(node)
    for study in dict.fromkeys([*frames, *leaves]):
        frame, others = frames.get(study, []), leaves.get(study, [])
        for start in range(0, max(len(others), 1), _BATCH):
            batch = others[start : start + _BATCH]
            left_out = {*others} - {*batch}
            chosen = [triple for node in frame for triple in about[node] if triple.object not in left_out]
            chosen += [triple for node in batch for triple in about[node]]
            named = {*frame, *batch}
            pointed = dict.fromkeys(triple.object for triple in chosen if isinstance(triple.object, ox.NamedNode))
            chosen += [triple for node in pointed if node not in named for triple in types.get(node, ())]
            yield [*frame, *batch], chosen


def classify(triples: Iterable[ox.Triple], *, close_arms: bool = True) -> dict[str, set[str]]:
    """Give the classes of every typed individual, those that the reasoner finds included.

    It takes some seconds for each study, more where a study has hundreds of results.

    :param triples: the facts, without the ontology
    :param close_arms: take the arms that are listed as all the arms; without it, only what is stated counts
    :returns: by IRI of the individual, the IRIs of its classes
    :raises InputError: if the facts contradict the ontology
    :raises PicographError: if owlready2 or Java is missing

    >>> import pyoxigraph as ox
    >>> facts = '''PREFIX pg: <https://w3id.org/picograph/ontology/> PREFIX ex: <https://example.org/>
    ... ex:rash a pg:AdverseEventResult ; pg:gradeLow 3 ; pg:affected 2 .'''
    >>> found = classify(quad.triple for quad in ox.parse(facts, ox.RdfFormat.TURTLE))
    >>> sorted(iri.removeprefix(PG) for iri in found["https://example.org/rash"])
    ['AdverseEventResult', 'Part', 'Result', 'SevereAdverseEventResult']
    """
    named = ox.NamedNode(_OWL + "NamedIndividual")
    found: dict[str, set[str]] = {}
    for nodes, facts in _batches(list(_facts(triples))):
        typed = {triple.subject for triple in facts if triple.predicate == _TYPE}
        facts += [ox.Triple(node, _TYPE, named) for node in typed if isinstance(node, ox.NamedNode)]
        world = _reason(facts + _closure(facts) if close_arms else facts)
        try:
            for node in nodes:
                if node in typed:
                    found.setdefault(node.value, set()).update(_classes(world[node.value]))
        finally:
            world.close()
    return found


def _classes(individual: Any) -> Iterator[str]:
    """Give the IRIs of our classes that an individual is in, the parents of its classes included."""
    for cls in individual.is_a:
        for ancestor in cls.ancestors() if hasattr(cls, "ancestors") else ():
            if ancestor.iri.startswith(PG):
                yield ancestor.iri


def check_consistency() -> list[str]:
    """Give the classes of the ontology that nothing can be in: none, if it is sound.

    :raises InputError: if the ontology contradicts itself as a whole
    :raises PicographError: if owlready2 or Java is missing

    >>> check_consistency()
    []
    """
    world = _reason([])
    try:
        return sorted(str(cls.iri) for cls in world.inconsistent_classes() if cls.iri.startswith(PG))
    finally:
        world.close()
