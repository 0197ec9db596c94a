"""Promise: another tool reads every export, finds in it what the store holds, and is told what is missing."""

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from picograph.tests.acceptance.program import COMMAND, KEY, WORKED, Program, environment, rdflib_dataset, said

FORMS = {"turtle": "turtle", "nt": "nt", "rdfxml": "xml", "trig": "trig", "nq": "nquads", "jsonld": "json-ld"}
TARGETS = ("csv", "csl-json", "fhir", "parquet", "ris", "xlsx", *FORMS)


@pytest.fixture(scope="module")
def quads(program: Program, folder: Path) -> set[tuple[Any, ...]]:
    found = set(rdflib_dataset(program("export", "nq", store=folder).out, "nquads").quads())
    assert len(found) > 900
    assert len({quad[3] for quad in found}) == 2, "one named graph a record"
    return found


@pytest.mark.parametrize("target", FORMS)
def test_rdflib_reads_back_what_the_store_holds(
    program: Program, folder: Path, quads: set[tuple[Any, ...]], target: str
) -> None:
    ran = program("export", target, store=folder)
    read = set(rdflib_dataset(ran.out, FORMS[target]).quads())
    if target in ("trig", "nq", "jsonld"):
        assert read == quads
        assert ran.err == ""
    else:
        assert {quad[:3] for quad in read} == {quad[:3] for quad in quads}
        assert f"Not expressed in {target}: 2 named graphs, merged" in ran.err


def test_jsonld_needs_nothing_from_the_network(program: Program, folder: Path) -> None:
    document = json.loads(program("export", "jsonld", store=folder).out)
    assert isinstance(document["@context"], dict)
    assert all(isinstance(value, dict | float) for value in document["@context"].values())
    assert "@import" not in document["@context"]


@pytest.mark.parametrize("target", TARGETS)
def test_the_same_store_gives_the_same_bytes(program: Program, folder: Path, target: str, tmp_path: Path) -> None:
    first = program("export", target, store=folder).out
    file = tmp_path / "export"
    file.write_bytes(b"what stood here before")
    written = program("export", target, "-o", file, store=folder)
    assert (written.code, written.out) == (0, b"")
    assert file.read_bytes() == first
    assert len(first) > 100
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_is_written_whole_or_not_at_all(program: Program, folder: Path, tmp_path: Path) -> None:
    said(program("export", "turtle", "-o", tmp_path / "none" / "x.ttl", store=folder), 1, "cannot be written")
    said(program("export", "turtle", "-o", tmp_path, store=folder), 1, "cannot be written")
    kept = tmp_path / "kept.ttl"
    kept.write_text("kept", "utf-8")
    said(program("export", "turtle", "--study", "NCT99999999", "-o", kept, store=folder), 2, "there is no study")
    said(program("export", "turtle", "-o", kept, store=tmp_path / "no store"), 3, "no store here yet")
    assert kept.read_text("utf-8") == "kept"
    assert list(tmp_path.iterdir()) == [kept]


def test_owlready2_opens_turtle_and_ntriples(program: Program, folder: Path, tmp_path: Path) -> None:
    import owlready2

    asked = "SELECT (COUNT(*) AS ?n) WHERE { ?s a <https://w3id.org/picograph/ontology/AdverseEventResult> }"
    for target in ("nt", "turtle"):
        world = owlready2.World()
        try:
            if target == "nt":
                file = tmp_path / "export.nt"
                program("export", "nt", "-o", file, store=folder)
                world.get_ontology(file.as_uri()).load()
            else:
                ontology = world.get_ontology("http://example.org/export#")
                text = program("export", "turtle", store=folder).text
                with ontology:
                    for triple in rdflib_dataset(text, "turtle").triples((None, None, None)):
                        world.as_rdflib_graph().add(triple)
            assert [list(row) for row in world.sparql(asked)] == [[4]], target
        finally:
            world.close()


def test_the_extraction_table_has_each_number_with_its_place(program: Program, folder: Path) -> None:
    ran = program("export", "csv", store=folder)
    assert "headings of reports, which have no number and no row" in ran.err
    rows = list(csv.DictReader(io.StringIO(ran.text, newline="")))
    assert len(rows) > 40
    assert all("#char=" in row["evidence"] for row in rows)
    severe = {row["quantity"]: row for row in rows if row["epoch"] == "sequential phase"}
    assert (severe["affected"]["value"], severe["affected"]["denominator"]) == ("6", "40")
    assert (severe["fatal"]["value"], severe["fatal"]["unit"]) == ("3", "participants")
    assert severe["affected"]["status"] == "reported"
    counted = [row for row in rows if row["name"] == "hand-foot skin reaction" and row["quantity"] == "affected"]
    assert [(row["value"], row["status"]) for row in counted] == [("15", "derived")]
    [open_grade] = [row for row in rows if row["status"] == "ambiguous"]
    assert (open_grade["name"], open_grade["quantity"], open_grade["value"]) == ("diarrhea", "grade", "")
    assert not [row for row in rows if "survival" in row["name"] and row["quantity"] in ("count", "denominator")]


def test_one_study_is_exported_alone(program: Program, tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert program("load", WORKED, store=store).code == 0
    alone = program("export", "nq", store=store).out
    program("load", Path(__file__).resolve().parents[2] / "kg/records/sorafenib-radiotherapy-hcc.yaml", store=store)
    assert program("export", "nq", "--study", "NCT00000001", store=store).out == alone
    both = program("export", "nq", store=store).out
    assert set(alone.splitlines()) < set(both.splitlines())
    assert b"NCT00000001" not in program("export", "nq", "--study", KEY, store=store).out
    rows = list(csv.DictReader(io.StringIO(program("export", "csv", store=store).text, newline="")))
    assert {row["study"] for row in rows} == {KEY, "NCT00000001"}
    words = program("export", "jsonld", "--words", store=store)
    assert len(set(rdflib_dataset(words.out, "json-ld").quads())) > 5000


def test_a_wrong_target_names_the_nearest(program: Program, folder: Path) -> None:
    said(program("export", "turtel", store=folder), 2, "there is no export 'turtel'", "did you mean turtle?")
    said(program("export", "zzz", store=folder), 2, "use one of: ")
    listed = program("export", store=folder)
    assert {row["target"] for row in listed.rows()} >= {*TARGETS, "metafor"}
    assert all(row["writes"] for row in listed.rows())


@pytest.mark.parametrize(("target", "to"), [("graphml", "-"), ("graphml", "file"), ("nq", "file")])
def test_a_disk_that_fills_up_is_told_and_leaves_nothing(
    program: Program, folder: Path, tmp_path: Path, target: str, to: str
) -> None:
    """No file may grow beyond 8 kB: neither the one that is asked for, nor those in which statements wait."""
    kept = tmp_path / "kept"
    kept.write_text("kept", "utf-8")
    command = [*COMMAND, "export", target, "--store", str(folder), *(["-o", str(kept)] if to == "file" else [])]
    shell = ["bash", "-c", 'ulimit -f 8; exec "$@"', "bash", *command]
    ran = subprocess.run(shell, env=environment(PYTHONDONTWRITEBYTECODE="1"), capture_output=True, check=False)
    told = ran.stderr.decode()
    assert ran.returncode == 1
    assert "File too large" in told
    assert "make room" in told
    assert "Traceback" not in told
    assert kept.read_text("utf-8") == "kept"
    assert list(tmp_path.iterdir()) == [kept]


def test_where_a_file_cannot_be_the_message_says_what_to_do(program: Program, folder: Path, tmp_path: Path) -> None:
    said(program("export", "ris", "-o", tmp_path, store=folder), 1, "Is a directory", "name a file in that folder")
    said(program("export", "ris", "-o", tmp_path / "a" / "b", store=folder), 1, "make the folder first")
    report = tmp_path / "report.jsonl"
    ran = program("export", "ris", "-o", tmp_path / "x.ris", "--report", report, store=folder)
    lines = [json.loads(line) for line in report.read_text("utf-8").splitlines()]
    assert len(lines) > 5
    told = " ".join(ran.err.split())  # it is folded
    assert [f"{each['count']} {each['what']}" in told for each in lines] == [True] * len(lines)
