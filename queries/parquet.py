"""Rows of a SPARQL query as Parquet. A column has a type when all of its values are of that type, to the last row."""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
from pyoxigraph import Literal, QuerySolutions

_XSD = "http://www.w3.org/2001/XMLSchema#"
_INTEGERS = {
    _XSD + name for name in ("integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger")
}
_SPELLED = {
    "integer": re.compile(r"[+-]?[0-9]+"),
    "decimal": re.compile(r"[+-]?([0-9]*)(?:\.([0-9]*))?"),
    "double": re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN"),
    "boolean": re.compile(r"true|false|0|1"),
    "date": re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"),
}
_DIGITS = 38  # of a decimal in Parquet
_CHUNK = 1 << 20


class _Column:
    """What is known of the values of a column so far."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.whole = self.scale = 0  # digits before and after the point
        self.large = False  # an integer of more than 64 bits

    def see(self, term: object) -> str:
        """Take note of a value; gives its text."""
        text = str(getattr(term, "value", term))
        kind = "text"
        if isinstance(term, Literal):
            name = term.datatype.value
            kind = "integer" if name in _INTEGERS else name.removeprefix(_XSD) if name.startswith(_XSD) else "text"
            kind = "double" if kind == "float" else kind
        spelled = _SPELLED.get(kind)
        found = spelled.fullmatch(text) if spelled else None
        if found is None:
            kind = "text"
        elif kind in ("integer", "decimal"):
            before, _, after = text.lstrip("+-").partition(".")
            self.whole, self.scale = max(self.whole, len(before.lstrip("0"))), max(self.scale, len(after))
            self.large = self.large or (kind == "integer" and not -(2**63) <= int(text) < 2**63)
        self.kinds.add(kind)
        return text

    def type(self) -> str:
        """Give the type of DuckDB that holds all values as they are."""
        if self.kinds == {"integer"}:
            return "VARCHAR" if self.large else "BIGINT"
        if self.kinds in ({"decimal"}, {"integer", "decimal"}):
            fits = self.whole + self.scale <= _DIGITS
            return f"DECIMAL({max(self.whole + self.scale, 1)}, {self.scale})" if fits else "VARCHAR"
        return {"double": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE"}.get("".join(self.kinds), "VARCHAR")


def write_rows(results: QuerySolutions, out: Callable[[bytes], object]) -> None:
    """Write rows as a Parquet file; what is unbound is null, IRIs and texts are text."""
    import duckdb

    names = [variable.value for variable in results.variables]
    columns = [_Column() for _ in names]
    with tempfile.TemporaryDirectory() as folder:
        lines, target = Path(folder) / "rows.jsonl", Path(folder) / "rows.parquet"
        with lines.open("wb") as file:
            for row in results:
                cells = {f"c{at}": column.see(row[at]) for at, column in enumerate(columns) if row[at] is not None}
                file.write(msgspec.json.encode(cells) + b"\n")
        selected = ", ".join(
            f'CAST(c{at} AS {column.type()}) AS "{name}"'
            for at, (name, column) in enumerate(zip(names, columns, strict=True))
        )
        texts = ", ".join(f"c{at}: 'VARCHAR'" for at in range(len(names)))
        with duckdb.connect(config={"threads": 1, "memory_limit": "256MB", "temp_directory": folder}) as connection:
            source = f"read_json('{lines}', format = 'newline_delimited', columns = {{{texts}}})"
            connection.execute(
                f"COPY (SELECT {selected} FROM {source}) TO '{target}' (FORMAT parquet, ROW_GROUP_SIZE 20480)"
            )
        with target.open("rb") as file:
            while chunk := file.read(_CHUNK):
                out(chunk)
