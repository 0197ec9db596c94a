"""What each export costs at two sizes of store, each in processes of its own: seconds, and memory.

Memory is what the processes of an export have for themselves (RssAnon of Linux), all together: the pages of the store's
files, which the system keeps as long as nobody else wants the memory, are not theirs.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from picograph.queries.exports import EXPORTS

from . import records
from .timing import table

RECORDS = "PICOGRAPH_BENCH_EXPORTS"  # how many records the larger store has
TARGETS = "PICOGRAPH_BENCH_TARGETS"  # which exports, apart by spaces
_QUESTION = "adverse-events"
_TABLES = ("cinema", "cinema-contrast", "metafor", "netmeta", "netmeta-contrast", "revman")


class Cost(NamedTuple):
    """What one export took."""

    wall: float  # seconds
    cpu: float  # seconds, of all its processes
    written: int  # bytes
    own: float  # MB that its processes had for themselves, at most
    resident: float  # MB that they had with the pages of files, at most


def _store(folder: Path, count: int) -> Path:
    """Fill a store with so many records."""
    given, store = records.write(folder / f"exports-{count}.jsonl", count), folder / f"exports-{count}"
    command = [sys.executable, "-m", "picograph.cli", "load", str(given), "--store", str(store), "--format", "json"]
    subprocess.run(command, check=True, capture_output=True)
    given.unlink()
    return store


def _memory(process: int) -> tuple[int, int]:
    """Give what a process and those that it started have in memory [kB]: for themselves, and in all."""
    own = resident = 0
    with contextlib.suppress(OSError):  # it has ended
        said = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text("utf-8").splitlines())
        own, resident = (int(said.get(name, "0").split()[0]) for name in ("RssAnon", "VmRSS"))
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text("utf-8").split():
                more = _memory(int(child))
                own, resident = own + more[0], resident + more[1]
    return own, resident


def run(store: Path, target: str, jobs: int = 2) -> Cost:
    """Export a store from the command line, and say what it took."""
    command = [sys.executable, "-m", "picograph.cli", "export", target, "--store", str(store), "--jobs", str(jobs)]
    if target in _TABLES:
        command += ["--question", _QUESTION]
    before, start = os.times(), time.perf_counter()
    done, most = threading.Event(), [0, 0]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:

        def watch() -> None:
            while not done.wait(0.2):
                most[:] = map(max, zip(most, _memory(process.pid), strict=True))

        watcher = threading.Thread(target=watch)
        watcher.start()
        assert process.stdout is not None
        written = 0
        while chunk := process.stdout.read(1 << 20):
            written += len(chunk)
        done.set()
        watcher.join()
    assert process.returncode == 0, command
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.perf_counter() - start, cpu, written, most[0] / 1024, most[1] / 1024)


def rows(small: Path, large: Path, targets: list[str]) -> Iterator[tuple[str, ...]]:
    """Measure targets, one after the other, with both stores."""
    for target in targets:
        one, four = run(small, target), run(large, target)
        yield (
            target,
            f"{four.cpu:.1f}",
            f"{four.wall:.1f}",
            f"{four.written / 1e6:.1f}",
            f"{one.own:.0f}",
            f"{four.own:.0f}",
            f"{four.resident:.0f}",
        )


def measure(folder: Path) -> Iterator[str]:
    """Measure each target at a size and at four times it."""
    many = int(os.environ.get(RECORDS, "400"))
    few = max(many // 4, 1)
    targets = os.environ.get(TARGETS, "").split() or sorted(EXPORTS)
    yield f"Exports of {few} and {many} registry records, one in eight with results ({RECORDS}=N, {TARGETS}='nq csv')"
    head = ("target", "cpu s", "wall s", "MB written", "own MB, smaller", "own MB", "with files")
    small, large = _store(folder, few), _store(folder, many)
    yield from table(head, list(rows(small, large, targets)))
