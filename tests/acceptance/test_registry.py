"""Promise: what the program answers of a registry record is what the registry's own table says, cell by cell.

The registry's files are read here with nothing of picograph: the table is made from the JSON, and each place of an
answer is followed into it.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from picograph.tests.acceptance.program import ROOT, Program

RECORDS = ROOT.parent / "shared" / "clinicaltrials"
WITH_RESULTS = ("NCT00763412", "NCT02210780", "NCT05594173")
pytestmark = pytest.mark.skipif(not RECORDS.is_dir(), reason="the real records are not at hand")


@pytest.fixture(scope="module")
def registry(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with every real registry record. Nobody changes it."""
    folder = tmp_path_factory.mktemp("registry") / "store"
    files = sorted(RECORDS.glob("*.json"))
    assert len(files) >= 7
    loaded = program("load", *files, store=folder)
    assert loaded.code == 0, loaded.err
    assert [row["outcome"] for row in loaded.rows()] == ["added"] * len(files)
    return folder


def raw(number: str) -> Any:
    return json.loads((RECORDS / f"{number}.json").read_text("utf-8"))


def slug(title: str) -> str:
    """Write the title of a group as the key of an arm has it."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def table(number: str) -> Counter[tuple[Any, ...]]:
    """Give the registry's table of adverse events: a tuple for each cell."""
    module = raw(number)["resultsSection"]["adverseEventsModule"]
    titles = {group["id"]: slug(group["title"]) for group in module["eventGroups"]}
    cells: Counter[tuple[Any, ...]] = Counter()
    for group in module["eventGroups"]:
        for name, kind in (("deaths", "death"), ("serious", "serious"), ("other", "other")):
            if f"{name}NumAffected" in group:
                at_risk = group.get(f"{name}NumAtRisk")
                cells[kind, None, True, titles[group["id"]], group[f"{name}NumAffected"], at_risk, None] += 1
    for kind in ("serious", "other"):
        for event in module.get(f"{kind}Events", ()):
            for cell in event["stats"]:
                numbers = (cell.get("numAffected"), cell.get("numAtRisk"), cell.get("numEvents"))
                about = (event.get("organSystem"), event["term"])
                cells[kind, about, False, titles[cell["groupId"]], *numbers] += 1
    return cells


def follow(record: Any, pointer: str) -> Any:
    for step in unquote(pointer).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        record = record[int(name)] if isinstance(record, list) else record[name]
    return record


@pytest.mark.parametrize("number", WITH_RESULTS)
def test_serious_and_other_events_are_the_registry_s_own_table(program: Program, registry: Path, number: str) -> None:
    rows = program("ask", "serious-adverse-events", "--study", number, "--format", "json", store=registry).json()[
        "rows"
    ]
    cells = Counter(
        (
            row["class"],
            None if row["total"] else (row["organ_system"], row["event"]),
            row["total"],
            re.sub(r"-events-eg\d+$", "", row["arm"].rpartition("/")[2]),
            row["affected"],
            row["at_risk"],
            row["events"],
        )
        for row in rows
    )
    assert cells == table(number)
    assert len(rows) == {"NCT00763412": 6, "NCT02210780": 24, "NCT05594173": 4}[number]  # counted by hand
    record = raw(number)
    for row in rows:
        leaves = [follow(record, place.partition("#")[2]) for place in row["evidence"]]
        for value in (row["affected"], row["at_risk"], row["events"], row["organ_system"], row["vocabulary"]):
            assert value is None or value in leaves, row


def test_the_order_is_that_of_a_reader(program: Program, registry: Path) -> None:
    rows = program("ask", "serious-adverse-events", "--study", "NCT02210780", store=registry).rows()
    classes = [row["class"] for row in rows]
    assert classes == ["death"] * 2 + ["serious"] * 8 + ["other"] * 14
    assert [row["total"] for row in rows[2:5]] == ["true", "true", "false"]
