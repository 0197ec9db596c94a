"""Part a graph of identifiers into studies: what is connected, without what may not be together.

The parts follow from nodes and edges alone, whatever the order in which they are given.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from picograph.kg.identifiers import scheme

Edges = dict[str, set[str]]
Parts = list[frozenset[str]]


class Divided(NamedTuple):
    """What became of nodes."""

    parts: Parts
    notes: list[tuple[str, frozenset[str]]]  # what was not joined, and the nodes that it is about


def connected(nodes: Iterable[str], edges: Edges) -> Iterator[frozenset[str]]:
    """Give what is connected, part by part.

    >>> sorted(map(sorted, connected("abc", {"a": {"b"}, "b": {"a"}})))
    [['a', 'b'], ['c']]
    """
    left = set(nodes)
    while left:
        part, new = set(), [left.pop()]
        while new:
            node = new.pop()
            part.add(node)
            near = edges.get(node, set()) & left
            left -= near
            new += near
        yield frozenset(part)


def _separate(nodes: frozenset[str], edges: Edges, sources: Sequence[str]) -> Parts:
    """Part nodes so that no two sources are together: each goes with its nearest source, between two with neither."""
    nearest: dict[str, set[str]] = {source: {source} for source in sources}
    front = dict(nearest)
    while front:
        reached: dict[str, set[str]] = defaultdict(set)
        for node, labels in front.items():
            for near in edges.get(node, set()) & nodes:
                if near not in nearest:
                    reached[near] |= labels
        nearest |= reached
        front = dict(reached)
    of_label: dict[frozenset[str], set[str]] = defaultdict(set)
    for node, labels in nearest.items():
        of_label[frozenset(labels) if len(labels) == 1 else frozenset()].add(node)
    return [part for group in of_label.values() for part in connected(group, edges)]


def divide(
    nodes: Iterable[str], edges: Edges, splits: Mapping[tuple[str, str], str], schemes: Sequence[str]
) -> Divided:
    """Part nodes into what is connected, splits obeyed, with one identifier of the first scheme in each part.

    :param splits: pairs that may not be together, each with what is said of it
    :param schemes: the schemes of identifiers in their order; of the first that a part has, it has one

    >>> edges = {"NCT00000001": {"pmid:1"}, "NCT00000002": {"pmid:1"}, "pmid:1": {"NCT00000001", "NCT00000002"}}
    >>> sorted(map(sorted, divide(edges, edges, {}, ["nct"]).parts))
    [['NCT00000001'], ['NCT00000002'], ['pmid:1']]
    """
    done = Divided([], [])
    todo = list(connected(nodes, edges))
    while todo:
        part = todo.pop()
        split = next((pair for pair in sorted(splits) if part.issuperset(pair)), None)
        if split:
            done.notes.append((splits[split], part))
            todo += _separate(part, edges, split)
            continue
        first = next((name for name in schemes if any(scheme(each) == name for each in part)), None)
        rivals = sorted(each for each in part if scheme(each) == first)
        if len(rivals) > 1:
            said = (
                f"records connect {', '.join(rivals)}: it cannot be said which study they are of, so they do not join"
            )
            done.notes.append((said, part))
            todo += _separate(part, edges, rivals)
        else:
            done.parts.append(part)
    return done
