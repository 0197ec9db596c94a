"""Rows of the results table of a store, those that its quads give, and small studies to fill it with."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode, Quad

from picograph.kg import columns
from picograph.kg.results import AdverseEventResult
from picograph.kg.source import Method, Record, Source
from picograph.kg.store import open_store
from picograph.kg.store.base import Store
from picograph.kg.study import Arm, Study
from picograph.kg.triples import names_of, quads_of

PG = "https://w3id.org/picograph/ontology/"
WORDS = "https://w3id.org/picograph/vocabulary/made-up"


def rows(store: Store) -> dict[str, list[str]]:
    """Give the rows of every table as sorted texts; lists are sorted, and what is absent is left out."""
    found = store.table()
    assert found is not None
    return {
        name: sorted(
            json.dumps({key: _plain(value) for key, value in zip(names, row, strict=True) if value is not None})
            for row in found.query(f"SELECT {', '.join(map(json.dumps, names))} FROM {name}", {})
        )
        for name, names in columns.tables().items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(value)
    return str(value.normalize() + 0) if isinstance(value, Decimal) else value


def fresh(store: Store, folder: Path) -> dict[str, list[str]]:
    """Give the rows that a store of the same quads has when each graph is written once."""
    graphs: dict[str, list[Quad]] = {}
    for quad in store.quads():
        graphs.setdefault(quad.graph_name.value, []).append(quad)  # type: ignore[union-attr]
    with open_store(folder) as other:
        with other.write() as writer:
            for graph, quads in graphs.items():
                writer.replace(graph, quads)
        return rows(other)


def study(number: int, affected: int = 3) -> Study:
    """Make a small study."""
    record = Record(document=f"pmid:{number}", source=Source(sha256="0" * 64), method=Method.CURATED)
    event = AdverseEventResult(term=f"event {number}", arm="a", affected=affected, at_risk=40)
    return Study(key=f"pmid:{number}", record=record, arms=(Arm(key="a", label="A"),), adverse_events=(event,))


def words(*pairs: tuple[str, str]) -> list[Quad]:
    """Make a vocabulary of which each pair is a concept and one above it."""
    node = NamedNode(WORDS)
    broader = NamedNode("http://www.w3.org/2004/02/skos/core#broaderTransitive")
    label = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    below = [Quad(NamedNode(f"{WORDS}#{one}"), broader, NamedNode(f"{WORDS}#{other}"), node) for one, other in pairs]
    return below + [Quad(NamedNode(f"{WORDS}#{one}"), label, Literal(one, language="en"), node) for one, _ in pairs]


def put(store: Store, *given: Study) -> None:
    with store.write() as writer:
        for each in given:
            writer.replace(names_of(each).record, quads_of(each))
