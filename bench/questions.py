"""What each question of the catalogue costs, embedded and in rdflib's memory, on the same data."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import rdflib

from picograph.kg.load import example, load
from picograph.kg.store import open_store
from picograph.queries import catalog
from picograph.queries.ask import ask, sparql

from .timing import medians, milliseconds, table

GIVEN: dict[str, tuple[dict[str, Any], ...]] = {
    "adverse-events": ({}, {"drug": "sorafenib", "min_grade": 3}),
    "responses": ({}, {"drug": "protein kinase inhibitors"}),
}


def measure(folder: Path, rounds: int = 9) -> Iterator[str]:
    """Time every question, the optional parameters left out, and some with them."""
    with open_store(folder / "store") as store:
        load(store, [example()])
        quads = list(store.quads())
        memory = rdflib.Dataset(default_union=True)
        lines = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
        memory.parse(data=lines, format="nquads")
        rows = []
        for name in catalog.names():
            question = catalog.question(name)
            for parameters in GIVEN.get(name, ({},)):
                text = sparql(question, parameters)
                took = medians({"embedded": partial(ask, store, name, **parameters)}, rounds)["embedded"]
                start = time.perf_counter()
                list(memory.query(text))
                other = time.perf_counter() - start
                options = "".join(f" --{key.replace('_', '-')} {value}" for key, value in parameters.items())
                rows.append((name + options, milliseconds(took), milliseconds(other), f"{other / took:.0f}"))
    yield (
        f"Questions: {len(quads)} quads, the study that ships and the vocabularies; embedded (a folder): median of "
        f"{rounds}, rows made and all; rdflib in memory: once."
    )
    yield from table(("question", "embedded", "rdflib", "ratio"), rows)
