"""The graphs that every store holds besides records: the words that facts are said in."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, Quad

from picograph.kg.model import PG

if TYPE_CHECKING:
    from picograph.kg.store import Store


def words_graphs() -> dict[str, list[Quad]]:
    """Give the graphs that every store holds besides records: the ontology and the vocabularies that ship."""
    from picograph.ontology import concepts, joined, terms

    graph, quads = terms.ontology_quads()
    return {
        graph: [*quads, _stated_checksum(graph, quads)],
        **concepts.vocabulary_quads(),
        joined.GRAPH: joined.joined_quads(),
    }


def whole_vocabularies(store: "Store") -> set[str]:
    """Give the graphs that a user's own vocabularies made: no slice that ships may take their place.

    The classes across vocabularies are among them, because they are made of all that are at hand.
    """
    from picograph.ontology import joined

    if not store.exists():
        return set()
    rows = store.query(f"SELECT DISTINCT ?graph WHERE {{ GRAPH ?graph {{ ?graph <{PG}readFrom> ?file }} }}")
    found = {row["graph"].value for row in rows}  # type: ignore[union-attr]
    return found | {joined.GRAPH} if found else found


def _stated_checksum(graph: str, quads: Sequence[Quad]) -> Quad:
    node = NamedNode(graph)
    checksum = hashlib.sha256("\n".join(sorted(map(str, quads))).encode()).hexdigest()
    return Quad(node, NamedNode(PG + "contentChecksum"), Literal(checksum), node)


def checksum_of(graph: str, quads: Sequence[Quad]) -> str | None:
    """Give the checksum that a graph states of itself."""
    for quad in quads:
        if quad.predicate.value == PG + "contentChecksum" and quad.subject == NamedNode(graph):
            return quad.object.value if isinstance(quad.object, Literal) else None
    return None
