"""Reference managers: RIS and CSL-JSON, one reference for each publication or registry record.

RIS: the tags that Zotero and EndNote read (TY … ER; AU, TI, T2, PY, DA, VL, IS, SP, EP, DO, AN, UR, KW, N1). CSL-JSON:
the fields of the citationstyles.org schema for input, ``csl-data.json``.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from picograph.kg.report import Author, Report
from picograph.kg.study import Study
from picograph.kg.triples import document_iri
from picograph.queries.exports.selection import Losses, Selection

_PAGES = re.compile(r"(\w+)\s*[-–]\s*(\w+)$")
_BREAKS = re.compile(r"\s*[\r\n]+\s*")


def _one(text: str) -> str:
    """Write a text on one line: RIS ends a value at the end of the line."""
    return _BREAKS.sub(" ", text).strip()


def _is_registry(record: Study) -> bool:
    return record.report.doi is None and record.report.pmid is None and record.report.registry_id is not None


def _references(selection: Selection, losses: Losses) -> Iterator[Study]:
    """Give one record for each document: the one that says most of it, where several readings have it."""
    for records in selection.studies():
        best: dict[str, Study] = {}
        for record in records:
            held = best.get(record.record.document)
            if held is None or _said(record.report) > _said(held.report):
                best[record.record.document] = record
        for document in sorted(best):
            record = best[document]
            retracted = any(each.report.retracted for each in records if each.record.document == document)
            if retracted and not record.report.retracted:
                record = msgspec.structs.replace(record, report=msgspec.structs.replace(record.report, retracted=True))
            _lost(record, losses)
            yield record


def _said(report: Report) -> int:
    return sum(getattr(report, name) not in (None, ()) for name in report.__struct_fields__)


def _lost(record: Study, losses: Losses) -> None:
    parts = (
        "arms",
        "interventions",
        "outcomes",
        "baselines",
        "estimates",
        "adverse_events",
        "dispositions",
        "associations",
    )
    for name in parts:
        losses.add(
            f"{name.replace('_', ' ')}, which are no part of a reference", record.key, len(getattr(record, name))
        )
    qualified = [each for each in record.report.headings if each.qualifier or each.major]
    losses.add("qualifiers and major topics of MeSH headings, written into the keyword", record.key, len(qualified))
    losses.add(
        "registry numbers of substances",
        record.key,
        sum(bool(each.registry_number) for each in record.report.substances),
    )
    losses.add("related publications", record.key, len(record.report.related))


def _keywords(report: Report) -> list[str]:
    return [
        each.descriptor + (f"/{each.qualifier}" if each.qualifier else "") + ("*" if each.major else "")
        for each in report.headings
    ]


def _url(record: Study) -> str:
    return document_iri(record.record.document)


# --- RIS ------------------------------------------------------------------------------------------------------


def _author(author: Author) -> str:
    if author.family_name:
        return f"{author.family_name}, {author.given_name}" if author.given_name else author.family_name
    return author.label


def _tags(record: Study) -> Iterator[tuple[str, str | None]]:
    report = record.report
    yield "TY", "GEN" if _is_registry(record) else "JOUR"
    for author in report.authors:
        yield "AU", _author(author)
    yield "TI", report.title or report.brief_title
    yield "T2", report.journal
    if report.published:
        yield "PY", report.published[:4]
        yield "DA", "/".join([*report.published.split("-"), "", ""][:3]) + "/"
    yield "VL", report.volume
    yield "IS", report.issue
    pages = _PAGES.match(report.pages or "")
    yield "SP", pages[1] if pages else report.pages
    yield "EP", _last_page(pages[1], pages[2]) if pages else None
    yield "DO", report.doi
    yield "AN", report.pmid or report.registry_id
    for keyword in _keywords(report):
        yield "KW", keyword
    if report.retracted:
        yield "N1", "RETRACTED"
    yield "N1", f"picograph study: {record.key}"
    yield "UR", _url(record)


def _last_page(first: str, last: str) -> str:
    """Write the last page whole: 1041-7 is 1041 to 1047.

    >>> _last_page("1041", "7"), _last_page("e12", "e15")
    ('1047', 'e15')
    """
    short = first.isdecimal() and last.isdecimal() and len(last) < len(first)
    return first[: len(first) - len(last)] + last if short else last


def ris(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write RIS, UTF-8, a reference for each document."""
    return selection.each(_ris, losses)


def _ris(part: Selection, losses: Losses) -> bytes:
    written = []
    for record in _references(part, losses):
        lines = []
        for tag, value in _tags(record):
            if value:
                lines.append(f"{tag}  - {_one(value)}")
                losses.add("line breaks in values, which are spaces here", record.key, _one(value) != value.strip())
        written += [*lines, "ER  - ", ""]
    return "\r\n".join([*written, ""]).encode()


# --- CSL-JSON -------------------------------------------------------------------------------------------------


def _csl(record: Study) -> dict[str, Any]:
    report = record.report
    item: dict[str, Any] = {
        "id": record.record.document,
        "type": "dataset" if _is_registry(record) else "article-journal",
        "title": report.title or report.brief_title,
        "container-title": report.journal,
        "volume": report.volume,
        "issue": report.issue,
        "page": report.pages,
        "DOI": report.doi,
        "PMID": report.pmid,
        "PMCID": report.pmcid,
        "number": report.registry_id if _is_registry(record) else None,
        "keyword": ", ".join(_keywords(report)) or None,
        "status": "retracted" if report.retracted else None,
        "note": f"picograph study: {record.key}",
        "URL": _url(record),
    }
    if report.published:
        item["issued"] = {"date-parts": [[int(each) for each in report.published.split("-")]]}
    if report.authors:
        item["author"] = [_csl_name(each) for each in report.authors]
    return {name: value for name, value in item.items() if value is not None}


def _csl_name(author: Author) -> dict[str, str]:
    if not author.family_name:
        return {"literal": author.label}
    return {"family": author.family_name} | ({"given": author.given_name} if author.given_name else {})


def csl_json(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write CSL-JSON: a list of items."""
    yield b"["
    between = b"\n"
    for written in selection.each(_items, losses):
        for each in written:
            yield between + each
            between = b",\n"
    yield b"\n]\n"


def _items(part: Selection, losses: Losses) -> list[bytes]:
    return [msgspec.json.format(msgspec.json.encode(_csl(record)), indent=1) for record in _references(part, losses)]
