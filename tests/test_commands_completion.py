"""Promise: a shell is offered what fits, as it takes it; where there is nothing to offer it hears nothing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from picograph.tests.acceptance.program import COMMAND, Program
from picograph.tests.test_queries_answers import RECORDS

SEED = "doi:10.1016/j.ijrobp.2014.01.017"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return Program(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def folder(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store") / "all"
    assert program("load", *RECORDS[1:], store=folder).code == 0
    return folder


def in_bash(program: Program, line: str, **more: str) -> list[str]:
    """Ask as our function for bash does."""
    ran = program(COMP_LINE=line, _PICOGRAPH_COMPLETE="bash_complete", **more)
    assert ran.err == ""
    return [each.removeprefix("plain,") for each in ran.text.splitlines() if each]


def test_names_of_commands_questions_and_options(program: Program) -> None:
    assert in_bash(program, "picograph val") == ["validate"]
    assert in_bash(program, "picograph ask sur") == ["survival", "survival-by-factor"]
    assert in_bash(program, "picograph pool adv") == ["adverse-events"]
    assert in_bash(program, "picograph ask survival --fo") == ["--format"]
    assert in_bash(program, "picograph ask survival --format t") == ["table", "tsv"]


CASES = {
    "--study NCT0": ["NCT00000001", "NCT00000004"],
    "--study=NCT00000004": ["NCT00000004"],
    "--study doi:10": ["10.1016/j.ijrobp.2014.01.017"],  # bash itself keeps what stands before a colon
    "--study 'doi:10": [SEED],
    "--arm NCT00000001/arm/p": ["NCT00000001/arm/placebo"],
    "--arm NCT00000001/": ["NCT00000001/arm/combined", "NCT00000001/arm/placebo"],
    "--study NCT00000001 --arm ": ["NCT00000001/arm/combined", "NCT00000001/arm/placebo"],
    f"--study {SEED} --arm ": [f"{SEED}/arm/radiation-sorafenib"],
    "--drug SORAF": ["Sorafenib", "sorafenib\\ tosylate"],
    "--drug protein\\ kinase\\ inhibitors": ["Protein\\ Kinase\\ Inhibitors"],
    '--drug "protein kinase inhibitors': ["Protein Kinase Inhibitors"],
    "--event hepatic\\ tox": ["hepatic\\ toxicity"],
    "--event Übelkeit": ['Übelkeit\\ \\"stark\\"'],
    "--study NCT9": [],
    "--min-grade ": [],
}


@pytest.mark.parametrize("typed", CASES)
def test_values_come_from_the_store_and_the_vocabularies(program: Program, folder: Path, typed: str) -> None:
    assert in_bash(program, f"picograph ask adverse-events --store {folder} {typed}") == CASES[typed]


def test_outcomes_and_properties_are_offered_in_the_words_of_reports(program: Program, folder: Path) -> None:
    asked = {"PICOGRAPH_STORE": str(folder)}
    assert in_bash(program, "picograph ask median-times --outcome overall", **asked) == ["Overall\\ survival"]
    found = in_bash(program, "picograph ask responses-with-baseline --property portal\\ vein\\ th", **asked)
    assert found == ["portal\\ vein\\ thrombosis"]
    assert in_bash(program, "picograph show NCT00000004", **asked) == ["NCT00000004"]


def test_zsh_and_fish_are_told_with_what_it_is(program: Program, folder: Path) -> None:
    asked = {"PICOGRAPH_STORE": str(folder)}
    zsh = program(_PICOGRAPH_COMPLETE="zsh_complete", COMP_WORDS="picograph ask no-co", COMP_CWORD="2")
    assert zsh.text.split("\n")[:3] == ["plain", "no-comparator", "Which studies have no comparator?"]
    words = "picograph ask studies --drug sorafen"
    zsh = program(_PICOGRAPH_COMPLETE="zsh_complete", COMP_WORDS=words, COMP_CWORD="4", **asked)
    assert "mesh\\:D000077157" in zsh.text or "mesh:D000077157" in zsh.text
    fish = program(_PICOGRAPH_COMPLETE="fish_complete", COMP_WORDS=words, COMP_CWORD="sorafen", **asked)
    assert "Sorafenib" in fish.text
    assert "mesh:D000077157" in fish.text
    for shell in ("bash", "zsh", "fish"):
        script = program(_PICOGRAPH_COMPLETE=f"{shell}_source").text
        assert f"_PICOGRAPH_COMPLETE={shell}_complete" in script


def test_nothing_is_said_where_there_is_nothing(program: Program, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("x")
    for store in ("other", "none", "other/file"):
        assert in_bash(program, f"picograph ask survival --store {tmp_path / store} --study N") == []
    # no server is asked because a key was pressed; the vocabularies are at hand all the same
    server = "picograph ask survival --store http://127.0.0.1:9/query"
    assert in_bash(program, f"{server} --study N") == []
    assert in_bash(program, f"{server} --drug sorafen")[0] == "Sorafenib"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_puts_it_in_place(program: Program, folder: Path, tmp_path: Path) -> None:
    """The function as bash runs it, with the program on the path."""
    (tmp_path / "picograph").write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
    (tmp_path / "picograph").chmod(0o755)
    (tmp_path / "complete").write_text(program(_PICOGRAPH_COMPLETE="bash_source").text)
    line = 'picograph ask studies --drug "protein kinase inhibitors'
    script = f"""
    source {tmp_path / "complete"}
    COMP_LINE='{line} and what stands behind the cursor' COMP_POINT={len(line)}
    _picograph_completion picograph
    printf '[%s]' "${{COMPREPLY[@]}}"
    complete -p picograph
    """
    environment = program.environment(PICOGRAPH_STORE=str(folder))
    environment["PATH"] = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[Protein Kinase Inhibitors]complete ")
    assert done.stderr == ""
