"""Queries over the batches of the results table: what of files is read, and what in them was replaced."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import IO, TYPE_CHECKING

from picograph.kg.columns import columns_of, tables
from picograph.kg.store.table import Batch, path_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LINE = re.compile(rb'\{"graph":"([^"\\]*)","class":"(\w+)"')  # an IRI has nothing that JSON escapes
NUMBER = r"CAST(regexp_extract(filename, '-([0-9]+)\.[a-z]+$', 1) AS BIGINT)"  # of a file's batch


def quoted(value: str | Path) -> str:
    """Write a text as SQL does."""
    return "'" + str(value).replace("'", "''") + "'"


def column_names(columns: Mapping[str, str]) -> str:
    """Write names of columns as SQL does."""
    return ", ".join(f'"{name}"' for name in columns)


def may_be_replaced(batch: Batch, replaced: Mapping[str, int]) -> bool:
    """Say whether a batch may hold rows that were replaced."""
    return any(number > batch.number for number in replaced.values())


def listed(paths: Iterable[Path]) -> str:
    """Write paths of files as SQL does."""
    return f"[{', '.join(map(quoted, paths))}]"


def json_lines(paths: Iterable[Path], columns: Mapping[str, str], more: str = "") -> str:
    """Give the source of the rows of files with lines of JSON."""
    types = ", ".join(f'"{name}": {quoted(type_)}' for name, type_ in columns.items())
    return f"read_json({listed(paths)}, format = 'newline_delimited', columns = {{{types}}}{more})"


def union(
    folder: Path,
    batches: Sequence[Batch],
    replaced: Mapping[str, int],
    table: str,
    names: Collection[str] = (),
    lines: Mapping[str, Path] | None = None,
) -> str:
    """Give the query for the rows of a table, without those that were replaced.

    Files are read together: those that may hold such rows, and those that are read as they are. A scan for each took
    the planner a millisecond for every file and view.

    :param names: of its columns, where not all are wanted: to plan a view over all 190 takes longer than to read one
    :param lines: what to read in place of the batches that are lines: a file for each class of parts
    """
    columns = {name: type_ for name, type_ in tables()[table].items() if not names or name in names}
    held = [batch for batch in batches if batch.rows.get(table) and (batch.parquet or lines is None)]
    selects = []
    for class_, path in (lines or {}).items():
        own = {name: type_ for name, type_ in columns.items() if name in columns_of(class_)}
        selects.append(f"SELECT {padded(columns, own)} FROM {json_lines([path], own)}")
    for packed, masked in product((True, False), (False, True)):
        some = [each for each in held if each.parquet == packed and may_be_replaced(each, replaced) == masked]
        if not some:
            continue
        paths = [path_of(folder, batch, table) for batch in some]
        more = ", filename = true" if masked else ""
        source = f"read_parquet({listed(paths)}{more})" if packed else json_lines(paths, columns, more)
        kept = f" AS held ANTI JOIN replaced ON held.graph = replaced.graph AND {NUMBER} < replaced.number"
        selects.append(f"SELECT {column_names(columns)} FROM {source}{kept if masked else ''}")
    return "\nUNION ALL ".join(selects) or nothing(columns)


def padded(columns: Mapping[str, str], own: Collection[str]) -> str:
    """Write columns as SQL does, with nothing in place of those that rows do not have: to look for them takes time."""
    return ", ".join(f'"{name}"' if name in own else f'NULL::{type_} AS "{name}"' for name, type_ in columns.items())


def nothing(columns: Mapping[str, str]) -> str:
    """Give the query for no rows with some columns."""
    return "SELECT " + ", ".join(f'NULL::{type_} AS "{name}"' for name, type_ in columns.items()) + " WHERE false"


def part_lines(folder: Path, batches: Sequence[Batch], replaced: Mapping[str, int], to: Path) -> dict[str, Path]:
    """Write lines of parts into one file for each class, without those that were replaced."""
    files: dict[bytes, IO[bytes]] = {}
    with ExitStack() as stack:
        for batch in batches:
            path = path_of(folder, batch, "parts")
            gone = {graph.encode() for graph, number in replaced.items() if number > batch.number}
            for line in stack.enter_context(path.open("rb")):
                found = _LINE.match(line)
                if found is None:
                    raise OSError(f"{path} holds a line without a class")
                graph, class_ = found.groups()
                if graph in gone:
                    continue
                if class_ not in files:
                    files[class_] = stack.enter_context((to / class_.decode()).open("wb"))
                files[class_].write(line)
    return {class_.decode(): to / class_.decode() for class_ in files}


def hold_replaced(engine: "DuckDBPyConnection", replaced: Mapping[str, int]) -> None:
    """Have the graphs that were replaced in a table, which queries name."""
    engine.execute("CREATE TABLE replaced (graph VARCHAR, number BIGINT)")
    insert(engine, "replaced", list(replaced.items()))


def insert(engine: "DuckDBPyConnection", table: str, rows: Sequence[tuple[object, object]], *more: str) -> None:
    """Put rows into a table: lists in one statement, which takes a hundredth of the time of a statement for each."""
    if rows:
        ones, others = zip(*rows, strict=True)
        rest = "".join(f", ${number}" for number, _ in enumerate(more, 3))
        engine.execute(f"INSERT INTO {table} SELECT unnest($1), unnest($2){rest}", [list(ones), list(others), *more])
