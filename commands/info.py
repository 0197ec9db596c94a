"""What is in a store."""

import click

from picograph.commands.terminal import (
    ROW_FORMATS,
    columns_of,
    default_format,
    format_option,
    open_store,
    print_rows,
    store_options,
)


@click.command()
@format_option(*ROW_FORMATS)
@store_options
def info(form: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Say what is in the store, and which versions made it."""
    from picograph.queries import summary

    rows = [{"what": what, "value": value} for what, value in summary.versions()]
    with open_store(store, update_endpoint) as opened:
        rows.append({"what": "store", "value": opened.location})
        rows.extend({"what": what, "value": value} for what, value in summary.contents(opened))
    print_rows(columns_of(what="iri", value="iri"), rows, default_format(form))
