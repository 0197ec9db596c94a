"""A study in RDF, written one quad at a time: plain, slow, and not compiled."""

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Quad

from picograph.kg.canonical import all_optional, canonical
from picograph.kg.identifiers import node_of
from picograph.kg.identity import identifiers_of
from picograph.kg.model import PG, Field, Kind, camel, enum_iri, flat_fields, part_path
from picograph.kg.report import Report
from picograph.kg.results import Part
from picograph.kg.source import Place
from picograph.kg.study import Study
from picograph.kg.triples import document_iri, names_of
from picograph.ontology.prefixes import expand

XSD = "http://www.w3.org/2001/XMLSchema#"
PROV = "http://www.w3.org/ns/prov#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
Term = NamedNode | Literal


def fragment(place: Place) -> str:
    if place.pointer is None:
        return f"char={place.start},{place.end}"
    return quote(place.pointer, safe="/~!$&'()*+,;=:@-._")


class Plain:
    """Writes one study."""

    def __init__(self, study: Study) -> None:
        self.study = canonical(study)
        self.names = names_of(study)
        self.quads: set[Quad] = set()

    def add(self, subject: str, predicate: str, value: Term) -> None:
        self.quads.add(Quad(NamedNode(subject), NamedNode(predicate), value, NamedNode(self.names.record)))

    def term(self, field: Field, value: Any) -> Term:
        match field.kind:
            case Kind.DECIMAL:
                assert isinstance(value, Decimal)
                return Literal(format(value, "f"), datatype=NamedNode(XSD + "decimal"))
            case Kind.DATE:
                return Literal(value.isoformat(), datatype=NamedNode(XSD + "date"))
            case Kind.ENUM:
                return NamedNode(enum_iri(value))
            case Kind.CONCEPT:
                return NamedNode(expand(value))
            case Kind.REFERENCE:
                return NamedNode(f"{self.names.study}/{field.refers[:-1]}/{quote(value)}")
        return Literal(value)

    def says(self, thing: Any) -> Iterator[tuple[str, Term]]:
        """What a study or a part says; the parts inside it are written first."""
        for field, inner in flat_fields(type(thing)):
            value = getattr(thing, field.name)
            if value is None or value == ():
                continue
            if field.kind is Kind.VALUE:
                assert not (all_optional(field.type) and value == field.type())
                for each in inner:
                    if (number := getattr(value, each.name)) is not None:
                        yield each.property, self.term(each, number)
                continue
            for member in value if field.many else (value,):
                if field.kind is Kind.PART:
                    yield field.property, NamedNode(self.part(member, part_path(field.property)))
                else:
                    yield field.property, self.term(field, member)

    def part(self, part: Part, path: str) -> str:
        said = [(TYPE, NamedNode(PG + type(part).__name__)), (PG + "ofStudy", NamedNode(self.names.study))]
        said += [(PG + "evidence", NamedNode(f"{self.names.source}#{fragment(place)}")) for place in part.evidence]
        said += self.says(part)
        name = self.name(part, path, said)
        for predicate, value in said:
            self.add(name, predicate, value)
        return name

    def name(self, part: Part, path: str, said: list[tuple[str, Term]]) -> str:
        if isinstance(part, Report) and (document := self.document(part)):
            return document_iri(document)
        if key := getattr(part, "key", None):
            return f"{self.names.study}/{path}/{quote(key)}"
        named_by = {(predicate, value) for predicate, value in said if predicate != PG + "confidence"}
        lines = sorted(f"<{predicate}> {self.without_names(value)}" for predicate, value in named_by)
        return f"{self.names.study}/{path}/{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()[:16]}"

    def without_names(self, value: Term) -> str:
        """Write a term as every record with this part would: its study is 1, its source is 2."""
        if isinstance(value, Literal):
            return str(value)
        for mark, name in (("\x01", self.names.study), ("\x02", self.names.source)):
            if value.value == name or value.value.startswith((name + "/", name + "#")):
                return f"<{mark}{value.value.removeprefix(name)}>"
        return str(value)

    @staticmethod
    def document(report: Report) -> str | None:
        if report.doi:
            return f"doi:{report.doi}"
        return f"pmid:{report.pmid}" if report.pmid else report.registry_id

    def record(self) -> None:
        record, (study, graph, source) = self.study.record, self.names
        self.add(graph, TYPE, NamedNode(PG + "Record"))
        self.add(graph, PG + "ofStudy", NamedNode(study))
        self.add(graph, PG + "documentKey", Literal(record.document))
        self.add(graph, PROV + "hadPrimarySource", NamedNode(document_iri(record.document)))
        self.add(graph, PROV + "wasDerivedFrom", NamedNode(source))
        self.add(graph, PG + "method", NamedNode(PG + camel(record.method.value)))
        if record.reader:
            self.add(graph, PG + "reader", Literal(record.reader))
        if record.read:
            self.add(graph, PG + "read", Literal(record.read.isoformat(), datatype=NamedNode(XSD + "date")))
        for identifier in {node_of(record.document)} | {each.key for each in identifiers_of(self.study)}:
            self.add(graph, PG + "statesIdentifier", Literal(identifier))
        self.add(source, TYPE, NamedNode(PG + "Source"))
        self.add(source, PG + "sha256", Literal(record.source.sha256))
        if record.source.characters is not None:
            self.add(source, PG + "characters", Literal(record.source.characters))


def plain_quads(study: Study) -> set[Quad]:
    """Say a study in RDF, without the checksum of its graph."""
    plain = Plain(study)
    plain.add(plain.names.study, TYPE, NamedNode(PG + "Study"))
    if study.report.title:
        plain.add(plain.names.study, LABEL, Literal(study.report.title))
    for predicate, value in plain.says(plain.study):
        plain.add(plain.names.study, predicate, value)
    plain.record()
    return plain.quads
