"""Questions as sub-commands, made from their front matter."""

from collections.abc import Callable
from typing import Any

import click

from picograph.commands.terminal import (
    ANSWER_FORMATS,
    ROW_FORMATS,
    NearestGroup,
    columns_of,
    default_format,
    format_option,
    open_store,
    out,
    print_answer,
    print_json,
    print_rows,
    sparql_option,
    store_options,
)
from picograph.ontology.errors import UsageError


class Questions(NearestGroup):
    """The questions of the catalogue as commands, made from their front matter."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of the questions."""
        from picograph.queries import catalog

        return list(catalog.names())

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Make the command of one question."""
        from picograph.queries import catalog

        if name not in catalog.names():
            return None
        question = catalog.question(name)
        command = click.Command(name, help=question.summary, short_help=question.summary, callback=_asker(name))
        for key, parameter in question.parameters.items():
            kinds: dict[str, click.ParamType[Any]] = {"integer": click.INT, "decimal": click.FLOAT}
            parts = [parameter.help or "", f"unit: {parameter.unit}" if parameter.unit else ""]
            example = f"for example: {parameter.example}" if parameter.example is not None else ""
            option = click.Option(
                ["--" + key.replace("_", "-"), key],
                type=kinds.get(parameter.kind, click.STRING),
                required=parameter.required,
                metavar=parameter.kind.upper(),
                help="; ".join(filter(None, [*parts, example])),
            )
            command.params.append(option)
        shared = click.Command(None)
        for decorate in (store_options, format_option(*ANSWER_FORMATS), sparql_option):
            decorate(shared)
        for each in shared.params:
            each.envvar = None  # `ask` has read PICOGRAPH_STORE, and its own --store goes before it
        command.params.extend(reversed(shared.params))
        return command


def _asker(name: str) -> Callable[..., None]:
    def run(store: str | None, update_endpoint: str | None, form: str | None, sparql: bool, **parameters: Any) -> None:
        from picograph.queries import ask as room
        from picograph.queries import catalog

        with open_store(store, update_endpoint) as opened:
            if sparql:
                out(room.sparql(catalog.question(name), parameters, opened.words).rstrip())
                return
            print_answer(room.ask(opened, name, **parameters), default_format(form))

    return run


@click.group(cls=Questions, invoke_without_command=True)
@format_option(*ANSWER_FORMATS)
@store_options
@click.pass_context
def ask(ctx: click.Context, form: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Ask a question; without its name, list the questions."""
    if ctx.invoked_subcommand is not None:
        given = {"form": form, "store": store, "update_endpoint": update_endpoint}
        ctx.default_map = {ctx.invoked_subcommand: {key: value for key, value in given.items() if value is not None}}
        return
    from picograph.queries import catalog

    questions = [catalog.question(name) for name in catalog.names()]
    if form in ("markdown", "parquet"):
        remedy = f"use one of: {', '.join(ROW_FORMATS)}; or name a question"
        raise UsageError(f"the list of questions is not written as {form}", where="picograph ask", remedy=remedy)
    if form == "json":
        print_json([each.described() for each in questions])
    else:
        rows = [{"name": each.name, "summary": each.summary} for each in questions]
        print_rows(columns_of(name="text", summary="text"), rows, default_format(form))
