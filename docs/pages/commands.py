"""The page of the commands, from what click knows of them."""

import inspect
from collections.abc import Iterable, Iterator

import click

from picograph.cli import cli

from .markdown import page, table


def option_name(option: click.Option) -> str:
    """Write an option as it is typed."""
    kind = option.metavar or option.type.name.upper().removesuffix(" RANGE")
    if isinstance(option.type, click.Choice):
        kind = "|".join(option.type.choices)
    names = (*option.opts, *option.secondary_opts)
    return ", ".join(f"`{name}`" if option.is_flag else f"`{name} {kind}`" for name in names)


def option_rows(options: Iterable[click.Option]) -> Iterator[tuple[str, str]]:
    """Describe options, one a row."""
    for each in options:
        told, said = [each.help or ""], each.help or ""
        if each.multiple and "given again" not in said:
            told.append("May be given several times.")
        if each.envvar:
            told.append(f"Also taken from the environment: `{each.envvar}`.")
        known = isinstance(each.default, str | int | float) and not each.is_flag
        if known and each.default != "" and "[default:" not in said:
            told.append(f"Default: {each.default}.")
        yield option_name(each), " ".join(" ".join(filter(None, told)).split())


def options_of(command: click.Command) -> list[click.Option]:
    """Give the options of a command."""
    return [each for each in command.params if isinstance(each, click.Option)]


def command_lines(name: str, command: click.Command, common: set[str]) -> Iterator[str]:
    """Describe one command."""
    words = ["[NAME]"] if isinstance(command, click.Group) else []
    for each in command.params:
        if isinstance(each, click.Argument):
            word = each.metavar or (each.name or "").upper()
            words.append(word if each.required else f"[{word}]")
    yield from (f"## {name}", "", f"    picograph {' '.join([name, *words, '[OPTIONS]'])}", "")
    yield from (inspect.cleandoc(command.help or ""), "")
    own = [each for each in options_of(command) if each.opts[-1] not in common]
    yield from table(("option", "what it does"), option_rows(own))


def pooling_lines(pool: click.Command, context: click.Context) -> Iterator[str]:
    """Describe what all questions that can be pooled take, beside the options of `ask`."""
    assert isinstance(pool, click.Group)
    from picograph.queries import catalog

    inside = click.Context(pool, info_name="pool", parent=context)
    names = pool.list_commands(inside)
    pools = [pool.get_command(inside, name) for name in names]
    options = [{option.name: option for option in options_of(each)} for each in pools if each]
    asked = set.intersection(*(set(catalog.question(name).parameters) for name in names))
    left_out = asked | {option.name for option in options_of(pool)}
    common = set.intersection(*map(set, options)) - left_out
    shared = [option for name, option in options[0].items() if name in common]
    yield from ("A question takes its own options, as in `ask`, and these:", "")
    yield from table(("option", "what it does"), option_rows(shared))


def commands() -> str:
    """Write the page of the commands: each of them, and those inside a group but the questions."""
    context = click.Context(cli, info_name="picograph")
    known = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    found = {name: command for name, command in known.items() if command is not None}
    for name, command in list(found.items()):
        if isinstance(command, click.Group) and name != "ask":
            found |= {f"{name} {inner}": each for inner, each in command.commands.items()}
    common = {"--debug"}
    first = found["show"]
    stores = {"--store", "--update-endpoint"}
    body = [
        inspect.cleandoc(cli.help or ""),
        "",
        "Data goes to standard output, messages to standard error. Exit codes: 0, done (an empty answer too); 1, "
        "rejected input, or something does not hold; 2, wrong usage; 3, a store that cannot be reached.",
        "",
        "Every command takes `--debug`, and every one that works on a store takes these:",
        "",
        *table(("option", "what it does"), option_rows(each for each in options_of(first) if each.opts[-1] in stores)),
    ]
    for name, command in sorted(found.items()):
        body += command_lines(name, command, common | stores)
        if name == "ask":
            body += ["Each question has options of its own: see [questions](questions.md).", ""]
        if name == "pool":
            body += pooling_lines(command, context)
    return page("Commands", "commands/", body)
