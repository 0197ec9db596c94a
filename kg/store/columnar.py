"""The results table as SQL sees it: views over its batches, in DuckDB, which is imported when something is read."""

import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import islice, product
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pyoxigraph import NamedNode, Quad

from picograph.kg.columns import classes, columns_of, results, tables
from picograph.kg.store.macros import MACROS, ONTOLOGY, RESPONSE, decided
from picograph.kg.store.table import Batch, State, path_of
from picograph.ontology.errors import StoreError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MEMORY = "1GB"  # what does not fit is put on disk by the engine
_SORTING = "256MB"  # the same for a vocabulary that is added: sorting 2.8 million rows took no longer than with 1 GB
_ROW_GROUP = 20_480  # rows
# so that a reader passes over the row groups in which nothing of what it looks for can be; parts stand by their class
_ORDERS = {"broader": "broader, narrower", "labels": "concept, graph"}
_IRIS = {"broader": ("narrower", "broader"), "labels": ("concept",)}  # their columns that hold the IRI of a concept
_LINE = re.compile(rb'\{"graph":"([^"\\]*)","class":"(\w+)"')  # an IRI has nothing that JSON escapes
_NUMBER = r"CAST(regexp_extract(filename, '-([0-9]+)\.[a-z]+$', 1) AS BIGINT)"  # of a file's batch
_PARAMETER = re.compile(r"\$([a-z][a-z0-9_]*)")
_WORD = re.compile(r"\b[A-Za-z_]+\b")
_MANY = 1000  # rows fetched at a time
_RANGE = 100_000  # parts, of the studies that are asked about at a time where all are
_FEW = 3_000  # concepts below one that are sooner read from the quads, which have an index, than from Parquet
_CLASSES = 100  # concepts for which those below are held
_BROADER = NamedNode("http://www.w3.org/2004/02/skos/core#broaderTransitive")
_LABEL = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
Quads = Callable[[None, NamedNode, NamedNode | None, NamedNode | None], Iterable[Quad]]  # those of a pattern
Studies = tuple[str | None, str | None]  # those after the first, up to the second; None: no end
_Of = tuple[tuple[str, ...], Studies]  # the graphs that are left out, and the studies


def _connect(folder: Path) -> "DuckDBPyConnection":
    import duckdb

    engine = duckdb.connect(
        config={
            "memory_limit": _MEMORY,
            "temp_directory": str(folder / "tmp"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    engine.execute("SET enable_progress_bar = false")  # it would stand on stdout, among the data
    return engine


def _text(value: str | Path) -> str:
    """Write a text as SQL does."""
    return "'" + str(value).replace("'", "''") + "'"


def _names(columns: Mapping[str, str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _masked(batch: Batch, replaced: Mapping[str, int]) -> bool:
    """Say whether a batch may hold rows that were replaced."""
    return any(number > batch.number for number in replaced.values())


def _files(paths: Iterable[Path]) -> str:
    return f"[{', '.join(map(_text, paths))}]"


def _json(paths: Iterable[Path], columns: Mapping[str, str], more: str = "") -> str:
    types = ", ".join(f'"{name}": {_text(type_)}' for name, type_ in columns.items())
    return f"read_json({_files(paths)}, format = 'newline_delimited', columns = {{{types}}}{more})"


def _union(
    folder: Path, batches: Sequence[Batch], replaced: Mapping[str, int], table: str, names: Collection[str] = ()
) -> str:
    """Give the query for the rows of a table, without those that were replaced.

    Files are read together: those that may hold such rows, and those that are read as they are. A scan for each took
    the planner a millisecond for every file and view.

    :param names: of its columns, where not all are wanted: to plan a view over all 190 takes longer than to read one
    """
    columns = {name: type_ for name, type_ in tables()[table].items() if not names or name in names}
    held = [batch for batch in batches if batch.rows.get(table)]
    selects = []
    for packed, masked in product((True, False), (False, True)):
        some = [each for each in held if each.parquet == packed and _masked(each, replaced) == masked]
        if not some:
            continue
        paths = [path_of(folder, batch, table) for batch in some]
        more = ", filename = true" if masked else ""
        source = f"read_parquet({_files(paths)}{more})" if packed else _json(paths, columns, more)
        kept = f" AS held ANTI JOIN replaced ON held.graph = replaced.graph AND {_NUMBER} < replaced.number"
        selects.append(f"SELECT {_names(columns)} FROM {source}{kept if masked else ''}")
    return "\nUNION ALL ".join(selects) or _nothing(columns)


def _nothing(columns: Mapping[str, str]) -> str:
    return "SELECT " + ", ".join(f'NULL::{type_} AS "{name}"' for name, type_ in columns.items()) + " WHERE false"


@contextmanager
def _by_class(folder: Path, batches: Sequence[Batch], replaced: Mapping[str, int]) -> Iterator[str]:
    """Give the query for the rows of parts, class by class: sorting them would take all of the memory.

    All files are read by one scan for each class, of its own columns. One for each class and file took memory for what
    every file says of every row group and column, as many times as there are classes, which no limit governs.
    """
    columns = tables()["parts"]
    held = [batch for batch in batches if batch.rows.get("parts")]
    packed = [batch for batch in held if batch.parquet]
    files = _files(path_of(folder, batch, "parts") for batch in packed)
    selects: list[str] = []
    with tempfile.TemporaryDirectory(dir=folder, prefix="by-class-") as name:
        split = _split(folder, [batch for batch in held if not batch.parquet], replaced, Path(name))
        for class_ in sorted(classes()):
            own = {name: type_ for name, type_ in columns.items() if name in columns_of(class_)}
            padded = ", ".join(
                f'"{name}"' if name in own else f'NULL::{type_} AS "{name}"' for name, type_ in columns.items()
            )
            if packed:
                source = f"read_parquet({files}, filename = true)"
                selects.append(f"SELECT {padded}, {_NUMBER} AS batch FROM {source} WHERE class = {_text(class_)}")
            if class_ in split:
                selects.append(f"SELECT {padded}, NULL::BIGINT AS batch FROM {_json([split[class_]], own)}")
        rows = "\nUNION ALL ".join(selects) or _nothing(columns)
        kept = ""
        if any(_masked(batch, replaced) for batch in packed):
            kept = " ANTI JOIN replaced ON parts.graph = replaced.graph AND parts.batch < replaced.number"
        yield f"SELECT {_names(columns)} FROM ({rows}) AS parts{kept}"


def _split(folder: Path, batches: Sequence[Batch], replaced: Mapping[str, int], to: Path) -> dict[str, Path]:
    """Write lines of parts into one file for each class, without those that were replaced."""
    with ExitStack() as stack:
        files: dict[bytes, IO[bytes]] = {}
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


def _hold_replaced(engine: "DuckDBPyConnection", replaced: Mapping[str, int]) -> None:
    engine.execute("CREATE TEMP TABLE replaced (graph VARCHAR, number BIGINT)")
    _insert(engine, "replaced", list(replaced.items()))


def _insert(engine: "DuckDBPyConnection", table: str, rows: Sequence[tuple[object, object]], *more: str) -> None:
    """Put rows into a table: lists in one statement, which takes a hundredth of the time of a statement for each."""
    if rows:
        ones, others = zip(*rows, strict=True)
        rest = "".join(f", ${number}" for number, _ in enumerate(more, 3))
        engine.execute(f"INSERT INTO {table} SELECT unnest($1), unnest($2){rest}", [list(ones), list(others), *more])


def pack(folder: Path, batches: Sequence[Batch], replaced: Mapping[str, int], number: int) -> Batch:
    """Write the rows of batches into one, in Parquet, without those that were replaced.

    :raises OSError: if it cannot be written
    """
    import duckdb

    rows: dict[str, int] = {}
    try:
        with _connect(folder) as engine, ExitStack() as stack:
            engine.execute("SET threads = 1")  # each holds row groups of its own
            engine.execute("SET parquet_metadata_cache = true")  # a file is never changed, and is read for every class
            engine.execute("SET disabled_optimizers = 'build_side_probe_side'")  # replaced graphs are held, not rows
            _hold_replaced(engine, replaced)
            for table in sorted({name for batch in batches for name in batch.rows}):
                to = folder / f"{table}-{number:06d}.parquet"
                options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP}"
                if table == "parts":
                    rows_in_order = stack.enter_context(_by_class(folder, batches, replaced))
                else:
                    rows_in_order = f"{_union(folder, batches, replaced, table)} ORDER BY {_ORDERS[table]}"
                found = engine.execute(f"COPY ({rows_in_order}) TO {_text(to)} ({options})").fetchone()
                if found and found[0]:
                    rows[table] = int(found[0])
                else:
                    to.unlink(missing_ok=True)
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
        with _connect(folder) as engine:
            engine.execute("SET preserve_insertion_order = false")
            engine.execute(f"SET memory_limit = {_text(_SORTING)}")
            for table, path in files.items():
                columns = list(tables()[table].items())[1:]
                types = ", ".join(f'"{name}": {_text(type_)}' for name, type_ in columns)
                source = (
                    f"read_csv({_text(path)}, delim = '\t', quote = '', escape = '', header = false,"
                    f" auto_detect = false, columns = {{{types}}})"
                )
                to = folder / f"{table}-{number:06d}.parquet"
                options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP}"
                in_order = f"SELECT {_text(graph)} AS graph, * FROM {source} ORDER BY {_ORDERS[table]}"
                whole = ", ".join(f"{_text(start)} || {name} AS {name}" for name in _IRIS[table])
                query = f"SELECT * REPLACE ({whole}) FROM ({in_order})"
                found = engine.execute(f"COPY ({query}) TO {_text(to)} ({options})").fetchone()
                if found and found[0]:
                    rows[table] = int(found[0])
                else:
                    to.unlink(missing_ok=True)
        return Batch(number=number, rows=rows, graphs=1, parquet=True)
    except duckdb.Error as error:
        raise OSError(f"the results table cannot be written: {error}") from None


@cache
def _views() -> dict[str, tuple[str, Collection[str]]]:
    """Give for each view of parts which it has, and their columns."""
    of_results = ", ".join(map(_text, results()))
    columns = {column for name in results() for column in columns_of(name)}
    found: dict[str, tuple[str, Collection[str]]] = {
        "parts": ("true", ()),
        "Result": (f"class IN ({of_results})", columns),
    }
    return found | {name: (f"class = {_text(name)}", columns_of(name)) for name in classes()}


class ResultsTable:
    """The rows of a store's records, for questions in SQL.

    The views are ``parts`` (every part of every study), one for each class by its name (``Estimate``, ``Arm``…),
    ``Result`` (those with numbers), ``broader`` (a concept and what is above it), ``labels``, ``own_labels`` (the
    ontology's) and ``terms`` (one label for each of its terms).

    :param quads: gives the quads of the same store that have a pattern: look-ups in the vocabularies go there
    """

    def __init__(self, folder: Path, state: State, quads: Quads) -> None:
        self.rows, self.says = state.rows("parts"), state.says
        self._folder, self._state, self._quads = folder, state, quads
        self._engine: DuckDBPyConnection | None = None
        self._of: _Of = ((), (None, None))  # what the views of parts are made of
        self._made: set[str] = set()  # those that were made
        self._above: set[str] = set()  # concepts for which those below are in `closure`
        self._ranges: list[Studies] | None = None

    def ranges(self) -> list[Studies]:
        """Part the studies, in their order, into ranges of some hundred thousand parts; one where there are few."""
        if self._ranges is None:
            last = f"SELECT study, sum(count(*)) OVER (ORDER BY study) // {_RANGE} AS number FROM parts GROUP BY study"
            rows = self.query(f"SELECT max(study) FROM ({last}) GROUP BY number ORDER BY number", {})
            ends = [str(study) for (study,) in rows][:-1] if self.rows > _RANGE else []
            self._ranges = list(zip([None, *ends], [*ends, None], strict=True))
        return self._ranges

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any],
        left_out: Sequence[str] = (),
        studies: Studies = (None, None),
    ) -> Iterator[tuple[Any, ...]]:
        """Give the rows that a query finds.

        :param parameters: values for the ``$names`` of the query; those that it does not have are left out
        :param left_out: graphs whose parts are not there for the query
        :param studies: those whose parts are there for it
        :raises StoreError: if the table cannot be read
        """
        import duckdb

        sql = decided(sql, {name for name, value in parameters.items() if value is not None})
        wanted = set(_PARAMETER.findall(sql))
        try:
            engine = self._opened()
            self._make(engine, sql, (tuple(left_out), studies))
            if "below" in self._made:
                self._close_over(
                    engine, [each for value in parameters.values() if isinstance(value, list) for each in value]
                )
            found = engine.execute(sql, {name: parameters.get(name) for name in wanted})
            while rows := found.fetchmany(_MANY):
                yield from rows
        except duckdb.OutOfMemoryException:
            raise StoreError(
                f"the answer takes more than {_MEMORY} of memory to put together",
                where=str(self._folder),
                remedy="ask for less at once: name a study, a drug or a condition",
            ) from None
        except (duckdb.IOException, duckdb.InvalidInputException, OSError) as error:
            raise StoreError(
                f"the results table cannot be read: {str(error).splitlines()[0]}",
                where=str(self._folder),
                remedy="make it again: picograph store rebuild",
            ) from None

    def _opened(self) -> "DuckDBPyConnection":
        if self._engine is None:
            engine = _connect(self._folder)
            engine.execute("SET parquet_metadata_cache = true")  # a file is never changed
            _hold_replaced(engine, self._state.replaced)
            engine.execute("CREATE TEMP TABLE left_out (graph VARCHAR)")
            for table in tables():
                if table != "parts":
                    engine.execute(f"CREATE VIEW {table} AS {self._all(table)}")
            engine.execute("CREATE TEMP TABLE closure (graph VARCHAR, above VARCHAR, concept VARCHAR)")
            self._above = set()
            self._close_over(engine, (RESPONSE,))
            engine.execute("CREATE TEMP TABLE own_labels (concept VARCHAR, label VARCHAR)")
            found = self._quads(None, _LABEL, None, NamedNode(ONTOLOGY))
            own: list[tuple[Any, Any]] = [(quad.subject, quad.object) for quad in found]
            _insert(engine, "own_labels", [(concept.value, label.value) for concept, label in own])
            engine.execute(
                "CREATE TEMP TABLE terms AS SELECT concept, min(label) AS label FROM own_labels GROUP BY concept"
            )
            self._engine = engine
        return self._engine

    def _close_over(self, engine: "DuckDBPyConnection", concepts: Collection[str]) -> None:
        """Put into `closure` what is at or below some concepts: the last hundred that were asked about stay there."""
        if len(self._above) > _CLASSES:
            engine.execute("DELETE FROM closure WHERE above <> $1", [RESPONSE])
            self._above = {RESPONSE}
        for iri in dict.fromkeys(concepts):
            if iri in self._above:
                continue
            try:
                found = list(islice(self._quads(None, _BROADER, NamedNode(iri), None), _FEW))
            except ValueError:  # words, and no concept
                continue
            self._above.add(iri)
            if len(found) == _FEW:
                engine.execute(
                    "INSERT INTO closure SELECT graph, broader, narrower FROM broader WHERE broader = $1", [iri]
                )
                continue
            named: list[tuple[Any, Any]] = [(quad.graph_name, quad.subject) for quad in found]
            rows = [(graph.value, concept.value) for graph, concept in named if isinstance(graph, NamedNode)]
            _insert(engine, "closure (graph, concept, above)", rows, iri)

    def _all(self, table: str, columns: Collection[str] = ()) -> str:
        return _union(self._folder, self._state.batches, self._state.replaced, table, columns)

    def _make(self, engine: "DuckDBPyConnection", sql: str, of: _Of) -> None:
        """Make what a query names: views of parts, without the rows of some graphs where there are any, and macros."""
        left_out, (after, upto) = of
        if of != self._of:
            if left_out != self._of[0]:
                engine.execute("DELETE FROM left_out")
                if left_out:
                    engine.execute("INSERT INTO left_out SELECT unnest($1)", [list(left_out)])
            self._made, self._of = set(), of
        for name in _WORD.findall(sql):
            if name in self._made:
                continue
            if name in MACROS:
                self._made.add(name)
                self._make(engine, MACROS[name], of)
                engine.execute(f"CREATE OR REPLACE MACRO {name}{MACROS[name]}")
            elif name in _views():
                self._made.add(name)
                where, columns = _views()[name]
                where += " AND graph NOT IN (FROM left_out)" if left_out else ""
                where += f" AND study > {_text(after)}" if after is not None else ""
                where += f" AND study <= {_text(upto)}" if upto is not None else ""
                rows = self._all("parts", columns)
                engine.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM ({rows}) WHERE {where}")

    def close(self) -> None:
        """Let go of the files."""
        self._made, self._of = set(), ((), (None, None))
        if self._engine is not None:
            self._engine.close()
            self._engine = None
