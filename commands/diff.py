"""What changed between two versions of a store: facts, answers, pooled values."""

from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from picograph.commands.terminal import (
    ROW_FORMATS,
    columns_of,
    debug_option,
    default_format,
    format_option,
    offer,
    open_store,
    out,
    print_json,
    print_rows,
    source_option,
    width,
)

if TYPE_CHECKING:
    from picograph.queries.synthesis.difference import Differences, FactChange, RowChange


@click.command()
@click.argument("old")
@click.argument("new")
@source_option
@click.option("--no-pool", is_flag=True, help="Leave out what is pooled.")
@format_option(*ROW_FORMATS)
@debug_option
def diff(old: str, new: str, sources: tuple[str, ...], no_pool: bool, form: str | None) -> None:
    """Compare two stores: which facts changed, at which words, and which answers moved.

    OLD and NEW are folders, or SPARQL 1.1 query endpoints.
    """
    from importlib.util import find_spec

    from picograph.queries.synthesis.difference import compare

    with open_store(old) as before, open_store(new) as after:
        offer(after, sources)
        found = compare(before, after, pooling=not no_pool and find_spec("scipy") is not None)
        words = {iri: _words(after, before, iri) for change in found.facts for iri in change.evidence}
    form = default_format(form)
    if form == "json":
        print_json(found)
    elif form == "table":
        _print(found, words)
    else:
        columns = columns_of(
            what="text", where="text", study="study", name="text", old="text", new="text", evidence="evidence"
        )
        print_rows(columns, _rows(found), form)


def _words(after: Any, before: Any, iri: str) -> str | None:
    """Give the words at a place, from whichever store has the source."""
    from picograph.kg.triples import split_place

    source, place = split_place(iri)
    sha256 = source.rpartition("/")[2]
    text = after.sources.get(sha256) or before.sources.get(sha256)
    return None if text is None else place.words(text)


def _rows(found: "Differences") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []

    def add(what: str, where: str, study: str, name: str, old: Any, new: Any, evidence: tuple[str, ...] = ()) -> None:
        rows.append({"what": what, "where": where, "study": study, "name": name, "old": _cell(old), "new": _cell(new),
                     "evidence": evidence})  # fmt: skip

    for graph in found.graphs_removed:
        add("removed", "record", graph, "", None, None)
    for graph in found.graphs_added:
        add("added", "record", graph, "", None, None)
    for fact in found.facts:
        for field in fact.fields:
            add(fact.what, fact.kind, fact.study, field.name, field.old, field.new, fact.evidence)
        if not fact.fields:
            add(fact.what, fact.kind, fact.study, fact.label, None, None, fact.evidence)
    for row in found.answers:
        for name in row.old or row.new or {}:
            add(
                row.what,
                f"answer {row.question}",
                row.study,
                name,
                (row.old or {}).get(name),
                (row.new or {}).get(name),
            )
    for pooled in found.pooled:
        add("changed", f"pooled {pooled.question}", "", "estimate", _span(pooled.old), _span(pooled.new))
    return rows


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _span(value: tuple[float, float, float] | None) -> str:
    return "nothing pooled" if value is None else "{:.4f} [{:.4f}, {:.4f}]".format(*value)


def _answer_line(row: "RowChange") -> str:
    """Say what became of a row: each cell that changed; of a row that came or went its question and study."""
    from picograph.kg.triples import study_key

    line = f"{row.question}{f', {study_key(row.study)}' if row.study else ''}: {row.what}"
    if row.what != "changed":
        return line
    cells = (
        f"{name}: {_cell((row.old or {}).get(name)) or 'none'} -> {_cell((row.new or {}).get(name)) or 'none'}"
        for name in (row.old or row.new or {})
        if name != "evidence"
    )
    return "; ".join((line, *cells))


def _print(found: "Differences", words: dict[str, str | None]) -> None:
    from picograph.kg.triples import study_key
    from picograph.queries.synthesis.report import wrapped
    from picograph.queries.tables import short
    from picograph.queries.wording import counted

    def listed(text: str, indent: str = "    ") -> None:
        for line in wrapped(text, width(), indent):
            out(line)

    for name, graphs in (("Records that are no more", found.graphs_removed), ("New records", found.graphs_added)):
        if graphs:
            out(f"{name}: {len(graphs)}")
            for graph in graphs:
                listed(f"  {short('iri', graph)}")
    if found.facts:
        out(f"Facts: {len(found.facts)}")
    for fact in found.facts:
        of = f" of {study_key(fact.study)}" if fact.study else ""
        listed(f"  {fact.what}: {fact.kind} {fact.label}{of}")
        for field in fact.fields:
            listed(
                f"    {field.name}: {_cell(field.old) or 'not stated'} -> {_cell(field.new) or 'not stated'}", "      "
            )
        for line in _where(fact, words):
            listed(f"    {line}", "      ")
    if found.answers:
        questions = counted(len({row.question for row in found.answers}), "question")
        out(f"Answers: {questions}, {counted(len(found.answers), 'row')}")
    for line, alike in groupby(map(_answer_line, found.answers)):
        number = sum(1 for _ in alike)
        listed(f"  {line}" + (f": {number} rows" if number > 1 else ""))
    for pooled in found.pooled:
        listed(f"Pooled {pooled.question}: {_span(pooled.old)} -> {_span(pooled.new)}, "
               f"{pooled.members_before} -> {pooled.members} estimates")  # fmt: skip
    if not (found.facts or found.answers or found.pooled or found.graphs_added or found.graphs_removed):
        out("Nothing differs.")


def _where(fact: "FactChange", words: dict[str, str | None]) -> list[str]:
    from picograph.kg.triples import split_place

    lines = []
    for iri in fact.evidence:
        place, said = split_place(iri)[1], words.get(iri)
        lines.append(f"[{place}]" + ("" if said is None else f" {said!r}"))
    return lines
