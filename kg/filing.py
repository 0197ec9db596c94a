"""File the records of a load under their studies: each batch with its own key, and what moves because of it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import structs
from pyoxigraph import Literal, Quad, RdfFormat, parse

from picograph.kg.joining import Rekey, Resolution, Settled
from picograph.kg.mapping import Mapped, graph_text
from picograph.kg.recovery import study_of
from picograph.kg.settling import changed_by, entries_of, remembered, settle_with, unmet
from picograph.kg.splits import GRAPH as SPLITS
from picograph.kg.splits import Splits, quads_of_splits
from picograph.kg.store.base import INPUT_CHECKSUM, GraphText, Store
from picograph.kg.study import rekey
from picograph.kg.triples import Written

_AT_ONCE = 500  # records that are explained together


class Moved(NamedTuple):
    """A record of a store that is of another study from now on, and its graph that says so."""

    rekey: Rekey
    graph: GraphText
    triples: int


class Filed(NamedTuple):
    """A batch of records, each of its study, and the records of the store that move with it."""

    records: list[Mapped]
    moved: list[Moved]


def rekeyed(quads: Iterable[Quad], key: str) -> tuple[GraphText, Written]:
    """Write the graph of a record anew, under another key of its study; all else that it says stays as it is."""
    quads = list(quads)
    made_from = next((each.object.value for each in quads
                      if each.predicate == INPUT_CHECKSUM and isinstance(each.object, Literal)), "")  # fmt: skip
    return graph_text(rekey(study_of(quads), key), made_from)


class Filing:
    """Which study each record of a load is of, given what the store holds."""

    def __init__(self, store: Store, splits: Splits | None = None) -> None:
        """Take what is not one study.

        :param splits: what may not be joined from now on; None: what the store remembers
        """
        self._store, self._given = store, splits
        self._splits: Splits | None = None
        self.words_stored = False  # whether this load has seen to the graphs of vocabularies

    @property
    def splits(self) -> Splits:
        """What may not be joined."""
        if self._splits is None:
            self._splits = remembered(self._store) if self._store.exists() else Splits()
        return self._splits

    def resplit(self) -> list[Moved]:
        """Have the store remember the splits that were given, if any, and move what they move, in one write."""
        if self._given is None or self._given == self.splits:
            return []
        before, self._splits = self.splits, self._given
        moved = list(self.moved(self._settled([], changed_by(before, self._given)).rekeys))
        with self._store.write() as writer:
            if self._given.pairs:
                writer.replace(SPLITS, quads_of_splits(self._given))
            else:
                writer.remove(SPLITS)
            writer.put([each.graph for each in moved])
        return moved

    def unmet(self) -> list[str]:
        """Give what stands in the splits and no record of the store states: most likely written wrong."""
        return unmet(self._store, self.splits) if self._store.exists() else []

    def file(self, records: Sequence[Mapped]) -> Filed:
        """Give each record of a batch the key of its study. Nothing is written."""
        settled = self._settled(records)
        filed = []
        for each in records:
            key = settled.resolutions[each.graph.name].key
            if key != each.study:
                graph, written = rekeyed(parse(each.graph.lines, format=RdfFormat.N_QUADS), key)
                each = structs.replace(each, graph=graph, checksum=written.checksum, study=key)
            filed.append(each)
        return Filed(filed, list(self.moved(settled.rekeys)))

    def _settled(self, records: Sequence[Mapped], changed: Iterable[str] = ()) -> Settled:
        asked = self._store if self._store.exists() else None
        return settle_with(asked, [each.entry for each in records], self.splits, changed=changed)

    def moved(self, rekeys: Iterable[Rekey]) -> Iterator[Moved]:
        """Write the graphs of records of the store anew that are of another study from now on."""
        for each in rekeys:
            graph, written = rekeyed(self._store.quads(each.record), each.new)
            yield Moved(each, graph, written.triples)


def explained(store: Store, records: Sequence[str]) -> Iterator[Resolution]:
    """Say of records of a store of which study each is, and why, in their order.

    :param records: the named graphs
    """
    splits = remembered(store)
    for start in range(0, len(records), _AT_ONCE):
        some = records[start : start + _AT_ONCE]
        found = settle_with(store, entries_of(store, some), splits).resolutions
        yield from (found[each] for each in some if each in found)
