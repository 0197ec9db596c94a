"""Stores that the acceptance tests share: a folder and a real server, filled by the program itself."""

import contextlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from picograph.tests.acceptance.program import SEED, STUDY_FILE, Program


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return Program(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def folder(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two records of the seed study. Nobody changes it."""
    folder = tmp_path_factory.mktemp("store") / "seed"
    loaded = program("load", SEED, STUDY_FILE, store=folder)
    assert loaded.code == 0, loaded.err
    return folder


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}?query=ASK%7B%7D", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


@contextlib.contextmanager
def serving(location: Path) -> Iterator[str]:
    """Run a real Oxigraph server on loopback, with nothing in it; gives its query address."""
    serve = shutil.which("oxigraph", path=str(Path(sys.executable).parent))
    assert serve, "the program oxigraph stands beside Python: pip install oxigraph"
    bind = f"127.0.0.1:{_free_port()}"
    command = [serve, "serve", "--location", str(location / "data"), "--bind", bind]
    with (location / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        url = f"http://{bind}/query"
        try:
            for _ in range(200):
                if _answers(url):
                    break
                assert server.poll() is None, (location / "log").read_text("utf-8")
                time.sleep(0.05)
            else:
                pytest.fail("the server does not answer")
            yield url
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def server(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the two records of the seed study. Nobody changes it."""
    with serving(tmp_path_factory.mktemp("oxigraph")) as url:
        loaded = program("load", SEED, STUDY_FILE, store=url)
        assert loaded.code == 0, loaded.err
        yield url
