"""Every kind of store, what tests put into it, and terms that are hard to keep."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from pyoxigraph import Literal, NamedNode, Quad

from picograph.kg.store import Store, open_store

KINDS = ("memory", "folder", "remote by graph store", "remote by update")
ONE, TWO = "http://example.org/graph/one", "http://example.org/graph/two%20and%2Fmore"
S, P = NamedNode("http://example.org/s%C3%A9/%2F"), NamedNode("http://example.org/p")


def quads(graph: str, *terms: NamedNode | Literal) -> list[Quad]:
    return [Quad(S, P, term, NamedNode(graph)) for term in terms]


def put(store: Store, **graphs: list[Quad]) -> None:
    with store.write() as writer:
        for content in graphs.values():
            writer.replace(content[0].graph_name.value, content)


class Kind(NamedTuple):
    """A kind of store: how one is opened, again and again over the same data."""

    name: str
    reopened: Callable[[], Store]


def kind_of(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    """Give the kind of store that a fixture's parameter names."""
    if request.param == "memory":
        memory = open_store(":memory:")
        return Kind(request.param, lambda: memory)
    if request.param == "folder":
        return Kind(request.param, lambda: open_store(tmp_path / "store"))
    url = request.getfixturevalue("remote_url")
    update = url.removesuffix("query") + "update" if request.param == "remote by update" else None
    return Kind(request.param, lambda: open_store(url, update_endpoint=update))


def generations(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("generation-"))


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def numbers(folder: Path) -> set[str]:
    with open_store(folder) as store:
        return {quad.object.value for quad in store.quads()}


def filled(folder: Path) -> Path:
    """Make a store with one number in it."""
    with open_store(folder) as store:
        put(store, one=quads(ONE, Literal(1)))
    return folder
