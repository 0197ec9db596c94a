"""How each field of the typed study is said in RDF: one plan per class, read off the type annotations once.

`triples` writes and reads with these plans, the ontology's tests hold `picograph.ttl` against them. A new field needs
nothing here unless its name in RDF is not simply its name in camel case.
"""

import types
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct, structs

from picograph.kg.results import Part, Value
from picograph.kg.study import Study

PG = "https://w3id.org/picograph/ontology/"
RDFS_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"

# Names that are not the field's own name in camel case: lists become singular, and words that mean different
# things in different classes get their own property.
_NAMES: dict[str, str] = {
    "adverse_events": "adverseEvent",
    "ambiguities": "ambiguity",
    "arms": "arm",
    "assessments": "assessment",
    "associations": "association",
    "authors": "author",
    "baselines": "baseline",
    "conclusions": "conclusion",
    "conditions": "condition",
    "dispositions": "disposition",
    "eligibility": "eligibilityCriterion",
    "epochs": "epoch",
    "estimates": "estimate",
    "headings": "meshHeading",
    "identifiers": "identifier",
    "interventions": "intervention",
    "label": RDFS_LABEL,
    "major": "majorTopic",
    "mentions": "mention",
    "model": "interventionModel",
    "other_names": "otherName",
    "outcomes": "outcome",
    "percent": "percentReported",
    "publication_types": "publicationType",
    "readings": "reading",
    "related": "relatedReport",
    "remarks": "remark",
    "secondary_identifiers": "secondaryIdentifier",
    "substances": "substance",
    "supplementary_concepts": "supplementaryConcept",
    "Result.arm": "inArm",
    "Result.epoch": "inEpoch",
    "Outcome.kind": "outcomeKind",
    "Outcome.role": "outcomeRole",
    "Estimate.outcome": "ofOutcome",
    "Estimate.method": "analysisMethod",
    "Association.outcome": "ofOutcome",
    "Intervention.kind": "interventionKind",
    "SecondaryIdentifier.kind": "identifierKind",
    "EligibilityCriterion.kind": "criterionKind",
    "MeshHeading.descriptor": "descriptorName",
    "MeshHeading.qualifier": "qualifierName",
    "MeshHeading.descriptor_concept": "descriptor",
    "MeshHeading.qualifier_concept": "qualifier",
    "Ambiguity.field": "ambiguousField",
    "Reading.words": "readingWords",
    "Derived.method": "derivationMethod",
    "Derived.quantity": "derivedQuantity",
    "Mention.reason": "linkReason",
    "RejectedReading.name": "conceptName",
    "RejectedReading.reason": "linkReason",
}


class Kind(StrEnum):
    """How a value is said in RDF."""

    CONCEPT = "concept"  # a CURIE: the IRI of a concept
    REFERENCE = "reference"  # a key: the IRI of another part of the study
    ENUM = "enum"  # an individual of our ontology
    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    PART = "part"
    VALUE = "value"  # flattened into the properties of its holder


class Field(NamedTuple):
    """One field: its name in Python, its property, what it holds."""

    name: str
    property: str  # IRI; for a value object, the prefix of its properties' names
    kind: Kind
    many: bool
    type: Any  # the class of a part, value or enum
    refers: str = ""  # the study's field that a key refers to


def camel(text: str) -> str:
    """Write words as a camel-case name.

    >>> camel("treatment-related"), camel("grade_low")
    ('TreatmentRelated', 'GradeLow')
    """
    words = "".join(letter if letter.isalnum() else " " for letter in text).split()
    return "".join(word[:1].upper() + word[1:] for word in words)


def property_name(cls: type, field: str) -> str:
    """Give the local name of the property of a field, or a whole IRI.

    >>> from picograph.kg.results import AdverseEventResult
    >>> property_name(AdverseEventResult, "at_risk"), property_name(AdverseEventResult, "arm")
    ('atRisk', 'inArm')
    """
    for base in cls.__mro__:
        if name := _NAMES.get(f"{base.__name__}.{field}"):
            return name
    name = camel(field)
    return _NAMES.get(field, name[:1].lower() + name[1:])


@cache
def enum_iri(member: Enum) -> str:
    """Give the IRI of an individual that stands for an enumeration's member.

    >>> from picograph.kg.results import Statistic
    >>> enum_iri(Statistic.SURVIVAL_PROBABILITY)
    'https://w3id.org/picograph/ontology/SurvivalProbability'
    """
    return PG + camel(str(member.value))


def part_path(cls_property: str) -> str:
    """Give the path segment of a part's IRI from its property.

    >>> part_path(PG + "adverseEvent")
    'adverse-event'
    """
    name = cls_property.removeprefix(PG)
    return "".join("-" + letter.lower() if letter.isupper() else letter for letter in name)


_SCALARS: dict[type, Kind] = {
    str: Kind.TEXT,
    bool: Kind.BOOLEAN,
    int: Kind.INTEGER,
    Decimal: Kind.DECIMAL,
    date: Kind.DATE,
}


def _unwrap(annotation: Any) -> tuple[Any, bool, dict[str, str]]:
    """Take off optional, tuple and annotations: the type inside, whether there are many, what the notes say."""
    many, notes = False, {}
    while True:
        origin = get_origin(annotation)
        if hasattr(annotation, "__metadata__"):
            for meta in annotation.__metadata__:
                if isinstance(meta, Meta) and meta.extra:
                    notes.update(meta.extra)
            annotation = annotation.__origin__
        elif origin in (Union, types.UnionType):
            (annotation,) = [arg for arg in get_args(annotation) if arg is not type(None)]
        elif origin is tuple:
            many, annotation = True, get_args(annotation)[0]
        else:
            return annotation, many, notes


@cache
def fields(cls: type[Struct]) -> tuple[Field, ...]:
    """Give the plan of a class: every field but evidence and the record, in the model's order.

    >>> from picograph.kg.study import Arm
    >>> [(field.name, field.kind.value) for field in fields(Arm)][1:4]
    [('key', 'text'), ('label', 'text'), ('role', 'enum')]
    """
    hints = get_type_hints(cls, include_extras=True)
    plan = []
    for field in structs.fields(cls):
        if field.name in {"evidence", "record"}:
            continue
        inner, many, notes = _unwrap(hints[field.name])
        name = property_name(cls, field.name)
        iri = name if "://" in name else PG + name
        if get_origin(inner) is Literal:
            kind = Kind.TEXT
        elif issubclass(inner, Enum):
            kind = Kind.ENUM
        elif issubclass(inner, Part):
            kind = Kind.PART
        elif issubclass(inner, Value):
            kind = Kind.VALUE
        elif notes.get("kind") == "concept":
            kind = Kind.CONCEPT
        elif "refers" in notes:
            kind = Kind.REFERENCE
        else:
            kind = _SCALARS[inner]
        plan.append(Field(field.name, iri, kind, many, inner, notes.get("refers", "")))
    return tuple(plan)


@cache
def flat_fields(cls: type[Struct]) -> tuple[tuple[Field, tuple[Field, ...]], ...]:
    """Give the plan with each value object's own fields, their properties named after the holder's."""
    plan = []
    for field in fields(cls):
        inner: tuple[Field, ...] = ()
        if field.kind is Kind.VALUE:
            inner = tuple(each._replace(property=field.property + camel(each.name)) for each in fields(field.type))
        plan.append((field, inner))
    return tuple(plan)


@cache
def part_classes() -> dict[str, type[Part]]:
    """Give every class of part that a study can hold, by its name."""
    found: dict[str, type[Part]] = {}

    def walk(cls: type[Struct]) -> None:
        for field in fields(cls):
            if field.kind is Kind.PART and field.type.__name__ not in found:
                found[field.type.__name__] = field.type
                walk(field.type)

    walk(Study)
    return found


def properties() -> Iterator[tuple[str, str, Field]]:
    """Give every property: the class that has it, its IRI, its field. For tests and for the reference page."""
    classes: list[type[Struct]] = [Study, *part_classes().values()]
    for cls in classes:
        for field, inner in flat_fields(cls):
            if field.kind is Kind.VALUE:
                yield from ((cls.__name__, each.property, each) for each in inner)
            else:
                yield cls.__name__, field.property, field


def parts_of(thing: Struct) -> Iterator[Part]:
    """Give every part inside a study or a part, those inside other parts included.

    >>> from picograph.kg.results import Ambiguity, Reading
    >>> len(list(parts_of(Ambiguity(field="grade", readings=(Reading(), Reading(words="2"))))))
    2
    """
    for field in fields(type(thing)):
        if field.kind is Kind.PART and (value := getattr(thing, field.name)) is not None:
            for part in value if field.many else (value,):
                yield part
                yield from parts_of(part)
