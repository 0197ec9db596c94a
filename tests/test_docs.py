"""What the README and the docs say is so: commands, options, targets, links, words, and what commands print."""

import importlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from picograph.cli import cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/**/*.md"))]
WRITTEN = [page for page in PAGES if page.parent.name != "reference"]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


# --- commands -------------------------------------------------------------------------------------------------


def spelled(page: Path) -> Iterator[str]:
    """Give every command that a page spells out: lines of shell blocks, and code within a sentence."""
    text = page.read_text("utf-8")
    for language, block in FENCE.findall(text):
        for line in block.splitlines():
            if language == "console" and line.startswith("$ "):
                yield line[2:]
            elif language == "sh":
                yield line
    yield from re.findall(r"`((?:picograph|make) [^`]+)`", FENCE.sub("", text))


def invocations(page: Path, program: str) -> Iterator[list[str]]:
    """Give the words after a program's name, wherever it stands in a pipeline."""
    for line in spelled(page):
        words = shlex.split(line.replace("…", ""))
        starts = [index for index, word in enumerate(words) if word.rpartition("/")[2] == program]
        for start in starts:
            rest = words[start + 1 :]
            ends = [index for index, word in enumerate(rest) if word in {"|", ">", ">>", ";", "&&"}]
            yield rest[: min(ends, default=len(rest))]


def complain(words: list[str]) -> str:
    """Say what a command line asks for that the program does not have; nothing where all is there."""
    command: click.Command = cli
    context = click.Context(cli, info_name="picograph")
    rest = list(words)
    while rest:
        word = rest.pop(0)
        options = {name: each for each in command.get_params(context) for name in each.opts}
        if word.startswith("-") and word != "-":
            option = options.get(word.partition("=")[0])
            if option is None:
                return f"{command.name} has no option {word}"
            if isinstance(option, click.Option) and not option.is_flag and "=" not in word:
                del rest[:1]
        elif isinstance(command, click.Group) and word.islower():
            found = command.get_command(context, word)
            if found is None:
                return f"{command.name} has no command {word}"
            command, context = found, click.Context(found, info_name=word, parent=context)
    return ""


def test_every_command_exists() -> None:
    seen = [(page, words) for page in WRITTEN for words in invocations(page, "picograph")]
    assert len(seen) > 20
    assert {words[0] for _, words in seen if words} >= {"ask", "export", "load", "lookup", "query", "show", "validate"}
    assert [f"{name(page)}: {complain(words)}" for page, words in seen if complain(words)] == []


def test_a_wrong_command_would_be_found() -> None:
    assert complain(["lod", "x.yaml"])
    assert complain(["load", "x.yaml", "--sore", "x"])
    assert complain(["ask", "survivel"])
    assert complain(["ask", "survival", "--min-grade", "3"])


def test_every_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    seen = [(page, words) for page in WRITTEN for words in invocations(page, "make")]
    assert {words[0] for _, words in seen} >= {"bench", "demo", "docs", "lint", "test", "test-long"}
    assert [f"{name(page)}: make {words[0]}" for page, words in seen if words[0] not in targets] == []
    run = (ROOT / ".ci" / "run").read_text("utf-8")
    assert set(re.findall(r"^make (\S+)", run, re.MULTILINE)) == {"lint", "test", "test-long"}


# --- what commands print --------------------------------------------------------------------------------------


def sessions(page: Path) -> list[tuple[str, list[str]]]:
    """Give the commands of a page's console blocks with the lines that stand under each; … is anything."""
    found: list[tuple[str, list[str]]] = []
    for language, block in FENCE.findall(page.read_text("utf-8")):
        if language != "console":
            continue
        for index, line in enumerate(block.splitlines()):
            if line.startswith("$ ") and (index == 0 or not found[-1][0].startswith("make")):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def terminal(command: str, folder: Path) -> str:
    """Give what a command prints on a terminal of 80 columns, errors included."""
    import pty

    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": programs, "HOME": str(folder), "COLUMNS": "80", "PYTHONUTF8": "1", "TERM": "xterm"}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        printed = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # how a terminal says that nobody writes to it any more
                piece = b""
            if not piece:
                break
            printed += piece
    os.close(ours)
    return printed.decode().replace("\r\n", "\n")


def follows(wanted: list[str], printed: str) -> bool:
    """Tell whether lines are what was printed, where a line with … alone stands for any lines."""

    def match(these: list[str], those: list[str]) -> bool:
        if not these:
            return not those
        if these[0] == "…":
            return any(match(these[1:], those[start:]) for start in range(len(those) + 1))
        return bool(those) and these[0] == those[0] and match(these[1:], those[1:])

    return match("\n".join(wanted).strip("\n").splitlines(), printed.strip("\n").splitlines())


SHOWN = [page for page in WRITTEN if sessions(page)]


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal of Unix")
@pytest.mark.parametrize("page", SHOWN, ids=name)
def test_commands_print_what_stands_under_them(page: Path, tmp_path: Path) -> None:
    (tmp_path / "kg").symlink_to(ROOT / "kg")
    for command, wanted in sessions(page):
        assert command.split()[0] in {"make", "picograph", "sed"}
        printed = terminal(command.replace("make demo", "picograph demo"), tmp_path)
        assert follows(wanted, printed), f"$ {command}\n{printed}"


def test_the_pages_with_commands() -> None:
    assert {"README.md", "docs/tutorial.md"} <= set(map(name, SHOWN))
    assert follows(["…", "b", "…", "d"], "a\nb\nc\nd\n")
    assert not follows(["…", "b", "d"], "a\nb\nc\nd\n")
    assert not follows(["a", "b"], "a\nb\nc\n")


RUN_IN_PYTHON = [page for page in WRITTEN if "```pycon\n" in page.read_text("utf-8")]


@pytest.mark.parametrize("page", RUN_IN_PYTHON, ids=name)
def test_examples_in_python_give_what_stands_under_them(page: Path) -> None:
    import doctest

    blocks = "\n".join(block for language, block in FENCE.findall(page.read_text("utf-8")) if language == "pycon")
    examples = doctest.DocTestParser().get_doctest(blocks, {}, name(page), str(page), 0)
    assert len(examples.examples) > 5
    told: list[str] = []
    results = doctest.DocTestRunner(verbose=False).run(examples, out=told.append)
    assert results.failed == 0, "".join(told)


def test_the_pages_with_python() -> None:
    assert "docs/frames.md" in set(map(name, RUN_IN_PYTHON))


# --- links, words, generated pages ----------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_relative_link_resolves() -> None:
    seen, broken = 0, []
    for page in PAGES:
        for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", page.read_text("utf-8"))):
            if "://" in link:
                continue
            seen += 1
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(f"{name(page)}: {link}")
    assert seen > 40
    assert broken == []


def test_every_decision_is_listed() -> None:
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", (ROOT / "docs/decisions/index.md").read_text("utf-8")))
    assert listed == {page.name for page in ROOT.glob("docs/decisions/*.md")} - {"index.md"}


WORDS = """study, record, report, population, intervention, comparator, outcome, arm, estimate, survival probability,
affected, at risk, events, serious, severity, grade, concept, label, CURIE, reader, export, not reported, not assessed,
zero, ambiguous, reported, derived, source, place, evidence, generation, epoch""".replace("\n", " ").split(", ")


@pytest.mark.parametrize("word", WORDS)
def test_the_glossary_has_the_words_that_we_write(word: str) -> None:
    rows = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs/glossary.md").read_text("utf-8"), re.MULTILINE)
    assert word in {each.strip() for row in rows for each in row.split(",")}


def test_reference_pages_are_what_the_code_says() -> None:
    generate = importlib.import_module("picograph.docs.generate")
    assert len(generate.PAGES) == 5
    assert generate.stale() == []


def test_the_changelog_speaks_first_of_changed_answers() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    releases = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert releases
    assert all(re.findall(r"^### (.*)$", each, re.MULTILINE)[0] == "Answers changed" for each in releases)


def test_versions_agree() -> None:
    from picograph import __version__

    cited = re.findall(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    project = re.findall(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert cited == project == [__version__]
