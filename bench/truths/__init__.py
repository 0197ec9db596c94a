"""The true answers of questions about drawn studies, from the studies alone: no SPARQL, SQL or code of the questions.

Studies come one after the other, so a store of any size is held against its truth in memory for the answers only. What
is compared: every column but the IRIs of parts, which are made from content (where a part was read tells it apart), and
the ways to a class, which are walked after a question. ``drug-classes`` has no truth here: its rows are such ways.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Protocol

from picograph.kg.triples import write
from picograph.queries import catalog
from picograph.queries.question import Question

from .faults import FAULTS
from .numbers import NUMBERS
from .rows import ROWS, Rows
from .told import Given, Row, Told
from .totals import GROUPS, EventTotals, Gaps, Similar, StudiesBy

WITHIN: dict[str, Rows] = {**ROWS, **NUMBERS, **FAULTS}  # questions whose rows each stand within one study
_TOTALS: dict[str, Any] = {"event-totals": EventTotals, "gaps": Gaps, "similar-studies": Similar}
_UNSAID = "part"
_DIGITS = Decimal("1e-9")  # computed per cents are as exact as an engine's decimals


class Truth(Protocol):
    """The true answer of a question, while it grows."""

    def add(self, told: Told) -> None:
        """Take one more study."""

    def rows(self) -> Iterable[Row]:
        """Give the rows, in any order."""


class _Within:
    """Rows that each stand within one study."""

    def __init__(self, rows: Rows, given: Given) -> None:
        self._rows, self._given = rows, given
        self._found: list[Row] = []

    def add(self, told: Told) -> None:
        if told.asked(self._given):
            self._found += self._rows(told, self._given)

    def rows(self) -> Iterable[Row]:
        return self._found


def questions() -> set[tuple[str, catalog.Shelf]]:
    """Give the questions whose true answers are known."""
    faults: set[tuple[str, catalog.Shelf]] = {(name, "quality") for name in FAULTS}
    return faults | {(name, "evidence") for name in (*WITHIN, *GROUPS, *_TOTALS) if name not in FAULTS}


def truth(name: str, given: dict[str, Any], seed: int = 1) -> Truth:
    """Begin the true answer of a question."""
    asked = Given(seed, given)
    if name in WITHIN:
        return _Within(WITHIN[name], asked)
    if name in GROUPS:
        return StudiesBy(*GROUPS[name], asked)
    found: Truth = _TOTALS[name](asked)
    return found


def drawn(triples: int, seed: int = 1) -> Iterator[Told]:
    """Draw the studies that `stores.fill` puts into a store of so many triples."""
    count = 0
    for number in itertools.count(1):
        if count >= triples:
            return
        told = Told(seed, number)
        count += sum(write(each).triples for each in told.records)
        yield told


def told_apart(question: Question, rows: Iterable[Row]) -> Counter[tuple[object, ...]]:
    """Give rows as they are compared: a column that a row does not say is empty; the order of a list is none.

    A number is its value, to nine decimal places.
    """
    columns = [name for name, column in question.columns.items() if name != _UNSAID and not column.aside]
    return Counter(tuple(_cell(row.get(name)) for name in columns) for row in rows)


def _cell(value: object) -> object:
    if isinstance(value, (tuple, list)):
        return tuple(sorted(set(map(str, value)))) or None
    if isinstance(value, (Decimal, float)):
        return Decimal(value).quantize(_DIGITS)
    return None if value == "" else value


def differences(question: Question, true: Iterable[Row], found: Iterable[Row]) -> Iterator[str]:
    """Say what an answer has that is not true, and what it lacks."""
    right, asked = told_apart(question, true), told_apart(question, found)
    for sign, rows in (("lacks", right - asked), ("has", asked - right)):
        for row, times in rows.items():
            yield f"{sign} {times} x {row}"
