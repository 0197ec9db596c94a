"""Real SPARQL servers on loopback, each on a free port and in a temporary folder; it ends with whoever started it."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

PASSWORD = "dba"  # Virtuoso's own for its user dba in a new database

# Runs a server until its own standard input ends, as it does when whoever started it ends in whatever way.
_WATCH = """
import os, subprocess, sys, threading
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
threading.Thread(target=lambda: (os.read(0, 1), server.terminate()), daemon=True).start()
sys.exit(server.wait())
"""


def free_port() -> int:
    """Give a port that nobody listens on now; somebody may be quicker to take it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    """Say whether somebody answers HTTP there, in whatever way."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False


@contextlib.contextmanager
def running(
    folder: Path, command: Callable[[int, Path], list[str | Path]], path: str, words: bytes, patience: float = 20
) -> Iterator[str]:
    """Run a server; gives its address without a path. On another port if somebody was quicker to take the first.

    :param command: what starts it, from a port and an empty folder
    :param path: where it answers
    :param words: what it says when it is ready: an answer could be that of another server on the port
    :param patience: how long it may take to start [seconds]
    """
    for attempt in range(5):
        port, home = free_port(), folder / f"server-{attempt}"
        home.mkdir(parents=True)
        log = home / "said"
        with log.open("wb") as said:
            watch = [sys.executable, "-c", _WATCH, *map(str, command(port, home))]
            server = subprocess.Popen(watch, stdin=subprocess.PIPE, stdout=said, stderr=said, cwd=home)
        base = f"http://127.0.0.1:{port}"
        try:
            until = time.monotonic() + patience
            while server.poll() is None and time.monotonic() < until:
                if words in log.read_bytes() and answers(base + path):
                    yield base
                    return
                time.sleep(0.02)
        finally:
            assert server.stdin is not None
            server.stdin.close()
            server.wait(30)
    raise RuntimeError(f"the server does not start: {log.read_text('utf-8', 'replace')}")


@contextlib.contextmanager
def oxigraph(folder: Path) -> Iterator[str]:
    """Run an Oxigraph server with nothing in it: ``/query``, ``/update``, ``/store``."""
    program = Path(sys.executable).parent / "oxigraph"
    assert program.exists(), "the program oxigraph stands beside Python: pip install oxigraph"

    def command(port: int, home: Path) -> list[str | Path]:
        return [program, "serve", "--location", home / "data", "--bind", f"127.0.0.1:{port}"]

    with running(folder, command, "/query", b"Listening") as base:
        yield base


class Virtuoso(NamedTuple):
    """A Virtuoso server that runs."""

    base: str  # its address without a path
    sql: str  # host:port of its SQL
    folder: Path  # what it may read files from

    @property
    def query_url(self) -> str:
        """Where anybody may ask: read only, as Virtuoso comes."""
        return self.base + "/sparql"

    @property
    def url(self) -> str:
        """Where its user dba may ask and write, with the password in the address."""
        return self.base.replace("://", f"://dba:{PASSWORD}@") + "/sparql-auth"

    def run(self, *statements: str) -> str:
        """Run SQL; gives what was printed.

        :raises RuntimeError: if a statement failed
        """
        command = ["isql-vt", self.sql, "dba", PASSWORD, "ERRORS=STDOUT", f"exec={' '.join(statements)}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode or "*** Error" in done.stdout:
            raise RuntimeError(done.stdout + done.stderr)
        return done.stdout

    def load(self, *files: Path) -> None:
        """Load N-Quads files with Virtuoso's own bulk loader; what is loaded lasts when this ends.

        One file after the other: two loaders at a time locked each other out, with ten million quads.

        :raises RuntimeError: if a file was not loaded
        """
        # its other way, TTLP_MT, ends with a deadlock between its own threads from some hundred thousand quads on
        names = [f"load-{number}.nq" for number in range(len(files))]
        for name, file in zip(names, files, strict=True):
            shutil.copyfile(file, self.folder / name)
        self.run("delete from DB.DBA.load_list;", "ld_dir('.', 'load-*.nq', 'urn:none');")
        self.run("log_enable(2);", "DB.DBA.rdf_loader_run();")  # each row by itself, and nothing in the log
        self.run("checkpoint;")
        said = self.run("select 'wrong', ll_file, ll_error from DB.DBA.load_list where ll_state <> 2 or ll_error;")
        for name in names:
            (self.folder / name).unlink()
        if "0 Rows" not in said:
            raise RuntimeError(said)

    def empty(self) -> None:
        """Take out every graph that is not Virtuoso's own."""
        self.run("RDF_GLOBAL_RESET();")


_CONFIGURATION = """
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
MaxCheckpointRemap = {remap}
[TempDatabase]
DatabaseFile = temporary.db
TransactionFile = temporary.trx
MaxCheckpointRemap = {remap}
[Parameters]
ServerPort = 127.0.0.1:{sql}
ServerThreads = 10
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
MaxQueryMem = 1G
MaxOptimizeLayouts = {layouts}
DirsAllowed = .
[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerThreads = 8
[SPARQL]
ResultSetMaxRows = 20000000
MaxQueryExecutionTime = {limit}
"""


@contextlib.contextmanager
def virtuoso(folder: Path, *, buffers: int = 10_000, layouts: int = 1000, limit: int = 0) -> Iterator[Virtuoso]:
    """Run a Virtuoso 7 server with nothing in it. It takes about three seconds to start.

    :param buffers: pages of 8 KiB that it keeps in memory; 10 million quads want 170,000
    :param limit: after which it ends a query [seconds]; 0: never, though nobody waits for the answer any more
    :param layouts: plans that it compares for a query; with few it plans in less time, and not as well
    """
    program = shutil.which("virtuoso-t")
    assert program, "there is no virtuoso-t: make test installs it"
    started: list[tuple[str, Path]] = []

    def command(port: int, home: Path) -> list[str | Path]:
        sql = free_port()
        settings = {"port": port, "sql": sql, "buffers": buffers, "dirty": buffers * 3 // 4, "remap": buffers // 4}
        settings |= {"layouts": layouts, "limit": limit}
        (home / "virtuoso.ini").write_text(_CONFIGURATION.format(**settings), "utf-8")
        started.append((f"127.0.0.1:{sql}", home))
        return [program, "-f", "-c", "virtuoso.ini"]

    with running(folder, command, "/sparql", b"Server online at", patience=60) as base:
        yield Virtuoso(base, *started[-1])


TOKEN = "a token for tests"


class Serving(NamedTuple):
    """A `picograph serve` that runs."""

    base: str  # its address, with a slash at the end
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def endpoint(self) -> str:
        """Its SPARQL endpoint."""
        return self.base + "sparql"

    def events(self, name: str) -> list[dict[str, Any]]:
        """Give what it logged of a kind."""
        lines = [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def workers(self) -> list[int]:
        """Give the processes that it started."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("ascii")
        return [int(each) for each in children.split()]

    def stop(self, patience: float = 20) -> int:
        """Tell it to stop; gives its exit code."""
        self.process.terminate()
        return self.process.wait(patience)


@contextlib.contextmanager
def picograph(store: Path, log: Path, *options: str, **environment: str) -> Iterator[Serving]:
    """Run `picograph serve` on a free port, over a store."""
    command = [sys.executable, "-m", "picograph.cli", "serve", "--port", "0", "--store", str(store), *options]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_DATA_HOME", "TMPDIR") if name in os.environ}
    with log.open("wb") as said:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env={**kept, "PICOGRAPH_TOKEN": TOKEN, **environment},
        )
    try:
        until = time.monotonic() + 60
        while b'"event":"ready"' not in log.read_bytes():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"picograph serve does not start: {log.read_text('utf-8', 'replace')}")
            time.sleep(0.02)
        ready = next(json.loads(line) for line in log.read_bytes().splitlines() if b'"event":"ready"' in line)
        yield Serving(ready["url"], process, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
