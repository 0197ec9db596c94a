"""What each export costs at two sizes of store, each in a process of its own: seconds, and memory."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from picograph.queries.exports import EXPORTS

from . import records
from .timing import table

LARGE = "PICOGRAPH_BENCH_LARGE"
_QUESTION = "adverse-events"
_TABLES = ("cinema", "cinema-contrast", "metafor", "netmeta", "netmeta-contrast", "revman")
_RUN = """
import json, resource, sys, time
from picograph.kg.store import open_store
from picograph.queries.ask import ask
from picograph.queries.exports import export
from picograph.queries.exports.selection import Losses, Selection

start, size = time.perf_counter(), 0
with open_store(sys.argv[1]) as store:
    answer = ask(store, sys.argv[3]) if sys.argv[3] else None
    for chunk in export(sys.argv[2])(Selection(store, answer=answer), Losses()):
        size += len(chunk)
usage = resource.getrusage(resource.RUSAGE_SELF)
told = {"seconds": time.perf_counter() - start, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / 1024}
print(json.dumps(told | {"bytes": size}))
"""


def _store(folder: Path, count: int) -> Path:
    """Fill a store with so many records."""
    given, store = records.write(folder / f"exports-{count}.jsonl", count), folder / f"exports-{count}"
    command = [sys.executable, "-m", "picograph.cli", "load", str(given), "--store", str(store), "--format", "json"]
    subprocess.run(command, check=True, capture_output=True)
    given.unlink()
    return store


def _run(store: Path, target: str) -> dict[str, float]:
    question = _QUESTION if target in _TABLES else ""
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(store), target, question], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(folder: Path) -> Iterator[str]:
    """Measure each target at a size and at four times it."""
    few, many = (2_500, 10_000) if os.environ.get(LARGE) else (100, 400)
    yield f"Exports of {few} and {many} registry records, one in eight with results ({LARGE}=1: 2,500 and 10,000)"
    small, large = _store(folder, few), _store(folder, many)
    head = ("target", "cpu s", "wall s", "MB written", "memory MB", "memory, of the smaller")
    rows = []
    for target in sorted(EXPORTS):
        one, four = _run(small, target), _run(large, target)
        rows.append(
            (
                target,
                f"{four['cpu']:.1f}",
                f"{four['seconds']:.1f}",
                f"{four['bytes'] / 1e6:.1f}",
                f"{four['peak']:.0f}",
                f"{four['peak'] / one['peak']:.2f} x",
            )
        )
    yield from table(head, rows)
