"""The main job on the built-in study."""

from typing import Any

import click

from picograph.commands.terminal import open_store, out, print_answer, store_options, width


@click.command()
@store_options
def demo(store: str | None, update_endpoint: str | None) -> None:
    """Show the built-in study, and three answered questions.

    Works in a store in memory, unless --store names one.
    """
    from picograph.kg.load import example, load
    from picograph.kg.study import InterventionKind
    from picograph.kg.triples import records_of, study_of
    from picograph.queries import show as page
    from picograph.queries.ask import ask

    with open_store(store or ":memory:", update_endpoint) as opened:
        given = example()
        [loaded] = load(opened, [given])
        if loaded.error:
            raise loaded.error
        [study] = [study_of(quads) for name, quads in records_of(opened.quads(loaded.record))]
        shown = [line for line in page.lines(study) if line.section != "Index terms"]
        out(f"{study.key}: {loaded.triples} triples, {loaded.places} places in a text of "
             f"{study.record.source.characters} characters")  # fmt: skip
        out("[414–428] is a place: characters 414 to 428 of that text.\n")
        for line in page.text(shown, width()):
            out(line)
        drug = next(each.label for each in study.interventions if each.kind is InterventionKind.DRUG)
        asked: tuple[tuple[str, dict[str, Any]], ...] = (
            ("adverse-events", {"drug": drug, "min_grade": 3}),
            ("responses", {}),
            ("survival", {}),
        )
        for name, parameters in asked:
            options = "".join(f" --{key.replace('_', '-')} {value}" for key, value in parameters.items())
            out(f"\n$ picograph ask {name}{options}")
            print_answer(ask(opened, name, **parameters), "table")
