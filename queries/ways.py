"""The second way to an answer: a question whose file has SQL beside SPARQL is answered from the results table.

The SPARQL says what a question means. The table is derived from the same quads, and adds up or scans a million numbers
in milliseconds. A test draws random stores and holds both ways equal.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from picograph.queries.answer import BATCH, Cell, Row, number, typed
from picograph.queries.question import Question

if TYPE_CHECKING:
    from picograph.kg.store import Store
    from picograph.kg.store.columnar import ResultsTable

_AS_THEY_STAND = {None.__class__, int, str, bool}
LEAST_ROWS = 5_000  # of a results table; a smaller store is answered sooner from its quads, without importing DuckDB


def answering_table(store: "Store", question: Question, given: Collection[str] = ()) -> "ResultsTable | None":
    """Give the table that answers a question; None where its quads do.

    They do for a question without SQL, or about one study, in a small store, where rows cannot hold a graph, and where
    the table was made before its rows said what the question asks for.

    :param given: the parameters that are given
    """
    if question.table is None or not set(question.by_quads).isdisjoint(given):
        return None
    table = large_table(store)
    return table if table is not None and table.says >= question.table_says else None


def large_table(store: "Store") -> "ResultsTable | None":
    """Give the results table of a store that is so large that its quads take longer."""
    if not store.exists():
        return None
    table = store.table()
    return table if table is not None and table.rows >= LEAST_ROWS else None


def rows_of(
    table: "ResultsTable",
    question: Question,
    bound: Mapping[str, Sequence[str]],
    left_out: Sequence[str] = (),
) -> list[Row]:
    """Give the rows of an answer as the results table has them.

    :param bound: for each parameter that is given its terms, as SPARQL writes them
    :param left_out: the graphs that questions leave out
    """
    return list(chain.from_iterable(batches_of(table, question, bound, left_out)))


def batches_of(
    table: "ResultsTable",
    question: Question,
    bound: Mapping[str, Sequence[str]],
    left_out: Sequence[str] = (),
) -> Iterator[list[Row]]:
    """Give the rows of an answer some at a time, as they are found."""
    sql = _with_texts(question)
    values = {name: _values(terms) for name, terms in bound.items()}
    names = list(question.columns)
    ranges = table.ranges(sql) if _asks_all(question, values) else [(None, None)]
    found = table.query(sql, values, left_out, ranges)
    while some := list(islice(found, BATCH)):
        columns = zip(*some, strict=True)
        cells = [_cells(column.kind, each) for column, each in zip(question.columns.values(), columns, strict=True)]
        yield [dict(zip(names, row, strict=False)) for row in zip(*cells, strict=True)]


def _with_texts(question: Question) -> str:
    """Give the SQL of a question with its decimals as texts: a cell of the engine's own takes 1.2 µs, a text 0.2."""
    assert question.table is not None
    if all(column.kind != "decimal" for column in question.columns.values()):
        return question.table
    cells = ", ".join(
        f'"{name}"::VARCHAR' if column.kind == "decimal" else f'"{name}"' for name, column in question.columns.items()
    )
    names = ", ".join(f'"{name}"' for name in question.columns)
    return f"SELECT {cells} FROM (\n{question.table}\n) AS answer({names})"


def _asks_all(question: Question, given: Collection[str]) -> bool:
    """Say whether rows of all studies are asked for, study by study: some studies at a time take less memory."""
    return question.by_study and all(question.parameters[name].kind == "text" for name in given)


def _cells(kind: str, values: Sequence[Any]) -> Sequence[Cell]:
    """Give the cells of a column: most are there as they stand."""
    if kind == "decimal":
        return [None if value is None else number(value) for value in values]
    if {value.__class__ for value in values} <= _AS_THEY_STAND and "" not in values:
        return values
    return [typed(kind, value) for value in values]


def _values(terms: Sequence[str]) -> Any:
    """Give what SQL compares with: a number, or a list of IRIs or words.

    >>> _values(['"3"^^<http://www.w3.org/2001/XMLSchema#integer>']), _values(["<http://x/1>", '"word"'])
    (Decimal('3'), ['http://x/1', 'word'])
    """
    from pyoxigraph import Literal, QuerySolutions, Store

    rows = Store().query(f"SELECT ?x WHERE {{ VALUES ?x {{ {' '.join(terms)} }} }}")
    assert isinstance(rows, QuerySolutions)
    values: list[Any] = [row["x"] for row in rows]
    first = values[0]
    if isinstance(first, Literal) and first.datatype.value.endswith(("#integer", "#decimal")):
        return Decimal(first.value)
    return [value.value for value in values]
