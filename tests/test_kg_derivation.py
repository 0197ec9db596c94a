"""Promise: a number is derived only where the reported ones leave one choice, and never from a survival probability."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from picograph.kg.derivation import agrees, count_of, derive, rounding_unit
from picograph.kg.results import (
    Absence,
    AdverseEventResult,
    Ambiguity,
    Baseline,
    Disposition,
    Estimate,
    Milestone,
    Reading,
    Result,
    Statistic,
)
from picograph.kg.source import Method, Record, Source
from picograph.kg.study import Study

percents = st.integers(0, 3).flatmap(
    lambda places: st.integers(0, 100 * 10**places).map(lambda digits: Decimal(digits).scaleb(-places))
)


def possible(percent: Decimal, denominator: int) -> list[int]:
    """Every count that a per cent can stand for, by trying all: in whole numbers, so without any rounding."""
    places = max(0, -int(percent.as_tuple().exponent))
    scale = 10**places
    reported = int(percent * scale)
    return [
        count
        for count in range(denominator + 1)
        # |100 count / denominator - percent| <= half a unit of the last digit
        if 2 * abs(100 * count * scale - reported * denominator) <= denominator
    ]


@given(percents, st.integers(1, 3000))
@example(Decimal("37.5"), 40)
@example(Decimal("12.5"), 4)
@example(Decimal("0"), 1)
@example(Decimal("100"), 3000)
@example(Decimal("0.05"), 1000)
@example(Decimal("82.5"), 40)
def test_the_one_count_that_a_per_cent_can_be(percent: Decimal, denominator: int) -> None:
    found = possible(percent, denominator)
    assert count_of(percent, denominator) == (found[0] if len(found) == 1 else None)


@given(percents, st.integers(1, 500), st.integers(0, 500))
def test_a_count_agrees_where_it_is_possible(percent: Decimal, denominator: int, count: int) -> None:
    if count <= denominator:
        assert agrees(count, denominator, percent) == (count in possible(percent, denominator))


@given(st.integers(1, 2000), st.data(), st.integers(0, 2))
def test_a_count_that_was_rounded_to_a_per_cent_is_never_another(denominator: int, data: Any, places: int) -> None:
    count = data.draw(st.integers(0, denominator))
    percent = round(Decimal(100 * count) / Decimal(denominator), places)
    assert agrees(count, denominator, percent)
    assert count_of(percent, denominator) in (count, None)
    if denominator < 50:
        assert count_of(percent, denominator) == count


def test_nothing_of_nobody() -> None:
    assert count_of(Decimal(50), 0) is None
    assert rounding_unit(Decimal("1E+2")) == 1


def derived(result: Result) -> list[tuple[str, str, str | None]]:
    fields = {
        AdverseEventResult: "adverse_events",
        Baseline: "baselines",
        Disposition: "dispositions",
        Estimate: "estimates",
    }
    record = Record(document="pmid:1", source=Source(sha256="0" * 64), method=Method.CURATED)
    field = fields[type(result)]
    study = derive(Study(key="pmid:1", record=record, **{field: (result,)}))  # type: ignore[arg-type]
    (done,) = getattr(study, field)
    assert derive(study) == study, "deriving again changes nothing"
    return [(each.quantity, format(each.value, "f"), each.unit) for each in done.derived]


def event(**fields: Any) -> AdverseEventResult:
    return AdverseEventResult(**{"term": "nausea"} | fields)


def estimate(statistic: Statistic, **fields: Any) -> Estimate:
    return Estimate(**{"outcome": "o", "statistic": statistic} | fields)


OPEN_GRADE = (Ambiguity(field="grade", readings=(Reading(), Reading(words="2"))),)
OPEN_COUNT = (Ambiguity(field="affected", readings=(Reading(), Reading(words="2"))),)
COUNT = [("count", "15", "{participants}")]
CASES: list[tuple[Result, list[tuple[str, str, str | None]]]] = [
    (event(percent=Decimal("37.5"), at_risk=40), [("affected", "15", "{participants}")]),
    (event(percent=Decimal(33), at_risk=1000), []),
    (event(percent=Decimal("37.5")), []),
    (event(percent=Decimal("37.5"), at_risk=0), []),
    (event(affected=6, at_risk=40), [("percent", "15.0", "%")]),
    (event(affected=0, at_risk=40), [("percent", "0.0", "%")]),
    (event(affected=6, at_risk=40, percent=Decimal(15)), []),
    (event(affected=6, at_risk=40, percent=Decimal(15), fatal=3), [("fatal percent", "7.5", "%")]),
    (event(affected=50, at_risk=40), []),
    (event(affected=6), []),
    (event(absence=Absence.NOT_REPORTED, at_risk=40), []),
    (
        event(
            percent=Decimal("37.5"),
            at_risk=40,
            ambiguities=(Ambiguity(field="grade", readings=(Reading(), Reading())),),
        ),
        [("affected", "15", "{participants}")],
    ),
    (
        event(
            at_risk=40, percent=Decimal(5), ambiguities=(Ambiguity(field="affected", readings=(Reading(), Reading())),)
        ),
        [],
    ),
    (Baseline(variable="x", percent=Decimal("37.5"), denominator=40), COUNT),
    (Baseline(variable="x", count=15, denominator=40), [("percent", "37.5", "%")]),
    (Baseline(variable="x", count=15, denominator=40, percent=Decimal(38)), []),
    (Disposition(milestone=Milestone.COMPLETED, label="x", percent=Decimal("37.5"), denominator=40), COUNT),
    (Disposition(milestone=Milestone.COMPLETED, label="x", count=15, denominator=40), [("percent", "37.5", "%")]),
    (estimate(Statistic.PROPORTION, value=Decimal("37.5"), unit="%", denominator=40), COUNT),
    (estimate(Statistic.PROPORTION, value=Decimal("0.375"), unit="1", denominator=40), []),
    (estimate(Statistic.PROPORTION, count=15, denominator=40), [("percent", "37.5", "%")]),
    (estimate(Statistic.COUNT, count=15, denominator=40), [("percent", "37.5", "%")]),
    (estimate(Statistic.COUNT, count=15), []),
    (estimate(Statistic.MEDIAN, value=Decimal("37.5"), unit="%", denominator=40), []),
]


@pytest.mark.parametrize(("result", "expected"), CASES, ids=range(len(CASES)))
def test_what_is_derived(result: Result, expected: list[tuple[str, str, str | None]]) -> None:
    assert derived(result) == expected


def test_the_sweep_of_derivations_is_not_empty() -> None:
    assert len(CASES) == 24


OTHERS = [each for each in Statistic if each not in (Statistic.PROPORTION, Statistic.COUNT)]


@pytest.mark.parametrize("statistic", OTHERS)
def test_a_survival_probability_never_becomes_a_count(statistic: Statistic) -> None:
    """Nor does any other number that is not a proportion, whatever stands beside it."""
    assert Statistic.SURVIVAL_PROBABILITY in OTHERS
    assert Statistic.CUMULATIVE_INCIDENCE in OTHERS
    for fields in (
        {"value": Decimal(32), "unit": "%", "denominator": 40},
        {"value": Decimal(32), "unit": "%", "denominator": 100},
        {"count": 13, "denominator": 40},
        {"value": Decimal("37.5"), "unit": "%", "denominator": 40, "count": None},
    ):
        assert derived(estimate(statistic, **fields)) == []


def test_a_derived_number_says_from_what_and_how() -> None:
    record = Record(document="pmid:1", source=Source(sha256="0" * 64), method=Method.CURATED)
    events = (event(percent=Decimal("37.5"), at_risk=40), event(affected=6, at_risk=40))
    study = derive(Study(key="pmid:1", record=record, adverse_events=events))
    first, second = (each.derived[0] for each in study.adverse_events)
    assert first.method == "the only count of 40 that is 37.5 % after rounding"
    assert second.method == "100 × 6 / 40, to one decimal"
    assert [(each.affected, each.percent) for each in study.adverse_events] == [(None, Decimal("37.5")), (6, None)]
