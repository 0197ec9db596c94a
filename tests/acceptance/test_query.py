"""Promise: any SPARQL 1.1 query runs, its results come in the W3C's formats, and nothing is changed by one."""

import csv
import io
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from picograph.tests.acceptance.program import Program, rdflib_dataset, said

PG = "https://w3id.org/picograph/ontology/"
ROWS = f"SELECT ?result ?count ?none WHERE {{ ?result <{PG}affected>|<{PG}count> ?count }} ORDER BY ?count"
GRAPH = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ ?s a <{PG}AdverseEventResult> ; ?p ?o }}"


def test_json_results_have_the_w3c_form(program: Program, folder: Path) -> None:
    results = program("query", ROWS, "--format", "json", store=folder).json()
    assert results["head"]["vars"] == ["result", "count", "none"]
    bindings = results["results"]["bindings"]
    assert [row["count"]["value"] for row in bindings] == ["6", "18", "22", "24", "33", "40"]
    for row in bindings:
        assert set(row) == {"result", "count"}, "an unbound variable is left out"
        assert row["result"]["type"] == "uri"
        assert row["count"]["datatype"] == "http://www.w3.org/2001/XMLSchema#integer"


def test_xml_csv_and_tsv_have_the_w3c_form(program: Program, folder: Path) -> None:
    xml = ElementTree.fromstring(program("query", ROWS, "--format", "xml", store=folder).out)
    name = "{http://www.w3.org/2005/sparql-results#}"
    assert xml.tag == f"{name}sparql"
    assert len(xml.findall(f".//{name}result")) == 6
    lines = list(csv.reader(io.StringIO(program("query", ROWS, "--format", "csv", store=folder).text, newline="")))
    assert lines[0] == ["result", "count", "none"]
    assert [line[1] for line in lines[1:]] == ["6", "18", "22", "24", "33", "40"]
    tsv = program("query", ROWS, store=folder).text.splitlines()
    assert tsv[0] == "?result\t?count\t?none"
    assert all(line.startswith("<https://w3id.org/picograph/study/") for line in tsv[1:])
    assert len(tsv) == 7


def test_a_table_keeps_the_columns_that_were_asked_for(program: Program, folder: Path) -> None:
    lines = program("query", ROWS, "--format", "table", store=folder, COLUMNS="200").text.splitlines()
    assert lines[0].split() == ["result", "count", "none"]
    assert len(lines) == 7
    none = program("query", "SELECT ?x { FILTER(false) }", "--format", "table", store=folder)
    assert (none.code, none.out, none.err) == (0, b"", "No rows.\n")


@pytest.mark.parametrize(
    ("form", "rdflib_form"),
    [
        ("turtle", "turtle"),
        ("trig", "trig"),
        ("nt", "nt"),
        ("nq", "nquads"),
        ("jsonld", "json-ld"),
        ("rdfxml", "xml"),
        ("json", "json-ld"),
    ],
)
def test_a_graph_reads_back_alike_from_every_format(
    program: Program, folder: Path, form: str, rdflib_form: str
) -> None:
    def triples(text: bytes, form: str) -> set[object]:
        return {quad[:3] for quad in rdflib_dataset(text, form).quads()}

    written = program("query", GRAPH, "--format", form, store=folder).out
    plain = triples(program("query", GRAPH, "--format", "nt", store=folder).out, "nt")
    assert triples(written, rdflib_form) == plain
    assert len(plain) > 40


def test_blank_nodes_go_into_every_format(program: Program, folder: Path) -> None:
    for form in ("turtle", "trig", "nt", "nq", "jsonld", "rdfxml"):
        ran = program("query", "CONSTRUCT { [] a [] } {}", "--format", form, store=folder)
        assert ran.code == 0, ran.err
    assert program("query", "CONSTRUCT { [] <urn:x:1> [] } {}", "--format", "nt", store=folder).code == 0
    said(program("query", "CONSTRUCT { [] <urn:x:1> [] } {}", "--format", "rdfxml", store=folder), 2, "urn:x:1")


def test_ask_answers_yes_or_no(program: Program, folder: Path) -> None:
    yes, no = f"ASK {{ ?s <{PG}affected> 6 }}", f"ASK {{ ?s <{PG}affected> 7 }}"
    assert program("query", yes, "--format", "json", store=folder).json()["boolean"] is True
    assert program("query", no, "--format", "json", store=folder).json()["boolean"] is False
    for form in ("tsv", "csv", "table"):
        assert program("query", yes, "--format", form, store=folder).text == "true\n"
        assert program("query", no, "--format", form, store=folder).text == "false\n"
    said(program("query", yes, "--format", "turtle", store=folder), 2, "a yes or no cannot be written as turtle")


def test_a_query_comes_from_a_file_or_from_standard_input(program: Program, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "ö ?.rq"
    file.write_bytes(b"\xef\xbb\xbf" + ROWS.encode())
    expected = program("query", ROWS, store=folder).out
    assert program("query", "-f", file, store=folder).out == expected
    assert program("query", "-", store=folder, input=ROWS).out == expected
    assert program("query", "-f", "-", store=folder, input=ROWS).out == expected
    word = 'SELECT ("Übelkeit ≥" AS ?x) {}'
    assert program("query", "-", store=folder, input=word, LC_ALL="C", PYTHONUTF8="0").text == '?x\n"Übelkeit ≥"\n'


def test_a_query_changes_nothing_and_asks_nobody_else(program: Program, folder: Path, server: str) -> None:
    for store in (folder, server):
        before = program("query", "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }", store=store).out
        for text in ("INSERT DATA { <urn:a> <urn:b> <urn:c> }", "DROP ALL", "CLEAR DEFAULT", "LOAD <urn:a>"):
            said(program("query", text, store=store), 2, "this is not SPARQL 1.1")
        said(program("query", "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", store=store), 2, "SERVICE")
        said(
            program("query", "SELECT * { \\u0053ERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", store=store), 2, "SERVICE"
        )
        assert program("query", "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }", store=store).out == before


def test_what_cannot_be_run_is_refused(program: Program, folder: Path, tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(bytes(range(256)))
    said(program("query", store=folder), 2, "give a query")
    said(program("query", "ASK {}", "-f", binary, store=folder), 2, "give a query")
    said(program("query", "SELEC", store=folder), 2, "this is not SPARQL 1.1", "1:6")
    said(program("query", "", store=folder), 2, "the query is empty")
    said(program("query", "-f", binary, store=folder), 1, "this is not a text", str(binary))
    said(program("query", "-f", tmp_path, store=folder), 1, "Is a directory")
    said(program("query", "-f", tmp_path / "none", store=folder), 1, "No such file")
    said(program("query", ROWS, "--format", "turtle", store=folder), 2, "rows cannot be written as turtle")
    for form in ("csv", "tsv", "xml", "table"):
        said(program("query", GRAPH, "--format", form, store=folder), 2, "turtle")
