"""A group of reported results is an arm only where its title says so; its numbers at entry keep their denominator."""

from decimal import Decimal
from typing import Any

import pytest

from picograph.kg.results import Interval, Quantity, Statistic
from picograph.kg.source import Place
from picograph.kg.validation import check
from picograph.tests.registry_records import denominators, number, outcome, study


def test_a_group_is_the_arm_of_exactly_its_title() -> None:
    made = study(outcomes=[outcome()])
    assert [(each.arm, each.count, each.denominator) for each in made.estimates] == [
        ("drug", 12, 20),
        ("placebo", 0, 21),
    ]
    assert len(made.arms) == 2


@pytest.mark.parametrize("title", ["drug", "Drug ", "The Drug", "Drug: all"])
def test_a_group_of_another_title_is_never_merged(title: str) -> None:
    made = study(outcomes=[outcome(groups=[{"id": "OG000", "title": title}, {"id": "OG001", "title": "Placebo"}])])
    (other,) = [arm for arm in made.arms if not arm.planned]
    assert (other.label, other.role, other.planned) == (title, None, False)
    assert made.estimates[0].arm == other.key


def test_groups_are_one_only_where_title_and_description_agree() -> None:
    def groups(*described: str) -> list[dict[str, str]]:
        return [{"id": f"OG{index:03}", "title": "All", "description": each} for index, each in enumerate(described)]

    cells = [{"categories": [{"measurements": [number("OG000", "1")]}]}]
    made = study(
        outcomes=[
            outcome(title="A", groups=groups("everybody"), classes=cells),
            outcome(title="B", groups=groups("everybody"), classes=cells),
            outcome(title="C", groups=groups("those treated"), classes=cells),
        ]
    )
    assert [each.arm for each in made.estimates] == ["all", "all", "all-outcome-3-og000"]


def test_a_group_that_is_listed_nowhere_is_known_by_its_identifier() -> None:
    cells = [{"categories": [{"measurements": [number("OG000", "3"), number("OG007", "4")]}]}]
    made = study(outcomes=[outcome(classes=cells)])
    assert [(each.arm, each.count, each.denominator) for each in made.estimates] == [
        ("drug", 3, 20),
        ("og007", 4, None),
    ]
    assert made.arms[-1].evidence == (
        Place("/resultsSection/outcomeMeasuresModule/outcomeMeasures/0/classes/0/categories/0/measurements/1/groupId"),
    )


def test_a_group_without_a_number_gives_no_estimate() -> None:
    cells = [{"categories": [{"measurements": [number("OG001", "3")]}]}]
    assert [each.arm for each in study(outcomes=[outcome(classes=cells)]).estimates] == ["placebo"]


def test_two_arms_of_one_label_are_not_decided_between() -> None:
    arms = {"armGroups": [{"label": "Drug"}, {"label": "Drug"}], "interventions": []}
    made = study(armsInterventionsModule=arms, outcomes=[outcome(classes=[])])
    assert [(arm.key, arm.planned) for arm in made.arms] == [
        ("drug", True), ("drug-2", True), ("drug-outcome-1-og000", False), ("placebo", False),
    ]  # fmt: skip


def baselines(**fields: Any) -> tuple[Any, ...]:
    measure = {"title": "Age", "paramType": "MEAN", "unitOfMeasure": "years", **fields}
    module = {
        "groups": [
            {"id": "BG000", "title": "Drug"},
            {"id": "BG001", "title": "Total", "description": "Total of all reporting groups"},
        ],
        "denoms": [denominators(BG000="20", BG001="41")],
        "measures": [measure],
    }
    return study(baselineCharacteristicsModule=module).baselines


def cells(*values: Any, **more: Any) -> list[dict[str, Any]]:
    named = [number(f"BG00{index}", value, **more) for index, value in enumerate(values)]
    return [{"categories": [{"measurements": named}]}]


def test_the_total_of_the_registry_is_no_arm() -> None:
    first, total = baselines(classes=cells("60.5", "61"))
    assert (first.arm, first.denominator) == ("drug", 20)
    assert (total.arm, total.denominator) == (None, 41)


@pytest.mark.parametrize(
    ("param", "dispersion", "more", "quantity"),
    [
        ("MEAN", "STANDARD_DEVIATION", {"spread": "2.5"}, {"mean": 60, "standard_deviation": Decimal("2.5")}),
        ("MEDIAN", "FULL_RANGE", {"lowerLimit": "12", "upperLimit": "80"}, {"median": 60, "low": 12, "high": 80}),
        ("MEDIAN", "INTER_QUARTILE_RANGE", {"lowerLimit": "50", "upperLimit": "70"},
         {"median": 60, "quartile_low": 50, "quartile_high": 70}),
        ("MEDIAN", "FULL_RANGE", {"lowerLimit": "12", "upperLimit": "NA"}, {"median": 60, "low": 12}),
        ("NUMBER", None, {}, {"value": 60}),
    ],
)  # fmt: skip
def test_quantities_at_baseline(param: str, dispersion: str | None, more: dict[str, str], quantity: Any) -> None:
    (found,) = baselines(paramType=param, dispersionType=dispersion, classes=cells("60", **more))
    assert found.quantity == Quantity(unit="a", **{name: Decimal(value) for name, value in quantity.items()})
    assert (found.unit_words, found.statistic, found.dispersion) == ("years", None, None)


def test_a_baseline_that_a_quantity_has_no_field_for() -> None:
    (found,) = baselines(
        paramType="GEOMETRIC_MEAN", dispersionType="95% Confidence Interval",
        classes=cells("60", lowerLimit="50", upperLimit="70"),
    )  # fmt: skip
    assert (found.statistic, found.quantity.value) == (Statistic.GEOMETRIC_MEAN, 60)
    assert found.interval == Interval(low=Decimal(50), high=Decimal(70), level=Decimal(95))


def test_counts_at_baseline_have_their_level_and_denominator() -> None:
    (found,) = baselines(
        title="Sex", paramType="COUNT_OF_PARTICIPANTS", unitOfMeasure="Participants",
        classes=[{"categories": [{"title": "Female", "measurements": [number("BG000", "8")]}]}],
    )  # fmt: skip
    assert (found.variable, found.level, found.count, found.denominator) == ("Sex", "Female", 8, 20)
    (region,) = baselines(
        title="Region", paramType="NUMBER", unitOfMeasure="participants",
        classes=[{"title": "Canada", "categories": [{"measurements": [number("BG000", "30")]}]}],
    )  # fmt: skip
    assert (region.component, region.count, region.denominator) == ("Canada", None, 20)
    assert region.quantity == Quantity(unit="{participants}", value=Decimal(30)), "more than were analysed: no count"


def test_rows_and_columns_and_their_own_denominators() -> None:
    rows = [
        {"title": "Week 4", "denoms": [denominators(OG000="18")],
         "categories": [{"title": "Better", "measurements": [number("OG000", "9")]},
                        {"title": "Worse", "measurements": [number("OG000", "9")]}]},
        {"title": "Week 8", "categories": [{"title": "Better", "measurements": [number("OG000", "20")]}]},
    ]  # fmt: skip
    made = study(outcomes=[outcome(classes=rows)])
    assert [(each.component, each.category, each.count, each.denominator) for each in made.estimates] == [
        ("Week 4", "Better", 9, 18), ("Week 4", "Worse", 9, 18), ("Week 8", "Better", 20, 20),
    ]  # fmt: skip
    assert check(made) == [], "time points are not categories of each other"


def test_units_that_are_not_participants() -> None:
    eyes = {"units": "Eyes", "counts": [{"groupId": "OG000", "value": "38"}]}
    measure = outcome(
        paramType="COUNT_OF_UNITS", unitOfMeasure="Eyes", typeUnitsAnalyzed="Eyes", denomUnitsSelected="Eyes",
        denoms=[denominators(OG000="20"), eyes], classes=[{"categories": [{"measurements": [number("OG000", "30")]}]}],
    )  # fmt: skip
    (found,) = study(outcomes=[measure]).estimates
    assert (found.count, found.denominator, found.units_analysed, found.participants) == (30, 38, "Eyes", 20)
    assert found.denominator_kind is None
