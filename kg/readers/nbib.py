"""PubMed's tagged layout (MEDLINE, .nbib): one article or many, a tag and its words on each line.

    PMID- 1
    TI  - A title that is long enough to go on
          in the next line.
    MH  - Carcinoma, Hepatocellular/*drug therapy
    SI  - ClinicalTrials.gov/NCT00000000

The same facts are read as from PubMed's XML, but for the identifiers of MeSH, which this layout does not have: words
stay words until they are linked. The text in which places count is written by the rule of `bibliography`; for most
articles it is, to the character, the text that their XML gives.
"""

import re
from collections.abc import Iterator
from typing import IO

from picograph.kg.readers import bibliography, citations, unpacked
from picograph.kg.readers.bibliography import Entry, Found, Written
from picograph.kg.readers.citations import fold
from picograph.kg.readers.unpacked import Line
from picograph.kg.report import (
    Author,
    MeshHeading,
    PublicationType,
    RelatedReport,
    Report,
    Substance,
    SupplementaryConcept,
)
from picograph.kg.study import Study
from picograph.ontology.errors import InputError

READER = "nbib 1"

_TAG = re.compile(r"(?=[A-Z0-9 ]{4}-)(?P<tag>[A-Z][A-Z0-9]{1,3}) *-(?: (?P<words>.*))?")
_FIRST = re.compile(rb"PMID- ?[0-9]+[ \t]*\r?(?:\n|$)")
_MOST = 1 << 16  # lines of one record
# Where a label may stand in an abstract: at its beginning, or behind a sentence.
_LABEL = re.compile(r"(?:^|(?<=[.?!)\]] ))(?P<label>(?=[^:]*[A-Z]{3})[A-Z][A-Z0-9 ,/&'()-]{2,60}): (?=\S)")
_REGISTRY = re.compile(r"(?P<number>EC \S+|\S+) \(\s*(?P<label>.*\S)\s*\)")
_PMID = re.compile(r"[. ]*\bPMID: (?P<pmid>[1-9]\d*)\.?$", re.ASCII)
# The relations of other publications, in the words of PubMed's XML.
_RELATIONS = {
    "CIN": "CommentIn",
    "CON": "CommentOn",
    "CRF": "CorrectedandRepublishedFrom",
    "CRI": "CorrectedandRepublishedIn",
    "DDIN": "DatasetDescribedIn",
    "DRIN": "DatasetUseReportedIn",
    "ECF": "ExpressionOfConcernFor",
    "ECI": "ExpressionOfConcernIn",
    "EFR": "ErratumFor",
    "EIN": "ErratumIn",
    "ORI": "OriginalReportIn",
    "PRIN": "PartialRetractionIn",
    "PROF": "PartialRetractionOf",
    "RIN": "RetractionIn",
    "ROF": "RetractionOf",
    "RPF": "RepublishedFrom",
    "RPI": "RepublishedIn",
    "RRF": "RetractedandRepublishedFrom",
    "RRI": "RetractedandRepublishedIn",
    "SPIN": "SummaryForPatientsIn",
    "UIN": "UpdateIn",
    "UOF": "UpdateOf",
}


def sniff(head: bytes) -> bool:
    """Say whether a file begins like PubMed's tagged layout, packed by gzip or not.

    >>> sniff(b"\\n\\nPMID- 123\\nOWN - NLM\\n"), sniff(b"PMID: 123\\n")
    (True, False)
    """
    return _FIRST.match(unpacked.head_of(head).removeprefix(b"\xef\xbb\xbf").lstrip()) is not None


def read(content: bytes, name: str) -> Study:
    """Read a file with one article.

    :param content: the bytes of the file
    :param name: what errors call it
    :raises InputError: if it is not in this layout, or holds none or several articles

    >>> study = read(b"PMID- 1\\nTI  - A title.\\nMH  - Liver Neoplasms/*drug therapy\\n", "example")
    >>> [(each.descriptor, each.qualifier, each.major) for each in study.report.headings]
    [('Liver Neoplasms', 'drug therapy', True)]
    """
    return bibliography.only(read_all(content, name), name).study


def written(content: bytes, name: str) -> Written:
    """Read a file with one record, with the text that its places count in.

    :raises InputError: as `read` does
    """
    return bibliography.only(read_all(content, name), name)


def records(source: IO[bytes] | bytes, name: str) -> Iterator[tuple[str, bytes | InputError]]:
    """Take a file or a stream apart: each record as bytes that `read` takes, one at a time.

    >>> [where for where, _ in records(b"PMID- 1\\nTI  - One.\\n\\nPMID- 2\\nTI  - Two.\\n", "x")]
    ['x, line 1, PMID 1', 'x, line 4, PMID 2']
    """
    for where, record in _records(source, name):
        if isinstance(record, InputError):
            yield where, record
        else:
            yield where, "".join(f"{line.words}\n" for line in record).encode()


def read_all(source: IO[bytes] | bytes, name: str) -> Iterator[Found]:
    """Read the articles of a file or a stream, one at a time.

    :param source: the bytes, or a stream of them; packed by gzip or not
    :param name: what errors call it
    :returns: for each article what errors call it, and its study with its text, or its error
    """
    return bibliography.entries(_records(source, name), lambda record: _entry(_fields(record, name)), READER)


def _records(source: IO[bytes] | bytes, name: str) -> Iterator[tuple[str, list[Line] | InputError]]:
    """Give the lines of each record: it begins with its PMID and ends before the next one."""
    record: list[Line] = []
    found = 0

    def whole() -> tuple[str, list[Line]]:
        return f"{name}, line {record[0].number}, PMID {record[0].words[5:].strip()}", record

    try:
        for line in unpacked.lines_of(unpacked.open_stream(source), name):
            if line.words.startswith("PMID-"):
                if record:
                    yield whole()
                record, found = [line], found + 1
            elif record and line.words.strip():
                record.append(line)
                if len(record) > _MOST:
                    raise InputError(
                        f"the record has more than {_MOST:,} lines",
                        where=f"{name}, line {record[0].number}",
                        remedy="see whether this is the file that was meant",
                    )
            elif line.words.strip():
                raise InputError(
                    "the line stands before the first record",
                    where=f"{name}, line {line.number}",
                    remedy="a file in PubMed's tagged layout begins with a line such as PMID- 123",
                )
        if record:
            yield whole()
        if not found:
            remedy = "a record begins with a line such as PMID- 123"
            raise InputError("the file holds no record", where=name, remedy=remedy)
    except InputError as error:
        yield error.where, error


_Fields = list[tuple[str, str]]


def _fields(record: list[Line], name: str) -> _Fields:
    """Give tags and words of a record, in their order; lines that go on are joined."""
    fields: list[tuple[str, list[str]]] = []
    for line in record:
        if match := _TAG.fullmatch(line.words):
            fields.append((match["tag"], [match["words"] or ""]))
        elif line.words[:1].isspace():
            fields[-1][1].append(line.words)
        else:
            raise InputError(
                f"the line is neither a tag with its words nor goes on with the one before: {line.words[:40]!r}",
                where=f"{name}, line {line.number}",
                remedy="a tag takes four places and a hyphen, and what goes on begins with spaces",
            )
    return [(tag, words) for tag, pieces in fields if (words := fold(" ".join(pieces)))]


def _entry(fields: _Fields) -> Entry:
    def every(*tags: str) -> list[str]:
        return [words for tag in tags for name, words in fields if name == tag]

    def first(*tags: str) -> str | None:
        return next(iter(every(*tags)), None)

    identifiers = [words.removesuffix("[doi]") for words in every("LID", "AID") if words.endswith("[doi]")]
    report = Report(
        doi=next(filter(None, map(citations.doi, identifiers)), None),
        pmid=citations.pmid(first("PMID") or ""),
        pmcid=citations.pmcid(first("PMC") or ""),
        title=first("TI", "TT"),
        journal=first("TA", "JT"),
        volume=first("VI"),
        issue=first("IP"),
        pages=first("PG"),
        publication_types=tuple(PublicationType(label=words) for words in every("PT")),
        headings=tuple(heading for words in every("MH") for heading in _headings(words)),
        substances=tuple(_substance(words) for words in every("RN")),
        supplementary_concepts=tuple(SupplementaryConcept(label=words) for words in every("NM")),
        authors=tuple(_authors(fields)),
        related=tuple(_related(_RELATIONS[tag], words) for tag, words in fields if tag in _RELATIONS),
    )
    return Entry(
        report=report,
        dated=first("DP") or "",
        sections=tuple(_sections(first("AB") or "")),
        accessions=tuple(pair for words in every("SI") if any(pair := _accession(words))),
        keywords=tuple(each for words in every("OT") if (each := words.lstrip("* "))),
    )


def _headings(words: str) -> Iterator[MeshHeading]:
    """Take ``Descriptor/*qualifier/qualifier`` apart: each pair, or the descriptor alone."""
    descriptor, *others = (each.strip() for each in words.split("/"))
    name, major = descriptor.lstrip("* "), descriptor.startswith("*")
    qualifiers = [each for each in others if each.strip("* ")]
    if not name:
        return
    for each in qualifiers:
        yield MeshHeading(descriptor=name, qualifier=each.lstrip("* "), major=major or each.startswith("*"))
    if not qualifiers:
        yield MeshHeading(descriptor=name, major=major)


def _substance(words: str) -> Substance:
    match = _REGISTRY.fullmatch(words)
    if not match:
        return Substance(label=words)
    return Substance(label=match["label"], registry_number=match["number"] if match["number"] != "0" else None)


def _authors(fields: _Fields) -> Iterator[Author]:
    """Give authors and groups in their order: by their full name, else as they are cited."""
    full = False
    for tag, words in fields:
        if tag == "FAU":
            family, _, given = (each.strip() for each in words.partition(","))
            yield Author(label=words, family_name=family or None, given_name=given or None)
        elif tag == "AU" and not full:
            family, _, given = words.rpartition(" ")
            yield Author(label=words, family_name=family or given, given_name=given if family else None)
        elif tag == "CN":
            yield Author(label=words)
        full = tag == "FAU"


def _related(relation: str, words: str) -> RelatedReport:
    match = _PMID.search(words)
    citation = words[: match.start()] if match else words
    return RelatedReport(relation=relation, citation=citation or None, pmid=match["pmid"] if match else None)


def _accession(words: str) -> tuple[str, str]:
    bank, _, number = (each.strip() for each in words.partition("/"))
    return (bank, number) if number else ("", bank)


def _sections(abstract: str) -> Iterator[tuple[str, str]]:
    """Cut an abstract at its labels, if it begins with one."""
    labels = list(_LABEL.finditer(abstract))
    if not labels or labels[0].start():
        if abstract:
            yield "", abstract
        return
    ends = [*(label.start() for label in labels[1:]), len(abstract)]
    for label, end in zip(labels, ends, strict=True):
        yield label["label"], abstract[label.end() : end].strip()
