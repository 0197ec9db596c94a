"""What does not hold in a store."""

import sys

import click

from picograph.commands.terminal import (
    ROW_FORMATS,
    columns_of,
    default_format,
    format_option,
    offer,
    open_store,
    print_rows,
    say,
    source_option,
    store_options,
)


@click.command()
@source_option
@format_option(*ROW_FORMATS)
@store_options
def validate(sources: tuple[str, ...], form: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Check arithmetic, shapes and evidence of the records.

    Evidence is held against its source where that is at hand. Exit code 1 if something does not hold.
    """
    from importlib.util import find_spec

    from picograph.queries import integrity
    from picograph.queries.wording import counted

    with_shapes = find_spec("pyshacl") is not None
    with open_store(store, update_endpoint) as opened:
        offer(opened, sources)
        findings = [*integrity.records(opened, with_shapes=with_shapes), *integrity.questions(opened)]
        missing = integrity.unresolved(opened)
    columns = columns_of(severity="text", rule="text", study="study", what="text", part="iri", evidence="evidence")
    rows = [{name: getattr(each, name) for name in columns} for each in findings]
    if rows or form:
        print_rows(columns, rows, default_format(form))
    for record, count in list(missing.items())[:1]:
        say(
            f"Caution: {counted(count, 'place')} {'was' if count == 1 else 'were'} not held against their words: "
            "the source is not at hand",
            f"  where: {record}",
            "  try:   name its text with --source FILE",
        )
    if len(missing) > 1:
        places = counted(sum(missing.values()) - count, "place")
        say(f"… and {places} of {counted(len(missing) - 1, 'more record')}")
    if not with_shapes:
        say("Caution: the SHACL shapes were not checked", "  try:   pip install 'picograph[shapes]'")
    broken = [each for each in findings if each.severity == "error"]
    say(f"{counted(len(broken), 'error')}, {counted(len(findings) - len(broken), 'caution')}.")
    if broken:
        sys.exit(1)
