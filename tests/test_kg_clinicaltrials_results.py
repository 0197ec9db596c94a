"""Outcomes, analyses, flow, adverse events and index terms of a registry record become what they state, and no more."""

import gzip
import re
from decimal import Decimal
from typing import Any

import pytest

from picograph.kg.derivation import derive
from picograph.kg.linking import link
from picograph.kg.readers import clinicaltrials_codes
from picograph.kg.readers.clinicaltrials import read
from picograph.kg.report import IndexedAs
from picograph.kg.results import Absence, Dispersion, DispersionKind, Hypothesis, Interval, Milestone, PValue, Statistic
from picograph.tests.registry_records import FILES, SHARED, analysis, needs_files, number, one, outcome, study

# --- outcomes --------------------------------------------------------------------------------------------------------


def test_a_planned_outcome_and_its_results_are_one_only_where_all_words_agree() -> None:
    made = study(outcomes=[outcome(), outcome(timeFrame="2 months"), outcome(type="SECONDARY")])
    assert [(each.planned, each.time_frame) for each in made.outcomes] == [
        (True, "1 month"), (False, "2 months"), (False, "1 month"),
    ]  # fmt: skip
    places = [str(place) for place in made.outcomes[0].evidence]
    assert [place.split("/")[1] for place in places].count("protocolSection") == 2
    assert len({each.key for each in made.outcomes}) == 3


@pytest.mark.parametrize(
    ("unit", "title", "statistic"),
    [
        ("Percentage of participants", "Response", Statistic.PROPORTION),
        ("percent of patients with pain", "Response", Statistic.PROPORTION),
        ("Proportion of participants", "Response", Statistic.PROPORTION),
        ("Percentage of participants", "Progression-free survival at 1 year", Statistic.OTHER),
        ("Percentage of participants", "Overall Survival", Statistic.OTHER),
        ("probability of participants alive", "Response", Statistic.OTHER),
        ("percentage of BSA", "Response", Statistic.OTHER),
        ("percentage of participant visits", "Response", Statistic.OTHER),
        ("events per 100 person-years", "Response", Statistic.OTHER),
        ("participants", "Response", Statistic.COUNT),
    ],
)  # fmt: skip
def test_a_number_is_a_proportion_or_a_count_only_where_its_unit_says_so(
    unit: str, title: str, statistic: Statistic
) -> None:
    measure = outcome(
        title=title, paramType="NUMBER", unitOfMeasure=unit,
        classes=[{"categories": [{"measurements": [number("OG000", "15")]}]}],
    )  # fmt: skip
    made = derive(study(outcomes=[measure]))
    (found,) = made.estimates
    assert found.statistic is statistic
    if title != "Response":
        assert found.derived == (), "a survival probability never becomes a count"
    assert (found.count if statistic is Statistic.COUNT else found.value) == 15


@pytest.mark.parametrize(
    ("param", "statistic"),
    [("MEAN", Statistic.MEAN), ("MEDIAN", Statistic.MEDIAN), ("GEOMETRIC_MEAN", Statistic.GEOMETRIC_MEAN),
     ("LEAST_SQUARES_MEAN", Statistic.LEAST_SQUARES_MEAN), ("LOG_MEAN", Statistic.OTHER),
     ("GEOMETRIC_LEAST_SQUARES_MEAN", Statistic.OTHER)],
)  # fmt: skip
def test_statistics(param: str, statistic: Statistic) -> None:
    found = one("3.5", param)
    assert (found.statistic, found.value, found.unit) == (statistic, Decimal("3.5"), "d")
    assert found.statistic_words == (param if statistic is Statistic.OTHER else None)


@pytest.mark.parametrize(
    ("words", "more", "wanted"),
    [
        ("Standard Deviation", {"spread": "1.1"},
         Dispersion(kind=DispersionKind.STANDARD_DEVIATION, value=Decimal("1.1"))),
        ("Standard Error", {"spread": "1.1"}, Dispersion(kind=DispersionKind.STANDARD_ERROR, value=Decimal("1.1"))),
        ("Full Range", {"lowerLimit": "1", "upperLimit": "9"},
         Dispersion(kind=DispersionKind.RANGE, low=Decimal(1), high=Decimal(9))),
        ("Inter-Quartile Range", {"lowerLimit": "1", "upperLimit": "NA"},
         Dispersion(kind=DispersionKind.INTERQUARTILE_RANGE, low=Decimal(1))),
        ("Geometric Coefficient of Variation", {"spread": "40"},
         Dispersion(kind=DispersionKind.GEOMETRIC_COEFFICIENT_OF_VARIATION, value=Decimal(40))),
        ("95% Confidence Interval", {"lowerLimit": "1", "upperLimit": "9"},
         Interval(low=Decimal(1), high=Decimal(9), level=Decimal(95))),
        ("97.5% Confidence Interval", {"lowerLimit": "1", "upperLimit": "9"},
         Interval(low=Decimal(1), high=Decimal(9), level=Decimal("97.5"))),
        ("CONFIDENCE_975", {"lowerLimit": "1", "upperLimit": "9"},
         Interval(low=Decimal(1), high=Decimal(9), level=Decimal("97.5"))),
        ("Other Confidence Interval", {"lowerLimit": "1", "upperLimit": "9"},
         Interval(low=Decimal(1), high=Decimal(9))),
    ],
)  # fmt: skip
def test_spreads(words: str, more: dict[str, str], wanted: Any) -> None:
    found = one("5", "MEDIAN", words, **more)
    assert (found.interval or found.dispersion) == wanted
    assert (found.interval is None) != (found.dispersion is None)


def test_a_limit_without_an_estimate_is_kept() -> None:
    found = one("NA", "MEDIAN", "95% Confidence Interval", lowerLimit="12.3", upperLimit="NA", comment="not reached")
    assert (found.value, found.absence, found.remarks) == (None, None, ("not reached",))
    assert found.interval == Interval(low=Decimal("12.3"), level=Decimal(95))


def test_a_spread_of_no_known_kind_stays_in_words() -> None:
    assert one("5", "MEAN", "Other", spread="2").remarks == ("Other: 2",)


@pytest.mark.parametrize(
    ("words", "code"),
    [("Years", "a"), ("days", "d"), ("mg/dl", "mg/dL"), ("Kg/m^2", "kg/m2"), ("ng/ml", "ng/mL"), ("mm Hg", "mm[Hg]"),
     ("% change", "%"), ("percentage change", "%"), ("pH", "{pH}"), ("score on a scale", "{score_on_a_scale}"),
     ("C", "{C}"), ("cells x 10^9 / µL {count}", "{cells_x_10^9_/_uL_count}"), ("点", "{unit}"), ("ratio", "1")],
)  # fmt: skip
def test_units_are_ucum_where_they_are_known_and_words_always(words: str, code: str) -> None:
    found = one("1", unit=words)
    assert (found.unit, found.unit_words) == (code, words)


# --- analyses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "p"),
    [("<0.001", PValue(value=Decimal("0.001"), sign="<")), ("< .001", PValue(value=Decimal("0.001"), sign="<")),
     ("0.04", PValue(value=Decimal("0.04"))), ("=0.04", PValue(value=Decimal("0.04"))),
     ("p<=0.05", PValue(value=Decimal("0.05"), sign="<=")), (">0.99", PValue(value=Decimal("0.99"), sign=">")),
     ("≤0.05", PValue(value=Decimal("0.05"), sign="<=")), ("P = 0.5.", PValue(value=Decimal("0.5"))),
     ("0", PValue(value=Decimal(0))), (0.5, PValue(value=Decimal("0.5")))],
)  # fmt: skip
def test_p_values_keep_their_sign(text: Any, p: PValue) -> None:
    assert analysis(pValue=text).p == p


@pytest.mark.parametrize("text", ["NS", "0,05", "1.2", "-0.1", "<0.001 and <0.01"])
def test_a_p_value_that_is_none_stays_in_words(text: str) -> None:
    found = analysis(pValue=text)
    assert (found.p, found.remarks, found.absence) == (None, (f"p value: {text}",), Absence.NOT_REPORTED)


def test_an_analysis_in_full() -> None:
    found = analysis(
        groupDescription="stratified", nonInferiorityType="NON_INFERIORITY", nonInferiorityComment="margin 1.2",
        pValue="0.0200", pValueComment="adjusted", statisticalMethod="Log Rank", paramType="Hazard Ratio (HR)",
        paramValue="0.69", ciPctValue="95", ciNumSides="TWO_SIDED", ciLowerLimit="0.55", ciUpperLimit="0.87",
        dispersionType="STANDARD_ERROR_OF_MEAN", dispersionValue="0.1", estimateComment="Drug vs. Placebo",
    )  # fmt: skip
    assert (found.statistic, found.value, found.unit) == (Statistic.HAZARD_RATIO, Decimal("0.69"), None)
    assert (found.arm, found.comparator, found.compared) == ("drug", "placebo", ())
    assert found.interval == Interval(low=Decimal("0.55"), high=Decimal("0.87"), level=Decimal(95), sides="two-sided")
    assert found.p == PValue(value=Decimal("0.0200"))
    assert found.dispersion == Dispersion(kind=DispersionKind.STANDARD_ERROR, value=Decimal("0.1"))
    assert (found.method, found.hypothesis) == ("Log Rank", Hypothesis.NON_INFERIORITY)
    assert found.statistic_words == "Hazard Ratio (HR)"
    assert found.remarks == ("stratified", "margin 1.2", "adjusted", "Drug vs. Placebo")


def test_a_one_sided_limit() -> None:
    found = analysis(paramType="Other", paramValue="2", ciPctValue="97.5", ciNumSides="ONE_SIDED", ciLowerLimit="1.1",
                     ciUpperLimit="NA", ciUpperLimitComment="one-sided")  # fmt: skip
    assert found.interval == Interval(low=Decimal("1.1"), level=Decimal("97.5"), sides="one-sided")
    assert found.remarks == ("one-sided",)


@pytest.mark.parametrize(
    ("comment", "arms"),
    [("Placebo vs Drug", ("placebo", "drug", ())), ("Drug versus Placebo.", ("drug", "placebo", ())),
     ("Drug was better", (None, None, ("drug", "placebo"))), (None, (None, None, ("drug", "placebo"))),
     ("Drug vs. Placebo, adjusted", (None, None, ("drug", "placebo")))],
)  # fmt: skip
def test_the_direction_of_a_contrast_is_stated_or_left_open(comment: str | None, arms: Any) -> None:
    found = analysis(paramType="Odds Ratio (OR)", paramValue="2", estimateComment=comment)
    assert (found.arm, found.comparator, found.compared) == arms


def test_an_analysis_with_a_p_value_alone() -> None:
    found = analysis(pValue="0.5", statisticalMethod="Fisher Exact")
    assert (found.statistic, found.value, found.absence) == (Statistic.OTHER, None, Absence.NOT_REPORTED)


@pytest.mark.parametrize("listed", [["OG000"], ["OG000", "OG001", "OG009"], []])
def test_analyses_of_one_group_of_many_and_of_none(listed: list[str]) -> None:
    found = analysis(groupIds=listed, paramType="Slope", paramValue="2")
    assert (found.arm, found.compared) == (
        ("drug", ()) if len(listed) == 1 else (None, ("drug", "placebo", "og009")[: len(listed)])
    )


# --- flow, adverse events, index terms -------------------------------------------------------------------------------


def test_flow_by_period_with_reasons_and_units() -> None:
    module = {
        "typeUnitsAnalyzed": "Eyes",
        "groups": [{"id": "FG000", "title": "Drug"}],
        "periods": [
            {
                "title": title,
                "milestones": [
                    {"type": "STARTED", "achievements": [{"groupId": "FG000", "numSubjects": "20", "numUnits": "40"}]},
                    {"type": "Got a dose", "comment": "any dose",
                     "achievements": [{"groupId": "FG000", "numSubjects": "19", "comment": "one refused"}]},
                    {"type": "NOT COMPLETED", "achievements": [{"groupId": "FG000", "numSubjects": "1"}]},
                ],
                "dropWithdraws": [{"type": "Death", "reasons": [{"groupId": "FG000", "numSubjects": "1"}]}],
            }
            for title in ("Part 1", "Part 1")
        ],
    }  # fmt: skip
    made = study(participantFlowModule=module)
    assert [(each.key, each.label) for each in made.epochs] == [("part-1", "Part 1"), ("part-1-2", "Part 1")]
    first = [each for each in made.dispositions if each.epoch == "part-1"]
    assert [(each.milestone, each.label, each.reason, each.count) for each in first] == [
        (Milestone.STARTED, "STARTED", None, 20),
        (Milestone.OTHER, "Got a dose", None, 19),
        (Milestone.NOT_COMPLETED, "NOT COMPLETED", None, 1),
        (Milestone.NOT_COMPLETED, "NOT COMPLETED", "Death", 1),
    ]
    assert (first[0].units, first[0].units_analysed) == (40, "Eyes")
    assert first[1].remarks == ("any dose", "one refused")
    assert len(made.dispositions) == 8


def test_adverse_events_with_all_that_they_have() -> None:
    module = {
        "timeFrame": "30 days", "frequencyThreshold": "5", "description": "asked", "allCauseMortalityComment": "none",
        "eventGroups": [{"id": "EG000", "title": "Drug", "description": "got it", "seriousNumAffected": 2,
                         "seriousNumAtRisk": 20, "otherNumAffected": 3, "otherNumAtRisk": 19}],
        "seriousEvents": [{"term": "Rash", "organSystem": "Skin", "sourceVocabulary": "MedDRA 18.0",
                           "assessmentType": "SYSTEMATIC_ASSESSMENT", "notes": "mild",
                           "stats": [{"groupId": "EG000", "numEvents": 4, "numAffected": 2, "numAtRisk": 20}]}],
    }  # fmt: skip
    made = study(adverseEventsModule=module)
    serious, other, rash = made.adverse_events
    assert [(each.any_event, each.serious, each.affected, each.at_risk) for each in (serious, other, rash)] == [
        (True, True, 2, 20), (True, False, 3, 19), (None, True, 2, 20),
    ]  # fmt: skip
    assert (rash.term, rash.organ_system, rash.vocabulary) == ("Rash", "Skin", "MedDRA 18.0")
    assert (rash.events, rash.remarks, rash.arm) == (4, ("mild",), "drug")
    assert rash.ascertainment is not None
    assert rash.grade is None, "a serious event is of no grade"
    assert made.safety_reporting is not None
    assert made.safety_reporting.time_frame == "30 days"
    assert made.safety_reporting.frequency_threshold == 5
    assert (made.safety_reporting.description, made.safety_reporting.mortality_comment) == ("asked", "none")


def test_index_terms_are_headings_of_the_report_and_no_concepts() -> None:
    made = study(
        conditionsModule={"conditions": ["HCC"]},
        conditionBrowseModule={"meshes": [{"id": "D000006528", "term": "Carcinoma, Hepatocellular"}],
                               "ancestors": [{"id": "D000009369", "term": "Neoplasms"}]},
        interventionBrowseModule={"meshes": [{"id": "D000077157", "term": "Sorafenib"},
                                             {"id": "C000072379", "term": "R"}, {"id": "X1", "term": "odd"}]},
    )  # fmt: skip
    assert [(each.descriptor, each.heading, each.indexes) for each in made.report.headings] == [
        ("Carcinoma, Hepatocellular", "mesh:D006528", IndexedAs.CONDITION),
        ("Sorafenib", "mesh:D000077157", IndexedAs.INTERVENTION),
        ("R", "mesh:C072379", IndexedAs.INTERVENTION),
        ("odd", None, IndexedAs.INTERVENTION),
    ]
    linked = link(made)
    assert linked.population is not None
    assert [each.concept for each in linked.population.conditions] == [()]
    # their own words link them, not the index, which a computer made
    assert [each.concept for each in linked.interventions] == [("mesh:D000077157",), ("mesh:D010919",)]


@needs_files
def test_identifiers_of_mesh_are_those_of_nlm() -> None:
    known: dict[str, set[str]] = {}
    for name in ("mesh_id_label_mappings", "mesh_supp_id_label_mappings"):
        with gzip.open(SHARED / "vocabularies" / f"{name}.tsv.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                number_, label, synonyms = line.split("\t")[:3]
                known[number_] = {each.casefold() for each in [label, *synonyms.split("|")]}
    six = {letter: max(int(each[1:]) for each in known if re.fullmatch(letter + r"\d{6}", each)) for letter in "DC"}
    nine = {letter: min(int(each[1:]) for each in known if re.fullmatch(letter + r"\d{9}", each)) for letter in "DC"}
    assert six == clinicaltrials_codes.SIX_DIGITS
    assert all(six[letter] < nine[letter] for letter in "DC")
    seen = 0
    for path in FILES:
        for heading in read(path.read_bytes(), path.name).report.headings:
            assert heading.heading is not None
            assert heading.descriptor.casefold() in known[heading.heading.removeprefix("mesh:")]
            seen += 1
    assert seen > 10, f"{seen} index terms"
