"""Promise: a query ends when it is told to, gives as much as is asked for, and more rows need no more memory."""

import contextlib
import datetime
import json
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from picograph.tests.acceptance.conftest import serving
from picograph.tests.acceptance.program import COMMAND, SEED, STUDY_FILE, Program, said
from picograph.tests.test_web_limits import gone

PG = "https://w3id.org/picograph/ontology/"
FOREVER = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
MANY = "SELECT ?a ?c ?f {{ ?a ?b ?c . ?d ?e ?f }} LIMIT {rows}"
NUMBERS = f"SELECT ?n {{ ?s <{PG}affected>|<{PG}count> ?n }} ORDER BY ?n"


@pytest.mark.parametrize("query", [FOREVER, MANY.format(rows=10**12)])
def test_a_query_ends_at_its_limit(program: Program, folder: Path, query: str) -> None:
    began = time.monotonic()
    ran = program("query", query, "--timeout", "1.5", "--format", "csv", store=folder)
    assert 1.5 <= time.monotonic() - began < 1.5 + 4  # the program's own start and end included
    assert ran.code == 3
    assert "stopped at its limit of 1.5 s" in ran.err
    assert "--timeout" in ran.err


def test_a_server_that_is_slow_is_left_at_the_limit(program: Program, tmp_path: Path) -> None:
    # A server of its own, because it goes on with the query until it is ended.
    with serving(tmp_path / "data") as server:
        assert program("load", SEED, STUDY_FILE, store=server).code == 0
        said(program("query", FOREVER, "--timeout", "1", store=server), 3, "stopped at its limit of 1 s", server)


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGKILL, -9)])
def test_a_query_ends_with_the_program(program: Program, folder: Path, how: signal.Signals, code: int) -> None:
    """Ctrl-C too, which the engine does not see."""
    command = [*COMMAND, "query", FOREVER, "--store", str(folder)]
    # Where the tests run in the background of a shell, Ctrl-C is ignored by all that they start.
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    running = subprocess.Popen(command, env=program.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    signal.signal(signal.SIGINT, heard)
    with running, contextlib.ExitStack() as at_last:
        at_last.callback(running.kill)
        children: list[str] = []
        until = time.monotonic() + 30
        while not children:
            assert time.monotonic() < until
            with contextlib.suppress(OSError):
                children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text("ascii").split()
            time.sleep(0.02)
        time.sleep(0.5)
        running.send_signal(how)
        _, err = running.communicate(timeout=10)
        assert running.returncode == code
        assert (b"Stopped." in err) == (how == signal.SIGINT)
        assert b"Traceback" not in err
    until = time.monotonic() + 5
    while not all(gone(int(child)) for child in children):
        assert time.monotonic() < until, "the query still runs"
        time.sleep(0.02)


def test_no_more_is_given_than_was_asked_for(program: Program, folder: Path) -> None:
    whole = program("query", NUMBERS, "--format", "csv", store=folder).text.splitlines()
    assert whole == ["n", "6", "18", "22", "24", "33", "40"]
    for form in ("csv", "tsv", "json", "xml", "table"):
        ran = program("query", NUMBERS, "--limit", "2", "--format", form, store=folder)
        assert ran.err == "There are more: these are the first 2.\n"
        plain = program("query", NUMBERS + " LIMIT 2", "--format", form, store=folder)
        assert (ran.code, ran.out) == (0, plain.out), form
        assert plain.err == ""
    assert program("query", NUMBERS, "--limit", "6", "--format", "csv", store=folder).err == ""
    assert program("query", NUMBERS, "--limit", "0", "--format", "csv", store=folder).text.split() == ["n"]
    graph = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ ?s a <{PG}Arm> ; ?p ?o }}"
    ran = program("query", graph, "--limit", "3", "--format", "nt", store=folder)
    assert len(ran.text.splitlines()) == 3
    assert "first 3" in ran.err
    assert program("query", "ASK {}", "--limit", "3", store=folder).text == "true\n"
    said(program("query", NUMBERS, "--limit", "-1", store=folder), 2, "--limit")


TYPED = """PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> SELECT * {
  VALUES (?whole ?decimal ?double ?yes ?day ?text ?iri ?large ?mixed ?wrong ?none) {
    (1 1.5 1e3 true "2014-04-01"^^xsd:date "ä \\"b\\"" <urn:a> 9223372036854775808 1 "x"^^xsd:integer UNDEF)
    (-2 40 2e0 false "2014-04-02"^^xsd:date "c"@en <urn:b> 1 "one" 2 UNDEF)
    (UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF)
  } }"""


def test_parquet_has_types_where_all_values_have_one(program: Program, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    file.write_bytes(program("query", TYPED, "--format", "parquet", store=folder).out)
    names = "whole, decimal, double, yes, day, text, iri, large, mixed, wrong, none"
    found = duckdb.sql(f"SELECT {names} FROM '{file}' ORDER BY whole DESC NULLS LAST")
    assert list(map(str, found.types)) == [
        "BIGINT", "DECIMAL(3,1)", "DOUBLE", "BOOLEAN", "DATE", *["VARCHAR"] * 6,
    ]  # fmt: skip
    first, second, last = found.fetchall()
    day = datetime.date(2014, 4, 1)
    assert first == (1, Decimal("1.5"), 1000.0, True, day, 'ä "b"', "urn:a", "9223372036854775808", "1", "x", None)
    assert second[:2] == (-2, Decimal(40))
    assert last == (None,) * 11
    empty = program("query", "SELECT ?a ?b { FILTER (false) }", "--format", "parquet", store=folder).out
    file.write_bytes(empty)
    assert duckdb.sql(f"SELECT * FROM '{file}'").columns == ["a", "b"]
    assert duckdb.sql(f"SELECT * FROM '{file}'").fetchall() == []
    said(program("query", "ASK {}", "--format", "parquet", store=folder), 2, "a yes or no cannot be written as parquet")
    said(program("query", "CONSTRUCT WHERE { ?s ?p ?o }", "--format", "parquet", store=folder), 2, "turtle")


def test_a_long_table_is_laid_out_in_parts(program: Program, folder: Path) -> None:
    lines = program("query", MANY.format(rows=2001), "--format", "table", store=folder, COLUMNS="400").text.splitlines()
    assert sum(line.split() == ["a", "c", "f"] for line in lines) == 3


def test_what_reads_may_stop_reading(program: Program, folder: Path) -> None:
    for form in ("csv", "json", "table"):
        command = [*COMMAND, "query", MANY.format(rows=10**9), "--format", form, "--store", str(folder)]
        with subprocess.Popen(
            command, env=program.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as running:
            assert running.stdout is not None
            assert running.stderr is not None
            assert running.stdout.read(100)
            running.stdout.close()
            assert running.wait(20) == 0
            assert running.stderr.read() == b""


_MEASURE = """
import resource, subprocess, sys
with open(sys.argv[1], "wb") as out:
    done = subprocess.run(sys.argv[2:], stdout=out)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def _peak(program: Program, store: str | Path, rows: int, form: str, out: Path) -> int:
    """Give the most memory that the program and what it starts take at once [KiB]."""
    query = MANY.format(rows=rows)
    command = [sys.executable, "-c", _MEASURE, out, *COMMAND, "query", query, "--format", form, "--store", str(store)]
    done = subprocess.run(command, env=program.environment(), capture_output=True, text=True, check=True)
    code, peak = done.stdout.split()
    assert code == "0", done.stderr
    return int(peak)


@pytest.mark.long
@pytest.mark.parametrize("form", ["csv", "json", "xml", "parquet", "nt"])
def test_a_million_rows_take_no_more_memory_than_a_hundred_thousand(
    program: Program, folder: Path, tmp_path: Path, form: str
) -> None:
    out = tmp_path / "out"
    peaks = {}
    for rows in (10**5, 10**6):
        if form == "nt":
            query = f"CONSTRUCT {{ ?a <urn:p> ?f }} WHERE {{ SELECT ?a ?f {{ ?a ?b ?c . ?d ?e ?f }} LIMIT {rows} }}"
            command = [
                sys.executable,
                "-c",
                _MEASURE,
                out,
                *COMMAND,
                "query",
                query,
                "--format",
                "nt",
                "--store",
                folder,
            ]
            done = subprocess.run(command, env=program.environment(), capture_output=True, text=True, check=True)
            peaks[rows] = int(done.stdout.split()[1])
            continue
        peaks[rows] = _peak(program, folder, rows, form, out)
        if form == "csv":
            with out.open("rb") as file:
                assert sum(1 for _ in file) >= rows + 1
        elif form == "json" and rows == 10**5:
            assert len(json.loads(out.read_bytes())["results"]["bindings"]) == rows
        elif form == "parquet":
            assert duckdb.sql(f"SELECT COUNT(*) FROM read_parquet('{out}')").fetchall() == [(rows,)]
    print(f"{form}: {peaks[10**5] // 1024} MiB at 10^5 rows, {peaks[10**6] // 1024} MiB at 10^6")
    # DuckDB, which writes Parquet, fills buffers of its own; it takes the same at 3 million rows as at one
    assert peaks[10**6] < (256 << 10 if form == "parquet" else peaks[10**5] * 1.35 + 20_000)
    assert out.stat().st_size > 1_000
