"""Studies side by side; a publication against its registry record."""

from functools import partial
from typing import TYPE_CHECKING

import click

from picograph.commands.completion import offered
from picograph.commands.terminal import (
    ROW_FORMATS,
    default_format,
    format_option,
    offer,
    open_store,
    out,
    print_answer,
    print_json,
    print_rows,
    say,
    source_option,
    store_options,
    width,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from picograph.kg.store import Store
    from picograph.queries.compare import Item, Words


@click.command()
@click.argument("studies", nargs=-1, required=True, metavar="STUDY...", shell_complete=offered("study"))
@click.option("--differences", is_flag=True, help="Leave out what is the same.")
@click.option("--evidence", is_flag=True, help="Print where each value stands, and the words there.")
@source_option
@format_option(*ROW_FORMATS, "html")
@store_options
def compare(
    studies: tuple[str, ...],
    differences: bool,
    evidence: bool,
    sources: tuple[str, ...],
    form: str | None,
    store: str | None,
    update_endpoint: str | None,
) -> None:
    """Hold studies against each other: design, population, interventions, outcomes, adverse events.

    One STUDY: each of its publications against its registry record, every difference with both places. Several: side by
    side. STUDY is a key (NCT00105443, doi:10.1016/…, pmid:…) or an IRI.
    """
    from picograph.queries import compare as room

    chosen = default_format(form)
    with open_store(store, update_endpoint) as opened:
        offer(opened, sources)
        words = partial(_words, opened) if evidence else None
        if len(dict.fromkeys(studies)) > 1 or chosen == "html":
            _side_by_side(opened, studies, differences, words, chosen)
            return
        answer = room.against_registry(opened, studies[0], words)
        if not answer.rows:
            say("It has no registry record and publication that speak of the same: show prints what it has.")
        if differences:
            answer.rows = [row for row in answer.rows if row["difference"] != room.Difference.SAME.value]
        print_answer(answer, chosen)


def _words(store: "Store", iri: str) -> str | None:
    """Give the words at a place, where its source is at hand."""
    from picograph.kg.triples import split_place

    source, place = split_place(iri)
    text = store.sources.get(source.rpartition("/")[2])
    return None if text is None else place.words(text)


def _side_by_side(
    store: "Store", studies: "Sequence[str]", differences: bool, words: "Words | None", form: str
) -> None:
    from picograph.kg.store.records import records
    from picograph.kg.triples import names_of
    from picograph.queries import compare as room
    from picograph.queries import compare_layout as layout
    from picograph.queries.retractions import Retractions
    from picograph.queries.tables import caution_lines

    found = {each[0].key: each for each in (records(store, study) for study in studies)}
    names = {names_of(each).record for study in found.values() for each in study}
    cautions = (*room.CAUTIONS, *Retractions.of(store).of_graphs(names))
    if len(found) == 1:  # one study: its records stand side by side
        found = {each.record.document: [each] for study in found.values() for each in study}
    items = room.side_by_side(found)
    if differences:
        items = [each for each in items if each.difference != room.Difference.SAME]
    keys = list(found)
    if form == "html":
        out(layout.html(items, keys, cautions, words))
    elif form == "json":
        shown = [_shown(each, keys, words) for each in items]
        print_json({"studies": keys, "rows": shown, "cautions": cautions})
    elif form == "table":
        for line in layout.text(items, keys, width(), words):
            out(line)
        say("", layout.LEGEND, *caution_lines(cautions, width()))
    else:
        print_rows(room.columns(keys, with_words=words is not None), room.rows(items, keys, words), form)


def _shown(item: "Item", studies: "Sequence[str]", words: "Words | None") -> dict[str, object]:
    """Give an item for a program: of each study a list of values, each with its places."""
    cells: dict[str, list[dict[str, object]]] = {}
    for study, cell in zip(studies, item.cells, strict=True):
        cells[study] = [{"value": said.value, "evidence": said.evidence} for said in cell]
        for said, shown in zip(cell, cells[study], strict=True) if words else ():
            shown["words"] = [words(iri) for iri in said.evidence if words]
    return {"section": item.section, "item": item.name, "difference": item.difference.value, "studies": cells}
