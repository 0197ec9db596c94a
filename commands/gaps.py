"""The gap map: which outcome was measured for which treatment, and where no study is."""

import click

from picograph.commands.terminal import (
    ROW_FORMATS,
    columns_of,
    default_format,
    format_option,
    open_store,
    out,
    print_json,
    print_rows,
    say,
    store_options,
    tell,
    width,
)


@click.command()
@click.option("--condition", metavar="CONCEPT", help="Only studies of this condition or one below it.")
@click.option("--picture", metavar="FILE", help="Draw it: .svg, .png or .pdf.")
@format_option(*ROW_FORMATS)
@store_options
def gaps(
    condition: str | None, picture: str | None, form: str | None, store: str | None, update_endpoint: str | None
) -> None:
    """Show for which treatment and outcome there is no study, as a map.

    A gap is one of this store. picograph ask gaps gives the same with the keys of the studies.
    """
    from picograph.queries.synthesis import gapmap
    from picograph.queries.synthesis.pictures import format_of

    if picture:
        format_of(picture)
    with open_store(store, update_endpoint) as opened:
        found = gapmap.gap_map(opened, condition)
    form = default_format(form)
    if form == "json":
        print_json(found)
    elif form == "table":
        out("\n".join(gapmap.text_lines(found, width())))
    else:
        print_rows(columns_of(treatment="text", outcome="text", studies="integer"), list(gapmap.rows_of(found)), form)
    tell(*(f"Caution: {each}" for each in found.cautions))
    if picture:
        gapmap.draw(found, picture)
        say(f"Drawn: {picture}")
