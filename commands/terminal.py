"""What every command shares: options, and how rows, messages and bytes are printed."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

import click

from picograph.ontology.errors import InputError, UsageError

if TYPE_CHECKING:
    from picograph.kg.store import Store
    from picograph.queries.answer import Answer, Coming
    from picograph.queries.question import Column

_F = TypeVar("_F", bound=Callable[..., Any])
ROW_FORMATS = ("table", "tsv", "csv", "json")
ANSWER_FORMATS = (*ROW_FORMATS, "markdown", "parquet")
_LINES = 1000  # that are written together
_TABLE = 5000  # rows for which a table is laid out
GRAPH_FORMATS = ("turtle", "trig", "nt", "nq", "jsonld", "rdfxml")


def did_you_mean(given: str, known: Iterable[str], otherwise: str) -> str:
    """Name the nearest of what there is, as something to try."""
    from difflib import get_close_matches

    near = get_close_matches(given, list(known), 1)
    return f"did you mean {near[0]}?" if near else otherwise


class NearestGroup(click.Group):
    """A group that names the nearest command for one that it does not have, and cuts no summary short."""

    kind = "command"

    def summary(self, ctx: click.Context, name: str) -> str:
        """Give the first sentence of what a command does."""
        command = self.get_command(ctx, name)
        return command.get_short_help_str(limit=1000) if command else ""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with the whole of its summary."""
        with formatter.section(f"{self.kind.capitalize()}s"):
            formatter.write_dl([(name, self.summary(ctx, name)) for name in self.list_commands(ctx)])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            listed = ctx.command_path + ("" if self.kind == "question" else " --help")
            raise UsageError(
                f"there is no {self.kind} {args[0]!r}",
                where=ctx.command_path,
                remedy=did_you_mean(args[0], self.list_commands(ctx), f"{listed} lists them"),
            )
        return super().resolve_command(ctx, args)


class LazyGroup(NearestGroup):
    """A group whose commands are imported when they are asked for.

    :param targets: the name of each command, and its ``module:function``
    """

    def __init__(self, *args: Any, targets: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._targets = targets

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of the commands, in the order of the table."""
        return list(self._targets)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import one command."""
        from importlib import import_module

        if name not in self._targets:
            return None
        module, _, function = self._targets[name].partition(":")
        command: click.Command = getattr(import_module(module), function)
        return command


debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show where an error came from.")


def store_options(command: _F) -> _F:
    """Add --store, --update-endpoint and --debug to a command."""
    options = (
        debug_option,
        click.option(
            "--update-endpoint", metavar="URL", help="Where a server takes updates, if not where its kind does."
        ),
        click.option(
            "--store",
            envvar="PICOGRAPH_STORE",
            metavar="PATH|URL",
            help="A folder, or a SPARQL 1.1 query endpoint.  [default: a folder of the user's]",
        ),
    )
    for option in options:
        command = option(command)
    return command


class Format(click.Choice[str]):
    """One of the formats of a command; the nearest is named for another."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check that there is such a format."""
        if value not in self.choices:
            raise UsageError(
                f"there is no format {value!r} here",
                where=f"{ctx.command_path if ctx else 'picograph'} --format",
                remedy=did_you_mean(str(value), self.choices, f"use one of: {', '.join(self.choices)}"),
            )
        return str(value)


def format_option(*formats: str) -> Callable[[_F], _F]:
    """Add --format with these formats to a command."""
    told = "How to print.  [default: table on a terminal, tsv in a pipe]"
    return click.option("--format", "form", type=Format(formats), help=told)


source_option = click.option(
    "--source", "sources", multiple=True, metavar="FILE", help="A source text, if the store does not have it."
)
sparql_option = click.option("--sparql", is_flag=True, help="Print the query that would run, and stop.")
plan_option = click.option(
    "--plan", is_flag=True, help="Print what would run on this store, and what the parameters became; and stop."
)
explain_option = click.option("--explain", is_flag=True, help="Run it step by step: print rows and time of each step.")


def default_format(form: str | None) -> str:
    """Give the format that was asked for, else the one that fits where the output goes."""
    return form or ("table" if on_terminal() else "tsv")


def on_terminal() -> bool:
    """Say whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def width() -> int:
    """Give the width of the terminal in characters."""
    from shutil import get_terminal_size

    return get_terminal_size((80, 24)).columns


def open_store(store: str | None, update_endpoint: str | None = None, *, timeout: float | None = None) -> "Store":
    """Open the store that the options name."""
    from picograph.kg import store as stores

    return stores.open_store(store, update_endpoint=update_endpoint, timeout=timeout)


def offer(store: "Store", sources: Iterable[str]) -> None:
    """Have source texts at hand for this command."""
    for source in sources:
        store.sources.offer(read_text(source))


def read_text(path: str) -> str:
    """Read a text; - is standard input."""
    from picograph.kg.load import Input
    from picograph.kg.source import source_text

    given = Input("standard input", sys.stdin.buffer.read()) if path == "-" else Input.from_path(path)
    try:
        return source_text(given.content)
    except InputError as error:
        raise InputError(error.what, where=given.name, remedy=error.remedy) from None


class ReaderGoneError(Exception):
    """Whoever read our output has gone, as ``head`` does."""


def out(data: str | bytes, *, err: bool = False) -> None:
    """Write to standard output: bytes as they are, a text as a line."""
    try:
        click.echo(data, nl=isinstance(data, str), err=err)
    except OSError as error:
        # nothing more can be written, not even what is in the buffer
        os.dup2(os.open(os.devnull, os.O_WRONLY), (sys.stderr if err else sys.stdout).fileno())
        if isinstance(error, BrokenPipeError):
            raise ReaderGoneError from None
        raise InputError(
            f"the output cannot be written: {error.strerror}",
            where="standard output",
            remedy="make room, or write elsewhere",
        ) from None


def say(*lines: str) -> None:
    """Write a message for people: never to standard output."""
    for line in lines:
        out(line, err=True)


def tell(*sentences: str) -> None:
    """Write sentences for people, each folded at the width of the terminal; in a file or a pipe, each is a line."""
    from textwrap import wrap

    for each in sentences:
        if sys.stderr is not None and sys.stderr.isatty():
            say(*wrap(each, width(), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False))
        else:
            say(each)


def print_json(value: object) -> None:
    """Print a value as indented JSON."""
    import msgspec

    encoded = msgspec.json.Encoder(enc_hook=str, decimal_format="number").encode(value)
    out(msgspec.json.format(encoded, indent=2) + b"\n")


def print_rows(columns: "Mapping[str, Column]", rows: Sequence[Mapping[str, Any]], form: str) -> None:
    """Print rows as a table, TSV, CSV or JSON."""
    if form == "json":
        print_json(rows)
    elif form == "table":
        from picograph.queries.tables import render

        for line in render(columns, rows, width()):
            out(line)
    else:
        from picograph.queries.answer import lines

        out("".join(lines(list(columns), rows, "\t" if form == "tsv" else ",")).encode())


def columns_of(**kinds: Any) -> "dict[str, Column]":
    """Make columns from their names and kinds."""
    from picograph.queries.question import Column

    return {name: Column(kind=kind) for name, kind in kinds.items()}


def print_answer(answer: "Answer | Coming", form: str) -> None:
    """Print an answer with its cautions: inside JSON, Markdown and Parquet, else on standard error.

    Rows are printed as they come; in Markdown when all have come. Of very many a table is laid out for some at a time.
    """
    if form == "json":
        for piece in answer.json():
            out(piece)
    elif form == "parquet":
        from picograph.queries.frames import parquet

        if on_terminal():
            raise UsageError("Parquet is not for a terminal", where="picograph ask", remedy="… --format parquet > FILE")
        for piece in parquet(answer):
            out(piece)
    elif form == "markdown":
        from picograph.queries.frames import markdown_lines

        out("\n".join(markdown_lines(answer.whole())))
    else:
        from picograph.queries.tables import caution_lines

        if form == "table":
            _print_table(answer)
        else:
            lines = answer.lines("\t" if form == "tsv" else ",")
            while some := "".join(islice(lines, _LINES)):
                out(some.encode())
        if answer.number:
            say(*caution_lines(answer.cautions, width()))
        elif form == "table":
            say("No rows.")


def _print_table(answer: "Answer | Coming") -> None:
    """Lay rows out; after very many the table begins anew, with its head."""
    from picograph.queries.tables import render

    rows = chain.from_iterable(answer.batches())
    first = True
    while some := list(islice(rows, _TABLE)):
        if not first:
            out("")
        first = False
        for line in render(answer.columns, some, width()):
            out(line)
        del some  # before the next come


class Bar:
    """A progress bar on standard error, which appears when it is known how much there is."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._shown: Any = None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *error: object) -> None:
        if self._shown is not None:
            self._shown.__exit__(*error)

    def move(self, done: int, total: int, note: str = "") -> None:
        """Show how far it is.

        :param note: what else is told behind the bar
        """
        if self._shown is None:
            self._shown = click.progressbar(
                length=total,
                label=self._label,
                file=sys.stderr,
                show_pos=not note,
                hidden=not sys.stderr.isatty(),
                item_show_func=lambda item: item,
            )
            self._shown.__enter__()
        self._shown.update(done - self._shown.pos, note or None)

    def say(self, line: str) -> None:
        """Write a line for people without breaking the bar."""
        if self._shown is not None and sys.stderr.isatty():
            say("")
        say(line)
