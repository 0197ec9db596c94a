"""Promise: what a user gets wrong ends in what, where, try and an exit code, and the store stays as it was."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from picograph.tests.acceptance.program import KEY, QUESTIONS, SEED, STUDY_FILE, Program, said

TEXT = STUDY_FILE.read_text("utf-8")
SEVERE = "    affected: 6\n    at_risk: 40\n"
SURVIVAL = '    value: 32\n    unit: "%"\n'
CHECKSUM = "3e0cba882f8ffb404f06790a16cb688f58464ad79a068e08e76112de6528b8e1"


def changed(old: str, new: str) -> bytes:
    assert TEXT.count(old) == 1, old
    return TEXT.replace(old, new).encode()


# a bad study file -> words of what and where
BAD_FILES: dict[str, tuple[bytes, str, str]] = {
    "more affected than at risk": (
        changed(SEVERE, "    affected: 80\n    at_risk: 71\n"),
        "80 participants affected out of 71 at risk",
        "adverse_events[3]",
    ),
    "an interval that misses its estimate": (
        changed(SURVIVAL, SURVIVAL + "    interval: {low: 40, high: 50, level: 95}\n"),
        "32 lies outside",
        "estimates[2]",
    ),
    "a place outside the text": (changed("evidence: 2102-2177", "evidence: 2102-99999"), "3016", "conclusions[0]"),
    "an unknown unit": (
        changed("dose: {unit: mg, value: 400}", "dose: {unit: furlong, value: 400}"),
        "furlong",
        "dose",
    ),
    "a wrong checksum": (changed(CHECKSUM, "0" * 64), "checksum 000000000000", "record.source.sha256"),
    "bad YAML": (changed("key: doi:10.1016/j.ijrobp.2014.01.017\nrecord:", "key: [\nrecord:"), "not YAML", "line"),
    "an empty file": (b"", "empty", ""),
    "a binary file": (bytes(range(256)) * 20, "binary", ""),
    "a text in another encoding": ("Größe".encode("latin-1"), "byte 2 is not UTF-8", ""),
    "a text in UTF-16": ("Größe".encode("utf-16"), "byte 0 is not UTF-8", ""),
}


@pytest.fixture(scope="module")
def store(program: Program, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the seed's store, which these tests try to spoil."""
    copy = tmp_path_factory.mktemp("refusals") / "store"
    shutil.copytree(folder, copy)
    return copy


@pytest.fixture
def unchanged(program: Program, store: Path) -> Callable[[], None]:
    before = program("export", "nq", "--words", store=store).out
    assert len(before) > 100_000

    def check() -> None:
        assert program("export", "nq", "--words", store=store).out == before

    return check


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_study_file_is_refused(
    program: Program, store: Path, unchanged: Callable[[], None], tmp_path: Path, name: str
) -> None:
    content, what, where = BAD_FILES[name]
    file = tmp_path / "my study.yaml"
    file.write_bytes(content)
    ran = program("load", file, store=store)
    assert ran.code == 1
    assert len(ran.text.splitlines()) == 1, "a header, and no row"
    first, *rest = ran.err.splitlines()
    assert first.startswith("Error: ")
    assert what in ran.err
    assert any(line.startswith("  where: ") and "my study.yaml" in line for line in rest)
    assert where in ran.err
    assert any(line.startswith("  try:   ") for line in rest)
    unchanged()


def test_there_are_ten_bad_study_files() -> None:
    assert len(BAD_FILES) == 10


def test_good_records_beside_bad_ones_are_kept(program: Program, tmp_path: Path) -> None:
    bad, rejects = tmp_path / "bad.yaml", tmp_path / "rejects.jsonl"
    bad.write_bytes(BAD_FILES["more affected than at risk"][0])
    ran = program("load", bad, SEED, "no such file", "--rejects", rejects, "--format", "json", store=tmp_path / "store")
    assert ran.code == 1
    assert [row["outcome"] for row in ran.json()] == ["refused", "added", "refused"]
    assert [row["error"] is None for row in ran.json()] == [False, True, False]
    lines = [json.loads(line) for line in rejects.read_text("utf-8").splitlines()]
    assert len(lines) >= 2
    assert all(list(line) == ["record", "reason", "where", "pointer", "try"] for line in lines)
    assert {line["record"] for line in lines} == {str(bad), "no such file"}
    told = [line["reason"] for line in lines if line["record"] == str(bad)]
    assert any("80 participants affected out of 71" in reason for reason in told)
    assert program("info", store=tmp_path / "store").code == 0
    none = program("load", SEED, "--rejects", rejects, store=tmp_path / "store")
    assert (none.code, rejects.read_bytes()) == (0, b""), "nothing was refused"


def test_what_a_link_leads_to_is_written_and_the_link_stays(program: Program, tmp_path: Path, store: Path) -> None:
    """As /dev/stdout is one: it must not become a file."""
    to, link = tmp_path / "to", tmp_path / "link"
    to.touch()
    link.symlink_to(to)
    assert program("load", tmp_path / "none", "--rejects", link, store=tmp_path / "store").code == 1
    assert link.is_symlink()
    assert json.loads(to.read_text("utf-8"))["record"] == str(tmp_path / "none")
    assert program("export", "nq", "--output", link, store=store).code == 0
    assert link.is_symlink()
    assert to.read_bytes().startswith(b"<https://")


def test_a_file_that_cannot_be_read_is_named(program: Program, store: Path, tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        ran = program("load", path, store=store)
        assert ran.code == 1
        assert why in ran.err
        assert f"where: {path}" in ran.err
        said(program("validate", "--source", path, store=store), 1, why)
        said(program("show", KEY, "--source", path, store=store), 1, why)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read and write everything")
def test_what_is_not_permitted_is_said(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "secret.yaml"
    file.write_text(TEXT, "utf-8")
    file.chmod(0)
    assert "Permission denied" in program("load", file, store=tmp_path / "store").err
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    said(program("load", STUDY_FILE, store=closed / "store"), 3, "cannot be written")


# the command, the exit code, what is said
WRONG: list[tuple[tuple[str, ...], int, tuple[str, ...]]] = [
    (("shwo",), 2, ("there is no command 'shwo'", "did you mean show?")),
    (("zzz",), 2, ("there is no command 'zzz'", "picograph --help lists them")),
    (("--verson",), 2, ("there is no option --verson", "did you mean --version?")),
    (("ask", "adverse-event"), 2, ("there is no question 'adverse-event'", "did you mean adverse-events?")),
    (("ask", "zzz"), 2, ("there is no question 'zzz'", "picograph ask lists them")),
    (("ask", "adverse-events", "--min-grad", "3"), 2, ("there is no option --min-grad", "did you mean --min-grade?")),
    (("ask", "adverse-events", "--min-grade", "three"), 2, ("'three' is not a valid integer", "--min-grade")),
    (("ask", "adverse-events", "--min-grade", "1.5"), 2, ("'1.5' is not a valid integer",)),
    (("ask", "adverse-events", "--min-grade", "9"), 2, ("9 lies outside 0 to 5", "--min-grade")),
    (("ask", "adverse-events", "--min-grade", "-1"), 2, ("-1 lies outside 0 to 5",)),
    (("ask", "adverse-events", "--min-grade"), 2, ("requires an argument",)),
    (("ask", "adverse-events", "--drug", "sorafenb"), 2, ("no concept is called 'sorafenb'", "did you mean Sorafenib")),
    (("ask", "adverse-events", "--drug", "zzzqqq"), 2, ("no concept is called 'zzzqqq'", "picograph lookup")),
    (("ask", "adverse-events", "--drug", ""), 2, ("no concept is called ''",)),
    (("ask", "studies", "--format", "jsno"), 2, ("there is no format 'jsno'", "did you mean json?")),
    (("ask", "studies", "--format", "xml"), 2, ("there is no format 'xml'", "table, tsv, csv, json")),
    (("query", "ASK {}", "--format", "turtel"), 2, ("did you mean turtle?",)),
    (("query", " "), 2, ("the query is empty",)),
    (
        ("query", "ASK { ?s pg:arm ?o }"),
        2,
        ("the prefix pg: is not declared", "PREFIX pg: <https://w3id.org/picograph/"),
    ),
    (("query", "-f", "/"), 1, ("Is a directory", "name the files in it: /*")),
    (("ask", "studies", "extra"), 2, ("unexpected extra argument",)),
    (("show",), 2, ("missing argument 'STUDY'", "picograph show [OPTIONS] STUDY")),
    (("show", "10.1016/j.ijrobp.2014.01.017"), 2, ("there is no study", f"did you mean {KEY}?")),
    (("show", "nothing like it at all"), 2, ("there is no study", "picograph ask studies")),
    (("show", "http://exa mple.org/<x>"), 2, ("is not a study",)),
    (("load",), 2, ("there is nothing to load", "name a file")),
    (("lookup",), 2, ("missing argument 'TEXT...'",)),
    (("lookup", "x", "--limit", "0"), 2, ("0 is not in the range",)),
    (("lookup", "x", "--limt", "1"), 2, ("did you mean --limit?",)),
    (("validate", "--sources", "x"), 2, ("did you mean --source?",)),
]


@pytest.mark.parametrize(("command", "code", "words"), WRONG, ids=[" ".join(each[0]) for each in WRONG])
def test_wrong_use_names_the_nearest_right_one(
    program: Program, store: Path, command: tuple[str, ...], code: int, words: tuple[str, ...]
) -> None:
    # by the environment, so that the option that is missing its value does not take --store for one
    said(program(*command, PICOGRAPH_STORE=str(store)), code, *words)


def test_the_program_alone_shows_its_help(program: Program) -> None:
    alone = program()
    assert (alone.code, alone.out) == (2, b"")
    asked = program("--help")
    assert asked.code == 0
    assert asked.text == alone.err
    verbs = ("demo", "load", "show", "lookup", "ask", "query", "validate", "export", "info")
    for verb in verbs:
        helped = program(verb, "--help")
        assert helped.code == 0
        assert "--store" in helped.text
        assert "..." not in asked.text.split(f"  {verb} ")[1].splitlines()[0], "a summary that is cut"
    assert program("ask", QUESTIONS[0], "--help").code == 0


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("http://127.0.0.1:9/query", "the SPARQL endpoint does not answer"),
        ("http://", "the SPARQL endpoint does not answer"),
        ("http://[x/query", "the SPARQL endpoint does not answer"),
        ("ftp://127.0.0.1/x", "'ftp' is not a kind of store"),
        ("{tmp}/none", "there is no store here yet"),
        ("{tmp}/file", "this is not a picograph store"),
        ("{tmp}/folder", "this is not a picograph store"),
    ],
)
def test_a_store_that_is_none_is_exit_code_three(program: Program, tmp_path: Path, address: str, what: str) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "letter.txt").write_text("x", "utf-8")
    for command in (("ask", "studies"), ("info",), ("export", "nq")):
        said(program(*command, store=address.format(tmp=tmp_path)), 3, what)
    if "none" not in address:
        assert program("load", STUDY_FILE, store=address.format(tmp=tmp_path)).code == 3
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder", "letter.txt"] or "none" in address


def test_without_a_store_the_user_is_told_to_load_one(program: Program, tmp_path: Path) -> None:
    alone = Program(tmp_path / "home")
    said(alone("ask", "studies"), 3, "there is no store here yet", "picograph load FILE", "picograph demo")
    assert alone("load", STUDY_FILE).code == 0
    assert len(alone("ask", "studies").rows()) == 1
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["data"]


def test_debug_shows_where_an_error_came_from(program: Program, store: Path) -> None:
    import subprocess

    from picograph.tests.acceptance.program import COMMAND

    for command in (
        ["ask", "zzz", "--debug"],
        ["--debug", "ask", "zzz"],
        ["show", "x", "--debug", "--store", str(store)],
    ):
        done = subprocess.run([*COMMAND, *command], capture_output=True, env=program.environment(), check=False)
        assert done.returncode != 0
        assert b"Traceback" in done.stderr
        assert b"UsageError" in done.stderr


def test_bytes_that_are_no_text_are_met(program: Program, store: Path, tmp_path: Path) -> None:
    odd = os.fsdecode(b"a\xff")
    for option in ("--drug", "--event", "--study"):
        said(program("ask", "adverse-events", f"{option}={odd}", store=store), 2, "is not a text")
    assert program("show", odd, store=store).code == 2
    assert program("lookup", odd).code == 0
    file = tmp_path / odd
    file.write_bytes(STUDY_FILE.read_bytes())
    for form in ("tsv", "json", "table"):
        assert program("load", file, "--format", form, store=tmp_path / form).code == 0
    bad = tmp_path / (odd + "bad")
    bad.write_bytes(b"")
    for form in ("tsv", "json", "table"):
        ran = program("load", bad, "--format", form, "--rejects", tmp_path / "rejects", store=store)
        assert ran.code == 1
        assert "a\\udcffbad" in (tmp_path / "rejects").read_text("utf-8").replace("\\\\", "\\")


@pytest.mark.parametrize("group", [(), ("store",), ("vocab",)])
def test_a_group_without_its_command_shows_what_it_has(program: Program, group: tuple[str, ...]) -> None:
    ran = program(*group)
    assert ran.code == 2
    assert not ran.out
    assert ran.err.startswith(f"Usage: {' '.join(['picograph', *group])} [OPTIONS]")
