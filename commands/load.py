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
from picograph.ontology.errors import UsageError


@click.command()
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option("--source", "sources", multiple=True, metavar="FILE", help="A text that a study file refers to.")
@click.option("--rejects", metavar="FILE", help="Write refused records with their reasons: JSON lines.")
@click.option("--splits", metavar="FILE", help="What is not one study: two identifiers a line. The store remembers it.")
@click.option("--explain", is_flag=True, help="Say of which study each record is, and why.")
@format_option(*ROW_FORMATS)
@store_options
def load(
    files: tuple[str, ...],
    sources: tuple[str, ...],
    rejects: str | None,
    splits: str | None,
    explain: bool,
    form: str | None,
    store: str | None,
    update_endpoint: str | None,
) -> None:
    """Read records, check them, and store them.

    FILE - is standard input. The format is told from the content. A bad record is refused with its reasons, the good
    ones are kept. Loading a record again changes nothing; a newer version replaces exactly that record.

    Records of one trial are one study: by a number of a registry, a DOI or a PMID. With --splits, what a line of the
    file has is kept apart from now on, in what the store holds too; FILE may then be left out.
    """
    if not files and splits is None:
        raise UsageError(
            "there is nothing to load", where="picograph load", remedy="name a file, or - for standard input"
        )
    from picograph.kg import joining
    from picograph.kg.load import Input
    from picograph.kg.load import load as load_records
    from picograph.kg.splits import read_splits
    from picograph.queries import report
    from picograph.queries.exports import write_whole

    inputs: list[Input | str] = [
        Input("standard input", sys.stdin.buffer.read()) if name == "-" else name for name in files
    ]
    with open_store(store, update_endpoint) as opened:
        apart = read_splits(splits) if splits is not None else None
        done = load_records(opened, inputs, sources=sources, splits=apart)
        why = report.why(opened, done) if explain else {}
        if splits is not None:
            say(*report.unmet(opened))
    kept, refused = [each for each in done if not each.error], [each for each in done if each.error]
    shown = done if form == "json" else kept
    print_rows(report.COLUMNS, [report.row(each, why.get(each.record or "")) for each in shown], default_format(form))
    say(*report.messages(done))
    for each in why.values():
        say(*joining.explain(each))
    if rejects is not None:
        write_whole(rejects, report.rejects(refused))
    if refused:
        sys.exit(max(each.error.exit_code for each in refused if each.error))
