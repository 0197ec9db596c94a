"""A package of somebody else adds a target: `export` lists it and runs it; a broken one is told, and harms nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from picograph.tests.acceptance.program import Program, said

MODULE = '''
def keys(selection, losses):
    """Write the keys of the studies, a line each."""
    for study in selection.studies():
        losses.add("all but the keys", study[0].key)
        yield study[0].key.encode() + b"\\n"
'''
PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "picograph-keys"
version = "1"
[project.entry-points."picograph.exports"]
keys = "picograph_keys:keys"
broken = "picograph_keys:nothing_of_that_name"
csv = "picograph_keys:keys"
[tool.setuptools]
py-modules = ["picograph_keys"]
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with the package, built and installed by pip from its own project; nothing is fetched."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    (source / "pyproject.toml").write_text(PROJECT, "utf-8")
    (source / "picograph_keys.py").write_text(MODULE, "utf-8")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*command, "--target", target, source], check=True, capture_output=True, timeout=120)
    return str(target)


def test_export_lists_and_runs_it(program: Program, folder: Path, installed: str) -> None:
    listed = {row["target"]: row["writes"] for row in program("export", PYTHONPATH=installed).rows()}
    assert listed["keys"] == "the keys of the studies, a line each."
    ran = program("export", "keys", store=folder, PYTHONPATH=installed)
    assert (ran.code, ran.text) == (0, "doi:10.1016/j.ijrobp.2014.01.017\n")
    assert "Not expressed in keys: 1 all but the keys" in ran.err
    said(program("export", "keys", store=folder), 2, "there is no export 'keys'")


def test_it_replaces_no_target_and_a_broken_one_is_told(program: Program, folder: Path, installed: str) -> None:
    assert program("export", "csv", store=folder, PYTHONPATH=installed).out.startswith(b"study,document")
    said(
        program("export", "broken", store=folder, PYTHONPATH=installed),
        2,
        "picograph_keys:nothing_of_that_name",
        "update",
    )
    listed = {row["target"]: row["writes"] for row in program("export", PYTHONPATH=installed).rows()}
    assert "cannot be used" in listed["broken"]
