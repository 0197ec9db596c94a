"""One long extraction table: a row for each number of each record, with the places that it was read from."""

import csv as csv_module
import io
import tempfile
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from functools import partial
from itertools import islice

from picograph.kg.identifiers import is_registry_number
from picograph.kg.identity import Stands, identifiers_of
from picograph.kg.model import Kind, fields
from picograph.kg.recovery import study_of
from picograph.kg.results import Part, Result, Value
from picograph.kg.study import Study
from picograph.kg.triples import document_iri, source_iri
from picograph.ontology.errors import UsageError
from picograph.queries.exports.selection import Losses, Selection

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
_CHUNK = 1 << 16
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
    document, source = document_iri(study.record.document), source_iri(study.record.source.sha256)
    labels = {(kind, each.key): each.label for kind in ("arms", "epochs", "outcomes") for each in getattr(study, kind)}
    for part in _parts(study):
        outcome = getattr(part, "outcome", None)
        name = labels.get(("outcomes", outcome), "") if outcome else ""
        evidence = " ".join([f"{source}#{place.fragment}" for place in part.evidence])
        denominator = getattr(part, "denominator", None) or getattr(part, "at_risk", None)
        open_fields = {each.field for each in part.ambiguities} if isinstance(part, Result) else set()
        start = (
            study.key,
            document,
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


def rows_of_part(part: Selection, losses: Losses, *, retracted: Collection[str]) -> list[tuple[str, ...]]:
    """Give the rows of the records of a part; what has no row is told."""
    found: list[tuple[str, ...]] = []
    for study in part.records():
        found += rows(study, retracted)
        report = study.report
        for what in ("headings", "publication_types", "substances", "authors", "related"):
            words = f"{what.replace('_', ' ')} of reports, which have no number and no row"
            losses.add(words, study.key, len(getattr(report, what)))
    return found


def _all(selection: Selection, losses: Losses) -> Iterator[tuple[str, ...]]:
    """Give the rows of every selected record."""
    for some in selection.each(partial(rows_of_part, retracted=retracted_publications(selection)), losses):
        yield from some


def retracted_publications(selection: Selection) -> set[str]:
    """Give the identifiers of the retracted publications."""
    found: set[str] = set()
    for each in selection.retractions.found:
        study = study_of(selection.store.quads(each.record))
        if study.report.retracted:
            found |= _publication(study)
    return found


def _harmless(row: tuple[str, ...], losses: Losses) -> Sequence[str]:
    if not any(cell.startswith(_FORMULA) for cell in row):
        return row
    safe = [harmless(cell) for cell in row]
    changed = sum(before != after for before, after in zip(row, safe, strict=True))
    losses.add("cells that a spreadsheet would run as a formula: an apostrophe stands before them", row[0], changed)
    return safe


def csv(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write the extraction table as CSV, UTF-8, with a header."""
    yield ",".join(COLUMNS).encode() + b"\n"
    yield from selection.each(partial(_csv, retracted=retracted_publications(selection)), losses)


def _csv(part: Selection, losses: Losses, *, retracted: Collection[str]) -> bytes:
    out = io.StringIO()
    writer = csv_module.writer(out, lineterminator="\n")
    for row in rows_of_part(part, losses, retracted=retracted):
        writer.writerow(_harmless(row, losses))
    return out.getvalue().encode()


def parquet(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write the extraction table as Parquet: all columns are text, as in the CSV, so that no digit is lost.

    :raises UsageError: if pyarrow is not installed
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UsageError("Parquet needs pyarrow", remedy="pip install 'picograph[tables]'") from None
    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    with tempfile.TemporaryFile() as file:
        with pq.ParquetWriter(file, schema) as writer:
            for some in _batches(_all(selection, losses)):
                columns = [[row[index] or None for row in some] for index in range(len(COLUMNS))]
                writer.write_table(pa.table(columns, schema=schema))
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


def _batches(found: Iterator[tuple[str, ...]]) -> Iterator[list[tuple[str, ...]]]:
    while some := list(islice(found, 20_000)):
        yield some
