"""Questions about a class on rdflib in memory and on the embedded store, with the same quads, as the store grows.

PICOGRAPH_BENCH_RDFLIB says at which sizes ("100000 1000000"); none, and nothing is done: rdflib takes a minute and 3 GB
to hold a million triples with MeSH. Stores are those of `sizes`. rdflib is asked once, and ended where it has taken
ENOUGH times the embedded store's time: that is what counts then, and the ratio is at least so great.
PICOGRAPH_BENCH_CLOCK=cpu takes time of the processor, of all threads together, for where other programs are at work.
"""

import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

from picograph.kg.store.embedded import FolderStore
from picograph.queries import ask, ways

from . import figures, sizes
from .engines import LIMIT, Asking, hierarchy, timed
from .timing import CLOCK, milliseconds, table

SIZES = [int(each) for each in os.environ.get("PICOGRAPH_BENCH_RDFLIB", "").split()]
TIMES = 100  # rdflib's time is to be so many times the embedded store's
ENOUGH = 150  # times the embedded store's time, at which rdflib is ended
LEAST = 2.0  # seconds that it is given in any case

Both = Mapping[str, Any]  # by engine: seconds, and rows, of which there are none where it was ended


def measure(folder: Path) -> Iterator[str]:
    """Ask both, at each size."""
    if not SIZES:
        yield "Hierarchies on rdflib: not measured; PICOGRAPH_BENCH_RDFLIB says at which sizes."
    for size in SIZES:
        yield from ask_all(sizes.store_of(size, folder), size)


def ask_all(path: Path, size: int) -> Iterator[str]:
    """Ask rdflib and a store, which hold the same, every question about a class."""
    with FolderStore(path) as store:
        askings = [Asking(store, *each) for _, each in sorted(hierarchy().items())]
        quads = store.size()
    found: dict[str, dict[str, Any]] = {}
    for each in askings:
        here = timed(partial(_embedded, path, {}, each))
        found[each.told] = {"embedded": here or {"seconds": [LIMIT], "rows": None}}
    rdflib = in_memory(path)
    gc.freeze()  # questions are asked in forks: what the parent holds is not to be copied for its marks
    for each in askings:
        both = found[each.told]
        limit = min(LIMIT, max(LEAST, ENOUGH * _median(both["embedded"])))
        began = time.perf_counter()
        there = timed(partial(rdflib, each), 0, limit)
        if there is None and time.perf_counter() - began < limit:
            raise RuntimeError(f"rdflib fails on {each.told}")
        both["rdflib"] = there or {"seconds": [limit], "rows": None}
    gc.unfreeze()
    kept = {"questions": {key: {size: each} for key, each in found.items()}, "quads": {size: quads}}
    figures.keep("hierarchies", kept | {"clock": {size: CLOCK.__name__}})
    yield f"Questions about a class, {size:.0e} triples of records and MeSH, {quads:,} quads: rdflib in memory"
    yield "against the embedded store, as it is asked; >: ended there; *: not as many rows."
    yield from table(("question", "embedded", "rdflib", "times"), [(key, *cells(each)) for key, each in found.items()])
    yield f"{summary(size, found)}."


def _embedded(path: Path, opened: dict[str, FolderStore], each: Asking) -> int:
    """Ask a store, which stays open, the way that `ask` takes: its results table, or its quads."""
    store = opened.setdefault("store", FolderStore(path))
    results = ways.answering_table(store, each.question, each.given)
    if results is None:
        return len(ask.rows_of(store, each.question, each.text))
    return len(ways.rows_of(results, each.question, each.bound))


def in_memory(path: Path) -> Callable[[Asking], int]:
    """Put the quads of a store into rdflib's memory; gives what asks it."""
    import rdflib

    memory = rdflib.Dataset(default_union=True)
    term = lru_cache(1 << 20)(_term)  # a term that stands often is held once, which takes less memory
    graph = cache(lambda name: memory.graph(_term(name)))
    with FolderStore(path) as store:
        memory.addN(
            (term(quad.subject), term(quad.predicate), term(quad.object), graph(quad.graph_name))
            for quad in store.quads()
        )
    return lambda each: len(list(memory.query(each.text)))


def _term(term: Any) -> Any:
    """Give a term as rdflib's own readers do: a text has no data type."""
    import rdflib
    from pyoxigraph import BlankNode, NamedNode

    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    if term.language or term.datatype.value == str(rdflib.XSD.string):
        return rdflib.Literal(term.value, lang=term.language)
    return rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype.value))


def _median(one: Mapping[str, Any]) -> float:
    return float(statistics.median(one["seconds"]))


def times(both: Both) -> float:
    """Give how many times the embedded store's time rdflib takes, or took until it was ended."""
    return _median(both["rdflib"]) / _median(both["embedded"])


def ended(one: Mapping[str, Any]) -> bool:
    """Say whether an engine was ended before it had answered."""
    return one["rows"] is None


def otherwise(both: Both) -> bool:
    """Say whether there is no comparison: rdflib answered with another number of rows, or the store did not."""
    here, there = both["embedded"], both["rdflib"]
    return ended(here) or not (ended(there) or here["rows"] == there["rows"])


def cells(both: Both) -> tuple[str, str, str]:
    """Write the times of a question: the embedded store's, rdflib's, the ratio."""
    mark = "*" if otherwise(both) else ">" if ended(both["rdflib"]) else ""
    here, there = (milliseconds(_median(both[engine])) for engine in ("embedded", "rdflib"))
    return (here, mark + there, f"{mark}{times(both):,.0f}")


def summary(size: int, found: Mapping[str, Both]) -> str:
    """Say in a sentence how rdflib stands at a size; names the questions with less than TIMES."""
    ratios = {key: times(each) for key, each in found.items() if not otherwise(each)}
    if not ratios:
        return f"{size:.0e} triples: nothing to compare"
    enough = sum(ratio >= TIMES for ratio in ratios.values())
    stopped = sum(ended(found[key]["rdflib"]) for key in ratios)
    ordered = sorted(ratios, key=ratios.__getitem__)
    below = "; ".join(f"{key} ({ratios[key]:,.0f})" for key in ordered if ratios[key] < TIMES)
    return (
        f"{size:.0e} triples: rdflib takes at least {TIMES} times the embedded store's time in {enough} of"
        f" {len(found)} questions about a class; median {statistics.median(ratios.values()):,.0f}, least"
        f" {ratios[ordered[0]]:,.0f}; {stopped} were ended, which counts as their limit; less than {TIMES}:"
        f" {below or 'none'}"
    )
