"""The rows of the results table: what the quads of a graph say, one row for each part of a study.

The columns follow the typed study: a field is a column of its own name, a field of a value object has the holder's name
in front (``grade_low``, ``interval_high``). All classes share one set of columns. Long texts have none.

Only what a study can state fits into rows. A graph that holds anything else (two values where there can be one, a
number with a unit for a data type, a part without a class) is irregular, and questions go to its quads instead.
"""

from collections.abc import Iterable, Iterator
from decimal import Context, Decimal
from functools import cache
from typing import Any, NamedTuple

from msgspec import Struct
from pyoxigraph import Literal, NamedNode, Quad

from picograph.kg.model import PG, Kind, flat_fields, part_classes
from picograph.kg.results import Result
from picograph.kg.study import Study

Cell = str | int | bool | Decimal | list[str]
Row = dict[str, Cell]

_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
_BROADER = "http://www.w3.org/2004/02/skos/core#broaderTransitive"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_OF_STUDY, _EVIDENCE = PG + "ofStudy", PG + "evidence"
# Texts that nobody counts or compares: they would be most of the table.
_LONG = frozenset({"description", "eligibility_text", "citation", "note", "mortality_comment", "remarks"})
_TYPES = {Kind.INTEGER: "BIGINT", Kind.DECIMAL: "DECIMAL(38,18)", Kind.BOOLEAN: "BOOLEAN"}
_DATATYPES = {
    Kind.TEXT: "string",
    Kind.INTEGER: "integer",
    Kind.DECIMAL: "decimal",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
}
_LARGEST = 10**20  # what a decimal of 38 digits holds, 18 of them behind the point, as the engine's own do
_SMALLEST = Decimal(1).scaleb(-18)
_EXACT = Context(prec=60)


FIXED = ("graph", "class", "part", "study", "parents", "evidence")


class IrregularError(ValueError):
    """A graph says what no typed study can say."""


class _Plan(NamedTuple):
    column: str
    kind: Kind
    many: bool
    datatype: str


class _Class(NamedTuple):
    name: str
    plans: dict[str, _Plan]  # by property
    parts: dict[str, str]  # properties that lead to parts, with the class of these


def _plan(column: str, kind: Kind, many: bool = False) -> _Plan:
    return _Plan(column, kind, many, _XSD + _DATATYPES.get(kind, ""))


@cache
def _classes() -> dict[str, _Class]:
    """Give what a part of each class can state, by the IRI of the class."""
    found = {}
    classes: dict[str, type[Struct]] = {"Study": Study, **part_classes()}
    for name, cls in classes.items():
        plans: dict[str, _Plan] = {}
        parts = {}
        for field, inner in flat_fields(cls):
            if field.kind is Kind.PART:
                parts[field.property] = PG + field.type.__name__
                continue
            named = [(f"{field.name}_{each.name}", each) for each in inner] if inner else [(field.name, field)]
            for column, each in named:
                if column_of(column):
                    plans[each.property] = _plan(column, each.kind, each.many)
        found[PG + name] = _Class(name, plans, parts)
    found[PG + "Study"].plans[_LABEL] = _plan("label", Kind.TEXT)
    record = {
        PG + "documentKey": _plan("document", Kind.TEXT),
        PG + "statesIdentifier": _plan("identifiers", Kind.TEXT, many=True),
        PG + "method": _plan("method", Kind.ENUM),
        PG + "reader": _plan("reader", Kind.TEXT),
        PG + "read": _plan("read", Kind.DATE),
    }
    found[PG + "Record"] = _Class("Record", record, {})
    return found


@cache
def columns() -> dict[str, str]:
    """Give the columns of the table of parts, with their types in SQL.

    >>> columns()["affected"], columns()["concept"], columns()["interval_low"]
    ('BIGINT', 'VARCHAR[]', 'DECIMAL(38,18)')
    """
    found = dict.fromkeys(("graph", "class", "part", "study"), "VARCHAR")
    found |= dict.fromkeys(("parents", "evidence"), "VARCHAR[]")
    plans = [plan for each in _classes().values() for plan in each.plans.values()]
    many = {plan.column for plan in plans if plan.many}
    for plan in plans:
        found[plan.column] = _TYPES.get(plan.kind, "VARCHAR") + ("[]" if plan.column in many else "")
    return found


@cache
def tables() -> dict[str, dict[str, str]]:
    """Give every table with its columns and their types in SQL."""
    return {
        "parts": columns(),
        "broader": dict.fromkeys(("graph", "narrower", "broader"), "VARCHAR"),
        "labels": dict.fromkeys(("graph", "concept", "label"), "VARCHAR"),
    }


def column_of(name: str) -> str | None:
    """Give the column of a field, or None where it has none.

    >>> column_of("grade_low"), column_of("eligibility_text")
    ('grade_low', None)
    """
    return None if name in _LONG else name


def classes() -> tuple[str, ...]:
    """Give the names of the classes of parts, the study and its record included."""
    return tuple(each.name for each in _classes().values())


def columns_of(name: str) -> frozenset[str]:
    """Give the columns that a class of parts can fill.

    >>> "published" in columns_of("Report"), "affected" in columns_of("Report")
    (True, False)
    """
    return frozenset(FIXED).union(plan.column for plan in _classes()[PG + name].plans.values())


def results() -> tuple[str, ...]:
    """Give the names of the classes that carry numbers.

    >>> results()
    ('Baseline', 'Disposition', 'Estimate', 'AdverseEventResult', 'Association')
    """
    return tuple(name for name, cls in part_classes().items() if issubclass(cls, Result))


@cache
def _properties() -> frozenset[str]:
    own = {_RDF_TYPE, _LABEL, _BROADER, _OF_STUDY, _EVIDENCE}
    for each in _classes().values():
        own |= each.plans.keys() | each.parts.keys()
    return frozenset(own)


def rows_of(graph: str, quads: Iterable[Quad]) -> Iterator[tuple[str, Row]]:
    """Give the rows of a graph, each with its table. Quads are read once, and what is of no study is not kept.

    :raises IrregularError: at the end, if the graph says what rows cannot hold
    """
    nodes: dict[str, dict[str, list[Any]]] = {}
    labels: list[tuple[str, Literal]] = []
    types: dict[str, str] = {}
    wrong: set[str] = set()
    known, classes = _properties(), _classes()
    for quad in quads:
        property_ = quad.predicate.value
        if property_ not in known:
            continue
        subject: Any = quad.subject
        value: Any = quad.object
        name = subject.value
        if property_ == _RDF_TYPE:
            if value.value in classes and types.setdefault(name, value.value) != value.value:
                wrong.add(name)
        elif property_ == _LABEL:
            labels.append((name, value))
        elif property_ == _BROADER:
            yield "broader", {"graph": graph, "narrower": name, "broader": value.value}
        else:
            nodes.setdefault(name, {}).setdefault(property_, []).append(value)
        if type(subject) is not NamedNode and (property_ == _OF_STUDY or name in types):
            wrong.add(name)
    for name, label in labels:
        if name in types or name in nodes:
            nodes.setdefault(name, {}).setdefault(_LABEL, []).append(label)
        else:
            yield "labels", {"graph": graph, "concept": name, "label": label.value}
    parents = _parents(nodes, types)
    for name, node in nodes.items():
        if name in types:
            row: Row = {"graph": graph, "class": classes[types[name]].name, "part": name}
            yield "parts", _filled(row, name, node, classes[types[name]], parents.get(name))
        elif _OF_STUDY in node:
            wrong.add(name)
    if wrong or not types.keys() <= nodes.keys():
        raise IrregularError(f"{graph} has parts that are of no class, or of several")


def _parents(nodes: dict[str, dict[str, list[Any]]], types: dict[str, str]) -> dict[str, list[str]]:
    """Find which parts hold a part: one, or several where it says the same in each."""
    found: dict[str, list[str]] = {}
    for name, node in nodes.items():
        if name not in types:
            continue
        for property_, class_ in _classes()[types[name]].parts.items():
            for child in node.get(property_, ()):
                if types.get(child.value, class_) != class_:
                    raise IrregularError(f"{child} is not what {property_} leads to")
                found.setdefault(child.value, []).append(name)
    return found


def _filled(row: Row, name: str, node: dict[str, list[Any]], class_: _Class, parents: list[str] | None) -> Row:
    if parents:
        row["parents"] = parents
    for property_, values in node.items():
        plan = class_.plans.get(property_)
        if plan is not None:
            column, kind, many, datatype = plan
            if not many and len(values) > 1:
                raise IrregularError(f"{name} has {len(values)} values of {property_}")
            if datatype == _XSD:
                if not all(type(value) is NamedNode for value in values):
                    raise IrregularError(f"{name} has a text for {property_}")
            elif not all(type(value) is Literal and value.datatype.value == datatype for value in values):
                raise IrregularError(f"{name} has a value of another type for {property_}")
            row[column] = [value.value for value in values] if is_list(column) else _scalar(kind, values[0].value, name)
        elif property_ == _OF_STUDY and len(values) == 1:
            row["study"] = values[0].value
        elif property_ == _EVIDENCE:
            row["evidence"] = [value.value for value in values]
        elif property_ not in class_.parts:
            raise IrregularError(f"{name}, a {class_.name}, has {property_}")
    if class_.name == "Study":
        row["study"] = name
    if "study" not in row:
        raise IrregularError(f"{name} is of no study")
    return row


@cache
def is_list(column: str) -> bool:
    """Say whether a column holds a list."""
    return columns()[column].endswith("[]")


def fits(number: int | Decimal) -> bool:
    """Say whether a number can stand in a row.

    >>> fits(40), fits(2**63), fits(Decimal("1e-19"))
    (True, False, False)
    """
    if isinstance(number, int):
        return -(2**63) <= number < 2**63
    return abs(number) < _LARGEST and number == number.quantize(_SMALLEST, context=_EXACT)


def _scalar(kind: Kind, text: str, name: str) -> Cell:
    try:
        if kind is Kind.INTEGER:
            if fits(whole := int(text)):
                return whole
        elif kind is Kind.DECIMAL:
            if fits(number := Decimal(text)):
                return number
        elif kind is Kind.BOOLEAN:
            return {"true": True, "1": True, "false": False, "0": False}[text]
        elif "\0" not in text:
            return text
    except (ArithmeticError, KeyError, ValueError):
        pass
    raise IrregularError(f"{name} has {text[:100]!r}, which fits no row")
