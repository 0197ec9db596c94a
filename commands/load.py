"""Records into the store."""

import sys

import click

from picograph.commands.terminal import (
    ROW_FORMATS,
    default_format,
    format_option,
    open_store,
    print_rows,
    say,
    store_options,
)


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--source", "sources", multiple=True, metavar="FILE", help="A text that a study file refers to.")
@click.option("--rejects", metavar="FILE", help="Write refused records with their reasons: JSON lines.")
@format_option(*ROW_FORMATS)
@store_options
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
    with open_store(store, update_endpoint) as opened:
        done = load_records(opened, inputs, sources=sources)
    kept, refused = [each for each in done if not each.error], [each for each in done if each.error]
    shown = done if form == "json" else kept
    print_rows(report.COLUMNS, [report.row(each) for each in shown], default_format(form))
    say(*report.messages(done))
    if rejects is not None:
        write_whole(rejects, report.rejects(refused))
    if refused:
        sys.exit(max(each.error.exit_code for each in refused if each.error))
