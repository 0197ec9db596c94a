"""An answer as a frame of pandas, Polars or Arrow, and as a table in a notebook: types, units and cautions kept.

A value that is not reported is null, and zero is 0: whole numbers never become floats, so that the two stay apart. Why
a value is absent stands in the column ``absence`` (not reported, not assessed), and that a source leaves one open in
``certainty``, where the question has them; both are columns of the frame like any other.
"""

import json
import pickle
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any

from picograph.ontology.errors import UsageError
from picograph.queries.answer import Row, Written, flat
from picograph.queries.question import Column

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from picograph.queries.answer import Answer

_DIGITS = 38  # of a decimal number in Arrow
_SHOWN = 50  # rows in a notebook
_GROUP = 20  # batches of rows that are one row group of a file
_PIECE = 1 << 20  # bytes
_LISTS = ("evidence", "list")


def _missing(package: str, extra: str, where: str) -> UsageError:
    return UsageError(f"this needs {package}", where=where, remedy=f"pip install 'picograph[{extra}]'")


class _Shape:
    """What is known of the values of a column so far, and with it what type of Arrow holds them all as they are."""

    def __init__(self, column: Column) -> None:
        self.kind = column.kind
        self._large = False  # an integer of more than 64 bits
        self._scale = 0  # digits behind the point, so that none is lost
        self._whole = 1

    def see(self, values: Iterable[Any]) -> "_Shape":
        """Take note of some values."""
        if self.kind == "integer":
            self._large = self._large or any(value is not None and not -(2**63) <= value < 2**63 for value in values)
        elif self.kind == "decimal":
            for value in values:
                if isinstance(value, Decimal):
                    shape = value.as_tuple()
                    self._scale = max(self._scale, -int(shape.exponent))
                    self._whole = max(self._whole, len(shape.digits) + int(shape.exponent))
        return self

    def type(self) -> Any:
        """Give the type."""
        import pyarrow as pa

        match self.kind:
            case "integer":
                return pa.string() if self._large else pa.int64()
            case "decimal":
                fits = self._whole + self._scale <= _DIGITS
                return pa.decimal128(_DIGITS, self._scale) if fits else pa.string()
            case "boolean":
                return pa.bool_()
            case kind if kind in _LISTS:
                return pa.list_(pa.string())
        return pa.string()


def _described(column: Column) -> dict[str, str]:
    """Give what a field says of itself: its kind; its unit, or the column that has it; the column with its sign."""
    told = {"kind": column.kind, "unit": column.unit, "unit_in": column.unit_in, "sign_in": column.sign_in}
    return {name: value for name, value in told.items() if value is not None}


def to_arrow(answer: "Answer") -> "pyarrow.Table":
    """Give an answer as an Arrow table; the schema has units, the question, its parameters and its cautions.

    :raises UsageError: if pyarrow is not installed
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise _missing("pyarrow", "tables", "Answer.to_arrow") from None
    schema = _schema(answer, {name: _shape(column, answer, name).type() for name, column in answer.columns.items()})
    return pa.Table.from_arrays([_array(answer, field) for field in schema], schema=schema)


def _shape(column: Column, rows: Iterable[Row], name: str) -> _Shape:
    return _Shape(column).see(row[name] for row in rows)


def _schema(answer: Written, types: Mapping[str, Any]) -> Any:
    """Give the schema of an answer that has come: with units, question, parameters and cautions."""
    import pyarrow as pa

    about = {
        "question": answer.question.name,
        "summary": answer.question.summary,
        "parameters": json.dumps(answer.parameters, default=str, ensure_ascii=False),
        "cautions": json.dumps(list(answer.cautions), ensure_ascii=False),
    }
    fields = [pa.field(name, types[name], metadata=_described(column)) for name, column in answer.columns.items()]
    return pa.schema(fields, metadata=about)


def _array(rows: Iterable[Row], field: Any) -> Any:
    import pyarrow as pa

    values: list[Any] = [row[field.name] for row in rows]
    if field.type == pa.string():
        values = [None if value is None else flat(value) for value in values]
    return pa.array(values, type=field.type)


def to_pandas(answer: "Answer") -> "pandas.DataFrame":
    """Give an answer as a pandas frame of nullable types; ``attrs`` has question, parameters, units and cautions.

    :raises UsageError: if pandas is not installed
    """
    try:
        import pandas as pd
        import pyarrow as pa
    except ImportError:
        raise _missing("pandas and pyarrow", "pandas", "Answer.to_pandas") from None
    known = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype(), pa.string(): pd.StringDtype("pyarrow")}
    frame: pandas.DataFrame = to_arrow(answer).to_pandas(types_mapper=lambda kind: known.get(kind, pd.ArrowDtype(kind)))
    frame.attrs |= {
        "question": answer.question.name,
        "parameters": dict(answer.parameters),
        "units": answer.units,
        "cautions": list(answer.cautions),
    }
    return frame


def to_polars(answer: "Answer") -> "polars.DataFrame":
    """Give an answer as a Polars frame. Polars keeps no notes with a frame: units and cautions stay in the answer.

    :raises UsageError: if Polars is not installed
    """
    try:
        import polars as pl
        import pyarrow  # noqa: F401 - Polars reads Arrow's tables with it
    except ImportError:
        raise _missing("polars and pyarrow", "polars", "Answer.to_polars") from None
    frame = pl.from_arrow(to_arrow(answer))
    assert isinstance(frame, pl.DataFrame)
    return frame


def parquet(answer: Written) -> Iterator[bytes]:
    """Write an answer as Parquet, in pieces; units and cautions are in its schema.

    Types are known when the last row has come, so rows wait on disk: memory does not grow with them.

    :raises UsageError: if pyarrow is not installed
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise _missing("pyarrow", "tables", "--format parquet") from None
    shapes = {name: _Shape(column) for name, column in answer.columns.items()}
    with tempfile.TemporaryFile() as waiting, tempfile.TemporaryFile() as file:
        for rows in answer.batches():
            for name, shape in shapes.items():
                shape.see([row[name] for row in rows])
            pickle.dump(list(rows), waiting, pickle.HIGHEST_PROTOCOL)
        schema = _schema(answer, {name: shape.type() for name, shape in shapes.items()})
        end = waiting.tell()
        waiting.seek(0)
        with pq.ParquetWriter(file, schema) as writer:
            group: list[Any] = []
            while waiting.tell() < end:
                rows = pickle.load(waiting)  # what was written above, and nobody else's
                group.append(pa.record_batch([_array(rows, field) for field in schema], schema=schema))
                if len(group) == _GROUP or waiting.tell() == end:
                    writer.write_table(pa.Table.from_batches(group, schema))
                    group = []
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def _shown(answer: "Answer") -> list[str]:
    """Give the columns that people are shown: those with a value, without units that stand at their number."""
    joined = {name for column in answer.columns.values() for name in (column.unit_in, column.sign_in)}
    return [
        name
        for name, column in answer.columns.items()
        if not column.aside and name not in joined and any(row[name] is not None for row in answer)
    ]


def _head(name: str, column: Column) -> str:
    """Write the head of a column, with its unit where it has one for all rows."""
    return name if column.unit in (None, "%") else f"{name} [{column.unit}]"


def html_lines(answer: "Answer", most: int = _SHOWN) -> Iterator[str]:
    """Write an answer as a piece of HTML: its question, rows with units, what is left out, and its cautions."""
    from picograph.queries.tables import cell_text

    names = _shown(answer)
    yield f"<div><p><b>{escape(answer.question.name)}</b>: {escape(answer.question.summary)}</p>"
    if len(answer):
        yield "<table><thead><tr>"
        yield from (f"<th>{escape(_head(name, answer.columns[name]))}</th>" for name in names)
        yield "</tr></thead><tbody>"
        for row in answer[:most]:
            cells = (escape(cell_text(name, answer.columns, row)) for name in names)
            yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        yield "</tbody></table>"
        if len(answer) > most:
            yield f"<p>… and {len(answer) - most} more rows</p>"
    else:
        yield "<p>No rows.</p>"
    yield from (f"<p>Caution: {escape(each)}</p>" for each in answer.cautions)
    yield "</div>"


def markdown_lines(answer: "Answer") -> Iterator[str]:
    """Write an answer as a Markdown table, with its cautions under it."""
    from picograph.queries.tables import cell_text

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(_plain(cell) for cell in cells) + " |"

    names = _shown(answer)
    if len(answer):
        yield line(_head(name, answer.columns[name]) for name in names)
        yield "|" + "---|" * len(names)
        for row in answer:
            yield line(cell_text(name, answer.columns, row) for name in names)
    else:
        yield "No rows."
    for number, each in enumerate(answer.cautions):
        if not number:
            yield ""
        yield f"- Caution: {_plain(each)}"


def _plain(text: str) -> str:
    """Keep what Markdown would read as its own from being read so."""
    for sign in "\\`*_[]<>|":
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.split())
