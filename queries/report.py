"""What became of records that were loaded: rows for programs, messages for people, the refused ones as JSON lines."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from picograph.queries.answer import Row
from picograph.queries.question import Column

if TYPE_CHECKING:
    from picograph.kg.joining import Resolution
    from picograph.kg.load import Loaded
    from picograph.kg.store import Store

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


def row(loaded: "Loaded", why: "Resolution | None" = None) -> Row:
    """Give what became of one record; what `COLUMNS` does not name stands in JSON alone.

    :param why: why it is of its study, where that was asked for
    """
    more: Row = {"joined": tuple(map(str, why.joined)), "not_joined": why.apart} if why else {}
    return {
        "file": _printable(loaded.name),
        "outcome": loaded.outcome,
        "study": loaded.study,
        "record": loaded.record,
        "facts": sum(loaded.facts.values()),
        "triples": loaded.triples,
        "places": loaded.places,
        "source": None if loaded.was else "at hand" if loaded.source_at_hand else "not at hand",
        "unmatched": loaded.unmatched,
        "cautions": loaded.cautions,
        "was": loaded.was,
        "error": _printable(str(loaded.error)) if loaded.error else None,
        **more,
    }


def messages(done: "Sequence[Loaded]") -> Iterator[str]:
    """Give what a person must know of records that were loaded, or refused."""
    for each in done:
        yield from (f"Caution: {caution}" for caution in each.cautions)
        if each.error:
            yield f"Error: {each.error}"
        elif each.was:
            yield f"Moved: {_printable(each.name)} is a record of {each.study} from now on; it was of {each.was}"
        elif not each.source_at_hand:
            yield f"Caution: {each.places} places were not held against their words: the source text is not at hand"
            yield f"  where: {each.name}"
            yield "  try:   load the text too, or name it with --source FILE"


def why(store: "Store", done: "Iterable[Loaded]") -> "dict[str, Resolution]":
    """Say of which study each record that is in the store is, and why; by record."""
    from picograph.kg.filing import explained

    records = dict.fromkeys(each.record for each in done if each.record and not each.error)
    return {each.record: each for each in explained(store, list(records))}


def unmet(store: "Store") -> Iterator[str]:
    """Say what stands in the file of splits and in no record: most likely it is written wrong."""
    from picograph.kg.filing import Filing

    for identifier in Filing(store).unmet():
        yield f"Caution: no record states {identifier}, which the file of splits keeps apart"


def rejects(refused: "Iterable[Loaded]") -> Iterator[bytes]:
    """Give each reason for which a record was refused as one line of JSON."""
    for each in refused:
        for problem in getattr(each.error, "problems", [each.error]):
            line = {"record": each.name, "reason": problem.what, "where": problem.where, "try": problem.remedy}
            yield msgspec.json.encode({name: _printable(value) for name, value in line.items()}) + b"\n"
