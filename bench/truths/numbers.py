"""True rows of the questions about reported numbers: adverse events, estimates, responses, read off the drawn study."""

from collections.abc import Iterator
from typing import Any

from picograph.kg.results import CONTRASTS, AdverseEventResult, Estimate, Statistic
from picograph.kg.study import InterventionKind, OutcomeKind

from .rows import Rows, nothing
from .told import Given, Row, Told, label

_TIMES = (Statistic.SURVIVAL_PROBABILITY, Statistic.MEDIAN)
_COUNTED = (Statistic.COUNT, Statistic.PROPORTION)


def _event(told: Told, part: AdverseEventResult) -> Row:
    return told.result(part) | {
        "event": part.term,
        "grade_low": part.grade.low if part.grade else None,
        "affected": part.affected,
        "at_risk": part.at_risk,
        "percent": part.percent,
    }


def _may_be(part: AdverseEventResult) -> Iterator[int]:
    """Give the grades that a result may be of: as stated, and as its readings have it."""
    grades = [part.grade, *(reading.grade for open_ in part.ambiguities for reading in open_.readings)]
    yield from (each.low for each in grades if each and each.low is not None)


def _adverse_events(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.adverse_events:
        wanted = given.min_grade is None or any(given.least("min_grade", grade) for grade in _may_be(part))
        wanted = wanted and given.arm in (None, f"{told.registry.key}/arm/{part.arm}")
        if wanted and given.below("drug", told.substances(part.arm)) and given.named("event", part.term, part.concept):
            yield _event(told, part) | {
                "certainty": tuple(f"ambiguous: {each.field}" for each in part.ambiguities) or ("stated",),
                "attribution": label(part.attribution),
                "epoch": told.epochs.get(part.epoch or ""),
                "fatal": part.fatal,
                "serious": part.serious,
                "scale": label(part.scale),
                "absence": label(part.absence),
            }


def _ambiguous(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.adverse_events:
        for each in part.ambiguities:
            grades = (reading.grade.low if reading.grade else None for reading in each.readings)
            yield told.result(part) | {
                "result": part.term,
                "field": each.field,
                "readings": tuple("not reported" if low is None else f"grade >= {low}" for low in grades),
                "percent": part.percent,
            }


def _contrast(told: Told, part: Estimate) -> Row:
    interval = part.interval
    return told.result(part) | {
        "comparator": told.arm(part.comparator),
        "outcome": told.measures[part.outcome].label,
        "statistic": label(part.statistic),
        "value": part.value,
        "unit": part.unit,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "level": interval.level if interval else None,
        "p_sign": part.p.sign if part.p else None,
        "p": part.p.value if part.p else None,
    }


def _contrasts(*statistics: Statistic) -> Rows:
    def rows(told: Told, given: Given) -> Iterator[Row]:
        for part in told.registry.estimates:
            measure = told.measures[part.outcome]
            if (
                part.statistic in statistics
                and given.below("drug", told.substances(part.arm))
                and given.below("against", told.substances(part.comparator))
                and given.named("outcome", measure.label, measure.concept)
            ):
                yield _contrast(told, part)

    return rows


def _fatal_events(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.adverse_events:
        deaths = part.fatal
        if deaths is None and part.grade and part.grade.low == 5:
            deaths = part.affected
        if deaths and given.below("drug", told.substances(part.arm)):
            yield told.result(part) | {
                "event": part.term,
                "deaths": deaths,
                "affected": part.affected,
                "at_risk": part.at_risk,
                "attribution": label(part.attribution),
                "epoch": told.epochs.get(part.epoch or ""),
            }


def _outcomes(told: Told, given: Given) -> Iterator[Row]:
    for each in told.registry.outcomes:
        about = {"outcome": each.label, "role": label(each.role), "criteria": label(each.criteria)}
        reported = [part for part in told.registry.estimates if part.outcome == each.key]
        for part in reported:
            yield (
                _contrast(told, part)
                | about
                | {
                    "count": part.count,
                    "denominator": part.denominator,
                    "denominator_kind": label(part.denominator_kind),
                    "time": part.time.value if part.time else None,
                    "time_unit": part.time.unit if part.time else None,
                }
            )
        if not reported:
            yield about | {"study": told.iri, "absence": "not reported", "evidence": told.places(each)}


def _counted(told: Told, given: Given) -> Iterator[Estimate]:
    for part in told.registry.estimates:
        substances = told.substances(part.arm)
        counted = part.outcome == "orr" and part.statistic in _COUNTED
        if counted and given.below("drug", substances) and given.below("also", substances):
            yield part


def _responses(told: Told, given: Given) -> Iterator[Row]:
    for part in _counted(told, given):
        yield told.result(part) | {
            "outcome": told.measures[part.outcome].label,
            "count": part.count,
            "denominator": part.denominator,
            "denominator_kind": label(part.denominator_kind),
            "criteria": label(told.measures[part.outcome].criteria),
        }


def _responses_with_baseline(told: Told, given: Given) -> Iterator[Row]:
    for part in _counted(told, given):
        for base in told.registry.baselines:
            if base.arm == part.arm and given.named("property", base.variable, base.concept):
                yield told.result(part, base) | {
                    "outcome": told.measures[part.outcome].label,
                    "count": part.count,
                    "denominator": part.denominator,
                    "property": base.variable,
                    "level": base.level,
                    "with_property": base.count,
                    "of_participants": base.denominator,
                }


def _serious_adverse_events(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.adverse_events:
        if part.serious is not None and part.evidence:
            yield told.result(part) | {
                "class": "serious" if part.serious else "other",
                "event": part.term,
                "total": False,
                "affected": part.affected,
                "at_risk": part.at_risk,
                "absence": label(part.absence),
            }


def _survival(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.estimates:
        if part.statistic not in _COUNTED and given.below("drug", told.substances(part.arm)):
            yield _contrast(told, part) | {
                "time": part.time.value if part.time else None,
                "time_unit": part.time.unit if part.time else None,
            }


def _survival_by_factor(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.estimates:
        measure = told.measures[part.outcome]
        if part.statistic in _TIMES and measure.kind is OutcomeKind.TIME_TO_EVENT:
            for base in told.registry.baselines:
                asked = given.property is None or given.property.casefold() in base.variable.casefold()
                if base.arm == part.arm and asked:
                    row = _contrast(told, part)
                    yield {
                        **{name: row[name] for name in ("study", "arm", "outcome", "statistic", "value", "unit")},
                        **{name: row[name] for name in ("low", "high")},
                        "level_of_interval": row["level"],
                        "property": base.variable,
                        "level": base.level,
                        "with_property": base.count,
                        "of_participants": base.denominator,
                        "time": part.time.value if part.time else None,
                        "time_unit": part.time.unit if part.time else None,
                        "evidence": told.places(part, base),
                    }


def _toxicity_by_dose(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.adverse_events:
        low = part.grade.low if part.grade else None
        if given.named("event", part.term, part.concept) and given.least("min_grade", low):
            for each in told.given_in(part.arm):
                if each.kind is InterventionKind.RADIATION:
                    assert each.dose
                    assert each.fractions
                    yield _event(told, part) | {
                        "epoch": told.epochs.get(part.epoch or ""),
                        "treatment": each.label,
                        "dose": each.dose.value,
                        "dose_unit": each.dose.unit,
                        "fractions": each.fractions.value,
                        "evidence": told.places(part, each),
                    }


def _toxicity_by_target(told: Told, given: Given) -> Iterator[Row]:
    for part in told.registry.adverse_events:
        if given.named("event", part.term, part.concept):
            for each in told.given_in(part.arm):
                for target in each.target:
                    more: dict[str, Any] = {"target": target, "treatment": each.label}
                    yield _event(told, part) | more | {"evidence": told.places(part, each)}


def _zero_events(told: Told, given: Given) -> Iterator[Row]:
    """Zero, absent for a stated reason, or not mentioned: three things, of the studies that report adverse events."""
    events = told.registry.adverse_events
    if not events or not given.below("drug", [curie for arm in told.arms for curie in told.substances(arm)]):
        return
    found = [part for part in events if part.evidence and given.named("event", part.term, part.concept)]
    for part in found:
        if part.absence or part.affected == 0 or part.percent == 0:
            yield _event(told, part) | {"reporting": label(part.absence) or "zero"}
    if not found:
        yield {"study": told.iri, "reporting": "not mentioned"}


NUMBERS: dict[str, Rows] = {
    "adverse-events": _adverse_events,
    "ambiguous": _ambiguous,
    "any-event": nothing,
    "contrasts": _contrasts(*CONTRASTS),
    "fatal-events": _fatal_events,
    "hazard-ratios": _contrasts(Statistic.HAZARD_RATIO),
    "median-times": _contrasts(Statistic.MEDIAN),
    "outcomes": _outcomes,
    "responses": _responses,
    "responses-with-baseline": _responses_with_baseline,
    "serious-adverse-events": _serious_adverse_events,
    "survival": _survival,
    "survival-by-factor": _survival_by_factor,
    "toxicity-by-dose": _toxicity_by_dose,
    "toxicity-by-target": _toxicity_by_target,
    "zero-events": _zero_events,
}
