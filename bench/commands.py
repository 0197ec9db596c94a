"""What a command costs from a cold process, against importing the engine and the command-line library alone."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from picograph.kg.load import example, load
from picograph.kg.store import open_store

from .timing import medians, milliseconds, process, table

BASELINE = "python -c 'import pyoxigraph, click'"
BUDGET = 3.0  # times the baseline


def measure(folder: Path, rounds: int = 15) -> Iterator[str]:
    """Time the commands that must feel instant."""
    store = folder / "store"
    with open_store(store) as opened:
        [loaded] = load(opened, [example()])
    program = str(Path(sys.executable).parent / "picograph")
    environment = {**os.environ, "PICOGRAPH_STORE": str(store)}
    commands = {
        BASELINE: [sys.executable, "-c", "import pyoxigraph, click"],
        "picograph --version": [program, "--version"],
        "picograph lookup sorafenib": [program, "lookup", "sorafenib"],
        "picograph show STUDY": [program, "show", str(loaded.study)],
    }
    took = medians({name: process(command, environment) for name, command in commands.items()}, rounds)
    yield f"Commands: medians of {rounds} fresh processes, in turn; the budget is {BUDGET:g} times the first line."
    rows = [(name, milliseconds(each), f"{each / took[BASELINE]:.2f}") for name, each in took.items()]
    yield from table(("command", "time", "ratio"), rows)
