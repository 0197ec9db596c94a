"""The batches of the results table as they are written: in Parquet, class by class, without what was replaced."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from picograph.kg.columns import classes, columns_of, tables
from picograph.kg.store.columnar import connect
from picograph.kg.store.scans import (
    NUMBER,
    column_names,
    hold_replaced,
    json_lines,
    listed,
    may_be_replaced,
    nothing,
    padded,
    part_lines,
    quoted,
    union,
)
from picograph.kg.store.table import Batch, path_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SORTING = "256MB"  # memory for a vocabulary that is added: sorting 2.8 million rows took no longer than with 1 GB
_ROW_GROUP = 20_480  # rows
# so that a reader passes over the row groups in which nothing of what it looks for can be; parts stand by their class
_ORDERS = {"broader": "broader, narrower", "labels": "concept, graph"}
_IRIS = {"broader": ("narrower", "broader"), "labels": ("concept",)}  # their columns that hold the IRI of a concept


@contextmanager
def _by_class(folder: Path, batches: Sequence[Batch], replaced: Mapping[str, int]) -> Iterator[str]:
    """Give the query for the rows of parts, class by class: sorting them would take all of the memory.

    All files are read by one scan for each class, of its own columns. One for each class and file took memory for what
    every file says of every row group and column, as many times as there are classes, which no limit governs.
    """
    columns = tables()["parts"]
    held = [batch for batch in batches if batch.rows.get("parts")]
    packed = [batch for batch in held if batch.parquet]
    files = listed(path_of(folder, batch, "parts") for batch in packed)
    selects: list[str] = []
    with tempfile.TemporaryDirectory(dir=folder, prefix="by-class-") as name:
        split = part_lines(folder, [batch for batch in held if not batch.parquet], replaced, Path(name))
        for class_ in sorted(classes()):
            own = {name: type_ for name, type_ in columns.items() if name in columns_of(class_)}
            if packed:
                source = f"read_parquet({files}, filename = true)"
                selects.append(
                    f"SELECT {padded(columns, own)}, {NUMBER} AS batch FROM {source} WHERE class = {quoted(class_)}"
                )
            if class_ in split:
                selects.append(
                    f"SELECT {padded(columns, own)}, NULL::BIGINT AS batch FROM {json_lines([split[class_]], own)}"
                )
        rows = "\nUNION ALL ".join(selects) or nothing(columns)
        kept = ""
        if any(may_be_replaced(batch, replaced) for batch in packed):
            kept = " ANTI JOIN replaced ON parts.graph = replaced.graph AND parts.batch < replaced.number"
        yield f"SELECT {column_names(columns)} FROM ({rows}) AS parts{kept}"


def pack(folder: Path, batches: Sequence[Batch], replaced: Mapping[str, int], number: int) -> Batch:
    """Write the rows of batches into one, in Parquet, without those that were replaced.

    :raises OSError: if it cannot be written
    """
    import duckdb

    rows: dict[str, int] = {}
    try:
        with connect(folder) as engine, ExitStack() as stack:
            engine.execute("SET threads = 1")  # each holds row groups of its own
            engine.execute("SET disabled_optimizers = 'build_side_probe_side'")  # replaced graphs are held, not rows
            hold_replaced(engine, replaced)
            for table in sorted({name for batch in batches for name in batch.rows}):
                if table == "parts":
                    rows_in_order = stack.enter_context(_by_class(folder, batches, replaced))
                else:
                    rows_in_order = f"{union(folder, batches, replaced, table)} ORDER BY {_ORDERS[table]}"
                rows |= _write(engine, rows_in_order, folder, table, number)
        return Batch(number=number, rows=rows, graphs=sum(batch.graphs for batch in batches), parquet=True)
    except duckdb.Error as error:
        raise OSError(f"the results table cannot be written: {error}") from None


def pack_files(folder: Path, graph: str, files: Mapping[str, Path], number: int, start: str = "") -> Batch:
    """Write rows from files with tab-separated values, in which the first column, the graph, is left out.

    :param start: of all IRIs, left out too: what is sorted is short then, which takes half the time
    :raises OSError: if it cannot be written
    """
    import duckdb

    rows: dict[str, int] = {}
    try:
        with connect(folder) as engine:
            engine.execute("SET preserve_insertion_order = false")
            engine.execute(f"SET memory_limit = {quoted(_SORTING)}")
            for table, path in files.items():
                columns = list(tables()[table].items())[1:]
                types = ", ".join(f'"{name}": {quoted(type_)}' for name, type_ in columns)
                source = (
                    f"read_csv({quoted(path)}, delim = '\t', quote = '', escape = '', header = false,"
                    f" auto_detect = false, columns = {{{types}}})"
                )
                in_order = f"SELECT {quoted(graph)} AS graph, * FROM {source} ORDER BY {_ORDERS[table]}"
                whole = ", ".join(f"{quoted(start)} || {name} AS {name}" for name in _IRIS[table])
                rows |= _write(engine, f"SELECT * REPLACE ({whole}) FROM ({in_order})", folder, table, number)
        return Batch(number=number, rows=rows, graphs=1, parquet=True)
    except duckdb.Error as error:
        raise OSError(f"the results table cannot be written: {error}") from None


def _write(engine: "DuckDBPyConnection", query: str, folder: Path, table: str, number: int) -> dict[str, int]:
    """Write the rows of a query into the file of a table; gives their number by table, nothing where there are none."""
    to = folder / f"{table}-{number:06d}.parquet"
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP}"
    found = engine.execute(f"COPY ({query}) TO {quoted(to)} ({options})").fetchone()
    if found and found[0]:
        return {table: int(found[0])}
    to.unlink(missing_ok=True)
    return {}
