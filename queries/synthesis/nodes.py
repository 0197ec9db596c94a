"""What a store says of some nodes, asked for in one query for many: a plain way to see a part's every property."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from picograph.kg.model import PG

if TYPE_CHECKING:
    from picograph.kg.store import Store

_MANY = 300  # nodes a query: a server's limit on the length of a query is far above
_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"

Node = dict[str, list[str]]  # local name of a property of ours (or "label") -> values: IRIs, or the text of literals


@cache
def _local(property_: str) -> str:
    return "label" if property_ == _LABEL else property_.removeprefix(PG)


def chunks(values: Iterable[str], size: int = _MANY) -> Iterator[list[str]]:
    """Give values in groups, in their order, each once.

    >>> list(chunks(["a", "b", "a", "c"], 2))
    [['a', 'b'], ['c']]
    """
    left = list(dict.fromkeys(values))
    for start in range(0, len(left), size):
        yield left[start : start + size]


def bound(variable: str, iris: Iterable[str]) -> str:
    """Write a VALUES block of IRIs; each is checked, so that nothing is pasted.

    >>> bound("x", ["https://example.org/a"])
    'VALUES ?x { <https://example.org/a> }'
    """
    from pyoxigraph import NamedNode

    return f"VALUES ?{variable} {{ {' '.join(str(NamedNode(iri)) for iri in iris)} }}"


def describe(store: "Store", iris: Iterable[str]) -> dict[str, Node]:
    """Give every property of each node, over all graphs; a node that the store does not have is empty.

    >>> from picograph.kg.store import open_store
    >>> describe(open_store(":memory:"), ["https://example.org/a"])
    {}
    """
    from pyoxigraph import QuerySolutions

    found: dict[str, Node] = defaultdict(lambda: defaultdict(list))
    for some in chunks(iris):
        pattern = f"{bound('node', some)} GRAPH ?graph {{ ?node ?property ?value }}"
        rows = store.query(f"SELECT ?node ?property ?value WHERE {{ {pattern} }}")
        assert isinstance(rows, QuerySolutions)
        for node, property_, value in rows:
            values = found[node.value][_local(property_.value)]
            if (text := value.value) not in values:
                values.append(text)
    return dict(found)


def first(node: Node | None, name: str) -> str | None:
    """Give a property's one value, or the least of several.

    >>> first({"label": ["b", "a"]}, "label")
    'a'
    """
    values = (node or {}).get(name)
    return min(values) if values else None


def number(node: Node | None, name: str) -> float | None:
    """Give a property's one number; None where there is none."""
    value = first(node, name)
    return None if value is None else float(value)


def count(node: Node | None, name: str) -> int | None:
    """Give a property's one count; None where there is none."""
    value = first(node, name)
    return None if value is None else int(float(value))
