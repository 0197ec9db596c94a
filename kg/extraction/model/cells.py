"""Which numbers say one thing of one arm, which words name an arm beside them, and which arm the pattern of both gives.

A *cell* is one number or several that belong together by their signs: ``22 (55%)``, ``47.5 ± 11.3``. A *call* is a
place where an arm is named. The calls and cells of a sentence in their order make a pattern, such as call cell call
cell.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from picograph.kg.extraction.model.arms import Arms
from picograph.kg.extraction.model.numbers import Number
from picograph.kg.extraction.model.words import Text

_TOGETHER = re.compile(r"[%T]?[xpTdu]{0,3},?(?:\(|/|o[dt]?|±|=|w){1,2}[xN=UMDd;]{0,3}[-+]?|%\(|\)\(")
_SPREAD = re.compile(r"u{0,2}(?:±|\+/[-−])")  # a mean and its standard deviation, whatever each is taken for
_JOINED_WORDS = """
    plus + followed with
"""
_WITHOUT = frozenset(["without", "no", "non", "not"])
_JOINED = frozenset(_JOINED_WORDS.split())


class Call(NamedTuple):
    """A place where an arm is named, by one name or several."""

    first: int  # in the row of words
    last: int
    names: tuple[str, ...]
    without: bool = False  # whether it says that an arm has not what it names


class Cell(NamedTuple):
    """Numbers that say one thing of one arm, and how they stand among the calls of their sentence."""

    numbers: tuple[int, ...]  # indexes in the abstract's numbers
    kinds: tuple[str, ...]  # what each is
    line: int
    first: int  # in the row of words
    last: int
    pattern: str  # of the sentence: R a call, C a cell
    rank: int  # among the cells of the sentence
    cells: int  # in the sentence
    calls: int
    strong: bool  # whether the calls are by strong names
    left: Call | None  # the nearest on each side
    right: Call | None
    run: int  # cells in a row, this one among them
    place: int  # in the run
    before: Call | None  # the call that falls to it where calls before or behind the run are dealt out in order
    behind: Call | None

    @property
    def short(self) -> str:
        """The pattern with calls in a row as one."""
        return re.sub("R+", "R", self.pattern)

    @property
    def given(self) -> Call | None:
        """The call that the pattern alone gives the cell, if it gives one."""
        if "R" not in self.pattern:
            return None
        if self.run >= 2 and (self.before is None) != (self.behind is None):
            return self.before or self.behind
        if self.run == 1 and re.fullmatch("(RC+)+", self.short):
            return self.left
        if self.run == 1 and re.fullmatch("(C+R)+", self.short):
            return self.right
        return None


def cells_of(text: Text, numbers: Sequence[Number], kinds: Sequence[str], arms: Arms) -> list[Cell]:
    """Put numbers into cells and say how each stands in its sentence.

    :param kinds: of each number; an empty text is no result of an arm
    """
    calls = calls_of(text, arms)
    lines: dict[int, list[list[int]]] = {}
    for index, kind in enumerate(kinds):
        if not kind:
            continue
        number = numbers[index]
        row = lines.setdefault(number.line, [])
        if row:
            last = numbers[row[-1][-1]]
            between = "".join(token.sort for token in text.tokens[last.at + 1 : number.at])
            spread = len(row[-1]) == 1 and _SPREAD.fullmatch(between)
            share = len(row[-1]) == 1 and between == "(" and number.percent > last.percent
            other = all(kinds[other] != kind for other in row[-1])
            if spread or share or (other and (_TOGETHER.fullmatch(between) or between in {"/", "o", "("})):
                row[-1].append(index)
                continue
        row.append([index])
    found = []
    for line, row in lines.items():
        there = calls.get(line, [])
        strong = [call for call in there if any(arms.names[name].strong for name in call.names)]
        found += _in_line(line, row, strong or there, bool(strong), numbers, kinds)
    return found


def calls_of(text: Text, arms: Arms) -> dict[int, list[Call]]:
    """Give the calls of every sentence; names that stand together are one call."""
    found: dict[int, list[Call]] = {}
    for last, name in enumerate(arms.at):
        if name not in arms.names:
            continue
        first = arms.begin.get(last, last)
        row = found.setdefault(text.lines[last], [])
        if row:
            gap = text.tokens[row[-1].last + 1 : first]
            apart = any(token.sort in "nvka,;" for token in gap)
            joined = any(token.word in _JOINED for token in gap) and not any(token.sort == "n" for token in gap)
            aside = any(token.sort == "(" for token in gap)  # a name in brackets is the same arm's if it is alone there
            alone = last + 1 < len(text.tokens) and text.tokens[last + 1].sort == ")"
            if len(gap) <= 2 and (joined or not apart) and (alone or not aside):
                row[-1] = row[-1]._replace(last=last, names=(*row[-1].names, name))
                continue
        without = first > 0 and text.words[first - 1] in _WITHOUT and text.lines[first - 1] == text.lines[last]
        row.append(Call(first, last, (name,), without))
    return found


def _in_line(
    line: int,
    row: Sequence[Sequence[int]],
    calls: Sequence[Call],
    strong: bool,
    numbers: Sequence[Number],
    kinds: Sequence[str],
) -> list[Cell]:
    places: list[tuple[int, Call | int]] = [(call.first, call) for call in calls]
    places += [(numbers[members[0]].at, rank) for rank, members in enumerate(row)]
    places.sort(key=lambda place: place[0])
    things = [thing for _, thing in places]
    pattern = "".join("C" if isinstance(thing, int) else "R" for thing in things)
    found = []
    for rank, members in enumerate(row):
        at = things.index(rank)
        start, stop = at, at
        while start and pattern[start - 1] == "C":
            start -= 1
        while stop + 1 < len(pattern) and pattern[stop + 1] == "C":
            stop += 1
        run = stop - start + 1
        begin = len(pattern[:start].rstrip("R"))
        ahead = _distinct(things[begin:start])
        end = stop + 1
        while end < len(pattern) and pattern[end] == "R":
            end += 1
        behind = _distinct(things[stop + 1 : end])
        found.append(
            Cell(
                tuple(members),
                tuple(kinds[index] for index in members),
                line,
                numbers[members[0]].at,
                numbers[members[-1]].at,
                pattern,
                rank,
                len(row),
                len(calls),
                strong,
                ahead[-1] if ahead else None,
                behind[0] if behind else None,
                run,
                at - start,
                _dealt(ahead, run, at - start),
                _dealt(behind, run, at - start),
            )
        )
    return found


def _distinct(things: Sequence[Call | int]) -> list[Call]:
    found: list[Call] = []
    for thing in things:
        if isinstance(thing, Call):
            if found and set(found[-1].names) == set(thing.names):
                found[-1] = thing
            else:
                found.append(thing)
    return found


def _dealt(calls: Sequence[Call], run: int, place: int) -> Call | None:
    return calls[place % len(calls)] if len(calls) >= 2 and run % len(calls) == 0 else None


def by_line(cells: Sequence[Cell]) -> Mapping[int, list[int]]:
    """Give the indexes of the cells of each sentence."""
    found: dict[int, list[int]] = {}
    for index, cell in enumerate(cells):
        found.setdefault(cell.line, []).append(index)
    return found
