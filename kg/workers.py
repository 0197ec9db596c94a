"""Records mapped in several processes: chunks of them go out, and come back mapped, in their order.

A worker is a fresh process, so nothing of the parent's threads or files is copied into it. It holds nothing between two
chunks. It ends with its parent, in whatever way that ends.
"""

import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TypeVar

from msgspec import structs

from picograph.kg.mapping import Mapped, Result, map_all
from picograph.kg.readers import Piece
from picograph.kg.store.sources import SourceShelf
from picograph.ontology.errors import PicographError, StoreError

_C = TypeVar("_C")
_NICE = 5  # writing goes first: all wait for it, and there is always something to map meanwhile
AHEAD = 3  # chunks that wait for each worker, so that none is ever idle


def begin() -> None:
    """Begin a worker: it leaves Ctrl-C to its parent, and ends with it."""
    import multiprocessing
    import os

    if hasattr(os, "nice"):
        os.nice(_NICE)
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches every process of a terminal: the parent says what next

    def end_with_parent() -> None:
        if (parent := multiprocessing.parent_process()) is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _map(pieces: Sequence[Piece], folder: Path | None, setting: str) -> list[Result]:
    """Map records, and keep their texts, where there is a folder for them: they need not go back to the parent."""
    shelf = SourceShelf(folder)
    found = map_all(pieces, shelf.get, setting)
    return found if folder is None else [_without_text(each, shelf) for each in found]


def _without_text(result: Result, shelf: SourceShelf) -> Result:
    if not isinstance(result, Mapped) or result.text is None:
        return result
    try:
        shelf.put(result.text)
    except StoreError:  # the parent meets it too, and says so
        return result
    return structs.replace(result, text=None, text_kept=True)


class Workers:
    """Processes that map records.

    :param jobs: how many
    :param folder: of the source texts, or None
    :param setting: what else the mapping depends on
    """

    def __init__(self, jobs: int, folder: Path | None, setting: str = "") -> None:
        from multiprocessing import get_context

        self._jobs, self._folder, self._setting = jobs, folder, setting
        self._pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=begin)
        self._ending: threading.Thread | None = None

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        if self._ending is not None:
            self._ending.join()
        self._pool.shutdown(cancel_futures=True)

    def map(self, chunks: Iterable[tuple[_C, Sequence[Piece]]]) -> Iterator[tuple[_C, list[Result]]]:
        """Map chunks of records: each comes back with what was given beside it, in order.

        After the last one the processes end while whoever asked sees to what they gave.

        :raises PicographError: if a worker was ended from outside
        """
        waiting: deque[tuple[_C, Future[list[Result]]]] = deque()
        try:
            for beside, pieces in chunks:
                waiting.append((beside, self._pool.submit(_map, pieces, self._folder, self._setting)))
                while waiting and (len(waiting) >= AHEAD * self._jobs or waiting[0][1].done()):
                    yield self._first(waiting)
            while waiting:
                yield self._first(waiting)
            self._ending = threading.Thread(target=self._pool.shutdown)
            self._ending.start()
        except BrokenProcessPool:
            raise PicographError(
                "a process that maps records was ended from outside",
                where="--jobs",
                remedy="see whether memory is short; load again with fewer jobs: what is in is not read again",
            ) from None

    @staticmethod
    def _first(waiting: "deque[tuple[_C, Future[list[Result]]]]") -> tuple[_C, list[Result]]:
        beside, future = waiting.popleft()
        return beside, future.result()
