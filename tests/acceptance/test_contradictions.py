"""Promise: what a registry's own table states is kept as stated, even where it cannot be: it is reported, never added
up. The same contradiction in a person's reading is refused, because a person can read again.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from picograph.tests.acceptance.program import PAIR, WORKED, Program

TRIAL = "NCT00000004"


@pytest.fixture(scope="module")
def impossible(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a registry record in which 40 of 32 had nausea. Nobody changes it."""
    folder = tmp_path_factory.mktemp("contradiction")
    record = json.loads(PAIR[0].read_text("utf-8"))
    events = record["resultsSection"]["adverseEventsModule"]["otherEvents"]
    nausea = next(each for each in events if each["term"] == "Nausea")
    nausea["stats"][0]["numAffected"] = 40
    file = folder / "record.json"
    file.write_text(json.dumps(record), "utf-8")
    loaded = program("load", file, store=folder / "store")
    assert loaded.code == 0
    assert loaded.rows()[0]["outcome"] == "added"
    assert "40 participants affected out of 32 at risk" in loaded.err
    return folder / "store"


def rows(program: Program, store: Path, *command: str) -> Any:
    return program(*command, "--format", "json", store=store).json()["rows"]


def test_the_cell_is_kept_as_it_is_stated(program: Program, impossible: Path) -> None:
    cells = rows(program, impossible, "ask", "serious-adverse-events", "--study", TRIAL)
    nausea = [(row["affected"], row["at_risk"]) for row in cells if row["event"] == "Nausea"]
    assert sorted(nausea) == [(4, 28), (40, 32)]
    stated = next(row for row in cells if row["affected"] == 40)
    assert any(place.endswith("/otherEvents/0/stats/0/numAffected") for place in stated["evidence"])


def test_it_is_reported_with_its_place(program: Program, impossible: Path) -> None:
    found = program("validate", "--format", "json", store=impossible)
    assert found.code == 1
    told = [each for each in found.json() if "40 participants affected out of 32" in each["what"]]
    assert [each["severity"] for each in told] == ["caution"]
    assert any(place.endswith("/numAffected") for place in told[0]["evidence"])
    assert any(each["rule"] == "more-than-at-risk" for each in found.json())


def test_it_is_never_added_up(program: Program, impossible: Path) -> None:
    totals = rows(program, impossible, "ask", "event-totals")
    nausea = [(row["arms"], row["affected"], row["at_risk"]) for row in totals if row["event"] == "nausea"]
    assert nausea == [(1, 4, 28)]  # the other arm alone
    headache = [(row["arms"], row["affected"]) for row in totals if row["event"] == "headache"]
    assert headache == [(2, 2)]
    derived = rows(program, impossible, "ask", "adverse-events", "--study", TRIAL)
    assert next(row for row in derived if row["affected"] == 40)["percent"] is None
    pooled = program("pool", "adverse-events", "--event", "Nausea", "--format", "json", store=impossible).text
    assert "40 affected out of 32" in pooled
    assert "impossible" in pooled


def test_a_person_s_reading_is_refused(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    written = WORKED.read_text("utf-8")
    assert "affected: 0, at_risk: 70" in written
    file.write_text(written.replace("affected: 0, at_risk: 70", "affected: 80, at_risk: 70", 1), "utf-8")
    refused = program("load", file, store=tmp_path / "store")
    assert refused.code == 1
    assert "80 participants affected out of 70 at risk" in refused.err
