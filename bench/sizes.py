"""What each question costs as the store grows: the engine's call, the whole process, a cold start, the exponent.

Sizes are triples of records; MeSH with its closure, a million, lies beside them. PICOGRAPH_BENCH_SIZES says which
("100000 1000000 10000000" makes stores for ten minutes first), PICOGRAPH_BENCH_STORES a folder where they are kept.
"""

import math
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from picograph.kg.store import open_store
from picograph.kg.store.embedded import FolderStore
from picograph.queries import catalog
from picograph.queries.ask import ask

from . import figures
from .asked import asked, told
from .stores import fill
from .timing import brief, limited, milliseconds, percentile, table

SIZES = [int(each) for each in os.environ.get("PICOGRAPH_BENCH_SIZES", "100000").split()]
LIMIT = 10.0  # seconds, for a question
ROUNDS, LEAST = 20, 4  # of a question: as many as fit into ENOUGH seconds
ENOUGH = 1.0
PROCESSES = 3
COLD = ("mesh-headings", "studies", "event-totals")  # a look-up, a hierarchy, a total
_RUN = "from picograph.cli import main; main()"


def cost(location: str, name: str, shelf: catalog.Shelf, given: dict[str, Any], limit: float = LIMIT) -> Any:
    """Ask some times in one process, the first not counted; gives seconds, and rows; None past the limit."""

    def work() -> dict[str, Any]:
        question = catalog.question(name, shelf)
        times: list[float] = []
        with open_store(location, timeout=limit) as opened:
            while len(times) <= LEAST or (len(times) <= ROUNDS and sum(times) < ENOUGH):
                start = time.perf_counter()
                answer = ask(opened, question, **given)
                times.append(time.perf_counter() - start)
                if sum(times) > limit / 2 and len(times) > 1:
                    break
        return {"seconds": times[1:], "rows": len(answer)}

    return limited(limit, work)


def process(store: Path, name: str, given: dict[str, Any]) -> float:
    """Give what `picograph ask` takes, from a new process to its end [seconds]."""
    options = [word for key, value in given.items() for word in (f"--{key.replace('_', '-')}", str(value))]
    command = [sys.executable, "-c", _RUN, "ask", name, *options, "--store", str(store), "--format", "json"]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        # not the timeout of `wait`, which looks every 50 ms whether the process has ended
        ending = threading.Timer(LIMIT, child.kill)
        ending.start()
        code = child.wait()
        took = time.perf_counter() - start
        ending.cancel()
    if code and took < LIMIT:
        raise RuntimeError(f"{' '.join(command[2:])} ended with {code}")
    return math.inf if code else took


def _forget(folder: Path) -> None:
    """Put the files of a store out of the system's memory, so that they are read from the disk again."""
    for path in folder.rglob("*"):
        if path.is_file():
            file = os.open(path, os.O_RDONLY)
            os.fsync(file)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


def growth(costs: dict[int, float]) -> float | None:
    """Fit the exponent of a power law: 0 does not grow, 1 grows as the store does.

    >>> growth({100: 1.0, 1000: 10.0, 10000: 100.0})
    1.0
    """
    points = [(math.log(size), math.log(max(each, 1e-6))) for size, each in costs.items()]
    if len(points) < 2:
        return None
    x, y = (statistics.fmean(axis) for axis in zip(*points, strict=True))
    slope = sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)
    return round(slope, 2)


def store_of(size: int, folder: Path) -> Path:
    """Give the store of a size: that of the folder where they are kept, or a new one.

    A kept one whose results table is of another picograph gets a new table: a store that is not measured as it is used
    would tell of the quads alone.
    """
    kept = os.environ.get("PICOGRAPH_BENCH_STORES")
    path = Path(kept or folder) / f"drawn-{size}"
    if not path.exists():
        with open_store(path) as store:
            fill(store, size)
            store.settle()
    with open_store(path) as store:
        if store.table() is None and isinstance(store, FolderStore):
            print(f"{path}: its results table is of another picograph; a new one is made", file=sys.stderr, flush=True)
            store.rebuild()
            store.settle()
    return path


def measure(folder: Path, stores: dict[int, Path] | None = None) -> Iterator[str]:
    """Time every question at every size."""
    stores = stores or {size: store_of(size, folder) for size in SIZES}
    engine: dict[str, dict[int, Any]] = {}
    processes: dict[str, dict[int, list[float]]] = {}
    for size, path in stores.items():
        for name, shelf, given in asked():
            key = told(name, given)
            engine.setdefault(key, {})[size] = cost(str(path), name, shelf, given)
            if shelf == "evidence" and not any(
                each.split()[0] == name and size in processes[each] for each in processes
            ):
                processes.setdefault(key, {})[size] = [process(path, name, given) for _ in range(PROCESSES)]
    figures.keep("questions", {"engine": engine, "process": processes})
    rows = []
    for key, found in engine.items():
        known = {size: statistics.median(each["seconds"]) for size, each in found.items() if each}
        cells = []
        for size in stores:
            each, runs = found[size], processes.get(key, {}).get(size)
            cells.append(brief(each["seconds"]) if each else "over")
            cells.append(brief(runs) if runs else "")
        rows.append((key, *cells, "" if len(known) < 2 else f"{growth(known):.2f}"))
    yield (
        f"Questions by size, median/95th percentile [ms]: the engine's call ({LEAST} to {ROUNDS}\n"
        f"rounds), and the whole process ({PROCESSES}); over: not within {LIMIT:g} s."
    )
    heads = [f"{what}{size:.0e}".replace("+0", "") for size in stores for what in ("", "process ")]
    yield from table(("question", *heads, "grows"), rows)
    for size in stores:
        yield summary(size, [found[size] for found in engine.values()])
    yield ""
    yield from _cold(stores)


def spread(times: list[float]) -> str:
    """Write median and 95th percentile."""
    if math.isinf(max(times)):
        return "over"
    return f"{milliseconds(statistics.median(times))} / {milliseconds(percentile(times))}"


def summary(size: int, costs: list[Any]) -> str:
    """Say in a line what the catalogue costs at a size."""
    middles = [statistics.median(each["seconds"]) if each else math.inf for each in costs]
    over, most = sum(each > 1 for each in middles), percentile(middles)
    ends = f"more than {LIMIT:g} s" if math.isinf(most) else milliseconds(most)
    middle = milliseconds(statistics.median(middles))
    return f"{size:.0e} triples: median over {len(middles)} questions {middle}, 95th percentile {ends}; {over} over 1 s"


def _cold(stores: dict[int, Path]) -> Iterator[str]:
    first = {name: (name, given) for name, _, given in reversed(asked()) if name in COLD}
    rows, kept = [], {}
    for size, path in stores.items():
        for name in COLD:
            times: dict[str, float] = {"warm": process(path, *first[name])}
            _forget(path)
            times["cold"] = process(path, *first[name])
            kept[f"{size} {told(*first[name])}"] = times
            rows.append((told(*first[name]), f"{size:.0e}", *(milliseconds(each) for each in times.values())))
    figures.keep("cold", kept)
    yield "Cold start: a new process, the store's files in the system's memory, and put out of it first."
    yield from table(("question", "triples", "warm", "cold"), rows)
