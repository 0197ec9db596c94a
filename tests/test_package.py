"""Promise: the public names of the package are these, and importing it imports nothing that costs time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import picograph

HERE = Path(__file__).resolve().parent
SEED = HERE.parent / "kg" / "records" / "sorafenib-radiotherapy-hcc.yaml"


def test_the_public_names_are_these() -> None:
    assert sorted(picograph.__all__) == ["__version__", "ask", "example", "load", "open_store", "read_study"]
    for name in picograph.__all__:
        assert getattr(picograph, name)
        assert name in dir(picograph), "an interpreter offers it"
    with pytest.raises(AttributeError, match="no attribute 'pool'"):
        picograph.pool  # noqa: B018


def test_the_python_way_from_a_file_to_a_cited_answer(tmp_path: Path) -> None:
    study = picograph.read_study(SEED)
    assert [each.term for each in study.adverse_events if each.fatal] == ["hepatic toxicity"]
    with picograph.open_store(tmp_path / "store") as store:
        [loaded] = picograph.load(store, [SEED])
        assert loaded.outcome == "added"
        [row] = picograph.ask(store, "adverse-events", drug="sorafenib", min_grade=3)
        assert (row["affected"], row["at_risk"], row["fatal"]) == (6, 40, 3)
        assert any(str(place).endswith("#char=1665,1765") for place in row["evidence"])  # type: ignore[union-attr]
        dataset = store.graph()
        asked = "ASK { ?study a <https://w3id.org/picograph/ontology/Study> }"
        assert bool(dataset.query(asked))


def test_a_store_names_itself_and_its_name_alone_is_no_store(tmp_path: Path) -> None:
    from picograph.ontology.errors import UsageError

    assert repr(picograph.open_store(":memory:")) == "<MemoryStore :memory:>"
    assert repr(picograph.open_store("http://ann:secret@127.0.0.1:1/query")) == "<RemoteStore http://127.0.0.1:1/query>"
    name = str(tmp_path / "store")
    for use in (lambda: picograph.ask(name, "studies"), lambda: picograph.load(name, [SEED])):  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="not yet open") as caught:
            use()
        assert caught.value.remedy == f"open it first: picograph.open_store({name!r})"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "heavy"),
    [
        (["-c", "import picograph"], {"click", "msgspec", "pyoxigraph", "rdflib", "rich", "ruamel.yaml"}),
        (["-m", "picograph.cli", "--version"], {"msgspec", "pyoxigraph", "rdflib", "rich", "ruamel.yaml"}),
        (["-m", "picograph.cli", "lookup", "sorafenib"], {"duckdb", "rdflib", "requests", "ruamel.yaml"}),
        (["-m", "picograph.cli", "--help"], {"pyoxigraph", "rdflib", "requests", "rich"}),
        (["-m", "picograph.cli", "ask", "--help"], {"pyoxigraph", "rdflib", "requests", "ruamel.yaml"}),
    ],
    ids=["import", "version", "lookup", "help", "questions"],
)
def test_what_is_instant_imports_nothing_heavy(command: list[str], heavy: set[str], tmp_path: Path) -> None:
    """What was imported is read off Python's own list, not off a clock."""
    listed = subprocess.run(
        [sys.executable, "-X", "importtime", *command], capture_output=True, text=True, check=True, cwd=tmp_path
    ).stderr
    imported = {line.rpartition("|")[2].strip() for line in listed.splitlines() if line.startswith("import time:")}
    assert "picograph" in imported, json.dumps(sorted(imported))[:500]
    assert imported & heavy == set()
