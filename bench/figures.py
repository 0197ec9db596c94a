"""What was measured, kept in a file where one is named, so that a page is written from it and not by hand."""

import contextlib
import json
import os
import platform
import resource
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

KEPT = "PICOGRAPH_BENCH_FIGURES"


def machine() -> dict[str, str]:
    """Say on what, and with what, it is measured."""
    processor = platform.processor() or platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.exists():
        names = [
            line.partition(": ")[2] for line in cpu.read_text("utf-8").splitlines() if line.startswith("model name")
        ]
        processor = names[0] if names else processor
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    found = {
        "processor": f"{processor}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }
    return found | {name: version(name) for name in ("picograph", "pyoxigraph", "duckdb", "rdflib")}


def busy() -> float:
    """Give the seconds that all cores have worked since the system began."""
    words = Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, irq, softirq, steal = map(int, words[:8])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _own() -> float:
    """Give the seconds of the processor that this process and those that it waited for have taken."""
    found = (resource.getrusage(each) for each in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in found)


@contextlib.contextmanager
def watched(part: str) -> Iterator[None]:
    """Keep how long a part took, and how many cores other programs took meanwhile: they slow what is measured."""
    before = (time.perf_counter(), busy(), _own(), os.getloadavg()[0])
    yield
    took = time.perf_counter() - before[0]
    others = max(0.0, busy() - before[1] - (_own() - before[2])) / took
    kept = {"seconds": round(took, 1), "others": round(others, 2), "load": before[3], "day": time.strftime("%Y-%m-%d")}
    keep("load", {part: {"watched": kept}})
    print(f"({part}: {took:.0f} s; other programs took {others:.2f} of {os.cpu_count()} cores)", flush=True)


def keep(part: str, found: Any) -> None:
    """Keep what a part found, beside what other parts did: sizes and engines that were measured before stay."""
    if path := os.environ.get(KEPT):
        known = read(Path(path))
        known["machine"] = machine()
        known[part] = _joined(known.get(part, {}), json.loads(json.dumps(found)))
        Path(path).write_text(json.dumps(known, indent=1) + "\n", "utf-8")


def read(path: Path) -> dict[str, Any]:
    """Read what was kept."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def _joined(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict) and not {"seconds", "watched"} & new.keys():
        return {**old, **{key: _joined(old.get(key, {}), value) for key, value in new.items()}}
    return new
