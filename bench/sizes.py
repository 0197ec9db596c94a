"""What each question costs as the store grows: processor time at three sizes, and the exponent of its growth.

Sizes are triples of records; MeSH with its closure, a million, lies beside them. PICOGRAPH_BENCH_SIZES says which
("100000 1000000 10000000" takes half an hour); each question that takes longer than a limit is ended there.
"""

import math
import os
import signal
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from picograph.kg.store import open_store
from picograph.queries import catalog
from picograph.queries.ask import ask

from .asked import asked, told
from .stores import fill
from .timing import milliseconds, table

SIZES = [int(each) for each in os.environ.get("PICOGRAPH_BENCH_SIZES", "100000").split()]
LIMIT = 5  # seconds of processor time, for all rounds of a question
ROUNDS = 4


def cost(store: Path, name: str, shelf: catalog.Shelf, given: dict[str, Any]) -> tuple[float, float] | None:
    """Ask in a process of its own; gives median and greatest processor time of the rounds after the first [seconds]."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.setitimer(signal.ITIMER_PROF, LIMIT)
        question = catalog.question(name, shelf)
        with open_store(store) as opened:
            times = []
            for _ in range(ROUNDS):
                start = time.process_time()
                ask(opened, question, **given)
                times.append(time.process_time() - start)
        os.write(writing, f"{statistics.median(times[1:])} {max(times[1:])}".encode())
        os._exit(0)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        words = said.read().split()
    return (float(words[0]), float(words[1])) if status == 0 and len(words) == 2 else None


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


def measure(folder: Path, stores: dict[int, Path] | None = None) -> Iterator[str]:
    """Time every question at every size."""
    if stores is None:
        stores = {size: folder / f"drawn-{size}" for size in SIZES}
        for size, path in stores.items():
            with open_store(path) as store:
                fill(store, size)
                store.settle()
    rows = []
    whole: dict[int, list[float]] = {size: [] for size in stores}
    for name, shelf, given in asked():
        costs = {size: cost(path, name, shelf, given) for size, path in stores.items()}
        known = {size: each[0] for size, each in costs.items() if each is not None}
        for size in stores:
            whole[size].append(known.get(size, math.inf))
        cells = [f"{milliseconds(each[0])} / {milliseconds(each[1])}" if each else "over" for each in costs.values()]
        rows.append((told(name, given), *cells, "" if len(known) < 2 else f"{growth(known):.2f}"))
    yield f"Questions by size: median / greatest processor time of {ROUNDS - 1}; over: {LIMIT} s for {ROUNDS}."
    yield from table(("question", *(f"{size:.0e}" for size in stores), "exponent"), rows)
    for size, each in whole.items():
        over = sum(cost > 1 for cost in each)
        yield f"{size:.0e} triples: median {milliseconds(statistics.median(each))}; {over} of {len(each)} over 1 s"
