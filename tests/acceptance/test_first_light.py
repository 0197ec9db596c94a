"""Promise: one study goes all the way, from its abstract to cited answers, by the commands of the first page."""

import re
from pathlib import Path

import pytest

from picograph.tests.acceptance.program import KEY, SEED, STUDY_FILE, WORKED, Program

PLACES = re.compile(r"\[\d+–\d+(, \d+–\d+)*\]")


@pytest.fixture(scope="module")
def demo(program: Program) -> str:
    ran = program("demo")
    assert ran.code == 0, ran.err
    assert "Caution: A survival probability" in ran.err
    return ran.text


def test_the_demo_shows_the_evidence_table(demo: str) -> None:
    sections = ["Study", "Population", "Arms and interventions", "Assessments", "Participant flow", "Outcomes",
                "Adverse events", "Conclusions"]  # fmt: skip
    positions = [demo.index(f"\n{section}\n") for section in sections]
    assert positions == sorted(positions)
    table = " ".join(demo[: demo.index("$ picograph")].split())
    wanted = [
        "40 participants", "unresectable hepatocellular carcinoma", "40 of 40 (100 %)", "24 of 40 [computed: 60 %]",
        "range 3 to 15.5 cm", "400 mg 2/d", "median 50, range 40 to 60 Gy", "33 of 40 (83 %)", "22 of 40 (55 %)",
        "18 of 40 (45 %)", "survival probability 32 %, at 2 years", "survival probability 39 %, at 2 years",
        "AMBIGUOUS grade", "grade ≥ 2, 37.5 % of 40", "grade ≥ 2, 35 % of 40", "single group assignment",
        "grade ≥ 3, 6 of 40 (15 %), 3 fatal, treatment-related, sequential phase",
    ]  # fmt: skip
    assert [each for each in wanted if each not in table] == []


def test_every_line_of_the_demo_has_its_place(program: Program) -> None:
    wide = program("demo", COLUMNS="400").text
    facts = [line for line in wide[: wide.index("$ picograph")].splitlines() if line.startswith("  ")]
    assert len(facts) >= 25
    assert [fact for fact in facts if not PLACES.search(fact)] == []


def test_the_demo_asks_three_questions_and_each_answer_has_its_place(demo: str) -> None:
    asked = re.split(r"\n\$ picograph ask ", demo)[1:]
    assert [each.splitlines()[0].split()[0] for each in asked] == ["adverse-events", "responses", "survival"]
    for answer in asked:
        assert re.search(r"\d+–\d+", answer)
    assert re.search(r"affected +6 participants\nat_risk +40 participants", asked[0])
    assert "22 participants" in asked[1]
    assert "18 participants" in asked[1]
    assert "participants" not in asked[2]


def test_loading_again_changes_nothing(program: Program, tmp_path: Path) -> None:
    store = tmp_path / "store"
    first = program("load", SEED, STUDY_FILE, store=store)
    assert first.code == 0
    assert [row["outcome"] for row in first.rows()] == ["added", "added"]
    assert {row["study"] for row in first.rows()} == {KEY}
    before = program("export", "nq", "--words", store=store).out
    again = program("load", STUDY_FILE, "-", "--format", "json", store=store, input=SEED.read_bytes())
    assert again.code == 0
    assert [row["outcome"] for row in again.json()] == ["unchanged", "unchanged"]
    assert program("export", "nq", "--words", store=store).out == before
    assert len(before.splitlines()) > 5000


def test_saying_what_is_meant_anyway_changes_nothing(program: Program, tmp_path: Path) -> None:
    text = WORKED.read_text("utf-8")
    spelled = text.replace("interval: {low", "interval: {kind: confidence, low").replace("low: 0.5,", "low: 0.50,")
    assert text.count("interval: {low") == 3
    for record, outcome in ((text, "added"), (spelled, "unchanged"), (text, "unchanged")):
        loaded = program("load", "-", store=tmp_path / "store", input=record)
        assert [row["outcome"] for row in loaded.rows()] == [outcome]
    other = text.replace("low: 0.5,", "low: 0.51,")
    replaced = program("load", "-", store=tmp_path / "store", input=other)
    assert [row["outcome"] for row in replaced.rows()] == ["replaced"]


def test_a_record_from_standard_input_is_the_record(program: Program, folder: Path, tmp_path: Path) -> None:
    loaded = program("load", "-", store=tmp_path / "store", input=STUDY_FILE.read_bytes())
    assert loaded.code == 0
    assert loaded.rows()[0]["file"] == "standard input"
    assert "were not held against their words" in loaded.err
    named = "https://w3id.org/picograph/record/doi:10.1016%2Fj.ijrobp.2014.01.017/curated"
    count = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{named}> {{ ?s ?p ?o }} }}"
    assert program("query", count, store=tmp_path / "store").out == program("query", count, store=folder).out


def test_severe_events_are_six_of_forty_and_nothing_else(program: Program, folder: Path) -> None:
    asked = program(
        "ask", "adverse-events", "--drug", "sorafenib", "--min-grade", "3", "--format", "json", store=folder
    )
    answer = asked.json()
    assert list(answer) == ["question", "parameters", "columns", "rows", "cautions"]
    assert answer["parameters"] == {"drug": "sorafenib", "min_grade": 3}
    [row] = answer["rows"]
    assert (row["affected"], row["at_risk"], row["percent"], row["fatal"]) == (6, 40, 15, 3)
    assert (row["attribution"], row["epoch"], row["certainty"]) == ("treatment-related", "sequential phase", ["stated"])
    assert [place.rpartition("#")[2] for place in row["evidence"]] == [
        "char=414,428",
        "char=1665,1765",
        "char=1771,1791",
    ]


def test_from_grade_two_an_event_of_open_grade_is_shown_as_ambiguous(program: Program, folder: Path) -> None:
    asked = program(
        "ask", "adverse-events", "--drug", "sorafenib", "--min-grade", "2", "--format", "json", store=folder
    )
    rows = {(row["event"], row["epoch"]): row for row in asked.json()["rows"]}
    assert len(rows) == 4
    during = "during radiation therapy"
    assert rows["hand-foot skin reaction", during]["percent"] == 37.5
    assert rows["hepatic toxicity", during]["percent"] == 35
    assert rows["hepatic toxicity", during]["affected"] is None, "the source states no count"
    assert rows["hepatic toxicity", "sequential phase"]["affected"] == 6
    open_grade = rows["diarrhea", during]
    assert open_grade["certainty"] == ["ambiguous: grade"]
    assert open_grade["grade_low"] is None
    assert any("1 of 4 rows is ambiguous" in caution for caution in asked.json()["cautions"])


def test_survival_is_never_a_count(program: Program, folder: Path) -> None:
    answer = program("ask", "survival", "--format", "json", store=folder).json()
    assert [row["value"] for row in answer["rows"]] == [39, 32]
    assert not {"count", "denominator", "affected", "at_risk", "derived_count"} & set(answer["columns"])
    assert all(40 not in row.values() for row in answer["rows"])
    table = program("ask", "survival", "--format", "table", store=folder).text
    assert "39 %" in table
    assert "2 years" in table
    assert "participants" not in table


def test_responses_are_22_and_18_of_40(program: Program, folder: Path) -> None:
    rows = program("ask", "responses", "--format", "json", store=folder).json()["rows"]
    assert [(row["count"], row["denominator"], row["percent"]) for row in rows] == [(22, 40, 55), (18, 40, 45)]


def test_there_are_26_headings_with_their_major_topics(program: Program, folder: Path) -> None:
    rows = program("ask", "mesh-headings", "--format", "json", store=folder).json()["rows"]
    assert len(rows) == 26
    major = [(row["descriptor_name"], row["qualifier_name"]) for row in rows if row["major"]]
    assert major == [
        ("Carcinoma, Hepatocellular", "drug therapy"),
        ("Carcinoma, Hepatocellular", "radiotherapy"),
        ("Liver Neoplasms", "drug therapy"),
        ("Liver Neoplasms", "radiotherapy"),
        ("Niacinamide", "analogs & derivatives"),
        ("Phenylurea Compounds", "therapeutic use"),
    ]
    assert all(row["heading"].startswith("http://id.nlm.nih.gov/mesh/") for row in rows)


def test_show_prints_the_words_behind_a_number(program: Program, folder: Path) -> None:
    shown = program("show", KEY, "--evidence", "--format", "table", store=folder)
    words = " ".join(shown.text.split())
    assert "414–428 “Forty patients”" in words
    assert "1771–1791 “3 of them were fatal”" in words
    rows = program("show", KEY, "--evidence", "--format", "json", store=folder).json()
    said = {row["name"]: row["words"] for row in rows}
    assert said["enrolled"] == ["Forty patients"]
    assert len(rows) > 50
