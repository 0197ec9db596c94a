"""Tables for meta-analysis in R, made of the numbers that an answer has: each row a study's arm, or two of its arms.

metafor: the arguments of ``escalc`` and ``rma`` are the names of the columns: ``xi`` and ``ni`` for one arm
(measure "PLO" and others), ``ai, n1i, ci, n2i`` for two, ``yi`` and ``sei`` for ratios and survival probabilities that
are reported with an interval. Read in metafor's reference pages ``escalc.Rd`` and ``rma.uni.Rd``, version 3.8-1.
"""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from typing import Any

from picograph.ontology.errors import EvidenceError
from picograph.queries.exports.extraction import harmless
from picograph.queries.exports.selection import Losses, Selection
from picograph.queries.synthesis import effects
from picograph.queries.synthesis.rules import SINGLES, Candidate

COLUMNS = (
    "study", "slab", "arm", "comparator", "year", "outcome", "category", "statistic", "criteria", "time", "grade",
    "denominator_kind", "analysis_set", "randomised", "xi", "ni", "yi", "sei", "vi", "scale", "estimate", "low", "high",
    "level", "derived", "evidence",
)  # fmt: skip


def why_not(each: Candidate) -> str | None:
    """Say why a number is no row of a table for meta-analysis; None where it is one.

    >>> why_not(Candidate(study="a", affected=0, at_risk=14)) is None
    True
    >>> why_not(Candidate(study="a", kind="median", value=10.7))
    'a median has no standard error: its range is described, not pooled'
    """
    for rule in SINGLES:
        if rule.name != "retracted" and (why := rule.check(each)):
            return why
    return None


def effect_of(each: Candidate) -> tuple[effects.Effect, str] | None:
    """Give the effect of a number that is reported with its interval, and its scale; None for a count."""
    if each.kind == "proportion":
        return None
    assert each.value is not None
    assert each.low is not None
    assert each.high is not None
    assert each.level is not None
    level = each.level / 100
    if each.kind == "survival":
        return effects.survival(each.value, each.low, each.high, level), "log-log"
    if each.kind == "ratio":
        return effects.log_ratio(each.value, each.low, each.high, level), "log"
    return effects.difference(each.value, each.low, each.high, level), "identity"


def _cells(each: Candidate) -> dict[str, Any]:
    counted = each.kind == "proportion"  # its estimate is xi of ni; a stated per cent is the same number again
    found: dict[str, Any] = {
        "study": each.study,
        "slab": each.study_label,
        "arm": each.arm_label,
        "comparator": each.comparator or "",
        "year": each.year,
        "outcome": each.outcome_words or each.outcome,
        "category": each.category,
        "statistic": each.statistic,
        "criteria": each.criteria,
        "time": each.time,
        "grade": each.grade,
        "denominator_kind": each.denominator_kind,
        "analysis_set": each.analysis_set,
        "randomised": None if each.randomised is None else str(each.randomised).upper(),
        "xi": each.affected if counted else None,
        "ni": each.at_risk if counted else None,
        "estimate": None if counted else each.value,
        "low": None if counted else each.low,
        "high": None if counted else each.high,
        "level": None if counted else each.level,
        "derived": "TRUE" if each.derived else "FALSE",
        "evidence": " ".join(each.evidence),
    }
    if (known := effect_of(each)) is not None:
        (effect, variance, _), scale = known
        found |= {"yi": repr(effect), "sei": repr(math.sqrt(variance)), "vi": repr(variance), "scale": scale}
    return found


def table(
    columns: Sequence[str], found: Iterator[dict[str, Any]], losses: Losses, *, unknown: str = "NA"
) -> Iterator[bytes]:
    """Write rows as CSV: what is not known is NA, as R has it, or an empty cell; never 0."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in found:
        cells = [unknown if row.get(name) in (None, "") else str(row[name]) for name in columns]
        safe = [harmless(cell) for cell in cells]
        losses.add(
            "cells that a spreadsheet would run as a formula: an apostrophe stands before them", cells[0], safe != cells
        )
        writer.writerow(safe)
    yield out.getvalue().encode()


def _named(each: Candidate) -> str:
    return f"{each.study_label} {each.arm_label}".strip()


def metafor(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write a table that ``escalc`` and ``rma`` take as it is."""

    def found() -> Iterator[dict[str, Any]]:
        for each in selection.candidates():
            if (why := why_not(each)) is not None:
                losses.add(f"numbers that are no row: {why}", _named(each))
                continue
            try:
                yield _cells(each)
            except EvidenceError as error:
                losses.add(f"numbers that are no row: {error.what}", _named(each))
                continue
            losses.add("counts computed from a per cent, marked in the column derived", _named(each), each.derived)
            losses.add("numbers of retracted reports, which stand in the table", _named(each), each.retracted)

    return table(COLUMNS, found(), losses)
