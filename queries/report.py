"""What became of records that were loaded: rows for programs, messages for people, the refused ones as JSON lines."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from picograph.queries.answer import Row
from picograph.queries.question import Column
from picograph.queries.wording import counted

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


COUNTS = {name: Column(kind="text" if name == "outcome" else "integer")
          for name in ("outcome", "records", "facts", "triples")}  # fmt: skip


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
        "facts": sum(loaded.facts.values()) if loaded.mapped else None,
        "triples": loaded.triples if loaded.mapped or loaded.was else None,
        "places": loaded.places if loaded.mapped else None,
        "source": None if loaded.was else "at hand" if loaded.source_at_hand else "not at hand",
        "unmatched": loaded.unmatched,
        "cautions": loaded.cautions,
        "was": loaded.was,
        "error": _printable(str(loaded.error)) if loaded.error else None,
        **more,
    }


_ALIKE = "without their text"  # each message says the same: the first is enough
_KINDS = {  # one of them, many of them
    _ALIKE: ("record without its text", "records without their text"),
    "cautions": ("caution", "cautions"),
    "refused": ("refused record", "refused records"),
    "moved": ("record that moved", "records that moved"),
}


class _Message(NamedTuple):
    kind: str
    number: int
    lines: tuple[str, ...]


def _messages(loaded: "Loaded") -> Iterator[_Message]:
    name, number = _printable(loaded.name), loaded.number
    for caution in loaded.cautions:
        yield _Message("cautions", number, (f"Caution: {caution}",))
    if loaded.error:
        yield _Message("refused", number, (f"Error: {_printable(str(loaded.error))}",))
    elif loaded.was:
        told = f"Moved: {name} is a record of {loaded.study} from now on; it was of {loaded.was}"
        yield _Message("moved", number, (told,))
    elif not loaded.source_at_hand:
        places = counted(loaded.places, "place") + (" was" if loaded.places == 1 else " were")
        told = f"Caution: {places} not held against their words: the source text is not at hand"
        more = (f"  where: {name}", "  try:   load the text too, or name it with --source FILE")
        yield _Message(_ALIKE, number, (told, *more))


class Messages:
    """What a person must know of records that were loaded, or refused: the first of each kind, and how many more.

    :param most: messages of one kind
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: Counter[str] = Counter()
        self._outcomes: Counter[str] = Counter()
        self._kept: list[_Message] = []

    def add(self, loaded: "Loaded") -> None:
        """Take in what became of a record."""
        self._outcomes[loaded.outcome] += 1
        for message in _messages(loaded):
            self._counts[message.kind] += 1
            if self._counts[message.kind] <= self._shown(message.kind):
                self._kept.append(message)

    def _shown(self, kind: str) -> int:
        return min(1, self._most) if kind == _ALIKE else self._most

    def lines(self) -> Iterator[str]:
        """Give the messages, in the order of the records."""
        for message in sorted(self._kept, key=lambda message: message.number):
            yield from message.lines
        for kind, count in self._counts.items():
            if count > (shown := self._shown(kind)):
                hint = "; --rejects FILE has each with its reason" if kind == "refused" else ""
                one, many = (f"more {name}" for name in _KINDS[kind])
                yield f"… and {counted(count - shown, one, many)}{hint}"
        if (total := sum(self._outcomes.values())) > self._most:
            counts = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(self._outcomes.items()))
            yield f"{counted(total, 'record')}: {counts}"


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


def rejects(loaded: "Loaded") -> Iterator[bytes]:
    """Give each reason for which a record was refused as one line of JSON; the pointer "" is to all of the record."""
    for problem in getattr(loaded.error, "problems", [loaded.error]):
        line = {
            "record": loaded.name,
            "reason": problem.what,
            "where": problem.where,
            "pointer": problem.pointer or "",
            "try": problem.remedy,
        }
        yield msgspec.json.encode({name: value and _printable(value) for name, value in line.items()}) + b"\n"
