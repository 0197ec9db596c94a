"""One long extraction table: a row for each number of each record, with the places that it was read from."""

import csv as csv_module
import io
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal

from pyoxigraph import Quad

from picograph.kg.identifiers import is_registry_number
from picograph.kg.identity import Stands, identifiers_of
from picograph.kg.model import PG, Kind, fields
from picograph.kg.results import Part, Result, Value
from picograph.kg.study import Study
from picograph.kg.triples import document_iri, place_iri, records_of, study_of
from picograph.queries.exports import Exported

COLUMNS = (
    "study",
    "document",
    "method",
    "fact",
    "name",
    "detail",
    "arm",
    "epoch",
    "quantity",
    "value",
    "unit",
    "denominator",
    "status",
    "note",
    "evidence",
    "retracted",
)
_NAMES = ("term", "variable", "factor", "label", "outcome")
_DETAILS = ("category", "level", "milestone", "statistic")
_PARTICIPANTS = {"affected", "at_risk", "count", "denominator", "enrolled", "fatal"}
_RETRACTED = PG + "retracted"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """Keep a spreadsheet from running a cell as a formula: an apostrophe goes before it.

    >>> harmless("=1+1"), harmless("nausea"), harmless("-0.5")
    ("'=1+1", 'nausea', '-0.5')
    """
    if cell.startswith(_FORMULA):
        try:
            float(cell)
        except ValueError:
            return "'" + cell
    return cell


def _text(part: object, names: tuple[str, ...]) -> str:
    found = (getattr(part, name, None) for name in names)
    return next((str(getattr(value, "value", value)) for value in found if value), "")


def _plain(number: int | Decimal) -> str:
    return format(number, "f") if isinstance(number, Decimal) else str(number)


def _numbers(part: Part) -> Iterator[tuple[str, str, str]]:
    """Give each number of a part: what it is, its value, its unit."""
    for field in fields(type(part)):
        value = getattr(part, field.name)
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, int | Decimal):
            unit = "participants" if field.name in _PARTICIPANTS else "%" if field.name == "percent" else ""
            yield field.name, _plain(value), unit or _unit(part)
        elif isinstance(value, Value):
            unit = getattr(value, "unit", None) or ("grade" if field.name == "grade" else _unit(part))
            for inner in fields(type(value)):
                number = getattr(value, inner.name)
                if isinstance(number, int | Decimal):
                    yield (
                        f"{field.name}_{inner.name}",
                        format(number, "f" if isinstance(number, Decimal) else "d"),
                        unit,
                    )


def _unit(part: Part) -> str:
    return getattr(part, "unit", None) or ""


def _parts(study: Study) -> Iterator[Part]:
    for holder in (study, study.population):
        if holder is None:
            continue
        for field in fields(type(holder)):
            if field.kind is Kind.PART and field.name != "report":
                value = getattr(holder, field.name)
                yield from value if field.many else (value,) if value is not None else ()


def _publication(study: Study) -> set[str]:
    """Give the identifiers of the publication that a record is of."""
    own = {each.key for each in identifiers_of(study) if each.stands in (Stands.DOCUMENT, Stands.REPORT)}
    return {each for each in own if not is_registry_number(each)}


def rows(study: Study, retracted: Collection[str] = ()) -> Iterator[tuple[str, ...]]:
    """Give the rows of one record, in `COLUMNS`.

    :param retracted: identifiers of retracted publications
    """
    mark = "true" if _publication(study).intersection(retracted) else ""
    labels = {(kind, each.key): each.label for kind in ("arms", "epochs", "outcomes") for each in getattr(study, kind)}
    for part in _parts(study):
        outcome = getattr(part, "outcome", None)
        name = labels.get(("outcomes", outcome), "") if outcome else ""
        evidence = " ".join(place_iri(study.record.source.sha256, place) for place in part.evidence)
        denominator = getattr(part, "denominator", None) or getattr(part, "at_risk", None)
        open_fields = {each.field for each in part.ambiguities} if isinstance(part, Result) else set()
        start = (
            study.key,
            document_iri(study.record.document),
            study.record.method.value,
            type(part).__name__,
            name if name and not hasattr(part, "factor") else _text(part, _NAMES),
            _text(part, _DETAILS),
            labels.get(("arms", getattr(part, "arm", None)), ""),
            labels.get(("epochs", getattr(part, "epoch", None)), ""),
        )
        end = (str(denominator) if denominator is not None else "",)
        note = f"ambiguous: {', '.join(sorted(open_fields))}" if open_fields else ""
        for quantity, value, unit in _numbers(part):
            yield (*start, quantity, value, unit, *end, "reported", note, evidence, mark)
        if isinstance(part, Result):
            for derived in part.derived:
                value, unit = format(derived.value, "f"), derived.unit or ""
                yield (*start, derived.quantity, value, unit, *end, "derived", derived.method, evidence, mark)
            for field in sorted(open_fields):
                yield (*start, field, "", "", *end, "ambiguous", note, evidence, mark)
            if part.absence:
                yield (*start, "", "", "", *end, part.absence.value, "", evidence, mark)


def csv(graphs: Mapping[str, list[Quad]]) -> Exported:
    """Write the extraction table as CSV, UTF-8, with a header."""
    out = io.StringIO()
    writer = csv_module.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    changed = 0
    retracted: set[str] = set()
    for quads in graphs.values():
        if any(quad.predicate.value == _RETRACTED for quad in quads):
            found = study_of(quads)
            retracted |= _publication(found) if found.report.retracted else set()
    for _, quads in records_of(quad for each in graphs.values() for quad in each):
        for row in rows(study_of(quads), retracted):
            safe = [harmless(cell) for cell in row]
            changed += sum(before != after for before, after in zip(row, safe, strict=True))
            writer.writerow(safe)
    losses = ["MeSH headings, publication types and substances have no number, and no row"]
    if changed:
        losses.append(f"{changed} cells that a spreadsheet would run as a formula have an apostrophe before them")
    return Exported([out.getvalue().encode()], tuple(losses))
