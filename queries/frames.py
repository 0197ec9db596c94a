"""An answer as a frame of pandas, Polars or Arrow, and as a table in a notebook: types, units and cautions kept.

A value that is not reported is null, and zero is 0: whole numbers never become floats, so that the two stay apart. Why
a value is absent stands in the column ``absence`` (not reported, not assessed), and that a source leaves one open in
``certainty``, where the question has them; both are columns of the frame like any other.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any

from picograph.ontology.errors import UsageError
from picograph.queries.answer import flat
from picograph.queries.question import Column

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from picograph.queries.answer import Answer

_DIGITS = 38  # of a decimal number in Arrow
_SHOWN = 50  # rows in a notebook
_LISTS = ("evidence", "list")


def _missing(package: str, extra: str, where: str) -> UsageError:
    return UsageError(f"this needs {package}", where=where, remedy=f"pip install 'picograph[{extra}]'")


def _arrow_type(column: Column, values: Sequence[Any]) -> Any:
    import pyarrow as pa

    match column.kind:
        case "integer":
            large = any(value is not None and not -(2**63) <= value < 2**63 for value in values)
            return pa.string() if large else pa.int64()
        case "decimal":
            # a scale for the column, so that no digit is lost
            shapes = [value.as_tuple() for value in values if isinstance(value, Decimal)]
            scale = max((-int(shape.exponent) for shape in shapes), default=0)
            scale = max(scale, 0)
            whole = max((len(shape.digits) + int(shape.exponent) for shape in shapes), default=1)
            if max(whole, 1) + scale > _DIGITS:
                return pa.string()
            return pa.decimal128(_DIGITS, scale)
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
    fields, arrays = [], []
    for name, column in answer.columns.items():
        values: list[Any] = [row[name] for row in answer]
        kind = _arrow_type(column, values)
        if kind == pa.string():
            values = [None if value is None else flat(value) for value in values]
        arrays.append(pa.array(values, type=kind))
        fields.append(pa.field(name, kind, metadata=_described(column)))
    about = {
        "question": answer.question.name,
        "summary": answer.question.summary,
        "parameters": json.dumps(answer.parameters, default=str, ensure_ascii=False),
        "cautions": json.dumps(list(answer.cautions), ensure_ascii=False),
    }
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=about))


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


def parquet(answer: "Answer") -> bytes:
    """Write an answer as Parquet; units and cautions are in its schema.

    :raises UsageError: if pyarrow is not installed
    """
    table = to_arrow(answer)
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


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
