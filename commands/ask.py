"""Questions as sub-commands, made from their front matter."""

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from picograph.commands.completion import offered
from picograph.commands.terminal import (
    ANSWER_FORMATS,
    ROW_FORMATS,
    NearestGroup,
    columns_of,
    default_format,
    explain_option,
    format_option,
    on_terminal,
    open_store,
    out,
    plan_option,
    print_answer,
    print_json,
    print_rows,
    say,
    sparql_option,
    store_options,
)
from picograph.ontology.errors import UsageError


class Questions(NearestGroup):
    """The questions of the catalogue as commands, made from their front matter."""

    kind = "question"

    def summary(self, ctx: click.Context, name: str) -> str:
        """Give what a question answers, without reading the whole of it."""
        from picograph.queries import catalog

        return catalog.summary(name)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Offer questions with what they answer."""
        names = (name for name in self.list_commands(ctx) if name.startswith(incomplete))
        items = [CompletionItem(name, help=self.summary(ctx, name)) for name in names]
        return items + click.Command.shell_complete(self, ctx, incomplete)

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
        command = click.Command(name, help=question.summary, callback=_asker(name))
        for key, parameter in question.parameters.items():
            kinds: dict[str, click.ParamType[Any]] = {"integer": click.INT, "grade": click.INT, "decimal": click.FLOAT}
            parts = [parameter.help or "", f"unit: {parameter.unit}" if parameter.unit else ""]
            example = f"for example: {parameter.example}" if parameter.example is not None else ""
            option = click.Option(
                ["--" + key.replace("_", "-"), key],
                type=kinds.get(parameter.kind, click.STRING),
                required=parameter.required,
                metavar=parameter.kind.upper(),
                help="; ".join(filter(None, [*parts, example])),
                shell_complete=offered(parameter.kind),
            )
            command.params.append(option)
        shared = click.Command(None)
        for decorate in (store_options, format_option(*ANSWER_FORMATS), explain_option, plan_option, sparql_option):
            decorate(shared)
        for each in shared.params:
            each.envvar = None  # `ask` has read PICOGRAPH_STORE, and its own --store goes before it
        command.params.extend(reversed(shared.params))
        return command


def _asker(name: str) -> Callable[..., None]:
    def run(
        store: str | None,
        update_endpoint: str | None,
        form: str | None,
        sparql: bool,
        plan: bool,
        explain: bool,
        **parameters: Any,
    ) -> None:
        from picograph.queries import ask as room
        from picograph.queries import catalog

        if sparql + plan + explain > 1:
            raise UsageError(
                "one of --sparql, --plan and --explain at a time",
                where=f"picograph ask {name}",
                remedy="leave the others out",
            )
        with open_store(store, update_endpoint) as opened:
            if not (sparql or plan):
                room.check_studies(opened, catalog.question(name), parameters)
            if sparql:
                out(room.sparql(catalog.question(name), parameters, opened.words).rstrip())
            elif plan:
                _print_plan(opened, name, parameters, form)
            elif explain:
                _print_steps(opened, name, parameters, form)
            else:
                print_answer(room.coming(opened, name, **parameters), default_format(form))

    return run


def _print_plan(store: Any, name: str, parameters: dict[str, Any], form: str | None) -> None:
    """Print a plan as a query with comments, which `picograph query -` takes; or as JSON."""
    from picograph.queries.explain import plan, plan_lines

    planned = plan(store, name, parameters)
    if form == "json":
        print_json(planned)
    elif form in (None, "table"):
        out("\n".join(plan_lines(planned, store.words)))
    else:
        remedy = "leave --format out for a query with comments, or use json"
        raise UsageError(f"a plan is not written as {form}", where=f"picograph ask {name} --plan", remedy=remedy)


def _print_steps(store: Any, name: str, parameters: dict[str, Any], form: str | None) -> None:
    from picograph.queries.explain import explain

    if form in ("markdown", "parquet"):
        remedy = f"use one of: {', '.join(ROW_FORMATS)}"
        raise UsageError(f"steps are not written as {form}", where=f"picograph ask {name} --explain", remedy=remedy)
    columns = columns_of(step="text", rows="integer", milliseconds="text")
    steps = explain(store, name, parameters)
    rows = [{"step": each.step, "rows": each.rows, "milliseconds": each.milliseconds} for each in steps]
    print_rows(columns, rows, default_format(form))
    if on_terminal() or form == "table":
        say("A step's time holds the steps inside it.")


@click.group(cls=Questions, invoke_without_command=True, subcommand_metavar="[QUESTION [OPTIONS]...]")
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

    if form in ("markdown", "parquet"):
        remedy = f"use one of: {', '.join(ROW_FORMATS)}; or name a question"
        raise UsageError(f"the list of questions is not written as {form}", where="picograph ask", remedy=remedy)
    if form == "json":
        print_json([catalog.question(name).described() for name in catalog.names()])
    else:
        rows = [{"name": name, "summary": catalog.summary(name)} for name in catalog.names()]
        print_rows(columns_of(name="text", summary="text"), rows, default_format(form))
