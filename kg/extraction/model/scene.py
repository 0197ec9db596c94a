"""An abstract's numbers among the names of its arms: pairs of cells and names, and what tells whether they agree."""

import math
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from picograph.kg.extraction.model.arms import Arms
from picograph.kg.extraction.model.cells import Call, Cell, by_line, calls_of
from picograph.kg.extraction.model.names import GROUP
from picograph.kg.extraction.model.numbers import Number
from picograph.kg.extraction.model.stretches import stretch_features, word_sides
from picograph.kg.extraction.model.words import Text
from picograph.kg.extraction.tokens import Token

ORDER = {
    "participants": 0,
    "count": 1,
    "per cent": 2,
    "mean": 3,
    "median": 4,
    "standard deviation": 5,
    "first quartile": 6,
    "third quartile": 7,
}
PAIRS = ("name", "beside", "first", "size")
_WITHIN_WORDS = """
    in for among on of receiving with
"""
WITHIN = frozenset(_WITHIN_WORDS.split())
_TELLING_WORDS = """
    had was were reported showed
"""
_TELLING = frozenset(_TELLING_WORDS.split())
_WHEREAS_WORDS = """
    whereas while but
"""
WHEREAS = frozenset(_WHEREAS_WORDS.split())
_AHEAD = {
    "in": 1,
    "with": 2,
    "the": 3,
    "for": 4,
    "of": 5,
    "(": 6,
    "receiving": 7,
    "and": 8,
    "versus": 9,
    "than": 10,
    "to": 11,
}
_AFTER = {
    "group": 1,
    "arm": 2,
    "groups": 3,
    "arms": 3,
    "(": 4,
    ")": 5,
    ":": 6,
    ",": 7,
    "patients": 8,
    "was": 9,
    "were": 9,
    "and": 10,
    "had": 11,
    "versus": 12,
}
Features = dict[str, float]


class Pair(NamedTuple):
    """Two things that may be of one side: indexes of cells, or a name."""

    kind: str
    one: int
    other: int | str
    features: Features


def logit(share: float) -> float:
    """Give the log odds of a probability, kept between those of 2 and 98 per cent."""
    share = min(max(share, 0.02), 0.98)
    return math.log(share / (1 - share))


def _between(tokens: Sequence[Token], first: int, last: int) -> Features:
    """Describe what stands between two places."""
    row = tokens[first + 1 : last]
    words = {token.word for token in row}
    sorts = "".join(token.sort for token in row)
    return {
        "len": len(row),
        "v": "v" in sorts,
        "and": "and" in words,
        "or": "or" in words,
        "semi": ";" in words,
        "comma": sorts.count(","),
        "than": "than" in words,
        "to": "to" in words,
        "from": "from" in words,
        "grp": bool(words & GROUP),
        "wh": bool(words & WHEREAS),
        "cl": sorts.count(")"),
        "op": sorts.count("("),
        "bal": sorts.count("(") - sorts.count(")"),
        "in": bool(words & WITHIN),
        "s": "s" in sorts,
        "comp": "compared" in words,
        "n": sorts.count("n"),
        "colon": ":" in sorts,
        "R": "R" in sorts,
        "per": "%" in sorts,
        "had": bool(words & _TELLING),
    }


def _parts(token: Token) -> bool:
    return token.sort == "v" or token.word in WHEREAS or token.word in {";", "than"}


class Scene:
    """The cells of an abstract with its words and names: what features of cells and pairs are read off."""

    def __init__(self, text: Text, numbers: Sequence[Number], arms: Arms, cells: Sequence[Cell]) -> None:
        self.text, self.numbers, self.arms, self.cells = text, numbers, arms, cells
        self.lines = by_line(cells)
        self.calls = calls_of(text, arms)
        listed = {line for token, line in zip(text.tokens, text.lines, strict=True) if token.sort == "R"}
        self.listed = {line: line in listed for line in self.lines}  # "respectively"
        parted = {
            line
            for token, line in zip(text.tokens, text.lines, strict=True)
            if token.sort in "vR" or token.word in WHEREAS or token.word in {"than", "compared", "from"}
        }
        self.contrasts = {
            line: line in parted for line in self.lines
        }  # whether a sentence sets one thing against another
        self.given = [cell.given for cell in cells]
        self.bounds: dict[int, tuple[int, int]] = {}  # of each sentence, its first place and its last
        for place, line in enumerate(text.lines):
            self.bounds[line] = (self.bounds[line][0] if line in self.bounds else place, place)
        self.spoken: list[Features] = [{}] * len(cells)
        self.said = said = word_sides(text, arms)
        for row in self.lines.values():
            for index, features in zip(row, stretch_features(text, arms, said, cells, row), strict=True):
                self.spoken[index] = features
        self.sizes: dict[float, list[int]] = {}
        for index, cell in enumerate(cells):
            for number, kind in zip(cell.numbers, cell.kinds, strict=True):
                if kind == "participants":
                    self.sizes.setdefault(numbers[number].value, []).append(index)

    def segment(self, index: int) -> tuple[int, int]:
        """Give the part of its sentence in which a cell stands: from its first place to the one behind its last.

        Parts are told apart by "versus", "whereas", "than" and semicolons.
        """
        cell, tokens, lines = self.cells[index], self.text.tokens, self.text.lines
        first, stop = cell.first, cell.last + 1
        while first and lines[first - 1] == cell.line and not _parts(tokens[first - 1]):
            first -= 1
        while stop < len(tokens) and lines[stop] == cell.line and not _parts(tokens[stop]):
            stop += 1
        return first, stop

    def alike(self, index: int) -> list[int]:
        """Give the cells of the same sentence that begin with the same kind of number."""
        cell = self.cells[index]
        return [other for other in self.lines[cell.line] if self.cells[other].kinds[0] == cell.kinds[0]]

    def _shared(self, one: Call | None, other: Call | None) -> int:
        if one is None or other is None:
            return 0
        return 1 if set(one.names) & set(other.names) else -1

    # --- pairs --------------------------------------------------------------------------------------------------------

    @cached_property
    def pairs(self) -> list[Pair]:
        """Every pair that is asked about, with its features."""
        return list(self._pairs())

    def _pairs(self) -> Iterator[Pair]:
        for index in range(len(self.cells)):
            yield from self._with_names(index)
            yield from self._beside(index)
        yield from self._firsts()
        for size, row in self.sizes.items():
            for one, other in pairwise(row):
                if one != other:
                    same = self.cells[one].line == self.cells[other].line
                    yield Pair("size", one, other, {"v": min(size, 1000), "n": len(row), "s": same})

    def _basic(self, index: int) -> Features:
        cell, alike = self.cells[index], self.alike(index)
        return {
            "ty": ORDER[cell.kinds[0]],
            "sz": len(cell.numbers),
            "ks": alike.index(index),
            "ns": len(alike),
            "kc": cell.rank,
            "nC": cell.cells,
            "nR": cell.calls,
            "run": cell.run,
            "k": cell.place,
            "startC": cell.pattern[0] == "C",
            "alt": bool(re.fullmatch("(RC)+|(CR)+", cell.short)),
            "altn": bool(re.fullmatch("(RC+)+|(C+R)+", cell.short)),
            "endR": cell.pattern[-1] == "R",
            "t1": cell.strong,
            "resp": self.listed[cell.line],
            "nst": len(cell.short),
        }

    def _with_names(self, index: int) -> Iterator[Pair]:
        cell, tokens = self.cells[index], self.text.tokens
        calls: dict[Call, set[str]] = {}
        for name, call in (("L", cell.left), ("R", cell.right), ("alb", cell.before), ("ala", cell.behind)):
            if call is not None:
                calls.setdefault(call, set()).add(name)
        basic = self._basic(index)
        for name, call in (("L", cell.left), ("R", cell.right), ("alb", cell.before), ("ala", cell.behind)):
            basic[f"has{name}"] = call is not None
        for call, parts in calls.items():
            ahead = call.last < cell.first
            other = cell.right if "L" in parts else cell.left
            gap = 99 if other is None else other.first - cell.last if "L" in parts else cell.first - other.last
            between = _between(tokens, call.last, cell.first) if ahead else _between(tokens, cell.last, call.first)
            name = min(call.names, key=lambda each: not self.arms.names[each].strong)
            features = {
                **basic,
                **{f"is{part}": part in parts for part in ("L", "R", "ala", "alb")},
                **{f"x{key}": value for key, value in between.items()},
                "det": call == self.given[index],
                "nodet": self.given[index] is None,
                "od": gap,
                "nk": len(call.names),
                "tier": 2 - self.arms.names[name].strong,
                "pre": _AHEAD.get(tokens[call.first - 1].word, 0) if call.first else 0,
                "post": _AFTER.get(tokens[call.last + 1].word, 0) if call.last + 1 < len(tokens) else 0,
            }
            yield Pair("name", index, name, features)

    def _beside(self, index: int) -> Iterator[Pair]:
        cell, row, alike = self.cells[index], self.lines[self.cells[index].line], self.alike(index)
        at, rank = row.index(index), alike.index(index)
        others: dict[int, int] = {}
        if at:
            others[row[at - 1]] = 0
        if rank:
            others[alike[rank - 1]] = 1
        if rank > 1:
            others.setdefault(alike[rank - 2], 2)
        basic = self._basic(index)
        for other, kind in others.items():
            near = self.cells[other]
            features = {
                **basic,
                **{f"x{key}": value for key, value in _between(self.text.tokens, near.last, cell.first).items()},
                "kind": kind,
                "adj": bool(at) and row[at - 1] == other,
                "same": near.kinds[0] == cell.kinds[0],
                "pty": ORDER[near.kinds[0]],
                "psz": len(near.numbers),
                "sep": at - row.index(other),
                "refsb": sum(near.last < call.first < cell.first for call in self.calls.get(cell.line, ())),
                "sameref": self._shared(self.given[other], self.given[index]),
                "smL": near.left == cell.left,
                "smR": near.right == cell.right,
                "prest": self.text.tokens[near.first - 1].word == "from" if near.first else False,
                "eqshape": near.kinds == cell.kinds,
            }
            yield Pair("beside", other, index, features)

    def _firsts(self) -> Iterator[Pair]:
        firsts = []
        for row in self.lines.values():
            alike = next((self.alike(index) for index in row if len(self.alike(index)) > 1), None)
            if alike:
                firsts.append(alike)
        for number, one in enumerate(firsts):
            for step, other in enumerate(firsts[number + 1 : number + 9], 1):
                first, second = self.cells[one[0]], self.cells[other[0]]
                given = self.given[one[0]], self.given[other[0]]
                features: Features = {
                    "na": len(one),
                    "nb": len(other),
                    "tya": ORDER[first.kinds[0]],
                    "tyb": ORDER[second.kinds[0]],
                    "ds": second.line - first.line,
                    "near": step,
                    "ra": given[0] is not None,
                    "rb": given[1] is not None,
                    "same": self._shared(*given),
                    "nRa": first.calls,
                    "nRb": second.calls,
                    "sta": first.pattern[0] == "C",
                    "stb": second.pattern[0] == "C",
                }
                yield Pair("first", one[0], other[0], features)
