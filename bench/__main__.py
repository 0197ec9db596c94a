"""Print ratios of times, taken in one run on one machine. Nothing is asserted: a ratio is for a person to read.

python -m bench                  all parts
python -m bench sizes engines    some
python -m bench --write docs     page and picture of what is kept in the file that PICOGRAPH_BENCH_FIGURES names
"""

import importlib
import os
import sys
import tempfile
from pathlib import Path

from . import figures

PARTS = (
    "commands",
    "sizes",
    "engines",
    "hierarchies",
    "replaced",
    "virtuoso",
    "exports",
    "loading",
    "jobs",
    "synthesis",
    "vocabularies",
    "extraction",
)


def main(arguments: list[str]) -> int:
    """Measure; give the exit code."""
    if arguments[:1] == ["--write"]:
        from .page import write

        write(figures.read(Path(os.environ[figures.KEPT])), Path(arguments[1]))
        return 0
    if unknown := [each for each in arguments if each not in PARTS]:
        print(f"Error: {unknown[0]!r} is not a part\n  try:   {', '.join(PARTS)}", file=sys.stderr)
        return 2
    print(", ".join(f"{name} {each}" for name, each in figures.machine().items()))
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments or PARTS:
            print()
            with figures.watched(name):
                for line in importlib.import_module(f"{__package__}.{name}").measure(Path(folder)):
                    print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
