"""Which number says what of whom: the heads and the values of a fitting pattern, paired by written rules.

The rules, in the order in which they are tried; `docs/explanation.md` tells them with examples:

1. As many values as heads, and no arms: the first value belongs to the first head, and so on ("respectively").
2. One head, and as many values as arms called in the same stretch: the first value belongs to the first arm. An arm
   right behind a value ("12% in the placebo arm") takes that value whatever the order. An arm that is said to have
   had more or less of it ("X patients had a higher rate (12% v 5%)") takes the first of two, the other arm the second.
3. One value behind several heads: it is about all of them together, under their words as printed.
4. Two values joined by "versus", or "respectively", and no arm in the stretch: each belongs to one of the two arms.
   Which one is open, unless only one order agrees with the sizes of the arms.
5. Anything else is left alone.

Which noun a grade governs is told in `grades`; whom a clause is about, and when it is left alone, in `clauses`.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from picograph.kg.extraction.clauses import everyone, negated, restricted, stretch, whole_clause
from picograph.kg.extraction.grades import header_of, scope_of
from picograph.kg.extraction.numbers import Mention, NumberKind
from picograph.kg.extraction.patterns import Fit
from picograph.kg.extraction.phrases import Figure, Grade, Item, Phrase, Row


class Bound(NamedTuple):
    """One value of one thing, in one arm."""

    row: Row
    fit: Fit
    head: Item
    heads: tuple[Item, ...]  # more than one where the value is about all of them
    value: Item
    start: int  # the words that say it
    end: int
    arm: int | None = None
    arm_open: bool = False  # it is one of the arms, the text does not say which
    arm_by_size: bool = False  # which one is told by the sizes of the arms
    arm_unsaid: bool = False  # no arm is named: one of the arms, or all participants
    of: Mention | None = None  # of how many, where the clause begins with it: of the 38 patients…
    serious: bool = False  # the list is one of serious events
    grade: Grade | None = None
    grade_open: bool = False
    related: bool = False
    time: Item | None = None


_HEAD = "ESQZ"
_VALUE = "FTLn0"
_STOPPED = frozenset(".,;)DWavky:")


def bound_of(row: Row, fit: Fit, arms: int) -> list[Bound]:
    """Pair the heads of a pattern with its values.

    :param arms: how many arms the study has; 1 where it compares nothing
    """
    heads = [item for item in row.items[slice(*fit.heads)] if item.letter in _HEAD]
    values = _values(row, fit)
    if not heads or not values or restricted(row, fit) or negated(row, fit):
        return []
    beside = _beside(row, fit, values)
    called = _arms(row, fit, bool(beside))
    if called is None:
        return []
    of = whole_clause(row, fit)
    unsaid = arms > 1 and not called and not beside and not everyone(row, fit)
    times = [item for item in row.items[fit.start : fit.end] if item.letter == "T" and item not in values]
    header = header_of(row, fit)
    grades = scope_of(row, fit, heads, header)
    start = row.items[fit.start].start
    end = max(
        row.items[fit.end - 1].end if row.items[fit.end - 1].letter not in ",.;" else 0, heads[-1].end, values[-1].end
    )

    def one(head: Item, value: Item, arm: int | None = None, *, together: bool = False, open_: bool = False) -> Bound:
        grade, grade_open = grades[heads.index(head)]
        every = tuple(heads) if together else (head,)
        if together and len({(each[0], each[1]) for each in grades}) > 1:
            grade, grade_open = next((each[0] for each in grades if each[0]), None), True
        related = all(isinstance(each.data, Phrase) and each.data.related for each in every)
        return Bound(
            row, fit, head, every, value, start, end,
            arm=arm, arm_open=open_, arm_unsaid=unsaid and arm is None and not open_ and value.letter != "0",
            grade=grade, grade_open=grade_open, related=related, time=times[0] if times else None, of=of,
            serious=header is not None and header.data.label == "serious adverse event",
        )  # fmt: skip

    if fit.name == "times":
        return _timed(row, fit, heads[0], values, one, called, beside)
    if len(times) > 1:
        return []
    if len(heads) == len(values) == 1 and _each_arm(row, fit):
        return [one(heads[0], values[0], arm) for arm in range(arms)] if arms > 1 else []
    if len(heads) == 1:
        if len(values) == 1:
            arm = beside.get(0)
            if arm is None and len(called) == 1:
                arm = called[0]
            if arm is None and len(called) > 1:
                return []
            return [one(heads[0], values[0], arm)]
        if len(beside) == len(values):
            if len(set(beside.values())) < len(values):
                return []
            return [one(heads[0], value, beside[index]) for index, value in enumerate(values)]
        if len(called) == len(values) and len(set(called)) == len(called):
            return [one(heads[0], value, arm) for value, arm in zip(values, called, strict=True)]
        if len(called) == 1 and len(values) == arms == 2 and _against(row, fit) and _compared(row, fit):
            return [one(heads[0], values[0], called[0]), one(heads[0], values[1], 1 - called[0])]
        if not called and len(values) == arms == 2 and (_against(row, fit) or _in_order(row, fit)):
            return [one(heads[0], value, open_=True) for value in values]
        return []
    if len(set(called)) > 1:
        return []
    arm = called[0] if called else None
    if len(values) == len(heads):
        return [one(head, value, arm) for head, value in zip(heads, values, strict=True)]
    if len(values) == 1 and fit.name != "bracket":
        return [one(heads[0], values[0], arm, together=True)]
    return []


def _timed(
    row: Row,
    fit: Fit,
    head: Item,
    values: list[Item],
    one: Callable[..., Bound],
    called: list[int],
    beside: dict[int, int],
) -> list[Bound]:
    """Pair several times with as many values: ``the 1- and 2-year survival was 60% and 32%``, in one arm."""
    span = fit.match.span("times")
    times = [item for item in row.items[slice(*span)] if item.letter in "nT"]
    unit = times[-1].data.unit
    if len(times) != len(values) or len(called) > 1 or len(set(beside.values())) > 1:
        return []
    found = []
    for time, value in zip(times, values, strict=True):
        said = time.data._replace(kind=NumberKind.TIME, unit=unit)
        found.append(one(head, value, called[0] if called else None)._replace(time=time._replace(data=said)))
    return found


def _values(row: Row, fit: Fit) -> list[Item]:
    """Give the values of a match that stand outside brackets."""
    inside = row.letters[slice(*fit.vals)]
    if fit.name == "arms_first":  # its values stand in brackets
        return [item for item in row.items[slice(*fit.vals)] if item.letter == "F"]
    wanted = _VALUE if fit.name == "median" else "F0" if "F" in inside or fit.name != "compare" else "Tn"
    depth, found = 0, []
    for item in row.items[slice(*fit.vals)]:
        if item.letter == "(":
            depth += 1
        elif item.letter == ")":
            depth = max(0, depth - 1)
        elif depth == 0 and item.letter in wanted:
            found.append(item)
    return found


def _arms(row: Row, fit: Fit, beside: bool) -> list[int] | None:
    """Give the arms called in the stretch of a match, each once, in their order; None where they contradict.

    In a list of events with numbers, an arm before the list ("in the X arm, …") or behind it ("… in the X arm") is
    the arm of every number of the list.
    """
    if fit.name == "compare":
        return [row.items[fit.match.start("one")].data, row.items[fit.match.start("two")].data]
    left, right = stretch(row, fit)
    found = [item.data for item in row.items[fit.start : fit.end] if item.letter == "A"]
    if found or beside:
        return list(dict.fromkeys(found))
    before, behind = row.letters[left : fit.start], row.letters[fit.end : right]
    if fit.name in {"bracket", "in", "chain"}:
        first = before.find("F")
        ahead = [
            item.data for item in row.items[left : left + (first if first >= 0 else len(before))] if item.letter == "A"
        ]
        after: list[int] = []
        for item in row.items[fit.end : right]:
            if item.letter == "A":
                after.append(item.data)
                break
            if item.letter not in _LIST_BEHIND:
                break
        both = list(dict.fromkeys([*ahead, *after]))
        if len(both) > 1 and "v" not in row.letters[slice(*fit.vals)]:
            return None if ahead and after else both
        return both
    if "F" not in before or not any(letter in before for letter in "HOBZ"):
        found = [item.data for item in row.items[left : fit.start] if item.letter == "A"]
    ends = [at for at in (behind.find("F"), behind.find("H"), behind.find("B")) if at >= 0]
    found += [item.data for item in row.items[fit.end : fit.end + min(ends, default=len(behind))] if item.letter == "A"]
    return list(dict.fromkeys(found))


_LIST_BEHIND = frozenset("E(),aFPI=Gipo-x")


def _beside(row: Row, fit: Fit, values: list[Item]) -> dict[int, int]:
    """Give the arm that stands right behind a value, or in brackets behind it, by the value's index."""
    found: dict[int, int] = {}
    position = {id(item): at for at, item in enumerate(row.items[: fit.end])}
    for index, value in enumerate(values):
        if isinstance(value.data, Figure) and value.data.arm is not None:
            found[index] = value.data.arm
            continue
        if fit.name in {"arms_bracket", "arms_first"}:
            before = [item.data for item in row.items[fit.vals[0] : position[id(value)]] if item.letter == "A"]
            found[index] = before[-1]
            continue
        at = position[id(value)] + 1
        stop = position[id(values[index + 1])] if index + 1 < len(values) else fit.end
        between = row.items[at:stop]
        called = [item for item in between if item.letter == "A"]
        if len(called) == 1 and not any(item.letter in "va;" for item in between[: between.index(called[0])]):
            found[index] = called[0].data
    return found


def _each_arm(row: Row, fit: Fit) -> bool:
    """Say whether a value is said of each arm: ``41% in both arms``."""
    return "Y" in row.letters[fit.vals[0] : fit.vals[1]] or row.letters[fit.end : fit.end + 2] == "iY"


def _compared(row: Row, fit: Fit) -> bool:
    """Say whether an arm is the subject that had more or less: ``X had a higher rate of nausea (12% v 5%)``."""
    left, _ = stretch(row, fit)
    before = row.letters[left : fit.start]
    return re.search(r"A[^AF]*[HB]?[^AF]*m(?:ro?)?$", before) is not None


def _against(row: Row, fit: Fit) -> bool:
    return "v" in row.letters[slice(*fit.vals)]


def _in_order(row: Row, fit: Fit) -> bool:
    """Say whether values are told "respectively", and nothing but the arms is there to follow: no times or phases."""
    left, right = stretch(row, fit)
    letters = row.letters[left:right]
    return "y" in letters and not any(letter in letters for letter in "TDWVX")


def figure_of(item: Item) -> Figure | None:
    """Give the figure of an item; "no" and "none" count nobody."""
    if item.letter == "0":
        return Figure(people=0, start=item.start, end=item.end)
    return item.data if isinstance(item.data, Figure) else None
