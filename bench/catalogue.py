"""What the whole catalogue costs on a quiet machine, in pieces: python -m bench.catalogue time|table …

    python -m bench.catalogue time 1/3 100000=STORE 1000000=STORE >> times.tsv    every third question, at each size
    python -m bench.catalogue table times.tsv                                     all of it, as a table for docs/

A question is asked in a process of its own, with the store open, after one round that does not count. Times are of the
processor, of all threads together, so that other programs matter little; PICOGRAPH_BENCH_CLOCK=wall takes the wall
clock, with nothing else running. Where a question was timed more than once, its quietest run counts.
"""

import math
import os
import signal
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from picograph.kg.store import open_store
from picograph.queries import catalog
from picograph.queries.ask import ask

from .asked import asked, told
from .sizes import growth

ROUNDS = 20  # at most, and at least three
ENOUGH = 0.3  # seconds for all rounds of a question
LIMIT = 60  # seconds for a question
CLOCK = time.perf_counter if os.environ.get("PICOGRAPH_BENCH_CLOCK") == "wall" else time.process_time


def times(store: Path, name: str, shelf: catalog.Shelf, given: dict[str, Any]) -> tuple[float, float, int] | None:
    """Give median and 95th percentile of a question [seconds], and the rows of its answer; None: over the limit."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(LIMIT)
        question = catalog.question(name, shelf)
        with open_store(store) as opened:
            rows = len(ask(opened, question, **given))
            found: list[float] = []
            while len(found) < 3 or (sum(found) < ENOUGH and len(found) < ROUNDS):
                start = CLOCK()
                ask(opened, question, **given)
                found.append(CLOCK() - start)
        late = sorted(found)[max(0, -(-len(found) * 95 // 100) - 1)]
        os.write(writing, f"{statistics.median(found)} {late} {rows}".encode())
        os._exit(0)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        words = said.read().split()
    return (float(words[0]), float(words[1]), int(words[2])) if status == 0 else None


def lines(part: str, stores: dict[int, Path]) -> Iterator[str]:
    """Time a part of the catalogue, such as 2/3, or names with commas between, at each size; gives lines with tabs."""
    import duckdb  # noqa: F401  # its import is the program's, not a question's
    from pyoxigraph import Store  # noqa: F401

    whole = asked()
    if "/" in part:
        number, of = map(int, part.split("/"))
        whole = whole[number - 1 :: of]
    else:
        whole = [each for each in whole if each[0] in part.split(",")]
    for name, shelf, given in whole:
        for size, store in stores.items():
            found = times(store, name, shelf, given)
            cells = ("", "", "") if found is None else (f"{found[0]:.5f}", f"{found[1]:.5f}", str(found[2]))
            yield "\t".join((told(name, given), str(size), *cells))


def _spelled(seconds: float) -> str:
    return f"{1000 * seconds:.1f}" if seconds < 0.01 else f"{1000 * seconds:,.0f}"


def table(found: Iterable[str]) -> Iterator[str]:
    """Lay out what was timed as a table in Markdown, with what it comes to at each size."""
    costs: dict[str, dict[int, tuple[float, float, int]]] = {}
    for line in found:
        question, number, median, late, rows = line.rstrip("\n").split("\t")
        of_question = costs.setdefault(question, {})
        if median:
            timed = (float(median), float(late), int(rows))
            of_question[int(number)] = min(timed, of_question.get(int(number), timed))
    sizes = sorted({size for each in costs.values() for size in each})
    yield "| question | " + " | ".join(f"10{_POWERS[len(str(size)) - 1]}" for size in sizes) + " | rows | exponent |"
    yield "|---|" + "--:|" * (len(sizes) + 2)
    for question, known in sorted(costs.items()):
        cells = [
            f"{_spelled(known[size][0])} / {_spelled(known[size][1])}" if size in known else "over" for size in sizes
        ]
        exponent = growth({size: each[0] for size, each in known.items()})
        rows = f"{known[sizes[-1]][2]:,}" if sizes[-1] in known else ""
        yield f"| {question} | {' | '.join(cells)} | {rows} | {'' if exponent is None else f'{exponent:.2f}'} |"
    yield ""
    for size in sizes:
        medians = [known[size][0] if size in known else math.inf for known in costs.values()]
        over = sum(each > 1 for each in medians)
        yield f"{size:,} triples: median of {len(medians)}: {_spelled(statistics.median(medians))} ms; {over} over 1 s"


_POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹"

if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "time":
        stores = dict(each.split("=", 1) for each in rest[1:])
        printed = lines(rest[0], {int(number): Path(store) for number, store in stores.items()})
    else:
        printed = table(each for path in rest for each in Path(path).read_text("utf-8").splitlines())
    for text in printed:
        print(text, flush=True)
