"""Records for another tool."""

from typing import Any

import click

from picograph.commands.completion import offered
from picograph.commands.terminal import (
    ROW_FORMATS,
    columns_of,
    default_format,
    format_option,
    open_store,
    out,
    print_rows,
    store_options,
    tell,
)
from picograph.ontology.errors import UsageError


@click.command()
@click.argument("target", required=False)
@click.option("-o", "--output", metavar="FILE", help="Where to write.  [default: standard output]")
@click.option(
    "--study",
    "studies",
    multiple=True,
    metavar="KEY",
    help="This study only; may be given again.",
    shell_complete=offered("study"),
)
@click.option("--question", metavar="NAME", help="The rows of this question; tables for meta-analysis need one.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A parameter of the question.")
@click.option("--words", is_flag=True, help="The ontology and the vocabularies too.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="How many processes write, where there are many records.  [default: one a core, at most 4]",
)
@click.option("--report", metavar="FILE", help="Write what could not be expressed, as JSON lines.")
@format_option(*ROW_FORMATS)
@store_options
def export(
    target: str | None,
    output: str | None,
    studies: tuple[str, ...],
    question: str | None,
    settings: tuple[str, ...],
    words: bool,
    jobs: int | None,
    report: str | None,
    form: str | None,
    store: str | None,
    update_endpoint: str | None,
) -> None:
    """Write the records of the store, or an answer, for another tool.

    Without a TARGET, lists them. What the target could not express is told on standard error, and with --report in a
    file.
    """
    if target is None:
        _list(form)
        return
    from picograph.queries.exports import export as exporter
    from picograph.queries.exports import spooled, write_whole
    from picograph.queries.exports.selection import Losses, Selection

    function, losses = exporter(target), Losses()
    with open_store(store, update_endpoint) as opened:
        from picograph.kg.store.records import records
        from picograph.kg.triples import study_iri

        chosen = [study_iri(records(opened, key)[0].key) for key in studies] or None
        answer = None if question is None else _asked(opened, question, settings)
        selection = Selection(opened, studies=chosen, words=words, answer=answer, jobs=jobs or _cores())
        chunks = spooled(function(selection, losses))
        if output is None:
            for chunk in chunks:
                out(chunk)
        else:
            write_whole(output, chunks)
        cautions = selection.retractions.of_graphs(selection.names())
    for caution in cautions:
        tell(f"Caution: {caution}")
    for line in losses.lines():
        tell(f"Not expressed in {target}: {line}.")
    if report is not None:
        import msgspec

        write_whole(report, (msgspec.json.encode(each) + b"\n" for each in losses.found()))


def _cores() -> int:
    """Say how many processes may work at once where nobody says it."""
    import os

    return min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def _list(form: str | None) -> None:
    from picograph.queries.exports import summaries

    rows = [{"target": name, "writes": words.replace("``", "")} for name, words in summaries().items()]
    print_rows(columns_of(target="text", writes="text"), rows, default_format(form))


def _asked(store: Any, question: str, settings: tuple[str, ...]) -> Any:
    from picograph.queries.ask import ask

    given = {}
    for each in settings:
        name, mark, value = each.partition("=")
        if not mark:
            raise UsageError(f"{each!r} is no setting", where="--set", remedy="write --set drug=sorafenib")
        given[name.replace("-", "_")] = value
    return ask(store, question, **given)
