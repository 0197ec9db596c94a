"""Stores that the acceptance tests share: a folder and a real server, filled by the program itself."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from picograph.tests.acceptance.program import PAIR, SEED, STUDY_FILE, WORKED, Program
from picograph.tests.servers import oxigraph


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


@pytest.fixture(scope="session")
def both(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the seed study and one of two arms: they answer every question that is not of pairs."""
    folder = tmp_path_factory.mktemp("store") / "both"
    loaded = program("load", SEED, STUDY_FILE, WORKED, store=folder)
    assert loaded.code == 0, loaded.err
    return folder


@pytest.fixture(scope="session")
def pair(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a registry record and two publications of one made-up trial. Nobody changes it."""
    folder = tmp_path_factory.mktemp("store") / "pair"
    loaded = program("load", *PAIR, store=folder)
    assert loaded.code == 0, loaded.err
    return folder


@contextlib.contextmanager
def serving(location: Path) -> Iterator[str]:
    """Run a real Oxigraph server on loopback, with nothing in it; gives its query address."""
    with oxigraph(location) as base:
        yield base + "/query"


@pytest.fixture(scope="session")
def server(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the two records of the seed study. Nobody changes it."""
    with serving(tmp_path_factory.mktemp("oxigraph")) as url:
        loaded = program("load", SEED, STUDY_FILE, store=url)
        assert loaded.code == 0, loaded.err
        yield url
