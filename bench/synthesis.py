"""What pooling and the network cost as studies grow in number: time and memory of each command, in its own process.

PICOGRAPH_BENCH_STUDIES says how many studies, about ("1000 10000" takes a quarter of an hour, most of it loading);
PICOGRAPH_BENCH_STORES names stores that are there already.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import QuerySolutions

from picograph.kg.model import PG
from picograph.kg.store import open_store
from picograph.kg.triples import study_key

from .stores import fill
from .timing import table

STUDIES = [int(each) for each in os.environ.get("PICOGRAPH_BENCH_STUDIES", "300").split()]
TRIPLES = 356  # of a drawn study, on average
COMMANDS = (
    "pool responses",
    "pool adverse-events --min-grade 3",
    "pool survival --time 2y",
    "network",
    "gaps",
    "ask similar-studies --study {study}",
)


def cost(words: str, store: Path) -> tuple[float, float, float]:
    """Run a command; gives wall and processor time [seconds] and the most memory that it held [MB]."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "picograph.cli", *words.split(), "--format", "json", "--store", str(store)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def measure(folder: Path) -> Iterator[str]:
    """Time each command on stores of several sizes."""
    stores = [Path(each) for each in os.environ.get("PICOGRAPH_BENCH_STORES", "").split()]
    for size in [] if stores else STUDIES:
        stores.append(folder / f"studies-{size}")
        with open_store(stores[-1]) as store:
            fill(store, size * TRIPLES)
            store.settle()
    for path in stores:
        with open_store(path) as store:
            rows = store.query(f"SELECT DISTINCT ?study WHERE {{ GRAPH ?g {{ ?study a <{PG}Study> }} }}")
            assert isinstance(rows, QuerySolutions)
            studies = [row["study"].value for row in rows]
        yield f"synthesis over {len(studies)} studies"
        key = study_key(studies[0])
        costs = [(words, *cost(words.format(study=key), path)) for words in COMMANDS]
        cells = [(words, f"{wall:.1f} s", f"{cpu:.1f} s", f"{memory:.0f} MB") for words, wall, cpu, memory in costs]
        yield from table(("", "wall", "processor", "memory"), cells)
