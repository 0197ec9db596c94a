"""What reading and mapping records cost, against the engine's own bulk load of the same quads; jobs; memory."""

import io
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pyoxigraph as ox

from picograph.kg import readers
from picograph.kg.mapping import Mapped, map_piece

from . import records
from .timing import milliseconds, table

ROUNDS = 3
LARGE = "PICOGRAPH_BENCH_LARGE"
_RUN = """
import json, resource, sys, time
from pathlib import Path
from picograph.kg.load import load_each
from picograph.kg.store import open_store

if __name__ == "__main__":
    start, count = time.perf_counter(), 0
    with open_store(sys.argv[2]) as store:
        for loaded in load_each(store, [sys.argv[1]], jobs=int(sys.argv[3])):
            assert loaded.outcome == "added", loaded
            count += 1
    took = time.perf_counter() - start
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"records": count, "seconds": took, "peaks": peaks}))
"""


class _Took(NamedTuple):
    wall: float  # seconds
    cpu: float


def _timed(run: Callable[[], object]) -> _Took:
    def cpu() -> float:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    wall, before = time.perf_counter(), cpu()
    run()
    return _Took(time.perf_counter() - wall, cpu() - before)


def _mapped(content: bytes) -> list[Mapped]:
    found = []
    for piece in readers.pieces(io.BytesIO(content), "records"):
        assert isinstance(piece, readers.Piece)
        mapped = map_piece(piece, lambda sha256: None)
        assert isinstance(mapped, Mapped), mapped
        found.append(mapped)
    return found


def _ratio(folder: Path, name: str, content: bytes) -> tuple[str, ...]:
    """Hold reading and mapping against the engine; in turn, so that a slow moment of the machine meets both."""
    mapped = _mapped(content)
    lines = b"".join(each.graph.lines for each in mapped)
    target = folder / "bulk"

    def bulk_load() -> None:
        store = ox.Store(str(target))
        store.bulk_load(lines, format=ox.RdfFormat.N_QUADS)
        store.flush()

    ours, engine = [], []
    for _ in range(ROUNDS):
        ours.append(_timed(lambda: _mapped(content)))
        engine.append(_timed(bulk_load))
        shutil.rmtree(target)
    count, quads = len(mapped), sum(each.triples for each in mapped)
    cells = [median(took.cpu for took in each) for each in (ours, engine)]
    walls = [median(took.wall for took in each) for each in (ours, engine)]
    return (
        name,
        f"{count}",
        f"{quads}",
        milliseconds(cells[0] / count),
        milliseconds(cells[1] / count),
        f"{cells[0] / cells[1]:.2f}",
        f"{walls[0] / walls[1]:.2f}",
    )


def _load(path: Path, store: Path, jobs: int) -> dict[str, object]:
    shutil.rmtree(store, ignore_errors=True)
    command = [sys.executable, "-c", _RUN, str(path), str(store), str(jobs)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    result: dict[str, object] = json.loads(ran.stdout)
    return result


def _megabytes(kilobytes: object) -> str:
    assert isinstance(kilobytes, int)
    return f"{kilobytes / 1024:.0f} MB"


def measure(folder: Path) -> Iterator[str]:
    """Time reading and mapping against the engine, one process against two, and see what memory a load takes."""
    if not records.originals():
        yield "Loading: not measured, for the real records are made from those in ../shared, which is not at hand."
        return
    lines = b"\n".join(records.made(records.originals(), 400))
    yield (
        f"Loading: reading, checking and mapping against the engine's bulk load of the same quads; medians of {ROUNDS} "
        "rounds, in turn; the budget of the ratio is 1."
    )
    head = ("records", "count", "quads", "ours, CPU", "engine, CPU", "ratio, CPU", "ratio, wall")
    rows = [_ratio(folder, "registry, JSON lines", lines), _ratio(folder, "PubMed XML", records.articles(300))]
    yield from table(head, rows)
    yield ""
    counts = [1_000, 4_000, *([10_000, 100_000] if os.environ.get(LARGE) else [])]
    yield (
        f"Loading into a folder, in a process of its own: rate and peak memory. {LARGE}=1 asks for 10,000 and 100,000."
    )
    rows = []
    for count in counts:
        path = records.write(folder / "records.jsonl", count)
        took = {jobs: _load(path, folder / "loaded", jobs) for jobs in (1, 2)}
        seconds = {jobs: float(str(each["seconds"])) for jobs, each in took.items()}
        for jobs, each in took.items():
            peaks = each["peaks"]
            assert isinstance(peaks, list)
            speed = f"{seconds[1] / seconds[jobs]:.2f}"
            rate = f"{count / seconds[jobs]:.0f}"
            rows.append((f"{count:,}", str(jobs), rate, speed, _megabytes(peaks[0]), _megabytes(peaks[1])))
    yield from table(("records", "jobs", "records/s", "to 1 job", "peak", "peak of a worker"), rows)
    shutil.rmtree(folder / "loaded", ignore_errors=True)
