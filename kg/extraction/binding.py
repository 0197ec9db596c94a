"""Which number says what of whom: the heads and the values of a fitting pattern, paired by written rules.

The rules, in the order in which they are tried; `docs/explanation.md` tells them with examples:

1. As many values as heads, and no arms: the first value belongs to the first head, and so on ("respectively").
2. One head, and as many values as arms called in the same stretch: the first value belongs to the first arm. An arm
   right behind a value ("12% in the placebo arm") takes that value whatever the order.
3. One value behind several heads: it is about all of them together, under their words as printed.
4. Two values joined by "versus", and no arm in the stretch: each belongs to one of the two arms, which one is open.
5. Anything else is left alone.

A grade governs the noun that it stands beside. In a list it is open whether it governs its neighbours too, and both
readings are kept, except where every noun has its own, or where the grade belongs to a word for them all ("grade 3
adverse events were…").
"""

from typing import NamedTuple

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
    grade: Grade | None = None
    grade_open: bool = False
    related: bool = False
    time: Item | None = None
    unit: str = ""  # of an amount


_HEAD = "ESQZ"
_VALUE = "FTLn0"
_STOPPED = frozenset(".,;)DWavky:")


def bound_of(row: Row, fit: Fit, arms: int) -> list[Bound]:
    """Pair the heads of a pattern with its values.

    :param arms: how many arms the study has; 1 where it compares nothing
    """
    heads = [item for item in row.items[slice(*fit.heads)] if item.letter in _HEAD]
    values = _values(row, fit)
    if not heads or not values or _restricted(row, fit) or _negated(row, fit):
        return []
    called = _arms(row, fit)
    beside = _beside(row, fit, values)
    times = [item for item in row.items[fit.start : fit.end] if item.letter == "T" and item not in values]
    grades = scope_of(row, fit, heads)
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
            row, fit, head, every, value, start, end, arm, open_, grade, grade_open, related,
            times[0] if len(times) == 1 else None,
        )  # fmt: skip

    if len(times) > 1:
        return []
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
        if not called and len(values) == arms == 2 and _against(row, fit):
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


def _values(row: Row, fit: Fit) -> list[Item]:
    """Give the values of a match that stand outside brackets."""
    inside = row.letters[slice(*fit.vals)]
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


def _stretch(row: Row, fit: Fit) -> tuple[int, int]:
    """Give the clause around a match: from the semicolon before it to the one behind it."""
    letters = row.letters
    left = max(letters.rfind(";", 0, fit.start), letters.rfind(":", 0, fit.start)) + 1
    right = letters.find(";", fit.end)
    return left, right if right >= 0 else len(letters)


def _arms(row: Row, fit: Fit) -> list[int]:
    """Give the arms called in the stretch of a match, each once, in their order."""
    if fit.name == "compare":
        return [row.items[fit.match.start("one")].data, row.items[fit.match.start("two")].data]
    left, right = _stretch(row, fit)
    # another match in the same clause has its own arms
    found = [item.data for item in row.items[fit.start : fit.end] if item.letter == "A"]
    if not found:
        before = row.letters[left : fit.start]
        if "F" not in before:
            found = [item.data for item in row.items[left : fit.start] if item.letter == "A"]
        behind = row.letters[fit.end : right]
        stop = min(
            (at for at in (behind.find("F"), behind.find("H"), behind.find("B")) if at >= 0), default=len(behind)
        )
        found += [item.data for item in row.items[fit.end : fit.end + stop] if item.letter == "A"]
    return list(dict.fromkeys(found))


def _beside(row: Row, fit: Fit, values: list[Item]) -> dict[int, int]:
    """Give the arm that stands right behind a value, or in brackets behind it, by the value's index."""
    found: dict[int, int] = {}
    position = {id(item): at for at, item in enumerate(row.items[: fit.end])}
    for index, value in enumerate(values):
        at = position[id(value)] + 1
        stop = position[id(values[index + 1])] if index + 1 < len(values) else fit.end
        between = row.items[at:stop]
        called = [item for item in between if item.letter == "A"]
        if len(called) == 1 and not any(item.letter in "va;" for item in between[: between.index(called[0])]):
            found[index] = called[0].data
    return found


def _against(row: Row, fit: Fit) -> bool:
    return "v" in row.letters[slice(*fit.vals)]


_ALLOWED_BEHIND = frozenset(".,;)DWay:v")


def _restricted(row: Row, fit: Fit) -> bool:
    """Say whether words around a match narrow whom it is about, in a way that is not understood.

    ``12% of patients receiving X`` where X is no arm; ``in patients with Y, survival was 40%``.
    """
    letters = row.letters
    left, _ = _stretch(row, fit)
    before = letters[left : fit.start]
    if fit.name == "flow":
        return before[:1] in {"i", "f"} and "p" in before
    if "p" in before or "N" in before:
        # people named before the match, who are not the subject of another verb
        head = before.split("F")[0] if "F" in before else before
        if head[:1] in {"i", "f", "x", "p", "w", "b"} and "p" in head and not _of_some(before):
            return True
    behind = letters[fit.end : fit.end + 2]
    if not behind or behind[0] in _ALLOWED_BEHIND:
        if behind[:1] == "a" and behind[1:2] in {"F", "n"} and fit.name in {"occur", "be", "in"}:
            return True  # a second value that was not understood
        return behind[:1] == "v"
    if behind in {"iT", "iA", "iD", "iW"} or (behind[0] in "iw" and fit.name in {"bracket"}):
        return False
    return behind[0] in "iwfoxpbtXNQKcm-/(nTL" and fit.name != "bracket"


def _of_some(before: str) -> bool:
    """Say whether a clause begins with "of the 38 evaluable patients": that is a denominator."""
    return before.startswith(("oF", "oxF", "on"))


def _negated(row: Row, fit: Fit) -> bool:
    """Say whether the verb is denied: did not have, without."""
    if fit.start and row.letters[fit.start - 1] == "0":
        return fit.name not in {"none", "none_have", "none_be"}
    return False


def scope_of(row: Row, fit: Fit, heads: list[Item]) -> list[tuple[Grade | None, bool]]:
    """Give the grade of each head, and whether it is open.

    A head's own grade is certain. Beside it in the list, a head without a grade is open, except in front of a grade
    that stands before its own noun ("nausea and grade 3 vomiting").
    """
    own = [head.data.grade if isinstance(head.data, Phrase) else None for head in heads]
    header = _header(row, fit)
    if header is not None:
        return [(grade or header, False) for grade in own]
    if not any(own):
        return [(None, False)] * len(own)
    found: list[tuple[Grade | None, bool]] = []
    for index, grade in enumerate(own):
        if grade is not None:
            found.append((grade, False))
            continue
        before = next((each for each in reversed(own[:index]) if each), None)
        after = next((each for each in own[index + 1 :] if each), None)
        if before is not None:
            found.append((before, True))
        elif after is not None and after.behind:
            found.append((after, True))
        else:
            found.append((None, False))
    return found


_GENERAL = frozenset({"adverse event", "toxicity", "serious adverse event", "complication", "myelosuppression"})


def _header(row: Row, fit: Fit) -> Grade | None:
    """Give the grade of the general word that a list belongs to: ``grade 3 toxicities were nausea (12%)…``."""
    if fit.name not in {"bracket", "in"}:
        return None
    left, _ = _stretch(row, fit)
    left = 0 if row.letters[left - 1 : left] == ":" else left
    for at in range(fit.start - 1, left - 1, -1):
        item = row.items[at]
        if item.letter == "E" and isinstance(item.data, Phrase) and item.data.label in _GENERAL:
            between = row.letters[at + 1 : fit.start]
            if between[:1] and any(letter in between for letter in "BJ:O") and "H" not in between:
                return item.data.grade
            return None
    return None


def figure_of(item: Item) -> Figure | None:
    """Give the figure of an item; "no" and "none" count nobody."""
    if item.letter == "0":
        return Figure(people=0, start=item.start, end=item.end)
    return item.data if isinstance(item.data, Figure) else None
