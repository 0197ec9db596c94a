"""Whether the files of a generation are in order: look-ups in what was loaded in bulk take four times as long before.

Loading in bulk leaves files that overlap, and a look-up reads in each of them. Putting them in order takes the engine
3 s of processor time for a million quads, so it is done once a load, where they grew by a tenth since the last time.
"""

from pathlib import Path

_FEW = 1 << 26  # bytes: what is smaller is quick in any order
_GROWN = 1.1


def _mark(generation: Path) -> Path:
    return generation / "settled"


def _bytes(generation: Path) -> int:
    return sum(path.stat().st_size for path in (generation / "quads").glob("*.sst"))


def is_unsettled(generation: Path) -> bool:
    """Say whether much was written to a generation, and those that it was made of, since it was put in order."""
    try:
        before = int(_mark(generation).read_text("ascii"))
    except (OSError, ValueError):
        before = 0
    size = _bytes(generation)
    return size > _FEW and size > _GROWN * before


def hand_on(generation: Path, to: Path) -> None:
    """Note in a new generation what is known of the one that it is a copy of."""
    if _mark(generation).exists():
        _mark(to).write_bytes(_mark(generation).read_bytes())


def note(generation: Path) -> None:
    """Note that a generation is in order."""
    _mark(generation).write_text(str(_bytes(generation)), "ascii")
