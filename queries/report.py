"""What became of records that were loaded: rows for programs, messages for people, the refused ones as JSON lines."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from picograph.queries.answer import Row
from picograph.queries.question import Column

if TYPE_CHECKING:
    from picograph.kg.load import Loaded

COLUMNS = {
    "outcome": Column(kind="text"),
    "study": Column(kind="text"),
    "facts": Column(kind="integer"),
    "triples": Column(kind="integer"),
    "places": Column(kind="integer"),
    "source": Column(kind="text"),
    "unmatched": Column(kind="list"),
    "file": Column(kind="text"),
}


def _printable(name: str) -> str:
    """Write the name of a file, which may hold bytes that are no text."""
    return name.encode("utf-8", "backslashreplace").decode()


def row(loaded: "Loaded") -> Row:
    """Give what became of one record; what `COLUMNS` does not name stands in JSON alone."""
    return {
        "file": _printable(loaded.name),
        "outcome": loaded.outcome,
        "study": loaded.study,
        "record": loaded.record,
        "facts": sum(loaded.facts.values()),
        "triples": loaded.triples,
        "places": loaded.places,
        "source": "at hand" if loaded.source_at_hand else "not at hand",
        "unmatched": loaded.unmatched,
        "cautions": loaded.cautions,
        "error": _printable(str(loaded.error)) if loaded.error else None,
    }


def messages(done: "Sequence[Loaded]") -> Iterator[str]:
    """Give what a person must know of records that were loaded, or refused."""
    for each in done:
        yield from (f"Caution: {caution}" for caution in each.cautions)
        if each.error:
            yield f"Error: {each.error}"
        elif not each.source_at_hand:
            yield f"Caution: {each.places} places were not held against their words: the source text is not at hand"
            yield f"  where: {each.name}"
            yield "  try:   load the text too, or name it with --source FILE"


def rejects(refused: "Iterable[Loaded]") -> Iterator[bytes]:
    """Give each reason for which a record was refused as one line of JSON."""
    for each in refused:
        for problem in getattr(each.error, "problems", [each.error]):
            line = {"record": each.name, "reason": problem.what, "where": problem.where, "try": problem.remedy}
            yield msgspec.json.encode({name: _printable(value) for name, value in line.items()}) + b"\n"
