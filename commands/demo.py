"""The main job on the built-in study."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from picograph.commands.terminal import open_store, out, print_answer, store_options, width

if TYPE_CHECKING:
    from picograph.kg.store import Store


@click.command()
@click.option(
    "--hcc",
    "collection",
    flag_value="hcc",
    help="Load the studies of hepatocellular carcinoma that ship, and ask them.",
)
@store_options
def demo(collection: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Show the built-in study, and three answered questions.

    Works in a store in memory, unless --store names one.
    """
    if collection:
        _collection(collection, store, update_endpoint)
        return
    from picograph.kg.load import example, load
    from picograph.kg.recovery import records_of, study_of
    from picograph.kg.study import InterventionKind
    from picograph.queries import show as page

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
        _answer(opened, asked)


def _answer(opened: "Store", asked: Iterable[tuple[str, dict[str, Any]]]) -> None:
    from shlex import quote

    from picograph.queries.ask import ask

    for name, parameters in asked:
        options = "".join(f" --{key.replace('_', '-')} {quote(str(value))}" for key, value in parameters.items())
        out(f"\n$ picograph ask {name}{options}")
        print_answer(ask(opened, name, **parameters), "table")


def _collection(name: str, store: str | None, update_endpoint: str | None) -> None:
    """Load a collection that ships, list its studies, and answer by drug, grade, dose and a property at entry."""
    from textwrap import wrap
    from urllib.parse import unquote

    from picograph.kg.inputs import collected
    from picograph.kg.load import load
    from picograph.kg.records import questions_of
    from picograph.queries.ask import ask

    with open_store(store or ":memory:", update_endpoint) as opened:
        done = load(opened, collected(name))
        for each in done:
            if each.error:
                raise each.error
        triples, places = sum(each.triples for each in done), sum(each.places for each in done)
        out(f"{len(done)} studies: {triples} triples, {places} places in their abstracts\n")
        for row in ask(opened, "studies"):
            # semicolons, because a treatment's name may have a comma
            said = {name: "; ".join(map(str, value)) if isinstance(value, tuple) else "" for name, value in row.items()}
            size = f"{said['enrolled']} participants" if said["enrolled"] else "enrolment not stated"
            out(unquote(str(row["study"]).rpartition("/study/")[2]))
            design = ", ".join(filter(None, (size, said["phase"], said["allocation"])))
            out(
                "\n".join(
                    wrap(f"{design}: {said['interventions']}", width(), initial_indent="    ", subsequent_indent="    ")
                )
            )
        _answer(opened, questions_of(name))
