"""A person looks over the studies of hepatocellular carcinoma that ship: by drug, grade, dose and thrombosis.

Everything goes through the command line. What is expected was read off the study files by hand.
"""

import math
from pathlib import Path
from typing import Any

import pytest

from picograph.tests.acceptance.program import Program

FOLDER = Path(__file__).resolve().parents[2] / "kg" / "records"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = Program(tmp_path_factory.mktemp("base"))
    files = [*sorted((FOLDER / "hcc").glob("*.yaml")), FOLDER / "sorafenib-radiotherapy-hcc.yaml"]
    assert program("load", *files, store=program.home / "store").code == 0
    return program


def rows_of(base: Program, *asked: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = base("ask", *asked, "--format", "json", store=base.home / "store").json()["rows"]
    return found


def pooled(base: Program, *asked: str) -> str:
    return base("pool", *asked, "--format", "table", store=base.home / "store").text


def test_the_demonstration_lists_them_and_answers(base: Program) -> None:
    shown = base("demo", "--hcc").text
    assert shown.startswith("18 studies: ")
    assert "NCT01963429\n    144 participants, phase 3, randomised: proton beam radiotherapy;" in shown
    assert "$ picograph ask adverse-events --drug Sorafenib --min-grade 3" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_a_dose_with_fractions_stands_beside_the_toxicity(base: Program) -> None:
    rows = rows_of(base, "toxicity-by-dose", "--min-grade", "3")
    doses = {
        (row["arm"].rpartition("/")[2], row["affected"], row["dose"], row["fractions"]) for row in rows if row["arm"]
    }
    assert ("sbrt", 0, 60, 3) in doses
    assert ("sbrt", 4, 40, 5) in doses
    assert ("proton", 0, 70, 10) in doses
    assert ("tri-modality", 0, 48, 4) in doses


def test_every_participant_of_one_study_had_the_thrombosis_and_of_another_some(base: Program) -> None:
    rows = rows_of(base, "population")
    found = {
        (row["study"].rpartition("/")[2], row["count"], row["denominator"])
        for row in rows
        if "portal vein" in str(row["variable"])
    }
    assert ("pmcid:PMC7057983", 8, 8) in found
    assert ("doi:10.1016%2Fj.ijrobp.2014.01.017", 24, 40) in found


def test_responses_that_are_not_alike_are_not_pooled_and_each_refusal_names_its_rule(base: Program) -> None:
    shown = pooled(base, "responses")
    assert "Not pooled: 10 of 11 values" in shown
    refused = [line.split(":")[0].strip() for line in shown.splitlines() if line.startswith("  ") and ": " in line]
    assert {"missing", "category", "denominator"} <= set(refused)
    assert "category is complete or partial remission here, partial response there" in " ".join(shown.split())


def test_words_that_name_no_concept_find_the_events_that_have_them(base: Program) -> None:
    answer = base("ask", "adverse-events", "--event", "hepatic", "--min-grade", "3", store=base.home / "store")
    assert [(row["event"], row["affected"], row["at_risk"]) for row in answer.rows()] == [
        ("hepatic toxicity", "6", "40")
    ]
    told = " ".join(answer.err.split())
    assert (
        "'hepatic' names no concept; asked for what has these words in it: hepatic adverse reaction, hepatic toxicity."
        in told
    )
    assert "6    40" in pooled(base, "adverse-events", "--event", "hepatic", "--min-grade", "3")
    assert rows_of(base, "adverse-events", "--event", "hepat") == []  # a part of a word is none


def test_survival_probabilities_without_an_interval_are_never_pooled(base: Program) -> None:
    shown = pooled(base, "survival", "--time", "2y")
    assert shown.count("no-interval:") == 10
    assert "overlap: the same participants are counted already" in shown


def test_a_ratio_of_an_unsaid_direction_has_no_arm_and_an_answer_says_so(base: Program) -> None:
    asked = ("ask", "hazard-ratios", "--study", "doi:10.1038/s41416-018-0051-8", "--format", "table")
    answer = base(*asked, store=base.home / "store")
    assert answer.text.count("hazard ratio") == 3
    assert "arm " not in answer.text
    assert "does not say which arm the ratio is of" in " ".join(answer.err.split())


def test_an_analysis_set_stands_beside_its_number(base: Program) -> None:
    rows = rows_of(base, "median-times", "--study", "NCT01357486")
    sets = {row["analysis_set"] for row in rows if not row["arm"]}
    assert sets == {
        "treated with sorafenib",
        "not treated with sorafenib",
        "ALBI grade 1 or 2, treated with sorafenib",
        "ALBI grade 1 or 2, not treated with sorafenib",
    }


def test_the_gap_map_counts_studies_and_leaves_the_gaps_empty(base: Program) -> None:
    store = base.home / "store"
    found = base("gaps", "--format", "json", store=store).json()
    survival = found["outcomes"].index("overall survival")
    counted = {name: row[survival] for name, row in zip(found["treatments"], found["studies"], strict=True)}
    assert counted["sorafenib"] == 5
    assert counted["proton therapy"] == 0  # local progression-free survival is another outcome
    shown = base("gaps", "--format", "table", "--picture", base.home / "map.svg", store=store)
    assert max(len(line) for line in shown.text.splitlines()) <= 80
    drawn = (base.home / "map.svg").read_text(encoding="utf-8")
    assert drawn.count(">overall survival<") == 1
    assert "heavy ion radiotherapy" in drawn
    assert base("gaps", "--picture", base.home / "map.gif", store=store).code == 2


def test_any_toxicity_is_regressed_on_the_biological_dose(base: Program) -> None:
    asked = ("pool", "any-event", "--min-grade", "3", "--moderator", "BED10", "--format", "json")
    found = base(*asked, store=base.home / "store").json()
    members = {each["candidate"]["study"].rpartition("/study/")[2]: each["candidate"] for each in found["members"]}
    # BED10 by hand: 50 (1 + 2 / 10), 40 (1 + 8 / 10), 45 (1 + 15 / 10)
    assert {key: (each["affected"], each["at_risk"], each["values"]["bed10"]) for key, each in members.items()} == {
        "doi:10.1001%2Fjamasurg.2022.4702": (3, 38, 60),
        "study:STRSPH": (4, 36, 72),
        "doi:10.3350%2Fcmh.2020.0038": (0, 50, 112.5),
    }
    assert [each["candidate"]["study_label"] for each in found["implied"]] == ["doi:10.3350/cmh.2020.0038"]
    fit = found["regression"]
    # with the spread that is given the slope is that of weighted least squares; half an event in the empty cells
    rows = [(3, 38, 60.0), (4, 36, 72.0), (0.5, 51, 112.5)]
    points = [(dose, math.log(x / (n - x)), 1 / (n / (x * (n - x)) + fit["tau2"])) for x, n, dose in rows]
    total = sum(weight for _, _, weight in points)
    centre = sum(weight * dose for dose, _, weight in points) / total
    square = sum(weight * (dose - centre) ** 2 for dose, _, weight in points)
    slope = sum(weight * (dose - centre) * logit for dose, logit, weight in points) / square
    assert fit["estimates"][1] == pytest.approx(slope, rel=1e-9)
    assert fit["standard_errors"][1] == pytest.approx(square**-0.5, rel=1e-9)
    assert any("wants 10 studies" in each for each in found["cautions"])
    assert all(each["evidence"] for each in members.values())


def test_acute_toxicity_is_another_outcome_than_toxicity_at_any_time(base: Program) -> None:
    shown = " ".join(pooled(base, "any-event", "--min-grade", "3").split())
    assert "outcome is acute toxicity here, toxicity there doi:10.3389/fonc.2020.00542" in shown


def test_responses_by_portal_vein_thrombosis(base: Program) -> None:
    asked = ("pool", "responses", "--category", "complete or partial", "--subgroup", "portal vein thrombosis")
    found = base(*asked, "--format", "json", store=base.home / "store").json()
    assert [(each["name"], len(each["members"])) for each in found["groups"]] == [("some", 1)]
    refused = base("pool", "responses", "--subgroup", "portal vein thrombosis", store=base.home / "store")
    assert refused.code == 2
    assert "no study that is pooled reports 'portal vein thrombosis'" in refused.err


def test_a_treatment_that_is_not_linked_is_not_taken_for_nothing(base: Program) -> None:
    """Sorafenib has a concept in several vocabularies, pravastatin in none: with it, it is another treatment."""
    found = base(
        "network", "--format", "json", "--picture", base.home / "network.svg", store=base.home / "store"
    ).json()
    pairs = {(each["one"], each["other"]) for each in found["contrasts"]}
    assert ("nintedanib", "sorafenib") in pairs
    assert ("pravastatin + sorafenib", "sorafenib") in pairs
    assert not any("pravastatin" in name for pair in pairs if "nintedanib" in pair for name in pair)
    drawn = (base.home / "network.svg").read_text(encoding="utf-8")
    assert ">proton therapy<" in drawn  # two studies name it by other words
    assert "radiofrequency ablation" in drawn
