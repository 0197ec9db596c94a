"""The results table on disk: beside the quads of a generation, derived from them, replaced with each graph.

A folder ``table`` holds batches: a big one is Parquet, a small one JSON lines, so that adding a record needs no
columnar engine. A batch is never changed. A graph that is replaced is masked in the batches before; batches are joined,
without masked rows, when there are many. ``state.json`` says which there are. A generation becomes the current one by
one rename, so quads and table are always of one moment.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct
from pyoxigraph import Quad

from picograph.kg.columns import IrregularError, rows_of, tables

_FORMAT = 1
SAYS = 2  # what rows say beside their columns' names. 2: a record, the identifiers that it states
_BIG = 20_000  # rows; what is smaller stays JSON lines
_LARGEST = 400_000  # rows of a batch, for constant memory and disk while a load runs
_MOST_LINES = 120_000  # rows that stay lines while a load runs; packing takes 2 s for them
_MOST_BATCHES = 24
_FULL = 4_000_000  # rows; what every file says of its row groups is held while it is read: a larger one is not joined
_MOST_REPLACED = 200  # graphs
_encode = msgspec.json.Encoder(decimal_format="string").encode


class Batch(Struct, frozen=True, kw_only=True):
    """Some rows of each table, written together."""

    number: int
    rows: dict[str, int]  # by table
    graphs: int
    parquet: bool

    @property
    def total(self) -> int:
        """The number of rows."""
        return sum(self.rows.values())


class State(Struct, frozen=True, kw_only=True):
    """What is in a table's folder."""

    format: int = _FORMAT
    says: int = 1  # the least that any row says: `SAYS` when it was written
    columns: str = ""  # a checksum: with other columns, rows are of another picograph
    batches: tuple[Batch, ...] = ()
    replaced: dict[str, int] = {}  # graph -> rows of it in batches before this one are no more
    irregular: tuple[str, ...] = ()  # graphs that rows cannot hold

    def rows(self, table: str) -> int:
        """Give the number of rows of a table, those that were replaced and not yet taken out included."""
        return sum(batch.rows.get(table, 0) for batch in self.batches)


def columns_checksum() -> str:
    """Give a checksum of the tables' columns and their types."""
    return hashlib.sha256(_encode(tables())).hexdigest()[:16]


def read_state(folder: Path) -> State | None:
    """Read what a folder holds; None if there is no table that this picograph can use."""
    try:
        state = msgspec.json.decode((folder / "state.json").read_bytes(), type=State)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None
    return state if state.format == _FORMAT and state.columns == columns_checksum() else None


def path_of(folder: Path, batch: Batch, table: str) -> Path:
    """Give the file with the rows of one table in a batch."""
    return folder / f"{table}-{batch.number:06d}.{'parquet' if batch.parquet else 'jsonl'}"


RowLines = dict[str, bytes]  # by table, JSON lines


def lines_of(graph: str, quads: Iterable[Quad]) -> RowLines | None:
    """Give the rows of a graph as lines, for `TableWriter.put`; None where the graph says what no row can hold.

    >>> from pyoxigraph import NamedNode
    >>> narrow, broad, words = (NamedNode(f"http://example.org/{name}") for name in ("kidney", "organ", "words"))
    >>> broader = NamedNode("http://www.w3.org/2004/02/skos/core#broaderTransitive")
    >>> sorted(lines_of("http://example.org/words", [Quad(narrow, broader, broad, words)]))
    ['broader']
    """
    lines: dict[str, list[bytes]] = {}
    try:
        for table, row in rows_of(graph, quads):
            lines.setdefault(table, []).append(_encode(row) + b"\n")
    except IrregularError:
        return None
    return {table: b"".join(each) for table, each in lines.items()}


class TableWriter:
    """Writes the table of a new generation, from that of the one before.

    :param before: the folder of the table before; None where the store is new. Where it holds no table that can be
        used, nothing is known of the quads that are there, and none is written
    :param folder: the folder to write, in the new generation
    """

    def __init__(self, before: Path | None, folder: Path) -> None:
        found = State(says=SAYS) if before is None else read_state(before)
        self._folder = folder
        self._on = found is not None
        state = found or State()
        self._says = state.says
        self._replaced = dict(state.replaced)
        self._irregular = set(state.irregular)
        self._batches = list(state.batches)
        self._number = 1 + max((batch.number for batch in self._batches), default=0)
        self._open: dict[str, IO[bytes]] = {}
        self._rows: dict[str, int] = {}
        self._graphs: set[str] = set()
        self._leaves = False  # whether what is written stays lines
        if self._on:
            folder.mkdir(parents=True)
            for batch in self._batches:
                for path in _paths(before or folder, batch):
                    _link(path, folder / path.name)

    def replace(self, graph: str, quads: Iterable[Quad], *, known: bool = True) -> None:
        """Make the rows of a graph those that its quads say.

        :param known: False where the store did not have the graph before
        """
        if not self._on:
            return
        self._begin(graph, known)
        try:
            for table, row in rows_of(graph, quads):
                self._write(table, _encode(row) + b"\n", 1)
        except IrregularError:
            self._irregular.add(graph)
        self._end_if_large()

    def put(self, graph: str, lines: RowLines | None, *, known: bool = True) -> None:
        """Make the rows of a graph those that `lines_of` gave for its quads, perhaps in another process."""
        if not self._on:
            return
        self._begin(graph, known)
        if lines is None:
            self._irregular.add(graph)
        else:
            for table, text in lines.items():
                self._write(table, text, text.count(b"\n"))
        self._end_if_large()

    def put_files(self, graph: str, files: Mapping[str, Path], start: str = "") -> None:
        """Make the rows of a graph those of files with tab-separated values, in which the graph's column is left out.

        :param start: of all IRIs, left out too
        No row of it is in before: `remove` has been called.
        """
        if not self._on:
            return
        from picograph.kg.store.packing import pack_files

        self.end_batch()
        number, self._number = self._number, self._number + 1
        self._batches.append(pack_files(self._folder, graph, files, number, start))

    def _begin(self, graph: str, known: bool) -> None:
        if known or graph in self._graphs:
            self.remove(graph)
        self._graphs.add(graph)

    def _write(self, table: str, lines: bytes, rows: int) -> None:
        self._file(table).write(lines)
        self._rows[table] = self._rows.get(table, 0) + rows

    def _end_if_large(self) -> None:
        if sum(self._rows.values()) >= _LARGEST:
            self.end_batch()

    def remove(self, graph: str) -> None:
        """Take out the rows of a graph."""
        if not self._on:
            return
        self._irregular.discard(graph)
        if graph in self._graphs:
            self.end_batch()
        if self._batches:
            self._replaced[graph] = self._number

    def finish(self) -> None:
        """Write what is left: when this ends the table is whole."""
        if not self._on:
            return
        self.end_batch()
        self._join_batches()
        state = State(
            says=self._says,
            columns=columns_checksum(),
            batches=tuple(self._batches),
            replaced=self._replaced,
            irregular=tuple(sorted(self._irregular)),
        )
        with (self._folder / "state.json").open("wb") as file:
            file.write(_encode(state))
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """Close the files."""
        for file in self._open.values():
            file.close()
        self._open = {}

    def _file(self, table: str) -> IO[bytes]:
        if table not in self._open:
            self._open[table] = (self._folder / f"{table}-{self._number:06d}.jsonl").open("wb")
        return self._open[table]

    def end_batch(self) -> None:
        """Write the rows that have come until now as a batch, in Parquet where there are many."""
        if self._rows:
            for file in self._open.values():
                file.flush()
                os.fsync(file.fileno())
            self.close()
            batch = Batch(number=self._number, rows=self._rows, graphs=len(self._graphs), parquet=False)
            self._number += 1
            self._batches.append(batch)
            if batch.total >= _BIG and not self._leaves:
                self._pack([batch])
        self._rows, self._graphs = {}, set()

    def leave_lines(self) -> None:
        """Leave what is written from now on as lines; pack what was left so where it is very much.

        Packing takes one thread, and so does what the engine does when a load ends: they go side by side then.
        """
        self.end_batch()
        if sum(batch.total for batch in _lines(self._batches)) >= _MOST_LINES:
            self.pack_lines()
        self._leaves = True

    def pack_lines(self) -> None:
        """Pack the rows that are lines, where they are many."""
        if not self._on:
            return
        self.end_batch()
        lines = _lines(self._batches)
        if sum(batch.total for batch in lines) >= _BIG or len(lines) > _MOST_BATCHES:
            self._pack(lines)

    def _join_batches(self) -> None:
        """Join batches where there are many, or much in them was replaced: small ones first."""
        if not self._leaves:
            self.pack_lines()
        graphs = sum(batch.graphs for batch in self._batches)
        growing = [batch for batch in self._batches if batch.total < _FULL]
        if len(self._replaced) > max(_MOST_REPLACED, graphs / 4):
            for some in _shares(self._batches):
                self._pack(some)
        elif len(growing) > _MOST_BATCHES:
            self._pack(_of_a_size(growing))

    def _pack(self, batches: Sequence[Batch]) -> None:
        """Write batches as one, in Parquet, without the rows that were replaced."""
        from picograph.kg.store.packing import pack

        number, self._number = self._number, self._number + 1
        packed = pack(self._folder, batches, self._replaced, number)
        for batch in batches:
            for path in _paths(self._folder, batch):
                path.unlink()
        self._batches = [batch for batch in self._batches if batch not in batches]
        if packed.total:
            self._batches.append(packed)
        first = min((batch.number for batch in self._batches), default=self._number)
        self._replaced = {graph: number for graph, number in self._replaced.items() if number > first}


def _lines(batches: Iterable[Batch]) -> list[Batch]:
    return [batch for batch in batches if not batch.parquet]


def has_lines(folder: Path) -> bool:
    """Say whether a table has many rows that are still lines."""
    state = read_state(folder)
    return state is not None and sum(batch.total for batch in _lines(state.batches)) >= _BIG


def _of_a_size(batches: Sequence[Batch]) -> list[Batch]:
    """Choose what to join: the smaller half, and each larger one that is no larger than all below it together.

    So a row is written again a few times while a store grows, and not once for every few batches that come after it.
    No more are joined than a full batch needs.
    """
    ascending = sorted(batches, key=lambda batch: batch.total)
    chosen: list[Batch] = []
    rows = 0
    for number, batch in enumerate(ascending):
        if number > 1 and (rows >= _FULL or (number >= len(ascending) // 2 and batch.total > rows)):
            break
        chosen.append(batch)
        rows += batch.total
    return chosen


def _shares(batches: Sequence[Batch]) -> list[list[Batch]]:
    """Part batches into those that are written as one: each a full batch, or all that are left."""
    shares: list[list[Batch]] = [[]]
    for batch in batches:
        if sum(each.total for each in shares[-1]) >= _FULL:
            shares.append([])
        shares[-1].append(batch)
    return shares


def _paths(folder: Path, batch: Batch) -> Iterator[Path]:
    return (path_of(folder, batch, table) for table, rows in batch.rows.items() if rows)


def _link(path: Path, to: Path) -> None:
    """Have a file in a second folder: it is never changed, so a second name does."""
    try:
        to.hardlink_to(path)
    except OSError:
        shutil.copyfile(path, to)
