"""Promise: an answer is written while its rows come, none is held longer, and it is the same as when all have come."""

import io
import json
import weakref
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest

from picograph.commands import terminal
from picograph.queries import frames
from picograph.queries.answer import BATCH, Coming, Row
from picograph.queries.question import parse_question
from picograph.queries.retractions import Retracted, Retractions

MANY = 20_000
QUESTION = parse_question(
    "made",
    """#+ summary: S?
#+ question: Q?
#+ columns:
#+   study: {kind: study}
#+   n: {kind: integer, unit: participants}
#+   d: {kind: decimal}
#+   yes: {kind: boolean}
#+   certainty: {kind: list}
#+   t: {kind: text}
#+ caution: Mind the rows.
SELECT ?n {}""",
)
RETRACTED = Retractions([Retracted("urn:r", "https://w3id.org/picograph/study/3", "pmid:3", "urn:s")])


class _Row(dict[str, Any]):
    """A row of which it is known whether somebody holds it."""


class _Source:
    """Rows that come; it knows how many have, and how many of them were held at once."""

    def __init__(self, number: int) -> None:
        self.number, self.taken, self.held, self.most = number, 0, 0, 0
        self._watched: dict[int, weakref.ref[_Row]] = {}

    def _row(self, number: int) -> Row:
        row = _Row(
            study=f"https://w3id.org/picograph/study/{number}",
            n=None if number % 7 == 0 else number,
            d=Decimal(number) / 8 if number % 3 else None,
            yes=number % 2 == 0,
            certainty=("ambiguous: grade",) if number % 1000 == 1 else ("stated",),
            t='a "text",\nwith ends' if number == 5 else "words",
        )
        self.held += 1
        self._watched[number] = weakref.ref(row, lambda _: self._gone(number))
        return row

    def _gone(self, number: int) -> None:
        self.held -= 1
        del self._watched[number]

    def batches(self) -> Iterator[list[Row]]:
        for start in range(0, self.number, BATCH):
            rows = [self._row(number) for number in range(start, min(start + BATCH, self.number))]
            self.taken += len(rows)
            self.most = max(self.most, self.held)
            yield rows
            del rows

    def coming(self) -> Coming:
        return Coming(QUESTION, {"drug": "x"}, self.batches(), RETRACTED, ("Said of the store.",))


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "table", "parquet"])
def test_no_row_is_held_longer_than_its_batch(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = _Source(MANY)
    first: list[int] = []
    monkeypatch.setattr(terminal, "out", lambda data, **_: first.append(source.taken))
    terminal.print_answer(source.coming(), form)
    assert source.taken == MANY
    assert source.most <= (terminal._TABLE if form == "table" else 0) + 2 * BATCH < MANY / 2
    if form != "parquet":  # whose types are known at the end
        assert first[0] < MANY / 2


@pytest.mark.parametrize("number", [0, 1, 2 * BATCH + 345])
def test_it_is_the_same_as_when_all_has_come(number: int) -> None:
    answer = _Source(number).coming().whole()
    assert len(answer) == number
    content = b"".join(_Source(number).coming().json())
    assert content == answer.to_json()
    told = json.loads(content)
    assert list(told) == ["question", "parameters", "columns", "rows", "cautions"]
    assert [row["t"] for row in told["rows"]] == [row["t"] for row in answer]
    assert content == json.dumps(told, indent=2, ensure_ascii=False).encode() + b"\n" or number > 1  # decimals differ
    coming = _Source(number).coming()
    assert list(coming.lines("\t")) == list(answer.lines("\t"))
    assert coming.cautions == answer.cautions
    if number > 1:
        assert "3 of 2345 rows are ambiguous" in coming.cautions[1]
        assert "1 of 2345 rows uses a retracted report: pmid:3" in coming.cautions[2]
        assert coming.cautions[3] == "Said of the store."
    table = pq.read_table(io.BytesIO(b"".join(frames.parquet(_Source(number).coming()))))
    assert table.to_pylist() == answer.to_arrow().to_pylist()
    assert table.schema.metadata == answer.to_arrow().schema.metadata
    assert table.schema.field("n").metadata[b"unit"] == b"participants"
