"""What reading and mapping records cost, against the engine's own bulk load of the same quads; jobs; memory."""

import io
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
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
import json, resource, sys, threading, time
from picograph.kg.load import load_each
from picograph.kg.store import open_store

own = 0  # kilobytes that are no pages of files

def watch():
    global own
    while True:
        with open("/proc/self/status") as file:
            own = max(own, *(int(line.split()[1]) for line in file if line.startswith("RssAnon")))
        time.sleep(0.1)

if __name__ == "__main__":
    if sys.platform == "linux":
        threading.Thread(target=watch, daemon=True).start()
    start, count, triples = time.perf_counter(), 0, 0
    with open_store(sys.argv[1]) as store:
        for loaded in load_each(store, sys.argv[3:], jobs=int(sys.argv[2])):
            assert loaded.outcome in ("added", "moved"), loaded
            count += loaded.mapped
            triples += loaded.triples * loaded.mapped
    took = time.perf_counter() - start
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = [each.ru_utime + each.ru_stime for each in usage]
    peaks = [each.ru_maxrss for each in usage]
    print(json.dumps({"records": count, "quads": triples, "seconds": took, "cpu": cpu, "peaks": peaks, "own": own}))
"""


class _Run(NamedTuple):
    """One load in a process of its own; pairs are of that process and of its workers."""

    records: int
    quads: int
    seconds: float
    cpu: list[float]  # seconds
    peaks: list[int]  # kilobytes, of one process
    own: int  # kilobytes of the first that are no pages of files, looked at ten times a second


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


def _load(paths: Sequence[Path], store: Path, jobs: int) -> _Run:
    shutil.rmtree(store, ignore_errors=True)
    command = [sys.executable, "-c", _RUN, str(store), str(jobs), *map(str, paths)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return _Run(**json.loads(ran.stdout.splitlines()[-1]))


def _megabytes(kilobytes: int) -> str:
    return f"{kilobytes / 1024:.0f} MB"


def _row(name: str, jobs: int, run: _Run, alone: _Run) -> tuple[str, ...]:
    return (
        name,
        f"{run.records:,}",
        f"{run.quads:,}",
        str(jobs),
        f"{run.records / run.seconds:.0f}",
        f"{alone.seconds / run.seconds:.2f}",
        f"{run.cpu[0]:.1f} s",
        f"{run.cpu[1]:.1f} s",
        _megabytes(run.peaks[0]),
        _megabytes(run.own),
        _megabytes(run.peaks[1]) if jobs > 1 else "",
    )


_LOADS = (
    "records",
    "count",
    "quads",
    "jobs",
    "records/s",
    "to 1 job",
    "CPU",
    "CPU, workers",
    "peak",
    "without files",
    "peak of a worker",
)


def _inputs(folder: Path, large: bool) -> Iterator[tuple[str, int, list[Path]]]:
    """Give what is loaded: a mix of records, more and more of them; where it is large, each format by itself too."""
    for count in (1_000, *([10_000, 100_000] if large else [])):
        yield "mixed", count, records.mixed(folder, count)
    if large:
        yield "registry", 2_000, [records.write(folder / "registry.jsonl", 2_000)]
        (folder / "articles.xml").write_bytes(records.articles(3_000))
        yield "PubMed", 3_000, [folder / "articles.xml"]


def _loads(folder: Path) -> Iterator[tuple[str, ...]]:
    """Load with one process and with two, in turn; of the shorter ones medians are taken."""
    for name, count, paths in _inputs(folder, bool(os.environ.get(LARGE))):
        runs: dict[int, list[_Run]] = {1: [], 2: []}
        for jobs in (1, 2, 2, 1, 1, 2) if count <= 3_000 else (1, 2):
            runs[jobs].append(_load(paths, folder / "loaded", jobs))
        middle = {jobs: sorted(each, key=lambda run: run.seconds)[len(each) // 2] for jobs, each in runs.items()}
        yield from (_row(name, jobs, run, middle[1]) for jobs, run in middle.items())
        shutil.rmtree(folder / "loaded", ignore_errors=True)


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
    yield (
        "Loading into a folder, in a process of its own: four articles for each registry record; rate, CPU time, peak "
        f"memory. {LARGE}=1 asks for 10,000 and 100,000 records, and for each format by itself."
    )
    yield from table(_LOADS, list(_loads(folder)))
