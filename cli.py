"""The door for a terminal: arguments in, text out. What costs time is imported inside the command that needs it."""

import codecs
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from picograph import __version__
from picograph.ontology.errors import InputError, PicographError, UsageError

if TYPE_CHECKING:
    from picograph.kg.fetch import Fetched
    from picograph.kg.source import Place
    from picograph.kg.store import Store
    from picograph.queries.answer import Answer
    from picograph.queries.question import Column

_F = TypeVar("_F", bound=Callable[..., Any])
ROW_FORMATS = ("table", "tsv", "csv", "json")
GRAPH_FORMATS = ("turtle", "trig", "nt", "nq", "jsonld", "rdfxml")


# --- what every command shares --------------------------------------------------------------------------------


def _did_you_mean(given: str, known: Iterable[str], otherwise: str) -> str:
    """Name the nearest of what there is, as something to try."""
    from difflib import get_close_matches

    near = get_close_matches(given, list(known), 1)
    return f"did you mean {near[0]}?" if near else otherwise


class NearestGroup(click.Group):
    """A group that names the nearest command for one that it does not have."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            listed = "picograph ask" if self.name == "ask" else f"{ctx.command_path} --help"
            raise UsageError(
                f"there is no {'question' if self.name == 'ask' else 'command'} {args[0]!r}",
                where=ctx.command_path,
                remedy=_did_you_mean(args[0], self.list_commands(ctx), f"{listed} lists them"),
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
        shared = click.Command(None)
        for decorate in (_store_options, _format_option(*ROW_FORMATS), _sparql_option):
            decorate(shared)
        for each in shared.params:
            each.envvar = None  # `ask` has read PICOGRAPH_STORE, and its own --store goes before it
        command.params.extend(reversed(shared.params))
        return command


_debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show where an error came from.")


def _store_options(command: _F) -> _F:
    options = (
        _debug_option,
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


class _Format(click.Choice[str]):
    """One of the formats of a command; the nearest is named for another."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check that there is such a format."""
        if value not in self.choices:
            raise UsageError(
                f"there is no format {value!r} here",
                where=f"{ctx.command_path if ctx else 'picograph'} --format",
                remedy=_did_you_mean(str(value), self.choices, f"use one of: {', '.join(self.choices)}"),
            )
        return str(value)


def _format_option(*formats: str) -> Callable[[_F], _F]:
    told = "How to print.  [default: table on a terminal, tsv in a pipe]"
    return click.option("--format", "form", type=_Format(formats), help=told)


_source_option = click.option(
    "--source", "sources", multiple=True, metavar="FILE", help="A source text, if the store does not have it."
)
_sparql_option = click.option("--sparql", is_flag=True, help="Print the query that would run, and stop.")


def _default(form: str | None) -> str:
    return form or ("table" if _on_terminal() else "tsv")


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _width() -> int:
    from shutil import get_terminal_size

    return get_terminal_size((80, 24)).columns


def _open(store: str | None, update_endpoint: str | None = None) -> "Store":
    from picograph.kg.store import open_store

    return open_store(store, update_endpoint=update_endpoint)


def _offer(store: "Store", sources: Iterable[str]) -> None:
    """Have source texts at hand for this command."""
    for source in sources:
        store.sources.offer(_text(source))


def _text(path: str) -> str:
    """Read a text; - is standard input."""
    from picograph.kg.load import Input
    from picograph.kg.source import source_text

    given = Input("standard input", sys.stdin.buffer.read()) if path == "-" else Input.from_path(path)
    try:
        return source_text(given.content)
    except InputError as error:
        raise InputError(error.what, where=given.name, remedy=error.remedy) from None


class _ReaderGoneError(Exception):
    """Whoever read our output has gone, as ``head`` does."""


def _out(data: str | bytes, *, err: bool = False) -> None:
    """Write to standard output: bytes as they are, a text as a line."""
    try:
        click.echo(data, nl=isinstance(data, str), err=err)
    except OSError as error:
        # nothing more can be written, not even what is in the buffer
        os.dup2(os.open(os.devnull, os.O_WRONLY), (sys.stderr if err else sys.stdout).fileno())
        if isinstance(error, BrokenPipeError):
            raise _ReaderGoneError from None
        raise InputError(f"the output cannot be written: {error.strerror}", where="standard output") from None


def _say(*lines: str) -> None:
    """Write a message for people: never to standard output."""
    for line in lines:
        _out(line, err=True)


def _json(value: object) -> None:
    import msgspec

    encoded = msgspec.json.Encoder(enc_hook=str, decimal_format="number").encode(value)
    _out(msgspec.json.format(encoded, indent=2) + b"\n")


def _rows(columns: "Mapping[str, Column]", rows: Sequence[Mapping[str, Any]], form: str) -> None:
    """Print rows as a table, TSV, CSV or JSON."""
    if form == "json":
        _json(rows)
    elif form == "table":
        from picograph.queries.tables import render

        for line in render(columns, rows, _width()):
            _out(line)
    else:
        from picograph.queries.answer import lines

        _out("".join(lines(list(columns), rows, "\t" if form == "tsv" else ",")).encode())


def _columns(**kinds: Any) -> "dict[str, Column]":
    from picograph.queries.question import Column

    return {name: Column(kind=kind) for name, kind in kinds.items()}


@click.group(
    cls=NearestGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@_debug_option
@click.version_option(__version__, "-V", "--version", prog_name="picograph", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Reports of clinical studies as an evidence graph: every number traced to its words."""
    if ctx.invoked_subcommand is None:
        _say(ctx.get_help())
        sys.exit(2)


# --- commands -------------------------------------------------------------------------------------------------


@cli.command()
@_store_options
def demo(store: str | None, update_endpoint: str | None) -> None:
    """Show the built-in study, and three answered questions.

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
        _out(f"{study.key}: {loaded.triples} triples, {loaded.places} places in a text of "
             f"{study.record.source.characters} characters")  # fmt: skip
        _out("[414–428] is a place: characters 414 to 428 of that text.\n")
        for line in page.text(shown, _width()):
            _out(line)
        drug = next(each.label for each in study.interventions if each.kind is InterventionKind.DRUG)
        asked: tuple[tuple[str, dict[str, Any]], ...] = (
            ("adverse-events", {"drug": drug, "min_grade": 3}),
            ("responses", {}),
            ("survival", {}),
        )
        for name, parameters in asked:
            options = "".join(f" --{key.replace('_', '-')} {value}" for key, value in parameters.items())
            _out(f"\n$ picograph ask {name}{options}")
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
    """Read records, check them, and store them.

    FILE - is standard input. The format is told from the content. A bad record is refused with its reasons, the good
    ones are kept. Loading a record again changes nothing; a newer version replaces exactly that record.
    """
    from picograph.kg.load import Input
    from picograph.kg.load import load as load_records
    from picograph.queries import report
    from picograph.queries.exports import write_whole

    inputs: list[Input | str] = [
        Input("standard input", sys.stdin.buffer.read()) if name == "-" else name for name in files
    ]
    with _open(store, update_endpoint) as opened:
        done = load_records(opened, inputs, sources=sources)
    kept, refused = [each for each in done if not each.error], [each for each in done if each.error]
    shown = done if form == "json" else kept
    _rows(report.COLUMNS, [report.row(each) for each in shown], _default(form))
    _say(*report.messages(done))
    if rejects is not None:
        write_whole(rejects, report.rejects(refused))
    if refused:
        sys.exit(max(each.error.exit_code for each in refused if each.error))


@cli.command()
@click.argument("study")
@click.option("--evidence", is_flag=True, help="Print the words behind each line, where the source is at hand.")
@_source_option
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
    """Show one study, each line with its places in the source.

    STUDY is its key (NCT00105443, doi:10.1016/…, pmid:…) or its IRI.
    """
    from picograph.kg.store.records import records
    from picograph.queries import show as page

    with _open(store, update_endpoint) as opened:
        _offer(opened, sources)

        def words(sha256: str, place: "Place") -> str | None:
            text = opened.sources.get(sha256)
            return None if text is None else place.words(text)

        printed = list(page.fresh(records(opened, study)))
        if _default(form) != "table":
            columns = _columns(**dict.fromkeys(page.COLUMNS[: None if evidence else -1], "text"))
            _rows(columns, list(page.rows(printed, words if evidence else None)), _default(form))
            return
        for index, (record, shown) in enumerate(printed):
            if shown or not index:
                _out("\n" * bool(index) + "\n".join(page.heading(record, _width())))
                for line in page.text(shown, _width(), words if evidence else None):
                    _out(line)


@cli.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many to give at most.")
@_format_option(*ROW_FORMATS)
@_store_options
def lookup(text: tuple[str, ...], limit: int, form: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Find concepts by name, code, CURIE, IRI or tree number.

    Entry terms are names too. Typing errors are forgiven.
    """
    from picograph.ontology import lookup as finder

    form, wanted = _default(form), " ".join(text)
    rows = [finder.describe(match) for match in finder.find(wanted, limit)]
    if form == "table":
        from picograph.queries.tables import concept_lines

        for line in concept_lines(rows, _width()):
            _out(line)
    else:
        _rows(_columns(**dict.fromkeys(finder.COLUMNS, "list")), rows, form)
    if not rows:
        _say(f"No concept is like {wanted!r} in the vocabularies at hand.")


def _asker(name: str) -> Callable[..., None]:
    def run(store: str | None, update_endpoint: str | None, form: str | None, sparql: bool, **parameters: Any) -> None:
        from picograph.queries import ask as room
        from picograph.queries import catalog

        if sparql:
            _out(room.sparql(catalog.question(name), parameters).rstrip())
            return
        with _open(store, update_endpoint) as opened:
            _print_answer(room.ask(opened, name, **parameters), _default(form))

    return run


def _print_answer(answer: "Answer", form: str) -> None:
    if form == "json":
        _out(answer.to_json())
        return
    _rows(answer.columns, answer.rows, form)
    if form == "table":
        from picograph.queries.tables import caution_lines

        _say(*caution_lines(answer.cautions, _width()) if answer.rows else ["No rows."])


@cli.group(cls=Questions, invoke_without_command=True)
@_format_option(*ROW_FORMATS)
@_store_options
@click.pass_context
def ask(ctx: click.Context, form: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Ask a question; without its name, list the questions."""
    if ctx.invoked_subcommand is not None:
        given = {"form": form, "store": store, "update_endpoint": update_endpoint}
        ctx.default_map = {ctx.invoked_subcommand: {key: value for key, value in given.items() if value is not None}}
        return
    from picograph.queries import catalog

    questions = [catalog.question(name) for name in catalog.names()]
    if form == "json":
        _json([each.described() for each in questions])
    else:
        rows = [{"name": each.name, "summary": each.summary} for each in questions]
        _rows(_columns(name="text", summary="text"), rows, _default(form))


@cli.command()
@click.argument("sparql", required=False)
@click.option("-f", "--file", "path", metavar="FILE", help="Read the query from a file; - reads standard input.")
@_format_option(*ROW_FORMATS, "xml", *GRAPH_FORMATS)
@_store_options
def query(
    sparql: str | None, path: str | None, form: str | None, store: str | None, update_endpoint: str | None
) -> None:
    """Run a SPARQL 1.1 query.

    SPARQL - is standard input. Rows come as table, csv, tsv, json or xml, graphs as turtle, trig, nt, nq, jsonld or
    rdfxml. The default graph is the union of the named graphs. SERVICE is off.
    """
    from picograph.queries.results import serialize, table_lines

    if (sparql is None) == (path is None):
        raise UsageError("give a query, or a file with one", where="picograph query", remedy="picograph query -f FILE")
    if path is not None or sparql == "-":
        sparql = _text(path or "-")
    assert sparql is not None
    with _open(store, update_endpoint) as opened:
        results = opened.query(sparql)
        if form == "table" or (form is None and _on_terminal() and hasattr(results, "variables")):
            lines = list(table_lines(results, _width()))
            for line in lines:
                _out(line)
            if not lines:
                _say("No rows.")
        else:
            for chunk in serialize(results, form):
                _out(chunk)


@cli.command()
@click.argument("target")
@click.option("-o", "--output", metavar="FILE", help="Where to write.  [default: standard output]")
@click.option("--study", metavar="KEY", help="One study only.")
@click.option("--words", is_flag=True, help="The ontology and the vocabularies too.")
@_store_options
def export(
    target: str, output: str | None, study: str | None, words: bool, store: str | None, update_endpoint: str | None
) -> None:
    """Write the records of the store for another tool.

    TARGET is turtle, trig, nt, nq, jsonld, rdfxml or csv. What the target could not express is told on standard error.
    """
    from picograph.kg.triples import graphs_of, names_of
    from picograph.queries.exports import export as exporter
    from picograph.queries.exports import write_whole

    function = exporter(target)
    with _open(store, update_endpoint) as opened:
        if study is not None:
            from picograph.kg.store.records import records

            names = [names_of(each).record for each in records(opened, study)]
            graphs = {name: list(opened.quads(name)) for name in names}
        else:
            graphs = graphs_of(opened.quads(), records_only=not words)
        exported = function(graphs)
        if output is None:
            for chunk in exported.chunks:
                _out(chunk)
        else:
            write_whole(output, exported.chunks)
    for loss in exported.losses:
        _say(f"Not expressed in {target}: {loss}.")


@cli.command()
@_source_option
@_format_option(*ROW_FORMATS)
@_store_options
def validate(sources: tuple[str, ...], form: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Check arithmetic, shapes and evidence of the records.

    Evidence is held against its source where that is at hand. Exit code 1 if something does not hold.
    """
    from importlib.util import find_spec

    from picograph.queries import integrity

    with_shapes = find_spec("pyshacl") is not None
    with _open(store, update_endpoint) as opened:
        _offer(opened, sources)
        findings = [*integrity.records(opened, with_shapes=with_shapes), *integrity.questions(opened)]
        missing = integrity.unresolved(opened)
    columns = _columns(severity="text", rule="text", study="study", what="text", part="iri", evidence="evidence")
    rows = [{name: getattr(each, name) for name in columns} for each in findings]
    if rows or form:
        _rows(columns, rows, _default(form))
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
    """Say what is in the store, and which versions made it."""
    from picograph.queries import summary

    rows = [{"what": what, "value": value} for what, value in summary.versions()]
    with _open(store, update_endpoint) as opened:
        rows.append({"what": "store", "value": opened.location})
        rows.extend({"what": what, "value": value} for what, value in summary.contents(opened))
    _rows(_columns(what="iri", value="iri"), rows, _default(form))


def _fetch_options(command: _F) -> _F:
    options = (
        _debug_option,
        _format_option(*ROW_FORMATS),
        click.option("--restart", is_flag=True, help="Begin anew, whatever an earlier fetch left there."),
        click.option("--base-url", metavar="URL", help="Ask this address instead of the public one."),
        click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Fetch no more than the first N."),
    )
    for option in options:
        command = option(command)
    return command


@cli.group(cls=NearestGroup)
def fetch() -> None:
    """Download records politely, into files that load reads.

    May be stopped at any moment: the same command goes on from there. What is on disk is not asked for again.
    """


@fetch.command("clinicaltrials")
@click.argument("query")
@click.option(
    "-o", "--output", default="clinicaltrials.jsonl", show_default=True, metavar="FILE|FOLDER", help="Where to write."
)
@_fetch_options
def fetch_clinicaltrials(
    query: str, output: str, limit: int | None, base_url: str | None, restart: bool, form: str | None
) -> None:
    """Download the studies of ClinicalTrials.gov that match QUERY, as JSON lines.

    The address may stand in PICOGRAPH_CLINICALTRIALS_URL too.
    """
    from picograph.kg.fetch import clinicaltrials

    with _Bar("studies") as bar:
        fetched = clinicaltrials.fetch(
            query, output, base_url=base_url, limit=limit, restart=restart, progress=bar.move, told=bar.say
        )
    _print_fetched(fetched, form)


@fetch.command("pubmed")
@click.argument("query")
@click.option("-o", "--output", default="pubmed", show_default=True, metavar="FOLDER", help="Where to write.")
@click.option("--api-key", envvar="NCBI_API_KEY", metavar="KEY", help="Yours at NCBI: 10 requests a second, not 3.")
@click.option("--email", metavar="ADDRESS", help="Where NCBI may write to you.")
@click.option("--compress", is_flag=True, help="Write .xml.gz.")
@_fetch_options
def fetch_pubmed(
    query: str,
    output: str,
    api_key: str | None,
    email: str | None,
    compress: bool,
    limit: int | None,
    base_url: str | None,
    restart: bool,
    form: str | None,
) -> None:
    """Download the records of PubMed that match QUERY, as XML files of up to 200 records.

    The address may stand in PICOGRAPH_EUTILS_URL, the key in NCBI_API_KEY.
    """
    from picograph.kg.fetch import pubmed

    with _Bar("records") as bar:
        fetched = pubmed.fetch(
            query, output, base_url=base_url, limit=limit, restart=restart, api_key=api_key, email=email,
            compress=compress, progress=bar.move, told=bar.say,
        )  # fmt: skip
    _print_fetched(fetched, form)


class _Bar:
    """A progress bar on standard error, which appears when it is known how much there is."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._shown: Any = None

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *error: object) -> None:
        if self._shown is not None:
            self._shown.__exit__(*error)

    def move(self, done: int, total: int) -> None:
        """Show how far it is."""
        if self._shown is None:
            self._shown = click.progressbar(
                length=total, label=self._label, file=sys.stderr, show_pos=True, hidden=not sys.stderr.isatty()
            )
            self._shown.__enter__()
        self._shown.update(done - self._shown.pos)

    def say(self, line: str) -> None:
        """Write a line for people without breaking the bar."""
        if self._shown is not None and sys.stderr.isatty():
            _say("")
        _say(line)


def _print_fetched(fetched: "Fetched", form: str | None) -> None:
    if form == "json":
        _json(fetched)
    else:
        rows = [{"file": file, "records": records} for file, records in fetched.files.items()]
        _rows(_columns(file="text", records="integer"), rows, _default(form))
    for caution in fetched.cautions:
        _say(f"Caution: {caution}")
    if fetched.missing:
        named = ", ".join(fetched.missing[:10]) + ("…" if len(fetched.missing) > 10 else "")
        _say(f"Caution: {len(fetched.missing)} records match and were not given: {named}")
    _say(
        f"{fetched.records} of {fetched.matching} matching records in {len(fetched.files)} files; "
        f"{fetched.kept} were on disk already; {fetched.requests} requests."
    )


# --- the way in -----------------------------------------------------------------------------------------------


def _usage(error: click.UsageError) -> UsageError:
    """Say a wrong use in the house's form: what, where, try."""
    where = error.ctx.command_path if error.ctx else "picograph"
    what, remedy = error.format_message().rstrip("."), f"{where} --help"
    if isinstance(error, click.NoSuchOption):
        what = f"there is no option {error.option_name}"
        if error.possibilities:
            remedy = f"did you mean {error.possibilities[0]}?"
    elif isinstance(error, click.MissingParameter) and error.ctx:
        what = what[:1].lower() + what[1:]
        remedy = error.ctx.command.get_usage(error.ctx).removeprefix("Usage: ")
    elif isinstance(error, click.BadParameter) and error.param:
        what, where = error.message.rstrip("."), f"{where} {error.param.opts[-1]}"
    return UsageError(what, where=where, remedy=remedy)


def _leave(error: PicographError) -> NoReturn:
    _say(f"Error: {error}")
    sys.exit(error.exit_code)


def main(args: Sequence[str] | None = None) -> None:
    """Run the program: whatever a user can cause ends in a short message, never a traceback."""
    arguments = list(sys.argv[1:] if args is None else args)
    codecs.register_error("spell out", _spell_out)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="spell out")  # a terminal that cannot show ≥ shows >=
    try:
        _run(arguments)
    except _ReaderGoneError:
        sys.exit(0)


def _run(arguments: list[str]) -> None:
    try:
        cli.main(args=arguments, prog_name="picograph", standalone_mode=False)
    except (PicographError, click.UsageError) as error:
        if "--debug" in arguments:
            raise
        _leave(_usage(error) if isinstance(error, click.UsageError) else error)
    except (click.Abort, KeyboardInterrupt):
        _say("Stopped.")
        sys.exit(130)
    except click.ClickException as error:
        _leave(UsageError(error.format_message()))
    except Exception as error:
        if "--debug" in arguments or isinstance(error, _ReaderGoneError):
            raise
        _say(
            f"Error: picograph met what it does not know: {type(error).__name__}: {error}",
            "  where: " + " ".join(["picograph", *arguments])[:200],
            "  try:   the same with --debug shows where; please report it",
        )
        sys.exit(1)


def _spell_out(error: UnicodeError) -> tuple[str | bytes, int]:
    from picograph.queries.wording import spell_out

    return spell_out(error)


if __name__ == "__main__":
    main()
