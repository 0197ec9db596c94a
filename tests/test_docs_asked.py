"""Promise: each question that users ask, by its number, has a command that answers it on studies that have it."""

import csv
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from picograph.cli import cli
from picograph.kg.load import load
from picograph.kg.store import open_store
from picograph.queries import catalog
from picograph.tests.test_queries_answers import KEYS, RECORDS, SHARED

ROOT = Path(__file__).resolve().parents[1]
with (ROOT / "docs" / "asked.tsv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file, delimiter="\t"))
ASKED = [row for row in ROWS if row["section"] != "Integrity"]


def test_the_numbers_and_words_are_those_of_the_list() -> None:
    given = " ".join((SHARED / "questions.md").read_text("utf-8").split())
    assert [int(row["number"]) for row in ROWS] == list(range(1, 45))
    assert [row["number"] for row in ROWS if f"{row['number']}. {row['question']}" not in given] == []


def test_every_question_of_the_catalogue_that_is_named_exists() -> None:
    rules = {
        word for row in ROWS if row["section"] == "Integrity" for word in re.findall(r"[a-z]+(?:-[a-z]+)+", row["see"])
    }
    assert len(rules) == 8
    assert rules <= set(catalog.names("quality"))
    also = {word for row in ASKED for each in row["see"].split("ask ")[1:] for word in each.split(", ")}
    assert len(also) >= 9
    assert also <= set(catalog.names())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    where = str(tmp_path_factory.mktemp("asked") / "store")
    with open_store(where) as store:
        assert [each.outcome for each in load(store, RECORDS)] == ["added"] * len(RECORDS)
    return where


@pytest.mark.parametrize("row", ASKED, ids=[row["number"] for row in ASKED])
def test_the_command_answers(row: dict[str, str], folder: str, capfdbinary: Any) -> None:
    words = shlex.split(row["command"])
    words = [{"STUDY": KEYS["seed"], "OLD": folder, "NEW": folder}.get(word, word) for word in words]
    if words[0] != "diff":
        words += ["--store", folder]
    cli.main(words, prog_name="picograph", standalone_mode=False)
    printed = capfdbinary.readouterr().out.decode()
    if words[0] == "ask":
        assert len(printed.splitlines()) > 1, "a head and a row"
    elif words[0] != "diff":  # two stores that say the same: nothing to tell
        assert printed
