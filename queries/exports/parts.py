"""Parts of a selection, worked on one after the other, or in several processes where there are many records.

A part is some records, those of one study together. Which records make a part depends on the store alone, and what is
made of parts comes back in their order: so one process gives the same bytes as four. Other processes open the
generation that is exported, by its name, whatever is loaded meanwhile.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, TypeVar

from picograph.ontology.errors import PicographError
from picograph.queries.exports.selection import Losses, Part, Selection

if TYPE_CHECKING:
    from picograph.kg.store import Store
    from picograph.kg.store.embedded import FolderStore

T = TypeVar("T")
Work = Callable[[Selection, Losses], T]
FEW = 256  # records; other processes start in half a second, in which one process has written these
AHEAD = 3  # parts that wait for each process, so that none is ever idle

_held: "Store | None" = None  # what a worker reads


def worked(parts: Sequence[Selection], work: "Work[T]", losses: Losses, jobs: int) -> Iterator[T]:
    """Work on each part, and give what is made of it in the order of the parts.

    :param work: a function of a module, or a partial one: other processes must find it
    :param jobs: how many processes may work
    :raises PicographError: if one of them was ended from outside
    """
    store = _shared(parts) if jobs > 1 else None
    for made, told in _elsewhere(store, parts, work, jobs) if store else _here(parts, work):
        losses.merge(told)
        yield made


def _here(parts: Sequence[Selection], work: "Work[T]") -> Iterator[tuple[T, Losses]]:
    for part in parts:
        losses = Losses()
        yield work(part, losses), losses


def _shared(parts: Sequence[Selection]) -> "FolderStore | None":
    """Give the store that other processes can open too, if there is enough for them to do."""
    from picograph.kg.store.embedded import FolderStore

    if sum(len(part.names()) for part in parts if isinstance(part, Part)) < FEW:
        return None
    store = parts[0].store
    return store if isinstance(store, FolderStore) else None


def _elsewhere(
    store: "FolderStore", parts: Sequence[Selection], work: "Work[T]", jobs: int
) -> Iterator[tuple[T, Losses]]:
    from multiprocessing import get_context

    # fresh processes: the engine's threads and locks must not be copied
    pool = ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=_begin, initargs=(store.location, store.generation)
    )
    waiting: deque[Future[tuple[T, Losses]]] = deque()
    try:
        for part in parts:
            waiting.append(pool.submit(_do, work, part.names()))
            if len(waiting) >= AHEAD * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise PicographError(
            "a process that writes records was ended from outside",
            where="--jobs",
            remedy="see whether memory is short; export again with --jobs 1",
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(folder: str, generation: str) -> None:
    from picograph.kg import workers
    from picograph.kg.store.pinned import PinnedStore

    global _held
    workers.begin()
    _held = PinnedStore(folder, generation)


def _do(work: "Work[T]", names: Sequence[str]) -> tuple[T, Losses]:
    assert _held is not None
    losses = Losses()
    return work(Part(_held, names), losses), losses
