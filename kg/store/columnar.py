"""The results table as SQL sees it: views over its batches, in DuckDB, which is imported when something is read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picograph.kg.columns import classes, results, tables
from picograph.kg.model import PG
from picograph.kg.store.table import Batch, State, path_of
from picograph.ontology.errors import StoreError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MEMORY = "1GB"  # what does not fit is put on disk by the engine
_ROW_GROUP = 61_440  # rows
_PARAMETER = re.compile(r"\$([a-z][a-z0-9_]*)")
_MANY = 1000  # rows fetched at a time


def _connect(folder: Path) -> "DuckDBPyConnection":
    import duckdb

    return duckdb.connect(
        config={
            "memory_limit": _MEMORY,
            "temp_directory": str(folder / "tmp"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )


def _text(value: str | Path) -> str:
    """Write a text as SQL does."""
    return "'" + str(value).replace("'", "''") + "'"


def _names(columns: Mapping[str, str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _union(folder: Path, batches: Sequence[Batch], replaced: Mapping[str, int], table: str) -> str:
    """Give the query for the rows of a table, without those that were replaced."""
    columns = tables()[table]
    selects = []
    for batch in batches:
        if not batch.rows.get(table):
            continue
        path = _text(path_of(folder, batch, table))
        if batch.parquet:
            source = f"read_parquet({path})"
        else:
            types = ", ".join(f'"{name}": {_text(type_)}' for name, type_ in columns.items())
            source = f"read_json({path}, format = 'newline_delimited', columns = {{{types}}})"
        masked = any(number > batch.number for number in replaced.values())
        where = f" WHERE graph NOT IN (SELECT graph FROM replaced WHERE number > {batch.number})" if masked else ""
        selects.append(f"SELECT {_names(columns)} FROM {source}{where}")
    if not selects:
        return "SELECT " + ", ".join(f'NULL::{type_} AS "{name}"' for name, type_ in columns.items()) + " WHERE false"
    return "\nUNION ALL ".join(selects)


def _hold_replaced(engine: "DuckDBPyConnection", replaced: Mapping[str, int]) -> None:
    engine.execute("CREATE TEMP TABLE replaced (graph VARCHAR, number BIGINT)")
    if replaced:
        engine.execute("INSERT INTO replaced SELECT unnest($1), unnest($2)", [list(replaced), list(replaced.values())])


def pack(folder: Path, batches: Sequence[Batch], replaced: Mapping[str, int], number: int) -> Batch:
    """Write the rows of batches into one, in Parquet, without those that were replaced.

    :raises OSError: if it cannot be written
    """
    import duckdb

    rows: dict[str, int] = {}
    try:
        with _connect(folder) as engine:
            engine.execute("SET preserve_insertion_order = false")  # which would hold much in memory
            engine.execute("SET threads = 1")  # each holds row groups of its own
            _hold_replaced(engine, replaced)
            for table in sorted({name for batch in batches for name in batch.rows}):
                to = folder / f"{table}-{number:06d}.parquet"
                options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP}"
                union = _union(folder, batches, replaced, table)
                found = engine.execute(f"COPY ({union}) TO {_text(to)} ({options})").fetchone()
                if found and found[0]:
                    rows[table] = int(found[0])
                else:
                    to.unlink(missing_ok=True)
        return Batch(number=number, rows=rows, graphs=sum(batch.graphs for batch in batches), parquet=True)
    except duckdb.Error as error:
        raise OSError(f"the results table cannot be written: {error}") from None


def pack_files(folder: Path, graph: str, files: Mapping[str, Path], number: int) -> Batch:
    """Write rows from files with tab-separated values, in which the first column, the graph, is left out.

    :raises OSError: if it cannot be written
    """
    import duckdb

    rows: dict[str, int] = {}
    try:
        with _connect(folder) as engine:
            engine.execute("SET preserve_insertion_order = false")
            for table, path in files.items():
                columns = list(tables()[table].items())[1:]
                types = ", ".join(f'"{name}": {_text(type_)}' for name, type_ in columns)
                source = (
                    f"read_csv({_text(path)}, delim = '\t', quote = '', escape = '', header = false,"
                    f" auto_detect = false, columns = {{{types}}})"
                )
                to = folder / f"{table}-{number:06d}.parquet"
                options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP}"
                query = f"SELECT {_text(graph)} AS graph, * FROM {source}"
                found = engine.execute(f"COPY ({query}) TO {_text(to)} ({options})").fetchone()
                if found and found[0]:
                    rows[table] = int(found[0])
                else:
                    to.unlink(missing_ok=True)
        return Batch(number=number, rows=rows, graphs=1, parquet=True)
    except duckdb.Error as error:
        raise OSError(f"the results table cannot be written: {error}") from None


class ResultsTable:
    """The rows of a store's records, for questions in SQL.

    The views are ``parts`` (every part of every study), one for each class by its name (``Estimate``, ``Arm``…),
    ``Result`` (those with numbers), ``broader`` (a concept and what is above it) and ``labels``.
    """

    def __init__(self, folder: Path, state: State) -> None:
        self.rows = state.rows("parts")
        self._folder, self._state = folder, state
        self._engine: DuckDBPyConnection | None = None

    def query(self, sql: str, parameters: Mapping[str, Any], left_out: Sequence[str] = ()) -> Iterator[tuple[Any, ...]]:
        """Give the rows that a query finds.

        :param parameters: values for the ``$names`` of the query; those that it does not have are left out
        :param left_out: graphs whose parts are not there for the query
        :raises StoreError: if the table cannot be read
        """
        import duckdb

        wanted = set(_PARAMETER.findall(sql))
        try:
            engine = self._opened()
            engine.execute("DELETE FROM left_out")
            if left_out:
                engine.execute("INSERT INTO left_out SELECT unnest($1)", [list(left_out)])
            found = engine.execute(sql, {name: parameters.get(name) for name in wanted})
            while rows := found.fetchmany(_MANY):
                yield from rows
        except (duckdb.IOException, duckdb.InvalidInputException, OSError) as error:
            raise StoreError(
                f"the results table cannot be read: {str(error).splitlines()[0]}",
                where=str(self._folder),
                remedy="make it again: picograph store rebuild",
            ) from None

    def _opened(self) -> "DuckDBPyConnection":
        if self._engine is None:
            engine = _connect(self._folder)
            state = self._state
            _hold_replaced(engine, state.replaced)
            engine.execute("CREATE TEMP TABLE left_out (graph VARCHAR)")
            for table in tables():
                rows = _union(self._folder, state.batches, state.replaced, table)
                if table == "parts":
                    rows = f"SELECT * FROM ({rows}) WHERE graph NOT IN (FROM left_out)"
                engine.execute(f"CREATE VIEW {table} AS {rows}")
            engine.execute("CREATE MACRO say(number) AS rtrim(rtrim(number::VARCHAR, '0'), '.')")  # as SPARQL's STR
            engine.execute(f"CREATE MACRO pg(name) AS {_text(PG)} || name")
            for name in classes():
                engine.execute(f"CREATE VIEW {name} AS SELECT * FROM parts WHERE class = {_text(name)}")
            engine.execute(
                f"CREATE VIEW Result AS SELECT * FROM parts WHERE class IN ({', '.join(map(_text, results()))})"
            )
            self._engine = engine
        return self._engine

    def close(self) -> None:
        """Let go of the files."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
