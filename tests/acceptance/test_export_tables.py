"""Tables and references reach other tools whole: each is read by a second reader, and each loss has a line.

The study made to hurt has every kind of value, an ambiguity, a zero, an absence, other scripts, and cells that a
spreadsheet would run.
"""

import csv
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
import rispy

from picograph.tests.acceptance.program import Program

HURT = """picograph: study 1
key: lab:hurt
record:
  document: "doi:10.1000/hurt"
  source: {sha256: "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", characters: 900}
  method: curated
report:
  doi: 10.1000/hurt
  title: "Zero, absent, ambiguous: 試験 of “sorafenib”, a line\\nbroken"
  journal: "J <i>Trials</i> & Errors"
  published: 2014-04-01
  pages: 1041-7
  authors:
    - {label: "Ångström, Å", family_name: Ångström, given_name: Å, evidence: [0-3]}
    - {label: "The 研究 Group", evidence: [4-6]}
  headings:
    - {descriptor: "Carcinoma, Hepatocellular", qualifier: drug therapy, major: true, evidence: [4-9]}
  evidence: [0-3]
arms:
  - {key: one, label: "=HYPERLINK(\\"http://example.org\\")", role: single arm, evidence: [10-12]}
outcomes:
  - {key: response, label: "-response", concept: ["pg:ObjectiveResponse"], evidence: [13-15]}
  - {key: survival, label: survival, concept: ["pg:OverallSurvival"], kind: time to event, evidence: [13-15]}
estimates:
  - {outcome: response, arm: one, statistic: proportion, count: 0, denominator: 14, evidence: [20-22]}
  - outcome: survival
    arm: one
    statistic: survival probability
    value: 32
    unit: "%"
    time: {value: 2, unit: a}
    interval: {low: 18, high: 47, level: 90}
    evidence: [30-33]
  - {outcome: survival, arm: one, statistic: median, value: 10.70, unit: mo, evidence: [40-44]}
adverse_events:
  - {term: "@nausea, \\"bad\\"", arm: one, grade: {low: 3}, affected: 0, at_risk: 14, evidence: [50-52]}
  - {term: rash, arm: one, absence: not assessed, evidence: [60-64]}
  - term: diarrhea
    arm: one
    percent: 25
    at_risk: 14
    ambiguities:
      - field: grade
        readings: [{grade: {low: 2}, evidence: [70-72]}, {words: any grade, evidence: [70-72]}]
        evidence: [70-72]
    evidence: [70-74]
"""


@pytest.fixture(scope="module")
def hurt(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hurt")
    (folder / "hurt.yaml").write_text(HURT, "utf-8")
    loaded = program("load", folder / "hurt.yaml", store=folder / "store")
    assert loaded.code == 0, loaded.err
    return folder / "store"


def table(program: Program, hurt: Path) -> list[dict[str, str]]:
    ran = program("export", "csv", store=hurt)
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.text, newline="")))


def test_zero_absent_and_ambiguous_stay_three_things(program: Program, hurt: Path) -> None:
    rows = {(row["name"], row["quantity"]): row for row in table(program, hurt)}
    assert (rows["'-response", "count"]["value"], rows["'-response", "count"]["status"]) == ("0", "reported")
    assert rows["rash", ""]["status"] == "not assessed"
    assert rows["rash", ""]["value"] == ""
    assert (rows["diarrhea", "grade"]["status"], rows["diarrhea", "grade"]["value"]) == ("ambiguous", "")
    assert not [row for row in table(program, hurt) if row["name"] == "survival" and row["unit"] == "participants"]


def test_no_cell_is_a_formula(program: Program, hurt: Path, tmp_path: Path) -> None:
    ran = program("export", "csv", store=hurt)
    cells = [cell for row in csv.reader(io.StringIO(ran.text, newline="")) for cell in row]
    assert not [cell for cell in cells if cell[:1] in "=+@\t\r" and cell]
    assert "an apostrophe stands before them" in ran.err
    program("export", "xlsx", "-o", tmp_path / "x.xlsx", store=hurt)
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx")["extraction"]
    kinds = {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None}
    assert kinds <= {"s", "n"}
    arms = {row[6].value for row in sheet.iter_rows(min_row=2)}
    assert '=HYPERLINK("http://example.org")' in arms  # a text, as the source has it


def test_csv_parquet_and_workbook_say_the_same(program: Program, hurt: Path, tmp_path: Path) -> None:
    rows = table(program, hurt)
    for target in ("parquet", "xlsx"):
        assert program("export", target, "-o", tmp_path / f"t.{target}", store=hurt).code == 0
    columns = pq.read_table(tmp_path / "t.parquet").to_pylist()
    plain = [{name: value.removeprefix("'") for name, value in row.items()} for row in rows]
    assert [{name: value or "" for name, value in row.items()} for row in columns] == plain
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["extraction"]
    seen = list(sheet.iter_rows(values_only=True))
    assert list(seen[0]) == list(rows[0])
    assert len(seen) == len(rows) + 1
    values = [row[9] for row in seen[1:]]
    assert values == [float(row["value"]) if row["value"] else None for row in rows]


def test_rispy_reads_the_reference(program: Program, hurt: Path) -> None:
    ran = program("export", "ris", store=hurt)
    [entry] = rispy.loads(ran.text)
    assert entry["type_of_reference"] == "JOUR"
    assert entry["authors"] == ["Ångström, Å", "The 研究 Group"]
    assert entry["title"] == "Zero, absent, ambiguous: 試験 of “sorafenib”, a line broken"
    assert (entry["doi"], entry["year"], entry["start_page"], entry["end_page"]) == (
        "10.1000/hurt",
        "2014",
        "1041",
        "1047",
    )
    assert entry["keywords"] == ["Carcinoma, Hepatocellular/drug therapy*"]
    for words in ("line breaks in values", "3 estimates", "3 adverse events", "qualifiers and major topics"):
        assert words in ran.err, (words, ran.err)


def test_csl_json_has_the_fields_of_its_schema(program: Program, hurt: Path) -> None:
    [item] = json.loads(program("export", "csl-json", store=hurt).out)
    assert item["author"] == [{"family": "Ångström", "given": "Å"}, {"literal": "The 研究 Group"}]
    assert item["issued"] == {"date-parts": [[2014, 4, 1]]}
    assert item["container-title"] == "J <i>Trials</i> & Errors"
    # the names of csl-data.json that we use; "additionalProperties": false there
    known = {
        *("id", "type", "title", "container-title", "volume", "issue", "page", "DOI", "PMID", "PMCID", "number"),
        *("keyword", "status", "note", "URL", "issued", "author"),
    }
    assert set(item) <= known


def metafor(program: Program, hurt: Path, question: str, *more: str) -> tuple[list[dict[str, str]], str]:
    ran = program("export", "metafor", "--question", question, *more, store=hurt)
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.text, newline=""))), ran.err


def test_a_survival_probability_is_no_count_for_metafor(program: Program, hurt: Path) -> None:
    rows, told = metafor(program, hurt, "survival")
    [row] = rows
    assert (row["xi"], row["ni"], row["scale"]) == ("NA", "NA", "log-log")
    assert float(row["estimate"]) == pytest.approx(0.32)
    # by hand: log(-log 0.32) = 0.13055; a 90 % interval has 1.6449 standard errors to each side
    assert float(row["yi"]) == pytest.approx(0.13055, abs=1e-4)
    assert float(row["sei"]) == pytest.approx((0.53929 - -0.28087) / (2 * 1.644854), abs=1e-4)
    assert "a median has no standard error" in told


def test_zero_stays_zero_and_ambiguous_is_no_row(program: Program, hurt: Path) -> None:
    rows, told = metafor(program, hurt, "adverse-events")
    assert [(row["xi"], row["ni"]) for row in rows] == [("0", "14")]
    assert "the source leaves open: grade" in told
    assert "not assessed" in told


def test_a_parameter_of_the_question(program: Program, hurt: Path) -> None:
    rows, _ = metafor(program, hurt, "adverse-events", "--set", "min-grade=4")
    assert rows == []


def test_the_report_file_names_each_loss(program: Program, hurt: Path, tmp_path: Path) -> None:
    program("export", "ris", "--report", tmp_path / "losses.jsonl", store=hurt)
    losses: list[dict[str, Any]] = [
        json.loads(line) for line in (tmp_path / "losses.jsonl").read_text("utf-8").splitlines()
    ]
    assert all(set(each) == {"what", "count", "examples"} for each in losses)
    assert {each["count"] for each in losses if each["what"].startswith("adverse events")} == {3}


def test_a_table_for_meta_analysis_needs_a_question(program: Program, hurt: Path) -> None:
    ran = program("export", "metafor", store=hurt)
    assert ran.code == 2
    assert "--question" in ran.err
