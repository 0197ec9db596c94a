"""Mapped records -> the store, a batch at a time: each batch is written whole or not at all."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from picograph.kg.filing import Filing, Moved
from picograph.kg.mapping import Mapped, Refused
from picograph.kg.processes import give_back
from picograph.kg.store import Store
from picograph.kg.store.base import GraphText
from picograph.kg.words import checksum_of, whole_vocabularies, words_graphs
from picograph.ontology.errors import PicographError

MOST_RECORDS, MOST_BYTES, LONGEST = 5_000, 1 << 26, 30  # of a batch: records, bytes of N-Quads, seconds of waiting
MOST_THREADS = 2  # that load parts of a batch: each has a second thread in the engine
AFTER_ALL = sys.maxsize  # the number of what is told after all records

Outcome = Literal["added", "replaced", "unchanged", "refused", "moved"]


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one record."""

    number: int  # its place among all that are loaded, from 0
    name: str
    outcome: Outcome
    study: str | None = None
    record: str | None = None  # the named graph
    facts: dict[str, int] = {}  # parts by their class
    triples: int = 0
    places: int = 0
    source_at_hand: bool = False
    unmatched: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    error: PicographError | None = None
    was: str | None = None  # of a record of the store that moved: the study that it was of until now
    mapped: bool = True  # False: it is in, made from the same bytes, and was not looked at again


def refusal(number: int, refused: Refused) -> Loaded:
    """Say that a record was refused."""
    return Loaded(number=number, name=refused.name, outcome="refused", error=refused.error)


def told(number: int, mapped: Mapped, outcome: Outcome) -> Loaded:
    """Say what became of a record that was mapped."""
    return Loaded(
        number=number,
        name=mapped.name,
        outcome=outcome,
        study=mapped.study,
        record=mapped.graph.name,
        facts=mapped.facts,
        triples=mapped.triples,
        places=mapped.places,
        source_at_hand=mapped.text is not None or mapped.text_kept,
        unmatched=mapped.unmatched,
        cautions=mapped.cautions,
    )


def move(each: Moved) -> Loaded:
    """Say what became of a record of the store that is of another study from now on."""
    return Loaded(
        number=AFTER_ALL,
        name=each.rekey.document,
        outcome="moved",
        study=each.rekey.new,
        was=each.rekey.old,
        record=each.graph.name,
        triples=each.triples,
        mapped=False,
    )


class Numbered(NamedTuple):
    """A record with its place among all that are loaded."""

    number: int
    mapped: Mapped


class Batch:
    """Records that are to be written together."""

    def __init__(self) -> None:
        self.records: list[Numbered] = []
        self._size = 0
        self._since = time.monotonic()

    def add(self, number: int, mapped: Mapped) -> None:
        """Take a record in."""
        self.records.append(Numbered(number, mapped))
        self._size += len(mapped.graph.lines)

    def is_full(self) -> bool:
        """Say whether it is time to write."""
        waited = time.monotonic() - self._since
        return bool(self.records) and (
            self._size >= MOST_BYTES or len(self.records) >= MOST_RECORDS or waited >= LONGEST
        )


def write(store: Store, filing: Filing, batch: Batch, threads: int) -> list[Loaded]:
    """Write a batch, each record under its study; gives what became of its records, and of those that moved.

    :raises StoreError: if the store cannot be written; it is then as it was before
    """
    if not batch.records:
        return []
    words = {} if filing.words_stored else words_graphs()
    held = store.checksums([*{mapped.graph.name for _, mapped in batch.records}, *words])
    filed = filing.file([mapped for _, mapped in batch.records])
    records = [Numbered(number, mapped) for (number, _), mapped in zip(batch.records, filed.records, strict=True)]
    changes = {each.rekey.record: each.graph for each in filed.moved}
    done = _changes(store, records, held, changes)
    for _, mapped in records:  # texts are kept before the records that refer to them
        if mapped.text is not None:
            store.sources.put(mapped.text)
    whole = whole_vocabularies(store) if words else set()
    new_words = {
        graph: quads
        for graph, quads in words.items()
        if graph not in whole and held.get(graph) != checksum_of(graph, quads)
    }
    moved = list(map(move, filed.moved))
    del records, filed  # what is written is held by nobody else
    batch.records.clear()
    if changes or new_words:
        with store.write() as writer:
            for graph, quads in new_words.items():
                writer.replace(graph, quads)
            writer.put(_given_up(changes), threads)
    filing.words_stored = True  # once a load is enough
    give_back()
    return done + moved


def _given_up(changes: dict[str, GraphText]) -> Iterator[GraphText]:
    """Give what changes, and let go of it."""
    for graph in list(changes):
        yield changes.pop(graph)


def _changes(
    store: Store, records: Sequence[Numbered], held: dict[str, str], changes: dict[str, GraphText]
) -> list[Loaded]:
    """Find which graphs change; gives what becomes of the records."""
    known = store.held([mapped.made_from for _, mapped in records if mapped.made_from]) if held else {}
    inputs = dict.fromkeys(known)
    done = []
    for number, mapped in records:
        record = mapped.graph.name
        outcome: Outcome = "added" if record not in held else "replaced"
        if held.get(record) == mapped.checksum:
            outcome = "unchanged"
        # a record made again from other bytes, or by another program, is known by them from now on
        if outcome != "unchanged" or (mapped.made_from and mapped.made_from not in inputs):
            changes[record] = mapped.graph
            inputs[mapped.made_from] = None
            held[record] = mapped.checksum
        done.append(told(number, mapped, outcome))
    return done
