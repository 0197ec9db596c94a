"""One load into a folder, in a process of its own: what it took, and what others took of the machine meanwhile."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .figures import busy

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


class Run(NamedTuple):
    """One load in a process of its own; pairs are of that process and of its workers."""

    records: int
    quads: int
    seconds: float
    cpu: list[float]  # seconds
    peaks: list[int]  # kilobytes, of one process
    own: int  # kilobytes of the first that are no pages of files, looked at ten times a second
    others: float = 0.0  # what other programs took of the machine's time [proportion]


def load(paths: Sequence[Path], store: Path, jobs: int) -> Run:
    """Load files into a new store, in a process of its own."""
    shutil.rmtree(store, ignore_errors=True)
    command = [sys.executable, "-c", _RUN, str(store), str(jobs), *map(str, paths)]
    before, start = busy(), time.perf_counter()
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    worked, took = busy() - before, time.perf_counter() - start
    run = Run(**json.loads(ran.stdout.splitlines()[-1]))
    return run._replace(others=max(0.0, worked - sum(run.cpu)) / (took * (os.cpu_count() or 1)))


def middle(runs: Sequence[Run]) -> Run:
    """Give the one of median time."""
    return sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]


def _megabytes(kilobytes: int) -> str:
    return f"{kilobytes / 1024:.0f} MB"


def row(name: str, jobs: int, run: Run, alone: Run | None) -> tuple[str, ...]:
    """Give the cells of a load.

    :param alone: the same with one job, where it was measured
    """
    return (
        name,
        f"{run.records:,}",
        f"{run.quads:,}",
        str(jobs),
        f"{run.seconds:.1f} s",
        f"{run.records / run.seconds:.0f}",
        f"{alone.seconds / run.seconds:.2f}" if alone else "",
        f"{run.cpu[0]:.1f} s",
        f"{run.cpu[1]:.1f} s",
        _megabytes(run.peaks[0]),
        _megabytes(run.own),
        _megabytes(run.peaks[1]) if jobs > 1 else "",
        f"{run.others:.0%}",
    )


HEAD = (
    "records",
    "count",
    "quads",
    "jobs",
    "time",
    "records/s",
    "to 1 job",
    "CPU",
    "CPU, workers",
    "peak",
    "without files",
    "worker",
    "others",
)
