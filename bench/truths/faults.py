"""True rows of the integrity questions: the faults that were drawn, found by the arithmetic of each rule.

Exact fractions are used, where the questions use decimals.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from picograph.kg.results import CONTRASTS, TIME_TO_EVENT

from .rows import Rows, nothing
from .told import Given, Row, Told, number


def _row(told: Told, part: Any, what: str) -> Row:
    return {"study": told.iri, "what": what, "evidence": told.places(part)}


def _contrast_without_comparator(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.estimates:
        if part.statistic in CONTRASTS and part.comparator is None:
            yield _row(told, part, "a contrast with one arm")


def _fact_without_evidence(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.adverse_events:
        if not part.evidence:
            yield _row(told, part, "no evidence")


def _interval_misses_estimate(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.estimates:
        if part.interval and part.value is not None:
            low, high = part.interval.low, part.interval.high
            assert low is not None
            assert high is not None
            if not low <= part.value <= high:
                yield _row(told, part, f"{number(part.value)} lies outside {number(low)} to {number(high)}")


def _counts(told: Told) -> Iterator[tuple[Any, int | None, int | None]]:
    for event in told.registry.adverse_events:
        yield event, event.affected, event.at_risk
        yield event, event.fatal, event.affected
    for parts in (told.registry.estimates, told.registry.dispositions, told.registry.baselines):
        yield from ((part, part.count, part.denominator) for part in parts)


def _more_than_at_risk(told: Told, given: Given) -> Iterator[Row]:
    for part, count, whole in _counts(told):
        if count is not None and whole is not None and count > whole:
            yield _row(told, part, f"{count} out of {whole}")


def _p_against_interval(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.estimates:
        if part.p and part.interval:
            low, high = part.interval.low, part.interval.high
            assert low is not None
            assert high is not None
            unlikely, likely = part.p.value < Fraction("0.045"), part.p.value > Fraction("0.055")
            if (unlikely and low < 1 < high) or (likely and not low <= 1 <= high):
                what = f"p {part.p.sign} {number(part.p.value)} beside {number(low)} to {number(high)}"
                yield _row(told, part, what)


def _percent_as_count(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.adverse_events:
        if part.affected and part.percent and part.at_risk and part.affected == part.percent:
            off = abs(Fraction(100 * part.affected, part.at_risk) - Fraction(part.percent))
            if off >= 1:
                yield _row(told, part, f"counted {part.affected}, and {number(part.percent)} % of {part.at_risk}")


def _percent_disagrees(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.adverse_events:
        if part.affected is not None and part.percent is not None and part.at_risk:
            half = Fraction(1, 2) if part.percent == int(part.percent) else Fraction(1, 20)
            off = abs(Fraction(100 * part.affected, part.at_risk) - Fraction(part.percent))
            if off > half + Fraction(1, 10**6):
                yield _row(told, part, f"{part.affected} of {part.at_risk} is not {number(part.percent)} %")


def _survival_as_count(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.estimates:
        if part.statistic in TIME_TO_EVENT and part.count is not None:
            what = f"a time-to-event estimate with the count or denominator {part.count}"
            yield _row(told, part, what)


FAULTS: dict[str, Rows] = {
    "categories-exceed-denominator": nothing,
    "contrast-without-comparator": _contrast_without_comparator,
    "fact-without-evidence": _fact_without_evidence,
    "hazard-ratio-in-one-arm": nothing,
    "interval-misses-estimate": _interval_misses_estimate,
    "more-than-at-risk": _more_than_at_risk,
    "p-against-interval": _p_against_interval,
    "part-of-another-study": nothing,
    "percent-as-count": _percent_as_count,
    "percent-disagrees": _percent_disagrees,
    "survival-as-count": _survival_as_count,
}
