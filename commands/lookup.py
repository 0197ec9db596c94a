"""Concepts by what a person types."""

import click

from picograph.commands.terminal import (
    ROW_FORMATS,
    columns_of,
    default_format,
    format_option,
    open_store,
    out,
    print_rows,
    say,
    store_options,
    width,
)


@click.command()
@click.argument("text", nargs=-1, required=True)
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    metavar="N",
    help="How many to give at most.",
)
@format_option(*ROW_FORMATS)
@store_options
def lookup(text: tuple[str, ...], limit: int, form: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Find concepts by name, code, CURIE, IRI or tree number.

    Entry terms are names too. Typing errors are forgiven.
    """
    from picograph.kg.uses import studies_using
    from picograph.ontology import lookup as finder

    form, wanted = default_format(form), " ".join(text)
    with open_store(store, update_endpoint) as opened:
        matches = finder.find(wanted, limit, opened.words)
        studies = studies_using(opened, [match.concept.curie for match in matches])
        rows = [
            {**finder.describe(match, opened.words), "studies": studies.get(match.concept.curie)} for match in matches
        ]
    if form == "table":
        from picograph.queries.tables import concept_lines

        for line in concept_lines(rows, width()):
            out(line)
    else:
        print_rows(columns_of(**dict.fromkeys(finder.COLUMNS, "list"), studies="integer"), rows, form)
    if not rows:
        say(f"No concept is like {wanted!r} in the vocabularies at hand.")
