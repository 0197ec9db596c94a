"""A graph of any size into an Oxigraph store: in chunks, two at a time, in memory that does not grow with the graph.

One bulk load of a whole file keeps up to two million quads at once (1.8 GB were measured). Chunks need less, and leave
a core free for whoever makes the next one. Small ones are no better: each becomes a file of the engine, and from some
twenty files on it lets whoever writes wait until they are merged.
"""

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Iterable
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import DefaultGraph, NamedNode, RdfFormat
from pyoxigraph import Store as Oxigraph

LINES = 64 << 20  # bytes of lines that make a chunk
_LOADERS = 2
_BIG = 50_000  # quads; the engine takes one quad out in the time in which it loads eight
_MANY = 200_000  # quads copied at a time
_MERGING = b"rocksdb:low"  # how the engine's threads that merge files are called
_LAST = 19  # the lowest priority


class Chunk(NamedTuple):
    """Some whole lines of N-Triples."""

    lines: bytes
    first: int = 0  # the number of the first line in its file; 0: made by ourselves
    name: str = ""  # of the file
    sure: bool = False  # made by ourselves, of IRIs that were looked at: the engine need not
    graph: str = ""  # that the lines are of; empty: the one that is filled


Mend = Callable[[Chunk, str], bytes]


def refuse(chunk: Chunk, said: str) -> bytes:
    """Mend nothing: lines that we made ourselves are right, or there is an error in what made them."""
    raise ValueError(f"these lines are not N-Triples: {said}")


def fill(oxigraph: Oxigraph, graph: str, chunks: Iterable[Chunk], mend: Mend = refuse) -> None:
    """Load N-Triples into named graphs. Chunks are made in the calling thread while others are loaded.

    :param graph: of all chunks that name none
    :param mend: gives the lines of a chunk without those that the engine does not take, or raises
    :raises OSError: if the store cannot be written
    """
    waiting: queue.Queue[Chunk | None] = queue.Queue(maxsize=1)
    failures: list[BaseException] = []

    def load() -> None:
        while (chunk := waiting.get()) is not None:
            if failures:
                continue  # whoever puts chunks has not seen it yet
            try:
                _load(oxigraph, NamedNode(chunk.graph or graph), chunk, mend)
            except BaseException as error:
                failures.append(error)

    loaders = [threading.Thread(target=load, daemon=True) for _ in range(_LOADERS)]
    for loader in loaders:
        loader.start()
    try:
        for chunk in chunks:
            if failures:
                break
            if chunk.lines:
                waiting.put(chunk)
                merge_later()
    finally:
        for _ in loaders:
            waiting.put(None)
        for loader in loaders:
            loader.join()
    if failures:
        raise failures[0]


def merge_later() -> None:
    """Let the engine merge its files where nothing else is to be done.

    It begins whenever two files overlap, and so writes everything many times while a graph comes in chunks; `settle`
    does it once, afterwards. Only Linux has a priority for each thread.
    """
    for thread in Path("/proc/self/task").glob("*"):
        with contextlib.suppress(OSError):  # it has ended
            if (thread / "comm").read_bytes().startswith(_MERGING):
                os.setpriority(os.PRIO_PROCESS, int(thread.name), _LAST)


def _load(oxigraph: Oxigraph, graph: NamedNode, chunk: Chunk, mend: Mend) -> None:
    try:
        oxigraph.bulk_load(chunk.lines, format=RdfFormat.N_TRIPLES, to_graph=graph, lenient=chunk.sure)
    except SyntaxError as error:
        lines = mend(chunk, error.msg)
        with contextlib.suppress(SyntaxError):
            oxigraph.bulk_load(lines, format=RdfFormat.N_TRIPLES, to_graph=graph)
            return
        refuse(chunk, error.msg)


def is_big(oxigraph: Oxigraph, graph: str) -> bool:
    """Say whether a graph has so many quads that taking them out one by one takes longer than loading the rest."""
    quads = oxigraph.quads_for_pattern(None, None, None, NamedNode(graph))
    return sum(1 for _ in islice(quads, _BIG)) == _BIG


def copy_without(oxigraph: Oxigraph, graph: str, to: Oxigraph) -> None:
    """Copy all graphs but one into another store."""
    names = (name for name in oxigraph.named_graphs() if name != NamedNode(graph))
    quads = chain.from_iterable(
        oxigraph.quads_for_pattern(None, None, None, name) for name in chain([DefaultGraph()], names)
    )
    while some := list(islice(quads, _MANY)):
        to.bulk_extend(some)
