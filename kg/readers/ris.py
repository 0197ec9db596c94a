"""RIS, the layout in which reference managers and databases exchange citations: one or many.

    TY  - JOUR
    TI  - A title
    DO  - 10.1000/example
    ER  -

A citation gives less than the index does: keywords are no MeSH headings, and are kept in the text alone. A record
needs a DOI or a PMID, or it could not be told from others; the PMID is where the programs put it (``AN`` beside
PubMed or MEDLINE as database, a web address of PubMed, a note ``PMID: …``). The text in which places count is written
by the rule of `bibliography`.
"""

import re
from collections.abc import Iterator
from typing import IO

from picograph.kg.readers import bibliography, citations, unpacked
from picograph.kg.readers.bibliography import Entry, Found, Written
from picograph.kg.readers.citations import fold
from picograph.kg.readers.unpacked import Line
from picograph.kg.report import Author, PublicationType, Report
from picograph.kg.study import Study
from picograph.ontology.errors import InputError

READER = "ris 1"

_TAG = re.compile(r"(?P<tag>[A-Z][A-Z0-9]) {1,2}- ?(?P<words>.*)")
_FIRST = re.compile(rb"^TY {1,2}- ?[A-Z]{2,8}[ \t]*\r?$", re.MULTILINE)
_ANY = re.compile(rb"^(?:[A-Z][A-Z0-9] {1,2}- |PMID-)", re.MULTILINE)
_MOST = 1 << 16  # lines of one record
_DATE = re.compile(
    r"(?P<year>(?:18|19|20)\d\d)(?:[/-](?P<month>\d{1,2})?(?:[/-](?P<day>\d{1,2})?(?:[/-].*)?)?)?", re.ASCII
)
_AT_PUBMED = re.compile(
    r"https?://(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/(\d+)/?(?:[?#].*)?", re.ASCII
)
_AT_REGISTRY = re.compile(
    r"https?://(?:www\.)?clinicaltrials\.gov/(?:ct2/show|show|study)/(NCT\d{8})\b.*", re.ASCII | re.IGNORECASE
)
_NOTED = re.compile(r"\bPMID:\s*(\d+)", re.ASCII)
_INDEXES = re.compile(r"pubmed|medline", re.IGNORECASE)
# Where programs put identifiers of other databases; a number counts if it is all that stands there.
_NUMBERS = ("AN", "ID", "LB", "CN", "M1", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "U1", "U2")


def sniff(head: bytes) -> bool:
    """Say whether a file begins like RIS, packed by gzip or not; lines of a database may stand before.

    >>> sniff(b"TY  - JOUR\\nTI  - A title\\nER  - \\n"), sniff(b"TY: JOUR\\n")
    (True, False)
    """
    plain = unpacked.head_of(head)
    if b"TY " not in plain:
        return False
    plain = plain.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    first, tagged = _FIRST.search(plain), _ANY.search(plain)
    return first is not None and tagged is not None and first.start() == tagged.start()


def read(content: bytes, name: str) -> Study:
    """Read a file with one record.

    :param content: the bytes of the file
    :param name: what errors call it
    :raises InputError: if it is not RIS, or holds none or several records

    >>> read(b"TY  - JOUR\\nTI  - A title\\nDO  - https://doi.org/10.1000/x\\nER  -\\n", "example").key
    'doi:10.1000/x'
    """
    return bibliography.only(read_all(content, name), name).study


def written(content: bytes, name: str) -> Written:
    """Read a file with one record, with the text that its places count in.

    :raises InputError: as `read` does
    """
    return bibliography.only(read_all(content, name), name)


def records(source: IO[bytes] | bytes, name: str) -> Iterator[tuple[str, bytes | InputError]]:
    """Take a file or a stream apart: each record as bytes that `read` takes, one at a time.

    >>> [where for where, _ in records(b"TY  - JOUR\\nER  -\\n1.\\nTY  - JOUR\\nER  -\\n", "x")]
    ['x, line 1', 'x, line 4']
    """
    for where, fields in _records(source, name):
        if isinstance(fields, InputError):
            yield where, fields
        else:
            yield where, "".join(f"{tag}  - {words}\n" for tag, words in [*fields, ("ER", "")]).encode()


def read_all(source: IO[bytes] | bytes, name: str) -> Iterator[Found]:
    """Read the records of a file or a stream, one at a time.

    :param source: the bytes, or a stream of them; packed by gzip or not
    :param name: what errors call it
    :returns: for each record what errors call it, and its study with its text, or its error
    """
    return bibliography.entries(_records(source, name), _entry, READER)


_Fields = list[tuple[str, str]]


def _records(source: IO[bytes] | bytes, name: str) -> Iterator[tuple[str, _Fields | InputError]]:
    """Give the tags and words of each record.

    Words that go on in further lines are joined. Lines between records (numbers, names of databases) are left out. What
    follows a record that does not end is not read: it cannot be said what belongs to which.
    """
    fields: list[tuple[str, list[str]]] = []
    start, found = Line(0, ""), 0
    try:
        for line in unpacked.lines_of(unpacked.open_stream(source), name):
            match = _TAG.fullmatch(line.words)
            tag = match["tag"] if match else ""
            if tag == "TY":
                if fields:
                    raise _unfinished(start, name, line)
                start, fields, found = line, [(tag, [match["words"] if match else ""])], found + 1
            elif tag == "ER" and fields:
                joined = [(each, words) for each, pieces in fields if (words := fold(" ".join(pieces)))]
                yield f"{name}, line {start.number}", joined
                fields = []
            elif match and fields:
                fields.append((tag, [match["words"]]))
            elif fields:
                fields[-1][1].append(line.words)
            if fields and line.number - start.number > _MOST:
                raise _unfinished(start, name, line)
        if fields:
            raise _unfinished(start, name, None)
        if not found:
            remedy = "a record begins with a line like TY  - JOUR"
            raise InputError("the file holds no record", where=name, remedy=remedy)
    except InputError as error:
        yield error.where, error


def _unfinished(start: Line, name: str, line: Line | None) -> InputError:
    return InputError(
        "the record does not end: no line ER  - " + (f"before line {line.number}" if line else "before the file ends"),
        where=f"{name}, line {start.number}",
        remedy="see whether the export was complete",
    )


def _entry(fields: _Fields) -> Entry:
    def every(*tags: str) -> list[str]:
        return [words for tag in tags for name, words in fields if name == tag]

    def first(*tags: str) -> str | None:
        return next(iter(every(*tags)), None)

    people = every("AU", "A1")
    numbers = [number for words in [*every(*_NUMBERS), *people] if (number := citations.registry_number(words))]
    numbers += [match[1].upper() for words in every("UR", "L2") if (match := _AT_REGISTRY.fullmatch(words))]
    report = Report(
        doi=next(filter(None, map(citations.doi, every("DO", "UR", "L2", "L3", "M3", "C7"))), None),
        pmid=_pmid(fields),
        pmcid=next(filter(None, map(citations.pmcid, every("C2", *_NUMBERS))), None),
        title=first("TI", "T1", "ST"),
        journal=first("J2", "JA", "JO", "T2", "JF"),
        volume=first("VL"),
        issue=first("IS"),
        pages=_pages(first("SP"), first("EP")),
        publication_types=tuple(
            PublicationType(label=words) for words in every("M3") if not citations.doi(words) and "://" not in words
        ),
        authors=tuple(_author(words) for words in people if citations.registry_number(words) is None),
    )
    return Entry(
        report=report,
        dated=_dated(every("PY", "Y1", "DA")),
        sections=tuple(("", words) for words in every("AB", "N2")[:1]),
        accessions=tuple(("", number) for number in dict.fromkeys(numbers)),
        keywords=tuple(every("KW")),
    )


def _pmid(fields: _Fields) -> str | None:
    indexed = any(_INDEXES.search(words) for tag, words in fields if tag in ("DB", "DP"))
    for tag, words in fields:
        at = _AT_PUBMED.fullmatch(words) if tag in ("UR", "L2") else None
        noted = _NOTED.search(words) if tag in ("N1", "M1", "C1", "AN", "ID") else None
        stated = words if tag == "AN" and indexed else at[1] if at else noted[1] if noted else ""
        if found := citations.pmid(stated):
            return found
    return None


def _pages(first: str | None, last: str | None) -> str | None:
    return f"{first}-{last}" if first and last and last != first and "-" not in first else first or last


def _dated(stated: list[str]) -> str:
    """Write the date that says most of those that agree in the year, as PubMed prints dates: ``2014 Apr 1``."""
    found = [match for words in stated if (match := _DATE.match(words))]
    same = [match for match in found if match["year"] == found[0]["year"]]
    best = max(same, key=lambda match: (bool(match["month"]), bool(match["day"])), default=None)
    if best is None:
        return ""
    month = citations.month_name(best["month"] or "")
    return " ".join(filter(None, [best["year"], month, (best["day"] or "").lstrip("0") if month else ""]))


def _author(words: str) -> Author:
    family, comma, given = words.partition(",")
    if not comma:
        return Author(label=words)
    return Author(label=words, family_name=family.strip() or None, given_name=given.strip() or None)
