"""Times taken side by side: what is compared runs in turn, so that a slow moment of the machine meets all of it."""

import contextlib
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


def medians(things: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Time each thing once a round, in turn, after one round that does not count.

    :returns: the median of each [seconds]
    """
    times: dict[str, list[float]] = {name: [] for name in things}
    for turn in range(rounds + 1):
        for name, thing in things.items():
            start = time.perf_counter()
            thing()
            if turn:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in times.items()}


def percentile(times: Sequence[float], part: float = 0.95) -> float:
    """Give the nearest-rank percentile: of few times, the greatest.

    >>> percentile([1.0, 2.0, 3.0]), percentile([float(each) for each in range(1, 101)])
    (3.0, 95.0)
    """
    return sorted(times)[max(0, math.ceil(part * len(times)) - 1)]


# what the parts that ask engines in turn read: where other programs are at work, time of the processor tells more
CLOCK = time.process_time if os.environ.get("PICOGRAPH_BENCH_CLOCK") == "cpu" else time.perf_counter


def limited(seconds: float, work: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> Any:
    """Do some work in a process of its own, which is ended at a limit.

    :param clock: by which the limit is counted: `time.perf_counter`, or `time.process_time`
    :returns: what the work gave, as JSON has it; None where it was ended, or failed
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        signal.setitimer(signal.ITIMER_PROF if clock is time.process_time else signal.ITIMER_REAL, seconds)
        code = 1
        try:
            with os.fdopen(writing, "w", encoding="utf-8") as told:
                told.write(json.dumps(work()))
            code = 0
        except Exception as error:
            print(f"{type(error).__name__}: {error}"[:300], file=sys.stderr)
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as told:
        said = told.read()
    _, status = os.waitpid(child, 0)
    return json.loads(said) if status == 0 and said else None


def held(process: int | str = "self") -> float:
    """Give the memory that a process has for itself, without pages of files [MB]; 0 where it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text("ascii").splitlines():
            if line.startswith("RssAnon"):
                return int(line.split()[1]) / 1024
    return 0.0


def process(command: Sequence[str], environment: Mapping[str, str]) -> Callable[[], object]:
    """Give what runs a command in a fresh process, and fails if it does."""

    def run() -> object:
        return subprocess.run(command, env=dict(environment), stdout=subprocess.DEVNULL, check=True)

    return run


def table(head: Sequence[str], rows: Sequence[Sequence[str]], width: int = 80) -> Iterator[str]:
    """Lay out rows: the first column to the left, the others to the right; a name that is too long, on its own line.

    >>> print("\\n".join(table(("what", "time"), [("a", "1 ms"), ("a long name", "2 ms")], width=12)))
    what    time
    a       1 ms
    a long name
            2 ms
    """
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    room = max(len(head[0]), min(widths[0], width - sum(each + 2 for each in widths[1:])))
    for first, *others in (head, *rows):
        if len(first) > room:
            yield first
        name = "" if len(first) > room else first
        cells = [name.ljust(room), *(cell.rjust(wide) for cell, wide in zip(others, widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()


def brief(times: Sequence[float]) -> str:
    """Write median and 95th percentile for a narrow column [ms].

    >>> brief([0.0042, 0.0044, 0.31]), brief([math.inf])
    ('4.4/310', 'over')
    """
    if math.isinf(max(times)):
        return "over"
    return "/".join(f"{1000 * each:.1f}" if each < 0.01 else f"{1000 * each:.0f}" for each in _ends(times))


def _ends(times: Sequence[float]) -> tuple[float, float]:
    return statistics.median(times), percentile(times)


def milliseconds(seconds: float) -> str:
    """Write a time.

    >>> milliseconds(0.01234)
    '12.3 ms'
    """
    return f"{1000 * seconds:.1f} ms" if seconds >= 0.001 else f"{1000 * seconds:.2f} ms"
