"""From the text of the seed study alone: at least 55 of its 61 facts, each at its words, and not one that is wrong."""

import csv
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from picograph.kg.extraction.build import read_study
from picograph.kg.model import parts_of
from picograph.kg.readers import pubmed_text, study_file
from picograph.kg.report import MeshHeading, PublicationType, Report, Substance
from picograph.kg.results import (
    AdverseEventResult,
    Ambiguity,
    Association,
    Baseline,
    Disposition,
    Estimate,
    Part,
    Reading,
    Result,
    Statistic,
)
from picograph.kg.source import source_text
from picograph.kg.study import (
    Arm,
    Assessment,
    Conclusion,
    Condition,
    EligibilityCriterion,
    Epoch,
    Intervention,
    Outcome,
    Population,
    Study,
    StudyDesign,
)
from picograph.kg.triples import canonical
from picograph.kg.validation import check

SEED = Path(__file__).resolve().parents[2] / "shared" / "seed"
if not SEED.exists():
    pytest.skip("the source of the seed study is not at hand", allow_module_level=True)

CONTENT = (SEED / "sorafenib-radiotherapy-hcc.txt").read_bytes()
TEXT = source_text(CONTENT)
with (SEED / "facts.csv").open(encoding="utf-8", newline="") as table:
    FACTS = list(csv.DictReader(table))
Fact = dict[str, str]
ENOUGH = 55


@cache
def study() -> Study:
    return read_study(TEXT, pubmed_text.read(CONTENT, "seed"))


def number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def words(text: str) -> str:
    return " ".join(text.casefold().replace("tumour", "tumor").replace("-", " ").split())


def label_of(key: str | None, parts: tuple[Any, ...]) -> str:
    return next((each.label for each in parts if each.key == key), "")


def stated(fact: Fact) -> tuple[Decimal | None, Decimal | None]:
    """The per cent and the count that the source states: the table's note says which one is worked out."""
    derived = fact["note"]
    percent = None if "per cent is derived" in derived else number(fact["value"])
    return percent, None if "count derived" in derived else number(fact["count"])


def counted(part: Any, fact: Fact, count: int | None, denominator: int | None, percent: Decimal | None) -> bool:
    wanted_percent, wanted_count = stated(fact)
    return (percent, count, denominator) == (wanted_percent, wanted_count, number(fact["denominator"]))


def says_report(part: Report, fact: Fact) -> bool:
    if fact["what"] == "journal":
        cited = (part.journal, part.published, part.volume, part.issue, part.pages)
        return cited == (fact["quote"], "2014-04-01", "88", "5", "1041-7")
    return fact["quote"] in (part.title, part.doi)


def says_design(part: StudyDesign, fact: Fact) -> bool:
    if (part.allocation, part.masking, part.study_type, part.centres) != (None, None, None, None):
        return False
    match fact["what"]:
        case "phase":
            return part.phase == f"phase {fact['value']}"
        case "multicentre":
            return part.multicentre is True
        case _:
            return part.number_of_arms == 1


def says_baseline(part: Baseline, fact: Fact) -> bool:
    name = words(" ".join(filter(None, (part.variable, part.level))))
    if not words(fact["what"]).startswith("baseline: " + name):
        return False
    if fact["low"]:
        quantity = part.quantity
        wanted = (number(fact["low"]), number(fact["high"]), fact["unit"], None)
        return quantity is not None and (quantity.low, quantity.high, quantity.unit, quantity.median) == wanted
    return part.quantity is None and counted(part, fact, part.count, part.denominator, part.percent)


def says_intervention(part: Intervention, fact: Fact) -> bool:
    dose = part.dose
    if part.route is not None or dose is None:
        return False
    match fact["id"]:
        case "sorafenib":
            taken = (part.label, dose.value, dose.unit, part.frequency, part.start)
            return part.timing == ("concurrent", "sequential") and taken == (
                "sorafenib", number(fact["value"]), fact["unit"], "2/d", "start of radiation therapy",
            )  # fmt: skip
        case "sorafenib-stop":
            said = {"clinical progression", "radiologic progression", "unacceptable adverse events", "death"}
            return part.label == "sorafenib" and set(part.stop) == said
        case "radiation":
            summary = (dose.median, dose.low, dose.high, dose.unit, dose.value, part.fractions)
            return part.kind == "radiation" and summary == (
                number(fact["value"]), number(fact["low"]), number(fact["high"]), fact["unit"], None, None,
            )  # fmt: skip
        case _:
            return part.kind == "radiation" and part.target == ("portal vein thrombosis",)


def says_assessment(part: Assessment, fact: Fact) -> bool:
    first, every = part.first, part.every
    when = first and (first.value, first.unit, first.origin)
    return (
        when == (1, "mo", "end of radiation therapy") and every is not None and (every.value, every.unit) == (3, "mo")
    )


def says_adverse_event(part: AdverseEventResult, fact: Fact) -> bool:
    what = fact["what"].removesuffix(", fatal")
    related = what.startswith("treatment-related ")
    same = (
        words(part.term) == words(what.removeprefix("treatment-related "))
        and (part.attribution == "treatment-related") == related
        and label_of(part.epoch, study().epochs) == fact["period"]
        and part.serious is None
    )
    if not same:
        return False
    if "fatal" in fact["qualifier"]:
        return (part.fatal, part.at_risk) == (number(fact["count"]), number(fact["denominator"]))
    if "ambiguous" in fact["qualifier"]:
        readings = [
            [reading.grade.low if reading.grade else None for reading in each.readings] for each in part.ambiguities
        ]
        if part.grade is not None or readings != [[2, None]] or part.ambiguities[0].field != "grade":
            return False
    else:
        grade = re.search(r"grade >= (\d)", fact["qualifier"])
        if (
            part.ambiguities
            or part.grade is None
            or not grade
            or (part.grade.low, part.grade.high) != (int(grade[1]), None)
        ):
            return False
    return counted(part, fact, part.affected, part.at_risk, part.percent)


def says_estimate(part: Estimate, fact: Fact) -> bool:
    if part.interval or part.p or part.comparator or part.value != number(fact["value"]) or part.unit != fact["unit"]:
        return False
    if part.time is None:
        return False
    if "survival probability" in fact["qualifier"]:
        outcome = label_of(part.outcome, study().outcomes)
        time = f"{part.time.value} years" if part.time.unit == "a" else ""
        never = part.count is None and part.denominator is None and part.statistic is Statistic.SURVIVAL_PROBABILITY
        return never and (outcome, time) == (fact["what"], fact["period"])
    when = f"{part.time.label} ({part.time.value} month after {(part.time.origin or '').removeprefix('end of ')})"
    return (
        part.statistic is Statistic.PROPORTION
        and fact["what"].startswith(part.category or "missing")
        and when == fact["period"]
        and counted(part, fact, part.count, part.denominator, part.value)
    )


def says_association(part: Association, fact: Fact) -> bool:
    threshold = part.threshold
    said = f"{part.factor} {threshold.sign} {threshold.value}" if threshold else part.factor
    outcome = label_of(part.outcome, study().outcomes)
    return f"{said} and {outcome}" == fact["what"] and part.direction == "worse outcome" and part.value is None


def says_heading(part: MeshHeading, fact: Fact) -> bool:
    said = (part.descriptor, part.qualifier or "", part.major)
    return said == (fact["what"], fact["qualifier"], fact["note"] == "major topic")


def says(part: Part, fact: Fact) -> bool:
    """Tell whether a part says a fact of the table: value, unit, grade, phase and denominator."""
    match fact["kind"], part:
        case "report", Report():
            return says_report(part, fact)
        case "design", StudyDesign():
            return says_design(part, fact)
        case "population", Population():
            return fact["what"] == "enrolled" and part.enrolled == number(fact["count"])
        case "population", Condition():
            return fact["what"] == "condition" and part.label == fact["quote"]
        case "population", EligibilityCriterion():
            return fact["what"] == f"eligibility: {part.label}"
        case "population", Baseline():
            return says_baseline(part, fact)
        case "intervention", Intervention():
            return says_intervention(part, fact)
        case "assessment", Assessment():
            return says_assessment(part, fact)
        case "disposition", Disposition():
            same = part.label == fact["what"] and part.milestone == "completed"
            return same and counted(part, fact, part.count, part.denominator, part.percent)
        case "adverse event", AdverseEventResult():
            return says_adverse_event(part, fact)
        case "outcome", Estimate():
            return says_estimate(part, fact)
        case "association", Association():
            return says_association(part, fact)
        case "conclusion", Conclusion():
            return "with caution" in part.label
        case ("publication type", PublicationType()) | ("substance", Substance()):
            return part.label == fact["quote"]
        case "mesh heading", MeshHeading():
            return says_heading(part, fact)
    return False


def overlaps(part: Part, fact: Fact) -> bool:
    return any(place.start < int(fact["end"]) and int(fact["start"]) < place.end for place in part.evidence)


def found(fact: Fact) -> list[Part]:
    return [part for part in parts_of(study()) if overlaps(part, fact) and says(part, fact)]


def test_at_least_55_of_the_61_facts_are_read_and_none_is_wrong() -> None:
    right = [fact["id"] for fact in FACTS if len(found(fact)) == 1]
    claims = [part for part in parts_of(study()) if is_claim(part)]
    wrong = [part for part in claims if not any(overlaps(part, fact) and says(part, fact) for fact in FACTS)]
    print(f"{len(right)} of {len(FACTS)} facts, {len(wrong)} wrong")
    missing = [fact["id"] for fact in FACTS if fact["id"] not in right]
    assert (len(FACTS), len(wrong)) == (61, 0), wrong
    assert len(right) >= ENOUGH, missing
    assert len(right) == 61, missing  # what it is now: a change that loses one says so here


def is_claim(part: Part) -> bool:
    """Tell a fact from what only names things that facts refer to."""
    return not isinstance(part, Arm | Epoch | Outcome | Ambiguity | Reading)


def test_each_part_says_all_that_the_table_says_of_it_and_no_more() -> None:
    """The parts that several facts share have no field that none of them tells."""
    seed = study()
    (arm,) = seed.arms
    assert (arm.enrolled, arm.role, len(arm.interventions)) == (40, "single arm", 2)
    assert sorted(each.label for each in seed.interventions) == ["radiation therapy", "sorafenib"]
    assert [(each.label, each.kind) for each in seed.outcomes] == [
        ("response", "categorical"), ("overall survival", "time to event"),
        ("infield progression-free survival", "time to event"),
    ]  # fmt: skip
    assert [(each.label, each.start, each.end) for each in seed.epochs] == [
        ("during radiation therapy", None, None), ("sequential phase", None, None),
    ]  # fmt: skip
    results = [part for part in parts_of(seed) if isinstance(part, Result)]
    assert len(results) == 13
    assert {part.arm for part in results} == {arm.key}
    assert all(part.absence is None for part in results)


def test_diarrhea_is_ambiguous_and_survival_is_no_count() -> None:
    (diarrhea,) = [each for each in study().adverse_events if each.term == "diarrhea"]
    assert diarrhea.grade is None
    assert [each.field for each in diarrhea.ambiguities] == ["grade"]
    survival = [each for each in study().estimates if each.statistic is Statistic.SURVIVAL_PROBABILITY]
    assert [(each.value, each.count, each.denominator) for each in survival] == [(32, None, None), (39, None, None)]


def test_the_study_that_is_read_is_sound_and_is_read_back() -> None:
    assert check(study(), TEXT) == []
    written = study_file.write(study()).encode()
    assert canonical(study_file.read(written, "seed.yaml")) == canonical(study())


def test_no_rule_names_this_study() -> None:
    folder = Path(__file__).resolve().parents[1] / "kg" / "extraction"
    files = sorted([*folder.glob("*.py"), *folder.glob("*.tsv")])
    text = "\n".join(path.read_text(encoding="utf-8") for path in files).casefold()
    assert len(text) > 100_000
    assert [name for name in ("ijrobp", "unresectable", "infield", "3e0cba88", "coexisting") if name in text] == []
