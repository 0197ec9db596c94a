"""One study, readable."""

from typing import TYPE_CHECKING

import click

from picograph.commands.completion import offered
from picograph.commands.terminal import (
    ROW_FORMATS,
    columns_of,
    default_format,
    format_option,
    offer,
    open_store,
    out,
    print_rows,
    source_option,
    store_options,
    width,
)

if TYPE_CHECKING:
    from picograph.kg.source import Place


@click.command()
@click.argument("study", shell_complete=offered("study"))
@click.option("--evidence", is_flag=True, help="Print the words behind each line, where the source is at hand.")
@source_option
@format_option(*ROW_FORMATS)
@store_options
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
    from picograph.queries.retractions import Retractions

    with open_store(store, update_endpoint) as opened:
        offer(opened, sources)

        def words(sha256: str, place: "Place") -> str | None:
            text = opened.sources.get(sha256)
            return None if text is None else place.words(text)

        printed = list(page.fresh(records(opened, study)))
        retractions = Retractions.of(opened)
        if default_format(form) != "table":
            columns = columns_of(**dict.fromkeys(page.COLUMNS[: None if evidence else -1], "text"))
            print_rows(
                columns, list(page.rows(printed, words if evidence else None, retractions)), default_format(form)
            )
            return
        for index, (record, shown) in enumerate(printed):
            if shown or not index:
                out("\n" * bool(index) + "\n".join(page.heading(record, width(), retractions)))
                for line in page.text(shown, width(), words if evidence else None):
                    out(line)
