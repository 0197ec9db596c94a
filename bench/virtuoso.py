"""Every question on a Virtuoso server that holds drawn stores of the sizes asked for.

PICOGRAPH_BENCH_VIRTUOSO says which sizes ("1000000 10000000"); none, and nothing is done, for loading takes minutes.
"""

import os
import statistics
from collections.abc import Iterator
from pathlib import Path

from picograph.kg.mapping import graph_text

from . import figures, sizes
from .asked import asked, told
from .engines import virtuoso_of
from .stores import words
from .timing import table
from .truths import drawn

SIZES = [int(each) for each in os.environ.get("PICOGRAPH_BENCH_VIRTUOSO", "").split()]
FILES = 4  # to load, two at a time
_BUFFERS = 40_000  # pages of 8 KiB, and the same for each million quads


def write(folder: Path, size: int) -> list[Path]:
    """Write what `stores.fill` puts into a store, as N-Quads."""
    paths = [folder / f"drawn-{size}-{number}.nq" for number in range(FILES)]
    opened = [path.open("wb") for path in paths]
    for graph in words():
        opened[0].write(graph.lines + b"\n")
    for number, each in enumerate(drawn(size)):
        for record in each.records:
            opened[number % FILES].write(graph_text(record)[0].lines + b"\n")
    for file in opened:
        file.close()
    return paths


def measure(folder: Path) -> Iterator[str]:
    """Load each size into a server of its own, and ask."""
    if not SIZES:
        yield "Virtuoso, large: not measured; PICOGRAPH_BENCH_VIRTUOSO says at which sizes."
        return
    for size in SIZES:
        paths = write(folder, size)
        buffers = _BUFFERS + _BUFFERS * (size // 1_000_000)
        with virtuoso_of(paths, folder / f"virtuoso-{size}", buffers=buffers, limit=int(sizes.LIMIT)) as url:
            for path in paths:
                path.unlink()
            if url is None:
                yield "Virtuoso, large: not measured, there is no virtuoso-t."
                return
            yield from ask_all(url, size)


def ask_all(url: str, size: int, some: slice = slice(None)) -> Iterator[str]:
    """Ask a server that holds a store of a size every question, or some of them."""
    found = {told(*each[::2]): sizes.cost(url, *each) for each in asked()[some]}
    figures.keep("virtuoso", {key: {size: each} for key, each in found.items()})
    yield f"Virtuoso, {size:.0e} triples of records: the whole call of ask; over: not within {sizes.LIMIT:g} s."
    rows = [(key, sizes.spread(each["seconds"]) if each else "over") for key, each in found.items()]
    yield from table(("question", "median / 95th percentile"), rows)
    yield sizes.summary(size, list(found.values()))
    slow = [key for key, each in found.items() if not each or statistics.median(each["seconds"]) > 1]
    yield f"Over 1 s: {'; '.join(slow) or 'none'}."
