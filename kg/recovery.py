"""A study recovered from the quads of its graph: what `picograph.kg.triples` wrote, read back."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar
from urllib.parse import unquote

import msgspec
from pyoxigraph import Literal, NamedNode, Quad

from picograph.kg.canonical import canonical, plain_number
from picograph.kg.model import PG, Field, Kind, enum_iri, flat_fields
from picograph.kg.results import Part, Value
from picograph.kg.source import Method, Record, Source
from picograph.kg.study import Study
from picograph.kg.triples import BASE, EVIDENCE, RDF_TYPE, pg, split_place
from picograph.ontology.errors import InputError
from picograph.ontology.prefixes import compress

_S = TypeVar("_S", bound=msgspec.Struct)
Properties = dict[str, list[NamedNode | Literal]]


@cache
def _members(cls: Any) -> dict[str, Any]:
    return {enum_iri(member): member for member in cls}


@cache
def _plans(cls: Any) -> dict[str, list[tuple[Field | None, Field]]]:
    """Give what each property of a part says: a field, or one of a value object, with the field that holds this."""
    found: dict[str, list[tuple[Field | None, Field]]] = {}
    for field, inner in flat_fields(cls):
        for each in inner if field.kind is Kind.VALUE else (field,):
            found.setdefault(each.property, []).append((field if field.kind is Kind.VALUE else None, each))
    return found


class _Reader:
    """Reads a study back from the quads of its graph."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self.nodes: dict[str, Properties] = {}
        known = (NamedNode, Literal)
        for quad in quads:
            subject, value = quad.subject, quad.object
            if type(subject) is NamedNode and type(value) in known:
                node = self.nodes.setdefault(subject.value, {})
                node.setdefault(quad.predicate.value, []).append(value)  # type: ignore[arg-type]

    def of_type(self, name: str) -> str:
        wanted, type_ = pg(name), RDF_TYPE.value
        found = [iri for iri, node in self.nodes.items() if wanted in node.get(type_, ())]
        if len(found) != 1:
            raise InputError(f"a record's graph holds one pg:{name}, this one holds {len(found)}")
        return found[0]

    def scalar(self, field: Field, term: NamedNode | Literal) -> Any:
        value = term.value
        match field.kind:
            case Kind.INTEGER:
                return int(value)
            case Kind.DECIMAL:
                return plain_number(Decimal(value))
            case Kind.BOOLEAN:
                return value in ("true", "1")
            case Kind.DATE:
                return date.fromisoformat(value)
            case Kind.ENUM:
                return _members(field.type)[value]
            case Kind.CONCEPT:
                return compress(value) or value
            case Kind.REFERENCE:
                return unquote(value.rpartition("/")[2])
        return value

    def values(self, terms: list[NamedNode | Literal], field: Field) -> list[Any]:
        if field.kind is Kind.PART:
            return [self.struct(field.type, term.value) for term in terms]
        return [self.scalar(field, term) for term in terms]

    def struct(self, cls: type[_S], iri: str) -> _S:
        node = self.nodes.get(iri, {})
        arguments: dict[str, Any] = {}
        flat: dict[str, tuple[type[Value], dict[str, Any]]] = {}
        plans = _plans(cls)
        for property_, terms in node.items():
            for holder, field in plans.get(property_, ()):
                found = self.values(terms, field)
                if holder is not None:
                    flat.setdefault(holder.name, (holder.type, {}))[1][field.name] = found[0]
                else:
                    arguments[field.name] = tuple(found) if field.many else found[0]
        for name, (type_, inner) in flat.items():
            arguments[name] = type_(**inner)
        if issubclass(cls, Part):
            arguments["evidence"] = tuple(split_place(term.value)[1] for term in node.get(EVIDENCE.value, ()))
        if cls is Study:
            arguments["record"] = self.record()
        return cls(**arguments)

    def record(self) -> Record:
        iri = self.of_type("Record")
        node, source = self.nodes[iri], self.nodes[self.of_type("Source")]
        reader, read = node.get(PG + "reader"), node.get(PG + "read")
        characters = source.get(PG + "characters")
        return Record(
            document=node[PG + "documentKey"][0].value,
            source=Source(
                sha256=source[PG + "sha256"][0].value, characters=int(characters[0].value) if characters else None
            ),
            method=_members(Method)[node[PG + "method"][0].value],
            reader=reader[0].value if reader else "",
            read=date.fromisoformat(read[0].value) if read else None,
        )


def study_of(quads: Iterable[Quad]) -> Study:
    """Read a study back from the quads of one record's graph, in canonical form.

    :raises InputError: if the quads do not hold exactly one record of one study, or values that no study can have
    """
    reader = _Reader(quads)
    iri = reader.of_type("Study")
    try:
        return canonical(reader.struct(Study, iri))
    except (InputError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        said = error.what if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        raise InputError(
            f"the graph of a record cannot be read as a study: {said}",
            where=iri,
            remedy="load the record's own file into a new store",
        ) from None


def graphs_of(quads: Iterable[Quad], *, records_only: bool) -> dict[str, list[Quad]]:
    """Sort quads by their named graph, sorted by name: the graphs of records, or all of them."""
    graphs: dict[str, list[Quad]] = defaultdict(list)
    for quad in quads:
        if isinstance(quad.graph_name, NamedNode):
            graphs[quad.graph_name.value].append(quad)
    return {name: graphs[name] for name in sorted(graphs) if not records_only or name.startswith(BASE + "record/")}


def records_of(quads: Iterable[Quad]) -> Iterator[tuple[str, list[Quad]]]:
    """Give the named graphs that hold a record, sorted by name."""
    yield from graphs_of(quads, records_only=True).items()
