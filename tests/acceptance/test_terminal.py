"""Promise: pipes, encodings, widths and Ctrl-C are met quietly; what is piped on is data, in UTF-8, and complete."""

import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest

from picograph.tests.acceptance.program import COMMAND, KEY, OF_PAIRS, QUESTIONS, STUDY_FILE, Program


def piped(program: Program, command: list[str], reader: str) -> tuple[int, bytes, bytes]:
    """Pipe the program into a shell command; gives the program's exit code, what the reader printed, and messages."""
    with subprocess.Popen(
        [*COMMAND, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=program.environment()
    ) as writing:
        assert writing.stdout
        assert writing.stderr
        read = subprocess.run(reader, shell=True, stdin=writing.stdout, capture_output=True, check=False)
        writing.stdout.close()
        messages = writing.stderr.read()
    return writing.returncode, read.stdout, messages


@pytest.mark.parametrize(
    "command", [("ask", "evidence"), ("export", "nq", "--words"), ("show", KEY), ("query", "SELECT * { ?s ?p ?o }")]
)
def test_a_reader_that_goes_away_is_no_error(program: Program, folder: Path, command: tuple[str, ...]) -> None:
    code, read, messages = piped(program, [*command, "--store", str(folder)], "head -c 10")
    assert (code, messages) == (0, b"")
    assert len(read) == 10


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_a_full_disk_is_said(program: Program, folder: Path) -> None:
    for command in (["info"], ["export", "nq"], ["ask", "studies"]):
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [*COMMAND, *command, "--store", str(folder)],
                stdout=full,
                stderr=subprocess.PIPE,
                env=program.environment(),
                check=False,
            )
        assert done.returncode == 1
        assert done.stderr.decode().splitlines()[0] == "Error: the output cannot be written: No space left on device"


def test_closed_streams_are_met(program: Program, folder: Path) -> None:
    for closing in (">&-", "2>&-", ">&- 2>&-", "<&-"):
        line = " ".join([*COMMAND, "ask", "adverse-events", "--format", "table", "--store", str(folder), closing])
        done = subprocess.run(line, shell=True, capture_output=True, env=program.environment(), check=False)
        assert done.returncode == 0, (closing, done.stderr)
        assert b"Traceback" not in done.stderr


def test_data_is_utf8_whatever_the_locale(program: Program, folder: Path) -> None:
    for command in (
        ("show", KEY, "--format", "tsv"),
        ("show", KEY, "--format", "json"),
        ("ask", "studies", "--format", "csv"),
        ("query", 'SELECT ("≥ プラセボ" AS ?x) {}', "--format", "tsv"),
        ("export", "turtle"),
    ):
        expected = program(*command, store=folder)
        assert expected.code == 0
        for locale in ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}, {"PYTHONIOENCODING": "latin-1"}):
            assert program(*command, store=folder, **locale).out == expected.out


def test_a_terminal_that_lacks_a_sign_spells_it_out(program: Program, folder: Path) -> None:
    shown = program("show", KEY, "--format", "table", store=folder).text
    plain = program("show", KEY, "--format", "table", store=folder, PYTHONIOENCODING="latin-1")
    assert plain.code == 0
    assert plain.out.isascii()
    assert "grade ≥ 3, 6 of 40" in " ".join(shown.split())
    assert "grade >= 3, 6 of 40" in " ".join(plain.text.split())
    assert "[414-428]" in plain.text
    assert "?" not in plain.text


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_nothing_is_wider_than_the_terminal(program: Program, both: Path, pair: Path, columns: str) -> None:
    commands = (
        [("ask", name) for name in QUESTIONS] if columns == "40" else [("ask", "adverse-events"), ("ask", "evidence")]
    )
    for command in (*commands, ("ask",), ("show", KEY), ("lookup", "sorafenib"), ("info",)):
        store = None if command == ("ask",) else pair if command[-1] in OF_PAIRS else both
        text = program(*command, "--format", "table", store=store, COLUMNS=columns).text
        assert text, f"{command}: the studies at hand answer every question"
        assert max(map(len, text.splitlines())) <= int(columns), command
        assert "…" not in text, "nothing is cut"
    demo = program("demo", COLUMNS=columns).text
    assert max(len(line) for line in demo.splitlines() if "$" not in line and "triples" not in line) <= max(
        61, int(columns)
    )


def test_on_a_terminal_a_table_is_printed(program: Program, folder: Path) -> None:
    for command, begins in (
        (["ask", "survival"], b"study  doi:"),
        (["query", "SELECT ?x { VALUES ?x { 1 } }"], b"x\r\n1"),
        (["query", "ASK {}"], b"true"),
        (["query", "CONSTRUCT { <urn:a> <urn:b> <urn:c> } {}"], b"@prefix"),
        (["show", KEY], KEY.encode()),
    ):
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [*COMMAND, *command, "--store", str(folder)],
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            env=program.environment(),
        ) as running:
            os.close(theirs)
            printed = b""
            try:
                while more := os.read(ours, 4096):
                    printed += more
            except OSError:  # the other end is closed
                pass
            os.close(ours)
        assert running.returncode == 0
        assert printed.startswith(begins), printed


def test_text_of_a_record_cannot_steer_the_terminal(program: Program, tmp_path: Path) -> None:
    text = STUDY_FILE.read_text("utf-8").replace("term: diarrhea", 'term: "a\\e[2J\\e]0;title\\ab\\u202Ec\\u0085d"')
    assert "\\e[2J" in text
    (tmp_path / "study.yaml").write_text(text, "utf-8")
    loaded = program("load", tmp_path / "study.yaml", "--format", "table", store=tmp_path / "store")
    outputs = [loaded]
    if loaded.code == 0:
        outputs += [
            program(*command, "--format", "table", store=tmp_path / "store")
            for command in (("ask", "adverse-events"), ("show", KEY), ("ask", "evidence"))
        ]
    for ran in outputs:
        for bad in ("\x1b", "\x07", "\u202e", "\x85"):
            assert bad not in ran.text
            assert bad not in ran.err


def wait_until_it_reads(pid: int) -> None:
    """Wait until a process sleeps and uses no more time: on a busy machine, starting takes what it takes."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        time.sleep(5)
        return
    before, quiet = None, 0
    for _ in range(300):
        fields = stat.read_text().rpartition(")")[2].split()
        now = (fields[0], fields[11], fields[12])  # state, time in user mode, time in the kernel
        quiet = quiet + 1 if now == before and now[0] == "S" and now[1] != "0" else 0
        if quiet == 5:
            return
        before = now
        time.sleep(0.1)
    raise AssertionError("the process never came to rest")


def test_ctrl_c_stops_quietly(program: Program, folder: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "query", "-", "--store", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=program.environment(),
    ) as waiting:
        time.sleep(1.5)  # until it reads
        waiting.send_signal(signal.SIGINT)
        out, err = waiting.communicate(timeout=30)
    assert waiting.returncode == 130
    assert out == b""
    assert err.strip() == b"Stopped."
