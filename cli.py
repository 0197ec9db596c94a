"""The door for a terminal: arguments in, text out. What costs time is imported inside the command that needs it."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click
from picograph import __version__
from picograph.ontology.errors import InputError, PicographError, UsageError

if TYPE_CHECKING:
    from picograph.kg.load import Loaded
    from picograph.kg.source import Place
    from picograph.kg.store import Store
    from picograph.queries.answer import Answer

_F = TypeVar("_F", bound=Callable[..., Any])
ROW_FORMATS = ("table", "tsv", "csv", "json")
GRAPH_FORMATS = ("turtle", "trig", "nt", "nq", "jsonld", "rdfxml")


# --- what every command shares --------------------------------------------------------------------------------


class NearestGroup(click.Group):
    """A group that names the nearest command for one that it does not have."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.list_commands(ctx), 1)
            what = "question" if self.name == "ask" else "command"
            raise UsageError(
                f"there is no {what} {args[0]!r}",
                where=ctx.command_path,
                remedy=f"did you mean {near[0]}?" if near else f"{ctx.command_path} --help lists them",
            )
        return super().resolve_command(ctx, args)


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
        for decorate in (_sparql_option, _format_option(*ROW_FORMATS), _store_options):
            command = decorate(command)
        return command


def _store_options(command: _F) -> _F:
    options = (
        click.option("--debug", is_flag=True, help="Show where an error came from.", expose_value=False, is_eager=True),
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


def _format_option(*formats: str, default: str | None = None) -> Callable[[_F], _F]:
    return click.option(
        "--format",
        "form",
        type=click.Choice(formats),
        default=default,
        help=None if default else "How to print.  [default: table on a terminal, tsv in a pipe]",
    )


_source_option = click.option(
    "--source", "sources", multiple=True, metavar="FILE", help="A source text, where the store does not have it."
)
_sparql_option = click.option("--sparql", is_flag=True, help="Print the query that would run, and stop.")


def _default(form: str | None) -> str:
    return form or ("table" if sys.stdout.isatty() else "tsv")


def _width() -> int:
    from shutil import get_terminal_size

    return get_terminal_size((80, 24)).columns


def _open(store: str | None, update_endpoint: str | None = None) -> "Store":
    from picograph.kg.store import open_store

    return open_store(store, update_endpoint=update_endpoint)


def _offer(store: "Store", sources: Iterable[str]) -> None:
    """Have source texts at hand for this command."""
    if sources:
        from picograph.kg.load import Input
        from picograph.kg.source import source_text

        for source in sources:
            store.sources.offer(source_text(Input.from_path(source).content))


def _say(*lines: str) -> None:
    """Write a message for people: never to standard output."""
    for line in lines:
        click.echo(line, err=True)


def _json(value: object) -> None:
    import msgspec

    encoded = msgspec.json.Encoder(enc_hook=str, decimal_format="number").encode(value)
    click.echo(msgspec.json.format(encoded, indent=2))


def _rows(kinds: Mapping[str, str], rows: Sequence[Mapping[str, Any]], form: str) -> None:
    """Print rows as a table, TSV, CSV or JSON."""
    from picograph.queries.answer import lines
    from picograph.queries.tables import render

    if form == "json":
        _json(rows)
    elif form == "table":
        for line in render(kinds, rows, _width()):
            click.echo(line)
    else:
        for line in lines(list(kinds), rows, "\t" if form == "tsv" else ","):
            click.echo(line, nl=False)


@click.group(cls=NearestGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="picograph", message="%(prog)s %(version)s")
def cli() -> None:
    """Reports of clinical studies as an evidence graph: every number traced to its words."""


# --- commands -------------------------------------------------------------------------------------------------


@cli.command()
@_store_options
def demo(store: str | None, update_endpoint: str | None) -> None:
    """Show the built-in study: its evidence table, and three questions answered.

    Works in a store in memory, unless --store names one.
    """
    from picograph.kg.load import example, load
    from picograph.kg.study import InterventionKind
    from picograph.kg.triples import records_of, study_of
    from picograph.queries import show as page
    from picograph.queries.ask import ask

    with _open(store or ":memory:", update_endpoint) as opened:
        given = example()
        [loaded] = load(opened, [given])
        if loaded.error:
            raise loaded.error
        [study] = [study_of(quads) for name, quads in records_of(opened.quads(loaded.record))]
        shown = [line for line in page.lines(study) if line.section != "Index terms"]
        click.echo(f"{study.key}: {loaded.triples} triples, {loaded.places} places in a text of "
                   f"{study.record.source.characters} characters")  # fmt: skip
        click.echo("[414–428] is a place: characters 414 to 428 of that text.\n")
        for line in page.text(shown, _width()):
            click.echo(line)
        drug = next(each.label for each in study.interventions if each.kind is InterventionKind.DRUG)
        asked: tuple[tuple[str, dict[str, Any]], ...] = (
            ("adverse-events", {"drug": drug, "min_grade": 3}),
            ("responses", {}),
            ("survival", {}),
        )
        for name, parameters in asked:
            options = "".join(f" --{key.replace('_', '-')} {value}" for key, value in parameters.items())
            click.echo(f"\n$ picograph ask {name}{options}")
            _print_answer(ask(opened, name, **parameters), "table")


@cli.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--source", "sources", multiple=True, metavar="FILE", help="A text that a study file refers to.")
@click.option("--rejects", metavar="FILE", help="Write refused records with their reasons: JSON lines.")
@_format_option(*ROW_FORMATS)
@_store_options
def load(
    files: tuple[str, ...],
    sources: tuple[str, ...],
    rejects: str | None,
    form: str | None,
    store: str | None,
    update_endpoint: str | None,
) -> None:
    """Read records, check them, and store them; - reads standard input.

    The format is told from the content. A bad record is refused with its reasons, the good ones are kept. Loading a
    record again changes nothing; a newer version replaces exactly that record.
    """
    from picograph.kg.load import Input
    from picograph.kg.load import load as load_records

    inputs: list[Input | str] = [
        Input("standard input", sys.stdin.buffer.read()) if name == "-" else name for name in files
    ]
    with _open(store, update_endpoint) as opened:
        done = load_records(opened, inputs, sources=sources)
    kinds = {"outcome": "text", "study": "text", "facts": "integer", "triples": "integer", "places": "integer",
             "source": "text", "unmatched": "list", "file": "text"}  # fmt: skip
    rows = [_loaded_row(each) for each in done]
    if form == "json":
        _json(rows)
    else:
        _rows(kinds, [row for row in rows if row["outcome"] != "refused"], _default(form))
    _say_loaded(done)
    refused = [each for each in done if each.error]
    if rejects is not None:
        _write_rejects(rejects, refused)
    if refused:
        sys.exit(max(each.error.exit_code for each in refused if each.error))


def _loaded_row(loaded: "Loaded") -> dict[str, Any]:
    return {
        "file": loaded.name,
        "outcome": loaded.outcome,
        "study": loaded.study,
        "record": loaded.record,
        "facts": sum(loaded.facts.values()),
        "triples": loaded.triples,
        "places": loaded.places,
        "source": "at hand" if loaded.source_at_hand else "not at hand",
        "unmatched": loaded.unmatched,
        "cautions": loaded.cautions,
        "error": str(loaded.error) if loaded.error else None,
    }


def _say_loaded(done: "Sequence[Loaded]") -> None:
    for each in done:
        for caution in each.cautions:
            _say(f"Caution: {caution}")
        if each.error:
            _say(f"Error: {each.error}")
        elif not each.source_at_hand:
            _say(
                f"Caution: {each.places} places were not held against their words: the source text is not at hand",
                f"  where: {each.name}",
                "  try:   load the text too, or name it with --source FILE",
            )


def _write_rejects(path: str, refused: "Sequence[Loaded]") -> None:
    import msgspec

    lines = []
    for each in refused:
        problems = getattr(each.error, "problems", [each.error])
        for problem in problems:
            lines.append({"record": each.name, "reason": problem.what, "where": problem.where, "try": problem.remedy})
    try:
        with open(path, "wb") as file:  # noqa: PTH123 - the path may be a device
            file.writelines(msgspec.json.encode(line) + b"\n" for line in lines)
    except OSError as error:
        raise InputError(f"the rejects cannot be written: {error.strerror}", where=path) from None


@cli.command()
@click.argument("study")
@click.option("--evidence", is_flag=True, help="Print the words behind each line, where the source is at hand.")
@click.option(
    "--source", "sources", multiple=True, metavar="FILE", help="A source text, if the store does not have it."
)
@_format_option(*ROW_FORMATS)
@_store_options
def show(
    study: str,
    evidence: bool,
    sources: tuple[str, ...],
    form: str | None,
    store: str | None,
    update_endpoint: str | None,
) -> None:
    """Show one study, readable, each line with its places in the source.

    STUDY is its key (NCT00105443, doi:10.1016/…, pmid:…) or its IRI.
    """
    from picograph.kg.store.records import records
    from picograph.kg.triples import place_iri
    from picograph.queries import show as page

    with _open(store, update_endpoint) as opened:
        _offer(opened, sources)

        def words(sha256: str, place: "Place") -> str | None:
            text = opened.sources.get(sha256)
            return None if text is None or place.pointer is not None else place.words(text)

        printed = list(page.fresh(records(opened, study)))
        if _default(form) == "table":
            for index, (record, shown) in enumerate(printed):
                if shown or not index:
                    click.echo("\n" * bool(index) + f"{record.key} — {record.record.document}, {record.record.method}")
                    for text in page.text(shown, _width(), words if evidence else None):
                        click.echo(text)
            return
        rows = [
            {
                "study": record.key,
                "document": record.record.document,
                "method": record.record.method.value,
                "section": line.section,
                "name": line.name,
                "value": line.value,
                "evidence": tuple(place_iri(line.source, place) for place in line.evidence),
            }
            | ({"words": tuple(words(line.source, place) or "" for place in line.evidence)} if evidence else {})
            for record, shown in printed
            for line in shown
        ]
    _rows(dict.fromkeys(rows[0] if rows else ("study",), "text"), rows, _default(form))


@cli.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many to give at most.")
@_format_option(*ROW_FORMATS)
@_store_options
def lookup(text: tuple[str, ...], limit: int, form: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Find concepts by name, entry term, code, CURIE, IRI or tree number; forgives typing errors."""
    from picograph.ontology import lookup as finder

    form, wanted = _default(form), " ".join(text)
    rows = [finder.describe(match) for match in finder.find(wanted, limit)]
    if form != "table":
        _rows(dict.fromkeys(finder.COLUMNS, "list"), rows, form)
    else:
        from textwrap import fill

        for row in rows:
            by = "" if row["how"] == "name" else f"  ({row['how']}: {row['words']})"
            click.echo(f"{row['concept']}  {row['label']}{by}")
            for name, values in (("in", " < ".join(row["path"])), ("same as", ", ".join(row["same_as"]))):
                if values:
                    click.echo(fill(f"{name} {values}", _width(), initial_indent="    ", subsequent_indent="      "))
    if not rows:
        _say(f"No concept is like {wanted!r} in the vocabularies at hand.")


def _asker(name: str) -> Callable[..., None]:
    def run(store: str | None, update_endpoint: str | None, form: str | None, sparql: bool, **parameters: Any) -> None:
        from picograph.queries import ask as room
        from picograph.queries import catalog

        if sparql:
            click.echo(room.sparql(catalog.question(name), parameters).rstrip())
            return
        with _open(store, update_endpoint) as opened:
            _print_answer(room.ask(opened, name, **parameters), _default(form))

    return run


def _print_answer(answer: "Answer", form: str) -> None:
    if form == "json":
        click.echo(answer.to_json(), nl=False)
        return
    _rows({name: column.kind for name, column in answer.columns.items()}, answer.rows, form)
    if form == "table":
        sys.stdout.flush()
        if not answer.rows:
            _say("No rows.")
        if answer.rows:
            for caution in answer.cautions:
                _say(f"Caution: {caution}")


@cli.group(cls=Questions, invoke_without_command=True)
@_format_option(*ROW_FORMATS)
@_store_options
@click.pass_context
def ask(ctx: click.Context, form: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Ask a question of the catalogue; without a name, list the questions."""
    if ctx.invoked_subcommand is not None:
        given = {"form": form, "store": store, "update_endpoint": update_endpoint}
        ctx.default_map = {ctx.invoked_subcommand: {key: value for key, value in given.items() if value is not None}}
        return
    from picograph.queries import catalog

    questions = [catalog.question(name) for name in catalog.names()]
    if form == "json":
        _json(
            [
                {
                    "name": each.name,
                    "summary": each.summary,
                    "tags": each.tags,
                    "parameters": each.parameters,
                    "columns": each.columns,
                }
                for each in questions
            ]
        )
        return
    rows = [{"name": each.name, "summary": each.summary} for each in questions]
    _rows({"name": "text", "summary": "text"}, rows, _default(form))


@cli.command()
@click.argument("sparql", required=False)
@click.option("-f", "--file", "path", metavar="FILE", help="Read the query from a file; - reads standard input.")
@_format_option(*ROW_FORMATS, "xml", *GRAPH_FORMATS)
@_store_options
def query(
    sparql: str | None, path: str | None, form: str | None, store: str | None, update_endpoint: str | None
) -> None:
    """Run a SPARQL 1.1 query; - reads it from standard input.

    Rows come as table, csv, tsv, json or xml, graphs as turtle, trig, nt, nq, jsonld or rdfxml. The default graph is
    the union of the named graphs. SERVICE is off.
    """
    from picograph.queries.results import serialize

    if (sparql is None) == (path is None):
        raise UsageError("give a query, or a file with one", where="query", remedy="picograph query -f FILE")
    if path is not None and path != "-":
        from picograph.kg.load import Input

        sparql = Input.from_path(path).content.decode("utf-8", "replace")
    elif "-" in (sparql, path):
        sparql = sys.stdin.read()
    assert sparql is not None
    with _open(store, update_endpoint) as opened:
        results = opened.query(sparql)
        if form == "table" or (form is None and sys.stdout.isatty() and hasattr(results, "variables")):
            _table_of(results)
        else:
            for chunk in serialize(results, form):
                click.echo(chunk, nl=False)


def _table_of(results: Any) -> None:
    if not hasattr(results, "variables"):
        raise UsageError("only rows can be printed as a table", where="query", remedy="leave --format out")
    names = [variable.value for variable in results.variables]
    rows = [{name: getattr(row[name], "value", None) for name in names} for row in results]
    _rows(dict.fromkeys(names, "iri"), rows, "table")


@cli.command()
@click.argument("target")
@click.option("-o", "--output", metavar="FILE", help="Where to write.  [default: standard output]")
@click.option("--study", metavar="KEY", help="One study only.")
@click.option("--words", is_flag=True, help="The ontology and the vocabularies too.")
@_store_options
def export(
    target: str, output: str | None, study: str | None, words: bool, store: str | None, update_endpoint: str | None
) -> None:
    """Write the records of the store for a target: turtle, trig, nt, nq, jsonld, rdfxml, csv.

    What the target could not express is told on standard error.
    """
    from picograph.kg.triples import graphs_of, names_of, quads_of
    from picograph.queries.exports import export as exporter

    function = exporter(target)
    with _open(store, update_endpoint) as opened:
        if study is not None:
            from picograph.kg.store.records import records

            graphs = {names_of(each).record: quads_of(each) for each in records(opened, study)}
        else:
            graphs = graphs_of(opened.quads(), records_only=not words)
        exported = function(graphs)
        if output is None:
            for chunk in exported.chunks:
                click.echo(chunk, nl=False)
        else:
            _write_whole(output, exported.chunks)
    for loss in exported.losses:
        _say(f"Not expressed in {target}: {loss}.")


def _write_whole(path: str, chunks: Iterable[bytes]) -> None:
    """Write a file whole or not at all."""
    partial = f"{path}.{os.getpid()}.part"
    try:
        with open(partial, "wb") as file:  # noqa: PTH123
            file.writelines(chunks)
        os.replace(partial, path)  # noqa: PTH105
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(partial)  # noqa: PTH108
        raise InputError(
            f"the file cannot be written: {error.strerror}", where=path, remedy="see whether the folder is there"
        ) from None


@cli.command()
@click.option(
    "--source", "sources", multiple=True, metavar="FILE", help="A source text, if the store does not have it."
)
@_format_option(*ROW_FORMATS)
@_store_options
def validate(sources: tuple[str, ...], form: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Check the store: arithmetic, shapes, and evidence against its source. Exit code 1 if something does not hold."""
    from importlib.util import find_spec

    from picograph.queries import integrity

    with_shapes = find_spec("pyshacl") is not None
    with _open(store, update_endpoint) as opened:
        _offer(opened, sources)
        findings = [*integrity.records(opened, with_shapes=with_shapes), *integrity.questions(opened)]
        missing = integrity.unresolved(opened)
    kinds = {
        "severity": "text",
        "rule": "text",
        "study": "study",
        "what": "text",
        "part": "iri",
        "evidence": "evidence",
    }
    rows = [{name: getattr(each, name) for name in kinds} for each in findings]
    if rows or form:
        _rows(kinds, rows, _default(form))
    for record, count in missing.items():
        _say(
            f"Caution: {count} places were not held against their words: the source is not at hand",
            f"  where: {record}",
        )
    if not with_shapes:
        _say("Caution: the SHACL shapes were not checked", "  try:   pip install 'picograph[shapes]'")
    broken = [each for each in findings if each.severity == "error"]
    _say(f"{len(broken)} errors, {len(findings) - len(broken)} cautions.")
    if broken:
        sys.exit(1)


@cli.command()
@_format_option(*ROW_FORMATS)
@_store_options
def info(form: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Say what is in the store, and which versions of software, ontology and vocabularies made it."""
    from picograph.queries import summary

    rows = [{"what": what, "value": value} for what, value in summary.versions()]
    with _open(store, update_endpoint) as opened:
        rows.append({"what": "store", "value": opened.location})
        rows.extend({"what": what, "value": value} for what, value in summary.contents(opened))
    _rows({"what": "text", "value": "text"}, rows, _default(form))


# --- the way in -----------------------------------------------------------------------------------------------


def _usage(error: click.UsageError) -> str:
    """Say a wrong option in the house's form: what, where, try."""
    where = error.ctx.command_path if error.ctx else "picograph"
    what, remedy = error.format_message(), f"{where} --help"
    if isinstance(error, click.NoSuchOption):
        what = f"there is no option {error.option_name}"
        if error.possibilities:
            remedy = f"did you mean {error.possibilities[0]}?"
    return str(UsageError(what, where=where, remedy=remedy))


def _leave(error: PicographError | click.UsageError) -> NoReturn:
    code = error.exit_code
    text = _usage(error) if isinstance(error, click.UsageError) else str(error)
    click.echo(f"Error: {text}", err=True)
    sys.exit(code)


def main(args: Sequence[str] | None = None) -> None:
    """Run the program: whatever a user can cause ends in a short message, never a traceback."""
    arguments = list(sys.argv[1:] if args is None else args)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show ≥ shows ?
    try:
        cli.main(args=arguments, prog_name="picograph", standalone_mode=False)
        sys.stdout.flush()
    except (PicographError, click.UsageError) as error:
        if "--debug" in arguments:
            raise
        _leave(error)
    except (click.Abort, KeyboardInterrupt):
        _say("Stopped.")
        sys.exit(130)
    except BrokenPipeError:
        # whoever read our output has gone, as head does: not an error, and nothing more to flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except click.ClickException as error:
        _leave(UsageError(error.format_message()))
    except Exception as error:
        if "--debug" in arguments:
            raise
        _say(
            f"Error: picograph met what it does not know: {type(error).__name__}: {error}",
            "  where: " + " ".join(["picograph", *arguments])[:200],
            "  try:   the same with --debug shows where; please report it",
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
