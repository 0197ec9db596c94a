"""The study that ships is what its source says: every fact of its table, at its place, and nothing besides."""

import csv
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from picograph.kg.readers import pubmed_text, study_file
from picograph.kg.report import MeshHeading, PublicationType, Report, Substance
from picograph.kg.results import (
    Absence,
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
    Value,
)
from picograph.kg.source import Place, source_of, source_text
from picograph.kg.study import (
    Assessment,
    Conclusion,
    Condition,
    EligibilityCriterion,
    Intervention,
    Population,
    Role,
    Study,
    StudyDesign,
)

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "seed"
FILE = ROOT / "kg" / "records" / "sorafenib-radiotherapy-hcc.yaml"
STUDY = study_file.read(FILE.read_bytes(), FILE.name)

if not SHARED.exists():
    pytest.skip("the source of the seed study is not at hand", allow_module_level=True)

SOURCE = (SHARED / "sorafenib-radiotherapy-hcc.txt").read_bytes()
TEXT = source_text(SOURCE)
with (SHARED / "facts.csv").open(encoding="utf-8", newline="") as table:
    FACTS = list(csv.DictReader(table))

Fact = dict[str, str]


def parts(holder: Any, name: str = "") -> Iterator[tuple[str, Part]]:
    """Every part of the study, with its path."""
    for field in structs.fields(holder):
        value = getattr(holder, field.name)
        for index, each in enumerate(value if isinstance(value, tuple) else [value]):
            if isinstance(each, Part):
                path = f"{name}.{field.name}" + (f"[{index}]" if isinstance(value, tuple) else "")
                yield path.lstrip("."), each
                yield from parts(each, path)


PARTS = list(parts(STUDY))


def number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def count(text: str) -> int | None:
    return int(text) if text else None


def grade(fact: Fact) -> int | None:
    found = re.search(r"grade >= (\d)", fact["qualifier"])
    return int(found[1]) if found else None


EPOCHS = {epoch.key: epoch.label for epoch in STUDY.epochs}


def is_report(part: Part, fact: Fact) -> bool:
    assert isinstance(part, Report)
    if fact["id"] == "title":
        return part.title == fact["quote"]
    if fact["id"] == "doi":
        return part.doi == fact["value"]
    cited = (part.journal, part.published, part.volume, part.issue, part.pages)
    return cited == (fact["quote"], "2014-04-01", "88", "5", "1041-7")


def is_design(part: Part, fact: Fact) -> bool:
    assert isinstance(part, StudyDesign)
    said = {"phase": part.phase, "multicentre": part.multicentre, "number of arms": part.number_of_arms}
    stated = {"phase": f"phase {fact['value']}", "multicentre": True, "number of arms": 1}
    return said[fact["what"]] == stated[fact["what"]]


def is_population(part: Part, fact: Fact) -> bool:
    match part:
        case Population():
            return fact["what"] == "enrolled" and part.enrolled == int(fact["count"]) == int(fact["value"])
        case Condition():
            return fact["what"] == "condition" and part.label == fact["quote"]
        case EligibilityCriterion():
            return fact["what"].startswith("eligibility") and part.label.split()[-2:] == fact["quote"].split()[-2:]
        case Baseline():
            low, high, unit = None, None, None
            if part.quantity:
                low, high, unit = part.quantity.low, part.quantity.high, part.quantity.unit
            # The table's note says where the per cent is worked out: it is then not the file's to state.
            stated = None if "derived" in fact["note"] else number(fact["value"])
            return (
                fact["what"].startswith("baseline: " + part.variable)
                and (part.count, part.denominator) == (count(fact["count"]), count(fact["denominator"]))
                and part.percent == stated
                and (low, high) == (number(fact["low"]), number(fact["high"]))
                and unit in (None, fact["unit"])
            )
        case _:
            return False


def is_intervention(part: Part, fact: Fact) -> bool:
    assert isinstance(part, Intervention)
    dose = part.dose
    assert dose
    match fact["id"]:
        case "sorafenib":
            taken = (part.label, dose.value, dose.unit, part.frequency, part.route)
            sequence = part.timing == ("concurrent", "sequential") and part.start == "start of radiation therapy"
            return taken == ("sorafenib", number(fact["value"]), fact["unit"], "2/d", None) and sequence
        case "sorafenib-stop":
            return part.label == "sorafenib" and set(part.stop) == {
                "clinical progression",
                "radiologic progression",
                "unacceptable adverse events",
                "death",
            }
        case "radiation":
            summary = (dose.median, dose.low, dose.high, dose.unit)
            return summary == (number(fact["value"]), number(fact["low"]), number(fact["high"]), fact["unit"])
        case _:
            return part.label == "radiation therapy" and part.target == ("portal vein thrombosis",)


def is_assessment(part: Part, fact: Fact) -> bool:
    assert isinstance(part, Assessment)
    assert part.first
    assert part.every
    return (str(part.first.value), part.first.unit, str(part.every.value), part.every.unit) == ("1", "mo", "3", "mo")


def is_disposition(part: Part, fact: Fact) -> bool:
    assert isinstance(part, Disposition)
    stated = (count(fact["count"]), count(fact["denominator"]), number(fact["value"]))
    return part.label == fact["what"] and (part.count, part.denominator, part.percent) == stated


def is_adverse_event(part: Part, fact: Fact) -> bool:
    assert isinstance(part, AdverseEventResult)
    related = fact["what"].startswith("treatment-related ")
    term = fact["what"].removeprefix("treatment-related ").removesuffix(", fatal")
    same = (
        part.term == term
        and part.at_risk == 40
        and (part.attribution == "treatment-related") == related
        and EPOCHS[part.epoch or ""] == fact["period"]
    )
    if not same:
        return False
    if fact["id"] == "hepatic-fatal":
        return part.fatal == int(fact["count"])
    if "ambiguous" in fact["qualifier"]:
        (ambiguity,) = part.ambiguities
        readings = [reading.grade.low if reading.grade else None for reading in ambiguity.readings]
        if ambiguity.field != "grade" or part.grade is not None or readings != [2, None]:
            return False
    elif part.ambiguities or part.grade is None or part.grade.low != grade(fact):
        return False
    affected = None if "count derived" in fact["note"] else int(fact["count"])
    return part.affected == affected and part.percent == number(fact["value"])


def is_estimate(part: Part, fact: Fact) -> bool:
    assert isinstance(part, Estimate)
    outcome = next(each.label for each in STUDY.outcomes if each.key == part.outcome)
    stated = (number(fact["value"]), fact["unit"], count(fact["count"]), count(fact["denominator"]))
    if (part.value, part.unit, part.count, part.denominator) != stated or part.time is None or part.interval:
        return False
    if "survival probability" in fact["qualifier"]:
        time = f"{part.time.value} years" if part.time.unit == "a" else ""
        return part.statistic is Statistic.SURVIVAL_PROBABILITY and (outcome, time) == (fact["what"], fact["period"])
    when = f"{part.time.label} ({part.time.value} month after radiation therapy)"
    category = part.category or "missing"
    return part.statistic is Statistic.PROPORTION and fact["what"].startswith(category) and when == fact["period"]


def is_association(part: Part, fact: Fact) -> bool:
    assert isinstance(part, Association)
    assert part.threshold
    said = f"{part.factor} {part.threshold.sign} {part.threshold.value} and {part.outcome.replace('-', ' ')}"
    return said == fact["what"] and part.direction == "worse outcome" and part.value is None


def is_heading(part: Part, fact: Fact) -> bool:
    assert isinstance(part, MeshHeading)
    said = (part.descriptor, part.qualifier or "", part.major)
    return said == (fact["what"], fact["qualifier"], fact["note"] == "major topic")


def is_labelled(part: Part, fact: Fact) -> bool:
    assert isinstance(part, PublicationType | Substance)
    return part.label == fact["quote"]


# kind in the table -> classes that can say it, and whether a part says a fact
SAYS: dict[str, tuple[tuple[type[Part], ...], Callable[[Part, Fact], bool]]] = {
    "report": ((Report,), is_report),
    "design": ((StudyDesign,), is_design),
    "population": ((Population, Condition, EligibilityCriterion, Baseline), is_population),
    "intervention": ((Intervention,), is_intervention),
    "assessment": ((Assessment,), is_assessment),
    "disposition": ((Disposition,), is_disposition),
    "adverse event": ((AdverseEventResult,), is_adverse_event),
    "outcome": ((Estimate,), is_estimate),
    "association": ((Association,), is_association),
    "conclusion": ((Conclusion,), lambda part, fact: "caution" in part.label),  # type: ignore[attr-defined]
    "publication type": ((PublicationType,), is_labelled),
    "mesh heading": ((MeshHeading,), is_heading),
    "substance": ((Substance,), is_labelled),
}


def overlaps(part: Part, fact: Fact) -> bool:
    return any(place.start < int(fact["end"]) and int(fact["start"]) < place.end for place in part.evidence)


def found(study: Study, fact: Fact) -> list[str]:
    classes, says = SAYS[fact["kind"]]
    return [
        path for path, part in parts(study) if isinstance(part, classes) and overlaps(part, fact) and says(part, fact)
    ]


def test_every_fact_of_the_table_is_in_the_study() -> None:
    seen = 0
    for fact in FACTS:
        assert TEXT[int(fact["start"]) : int(fact["end"])] == fact["quote"]
        paths = found(STUDY, fact)
        assert len(paths) == 1, f"{fact['id']}: {paths}"
        seen += 1
    assert seen == 61


def test_nothing_is_in_the_study_besides_the_table() -> None:
    said = {path for fact in FACTS for path in found(STUDY, fact)}
    # These only name what other facts refer to, or belong to a fact that was found.
    names = re.compile(r"(arms|epochs|outcomes)\[\d+\]|.*\.ambiguities\[0\](\.readings\[\d\])?")
    assert [path for path, _ in PARTS if path not in said and not names.fullmatch(path)] == []
    assert len(STUDY.arms) == 1
    assert STUDY.arms[0].role is Role.SINGLE
    assert len(STUDY.epochs) == 2
    assert len(STUDY.outcomes) == 3


def test_what_the_source_does_not_state_is_absent() -> None:
    assert STUDY.design
    assert (STUDY.design.allocation, STUDY.design.masking, STUDY.design.centres) == (None, None, None)
    assert [each.criteria for each in STUDY.outcomes] == [None] * 3
    assert [each.role for each in STUDY.outcomes] == [None] * 3
    assert [each.scale for each in STUDY.adverse_events] == [None] * 4
    assert all(each.method is None and each.p is None and each.comparator is None for each in STUDY.estimates)
    survival = [each for each in STUDY.estimates if each.statistic is Statistic.SURVIVAL_PROBABILITY]
    assert len(survival) == 2
    assert all(each.count is None and each.denominator is None for each in survival)
    results = [part for _, part in PARTS if isinstance(part, Result)]
    assert len(results) == 13
    assert all(each.absence is None and not each.derived for each in results)
    assert Absence.NOT_REPORTED not in [each.absence for each in results]


def test_the_source_is_the_one_that_the_study_names() -> None:
    assert source_of(TEXT) == STUDY.record.source


def test_every_place_resolves_to_whole_words() -> None:
    seen = 0
    for path, part in PARTS:
        for place in part.evidence:
            words = place.words(TEXT)
            assert words == words.strip(), path
            assert "\n" not in words, path
            for edge in (place.start, place.end):
                around = TEXT[edge - 1 : edge + 1]
                assert not (edge and around.isalnum() and len(around) == 2), f"{path} cuts a word at {edge}: {around}"
            seen += 1
    assert seen == 87


def test_every_part_has_evidence_except_readings() -> None:
    assert {type(part) for _, part in PARTS if not part.evidence} == {Reading}


ONES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
TENS = {word: 20 + 10 * index for index, word in enumerate(_TENS)}


def stated_numbers(words: str) -> set[Decimal]:
    """Numbers that stand in words, as digits or as number words; "all" is 100 per cent."""
    numbers = {Decimal(digits) for digits in re.findall(r"\d+(?:\.\d+)?", words)}
    for word in re.findall(r"[a-z]+(?:-[a-z]+)?", words.casefold()):
        tens, _, one = word.partition("-")
        if word in ONES:
            numbers.add(Decimal(ONES.index(word) + 1))
        elif tens in TENS and (not one or one in ONES):
            numbers.add(Decimal(TENS[tens] + (ONES.index(one) + 1 if one else 0)))
        elif word == "all":
            numbers.add(Decimal(100))
    return numbers


def test_the_helper_reads_numbers() -> None:
    assert stated_numbers("Thirty-three (83%) of forty, 15.5 cm, 2-year, all") == {
        Decimal(each) for each in ("33", "83", "40", "15.5", "2", "100")
    }


def numbers(holder: Any) -> Iterator[tuple[str, Decimal]]:
    for field in structs.fields(holder):
        value = getattr(holder, field.name)
        if isinstance(value, Value):
            yield from ((f"{field.name}.{name}", each) for name, each in numbers(value))
        elif isinstance(value, int | Decimal) and not isinstance(value, bool):
            yield field.name, Decimal(value)


def test_every_number_stands_in_the_words_of_its_fact() -> None:
    seen = 0
    for path, part in PARTS:
        places = part.evidence
        if isinstance(part, Reading):  # stands at the place of what it reads
            holder = next(each for name, each in PARTS if path.startswith(name + ".readings"))
            assert isinstance(holder, Ambiguity)
            places = holder.evidence
        stated = set().union(*(stated_numbers(place.words(TEXT)) for place in places))
        for name, value in numbers(part):
            if (path, name) == ("design", "number_of_arms"):
                continue  # no number in the text: it tells of one treatment that all participants got
            assert value in stated, f"{path}.{name}: {value} does not stand in {[str(place) for place in places]}"
            seen += 1
    assert seen == 45


def test_the_reader_of_the_text_reads_the_same_report() -> None:
    assert pubmed_text.read(SOURCE, "seed").report == STUDY.report


def test_no_sentence_of_the_abstract_stands_in_the_file() -> None:
    abstract = TEXT[TEXT.index("Purpose:") : TEXT.index("Publication types")]
    written = " ".join(FILE.read_text(encoding="utf-8").casefold().split())
    windows = {" ".join(abstract[at : at + 40].casefold().split()) for at in range(len(abstract) - 40)}
    # The title is the name of the publication, and may share words with the abstract.
    written = written.replace((STUDY.report.title or "").casefold(), "")
    assert len(windows) > 1000
    assert [window for window in windows if window in written] == []


def test_places_are_in_the_order_of_the_source() -> None:
    for path, part in PARTS:
        orders: list[Any] = [place.order for place in part.evidence]
        assert orders == sorted(orders), path
    assert Place("414-428").words(TEXT) == "Forty patients"
