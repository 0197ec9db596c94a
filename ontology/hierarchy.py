"""What is above a concept: in MeSH by the places of its tree numbers, elsewhere by the steps from parent to parent."""

from collections.abc import Callable
from itertools import chain
from typing import TYPE_CHECKING

from picograph.ontology.errors import InputError

if TYPE_CHECKING:
    from picograph.ontology.concepts import Concept

Find = Callable[[str], "Concept | None"]
AtTree = Callable[[str], str | None]


def tree_ways(item: "Concept", at: AtTree) -> list[tuple[str, ...]]:
    """Give the way up from each tree number of a MeSH descriptor, through those that stand above it in that tree.

    A descriptor stands at several places, and what is above one of its places is not above its other ones. Systemic
    Inflammatory Response Syndrome stands below Inflammation and below Shock, and Sepsis below it at the first place
    only: no sepsis is a shock for that.

    :param at: gives the descriptor at a tree number
    """
    ways = []
    for tree in item.tree_numbers:
        above = (tree[:end] for end in range(len(tree) - 1, 0, -1) if tree[end] == ".")
        ways.append((item.curie, *(owner for number in above if (owner := at(number)) and owner != item.curie)))
    return sorted(ways, key=len)


def all_above(item: "Concept", find: Find, at: AtTree) -> tuple[str, ...]:
    """Give a concept and all above it, the nearest first: by tree number in MeSH, else by parents.

    :raises InputError: if the hierarchy runs in a circle
    """
    if item.tree_numbers:
        places = [(place, each) for way in tree_ways(item, at) for place, each in enumerate(way)]
        near = {each: place for place, each in sorted(places, reverse=True)}  # the nearest place is written last
        return tuple(sorted(near, key=lambda each: (near[each], each)))
    found = [find(parent) for parent in item.parents]
    if any(each and each.tree_numbers for each in found):  # a supplementary concept, mapped to descriptors
        ways = (all_above(each, find, at) for each in found if each)
        return tuple(dict.fromkeys((item.curie, *chain.from_iterable(ways))))
    return closure(item.curie, lambda curie: _parents_of(find(curie)))


def a_way_up(item: "Concept", find: Find, at: AtTree, goal: str | None = None) -> tuple[str, ...]:
    """Give a shortest way up from a concept: to a goal, or else to a top; empty where there is none."""
    if item.tree_numbers:
        ways = tree_ways(item, at)
    elif any((up := find(parent)) and up.tree_numbers for parent in item.parents):
        ups = (up for parent in item.parents if (up := find(parent)))
        ways = [(item.curie, *way) for up in ups if (way := a_way_up(up, find, at, goal))]
    else:
        return way_up(item.curie, lambda curie: _parents_of(find(curie)), goal)
    if goal is not None:
        ways = [way[: way.index(goal) + 1] for way in ways if goal in way]
    return min(ways, key=len, default=() if goal not in (None, item.curie) else (item.curie,))


def _parents_of(item: "Concept | None") -> tuple[str, ...]:
    return item.parents if item else ()


def way_up(start: str, parents: Callable[[str], tuple[str, ...]], goal: str | None = None) -> tuple[str, ...]:
    """Give a shortest way up from a node: to a goal, or else to a top; empty where there is none.

    >>> way_up("a", {"a": ("b", "c"), "b": ("d",), "c": (), "d": ()}.__getitem__)
    ('a', 'c')
    """
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    for way in ways:  # the list grows while it is read: breadth first
        above = parents(way[-1])
        if way[-1] == goal or (goal is None and not above):
            return way
        for parent in above:
            if parent not in seen:
                seen.add(parent)
                ways.append((*way, parent))
    return ()


def closure(start: str, parents: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
    """Give a node and all above it, the nearest first.

    :raises InputError: if the way up comes back to a node it has passed

    >>> closure("a", {"a": ("b", "c"), "b": ("c",), "c": ()}.__getitem__)
    ('a', 'b', 'c')
    >>> closure("a", {"a": ("b",), "b": ("a",)}.__getitem__)
    Traceback (most recent call last):
    picograph.ontology.errors.InputError: the hierarchy runs in a circle: a, b, a
      try:   correct the parents of one of these
    """
    found = [start]
    for node in found:  # grows while it is read
        found.extend(parent for parent in dict.fromkeys(parents(node)) if parent not in found)
    _refuse_circle(start, parents)
    return tuple(found)


def _refuse_circle(start: str, parents: Callable[[str], tuple[str, ...]]) -> None:
    done: set[str] = set()
    way, left = [start], [iter(parents(start))]
    while way:
        above = next(left[-1], None)
        if above is None:
            done.add(way.pop())
            left.pop()
        elif above in way:
            circle = [*way[way.index(above) :], above]
            raise InputError(
                f"the hierarchy runs in a circle: {', '.join(circle)}", remedy="correct the parents of one of these"
            )
        elif above not in done:
            way.append(above)
            left.append(iter(parents(above)))
