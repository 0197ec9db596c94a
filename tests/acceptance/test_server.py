"""Promise: a command prints the same bytes from a SPARQL server as from a folder."""

from pathlib import Path

import pytest

from picograph.tests.acceptance.program import KEY, QUESTIONS, SEED, STUDY_FILE, Program
from picograph.tests.servers import Virtuoso

TARGETS = ("csv", "jsonld", "nq", "nt", "rdfxml", "trig", "turtle")
COMMANDS: list[tuple[str, ...]] = [
    *(("ask", name, "--format", "json") for name in QUESTIONS),
    *(("export", target) for target in TARGETS),
    ("export", "nq", "--study", KEY),
    ("ask", "adverse-events", "--drug", "sorafenib", "--min-grade", "3", "--format", "table"),
    ("ask", "adverse-events", "--event", "HEPATIC TOXICITY", "--format", "csv"),
    ("show", KEY, "--format", "table"),
    ("show", KEY, "--evidence", "--format", "json"),
    ("query", "SELECT ?s ?o { ?s <https://w3id.org/picograph/ontology/affected> ?o } ORDER BY ?s", "--format", "json"),
    ("query", "SELECT ?s ?o { ?s <https://w3id.org/picograph/ontology/affected> ?o } ORDER BY ?s", "--format", "tsv"),
    ("query", "SELECT (AVG(?o) AS ?mean) { ?s <https://w3id.org/picograph/ontology/affected> ?o }", "--format", "xml"),
    ("query", "ASK { ?s <https://w3id.org/picograph/ontology/affected> 6 }"),
    ("query", "ASK { ?s <https://w3id.org/picograph/ontology/affected> 6 }", "--format", "json"),
    ("query", "CONSTRUCT WHERE { ?s <https://w3id.org/picograph/ontology/fatal> ?o }", "--format", "nt"),
    ("validate", "--format", "json"),
    ("show", "NCT99999999"),
    ("ask", "adverse-events", "--drug", "sorafenb"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(command)[:60] for command in COMMANDS])
def test_folder_and_server_print_the_same_bytes(
    program: Program, folder: Path, server: str, command: tuple[str, ...]
) -> None:
    here, there = program(*command, store=folder), program(*command, store=server)
    assert (there.code, there.out) == (here.code, here.out)
    assert there.err.replace(server, "STORE") == here.err.replace(str(folder), "STORE")


def test_info_differs_in_the_store_alone(program: Program, folder: Path, server: str) -> None:
    here, there = program("info", store=folder).rows(), program("info", store=server).rows()
    assert [row for row in there if row["what"] != "store"] == [row for row in here if row["what"] != "store"]
    assert {"what": "store", "value": server} in there
    assert {"what": "MeshHeading", "value": "26"} in there


def test_loading_tells_the_same_and_again_changes_nothing(program: Program, server: str, tmp_path: Path) -> None:
    program("load", SEED, STUDY_FILE, store=tmp_path / "store")
    again = program("load", SEED, STUDY_FILE, store=server)
    assert [row["outcome"] for row in again.rows()] == ["unchanged", "unchanged"]
    assert again.out == program("load", SEED, STUDY_FILE, store=tmp_path / "store").out


def test_virtuoso_prints_the_same_bytes(program: Program, folder: Path, empty_virtuoso: Virtuoso) -> None:
    loaded = program("load", SEED, STUDY_FILE, store=empty_virtuoso.url)
    assert [row["outcome"] for row in loaded.rows()] == ["added", "added"]
    again = program("load", SEED, STUDY_FILE, store=empty_virtuoso.url)
    assert [row["outcome"] for row in again.rows()] == ["unchanged", "unchanged"]
    commands: list[tuple[str, ...]] = [
        ("export", "nq", "--study", KEY),
        ("show", KEY, "--evidence", "--format", "json"),
        ("ask", "adverse-events", "--drug", "sorafenib", "--min-grade", "3", "--format", "csv"),
        ("validate", "--format", "json"),
        ("query", "ASK { ?s <https://w3id.org/picograph/ontology/affected> 6 }", "--format", "json"),
    ]
    for command in commands:
        here, there = program(*command, store=folder), program(*command, store=empty_virtuoso.query_url)
        assert (there.code, there.out) == (here.code, here.out), command
    mine = [row for row in program("info", store=folder).rows() if row["what"] != "store"]
    assert [row for row in program("info", store=empty_virtuoso.query_url).rows() if row["what"] != "store"] == mine
