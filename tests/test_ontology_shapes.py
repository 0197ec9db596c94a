"""Each constraint of the shapes lets a sound record pass and reports a record that breaks it, in our words.

The constraints are read from `shapes.ttl` itself: for each one a copy of a sound part is broken in just that way.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from rdflib import RDF, RDFS, XSD, BNode, Graph, Literal, URIRef
from rdflib.namespace import SH

from picograph.kg import model
from picograph.kg.model import Kind
from picograph.kg.results import Part
from picograph.kg.study import Study
from picograph.ontology import terms
from picograph.tests.sound_record import (
    PG,
    SHAPE,
    SOURCE,
    STUDY,
    Finding,
    copy,
    members,
    node_shapes,
    report,
    shapes,
    sound,
)

# --- breaking one constraint at a time ----------------------------------------------------------------------------


class Case(NamedTuple):
    """One constraint of one property shape, on one class."""

    cls: Any
    shape: Any
    path: Any
    component: Any
    value: Any  # of the constraint


COMPONENTS: dict[Any, Any] = {
    SH.minCount: SH.MinCountConstraintComponent,
    SH.maxCount: SH.MaxCountConstraintComponent,
    SH.datatype: SH.DatatypeConstraintComponent,
    SH.nodeKind: SH.NodeKindConstraintComponent,
    SH["class"]: SH.ClassConstraintComponent,
    SH["in"]: SH.InConstraintComponent,
    SH.pattern: SH.PatternConstraintComponent,
    SH.minLength: SH.MinLengthConstraintComponent,
    SH.minInclusive: SH.MinInclusiveConstraintComponent,
    SH.maxInclusive: SH.MaxInclusiveConstraintComponent,
    SH.minExclusive: SH.MinExclusiveConstraintComponent,
    SH.maxExclusive: SH.MaxExclusiveConstraintComponent,
    SH.lessThanOrEquals: SH.LessThanOrEqualsConstraintComponent,
}
NO_CONSTRAINT = {RDF.type, SH.path, SH.message}


def cases() -> Iterator[Case]:
    """Give every constraint of every property of every class."""
    for cls, shape in sorted(node_shapes().items(), key=str):
        for property_shape in shapes().objects(shape, SH.property):
            path = shapes().value(property_shape, SH.path)
            for predicate, value in shapes().predicate_objects(property_shape):
                if predicate not in NO_CONSTRAINT:
                    yield Case(cls, property_shape, path, COMPONENTS[predicate], value)


def part_of(cls: Any, path: Any) -> Any:
    """Find the sound part of a class that has the property, or any of the class."""
    parts: list[Any] = sorted(sound().subjects(RDF.type, cls), key=str)
    return next((part for part in parts if (part, path, None) in sound()), parts[0])


def another(value: Any) -> Any:
    """Give a second value of the same sort."""
    if isinstance(value, URIRef):
        return URIRef(str(value) + "x")
    if value.datatype in (XSD.integer, XSD.decimal):
        return Literal(value.toPython() + 1)
    return Literal(str(value) + "x")


def bad_values(case: Case, old: list[Any]) -> list[Any]:
    """Give the values with which a property breaks one constraint."""
    datatype = shapes().value(case.shape, SH.datatype)

    def number(change: int) -> Literal:
        return Literal(str(int(float(case.value)) + change), datatype=datatype)

    match case.component:
        case SH.MinCountConstraintComponent:
            return old[: int(case.value) - 1]
        case SH.MaxCountConstraintComponent:
            return [*old, another(old[0])]
        case SH.DatatypeConstraintComponent:
            return [Literal("soon", lang="en")]
        case SH.NodeKindConstraintComponent:
            return [Literal("words")]
        case SH.PatternConstraintComponent if isinstance(old[0], Literal):
            return [Literal("§ §")]
        case SH.ClassConstraintComponent | SH.PatternConstraintComponent:
            return [STUDY.nowhere]
        case SH.InConstraintComponent:
            return [PG.Nothing]
        case SH.MinLengthConstraintComponent:
            return [Literal("")]
        case SH.MinInclusiveConstraintComponent:
            return [number(-1)]
        case SH.MaxInclusiveConstraintComponent:
            return [number(1)]
        case SH.MinExclusiveConstraintComponent | SH.MaxExclusiveConstraintComponent:
            return [number(0)]
        case SH.LessThanOrEqualsConstraintComponent:
            return [Literal("5", datatype=datatype)]
    raise NotImplementedError(case.component)


def break_it(graph: Graph, node: Any, case: Case) -> None:
    """Break one constraint on a node of a graph."""
    values = bad_values(case, list(graph.objects(node, case.path)))
    graph.remove((node, case.path, None))
    for value in values:
        graph.add((node, case.path, value))
    if case.component == SH.LessThanOrEqualsConstraintComponent:
        graph.set((node, case.value, Literal("4", datatype=shapes().value(case.shape, SH.datatype))))


@cache
def broken() -> tuple[dict[Any, Case], list[Finding]]:
    """Put a copy of a sound part into one graph for each constraint, break it there, and check the graph once."""
    graph, made = copy(sound()), {}
    for index, case in enumerate(cases()):
        original = part_of(case.cls, case.path)
        node = STUDY[f"copy-{index}"]
        for predicate, value in sound().predicate_objects(original):
            graph.add((node, predicate, value))
        break_it(graph, node, case)
        made[node] = case
    return made, report(graph)


def test_a_sound_record_passes() -> None:
    assert report(sound()) == []


def test_the_sound_record_has_every_class_and_every_property() -> None:
    seen = 0
    for cls, shape in node_shapes().items():
        for property_shape in shapes().objects(shape, SH.property):
            path = shapes().value(property_shape, SH.path)
            assert (None, RDF.type, cls) in sound(), cls
            assert (part_of(cls, path), path, None) in sound(), f"{cls} {path}"
            seen += 1
    assert seen > 250, f"{seen} properties of classes"


def test_every_constraint_reports_a_part_that_breaks_it() -> None:
    made, findings = broken()
    assert len(made) > 700, f"{len(made)} constraints"
    reported = {(finding.focus, finding.shape, finding.component) for finding in findings}
    missed = [case for node, case in made.items() if (node, case.shape, case.component) not in reported]
    assert missed == []


def test_messages_are_in_our_words() -> None:
    made, findings = broken()
    messages = {shape: str(shapes().value(shape, SH.message)) for shape in {case.shape for case in made.values()}}
    assert all(len(message) > 10 for message in messages.values())
    told = 0
    for finding in findings:
        if finding.shape in messages and finding.component != SH.ClosedConstraintComponent:
            assert finding.message == messages[finding.shape]
            told += 1
    assert told > 700, f"{told} messages"


def test_nothing_is_reported_of_parts_that_are_left_whole() -> None:
    made, findings = broken()
    whole = {finding.focus for finding in findings} - set(made)
    assert whole == set()


@pytest.mark.parametrize("cls", sorted(str(cls).removeprefix(str(PG)) for cls in node_shapes()))
def test_a_property_that_a_class_does_not_have_is_reported(cls: str) -> None:
    shape = node_shapes()[PG[cls]]
    if cls in {"Record", "Source"}:
        assert (shape, SH.closed, None) not in shapes(), "descriptions of graphs may say more"
        return
    graph = copy(sound())
    node = part_of(PG[cls], RDF.type)
    graph.add((node, PG.affcted, Literal(6)))
    assert [(found.focus, found.component) for found in report(graph)] == [(node, SH.ClosedConstraintComponent)]


# --- the shapes say what the typed study says ---------------------------------------------------------------------


def python_classes() -> dict[str, Any]:
    return {"Study": Study, **model.part_classes()}


@pytest.mark.parametrize("name", python_classes())
def test_a_class_has_the_properties_of_the_typed_study_and_no_others(name: str) -> None:
    wanted = {URIRef(iri) for cls, iri, _ in model.properties() if cls == name}
    wanted |= {PG.ofStudy, PG.evidence} if issubclass(python_classes()[name], Part) else {RDFS.label}
    shape = node_shapes()[PG[name]]
    paths = {shapes().value(each, SH.path) for each in shapes().objects(shape, SH.property)}
    assert paths == wanted
    assert (shape, SH.closed, Literal(True)) in shapes()


def constraint(name: str, path: Any, predicate: Any) -> list[Any]:
    shape = node_shapes()[PG[name]]
    return [
        value
        for each in shapes().objects(shape, SH.property)
        if shapes().value(each, SH.path) == path
        for value in shapes().objects(each, predicate)
    ]


def test_datatypes_members_and_numbers_are_those_of_the_typed_study() -> None:
    datatypes = {
        Kind.TEXT: XSD.string,
        Kind.INTEGER: XSD.integer,
        Kind.DECIMAL: XSD.decimal,
        Kind.BOOLEAN: XSD.boolean,
        Kind.DATE: XSD.date,
    }
    seen = 0
    for cls, iri, field in model.properties():
        path = URIRef(iri)
        assert bool(constraint(cls, path, SH.maxCount)) is not field.many, f"{cls} {iri}"
        if field.kind in datatypes:
            assert constraint(cls, path, SH.datatype) == [datatypes[field.kind]], f"{cls} {iri}"
        elif field.kind is Kind.ENUM:
            (listed,) = constraint(cls, path, SH["in"])
            assert [str(each) for each in members(listed)] == [model.enum_iri(member) for member in field.type]
        else:
            assert constraint(cls, path, SH.nodeKind) == [SH.IRI], f"{cls} {iri}"
        seen += 1
    assert seen > 190, f"{seen} properties of classes"


def test_what_the_typed_study_requires_is_required() -> None:
    seen = 0
    for name, cls in python_classes().items():
        required = {field.name for field in msgspec.structs.fields(cls) if field.required} - {"record"}
        for field in model.fields(cls):
            if field.kind is Kind.VALUE:
                continue
            is_required = bool(constraint(name, URIRef(field.property), SH.minCount))
            assert is_required is (field.name in required), f"{name} {field.name}"
            seen += is_required
    assert seen > 25, f"{seen} required properties"


def test_evidence_is_required_of_parts_that_carry_facts() -> None:
    parts = set(model.part_classes())
    free = {name for name in parts if not constraint(name, PG.evidence, SH.minCount)}
    assert free == {"Report", "Population", "Ambiguity", "Reading", "Derived", "Mention", "RejectedReading"}
    for name in parts:
        assert constraint(name, PG.evidence, SH.pattern), name


@pytest.mark.parametrize("fragment", ["char=1665,1765", "/results/0/count", "/a%20b/~1c"])
def test_places_that_are_sound(fragment: str) -> None:
    graph = copy(sound())
    graph.add((STUDY.event, PG.evidence, URIRef(f"{SOURCE}#{fragment}")))
    assert report(graph) == []


@pytest.mark.parametrize("fragment", ["", "#", "#char=1665", "#page=3", "#line=1,2", "#results/0"])
def test_places_that_are_not(fragment: str) -> None:
    graph = copy(sound())
    graph.add((STUDY.event, PG.evidence, URIRef(f"{SOURCE}{fragment}")))
    assert [finding.shape for finding in report(graph)] == [SHAPE.evidence]


def test_only_core_shacl_is_used() -> None:
    assert not any(str(SH) + "sparql" in str(predicate) for predicate in shapes().predicates())
    anonymous = [node for node in shapes().subjects(SH.path, None) if isinstance(node, BNode)]
    named = [node for node in shapes().subjects(SH.path, None) if not isinstance(node, BNode)]
    assert len(named) == len(set(named)) > 150, f"{len(named)} property shapes"
    assert anonymous


def test_files_are_where_the_tests_look() -> None:
    assert (Path(__file__).resolve().parents[1] / "ontology" / "shapes.ttl").read_text("utf-8") == terms.shapes_text()
