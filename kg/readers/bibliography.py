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

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from msgspec import Struct, structs

from picograph.kg.identity import IN_ABSTRACT
from picograph.kg.readers.citations import (
    REGISTRIES,
    REGISTRY_NUMBER,
    RETRACTED,
    is_registration,
    published,
    registry_number,
)
from picograph.kg.report import Author, MeshHeading, RelatedReport, Report, SecondaryIdentifier, Substance
from picograph.kg.results import Part
from picograph.kg.source import Method, Place, Record, source_of
from picograph.kg.study import Study
from picograph.ontology.errors import InputError

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
        *([title] if RETRACTED.match(report.title) else []),
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
        elif REGISTRIES.fullmatch(re.sub(r"[^a-z0-9]", "", bank.casefold())):
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
