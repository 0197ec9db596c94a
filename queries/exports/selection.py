"""What is exported, a record at a time, and what a target could not say of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from picograph.kg.model import PG

if TYPE_CHECKING:
    from pyoxigraph import Quad

    from picograph.kg.store import Store
    from picograph.kg.study import Study
    from picograph.queries.answer import Answer
    from picograph.queries.exports.parts import Work
    from picograph.queries.retractions import Retractions
    from picograph.queries.synthesis.rules import Candidate

T = TypeVar("T")
_RECORDS = 32  # of a part


class Loss(Struct, frozen=True, kw_only=True):
    """One kind of thing that a target could not say."""

    what: str
    count: int
    examples: tuple[str, ...]  # where, the first few


def _counted(loss: Loss) -> str:
    return loss.what if loss.count == 1 and loss.what.startswith(("a ", "an ", "the ")) else f"{loss.count} {loss.what}"


class Losses:
    """Collects what a target could not say; nothing is left out without a line here.

    >>> losses = Losses()
    >>> losses.add("survival probabilities, which are no counts", "NCT00000001")
    >>> losses.add("survival probabilities, which are no counts", "NCT00000002")
    >>> [str(each.count) + " " + each.what for each in losses.found()]
    ['2 survival probabilities, which are no counts']
    """

    _EXAMPLES = 5

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}

    def add(self, what: str, example: str = "", count: int = 1) -> None:
        """Say that something is lost, and where."""
        if not count:
            return
        self._counts[what] += count
        known = self._examples.setdefault(what, [])
        if example and example not in known and len(known) < self._EXAMPLES:
            known.append(example)

    def merge(self, later: "Losses") -> None:
        """Take over what was told of the records that come next."""
        for what, count in later._counts.items():
            self._counts[what] += count
            known = self._examples.setdefault(what, [])
            known += [each for each in later._examples[what] if each not in known][: self._EXAMPLES - len(known)]

    def __bool__(self) -> bool:
        return bool(self._counts)

    def found(self) -> list[Loss]:
        """Give every kind of loss, the most frequent first."""
        return [
            Loss(what=what, count=count, examples=tuple(self._examples[what]))
            for what, count in sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))
        ]

    def lines(self) -> list[str]:
        """Write each kind of loss as a line for people."""
        return [
            _counted(each) + (f" (such as {'; '.join(each.examples[:3])})" if each.examples else "")
            for each in self.found()
        ]


class Selection:
    """What is exported: the whole store, some studies, or the answer to a question. Records come one at a time.

    :param studies: IRIs; None: every study
    :param words: the ontology and the vocabularies too
    :param answer: of the question whose rows are exported
    :param jobs: how many processes may work where there are many records. More than one needs a program that can be
        imported again: under ``if __name__ == "__main__":``
    """

    def __init__(
        self,
        store: "Store",
        *,
        studies: Sequence[str] | None = None,
        words: bool = False,
        answer: "Answer | None" = None,
        jobs: int = 1,
    ) -> None:
        self.store = store
        self.jobs = jobs
        self.answer = answer
        self.words = words
        if studies is None and answer is not None and "study" in answer.columns:
            studies = sorted({str(row["study"]) for row in answer.rows})
        self._studies = studies
        self._retractions: Retractions | None = None

    @property
    def retractions(self) -> "Retractions":
        """The retracted reports of the store."""
        if self._retractions is None:
            from picograph.queries.retractions import Retractions

            self._retractions = Retractions.of(self.store)
        return self._retractions

    def names(self) -> list[str]:
        """Give the named graphs of the selected records, those of one study together."""
        return [record for _, record in self._named()]

    def _named(self) -> list[tuple[str, str]]:
        """Give the selected records, each after its study."""
        from pyoxigraph import QuerySolutions

        from picograph.queries.synthesis.nodes import bound, chunks

        parts = [""] if self._studies is None else [bound("study", some) for some in chunks(self._studies)]
        found = set()
        for values in parts:
            pattern = f"{values} GRAPH ?record {{ ?record a <{PG}Record> ; <{PG}ofStudy> ?study }}"
            rows = self.store.query(f"SELECT ?study ?record WHERE {{ {pattern} }}")
            assert isinstance(rows, QuerySolutions)
            found |= {(row["study"].value, row["record"].value) for row in rows}
        return sorted(found)

    def parts(self, *, words: bool = False) -> "list[Selection]":
        """Part the selection: some records each, those of one study together. The same store has the same parts.

        :param words: the graphs of words too, if they are selected: a part each
        """
        parts: list[list[str]] = []
        for _, held in groupby(self._named(), key=lambda named: named[0]):
            if not parts or len(parts[-1]) >= _RECORDS:
                parts.append([])
            parts[-1] += [record for _, record in held]
        if words and self.words:
            parts += [[name] for name in self._words({name for names in parts for name in names})]
        return [Part(self.store, names) for names in parts]

    def each(self, work: "Work[T]", losses: Losses, *, words: bool = False) -> "Iterator[T]":
        """Work on each part, and give what is made of it, in order; in several processes where there is much.

        :param work: a function of a module, or a partial one
        :param words: on the graphs of words too, if they are selected
        """
        from picograph.queries.exports.parts import worked

        return worked(self.parts(words=words), work, losses, self.jobs)

    def _words(self, records: set[str]) -> list[str]:
        """Give the graphs that are no records."""
        return sorted(set(self.store.checksums()) - records - _records(self.store))

    def graphs(self) -> "Iterator[tuple[str, list[Quad]]]":
        """Give each selected graph with its quads in one order, so that the same store gives the same bytes."""
        names = self.names()
        if self.words:
            names += self._words(set(names))
        for name in names:
            yield name, sorted(self.store.quads(name), key=str)

    def records(self) -> "Iterator[Study]":
        """Give each selected record as a typed study."""
        from picograph.kg.recovery import study_of

        for name in self.names():
            yield study_of(self.store.quads(name))

    def studies(self) -> "Iterator[list[Study]]":
        """Give each selected study: what every record says of it, the most trusted first."""
        from picograph.kg.source import Method

        order = list(Method)
        held: list[Study] = []
        for record in self.records():
            if held and held[0].key != record.key:
                yield sorted(held, key=lambda each: (order.index(each.record.method), each.record.document))
                held = []
            held.append(record)
        if held:
            yield sorted(held, key=lambda each: (order.index(each.record.method), each.record.document))

    def candidates(self) -> "list[Candidate]":
        """Give the numbers of the answer that could be pooled, with all that is known of them.

        :raises UsageError: if no question was asked, or its rows name no part
        """
        from picograph.ontology.errors import UsageError
        from picograph.queries.synthesis.candidates import candidates, poolable

        if self.answer is None:
            raise UsageError(
                "this target is a table of one outcome: it needs a question",
                where="export",
                remedy=f"--question NAME, one of: {', '.join(poolable())}",
            )
        return candidates(self.store, self.answer)


class Part(Selection):
    """Some graphs of a selection, by their names."""

    def __init__(self, store: "Store", names: Sequence[str]) -> None:
        super().__init__(store)
        self._names = names

    def names(self) -> list[str]:
        """Give the names of the graphs."""
        return list(self._names)


class Given(Selection):
    """Graphs that are at hand, such as what a query constructed: for targets that write quads."""

    def __init__(self, graphs: "Mapping[str, Iterable[Quad]]") -> None:
        self._graphs = graphs
        self.jobs, self.words = 1, False

    def parts(self, *, words: bool = False) -> "list[Selection]":
        """Give all graphs as one part."""
        return [self]

    def names(self) -> list[str]:
        """Give the names of the graphs."""
        return sorted(self._graphs)

    def graphs(self) -> "Iterator[tuple[str, list[Quad]]]":
        """Give each graph with its quads in one order."""
        for name in self.names():
            yield name, sorted(self._graphs[name], key=str)


def _records(store: "Store") -> set[str]:
    from pyoxigraph import QuerySolutions

    rows = store.query(f"SELECT ?record WHERE {{ GRAPH ?record {{ ?record a <{PG}Record> }} }}")
    assert isinstance(rows, QuerySolutions)
    return {row["record"].value for row in rows}
