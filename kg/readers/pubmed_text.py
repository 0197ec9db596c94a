"""PubMed's text layout: title, citation, abstract, and the lists that the indexers added.

What the layout itself says is read: the report, its publication types, MeSH headings and substances, and the
registration if a line of its own states it. Nothing is read from the prose of the abstract; `sections` says where
that stands, for those who read it. Concepts are not looked up here: words stay words until they are linked.

    Title

    J Abbrev. 2014 Apr 1;88(5):1041-7. doi: 10.1000/example. Epub 2014 Feb 20.

    Purpose: …

    Trial registration: ClinicalTrials.gov NCT00000000.

    Publication types

      • Clinical Trial, Phase II

    MeSH terms

      • Carcinoma, Hepatocellular / drug therapy*

The bullets after the MeSH terms are substances, with or without their heading. A star marks a major topic.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from picograph.kg.identity import IN_ABSTRACT
from picograph.kg.readers.citations import MONTHS, REGISTRY_NUMBER, is_registration
from picograph.kg.report import MeshHeading, PublicationType, Report, SecondaryIdentifier, Substance
from picograph.kg.source import Evidence, Method, Place, Record, source_of, source_text
from picograph.kg.study import Study
from picograph.ontology.errors import InputError

READER = "pubmed-text 1"

_CITATION = re.compile(
    r"(?P<journal>(?!\d+\.\s)[^\s.•].{0,200}?)\.\s"
    r"(?P<when>(?P<year>(?:18|19|20)\d\d)(?:\s(?P<month>[A-Z][a-z]{2})(?:\s(?P<day>\d{1,2}))?(?![\w-])|\s[A-Z][\w-]+)?"
    r"(?:;(?P<volume>[^();:]{1,40})?(?:\((?P<issue>[^()]{1,40})\))?(?::(?P<pages>[^\s;]+))?|:(?P<online>[^\s;]+))?)(?:;\s[^.]{1,60})?\.(?=\s|$)"
)
_DOI = re.compile(r"\bdoi:\s*(?P<doi>10\.\d{4,9}/\S+?)(?=[.,;]?(?:\s|$))", re.IGNORECASE)
_PMID = re.compile(r"\bPMID:\s*(?P<pmid>[1-9]\d{0,8})\b")
_PMCID = re.compile(r"\bPMCID:\s*(?P<pmcid>PMC[1-9]\d*)\b")
_BULLET = re.compile(r"\s*[•*·]\s+(?P<item>\S.*?)\s*$")
_LABEL = re.compile(r"(?P<label>[A-Z][A-Za-z0-9 ,/&'()-]{1,50}?):\s+(?=\S)")

# The headings of lists, and the first words of paragraphs, that are no part of an abstract.
_LISTS = {
    "publication types": "publication types",
    "publication type": "publication types",
    "mesh terms": "mesh terms",
    "substances": "substances",
    "associated data": "associated data",
    "secondary source id": "associated data",
    "supplementary concepts": "other",
    "registry numbers": "other",
    "comments and corrections": "other",
    "keywords": "other",
    "grants and funding": "other",
    "grant support": "other",
    "related information": "other",
    "linkout - more resources": "other",
    "full text links": "other",
    "comment in": "other",
    "erratum in": "other",
    "similar articles": "other",
    "cited by": "other",
    "references": "other",
    "personal name as subject": "other",
}
_ABOUT_AUTHORS = {"authors", "author", "affiliations", "affiliation", "author information", "collaborators"}
_ASIDE = re.compile(
    r"(?:PMID|PMCID|DOI|Keywords?|Copyright|©|\(c\)|Conflict of interest|Erratum|Comment in|Free PMC article"
    r"|No abstract available|Trial registration)\b|©",
    re.IGNORECASE,
)


class Section(NamedTuple):
    """A labelled part of an abstract: characters ``start`` to ``end`` hold its words, without the label."""

    label: str  # as printed; empty if the abstract has no labels
    start: int
    end: int


class _Paragraph(NamedTuple):
    """Lines between two blank lines."""

    start: int
    end: int
    lines: tuple[tuple[int, int], ...]


def _paragraphs(text: str) -> list[_Paragraph]:
    found, run, at = [], [], 0
    for line in [*text.split("\n"), ""]:
        stripped = line.strip()
        if stripped:
            start = at + line.index(stripped[0])
            run.append((start, start + len(stripped)))
        elif run:
            found.append(_Paragraph(run[0][0], run[-1][1], tuple(run)))
            run = []
        at += len(line) + 1
    return found


class _Layout(NamedTuple):
    """The paragraphs of a record by what they are."""

    title: _Paragraph | None
    citation: re.Match[str] | None
    head: tuple[int, int]  # where the citation and the identifiers under it stand
    body: list[_Paragraph]  # what may be abstract
    lists: list[tuple[str, list[tuple[int, int]]]]  # the kind of list, the places of its items


def _layout(text: str) -> _Layout:
    paragraphs = _paragraphs(text)
    title = paragraphs[0] if paragraphs and not _BULLET.match(text, paragraphs[0].start) else None
    citation, cited = None, 0
    # The citation stands under the title, perhaps with the authors between them, and never further down.
    for number, paragraph in enumerate(paragraphs[1:5], start=1):
        for start, end in paragraph.lines:
            if citation is None and (match := _CITATION.match(text[:end], start)):
                citation, cited = match, number
    body: list[_Paragraph] = []
    lists: list[tuple[str, list[tuple[int, int]]]] = []
    kind, authors, last = "", False, ""
    for number, paragraph in enumerate(paragraphs[1:], start=1):
        heading = text[paragraph.start : paragraph.lines[0][1]].casefold().rstrip(":")
        bullets = [_bullet(text, *line) for line in paragraph.lines]
        if heading in _LISTS:
            kind, authors = _LISTS[heading], False
            bullets = bullets[1:]
        elif heading in _ABOUT_AUTHORS or heading == "abstract":
            authors = heading != "abstract"
            continue
        elif not any(bullets):
            kind = ""
            if number != cited and (not authors or _ASIDE.match(text, paragraph.start)):
                body.append(paragraph)
            # The names stand in one paragraph under their heading.
            authors = False
            continue
        elif not kind and last == "mesh terms":
            kind = "substances"  # PubMed leaves the heading out in some of its layouts
        authors = False
        items = [place for place in bullets if place]
        if kind and items:
            lists.append((kind, items))
            last, kind = kind, ""
    head_end = paragraphs[cited].end if cited else (title.end if title else 0)
    return _Layout(title, citation, (title.end if title else 0, head_end), body, lists)


def _bullet(text: str, start: int, end: int) -> tuple[int, int] | None:
    match = _BULLET.match(text[:end], start)
    return match.span("item") if match else None


def sniff(head: bytes) -> bool:
    """Say whether a file begins like PubMed's text: a title, a blank line, a citation or a DOI.

    >>> sniff(b"A title\\n\\nJ Test. 2014 Apr 1;88(5):1041-7. doi: 10.1000/x.\\n")
    True
    >>> sniff(b"A letter\\n\\nDear all, see you in 2014. Bye.\\n")
    False
    """
    text = head[:20_000].decode("utf-8-sig", errors="ignore").replace("\r\n", "\n").replace("\r", "\n")
    paragraphs = _paragraphs(text)
    if len(paragraphs) < 2 or text[paragraphs[0].start] in "<{[%@#" or len(paragraphs[0].lines) > 4:
        return False
    layout = _layout(text)
    if layout.citation and (layout.citation["volume"] or layout.citation["pages"]):
        return True
    under = text[paragraphs[1].start : paragraphs[min(4, len(paragraphs) - 1)].end]
    return any(
        re.match(r"doi:\s*10\.|PMID:\s*[1-9]", line.strip(), re.IGNORECASE) for line in under.split("\n")
    ) or bool(layout.citation and (_DOI.search(under) or _PMID.search(under)))


def sections(text: str) -> list[Section]:
    """Give the sections of the abstract, in their order.

    A paragraph without a label belongs to the section above it; in an abstract without labels it is a section whose
    label is empty.

    >>> text = "T\\n\\nJ X. 2014;1(2):3. doi: 10.1000/x.\\n\\nPurpose: To see.\\n\\nResults: Seen.\\n"
    >>> [(section.label, text[section.start : section.end]) for section in sections(text)]
    [('Purpose', 'To see.'), ('Results', 'Seen.')]
    """
    found: list[Section] = []
    for paragraph in _layout(text).body:
        words = text[paragraph.start : paragraph.end]
        if _ASIDE.match(words) or _is_registration(words):
            continue
        if label := _LABEL.match(words):
            found.append(Section(label["label"], paragraph.start + label.end(), paragraph.end))
        elif found:
            found[-1] = found[-1]._replace(end=paragraph.end)
        elif _is_prose(words):
            found.append(Section("", paragraph.start, paragraph.end))
    # What stands before the first label of a labelled abstract is names and addresses.
    return found[1:] if len(found) > 1 and not found[0].label else found


def _is_prose(words: str) -> bool:
    """Tell an abstract without labels from names and addresses."""
    return len(words) >= 80 and words[-1] in ".?!)]" and "@" not in words and not re.match(r"[\d^(]", words)


def _is_registration(words: str) -> bool:
    return ":" in words and is_registration(words.partition(":")[0])


def _registrations(text: str, layout: _Layout) -> Iterator[str]:
    """Give the registry numbers that a line of registration, or the list of associated data, states."""
    for paragraph in layout.body:
        for start, end in paragraph.lines:
            if _is_registration(text[start:end]):
                yield from REGISTRY_NUMBER.findall(text[start:end])
    for kind, items in layout.lists:
        if kind == "associated data":
            for start, end in items:
                yield from REGISTRY_NUMBER.findall(text[start:end])


def _published(citation: re.Match[str]) -> str:
    """Write the date of a citation as far as it is one: a season or a span of months leaves the year."""
    month = (citation["month"] or "").casefold()
    if month not in MONTHS:
        return citation["year"]
    date = f"{citation['year']}-{MONTHS.index(month) + 1:02}"
    return f"{date}-{int(citation['day']):02}" if citation["day"] else date


def _place(start: int, end: int) -> Place:
    return Place(f"{start}-{end}")


def _heading(text: str, start: int, end: int) -> MeshHeading:
    descriptor, _, qualifier = text[start:end].partition(" / ")
    return MeshHeading(
        descriptor=descriptor.rstrip("*").rstrip(),
        qualifier=qualifier.rstrip("*").rstrip() or None,
        major=descriptor.endswith("*") or qualifier.endswith("*"),
        evidence=(_place(start, end),),
    )


def _line_of(text: str, position: int) -> str:
    return f"line {text.count(chr(10), 0, position) + 1}"


def read(content: bytes, name: str) -> Study:
    """Read a record in PubMed's text layout.

    The study's key is its registry number if the record states exactly one, else the DOI, else the PMID.

    :raises InputError: if it has no title, or neither a DOI nor a PMID

    >>> study = read(b'''A title
    ...
    ... J Test. 2014 Apr;8(5):41-7. doi: 10.1000/x.
    ...
    ... Purpose: To see.
    ...
    ... MeSH terms
    ...
    ...   * Liver Neoplasms / drug therapy*
    ... ''', "example.txt")
    >>> study.key, study.report.published, study.report.headings[0].qualifier, study.report.headings[0].major
    ('doi:10.1000/x', '2014-04', 'drug therapy', True)
    """
    try:
        text = source_text(content)
    except InputError as error:
        raise InputError(error.what, where=name, remedy=error.remedy) from None
    if not text.strip():
        raise InputError("the file is empty", where=name, remedy="save the record from PubMed again, as text")
    layout = _layout(text)
    if layout.title is None:
        raise InputError(
            "the record has no title",
            where=f"{name}, {_line_of(text, len(text) - len(text.lstrip()))}",
            remedy="let it begin with the title, then a blank line, then the citation",
        )
    if re.match(r"\d+\. ", text[layout.title.start :]) and _CITATION.match(text, layout.title.start + 3):
        raise InputError(
            "the record begins with a numbered citation, which is another of PubMed's layouts",
            where=f"{name}, {_line_of(text, layout.title.start)}",
            remedy="give PubMed's XML, or put the title first, then a blank line, then the citation without its number",
        )

    places = [*layout.title.lines]
    found: dict[str, str] = {}
    outside = _outside(text, layout)
    for field, pattern in (("doi", _DOI), ("pmid", _PMID), ("pmcid", _PMCID)):
        for start, end in outside:
            if not (match := pattern.search(text, start, end)):
                continue
            if found.get(field, match[field]).casefold() != match[field].casefold():
                raise InputError(
                    f"the record states two different values: {found[field]} and {match[field]}",
                    where=f"{name}, {_line_of(text, match.start())}",
                    remedy="give one record a file",
                )
            if field not in found:
                found[field] = match[field]
                places.append(match.span(field))
    registered = list(dict.fromkeys(_registrations(text, layout)))
    trials = [number for number in registered if number.startswith("NCT")]
    # Two registered trials in one record: it cannot be said which one the facts belong to.
    key = trials[0] if len(trials) == 1 else ""
    document = f"doi:{found['doi']}" if "doi" in found else f"pmid:{found['pmid']}" if "pmid" in found else ""
    if not document:
        raise InputError(
            "the record has neither a DOI nor a PMID, so it cannot be told from others",
            where=f"{name}, {_line_of(text, layout.title.start)}",
            remedy="add a line `PMID: …` or `DOI: …` under the title",
        )

    citation = layout.citation
    if citation:
        places += [citation.span("journal"), citation.span("when")]
    lists: dict[str, list[tuple[int, int]]] = {}
    for kind, items in layout.lists:
        lists.setdefault(kind, []).extend(items)
    report = Report(
        doi=found.get("doi"),
        pmid=found.get("pmid"),
        pmcid=found.get("pmcid"),
        title=" ".join(text[start:end] for start, end in layout.title.lines),
        journal=citation["journal"] if citation else None,
        published=_published(citation) if citation else None,
        volume=(citation["volume"] or "").strip() or None if citation else None,
        issue=citation["issue"] if citation else None,
        pages=(citation["pages"] or citation["online"]) if citation else None,
        publication_types=tuple(
            PublicationType(label=text[start:end].rstrip("*"), evidence=(_place(start, end),))
            for start, end in lists.get("publication types", [])
        ),
        headings=tuple(_heading(text, start, end) for start, end in lists.get("mesh terms", [])),
        substances=tuple(
            Substance(label=text[start:end], evidence=(_place(start, end),))
            for start, end in lists.get("substances", [])
        ),
        evidence=_evidence(places),
    )
    return Study(
        key=key or document,
        record=Record(document=document, source=source_of(text), method=Method.REGISTRY, reader=READER),
        identifiers=tuple(number for number in registered if number != key),
        secondary_identifiers=tuple(
            SecondaryIdentifier(label=number, kind=IN_ABSTRACT, evidence=tuple(at))
            for number, at in _named(text).items()
            if number not in registered
        ),
        report=report,
    )


def _named(text: str) -> dict[str, list[Place]]:
    """Give the registry numbers that the words of the abstract name, each with its places."""
    named: dict[str, list[Place]] = {}
    for section in sections(text):
        for found in REGISTRY_NUMBER.finditer(text, section.start, section.end):
            named.setdefault(found[0], []).append(_place(*found.span()))
    return named


def _outside(text: str, layout: _Layout) -> list[tuple[int, int]]:
    """Give the places where identifiers of this record stand: its citation, and lines of identifiers.

    A DOI within the abstract or in a list may belong to another publication.
    """
    found = [(layout.head[0], layout.head[1])] if layout.citation else []
    for paragraph in layout.body:
        found += [line for line in paragraph.lines if re.match(r"PMID:|PMCID:|DOI:", text[slice(*line)], re.IGNORECASE)]
    return found


def _evidence(places: list[tuple[int, int]]) -> Evidence:
    return tuple(_place(start, end) for start, end in sorted(places))
