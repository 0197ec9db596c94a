"""How much quicker two processes load than one: registry records, articles, and a mix of both.

PICOGRAPH_BENCH_ROUNDS says how often each is loaded, both ways in turn; of three rounds medians are given, and on two
cores they take five minutes.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from . import loads, records
from .timing import table

ROUNDS = "PICOGRAPH_BENCH_ROUNDS"


def _inputs(folder: Path) -> Iterator[tuple[str, list[Path]]]:
    yield "registry", [records.write(folder / "registry.jsonl", 1_600)]
    (folder / "articles.xml").write_bytes(records.articles(2_400))
    yield "PubMed", [folder / "articles.xml"]
    yield "mixed", records.mixed(folder, 3_200)


def _rows(folder: Path, rounds: int) -> Iterator[tuple[str, ...]]:
    for name, paths in _inputs(folder):
        runs: dict[int, list[loads.Run]] = {1: [], 2: []}
        for number in range(rounds):
            for jobs in (1, 2) if number % 2 == 0 else (2, 1):
                runs[jobs].append(loads.load(paths, folder / "loaded", jobs))
        shutil.rmtree(folder / "loaded", ignore_errors=True)
        yield from (loads.row(name, jobs, loads.middle(each), loads.middle(runs[1])) for jobs, each in runs.items())


def measure(folder: Path) -> Iterator[str]:
    """Load each kind of record with one process and with two, in turn."""
    if not records.originals():
        yield "Jobs: not measured, for the real records are made from those in ../shared, which is not at hand."
        return
    rounds = int(os.environ.get(ROUNDS, "1"))
    yield (
        f"Jobs: the same load with one process and with two, in turn; medians of {rounds} rounds ({ROUNDS} sets how "
        "many); the aim is 1.6. Others: what other programs took of the machine meanwhile: where that is more than a "
        "few per cent the ratio says little."
    )
    yield from table(loads.HEAD, list(_rows(folder, rounds)))
