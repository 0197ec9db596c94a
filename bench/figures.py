"""What was measured, kept in a file where one is named, so that a page is written from it and not by hand."""

import json
import os
import platform
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
    if isinstance(old, dict) and isinstance(new, dict) and "seconds" not in new:
        return {**old, **{key: _joined(old.get(key, {}), value) for key, value in new.items()}}
    return new
