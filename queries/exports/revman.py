"""RevMan Web: the rows of its analyses, in the columns of ``data-rows.csv`` of Cochrane's data package.

Columns: Cochrane's data package specification (RevMan knowledge base), as ``read.cdir`` of the R package meta reads
them. Each outcome, time and grade is an analysis of its own; ``GIV Mean`` and ``GIV SE`` of ratios are logarithms.
"""

from collections.abc import Iterator
from typing import Any

from picograph.kg.study import Role
from picograph.queries.exports.arms import Row, Table, named, tables
from picograph.queries.exports.meta import table
from picograph.queries.exports.selection import Losses, Selection

COLUMNS = (
    "Analysis group", "Analysis number", "Analysis name", "Subgroup", "Study", "Study year", "GIV Mean", "GIV SE",
    "Mean", "CI start", "CI end", "Experimental cases", "Experimental N", "Experimental mean", "Experimental SD",
    "Control cases", "Control N", "Control mean", "Control SD", "O-E", "Variance", "Weight", "Footnotes",
)  # fmt: skip
_CONTROLS = {
    each.value for each in (Role.ACTIVE_COMPARATOR, Role.PLACEBO_COMPARATOR, Role.SHAM_COMPARATOR, Role.NO_INTERVENTION)
}
_ALONE = "numbers of studies with one arm: an analysis of RevMan compares two"
_UNKNOWN = "pairs of arms of which the source names none a comparator: the order in the record is kept"


def revman(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write the rows of analyses as RevMan Web's data package has them (data-rows.csv)."""
    rows = [
        row
        for number, each in enumerate(_compared(tables(selection, losses), losses), 1)
        for row in _analysis(each, number, losses)
    ]
    return table(COLUMNS, iter(rows), losses, unknown="")


def _compared(found: list[Table], losses: Losses) -> Iterator[Table]:
    for each in found:
        for study in [study for study, rows in each.arms.items() if len(rows) < 2]:
            losses.add(_ALONE, named(each.arms[study][0].candidate))
            del each.arms[study]
        if each.arms or each.reported:
            yield each


def _analysis(each: Table, number: int, losses: Losses) -> Iterator[dict[str, Any]]:
    start = {"Analysis group": 1, "Analysis number": number, "Analysis name": each.label}
    for rows in each.arms.values():
        for experimental, control in _pairs(rows, losses):
            yield start | _two_arms(experimental, control)
    for held in each.reported.values():
        for one in held:
            candidate = one.candidate
            at_95 = candidate.level == 95
            losses.add(
                "intervals of another level than 95 %, which RevMan does not show: their GIV SE is right",
                named(candidate),
                not at_95,
            )
            yield start | {
                "Study": candidate.study_label,
                "Study year": candidate.year,
                "GIV Mean": repr(one.effect),
                "GIV SE": repr(one.error),
                "Mean": candidate.value,
                "CI start": candidate.low if at_95 else None,
                "CI end": candidate.high if at_95 else None,
                "Footnotes": _footnote(f"{one.treatment} against {one.comparator}", candidate),
            }


def _pairs(rows: list[Row], losses: Losses) -> Iterator[tuple[Row, Row]]:
    """Put each treated arm beside each comparator; where none is named so, in the order of the record."""
    controls = [each for each in rows if each.candidate.role in _CONTROLS]
    treated = [each for each in rows if each not in controls]
    if controls and treated:
        shared = len(treated) - 1 if len(treated) > 1 else 0
        losses.add(
            "further rows that share a control arm: its participants stand in each",
            named(controls[0].candidate),
            shared,
        )
        for one in treated:
            for control in controls:
                yield one, control
        return
    for place, one in enumerate(rows):
        for other in rows[place + 1 :]:
            losses.add(_UNKNOWN, named(one.candidate))
            yield one, other


def _two_arms(experimental: Row, control: Row) -> dict[str, Any]:
    candidate = experimental.candidate
    found: dict[str, Any] = {"Study": candidate.study_label, "Study year": candidate.year}
    for words, row in (("Experimental", experimental), ("Control", control)):
        counted = row.mean is None
        found[f"{words} cases"] = row.candidate.affected if counted else None
        found[f"{words} N"] = row.size
        found[f"{words} mean"] = row.mean
        found[f"{words} SD"] = row.deviation
    found["Footnotes"] = _footnote(
        f"{experimental.treatment} against {control.treatment}", candidate, control.candidate
    )
    return found


def _footnote(words: str, *held: Any) -> str:
    derived = "; a count is computed from a per cent" if any(each.derived for each in held) else ""
    places = dict.fromkeys(place for each in held for place in each.evidence)
    return f"{words}{derived}; read at {' '.join(places)}"
