"""Study -> RDF, without loss: `picograph.kg.recovery` reads it back. The only module that spells IRIs of facts.

A part with a ``key`` has an IRI made from the key; every other part has one made from its content, so that loading a
record again gives the same IRIs. There are no blank nodes. Parts of a study come back in the order of the source.
"""

import re
from collections import Counter
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import msgspec
from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from picograph.kg.canonical import canonical, content, plain_concept, plain_number
from picograph.kg.columns import fits
from picograph.kg.compiled import GRAPH, SOURCE, STUDY, Pages, Spelling, compiled_once
from picograph.kg.identifiers import node_of
from picograph.kg.identity import identifiers_of
from picograph.kg.model import PG, Kind, camel, enum_iri
from picograph.kg.report import Report
from picograph.kg.source import Method, Place
from picograph.kg.study import Study
from picograph.ontology.prefixes import expand

BASE = "https://w3id.org/picograph/"
RDF_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_LABEL = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
_XSD = "http://www.w3.org/2001/XMLSchema#"
_PROV = "http://www.w3.org/ns/prov#"


class Names(NamedTuple):
    """The IRIs of one record: its study, its graph, its source."""

    study: str
    record: str
    source: str


def pg(name: str) -> NamedNode:
    """Give a term of our ontology."""
    return NamedNode(PG + name)


EVIDENCE = pg("evidence")
_CHECKSUM, _INPUT_CHECKSUM = pg("contentChecksum"), pg("inputChecksum")


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


# --- writing ----------------------------------------------------------------------------------------------------

_SPECIAL = re.compile('[\x00-\x1f"\\\\\x7f\ufffe\uffff]')
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04X}"


def _text(words: str) -> str:
    """Write a text as N-Quads does in its canonical form."""
    return f'"{_SPECIAL.sub(_escape, words)}"'


@lru_cache(maxsize=65_536)
def _decimal(value: Decimal) -> str:
    return f'"{format(plain_number(value), "f")}"^^<{_XSD}decimal>'


@lru_cache(maxsize=65_536)
def _concept_iri(curie: str) -> str:
    """Expand a concept.

    :raises UsageError: if its prefix is not known
    :raises ValueError: if it can be no IRI
    """
    return NamedNode(expand(plain_concept(curie))).value


@lru_cache(maxsize=65_536)
def _key(key: str) -> str:
    return quote(key)


def _report_document(report: Report) -> str | None:
    if report.doi:
        return "doi:" + report.doi
    if report.pmid:
        return "pmid:" + report.pmid
    return report.registry_id


def _report(report: Report) -> str | None:
    document = _report_document(report)
    return f"<{document_iri(document)}>" if document else None


_UNFIT = object()  # stands in a row that cannot hold a value, and makes it impossible to write


@lru_cache(maxsize=65_536)
def _cell(value: Decimal) -> object:
    number = plain_number(value)
    return number if fits(number) else _UNFIT


def _predicate(iri: str) -> str:
    return f"<{iri}>"


_SPELLING = Spelling(
    tokens={
        Kind.TEXT: _text,
        Kind.INTEGER: lambda value: f'"{value}"^^<{_XSD}integer>',
        Kind.BOOLEAN: lambda value: f'"{"true" if value else "false"}"^^<{_XSD}boolean>',
        Kind.DECIMAL: _decimal,
        Kind.DATE: lambda value: f'"{value.isoformat()}"^^<{_XSD}date>',
        Kind.ENUM: lambda value: f"<{enum_iri(value)}>",
        Kind.CONCEPT: lambda value: f"<{_concept_iri(value)}>",
    },
    values={
        Kind.INTEGER: lambda value: value if fits(value) else _UNFIT,
        Kind.DECIMAL: _cell,
        Kind.DATE: lambda value: value.isoformat(),
        Kind.ENUM: enum_iri,
        Kind.CONCEPT: _concept_iri,
    },
    key=_key,
    report=_report,
    type=str(RDF_TYPE),
    of_study=_predicate(PG + "ofStudy"),
    evidence=_predicate(PG + "evidence"),
    label=str(_LABEL),
    predicate=_predicate,
    class_of=lambda name: _predicate(PG + name),
)


class Written(NamedTuple):
    """The graph of a record, as it is written in bulk."""

    lines: bytes  # N-Quads
    rows: bytes | None  # of the results table, JSON lines; None: it says what no row can hold
    triples: int
    checksum: str  # of the content
    facts: dict[str, int]  # parts by their class
    places: int


def names_of(study: Study) -> Names:
    """Give the IRIs of a record."""
    record = study.record
    return Names(study_iri(study.key), record_iri(record.document, record.method), source_iri(record.source.sha256))


def _pages(study: Study) -> Pages:
    """Write a study, and what its record is."""
    record, names = study.record, names_of(study)
    pages = Pages(names.study, names.source, names.record)
    compiled_once(Study, _SPELLING)(study, pages, "")
    type_, source = str(RDF_TYPE), f"<{SOURCE}>"

    def line(name: str, value: str) -> str:
        return f"{_predicate(name if '://' in name else PG + name)} {value}"

    lines = [
        f"{type_} {_predicate(PG + 'Record')}",
        line("ofStudy", f"<{STUDY}>"),
        line("documentKey", _text(record.document)),
        line(_PROV + "hadPrimarySource", f"<{document_iri(record.document)}>"),
        line(_PROV + "wasDerivedFrom", source),
        line("method", f"<{enum_iri(record.method)}>"),
    ]
    row: dict[str, Any] = {"graph": names.record, "class": "Record", "study": names.study, "document": record.document}
    row["method"] = enum_iri(record.method)
    if record.reader:
        lines.append(line("reader", _text(record.reader)))
        row["reader"] = record.reader
    if record.read:
        lines.append(line("read", f'"{record.read.isoformat()}"^^<{_XSD}date>'))
        row["read"] = record.read.isoformat()
    identifiers = sorted({each.key for each in identifiers_of(study)} | {node_of(record.document)})
    row["identifiers"] = identifiers
    lines += [line("statesIdentifier", _text(each)) for each in identifiers]
    pages.put(GRAPH, "", lines, row)
    row["part"] = names.record
    lines = [f"{type_} {_predicate(PG + 'Source')}", line("sha256", _text(record.source.sha256))]
    if record.source.characters is not None:
        lines.append(line("characters", f'"{record.source.characters}"^^<{_XSD}integer>'))
    pages.put(source, "", lines, None)
    return pages


_NO_FACTS = frozenset({"Study", "Record", "Mention", "RejectedReading"})


def write(study: Study, made_from: str = "") -> Written:
    """Say a study in RDF, as lines of N-Quads and as rows of the results table, with a checksum of the content.

    :param made_from: the checksum of what the graph is made from; the graph states it, outside its own checksum

    >>> from picograph.kg.source import Record, Source
    >>> record = Record(document="pmid:1", source=Source(sha256="0" * 64), method=Method.CURATED)
    >>> write(Study(key="pmid:1", record=record)).facts
    {'Report': 1}
    """
    pages = _pages(study)
    checksum = pages.checksum()
    about = pages.lines[GRAPH]
    about.append(f"{_CHECKSUM} {_text(checksum)}")
    if made_from:
        about.append(f"{_INPUT_CHECKSUM} {_text(made_from)}")
    lines = pages.text()
    rows = [row for row in pages.rows.values() if row["class"] not in _NO_FACTS]
    facts = Counter(row["class"] for row in rows)
    places = len({place for row in rows for place in row.get("evidence", ())})
    triples = sum(map(len, pages.lines.values()))
    return Written(lines, _rows(pages, lines), triples, checksum, dict(facts), places)


_encode_rows = msgspec.json.Encoder(decimal_format="string").encode_lines


def _rows(pages: Pages, lines: bytes) -> bytes | None:
    if pages.irregular or b"\\u0000" in lines:
        from picograph.kg.store.table import lines_of

        rows = lines_of(pages.graph, parse(lines, format=RdfFormat.N_QUADS))
        return None if rows is None else rows["parts"]
    try:
        return _encode_rows([row for _, row in sorted(pages.rows.items())])
    except (TypeError, OverflowError):  # of a value that is unfit
        return None


def quads_of(study: Study) -> list[Quad]:
    """Say a study in RDF: the quads of one named graph, with a checksum of its content.

    >>> from picograph.kg.source import Record, Source
    >>> record = Record(document="pmid:1", source=Source(sha256="0" * 64), method=Method.CURATED)
    >>> quads = quads_of(Study(key="pmid:1", record=record))
    >>> str(quads[0].graph_name)
    '<https://w3id.org/picograph/record/pmid:1/curated>'
    """
    return list(parse(write(study).lines, format=RdfFormat.N_QUADS))


__all__ = [
    "BASE",
    "Names",
    "camel",
    "canonical",
    "content",
    "document_iri",
    "names_of",
    "place_iri",
    "quads_of",
    "record_iri",
    "source_iri",
    "source_sha256",
    "split_place",
    "study_iri",
    "study_key",
    "write",
]
