"""Generations of a store on the disk: who reads one holds it, so that a writer sweeps away only what nobody reads."""

import contextlib
import os
import re
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import IO

from pyoxigraph import Store as Oxigraph

try:
    import fcntl
except ImportError:  # Windows keeps open files from being deleted, which is all that the lock is for
    fcntl = None  # type: ignore[assignment]

GENERATION = re.compile(r"generation-([0-9]{6,15})")
LOCKS = fcntl is not None  # whether a generation can be held


def hold(generation: Path) -> IO[bytes] | None:
    """Hold a generation for as long as the file that is given is open; None where that needs no lock.

    :raises OSError: if it is not there any more
    """
    if fcntl is None:
        return None
    in_use = (generation / "in-use").open("rb")
    fcntl.flock(in_use, fcntl.LOCK_SH)
    return in_use


def last_number(folder: Path) -> int:
    """Give the highest number of a generation, or 0."""
    found = (GENERATION.fullmatch(path.name) for path in folder.iterdir())
    return max((int(match[1]) for match in found if match), default=0)


def sweep(folder: Path, keep: Collection[str | None]) -> None:
    """Delete generations that nobody reads: older ones, and halves that a kill left behind."""
    for path in folder.iterdir():
        if not GENERATION.fullmatch(path.name) or path.name in keep:
            continue
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            if fcntl is not None and (path / "in-use").exists():
                in_use = stack.enter_context((path / "in-use").open("rb"))
                fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path)


def sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where the system lets a folder be synced."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Workshop:
    """A copy that stays open over several writes, so that the engine can put its files in order meanwhile.

    Where each write has a copy of its own, what the engine has begun to put in order is lost each time. It lies in a
    folder like that of a generation, which is never the current one: a kill leaves it to be swept.

    :param folder: of the copy
    :param current: the generation that is copied
    """

    def __init__(self, folder: Path, current: Path) -> None:
        self.says = current.name  # the generation that it has been the last copy of
        self._folder = folder
        folder.mkdir()
        (folder / "in-use").touch()
        self._in_use = hold(folder)
        Oxigraph.read_only(str(current / "quads")).backup(str(folder / "quads"))
        self.oxigraph = Oxigraph(str(folder / "quads"))

    def close(self) -> None:
        """Take the copy away."""
        del self.oxigraph  # and with it the engine's last hold on its files
        if self._in_use is not None:
            self._in_use.close()
        shutil.rmtree(self._folder, ignore_errors=True)
