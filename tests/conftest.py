"""What tests share: a real SPARQL server on loopback, the seed study's source, and a home that is nobody's."""

import itertools
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
ROOT = Path(__file__).resolve().parents[1]
_HOMES = itertools.count()


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own: no test touches the folders of the user, or goes through a proxy."""
    home = tmp_path_factory.getbasetemp() / f"home-{next(_HOMES)}"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    for name in ("PICOGRAPH_STORE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public material beside the repository; without it the test is skipped."""
    if not SHARED.exists():
        pytest.skip("the material in ../shared is not at hand")
    return SHARED


@pytest.fixture(scope="session")
def seed_text(shared: Path) -> Path:
    """The seed study's abstract, as PubMed's text layout has it."""
    return shared / "seed" / "sorafenib-radiotherapy-hcc.txt"


@pytest.fixture(scope="session")
def seed_study_file() -> Path:
    """The seed study's curated study file, which ships."""
    return ROOT / "kg" / "records" / "sorafenib-radiotherapy-hcc.yaml"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False


# Runs a server until its own standard input ends, as it does when the tests end in whatever way: none is left behind.
_WATCH = """
import os, subprocess, sys, threading
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
threading.Thread(target=lambda: (os.read(0, 1), server.terminate()), daemon=True).start()
sys.exit(server.wait())
"""


def _started(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server; on another port if somebody was quicker to take the first."""
    program = Path(sys.executable).parent / "oxigraph"
    for attempt in range(5):
        port = _free_port()
        log = folder / f"log-{attempt}"
        with log.open("wb") as said:
            command = [program, "serve", "--location", folder / "data", "--bind", f"127.0.0.1:{port}"]
            watch = [sys.executable, "-c", _WATCH, *command]
            server = subprocess.Popen(watch, stdin=subprocess.PIPE, stdout=said, stderr=said)
        base = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 10
        # its own words come before an answer: the answer could be that of another worker's server on the port
        while server.poll() is None and time.monotonic() < until:
            if b"Listening" in log.read_bytes() and _answers(base + "/query"):
                return server, base
            time.sleep(0.02)
        _stop(server)
    raise RuntimeError(f"the server does not start: {log.read_text('utf-8')}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    assert server.stdin is not None
    server.stdin.close()
    server.wait(30)


@pytest.fixture(scope="session")
def sparql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real SPARQL 1.1 server, one for each worker: its address without a path."""
    server, base = _started(tmp_path_factory.mktemp("server"))
    try:
        yield base
    finally:
        _stop(server)


@pytest.fixture
def remote_url(sparql_server: str) -> str:
    """The query address of the server, its graphs all empty."""
    request = urllib.request.Request(
        sparql_server + "/update", data=b"DROP ALL", headers={"Content-Type": "application/sparql-update"}
    )
    with urllib.request.urlopen(request, timeout=30):
        pass
    return sparql_server + "/query"
