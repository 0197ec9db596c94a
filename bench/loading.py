"""What reading and mapping records cost, against the engine's own bulk load of the same quads; memory of a load."""

import io
import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pyoxigraph as ox

from picograph.kg import readers
from picograph.kg.mapping import Mapped, map_piece

from . import loads, records
from .timing import milliseconds, table

ROUNDS = 3
LARGE = "PICOGRAPH_BENCH_LARGE"


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


def _loads(folder: Path) -> Iterator[tuple[str, ...]]:
    """Load more and more records; a hundred thousand only with two processes, for one takes the time of two."""
    for count in (1_000, *([10_000, 100_000] if os.environ.get(LARGE) else [])):
        paths, alone = records.mixed(folder, count), None
        for jobs in (1, 2) if count < 100_000 else (2,):
            run = loads.load(paths, folder / "loaded", jobs)
            alone = alone or (run if jobs == 1 else None)
            yield loads.row("mixed", jobs, run, alone)
        shutil.rmtree(folder / "loaded", ignore_errors=True)


def measure(folder: Path) -> Iterator[str]:
    """Time reading and mapping against the engine, and see what memory a load takes."""
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
        f"memory, and what other programs took of the machine. {LARGE}=1 asks for 10,000 and 100,000 records too."
    )
    yield from table(loads.HEAD, list(_loads(folder)))
