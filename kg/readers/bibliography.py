"""What readers of bibliographic records share: the entry that they fill, and the text that its facts are found in.

A record in XML or in tags has no page that a person reads, so places cannot be counted in its bytes: the same article
would have other places in another file. Its plain text is therefore written by a rule, and places count in that text.

**The rule.** The text has these blocks, in this order, with one empty line between them; a block with nothing to say is
left out, and the last line ends with a line feed:

1. the title, on one line;
2. the citation, ``Journal. 2014 Apr 1;88(5):1041-7.``, and under it, a line each, ``DOI: …``, ``PMID: …`` and
   ``PMCID: …``;
3. ``Authors``, an empty line, and each author on a line, as ``Family, Given``, or the name of a group;
4. each section of the abstract as one paragraph: ``Label: words``, or the words alone where it has no label;
5. lists, each of them its heading, an empty line, and each item on a line that begins with two spaces, a bullet and a
   space: ``Publication types``; ``MeSH terms``, a line for each pair as ``Descriptor / qualifier``, with a star behind
   what is a major topic; ``Supplementary concepts``; ``Substances``; ``Registry numbers``, as ``number (substance)``;
   ``Associated data``, as ``bank/number``; ``Comments and corrections``, as ``relation: citation``; ``Keywords``.

Words come from the record as they are, with these changes: marks such as bold and subscript are dropped and their
words kept (a subscript or superscript that would run into a number keeps it apart by ``_`` or ``^``: 10^9); every run
of white space and control characters becomes one space; months are written in three letters. What no fact and no
extraction needs is left out: affiliations, grants, dates of processing, reference lists, statements of interest.

It is the layout of PubMed's own text, so `pubmed_text` reads it too. The text depends on the article alone: it is the
same whether the article stands in a file by itself or among thousands.
"""

import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import IO, Any, NamedTuple, TypeVar

from msgspec import Struct, structs

from picograph.kg.identity import IN_ABSTRACT
from picograph.kg.results import Part
from picograph.kg.source import Method, Place, Record, source_of
from picograph.kg.study import Author, MeshHeading, RelatedReport, Report, SecondaryIdentifier, Study, Substance
from picograph.ontology.errors import InputError

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
REGISTRY_NUMBER = re.compile(
    r"\b(?:NCT\d{8}|ISRCTN\d{8}|ACTRN\d{14}|DRKS\d{8}|UMIN\d{9}|jRCTs?\d{9,10}|KCT\d{7}|NTR\d{2,5}|TCTR\d{11}"
    r"|ChiCTR[A-Z0-9-]{4,}|IRCT[0-9A-Z]{6,}|CTRI/\d{4}/\d{2,3}/\d{6}|20\d\d-\d{6}-\d\d)\b",
    re.ASCII,
)
_REGISTRATION = re.compile(
    r"(?:(?:clinical\s)?trials?\s(?:registration|registry|registered)|clinical\strials?\s(?:info|information|number)"
    r"|registration|registry|clinicaltrials\.gov)(?:\s(?:number|identifier|id|no\.?|information|and date))?",
    re.IGNORECASE,
)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\x00-\x1f\ufeff]+", re.ASCII)
_PMID = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_PMCID = re.compile(r"PMC[1-9]\d{0,9}", re.ASCII)
_UI = re.compile(r"[CDQ]\d{6}(?:\d{3})?", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f\ufeff\ufffe\uffff]")
_DATED = re.compile(
    r"(?P<year>(?:18|19|20)\d\d)(?:\s(?P<month>[A-Z][a-z]{2})(?![\w/-])(?:\s(?P<day>\d{1,2})(?![\w/-]))?)?", re.ASCII
)
_RETRACTED = re.compile(r"(?:RETRACTED|Retracted)(?:\s(?:ARTICLE|Article|article|PAPER|Paper|paper))?\s?:")

# The names that PubMed gives the registries of trials among its data banks, in small letters and digits alone.
_REGISTRIES = re.compile(
    r"anzctr|chictr|clinicaltrialsgov|cris|ctis|ctri|drks|eudract|irct|isrctn|japiccti|jmacct|jrct|ntr|pactr|rebec"
    r"|repec|rpcec|slctr|tctr|uminctr"
)
# What says that the article itself is retracted.
_RETRACTIONS = frozenset({"RetractionIn", "RetractedandRepublishedIn"})
_RETRACTED_TYPE = "retracted publication"


class Entry(Struct, frozen=True, kw_only=True):
    """What a record says of one publication: its report, still without places, and what only the text holds."""

    report: Report
    dated: str = ""  # as printed: 2014 Apr 1, or 2014 Jan-Feb
    sections: tuple[tuple[str, str], ...] = ()  # of the abstract: label or "", words
    accessions: tuple[tuple[str, str], ...] = ()  # data bank or "", number
    keywords: tuple[str, ...] = ()


class Written(NamedTuple):
    """A study, and the text that its places count in."""

    study: Study
    text: str


# --- words and identifiers ------------------------------------------------------------------------------------------


def fold(words: str | None) -> str:
    """Make every run of white space and control characters one space, and trim.

    >>> fold(" acting β\\n\\t2-agonist ")
    'acting β 2-agonist'
    """
    if not words:
        return ""
    if not words.isprintable():  # most are
        words = _CONTROL.sub(" ", words)
    return " ".join(words.split())


def doi(words: str) -> str | None:
    """Give the DOI that the words are, with or without its resolver; None if they are none.

    >>> doi("https://doi.org/10.1000/x(1)"), doi("doi: 10.1000/x"), doi("10.1/x")
    ('10.1000/x(1)', '10.1000/x', None)
    """
    bare = re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", words.strip(), flags=re.IGNORECASE)
    return bare if _DOI.fullmatch(bare) else None


def pmid(words: str) -> str | None:
    """Give the PMID that the words are, or None."""
    return words.strip() if _PMID.fullmatch(words.strip()) else None


def pmcid(words: str) -> str | None:
    """Give the PMC identifier that the words are, or None.

    >>> pmcid("PMC99"), pmcid("99")
    ('PMC99', None)
    """
    return words.strip() if _PMCID.fullmatch(words.strip()) else None


def mesh_curie(identifier: str | None, kinds: str) -> str | None:
    """Give the CURIE of an identifier of MeSH whose first letter is one of ``kinds``, or None.

    >>> mesh_curie("D006528", "D"), mesh_curie("Q000188", "D"), mesh_curie("", "D")
    ('mesh:D006528', None, None)
    """
    found = (identifier or "").strip()
    return f"mesh:{found}" if _UI.fullmatch(found) and found[0] in kinds else None


def registry_number(words: str) -> str | None:
    """Give the number of a trial registry that the words are, as the registry writes it, or None.

    >>> registry_number("nct 00105443"), registry_number("NCT0010544"), registry_number("AB123456")
    ('NCT00105443', None, None)
    """
    tight = re.sub(r"\s", "", words)
    if re.fullmatch(r"NCT\d{8}", tight, re.ASCII | re.IGNORECASE):
        return tight.upper()
    return words.strip() if REGISTRY_NUMBER.fullmatch(words.strip()) else None


def is_registration(label: str) -> bool:
    """Say whether a label announces a registration.

    >>> is_registration("TRIAL REGISTRATION"), is_registration("METHODS")
    (True, False)
    """
    return _REGISTRATION.fullmatch(label.strip()) is not None


def published(dated: str) -> str | None:
    """Write a printed date as far as it is one: a season or a span of months leaves the year.

    >>> published("2018 May 17"), published("2014 Jan-Feb"), published("2000 Spring"), published("1998 Dec 20-27")
    ('2018-05-17', '2014', '2000', '1998-12')
    >>> published("2014 Feb 31"), published("in press")
    ('2014-02', None)
    """
    match = _DATED.match(dated)
    if not match:
        return None
    month = (match["month"] or "").casefold()
    if month not in MONTHS:
        return match["year"]
    number = MONTHS.index(month) + 1
    try:
        return date(int(match["year"]), number, int(match["day"] or "")).isoformat()
    except ValueError:
        return f"{match['year']}-{number:02}"


def month_name(month: str) -> str:
    """Write a month in three letters, whether the record has its number, its name or its three letters.

    >>> month_name("05"), month_name("September"), month_name("Apr")
    ('May', 'Sep', 'Apr')
    """
    if month.isdecimal() and 1 <= int(month) <= 12:
        return MONTHS[int(month) - 1].capitalize()
    return month[:3].capitalize() if month[:3].casefold() in MONTHS else month


# --- the text -------------------------------------------------------------------------------------------------------

_P = TypeVar("_P", bound=Part)
_R = TypeVar("_R")


class _Page:
    """A text that is being written, and the places of what was written."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.length = 0

    def add(self, words: str) -> int:
        """Write words; gives where they begin."""
        start = self.length
        self.pieces.append(words)
        self.length += len(words)
        return start

    def place(self, words: str, after: str = "") -> Place:
        """Write words, and what follows them; gives the place of the words."""
        start = self.length
        self.pieces.append(words + after)
        self.length = start + len(words) + len(after)
        return Place.span(start, start + len(words))

    def block(self) -> None:
        """Leave an empty line, unless the text begins here."""
        if self.length:
            self.add("\n")

    def items(self, heading: str, items: Sequence[str]) -> list[Place]:
        """Write a list; gives the place of each item."""
        if items:
            self.block()
            self.add(f"{heading}\n\n")
        places = []
        for item in items:
            self.add("  • ")
            places.append(self.place(item, "\n"))
        return places

    def parts(self, heading: str, parts: Sequence[_P], words: Callable[[_P], str]) -> tuple[_P, ...]:
        """Write a list of parts; gives them with their places."""
        places = self.items(heading, [words(part) for part in parts])
        return tuple(structs.replace(part, evidence=(place,)) for part, place in zip(parts, places, strict=True))


def _imprint(entry: Entry) -> str:
    """Write what follows the journal: ``2014 Apr 1;88(5):1041-7``."""
    report = entry.report
    issue = f"{report.volume or ''}{f'({report.issue})' if report.issue else ''}"
    words = f"{entry.dated}{f';{issue}' if issue else ''}{f':{report.pages}' if report.pages else ''}"
    return words.lstrip(";: ")


def _heading_words(heading: MeshHeading) -> str:
    pair = f"{heading.descriptor} / {heading.qualifier}" if heading.qualifier else heading.descriptor
    return pair + ("*" if heading.major else "")


def _related_words(related: RelatedReport) -> str:
    """Write ``relation: citation. PMID: number. note``, as far as there is each of them."""
    words = related.citation or ""
    for more in (related.pmid and f"PMID: {related.pmid}", related.note):
        if more:
            words = f"{before}. {more}" if (before := words.rstrip(". ")) else more
    return ": ".join(filter(None, [related.relation, words]))


def write(entry: Entry, reader: str, where: str) -> Written:
    """Write the text of an entry, and the study whose places count in it.

    The study's key is its number at ClinicalTrials.gov if the list of data banks has exactly one; if that list has
    none, the one that a section of the abstract states as its registration; else the DOI, else the PMID. Numbers of
    registries elsewhere in the abstract are kept with their places; whether they join it to a trial is not said here.

    :param reader: what read the entry, with its version
    :param where: what errors call the record
    :raises InputError: if the entry has no title, or neither a DOI nor a PMID

    >>> report = Report(title="A title.", journal="J Test", pmid="1")
    >>> study, text = write(Entry(report=report, dated="2014 Apr"), "example 1", "example")
    >>> print(text.strip())
    A title.
    <BLANKLINE>
    J Test. 2014 Apr.
    PMID: 1
    >>> [place.words(text) for place in study.report.evidence]
    ['A title.', 'J Test', '2014 Apr', '1']
    """
    report, page = entry.report, _Page()
    if not report.title:
        raise InputError("the record has no title", where=where, remedy="see whether the record is whole")
    document = f"doi:{report.doi}" if report.doi else f"pmid:{report.pmid}" if report.pmid else ""
    if not document:
        raise InputError(
            "the record has neither a DOI nor a PMID, so it cannot be told from others",
            where=where,
            remedy="add its DOI or its PMID",
        )
    places = [title := page.place(report.title, "\n")]
    places += _write_citation(page, entry)
    authors = _write_authors(page, report.authors)
    key, identifiers = _numbers(entry)
    named: dict[str, list[Place]] = {}
    for label, words in entry.sections:
        page.block()
        start = page.add(f"{label}: {words}\n" if label else f"{words}\n") + (len(label) + 2 if label else 0)
        for found in REGISTRY_NUMBER.finditer(words):
            named.setdefault(found[0], []).append(Place(f"{start + found.start()}-{start + found.end()}"))
    types = page.parts("Publication types", report.publication_types, lambda each: each.label)
    headings = page.parts("MeSH terms", report.headings, _heading_words)
    supplementary = page.parts("Supplementary concepts", report.supplementary_concepts, lambda each: each.label)
    substances = _write_substances(page, report.substances)
    banked = page.items(
        "Associated data", [f"{bank}/{number}" if bank else number for bank, number in entry.accessions]
    )
    related = page.parts("Comments and corrections", report.related, _related_words)
    page.items("Keywords", entry.keywords)
    retracting = [
        *([title] if _RETRACTED.match(report.title) else []),
        *(each.evidence[0] for each in types if each.label.casefold() == _RETRACTED_TYPE),
        *(each.evidence[0] for each in related if each.relation in _RETRACTIONS),
    ]
    text = "".join(page.pieces)
    study = Study(
        key=key or document,
        record=Record(document=document, source=source_of(text), method=Method.REGISTRY, reader=reader),
        identifiers=identifiers,
        secondary_identifiers=tuple(
            SecondaryIdentifier(label=number, kind=IN_ABSTRACT, evidence=tuple(at))
            for number, at in named.items()
            if number != key and number not in identifiers
        ),
        report=structs.replace(
            report,
            published=published(entry.dated),
            publication_types=types,
            headings=headings,
            supplementary_concepts=supplementary,
            substances=substances,
            authors=authors,
            retracted=True if retracting else None,
            related=related,
            evidence=tuple(dict.fromkeys([*places, *banked, *retracting])),
        ),
    )
    return Written(study, text)


def _write_citation(page: _Page, entry: Entry) -> Iterator[Place]:
    report, imprint = entry.report, _imprint(entry)
    if report.journal or imprint or report.doi or report.pmid or report.pmcid:
        page.block()
    if report.journal:
        yield page.place(report.journal, ". " if imprint else ".\n")
    if imprint:
        yield page.place(imprint, ".\n")
    for name, identifier in (("DOI", report.doi), ("PMID", report.pmid), ("PMCID", report.pmcid)):
        if identifier:
            page.add(f"{name}: ")
            yield page.place(identifier, "\n")


def _write_authors(page: _Page, authors: Sequence[Author]) -> tuple[Author, ...]:
    if authors:
        page.block()
        page.add("Authors\n\n")
    return tuple(structs.replace(each, evidence=(page.place(each.label, "\n"),)) for each in authors)


def _write_substances(page: _Page, substances: Sequence[Substance]) -> tuple[Substance, ...]:
    """Write names and registry numbers; a substance is found at its name and, where it has one, at its number."""
    placed = page.parts("Substances", substances, lambda each: each.label)
    numbered = [each for each in placed if each.registry_number]
    lines = page.items("Registry numbers", [f"{each.registry_number} ({each.label})" for each in numbered])
    at = iter(Place.span(line.start, line.start + len(each.registry_number or ""))
              for each, line in zip(numbered, lines, strict=True))  # fmt: skip
    return tuple(
        structs.replace(each, evidence=(*each.evidence, next(at))) if each.registry_number else each for each in placed
    )


def _numbers(entry: Entry) -> tuple[str, tuple[str, ...]]:
    """Give the key that the trial registries give the study, if they do, and the other numbers.

    A number of a registry stands alone; one of another data bank has the bank's name before it: GENBANK/AB123456.
    """
    banked: list[str] = []
    others: list[str] = []
    for bank, number in entry.accessions:
        if registered := registry_number(number):
            banked.append(registered)
        elif _REGISTRIES.fullmatch(re.sub(r"[^a-z0-9]", "", bank.casefold())):
            others.append(number)
        else:
            others.append("/".join(filter(None, (bank, number))))
    stated: list[str] = []
    for label, words in entry.sections:
        if is_registration(label):
            stated += REGISTRY_NUMBER.findall(words)
    # Two registered trials in one record: it cannot be said which one the facts belong to.
    trials = {number for number in banked if number.startswith("NCT")}
    trials = trials or {number for number in stated if number.startswith("NCT")}
    key = trials.pop() if len(trials) == 1 else ""
    return key, tuple(number for number in dict.fromkeys([*banked, *stated, *others]) if number != key)


# --- files ----------------------------------------------------------------------------------------------------------

_GZIP = b"\x1f\x8b"


def head_of(head: bytes) -> bytes:
    """Give the first bytes of a file as they are when it is unpacked: gzip is known by its content.

    >>> head_of(gzip.compress(b"PMID- 1")), head_of(b"PMID- 1")
    (b'PMID- 1', b'PMID- 1')
    """
    if not head.startswith(_GZIP):
        return head
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, 65_536)
    except zlib.error:
        return b""


def open_stream(source: IO[bytes] | bytes) -> io.BufferedIOBase:
    """Open bytes or a stream, unpacked if it is gzip; the stream need not be seekable."""
    stream: IO[bytes] = io.BytesIO(source) if isinstance(source, bytes) else source
    buffered = io.BufferedReader(_Raw(stream), 1 << 16)
    return gzip.GzipFile(fileobj=buffered) if buffered.peek(2)[:2] == _GZIP else buffered


class _Raw(io.RawIOBase):
    """Any stream that can be read, as the ground of a buffer."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        found = self._stream.read(len(view))
        view[: len(found)] = found
        return len(found)


BROKEN = (EOFError, zlib.error, OSError)


def broken(error: Exception, where: str) -> InputError:
    """Say that a file cannot be read on."""
    if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
        return InputError(f"the file cannot be read: {error}", where=where, remedy="see whether the disk is in order")
    return InputError(
        "the file ends or is damaged in the middle of its compression", where=where, remedy="download the file again"
    )


class Line(NamedTuple):
    """A line of a text file, without its end."""

    number: int
    words: str


_LONGEST = 1 << 20  # bytes in a line


def lines_of(stream: io.BufferedIOBase, name: str) -> Iterator[Line]:
    """Give the lines of a stream of UTF-8, one at a time.

    :raises InputError: at the line where it is not text, or the stream ends in the middle of its compression
    """
    number = 0
    try:
        while line := stream.readline(_LONGEST):
            number += 1
            if len(line) == _LONGEST:
                raise InputError(
                    f"the line has more than {_LONGEST:,} bytes", where=f"{name}, line {number}",
                    remedy="see whether this is the file that was meant",
                )  # fmt: skip
            words = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            for piece in words.split("\r"):
                yield Line(number, piece)
    except UnicodeDecodeError:
        raise InputError(
            "the line is not UTF-8", where=f"{name}, line {number}", remedy="save the file as UTF-8"
        ) from None
    except BROKEN as error:
        raise broken(error, f"{name}, after line {number}") from None


Found = tuple[str, Written | InputError]  # what errors call a record; what became of it


def only(found: Iterator[Found], name: str) -> Written:
    """Give the one record of a file.

    :raises InputError: if the record is refused, or there is none, or there are more
    """
    first, second = next(found, None), None
    if first is None:
        raise InputError("the file holds no record", where=name, remedy="see whether the download was complete")
    if isinstance(first[1], Written):
        second = next(found, None)
    for each in (first, second):
        if each is not None and isinstance(each[1], InputError):
            raise each[1]
    if second is not None or not isinstance(first[1], Written):
        raise InputError(
            "the file holds more than one record, and one was asked for",
            where=name,
            remedy="take it apart with `records`, and read its parts",
        )
    return first[1]


def entries(
    records: Iterable[tuple[str, _R | InputError]], make: Callable[[_R], Entry], reader: str
) -> Iterator[Found]:
    """Write each record; a bad one is given as its error.

    :param make: gives the entry of a record
    """
    for where, record in records:
        if isinstance(record, InputError):
            yield where, record
            continue
        try:
            yield where, write(make(record), reader, where)
        except InputError as error:
            yield where, InputError(error.what, where=error.where or where, remedy=error.remedy)
