"""Every question on a Virtuoso server and on the embedded store with the same quads, in turn, at the sizes asked for.

PICOGRAPH_BENCH_VIRTUOSO says which sizes ("1000000 10000000"); none, and nothing is done, for loading takes minutes.
"""

import contextlib
import os
import statistics
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from picograph.kg.mapping import graph_text

from . import figures, sizes
from .asked import asked, told
from .engines import virtuoso_of
from .stores import words
from .timing import brief, milliseconds, table
from .truths import drawn

SIZES = [int(each) for each in os.environ.get("PICOGRAPH_BENCH_VIRTUOSO", "").split()]
FILES = 4  # to load, one after the other
TIMES = 3  # Virtuoso's time, that a question may take
_BUFFERS = 40_000  # pages of 8 KiB, and the same for each million quads


def write(folder: Path, size: int) -> list[Path]:
    """Write what `stores.fill` puts into a store, as N-Quads; a graph is in one file."""
    paths = [folder / f"drawn-{size}-{number}.nq" for number in range(FILES)]
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(path.open("wb")) for path in paths]
        for graph in words():
            opened[0].write(graph.lines + b"\n")
        for number, each in enumerate(drawn(size)):
            for record in each.records:
                opened[number % FILES].write(graph_text(record)[0].lines + b"\n")
    return paths


def measure(folder: Path) -> Iterator[str]:
    """Load each size into a server of its own, and ask both."""
    if not SIZES:
        yield "Virtuoso, large: not measured; PICOGRAPH_BENCH_VIRTUOSO says at which sizes."
        return
    for size in SIZES:
        store = sizes.store_of(size, folder)
        paths = write(folder, size)
        buffers = _BUFFERS + _BUFFERS * (size // 1_000_000)
        with virtuoso_of(paths, folder / f"virtuoso-{size}", buffers=buffers, limit=int(sizes.LIMIT)) as url:
            for path in paths:
                path.unlink()
            if url is None:
                yield "Virtuoso, large: not measured, there is no virtuoso-t."
                return
            yield from ask_all(url, store, size)


def ask_all(url: str, store: Path, size: int, only: Iterable[str] = ()) -> Iterator[str]:
    """Ask a server and a store, which hold the same, every question, or those named."""
    found: dict[str, dict[str, Any]] = {}
    for name, shelf, given in asked():
        if not only or name in only:
            places = {"Virtuoso": url, "embedded": str(store)}
            found[told(name, given)] = {way: sizes.cost(place, name, shelf, given) for way, place in places.items()}
    figures.keep("virtuoso", {key: {size: each} for key, each in found.items()})
    yield f"Virtuoso and the embedded store, {size:.0e} triples of records, asked in turn: the call of ask,"
    yield f"median/95th percentile; over: not within {sizes.LIMIT:g} s."
    rows = []
    for key, each in found.items():
        cells = [brief(each[way]["seconds"]) if each[way] else "over" for way in ("Virtuoso", "embedded")]
        rows.append((key, *cells, "" if (times := ratio(each)) is None else f"{times:.2f}"))
    yield from table(("question", "Virtuoso [ms]", "embedded [ms]", "ratio"), rows)
    yield sizes.summary(size, [each["Virtuoso"] for each in found.values()])
    slow = [key for key, each in found.items() if late(each["Virtuoso"])]
    yield f"Virtuoso over 1 s: {'; '.join(slow) or 'none'}."
    yield f"Embedded more than {TIMES} times Virtuoso's: {'; '.join(beyond(found)) or 'none'}."


def late(each: Any) -> bool:
    """Say whether a question took over a second, or was ended."""
    return not each or statistics.median(each["seconds"]) > 1


def ratio(both: Mapping[str, Any]) -> float | None:
    """Give the embedded store's time over Virtuoso's; where one was ended there is none."""
    if not both.get("embedded") or not both.get("Virtuoso"):
        return None
    return float(statistics.median(both["embedded"]["seconds"]) / statistics.median(both["Virtuoso"]["seconds"]))


def beyond(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name the questions for which the embedded store takes more than so many times Virtuoso's time."""
    said = []
    for key, both in found.items():
        times = ratio(both)
        if both.get("Virtuoso") and (times is None or times > TIMES):
            here = milliseconds(statistics.median(both["embedded"]["seconds"])) if both.get("embedded") else "ended"
            said.append(f"{key} ({here}{'' if times is None else f', {times:.1f} times'})")
    return said
