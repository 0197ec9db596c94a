"""Promise: every question prints the same rows in every format, and a second parser reads each of them."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from picograph.tests.acceptance.program import KEY, OF_PAIRS, QUESTIONS, Program

EXAMPLES = ("--drug", "sorafenib"), ("--study", KEY)


# what counts studies names them, or their number, in place of places
COUNTS = {"event-totals", "gaps", "similar-studies", "studies-by-branch", "studies-by-design", "studies-by-phase"}
COUNTS |= {"studies-by-treatment", "studies-by-year"}


def _flat(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return (" " if all("://" in each for each in value) else " | ").join(value)
    return str(value)


def test_the_catalogue_is_listed(program: Program) -> None:
    assert len(QUESTIONS) >= 30
    assert [row["name"] for row in program("ask").rows()] == list(QUESTIONS)
    listed = program("ask", "--format", "json").json()
    assert [each["name"] for each in listed] == list(QUESTIONS)
    assert all(each["summary"].endswith("?") and each["columns"] for each in listed)
    events = next(each for each in listed if each["name"] == "adverse-events")
    assert events["parameters"]["min_grade"]["high"] == 5
    assert events["columns"]["at_risk"]["unit"] == "participants"


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_formats_of_a_question_agree(program: Program, both: Path, pair: Path, name: str) -> None:
    folder = pair if name in OF_PAIRS else both
    answer = program("ask", name, "--format", "json", store=folder).json()
    assert answer["question"] == name
    assert answer["rows"], "the studies at hand answer every question"
    assert all(list(row) == answer["columns"] for row in answer["rows"])
    for form, separator in (("tsv", "\t"), ("csv", ",")):
        ran = program("ask", name, "--format", form, store=folder)
        header, *lines = csv.reader(io.StringIO(ran.text, newline=""), delimiter=separator)
        assert header == answer["columns"]
        assert lines == [[_flat(value) for value in row.values()] for row in answer["rows"]]
    table = program("ask", name, "--format", "table", store=folder)
    assert table.code == 0
    assert all(len(line) <= 80 for line in table.text.splitlines()), table.text
    assert "\n\n\n" not in table.text
    assert "w3id.org" not in table.text, "keys stand for IRIs"


def test_each_row_of_each_question_has_its_place(program: Program, both: Path, pair: Path) -> None:
    seen, without = 0, set()
    for name in QUESTIONS:
        answer = program("ask", name, "--format", "json", store=pair if name in OF_PAIRS else both).json()
        if not any(column.endswith("evidence") for column in answer["columns"]):
            without.add(name)
            continue
        for row in answer["rows"]:
            places = [place for column in row if column.endswith("evidence") for place in row[column] or ()]
            assert places or row.get("reporting") == "not mentioned", (name, row)
            assert name in OF_PAIRS or all("#char=" in place for place in places)
            seen += 1
    assert seen > 140
    assert without == COUNTS


def test_sparql_prints_the_query_that_runs(program: Program, both: Path, pair: Path) -> None:
    folder = both
    checked = rows = 0
    listed = program("ask", "--format", "json").json()
    for question in listed:
        of_pairs = question["name"] in OF_PAIRS
        examples = [] if of_pairs else EXAMPLES
        options = [part for example in examples if example[0][2:] in question["parameters"] for part in example]
        store = pair if of_pairs else folder
        printed = program("ask", question["name"], *options, "--sparql")
        assert printed.code == 0
        ran = program("query", "-", "--format", "json", store=store, input=printed.out)
        bindings = ran.json()["results"]["bindings"]
        answer = program("ask", question["name"], *options, "--format", "json", store=store).json()
        assert len(bindings) == len(answer["rows"])
        rows += len(bindings)
        bound = ran.json()["head"]["vars"]
        # the way from a class to what a study has is walked after the query
        assert answer["columns"] in ([*bound, "retracted"], [*bound, "path", "retracted"])
        for got, row in zip(bindings, answer["rows"], strict=True):
            told = {name for name in row if row[name] not in (None, []) and name in bound}
            assert {name for name in got if got[name]["value"]} == told
        checked += 1
    assert checked == len(QUESTIONS)
    assert rows > 140


def test_a_drug_means_itself_and_all_below_it(program: Program, folder: Path) -> None:
    def rows(*options: str) -> Any:
        return program("ask", "interventions", *options, "--format", "json", store=folder).json()["rows"]

    named = rows("--drug", "sorafenib")
    assert [row["intervention"] for row in named] == ["sorafenib"]
    for spelled in (
        "Sorafenib",
        "mesh:D000077157",
        "http://id.nlm.nih.gov/mesh/D000077157",
        "CHEBI:50924",
        "niacinamide",
    ):
        assert rows("--drug", spelled) == named
    assert rows("--drug", "lenvatinib") == []


def test_an_empty_answer_is_an_answer(program: Program, folder: Path) -> None:
    options = ("ask", "adverse-events", "--drug", "lenvatinib")
    for form in ("tsv", "csv"):
        ran = program(*options, "--format", form, store=folder)
        assert ran.code == 0
        assert len(ran.text.splitlines()) == 1
    assert program(*options, "--format", "json", store=folder).json()["rows"] == []
    table = program(*options, "--format", "table", store=folder)
    assert (table.code, table.out, table.err) == (0, b"", "No rows.\n")


def test_the_store_is_named_once_wherever_it_stands(program: Program, folder: Path, tmp_path: Path) -> None:
    expected = program("ask", "studies", store=folder).out
    elsewhere = str(tmp_path / "none")
    assert program("ask", "studies", PICOGRAPH_STORE=str(folder)).out == expected
    assert program("ask", "studies", store=folder, PICOGRAPH_STORE=elsewhere).out == expected
    assert program("ask", "--store", folder, "studies", PICOGRAPH_STORE=elsewhere).out == expected
    assert program("ask", "--store", elsewhere, "studies", store=folder).out == expected


def test_cautions_come_with_every_format(program: Program, both: Path) -> None:
    expected = program("ask", "adverse-events", "--format", "json", store=both).json()["cautions"]
    assert len(expected) == 3
    for form in ("table", "tsv", "csv", "markdown"):
        ran = program("ask", "adverse-events", "--format", form, store=both)
        told = " ".join((ran.text if form == "markdown" else ran.err).split())
        assert [each for each in expected if f"Caution: {each}" not in told] == [], form
    raw = program("ask", "adverse-events", "--format", "parquet", store=both).out
    assert raw[:4] == raw[-4:] == b"PAR1"
    assert expected[0].encode() in raw
