"""An answer: typed rows, with what must be known before using them."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, overload

import msgspec

from picograph.queries.question import Question
from picograph.queries.wording import counted

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from picograph.queries.question import Column
    from picograph.queries.retractions import Retractions

BATCH = 1000  # rows that are taken on together
Cell = str | int | Decimal | bool | tuple[str, ...] | None
Row = dict[str, Cell]


def _plain(value: Decimal) -> Decimal:
    value = value.normalize()
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value


@lru_cache(1 << 16)  # the numbers of reports come again and again
def number(text: str) -> Decimal:
    """Give the number that a text is, without zeros at its end.

    >>> number("55.000"), number("0.50")
    (Decimal('55'), Decimal('0.5'))
    """
    return _plain(Decimal(text))


@lru_cache(1 << 14)  # records of one shape have the same places
def _within(fragment: str) -> tuple[Any, ...]:
    from picograph.kg.source import Place

    return Place.from_fragment(fragment).order


def _order(iri: str) -> tuple[Any, ...]:
    source, _, fragment = iri.partition("#")
    return (source, _within(fragment))


def _places(iris: Iterable[str]) -> tuple[str, ...]:
    found = set(iris)
    return tuple(sorted(found, key=_order)) if len(found) > 1 else tuple(found)


_CELLS: dict[str, Callable[[str], Cell]] = {
    "integer": lambda text: int(Decimal(text)),
    "decimal": number,
    "boolean": lambda text: text in ("true", "1"),
    "evidence": lambda text: _places(text.split()) or None,  # of nothing but spaces between the places of two parts
    "list": lambda text: tuple(sorted(set(filter(None, text.split(" | "))))),
}


def cell(kind: str, text: str | None) -> Cell:
    """Give the typed value of a cell from what the engine answered; None where it answered nothing.

    >>> cell("decimal", "55.0"), cell("list", "b | a"), cell("integer", None), cell("evidence", " ")
    (Decimal('55'), ('a', 'b'), None, None)
    """
    if text is None or text == "":
        return None
    return _CELLS.get(kind, str)(text)


def typed(kind: str, value: Any) -> Cell:
    """Give the typed value of a cell from what the results table has.

    >>> typed("decimal", "55.000"), typed("evidence", []), typed("list", ["b", "a"]), typed("integer", 3)
    (Decimal('55'), None, ('a', 'b'), 3)
    """
    if isinstance(value, list):
        if not value:
            return None
        if kind == "evidence":
            return _places(value)
        return tuple(sorted(set(filter(None, value)))) if kind == "list" else cell(kind, " ".join(value))
    if value is None or value == "":
        return None
    if kind == "decimal":
        return number(value)
    return _plain(value) if isinstance(value, Decimal) else value


def flat(value: Cell) -> str:
    """Write a cell as text: lists with spaces or bars between, booleans as words, nothing for None.

    >>> flat(Decimal("37.5")), flat(True), flat(None), flat(("b c", "a"))
    ('37.5', 'true', '', 'b c | a')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return (" " if all("://" in each for each in value) else " | ").join(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def lines(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]], separator: str) -> Iterator[str]:
    """Write rows as lines with a header: ``,`` for CSV, a tab for TSV, in which no cell holds a tab or a line end.

    >>> list(lines(["event", "affected"], [{"event": "nausea, any", "affected": 6}], ","))
    ['event,affected\\n', '"nausea, any",6\\n']
    """
    for cells in chain([list(columns)], ([flat(row[name]) for name in columns] for row in rows)):
        if separator == "\t":
            yield "\t".join(" ".join(each.split()) if each.split() != [each] else each for each in cells) + "\n"
        else:
            line = io.StringIO()
            csv.writer(line).writerow(cells)  # which quotes what holds a part of its line end, CR LF
            yield line.getvalue().removesuffix("\r\n") + "\n"


class _Noticed:
    """What must be known before using rows: counted while they pass."""

    def __init__(self, question: Question, retractions: "Retractions", said: tuple[str, ...]) -> None:
        self._question, self._retractions, self._said = question, retractions, said
        self.rows = self._ambiguous = self._using = 0
        self._documents: set[str] = set()

    def see(self, rows: Iterable[Row]) -> "_Noticed":
        """Take note of some rows, in which it is marked which retracted reports they use."""
        for row in rows:
            self.rows += 1
            self._ambiguous += "ambiguous" in str(row.get("certainty"))
            if documents := row.get("retracted"):
                self._using += 1
                self._documents.update(documents if isinstance(documents, tuple) else (str(documents),))
        return self

    @property
    def cautions(self) -> tuple[str, ...]:
        """Say it for people."""
        found = list(self._question.caution)
        if self._ambiguous:
            rows = f"{self._ambiguous} of {self.rows} rows {'is' if self._ambiguous == 1 else 'are'}"
            found.append(
                f"{rows} ambiguous: the source leaves a value open. picograph ask ambiguous shows the readings."
            )
        found += self._retractions.cautions(self.rows, self._using, self._documents, self._question.columns)
        found += self._said if self.rows else ()
        return tuple(found)


class Written:
    """What an answer is as it is written: the rows of a question with their columns, some at a time."""

    question: Question
    parameters: dict[str, Any]
    columns: "dict[str, Column]"

    def batches(self) -> Iterator[Sequence[Row]]:
        """Give the rows, some at a time."""
        raise NotImplementedError

    @property
    def number(self) -> int:
        """How many rows have come."""
        raise NotImplementedError

    @property
    def cautions(self) -> tuple[str, ...]:
        """What must be known before using the rows: of the question, and of the rows that have come."""
        raise NotImplementedError

    def json(self) -> Iterator[bytes]:
        """Write JSON in pieces, indented: question, parameters, columns, rows, cautions."""
        encode = msgspec.json.Encoder(decimal_format="number").encode
        head = {"question": self.question.name, "parameters": self.parameters, "columns": list(self.columns)}
        yield msgspec.json.format(encode(head), indent=2).removesuffix(b"\n}") + b',\n  "rows": ['
        comma, end = b"", b"]"
        for rows in self.batches():
            if rows:
                # a line end is never inside a text, which has it as \n
                several = msgspec.json.format(encode(rows), indent=2)[1:-2]
                yield comma + several.replace(b"\n", b"\n  ")
                comma, end = b",", b"\n  ]"
        said = msgspec.json.format(encode({"cautions": self.cautions}), indent=2)
        yield end + b"," + said.removeprefix(b"{") + b"\n"

    def lines(self, separator: str) -> Iterator[str]:
        """Write lines with a header: ``,`` for CSV, a tab for TSV."""
        return lines(list(self.columns), chain.from_iterable(self.batches()), separator)


def _columns(question: Question) -> "dict[str, Column]":
    """Give the columns of an answer: those of its question, paths where it tells them, retracted reports."""
    from picograph.queries import paths
    from picograph.queries.retractions import COLUMNS

    return {**question.columns, **(paths.COLUMNS if question.paths else {}), **COLUMNS}


class Coming(Written):
    """An answer while it comes: rows pass once, and are held nowhere; its cautions are known when the last has come.

    :param found: the rows, some at a time
    :param said: what must be known of the store that gives them
    """

    def __init__(
        self,
        question: Question,
        parameters: Mapping[str, Any],
        found: Iterator[list[Row]],
        retractions: "Retractions",
        said: tuple[str, ...] = (),
    ) -> None:
        """Take what a question gives, and the retracted reports of the store that gives it."""
        self.question, self.parameters, self.columns = question, dict(parameters), _columns(question)
        self._found, self._retractions, self._said = found, retractions, said
        self._noticed = _Noticed(question, retractions, said)

    def batches(self) -> Iterator[Sequence[Row]]:
        """Give the rows as they come."""
        for rows in self._found:
            self._retractions.mark(rows, self.question.columns)
            self._noticed.see(rows)
            yield rows

    @property
    def number(self) -> int:
        """How many rows have come."""
        return self._noticed.rows

    @property
    def cautions(self) -> tuple[str, ...]:
        """What must be known before using the rows that have come."""
        return self._noticed.cautions

    def whole(self) -> "Answer":
        """Give the answer when all of it has come."""
        rows = list(chain.from_iterable(self._found))
        return Answer(self.question, self.parameters, rows, self._retractions, self._said)


class Answer(Sequence[Row], Written):
    """The rows that a question gave, in its order.

    Each row is a dictionary from column to typed value: integers, `Decimal`, booleans, texts, tuples of IRIs for
    evidence. What the source does not report is None; zero is 0. Beside the columns of its question each answer has
    ``retracted``: the retracted reports that a row uses, None where it uses none.
    """

    def __init__(
        self,
        question: Question,
        parameters: Mapping[str, Any],
        rows: Sequence[Row],
        retractions: "Retractions | None" = None,
        said: tuple[str, ...] = (),
    ) -> None:
        """Take what a question gave, and the retracted reports of the store that gave it."""
        from picograph.queries.retractions import Retractions

        self.question, self.parameters, self.columns = question, dict(parameters), _columns(question)
        self.rows = list(rows)
        self._said = said  # what must be known of the store that gave it
        self._retractions = retractions or Retractions(())
        self._retractions.mark(self.rows, question.columns)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        """Give a row."""
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"<Answer to {self.question.name}: {counted(len(self), 'row')} of {len(self.columns)} columns>"

    @property
    def cautions(self) -> tuple[str, ...]:
        """What must be known before using the rows: of the question, and of these rows."""
        return _Noticed(self.question, self._retractions, self._said).see(self.rows).cautions

    @property
    def number(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def whole(self) -> "Answer":
        """Give the answer: all of it has come."""
        return self

    def batches(self) -> Iterator[Sequence[Row]]:
        """Give the rows, some at a time."""
        return (self.rows[at : at + BATCH] for at in range(0, len(self.rows), BATCH))

    @property
    def units(self) -> dict[str, str]:
        """The unit of each column that has one for all rows; others name the column with it: ``unit_in``."""
        return {name: column.unit for name, column in self.columns.items() if column.unit is not None}

    def to_arrow(self) -> "pyarrow.Table":
        """Give an Arrow table: types as they are, units in its fields, question and cautions in its schema.

        :raises UsageError: if pyarrow is not installed
        """
        from picograph.queries import frames

        return frames.to_arrow(self)

    def to_pandas(self) -> "pandas.DataFrame":
        """Give a pandas frame of nullable types; ``attrs`` has units and cautions.

        :raises UsageError: if pandas is not installed
        """
        from picograph.queries import frames

        return frames.to_pandas(self)

    def to_polars(self) -> "polars.DataFrame":
        """Give a Polars frame; units and cautions stay here, because Polars keeps no notes with a frame.

        :raises UsageError: if Polars is not installed
        """
        from picograph.queries import frames

        return frames.to_polars(self)

    def _repr_html_(self) -> str:
        """Show the answer in a notebook, with its cautions."""
        from picograph.queries import frames

        return "\n".join(frames.html_lines(self))

    def to_json(self) -> bytes:
        """Write the answer as JSON: question, parameters, columns, rows, cautions."""
        return b"".join(self.json())
