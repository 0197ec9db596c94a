"""What cannot be true of one value or one result, and what is unlikely: a subset larger than its whole, no unit."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from pyoxigraph import NamedNode

from picograph.kg.derivation import agrees
from picograph.kg.model import fields
from picograph.kg.report import MeshHeading
from picograph.kg.results import (
    CONTRASTS,
    TIME_TO_EVENT,
    AdverseEventResult,
    Association,
    Baseline,
    Disposition,
    Estimate,
    GradeRange,
    Interval,
    Quantity,
    Result,
    Statistic,
)
from picograph.kg.units import is_unit
from picograph.ontology.errors import PicographError

Path = tuple[str | int, ...]
Severity = Literal["error", "contradiction", "caution"]


class Problem(NamedTuple):
    """One thing that is wrong: where in the study, what with the value in it, what to try."""

    path: Path
    what: str
    remedy: str
    severity: Severity = "error"


def path_text(path: Path) -> str:
    """Write a path as it is written in code.

    >>> path_text(("adverse_events", 3, "affected"))
    'adverse_events[3].affected'
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _more_than(path: Path, part: str, count: int | None, whole: str, of: int | None, remedy: str) -> Iterator[Problem]:
    if count is not None and of is not None and count > of:
        yield Problem(path, f"{count} participants {part} out of {of} {whole}", remedy, "contradiction")


def _per_cent(path: Path, count: int | None, of: int | None, percent: Decimal | None) -> Iterator[Problem]:
    if count is not None and of and percent is not None and count <= of and not agrees(count, of, percent):
        yield Problem(
            path,
            f"{count} of {of} is {100 * count / of:.1f} %, and {format(percent, 'f')} % is reported",
            "read the sentence again: another denominator, or an error of the source",
            "caution",
        )


def _quantity(path: Path, quantity: Quantity) -> Iterator[Problem]:
    for name, low, high in (
        ("range", quantity.low, quantity.high),
        ("interquartile range", quantity.quartile_low, quantity.quartile_high),
    ):
        if low is not None and high is not None:
            if low > high:
                yield Problem(
                    path, f"the {name} runs from {low} to {high}", "write the lower limit first", "contradiction"
                )
            for what, value in (("mean", quantity.mean), ("median", quantity.median)):
                if value is not None and not low <= value <= high and (what, name) != ("mean", "interquartile range"):
                    yield Problem(
                        (*path, what), f"the {what} {value} lies outside its {name} {low} to {high}",
                        "read the three numbers again", "contradiction",
                    )  # fmt: skip


def _interval(path: Path, value: Decimal | None, interval: Interval | None) -> Iterator[Problem]:
    if interval is None:
        return
    low, high = interval.low, interval.high
    if low is not None and high is not None and low > high:
        yield Problem(
            (*path, "interval"),
            f"the interval runs from {low} to {high}",
            "write the lower limit first",
            "contradiction",
        )
    elif value is not None and ((low is not None and value < low) or (high is not None and value > high)):
        yield Problem(
            (*path, "value"),
            f"the estimate {value} lies outside its interval {low} to {high}",
            "read the estimate and its limits again",
            "contradiction",
        )


def _grade(path: Path, grade: GradeRange) -> Iterator[Problem]:
    if grade.low is not None and grade.high is not None and grade.low > grade.high:
        yield Problem(path, f"grades run from {grade.low} to {grade.high}", "write the lower grade first")


_NUMBERS = ("count", "affected", "percent", "value", "quantity", "interval", "events", "direction")
_SAYING = (*_NUMBERS, "p", "fatal", "dispersion")  # what may stand alone, or beside a word that the number is absent


def _result(path: Path, result: Result) -> Iterator[Problem]:
    numbers = [name for name in _NUMBERS if getattr(result, name, None) is not None]
    open_fields = {ambiguity.field for ambiguity in result.ambiguities}
    if result.absence and numbers:
        yield Problem(
            (*path, "absence"),
            f"{result.absence.value!r} stands beside a number ({', '.join(numbers)})",
            "take one of the two out: zero is a number, absence is not",
        )
    elif (
        not result.absence
        and not open_fields & set(_SAYING)
        and all(getattr(result, name, None) is None for name in _SAYING)
    ):
        yield Problem(path, "the result has no number", "say why: absence: not reported, or absence: not assessed")
    for index, ambiguity in enumerate(result.ambiguities):
        where = (*path, "ambiguities", index, "field")
        if ambiguity.field not in type(result).__struct_fields__:
            yield Problem(
                where, f"{ambiguity.field!r} is not a field of this result",
                f"use one of: {', '.join(field.name for field in fields(type(result)))}",
            )  # fmt: skip
        elif getattr(result, ambiguity.field) not in (None, ()):
            yield Problem(
                where, f"{ambiguity.field} is called ambiguous and has a value too", "give the value as a reading"
            )


def _adverse_event(path: Path, result: AdverseEventResult) -> Iterator[Problem]:
    count_events = "see whether the source counts events where it says participants"
    yield from _more_than((*path, "affected"), "affected", result.affected, "at risk", result.at_risk, count_events)
    whole = result.affected if result.affected is not None else result.at_risk
    yield from _more_than((*path, "fatal"), "died", result.fatal, "affected", whole, "read the subset again")
    yield from _per_cent((*path, "percent"), result.affected, result.at_risk, result.percent)


def _counted(path: Path, result: Baseline | Disposition) -> Iterator[Problem]:
    remedy = "read the count and its denominator again"
    yield from _more_than((*path, "count"), "counted", result.count, "in the denominator", result.denominator, remedy)
    yield from _per_cent((*path, "percent"), result.count, result.denominator, result.percent)


def _estimate(path: Path, estimate: Estimate) -> Iterator[Problem]:
    remedy = "read the count and its denominator again"
    yield from _more_than(
        (*path, "count"), "counted", estimate.count, "in the denominator", estimate.denominator, remedy
    )
    if estimate.statistic is Statistic.PROPORTION and estimate.unit == "%":
        yield from _per_cent((*path, "value"), estimate.count, estimate.denominator, estimate.value)
    if estimate.statistic in TIME_TO_EVENT and (estimate.count is not None or estimate.denominator is not None):
        yield Problem(
            (*path, "count" if estimate.count is not None else "denominator"),
            f"a {estimate.statistic.value} is given as a count",
            "give the estimate and its time point only: a survival probability is never n of N",
        )
    if estimate.statistic in CONTRASTS and estimate.comparator is None and len(estimate.compared) < 2:
        yield Problem(
            path, f"a {estimate.statistic.value} needs two arms and has one", "name the comparator", "caution"
        )
    no_unit = {*CONTRASTS, Statistic.OTHER}  # an analysis of a registry states none
    if estimate.value is not None and estimate.unit is None and estimate.statistic not in no_unit:
        yield Problem((*path, "value"), f"the value {estimate.value} has no unit", "give a UCUM code, such as % or mo")
    yield from _interval(path, estimate.value, estimate.interval)


def _heading(path: Path, heading: MeshHeading) -> Iterator[Problem]:
    from picograph.ontology import mesh

    descriptor, qualifier = heading.descriptor_concept, heading.qualifier_concept
    if descriptor and qualifier and mesh.allowed(descriptor, qualifier) is False:
        yield Problem(
            path,
            f"MeSH does not allow {heading.qualifier!r} with {heading.descriptor!r}",
            "read the heading again; the year of MeSH may differ",
            "caution",
        )


def _association(path: Path, association: Association) -> Iterator[Problem]:
    yield from _interval(path, association.value, association.interval)


CHECKS: tuple[tuple[type, Callable[[Path, Any], Iterator[Problem]]], ...] = (
    (Quantity, _quantity),
    (GradeRange, _grade),
    (Result, _result),
    (AdverseEventResult, _adverse_event),
    (Baseline, _counted),
    (Disposition, _counted),
    (Estimate, _estimate),
    (Association, _association),
    (MeshHeading, _heading),
)


def unit_problems(path: Path, unit: str) -> Iterator[Problem]:
    """Say whether a unit is none of UCUM."""
    if not is_unit(unit):
        yield Problem(
            path,
            f"{unit!r} is not a UCUM unit",
            "write its UCUM code: mg, Gy, cm, %, a (year), mo, wk, d, 2/d; things counted go in braces: {lesions}",
        )


@lru_cache(maxsize=65_536)
def concept_problem(curie: str) -> tuple[str, str] | None:
    """Say what is wrong with a CURIE, and what to try; None where nothing is."""
    from picograph.ontology import terms
    from picograph.ontology.prefixes import expand

    try:
        iri = expand(curie)
        NamedNode(iri)
    except PicographError as error:
        return error.what, error.remedy
    except ValueError as error:
        return f"{curie!r} cannot be the name of a concept: {error}", "read the identifier again"
    if curie.startswith("pg:") and terms.label(iri) is None:
        return f"{curie} is not a term of picograph", "see the ontology for the scales, levels and criteria that it has"
    return None
