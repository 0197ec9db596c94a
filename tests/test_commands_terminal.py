"""Promise: help names every command and question with the whole of its summary; a wrong name meets a right one."""

import re

import click
import pytest
from click.testing import CliRunner

from picograph.cli import cli
from picograph.commands import COMMANDS
from picograph.ontology.errors import UsageError
from picograph.queries import catalog

GROUPS = [[], ["ask"], ["pool"], ["vocab"], ["fetch"], ["store"]]


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: " ".join(["picograph", *group]))
def test_no_summary_is_cut(group: list[str]) -> None:
    shown = CliRunner().invoke(cli, [*group, "--help"], terminal_width=80)
    assert shown.exit_code == 0
    head, listed = re.split(r"^(?:Commands|Questions):$", shown.output, flags=re.MULTILINE)
    assert head.startswith("Usage: ")
    assert len(listed.splitlines()) > 1
    assert "..." not in listed
    assert max(map(len, shown.output.splitlines())) <= 80


def test_the_list_has_every_command_and_every_question() -> None:
    everything = words(CliRunner().invoke(cli, ["--help"]).output)
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        assert f"{name} {words(command.get_short_help_str(1000))}" in everything
    questions = words(CliRunner().invoke(cli, ["ask", "--help"]).output)
    for name in catalog.names():
        assert f"{name} {catalog.question(name).summary}" in questions


@pytest.mark.parametrize(
    ("line", "what", "remedy"),
    [
        ("ask survivel", "there is no question 'survivel'", "did you mean survival?"),
        ("ask zzzzzz", "there is no question 'zzzzzz'", "picograph ask lists them"),
        ("pool responces", "there is no question 'responces'", "did you mean responses?"),
        ("pool zzzzzz", "there is no question 'zzzzzz'", "picograph pool lists them"),
        ("store rebuid", "there is no command 'rebuid'", "did you mean rebuild?"),
        ("zzzzzz", "there is no command 'zzzzzz'", "picograph --help lists them"),
    ],
)
def test_a_name_that_is_none(line: str, what: str, remedy: str) -> None:
    with pytest.raises(UsageError) as caught:
        cli.main(line.split(), prog_name="picograph", standalone_mode=False)
    assert (caught.value.what, caught.value.remedy) == (what, remedy)
