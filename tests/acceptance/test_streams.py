"""Promise: whatever happens to the streams of a load, what it said is in the store, and the store is whole: records on
standard input, a reader that goes, Ctrl-C, a disk that is full. The same command goes on from there.
"""

import json
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from picograph.tests.acceptance.program import COMMAND, Program

SIZE = 40  # records
PREFIX = "PREFIX pg: <https://w3id.org/picograph/ontology/> "
EVENTS = 10  # of each


def record(number: int) -> bytes:
    """Write a record of a registry."""
    events = [
        {"term": f"Event {each}", "stats": [{"groupId": "E", "numAffected": each, "numAtRisk": 60}]}
        for each in range(EVENTS)
    ]
    identified = {"nctId": f"NCT{number:08d}", "briefTitle": f"Trial {number}"}
    safety = {"eventGroups": [{"id": "E", "title": "Drug"}], "otherEvents": events}
    made = {"protocolSection": {"identificationModule": identified}, "resultsSection": {"adverseEventsModule": safety}}
    return json.dumps(made).encode() + b"\n"


@pytest.fixture(scope="module")
def lines() -> bytes:
    return b"".join(map(record, range(1, SIZE + 1)))


def studies(program: Program, store: Path) -> list[str]:
    asked = program("query", PREFIX + "SELECT ?key WHERE { GRAPH ?r { ?r pg:documentKey ?key } } ORDER BY ?key",
                    "--format", "csv", store=store)  # fmt: skip
    assert asked.code == 0, asked.err
    return asked.text.split()[1:]


def whole(program: Program, store: Path, keys: list[str]) -> None:
    """Every record that is there is there whole, and the table says what the quads say."""
    asked = program("query", PREFIX + "SELECT (COUNT(?e) AS ?n) WHERE { GRAPH ?r { ?e a pg:AdverseEventResult } }",
                    "--format", "csv", store=store)  # fmt: skip
    assert int(asked.text.split()[1]) == EVENTS * len(keys)
    rows = program("ask", "adverse-events", "--event", "Event 7", store=store).rows()
    assert [(row["affected"], row["at_risk"]) for row in rows] == [("7", "60")] * len(keys)


def finished(program: Program, store: Path, lines: bytes) -> None:
    """The same again gives all."""
    again = program("load", "-", store=store, input=lines)
    assert again.code == 0, again.err
    keys = studies(program, store)
    assert len(keys) == SIZE
    whole(program, store, keys)


def start(program: Program, store: Path, *more: str, **kwargs: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*COMMAND, "load", "-", "--store", str(store), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=program.environment(), cwd=program.home, **kwargs,  # type: ignore[call-overload]
    )  # fmt: skip


def test_records_on_standard_input_are_read_as_they_come(program: Program, tmp_path: Path, lines: bytes) -> None:
    store = tmp_path / "store"
    loaded = program("load", "-", store=store, input=lines)
    assert loaded.code == 0, loaded.err
    assert [row["outcome"] for row in loaded.rows()] == ["added"] * SIZE
    assert loaded.rows()[0]["file"].startswith("standard input")
    whole(program, store, studies(program, store))
    empty = program("load", "-", store=store, input=b"")
    assert empty.code == 1
    assert "standard input" in empty.err


def test_a_reader_that_goes_loses_no_record(program: Program, tmp_path: Path, lines: bytes) -> None:
    store = tmp_path / "store"
    with start(program, store) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        assert running.stderr is not None
        running.stdout.close()  # as head does, when it has enough
        running.stdin.write(lines)
        running.stdin.close()
        told = running.stderr.read()
        assert running.wait(60) == 0, told
    assert b"Traceback" not in told
    keys = studies(program, store)
    assert len(keys) == SIZE, "who does not read what is told still loads"
    whole(program, store, keys)


def test_ctrl_c_ends_with_130_and_keeps_what_was_said(program: Program, tmp_path: Path, lines: bytes) -> None:
    store = tmp_path / "store"
    running = start(program, store)
    assert running.stdin is not None
    half = b"".join(map(record, range(1, SIZE // 2 + 1)))
    running.stdin.write(half)
    running.stdin.flush()
    time.sleep(3)  # it waits for more
    running.send_signal(signal.SIGINT)
    said, told = running.communicate(timeout=60)
    assert running.returncode == 130, told
    assert b"Stopped." in told
    assert b"Traceback" not in told
    keys = studies(program, store) if store.exists() else []
    assert said.count(b"added\t") <= len(keys) <= SIZE // 2
    if keys:
        whole(program, store, keys)
    finished(program, store, lines)


@pytest.mark.parametrize("most", [20_000, 400_000])
def test_a_full_disk_is_told_and_what_was_there_stays(
    program: Program, tmp_path: Path, lines: bytes, most: int
) -> None:
    store = tmp_path / "store"
    first = b"".join(map(record, range(1, 6)))
    assert program("load", "-", store=store, input=first).code == 0

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    running = start(program, store, preexec_fn=small)
    _, told = running.communicate(lines, timeout=120)
    assert running.returncode in (1, 3), (running.returncode, told)
    assert b"Traceback" not in told
    assert b"Error: " in told
    assert b"try:" in told
    keys = studies(program, store)
    assert len(keys) >= 5
    whole(program, store, keys)
    finished(program, store, lines)
