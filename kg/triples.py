"""Study <-> RDF, both ways and without loss. The only module that spells IRIs of facts.

A part with a ``key`` has an IRI made from the key; every other part has one made from its content, so that loading a
record again gives the same IRIs. There are no blank nodes. Parts of a study come back in the order of the source.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import quote, unquote

import msgspec
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, serialize

from picograph.kg.identifiers import node_of
from picograph.kg.identity import identifiers_of
from picograph.kg.model import PG, Field, Kind, camel, enum_iri, flat_fields, part_path
from picograph.kg.results import Part, Value
from picograph.kg.source import Method, Place, Record, Source
from picograph.kg.study import Report, Study
from picograph.ontology.errors import InputError, UsageError
from picograph.ontology.prefixes import compress, expand

BASE = "https://w3id.org/picograph/"
RDF_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_LABEL = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
_XSD = "http://www.w3.org/2001/XMLSchema#"
_DECIMAL, _DATE, _INTEGER, _BOOLEAN = (NamedNode(_XSD + name) for name in ("decimal", "date", "integer", "boolean"))
_PROV = "http://www.w3.org/ns/prov#"

_S = TypeVar("_S", bound=msgspec.Struct)
Properties = dict[str, list[NamedNode | Literal]]


class Names(NamedTuple):
    """The IRIs of one record: its study, its graph, its source."""

    study: str
    record: str
    source: str


def _pg(name: str) -> NamedNode:
    return NamedNode(PG + name)


_OF_STUDY, _EVIDENCE = _pg("ofStudy"), _pg("evidence")
_CHECKSUM, _INPUT_CHECKSUM = _pg("contentChecksum"), _pg("inputChecksum")


def study_iri(key: str) -> str:
    """Give the IRI of a study from its key.

    >>> study_iri("doi:10.1016/j.ijrobp.2014.01.017")
    'https://w3id.org/picograph/study/doi:10.1016%2Fj.ijrobp.2014.01.017'
    """
    return BASE + "study/" + quote(key, safe=":")


def study_key(iri: str) -> str:
    """Give the key of a study from its IRI.

    >>> study_key("https://w3id.org/picograph/study/doi:10.1016%2Fj.ijrobp.2014.01.017")
    'doi:10.1016/j.ijrobp.2014.01.017'
    """
    return unquote(iri.removeprefix(BASE + "study/"))


def _one_case(document: str) -> str:
    """Write a DOI in small letters: it means the same in any case, and must give the same IRI."""
    return document.lower() if document.startswith("doi:") else document


def record_iri(document: str, method: Method | str) -> str:
    """Give the IRI of the named graph that holds one reading of one document.

    >>> record_iri("pmid:29768149", "registry")
    'https://w3id.org/picograph/record/pmid:29768149/registry'
    """
    return BASE + "record/" + quote(_one_case(document), safe=":") + "/" + str(method)


def source_iri(sha256: str) -> str:
    """Give the IRI of a source, known by its content."""
    return BASE + "source/" + sha256


def source_sha256(iri: str) -> str:
    """Give the checksum that a source is known by from its IRI."""
    return iri.removeprefix(BASE + "source/")


def document_iri(document: str) -> str:
    """Give the IRI of a publication or a registry record.

    >>> document_iri("doi:10.1016/j.ijrobp.2014.01.017")
    'https://doi.org/10.1016/j.ijrobp.2014.01.017'
    >>> document_iri("NCT00105443")
    'https://clinicaltrials.gov/study/NCT00105443'
    """
    if document.startswith("doi:"):
        return "https://doi.org/" + quote(_one_case(document)[4:], safe="/:;()._-~!$&'*+,=@")
    if re.fullmatch(r"pmid:[0-9]+", document):
        return f"https://pubmed.ncbi.nlm.nih.gov/{document[5:]}/"
    if re.fullmatch(r"NCT[0-9]+", document):
        return "https://clinicaltrials.gov/study/" + document
    return BASE + "document/" + quote(document, safe=":")


def split_place(iri: str) -> tuple[str, Place]:
    """Take an evidence IRI apart: the SHA-256 of the source, and the place in it.

    >>> split_place("https://w3id.org/picograph/source/" + "0" * 64 + "#char=414,428")[1]
    Place('414-428')
    """
    source, _, fragment = iri.partition("#")
    return source_sha256(source), Place.from_fragment(fragment)


def place_iri(sha256: str, place: Place) -> str:
    """Give the IRI of a place in a source."""
    return f"{source_iri(sha256)}#{place.fragment}"


# --- one canonical form ----------------------------------------------------------------------------------------


def _encode(value: object) -> object:
    if isinstance(value, Place):
        return str(value)
    raise NotImplementedError(type(value))


_json = msgspec.json.Encoder(enc_hook=_encode, decimal_format="string", order="deterministic")


def content(part: Part) -> bytes:
    """Give the bytes that a part's IRI is made from: its JSON, fields in order, nothing that is absent.

    How sure a method was is no part of what it read: a fact keeps its name when that changes.
    """
    return type(part).__name__.encode() + _json.encode(_without_confidence(part))


def _without_confidence(part: Part) -> Part:
    changes: dict[str, Any] = {} if part.confidence is None else {"confidence": None}
    for name in _part_fields(type(part)):
        if value := getattr(part, name):
            inner = tuple(_without_confidence(each) for each in value) if isinstance(value, tuple) else value
            changes |= {} if inner == value else {name: inner}
    return msgspec.structs.replace(part, **changes) if changes else part


@cache
def _part_fields(cls: Any) -> tuple[str, ...]:
    return tuple(field.name for field, _ in flat_fields(cls) if field.kind is Kind.PART)


def _number(value: Decimal) -> Decimal:
    """Drop trailing zeros: SPARQL engines keep the value of a decimal, not its spelling. No digit is rounded away."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return Decimal("0" if text in ("-0", "") else text)


def _place_order(place: Place) -> tuple[Any, ...]:
    return (place.order, str(place))  # /1 and /01 are two places of one order


@lru_cache(maxsize=65_536)
def _concept(curie: str) -> str:
    """Write a concept as its IRI is read back."""
    try:
        return compress(expand(curie)) or curie
    except UsageError:  # of no known prefix: refused where it is written
        return curie


def _source_order(part: Part) -> tuple[Any, ...]:
    return (part.evidence[0].order if part.evidence else (2,), content(part))


def canonical(thing: _S) -> _S:
    """Put a study, or a part, in the one form that its graph gives back.

    Parts and places stand in the order of the source, repeated ones once; a value object without any value is
    absent; decimals have no trailing zeros; concepts have the prefix that picograph writes.
    """
    changes: dict[str, Any] = {}
    for field, _ in flat_fields(type(thing)):
        value = getattr(thing, field.name)
        if value is None or value == ():
            continue
        if field.many:
            members = [_one_form[field.kind](each) for each in value] if field.kind in _one_form else list(value)
            order = _source_order if field.kind is Kind.PART else None
            changes[field.name] = tuple(sorted(dict.fromkeys(members), key=order))
        elif field.kind in (Kind.PART, Kind.VALUE):
            inner = canonical(value)
            empty = field.kind is Kind.VALUE and _all_optional(field.type) and inner == type(inner)()
            changes[field.name] = None if empty else inner
        elif field.kind in _one_form:
            changes[field.name] = _one_form[field.kind](value)
    if isinstance(thing, Part) and thing.evidence:
        changes["evidence"] = tuple(sorted(dict.fromkeys(thing.evidence), key=_place_order))
    for name, default in _defaults(type(thing)):
        # msgspec leaves a default out by its identity: an equal text that was read would stay, and change the IRI
        if changes.get(name, getattr(thing, name)) == default:
            changes[name] = default
    return msgspec.structs.replace(thing, **changes)


_one_form: dict[Kind, Callable[[Any], Any]] = {
    Kind.PART: canonical,
    Kind.DECIMAL: _number,
    Kind.CONCEPT: _concept,
}


@cache
def _defaults(cls: Any) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, field.default) for field in msgspec.structs.fields(cls) if isinstance(field.default, str))


@cache
def _all_optional(cls: Any) -> bool:
    return not any(field.required for field in msgspec.structs.fields(cls))


# --- writing ----------------------------------------------------------------------------------------------------

_TO_TERM: dict[Kind, Callable[[Any], NamedNode | Literal]] = {
    Kind.TEXT: Literal,
    Kind.INTEGER: Literal,
    Kind.BOOLEAN: Literal,
    Kind.DECIMAL: lambda value: Literal(format(value, "f"), datatype=_DECIMAL),
    Kind.DATE: lambda value: Literal(value.isoformat(), datatype=_DATE),
    Kind.ENUM: lambda value: NamedNode(enum_iri(value)),
    Kind.CONCEPT: lambda value: NamedNode(expand(value)),
}


@cache
def _plan(cls: Any) -> tuple[tuple[Field, NamedNode, tuple[tuple[Field, NamedNode], ...]], ...]:
    return tuple(
        (field, NamedNode(field.property), tuple((each, NamedNode(each.property)) for each in inner))
        for field, inner in flat_fields(cls)
    )


class _Writer:
    """Writes the triples of one study into a list of quads of one graph."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.names = names_of(study)
        self.graph = NamedNode(self.names.record)
        self.subject = NamedNode(self.names.study)
        self.quads: dict[Quad, None] = {}

    def add(self, subject: NamedNode, predicate: NamedNode, value: NamedNode | Literal) -> None:
        self.quads[Quad(subject, predicate, value, self.graph)] = None

    def part_iri(self, part: Part, path: str) -> NamedNode:
        if isinstance(part, Report) and (document := _report_document(part)):
            return NamedNode(document_iri(document))
        return NamedNode(f"{self.names.study}/{path}/{_part_name(part)}")

    def struct(self, node: NamedNode, thing: msgspec.Struct) -> None:
        for field, predicate, inner in _plan(type(thing)):
            value = getattr(thing, field.name)
            if value is None:
                continue
            if field.kind is Kind.VALUE:
                for each, each_predicate in inner:
                    if (each_value := getattr(value, each.name)) is not None:
                        self.add(node, each_predicate, _TO_TERM[each.kind](each_value))
                continue
            for member in value if field.many else (value,):
                if field.kind is Kind.PART:
                    child = self.part_iri(member, part_path(field.property))
                    self.add(node, predicate, child)
                    self.part(child, member)
                elif field.kind is Kind.REFERENCE:
                    self.add(node, predicate, NamedNode(f"{self.names.study}/{field.refers[:-1]}/{quote(member)}"))
                else:
                    self.add(node, predicate, _TO_TERM[field.kind](member))

    def part(self, node: NamedNode, part: Part) -> None:
        self.add(node, RDF_TYPE, _pg(type(part).__name__))
        self.add(node, _OF_STUDY, self.subject)
        for place in part.evidence:
            self.add(node, _EVIDENCE, NamedNode(place_iri(self.study.record.source.sha256, place)))
        self.struct(node, part)

    def record(self) -> None:
        record, source = self.study.record, NamedNode(self.names.source)
        node = self.graph
        self.add(node, RDF_TYPE, _pg("Record"))
        self.add(node, _OF_STUDY, self.subject)
        self.add(node, _pg("documentKey"), Literal(record.document))
        self.add(node, NamedNode(_PROV + "hadPrimarySource"), NamedNode(document_iri(record.document)))
        self.add(node, NamedNode(_PROV + "wasDerivedFrom"), source)
        self.add(node, _pg("method"), NamedNode(enum_iri(record.method)))
        if record.reader:
            self.add(node, _pg("reader"), Literal(record.reader))
        if record.read:
            self.add(node, _pg("read"), Literal(record.read.isoformat(), datatype=_DATE))
        for identifier in sorted({each.key for each in identifiers_of(self.study)} | {node_of(record.document)}):
            self.add(node, _pg("statesIdentifier"), Literal(identifier))
        self.add(source, RDF_TYPE, _pg("Source"))
        self.add(source, _pg("sha256"), Literal(record.source.sha256))
        if record.source.characters is not None:
            self.add(source, _pg("characters"), Literal(record.source.characters))


def _report_document(report: Report) -> str | None:
    if report.doi:
        return "doi:" + report.doi
    if report.pmid:
        return "pmid:" + report.pmid
    return report.registry_id


def _part_name(part: Part) -> str:
    key = getattr(part, "key", None)
    return quote(key) if key else hashlib.sha256(content(part)).hexdigest()[:16]


def names_of(study: Study) -> Names:
    """Give the IRIs of a record."""
    record = study.record
    return Names(study_iri(study.key), record_iri(record.document, record.method), source_iri(record.source.sha256))


def quads_of(study: Study) -> list[Quad]:
    """Say a study in RDF: the quads of one named graph, with a checksum of its content.

    The study is put in its canonical form first.

    >>> from picograph.kg.results import Count
    >>> record = Record(document="pmid:1", source=Source(sha256="0" * 64), method=Method.CURATED)
    >>> quads = quads_of(Study(key="pmid:1", record=record))
    >>> str(quads[0].graph_name)
    '<https://w3id.org/picograph/record/pmid:1/curated>'
    """
    writer = _Writer(canonical(study))
    writer.add(writer.subject, RDF_TYPE, _pg("Study"))
    if study.report.title:
        writer.add(writer.subject, _LABEL, Literal(study.report.title))
    writer.struct(writer.subject, writer.study)
    writer.record()
    checksum = hashlib.sha256()
    for line in sorted(str(quad) for quad in writer.quads):
        checksum.update(line.encode())
    writer.add(writer.graph, _CHECKSUM, Literal(checksum.hexdigest()))
    return list(writer.quads)


def graph_lines(study: Study, made_from: str = "") -> tuple[bytes, list[Quad], str]:
    """Say a study in lines of N-Quads: `quads_of`, as it is written in bulk.

    :param made_from: the checksum of what the graph is made from; the graph states it, outside its own checksum
    :returns: the lines, the quads, the checksum of the content
    """
    quads = quads_of(study)
    graph = quads[-1].graph_name
    assert isinstance(graph, NamedNode)
    checksum = quads[-1].object.value  # type: ignore[union-attr]
    if made_from:
        quads.append(Quad(graph, _INPUT_CHECKSUM, Literal(made_from), graph))
    lines = serialize(quads, format=RdfFormat.N_QUADS)
    assert lines is not None
    return lines, quads, checksum


# --- reading back -----------------------------------------------------------------------------------------------


@cache
def _members(cls: Any) -> dict[str, Any]:
    return {enum_iri(member): member for member in cls}


class _Reader:
    """Reads a study back from the quads of its graph."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self.nodes: dict[str, Properties] = defaultdict(lambda: defaultdict(list))
        for quad in quads:
            subject, predicate = quad.subject, quad.predicate
            if isinstance(subject, NamedNode) and isinstance(quad.object, NamedNode | Literal):
                self.nodes[subject.value][predicate.value].append(quad.object)

    def of_type(self, name: str) -> str:
        found = [iri for iri, node in self.nodes.items() if _pg(name) in node.get(RDF_TYPE.value, ())]
        if len(found) != 1:
            raise InputError(f"a record's graph holds one pg:{name}, this one holds {len(found)}")
        return found[0]

    def scalar(self, field: Field, term: NamedNode | Literal) -> Any:
        value = term.value
        match field.kind:
            case Kind.INTEGER:
                return int(value)
            case Kind.DECIMAL:
                return _number(Decimal(value))
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

    def values(self, node: Properties, field: Field) -> list[Any]:
        terms = node.get(field.property, ())
        if field.kind is Kind.PART:
            return [self.struct(field.type, term.value) for term in terms]
        return [self.scalar(field, term) for term in terms]

    def struct(self, cls: type[_S], iri: str) -> _S:
        node = self.nodes[iri]
        arguments: dict[str, Any] = {}
        for field, inner in flat_fields(cls):
            if field.kind is Kind.VALUE:
                flat = {each.name: found[0] for each in inner if (found := self.values(node, each))}
                if flat:
                    arguments[field.name] = cast(type[Value], field.type)(**flat)
            elif found := self.values(node, field):
                arguments[field.name] = tuple(found) if field.many else found[0]
        if issubclass(cls, Part):
            arguments["evidence"] = tuple(split_place(term.value)[1] for term in node.get(_EVIDENCE.value, ()))
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


__all__ = [
    "BASE",
    "Names",
    "camel",
    "canonical",
    "content",
    "document_iri",
    "graph_lines",
    "graphs_of",
    "names_of",
    "place_iri",
    "quads_of",
    "record_iri",
    "records_of",
    "source_iri",
    "source_sha256",
    "split_place",
    "study_iri",
    "study_key",
    "study_of",
]
