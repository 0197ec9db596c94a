"""Promise: `compare` holds a publication against its registry record, every difference with both places, and several
studies side by side: what each says, where, what differs, and never a zero where a study is silent.
"""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from picograph.tests.acceptance.program import KEY, PAIR, SEED, STUDY_FILE, WORKED, Program, said

TRIAL, OTHER = "NCT00000004", "NCT00000001"


@pytest.fixture(scope="module")
def both(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the made-up pair, another made-up trial, and the seed study with its text. Nobody changes it."""
    folder = tmp_path_factory.mktemp("compare") / "store"
    loaded = program("load", *PAIR, SEED, STUDY_FILE, WORKED, store=folder)
    assert loaded.code == 0, loaded.err
    return folder


def follow(record: Any, place: str) -> Any:
    for step in place.partition("#")[2].split("/")[1:]:
        record = record[int(step)] if isinstance(record, list) else record[step]
    return record


def item(answer: Any, name: str) -> Any:
    (found,) = [row for row in answer["rows"] if row["item"] == name]
    return found


def test_a_publication_against_its_registry_record(program: Program, both: Path) -> None:
    answer = program("compare", TRIAL, "--format", "json", store=both).json()
    by_aspect = {(row["aspect"], row["item"]): row for row in answer["rows"]}
    assert {aspect for aspect, _ in by_aspect} == {
        "enrolment", "primary outcome", "time frame", "arms", "adverse event"
    }  # fmt: skip
    enrolment = by_aspect["enrolment", None]
    assert (enrolment["registry_value"], enrolment["publication_value"]) == (["60"], ["58"])
    registry = json.loads(PAIR[0].read_text("utf-8"))
    assert 60 in [follow(registry, place) for place in enrolment["registry_evidence"]]
    assert [place.partition("#")[2] for place in enrolment["publication_evidence"]] == ["char=30,40"]
    differing = program("compare", TRIAL, "--differences", "--format", "json", store=both).json()["rows"]
    assert len(differing) == sum(row["difference"] != "same" for row in answer["rows"]) < len(answer["rows"])
    for row in differing:
        assert row["registry_evidence"] or row["publication_evidence"], row
        assert row["difference"].startswith("only in") or (row["registry_evidence"] and row["publication_evidence"])
    words = program("compare", TRIAL, "--evidence", "--format", "json", store=both).json()["rows"]
    assert "60" in next(row for row in words if row["aspect"] == "enrolment")["registry_words"]


def test_two_studies_side_by_side(program: Program, both: Path) -> None:
    answer = program("compare", TRIAL, KEY, "--evidence", "--format", "json", store=both).json()
    assert answer["studies"] == [TRIAL, KEY]
    phase, drug = item(answer, "phase"), item(answer, "sorafenib")
    assert (phase["section"], phase["difference"]) == ("Design", "same")
    assert {drug["difference"]} == {"differs"}  # one thing by a concept that both have; the dose is in one alone
    assert "400 mg" in drug["studies"][KEY][0]["value"]
    condition = item(answer, "condition: Hepatocellular Carcinoma")
    assert condition["difference"] == "same"
    (enrolled,) = item(answer, "enrolled")["studies"][KEY]
    assert enrolled["value"] == "40 participants"
    assert enrolled["words"] == ["Forty patients"]
    nausea = item(answer, "nausea")
    assert (nausea["difference"], nausea["studies"][KEY]) == ("not in all", [])  # silence, not zero
    assert "AMBIGUOUS" in item(answer, "diarrhea")["studies"][KEY][0]["value"]
    assert any("not zero" in caution for caution in answer["cautions"])


def test_every_fact_of_a_study_is_there(program: Program, both: Path) -> None:
    sections = {"Population", "Arms and interventions", "Participant flow", "Outcomes", "Adverse events"}
    shown = program("show", KEY, "--format", "json", store=both).json()
    places = {place for line in shown if line["section"] in sections for place in line["evidence"]}
    answer = program("compare", TRIAL, KEY, "--format", "json", store=both).json()
    compared = {place for row in answer["rows"] for cell in row["studies"][KEY] for place in cell["evidence"]}
    assert len(places) == 25
    assert places <= compared
    itself = program("compare", KEY, KEY, "--format", "json", store=both)
    assert itself.code == 0  # one study, not two


@pytest.mark.parametrize(("studies", "width"), [((TRIAL, KEY), 80), ((TRIAL, KEY, OTHER), 80), ((TRIAL, KEY), 40)])
def test_a_table_fits_its_terminal(program: Program, both: Path, studies: tuple[str, ...], width: int) -> None:
    ran = program("compare", *studies, "--format", "table", store=both, COLUMNS=str(width))
    assert ran.code == 0, ran.err
    lines = ran.text.splitlines()
    assert max(map(len, lines)) <= width
    assert any(line.startswith("≠ enrolled") for line in lines)
    assert "≠ differs" in ran.err
    joined = "".join(ran.text.split())
    assert all(study in joined for study in ("NCT00000004", "40participants"))
    spelled = program("compare", TRIAL, KEY, "--format", "table", store=both, PYTHONIOENCODING="latin-1")
    assert "! enrolled" in spelled.text


def test_csv_has_a_column_for_each_study_and_its_places(program: Program, both: Path) -> None:
    rows = program("compare", TRIAL, KEY, "--differences", "--format", "csv", store=both).rows(",")
    assert list(rows[0]) == ["section", "item", "difference", TRIAL, KEY, f"{TRIAL} evidence", f"{KEY} evidence"]
    assert {row["difference"] for row in rows} == {"differs", "not in all"}
    for row in rows:
        assert all(bool(row[study]) == bool(row[f"{study} evidence"]) for study in (TRIAL, KEY)), row


class Page(HTMLParser):
    """Reads the page as a browser would, as far as a table goes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_html_is_one_page_that_asks_for_nothing_and_runs_nothing(program: Program, both: Path, tmp_path: Path) -> None:
    hostile = WORKED.read_text("utf-8").replace(OTHER, "NCT00000009").replace("made-up", "<script>alert(1)</script>")
    study = tmp_path / "hostile.yaml"
    study.write_text(re.sub(r"label: Placebo", "label: <img src=x onerror=alert(2)>", hostile), "utf-8")
    store = tmp_path / "store"
    assert program("load", study, STUDY_FILE, store=store).code == 0
    ran = program("compare", "NCT00000009", KEY, "--format", "html", store=store)
    page = Page()
    page.feed(ran.text)
    assert page.open == []
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "link", "a", "iframe"}
    assert not any(name.startswith("on") or name in ("src", "href") for _, attrs in page.tags for name in attrs)
    assert any(attrs.get("class") == "differs" for tag, attrs in page.tags if tag == "tr")
    assert any("not zero" in text for text in page.text)
    one = program("compare", TRIAL, "--format", "html", "--evidence", store=both)
    page = Page()
    page.feed(one.text)
    assert {"NCT00000004", "doi:10.1000/worked.pair"} <= {text.strip() for text in page.text}


def test_studies_that_are_not_there(program: Program, both: Path) -> None:
    said(program("compare", TRIAL, "NCT0000004", store=both), 2, "NCT0000004", "did you mean NCT00000004?")
    said(program("compare", store=both), 2, "STUDY")
    alone = program("compare", OTHER, store=both)
    assert alone.code == 0
    assert "no registry record and publication" in alone.err
