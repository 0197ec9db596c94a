"""What is above what: the reflexive closure of a hierarchy, and the circles that it must not have.

The closure is written as lines by the hundred thousand, which the engine loads in bulk: its own ``INSERT … WHERE`` over
a path takes half as long again, and says nothing of a circle (docs/decisions/vocabulary-closure.md has the figures).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from picograph.kg.store.bulk import LINES, Chunk
from picograph.ontology.errors import InputError

BROADER = b"<http://www.w3.org/2004/02/skos/core#broaderTransitive>"
_SHOWN = 8  # concepts of a circle that are named
_SHARED = 50_000  # ways up that are kept, because many nodes have the same


class Hierarchy:
    """Nodes with the nodes that are one step above them.

    :param parents: by node; a node that is only named as a parent has none
    :param where: named where there is a circle

    >>> Hierarchy({"a": ["b", "c"], "b": ["d"], "c": ["d"]}).above("a")
    ('a', 'b', 'c', 'd')
    >>> Hierarchy({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}).above("d")
    Traceback (most recent call last):
    picograph.ontology.errors.InputError: the hierarchy runs in a circle: a, b, c, a...
    """

    def __init__(self, parents: Mapping[str, Sequence[str]], where: str = "") -> None:
        self._parents, self._where = parents, where
        self._above: dict[str, tuple[str, ...]] = {}

    def above(self, node: str) -> tuple[str, ...]:
        """Give a node and all above it, sorted.

        :raises InputError: if the way up comes back to a node that it has passed
        """
        done, parents = self._above, self._parents
        if node in done:
            return done[node]
        way, left = [node], [iter(parents.get(node, ()))]
        passed = {node}
        while way:
            up = next(left[-1], None)
            if up is None:
                left.pop()
                top = way.pop()
                passed.discard(top)
                found = {top}.union(*(done[each] for each in parents.get(top, ())))
                done[top] = tuple(sorted(found))
            elif up in passed:
                self._refuse([*way[way.index(up) :], up])
            elif up not in done:
                way.append(up)
                passed.add(up)
                left.append(iter(parents.get(up, ())))
        return done[node]

    def check(self) -> None:
        """Walk all of it once.

        :raises InputError: if it runs in a circle
        """
        for node in self._parents:
            self.above(node)

    def _refuse(self, circle: Sequence[str]) -> None:
        shown = ", ".join(circle if len(circle) <= _SHOWN else [*circle[: _SHOWN - 2], "…", circle[-1]])
        raise InputError(
            f"the hierarchy runs in a circle: {shown}",
            where=self._where,
            remedy="report it to the publisher, or correct the parents of one of these; what was there before stays",
        )


def closure_chunks(
    rows: Iterable[tuple[str, tuple[str, ...]]],
    iri: Callable[[str], str],
    table: Path,
    *,
    start: str = "",
    reflexive: bool = True,
    sure: bool = False,
) -> Iterator[Chunk]:
    """Give the closure as N-Triples, and write it for the results table.

    :param rows: each node with all above it
    :param iri: gives the IRI of a node
    :param table: a file of pairs of IRIs to be written
    :param start: of all IRIs; the table leaves it out
    :param reflexive: write that each node is above itself too
    :param sure: all that ``iri`` gives are IRIs
    """
    left = len(start.encode())
    ends: dict[str, tuple[bytes, bytes]] = {}  # of what stands above something: the end of its lines in both
    shared: dict[tuple[str, ...], tuple[list[bytes], list[bytes]]] = {}

    def ends_of(above: tuple[str, ...]) -> tuple[list[bytes], list[bytes]]:
        if above not in shared:
            for each in above:
                if each not in ends:
                    value = iri(each).encode()
                    ends[each] = (b"<" + value + b"> .\n", value[left:] + b"\n")
            if len(shared) > _SHARED:
                shared.clear()
            shared[above] = ([ends[each][0] for each in above], [ends[each][1] for each in above])
        return shared[above]

    with table.open("wb") as pairs:
        batch: list[bytes] = []
        size = 0
        for node, above in rows:
            name = iri(node).encode()
            lines, cells = ends_of(above)
            if reflexive and node not in above:
                lines, cells = [b"<" + name + b"> .\n", *lines], [name[left:] + b"\n", *cells]
            head = b"<" + name + b"> " + BROADER + b" "
            batch.append(head + head.join(lines))
            size += len(batch[-1])
            head = name[left:] + b"\t"
            pairs.write(head + head.join(cells))
            if size >= LINES:
                yield Chunk(b"".join(batch), sure=sure)
                batch, size = [], 0
        yield Chunk(b"".join(batch), sure=sure)


def write_labels(
    labels: Iterable[tuple[str, str]], iri: Callable[[str], str], file: IO[bytes], start: str = ""
) -> None:
    """Write labels for the results table.

    :param labels: nodes with their labels
    :param start: of all IRIs; the table leaves it out
    """
    for node, label in labels:
        file.write(f"{iri(node).removeprefix(start)}\t{label}\n".encode())
