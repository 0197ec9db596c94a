"""The results table as SQL sees it: views over its batches, in DuckDB, which is imported when something is read."""

import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pyoxigraph import NamedNode, Quad

from picograph.kg.columns import classes, columns_of, results, tables
from picograph.kg.store.macros import MACROS, ONTOLOGY, RESPONSE, decided
from picograph.kg.store.scans import hold_replaced, insert, part_lines, quoted, union
from picograph.kg.store.table import State
from picograph.ontology.errors import StoreError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MEMORY = "1GB"  # what does not fit is put on disk by the engine
_PARAMETER = re.compile(r"\$([a-z][a-z0-9_]*)")
_WORD = re.compile(r"\b[A-Za-z_]+\b")
_MANY = 1000  # rows fetched at a time
_RANGE = 30_000  # parts that a query reads, of the studies that are asked about at a time where all are
_FEW = 3_000  # concepts below one that are sooner read from the quads, which have an index, than from Parquet
_CLASSES = 100  # concepts for which those below are held
_BROADER = NamedNode("http://www.w3.org/2004/02/skos/core#broaderTransitive")
_LABEL = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
Quads = Callable[[None, NamedNode, NamedNode | None, NamedNode | None], Iterable[Quad]]  # those of a pattern
Studies = tuple[str | None, str | None]  # those after the first, up to the second; None: no end
_Of = tuple[tuple[str, ...], Studies]  # the graphs that are left out, and the studies


def connect(folder: Path) -> "DuckDBPyConnection":
    """Open an engine that puts on disk, below a folder, what does not fit into memory."""
    import duckdb

    engine = duckdb.connect(
        config={
            "memory_limit": _MEMORY,
            "temp_directory": str(folder / "tmp"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    return _session(engine)


def _session(engine: "DuckDBPyConnection") -> "DuckDBPyConnection":
    engine.execute("SET enable_progress_bar = false")  # it would stand on stdout, among the data
    engine.execute("SET parquet_metadata_cache = true")  # a file is never changed
    return engine


class _View(NamedTuple):
    """A view of parts: which it has, and their columns."""

    where: str
    classes: tuple[str, ...]
    columns: Collection[str]


@cache
def _views() -> dict[str, _View]:
    of_results = {column for name in results() for column in columns_of(name)}
    found = {
        "parts": _View("true", classes(), ()),
        "Result": _View(f"class IN ({', '.join(map(quoted, results()))})", results(), of_results),
    }
    return found | {name: _View(f"class = {quoted(name)}", (name,), columns_of(name)) for name in classes()}


class ResultsTable:
    """The rows of a store's records, for questions in SQL.

    The views are ``parts`` (every part of every study), one for each class by its name (``Estimate``, ``Arm``…),
    ``Result`` (those with numbers), ``broader`` (a concept and what is above it), ``labels``, ``own_labels`` (the
    ontology's) and ``terms`` (one label for each of its terms).

    :param quads: gives the quads of the same store that have a pattern: look-ups in the vocabularies go there
    """

    def __init__(self, folder: Path, state: State, quads: Quads) -> None:
        self.rows, self.says, self.replaced = state.rows("parts"), state.says, state.replaced
        self._folder, self._state, self._quads = folder, state, quads
        self._engine: DuckDBPyConnection | None = None
        self._of: _Of = ((), (None, None))  # what the views of parts are made of
        self._made: set[str] = set()  # those that were made
        self._above: set[str] = set()  # concepts for which those below are in `closure`
        self._ranges: dict[frozenset[str], list[Studies]] = {}  # by the classes of parts that are read
        self._let_go: Callable[[], object] | None = None  # of a folder with lines by class
        self._of_class: dict[str, Path] = {}  # files in it

    def ranges(self, sql: str) -> list[Studies]:
        """Part the studies, in their order, into ranges; one where there are few.

        In each are some ten thousand parts of the classes that a query names: every range is a scan of all rows.
        """
        named = [_views()[word].classes for word in _WORD.findall(sql) if word in _views()]
        read = frozenset(chain.from_iterable(named or [classes()]))
        if read not in self._ranges:
            total = "SELECT study, sum(count(*)) OVER (ORDER BY study) AS parts FROM parts"
            total += f" WHERE class IN ({', '.join(map(quoted, sorted(read)))}) GROUP BY study"
            last = f"SELECT max(study) FROM ({total}) GROUP BY parts // {_RANGE} ORDER BY 1"
            ends = [str(study) for (study,) in self.query(last, {})][:-1] if self.rows > _RANGE else []
            self._ranges[read] = list(zip([None, *ends], [*ends, None], strict=True))
        return self._ranges[read]

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any],
        left_out: Sequence[str] = (),
        studies: Sequence[Studies] = ((None, None),),
    ) -> Iterator[tuple[Any, ...]]:
        """Give the rows that a query finds, of one range of studies after the other.

        :param parameters: values for the ``$names`` of the query; those that it does not have are left out
        :param left_out: graphs whose parts are not there for the query
        :param studies: those whose parts are there for it; while the rows of some are taken, the next are asked about
        :raises StoreError: if the table cannot be read
        """
        import duckdb

        sql = decided(sql, {name for name, value in parameters.items() if value is not None})
        values = {name: parameters.get(name) for name in _PARAMETER.findall(sql)}
        iris = [each for value in values.values() if isinstance(value, list) for each in value]
        of = [(tuple(left_out), each) for each in studies]
        try:
            if len(of) > 1:
                yield from self._ahead(sql, values, iris, of)
                return
            found = self._ready(sql, of[0], iris).execute(sql, values)
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

    def _ahead(
        self, sql: str, values: dict[str, Any], iris: Sequence[str], of: Sequence[_Of]
    ) -> Iterator[tuple[Any, ...]]:
        """Give what is found with some views after the other: the engine is a step ahead of who takes the rows."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as pool:
            found = None
            for each in of:
                session = _session(self._ready(sql, each, iris).cursor())  # the engine makes the next views
                coming = pool.submit(session.execute, sql, values)
                while found is not None and (rows := found.fetchmany(_MANY)):
                    yield from rows
                found = coming.result()
            while found is not None and (rows := found.fetchmany(_MANY)):
                yield from rows

    def _ready(self, sql: str, of: _Of, iris: Collection[str]) -> "DuckDBPyConnection":
        """Give the engine with what a query names."""
        engine = self._opened()
        self._make(engine, sql, of)
        if "below" in self._made:
            self._close_over(engine, iris)
        return engine

    def _opened(self) -> "DuckDBPyConnection":
        if self._engine is None:
            engine = connect(self._folder)
            hold_replaced(engine, self._state.replaced)
            engine.execute("CREATE TABLE left_out (graph VARCHAR)")
            for table in tables():
                if table != "parts":
                    engine.execute(f"CREATE VIEW {table} AS {self._all(table)}")
            engine.execute("CREATE TABLE closure (graph VARCHAR, above VARCHAR, concept VARCHAR)")
            self._above = set()
            self._close_over(engine, (RESPONSE,))
            found = self._quads(None, _LABEL, None, NamedNode(ONTOLOGY))
            own: list[tuple[Any, Any]] = [(quad.subject, quad.object) for quad in found]
            labels = sorted(((concept.value, label.value) for concept, label in own), reverse=True)
            for name, rows in (("own_labels", labels), ("terms", [*dict(labels).items()])):  # of each the first label
                engine.execute(f"CREATE TABLE {name} (concept VARCHAR, label VARCHAR)")
                insert(engine, name, rows)
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
            insert(engine, "closure (graph, concept, above)", rows, iri)

    def _all(self, table: str, columns: Collection[str] = (), lines: Mapping[str, Path] | None = None) -> str:
        return union(self._folder, self._state.batches, self._state.replaced, table, columns, lines)

    def _lines(self, names: Collection[str]) -> dict[str, Path]:
        """Give files with those lines of batches that are of some classes.

        They are parted once: to look for a class in all lines takes five times as long, and queries name several.
        """
        batches = [batch for batch in self._state.batches if batch.rows.get("parts") and not batch.parquet]
        if batches and self._let_go is None:
            folder = Path(tempfile.mkdtemp(prefix="picograph-"))
            self._let_go = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)  # who asks may never close
            self._of_class = part_lines(self._folder, batches, self._state.replaced, folder)
        return {name: self._of_class[name] for name in names if name in self._of_class}

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
                where, names, columns = _views()[name]
                where += " AND graph NOT IN (FROM left_out)" if left_out else ""
                where += f" AND study > {quoted(after)}" if after is not None else ""
                where += f" AND study <= {quoted(upto)}" if upto is not None else ""
                rows = self._all("parts", columns, self._lines(names))
                engine.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM ({rows}) WHERE {where}")

    def close(self) -> None:
        """Let go of the files."""
        self._made, self._of = set(), ((), (None, None))
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        if self._let_go is not None:
            self._let_go()
            self._let_go, self._of_class = None, {}
