"""The network of treatments: components, missing comparators, a picture, GraphML."""

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from picograph.queries.synthesis.network import Network


@click.command()
@click.option("--condition", metavar="CONCEPT", help="Only studies of this condition or one below it.")
@click.option("--drug", metavar="CONCEPT", help="Only studies with this drug or one of this class.")
@click.option("--picture", metavar="FILE", help="Draw it: .svg, .png or .pdf.")
@click.option("--graphml", metavar="FILE", help="Write it as GraphML.")
@format_option(*ROW_FORMATS)
@store_options
def network(
    condition: str | None,
    drug: str | None,
    picture: str | None,
    graphml: str | None,
    form: str | None,
    store: str | None,
    update_endpoint: str | None,
) -> None:
    """Show which treatments were compared, and which were not.

    Treatments are nodes, contrasts within a study are edges. Studies with one arm compare nothing and stand beside it.
    """
    from picograph.queries.synthesis import network as room
    from picograph.queries.synthesis.pictures import format_of

    if picture:
        format_of(picture)
    with open_store(store, update_endpoint) as opened:
        studies = None
        if condition or drug:
            from picograph.queries.ask import ask

            studies = sorted({str(row["study"]) for row in ask(opened, "studies", condition=condition, drug=drug)})
        found = room.network(opened, studies)
    form = default_format(form)
    if form == "json":
        print_json(found)
    elif form == "table":
        _print(found, narrowed=condition is not None)
    else:
        columns = columns_of(one="text", other="text", studies="list", participants="integer", randomised="integer")
        print_rows(columns, _rows(found), form)
    if graphml:
        room.write_graphml(found, graphml)
        say(f"Written: {graphml}")
    if picture:
        from picograph.queries.synthesis.networkplot import draw

        draw(found, picture)
        say(f"Drawn: {picture}")


def _rows(found: "Network") -> list[dict[str, Any]]:
    from picograph.kg.triples import study_key

    return [
        {
            "one": each.one,
            "other": each.other,
            "studies": tuple(map(study_key, each.studies)),
            "participants": each.participants,
            "randomised": each.randomised,
        }
        for each in found.contrasts
    ]


def _print(found: "Network", *, narrowed: bool) -> None:
    from picograph.kg.triples import study_key
    from picograph.queries.synthesis.report import wrapped
    from picograph.queries.wording import counted

    def listed(text: str) -> None:
        for line in wrapped(text, width(), "    "):
            out(line)

    counts = {
        "treatment": found.treatments,
        "contrast": found.contrasts,
        "component": found.components,
        "loop": found.loops,
    }
    out(", ".join(counted(len(each), name) for name, each in counts.items()))
    if found.contrasts:
        out("")
        columns = columns_of(one="text", other="text", studies="list", participants="integer", randomised="integer")
        print_rows(columns, _rows(found), "table")
        out("")
    for number, component in enumerate(found.components, 1):
        listed(f"Component {number}: " + "; ".join(f"{name} ({found.degrees[name]})" for name in component))
    for bridge in found.bridges:
        one, other = bridge.components
        listed(f"A trial of {bridge.one} against {bridge.other} would connect components {one} and {other}.")
    if found.single_arm:
        out(f"Studies with one arm, which compare nothing: {len(found.single_arm)}")
        for study, name in found.single_arm[:20]:
            listed(f"  {study_key(study)}: {name}")
        if len(found.single_arm) > 20:
            out(f"  and {len(found.single_arm) - 20} more")
    if found.contrasts and not narrowed:
        tell("Caution: studies of all conditions are in one network; --condition narrows it.")
    if found.without_treatment:
        arms = counted(found.without_treatment, "arm has no treatment in its", "arms have no treatment in their")
        tell(f"Caution: {arms} record, and {'is' if found.without_treatment == 1 else 'are'} in no node.")
