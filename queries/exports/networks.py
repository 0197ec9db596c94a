"""Network meta-analysis: tables for the R package netmeta, and for CINeMA; each row an arm, or two arms.

netmeta: the arguments of ``pairwise()`` for the long table (``treat``, ``event``, ``n``, ``mean``, ``sd``, ``studlab``)
and of ``netmeta()`` for the contrasts (``TE``, ``seTE``, ``treat1``, ``treat2``, ``studlab``, ``sm``). CINeMA: the
columns of its files for upload, ``study, id, t, r, n, rob, indirectness`` and ``id, t1, t2, effect, se, rob,
indirectness``. A table is of one outcome: the one of most studies.
"""

from collections.abc import Iterator
from typing import Any

from picograph.queries.exports.arms import Contrast, Row, Table, contrasts, named, tables
from picograph.queries.exports.meta import table
from picograph.queries.exports.selection import Losses, Selection

_MORE = ("study", "outcome", "time", "grade", "derived", "evidence")
LONG = ("studlab", "treat", "event", "n", "mean", "sd", *_MORE)
CONTRAST = ("studlab", "treat1", "treat2", "TE", "seTE", "sm", *_MORE)
CINEMA_COUNTS = ("study", "id", "t", "r", "n", "rob", "indirectness")
CINEMA_MEANS = ("study", "id", "t", "y", "sd", "n", "rob", "indirectness")
CINEMA_CONTRAST = ("study", "id", "t1", "t2", "effect", "se", "rob", "indirectness")
_JUDGED = (
    "rows without risk of bias and indirectness: a reviewer judges them, and fills the columns rob and indirectness"
)
_ALONE = "numbers of studies with one arm, which compare nothing"
_OTHER = "numbers of another outcome, time or grade: a table is of one; narrow the question with --set"


def _one(selection: Selection, losses: Losses, *, counts_of: str) -> Table | None:
    """Give the table of the outcome that most studies compare arms of; what is outside it is told."""
    found = tables(selection, losses)

    def compared(each: Table) -> int:
        several = {study for study, rows in each.arms.items() if len(rows) > 1}
        return len(several | set(each.reported)) if counts_of == "contrasts" else len(several)

    chosen = max(found, key=compared, default=None)
    for each in found:
        if each is not chosen:
            count = sum(map(len, each.arms.values())) + sum(map(len, each.reported.values()))
            losses.add(_OTHER, each.label, count)
    if chosen is None:
        return None
    for study in [study for study, rows in chosen.arms.items() if len(rows) < 2]:
        losses.add(_ALONE, named(chosen.arms[study][0].candidate))
        del chosen.arms[study]
    return chosen


def _rows(selection: Selection, losses: Losses) -> list[Row]:
    chosen = _one(selection, losses, counts_of="arms")
    if chosen is None:
        return []
    losses.add(
        "ratios between two arms, which are no row of arms", chosen.label, sum(map(len, chosen.reported.values()))
    )
    return [row for rows in chosen.arms.values() for row in rows]


def _pairs(selection: Selection, losses: Losses) -> list[Contrast]:
    chosen = _one(selection, losses, counts_of="contrasts")
    if chosen is None:
        return []
    made = [
        *(each for rows in chosen.arms.values() for each in contrasts(rows)),
        *(c for held in chosen.reported.values() for c in held),
    ]
    for each in made:
        losses.add("zero cells that got half an event, in the log odds ratio", named(each.candidate), each.corrected)
    return made


def _more(row: Row | Contrast) -> dict[str, Any]:
    each = row.candidate
    return {
        "studlab": each.study_label,
        "study": each.study,
        "outcome": each.outcome_words or each.outcome,
        "time": each.time,
        "grade": each.grade,
        "derived": "TRUE" if each.derived else "FALSE",
        "evidence": " ".join(each.evidence),
    }


def netmeta(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write a table for the R package netmeta, a row an arm, for its ``pairwise()``."""
    rows = [
        _more(each)
        | {
            "treat": each.treatment,
            "event": each.candidate.affected if each.mean is None else None,
            "n": each.size,
            "mean": each.mean,
            "sd": each.deviation,
        }
        for each in _rows(selection, losses)
    ]
    return table(LONG, iter(rows), losses)


def netmeta_contrast(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write a table for the R package netmeta, a row two arms, for its ``netmeta()``."""
    rows = [
        _more(each)
        | {
            "treat1": each.treatment,
            "treat2": each.comparator,
            "TE": repr(each.effect),
            "seTE": repr(each.error),
            "sm": each.measure,
        }
        for each in _pairs(selection, losses)
    ]
    return table(CONTRAST, iter(rows), losses)


def _numbered(rows: list[Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Number the studies, as CINeMA does; give each row with its study's columns."""
    ids: dict[str, int] = {}
    for each in rows:
        study = each.candidate.study
        yield each, {"study": each.candidate.study_label, "id": ids.setdefault(study, len(ids) + 1)}


def _empty(columns: tuple[str, ...], rows: list[dict[str, Any]], losses: Losses) -> Iterator[bytes]:
    """Write rows whose judgements are left to a reviewer: their cells are empty."""
    losses.add(_JUDGED, rows[0]["study"] if rows else "", len(rows))
    return table(columns, iter(rows), losses, unknown="")


def cinema(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write a table to upload to CINeMA, a row an arm: study, id, t, r, n, or y, sd, n of means."""
    found = _rows(selection, losses)
    means = bool(found) and found[0].mean is not None
    rows = [
        start
        | {"t": each.treatment, "n": each.size}
        | ({"y": each.mean, "sd": each.deviation} if means else {"r": each.candidate.affected})
        for each, start in _numbered(found)
    ]
    return _empty(CINEMA_MEANS if means else CINEMA_COUNTS, rows, losses)


def cinema_contrast(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write a table to upload to CINeMA, a row two arms: id, t1, t2, effect, se."""
    rows = [
        start | {"t1": each.treatment, "t2": each.comparator, "effect": repr(each.effect), "se": repr(each.error)}
        for each, start in _numbered(_pairs(selection, losses))
    ]
    return _empty(CINEMA_CONTRAST, rows, losses)
