"""What each number of an abstract is: a count, a per cent, a mean, a size of a group…, or no result at all.

Numbers of an abstract are one sequence of a conditional random field. The features are the words and signs around a
number, what the grammar of numbers says of it, what the words near it were taken for, and arithmetic: whether it is
a share of another number, a sum of two, the largest.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from picograph.kg.extraction.model.clusters import classes_of
from picograph.kg.extraction.model.words import Text
from picograph.kg.extraction.page import Page

_CUES_WORDS = """
    median mean average total randomized randomised randomly assigned allocated enrolled recruited included
    eligible evaluable patients women age aged years months p ci hr range sd grade received respectively versus
    compared than score scores baseline week dose mg rate rates survival response incidence group groups arm arms
    reduction increase difference change ratio n completed analyzed
"""
_CUES = frozenset(_CUES_WORDS.split())
_STEPS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)
_TOLD = ("outcome", "planned outcome", "eligibility", "age", "experimental treatment", "comparator treatment")
_SHARE = 0.6  # per cent: how far a printed per cent may lie from the share


class Number(NamedTuple):
    """A number in the row of an abstract's words."""

    at: int  # its place in the row
    line: int
    value: float
    start: int  # characters, with sign and unit
    end: int
    percent: bool


class Kind(NamedTuple):
    """What the grammar of numbers says of a number."""

    name: str = "none"
    sign: str = "="
    company: str = ""  # the kinds of the numbers that say one thing with it


def numbers_of(page: Page, text: Text) -> list[Number]:
    """Give the numbers of an abstract, each with the characters that say it: sign, digits, per cent or unit of time."""
    found = []
    tokens = text.tokens
    for at, token in enumerate(tokens):
        if token.sort != "n" or token.value is None:
            continue
        start, end, line = token.start, token.end, text.lines[at]
        if start and page.folded[start - 1] in "-−–" and (start < 2 or page.folded[start - 2] in " ("):
            start -= 1
        follows = tokens[at + 1] if at + 1 < len(tokens) and text.lines[at + 1] == line else None
        if follows is not None and follows.sort in "%T":
            end = follows.end
        found.append(Number(at, line, float(token.value), start, end, follows is not None and follows.sort == "%"))
    return found


def kinds_of(page: Page, text: Text) -> dict[int, Kind]:
    """Give what the grammar says of the number at each place in the row."""
    found: dict[int, Kind] = {}
    first = 0
    for line in page.lines:
        company: dict[int, list[str]] = {}
        for mention in line.mentions:
            if mention.cluster >= 0:
                company.setdefault(mention.cluster, []).append(mention.kind.name)
        for mention in line.mentions:
            others = list(company.get(mention.cluster, ()))
            if others:
                others.remove(mention.kind.name)
            kind = Kind(mention.kind.name, mention.sign, ",".join(sorted(others)))
            for index in range(mention.first, mention.last):
                if line.tokens[index].sort == "n":
                    found.setdefault(first + index, kind)
        first += len(line.tokens)
    return found


@lru_cache(maxsize=4096)
def _step(value: float) -> str:
    return next((str(step) for step in _STEPS if value <= step), "big")


class _Sums(NamedTuple):
    """What arithmetic says over all numbers of an abstract."""

    whole: frozenset[float]  # whole numbers of 2 and more that are no per cents
    largest: float
    first: float  # of 20 and more
    counts: Counter[float]


def _sums(numbers: Sequence[Number]) -> _Sums:
    row = [each.value for each in numbers if each.value.is_integer() and each.value >= 2 and not each.percent]
    return _Sums(
        frozenset(row),
        max(row, default=0),
        next((value for value in row if value >= 20), 0),
        Counter(each.value for each in numbers),
    )


def number_features(
    page: Page, text: Text, numbers: Sequence[Number], told: Mapping[str, Sequence[float]]
) -> list[list[str]]:
    """Give the features of every number.

    :param told: for a label of words, how probable it is at each place of the row
    """
    said = words_said(text, numbers)
    rows = zip(numbers, own_features(page, text, numbers, told), strict=True)
    return [[*own, *said[number.line]] for number, own in rows]


def words_said(text: Text, numbers: Sequence[Number]) -> dict[int, list[str]]:
    """Give the features that all numbers of a sentence have: its words."""
    inside = {each.line for each in numbers}
    said: dict[int, dict[str, None]] = {line: {} for line in inside}
    for word, line in zip(text.words, text.lines, strict=True):
        if line in inside and len(word) > 2:
            said[line][f"S={word}"] = None
    return {line: list(words) for line, words in said.items()}


def own_features(
    page: Page, text: Text, numbers: Sequence[Number], told: Mapping[str, Sequence[float]]
) -> list[list[str]]:
    """Give the features of every number but the words of its sentence, which `words_said` gives."""
    kinds = kinds_of(page, text)
    sums = _sums(numbers)
    bounds: dict[int, tuple[int, int]] = {}
    for at, line in enumerate(text.lines):
        bounds[line] = (bounds[line][0] if line in bounds else at, at)
    inside = Counter(each.line for each in numbers)
    told_lines = {
        label: {line: max(told[label][low : high + 1]) for line, (low, high) in bounds.items() if inside[line]}
        for label in _TOLD
        if label in told
    }
    found = []
    for index, number in enumerate(numbers):
        low, high = bounds[number.line]
        before = numbers[index - 1] if index and numbers[index - 1].line == number.line else None
        after = numbers[index + 1] if index + 1 < len(numbers) and numbers[index + 1].line == number.line else None
        features = ["b"]
        features += _value(page, text, number)
        features += _around(text, number, low, high)
        features += _between(text, number, before, after, low, high)
        features += _brackets(text, number.at, low, high)
        features += _grammar(text, kinds, number, before, after)
        features += _arithmetic(numbers, number, sums)
        features.append(f"nin={min(8, inside[number.line])}")
        features.append(f"sp={6 * number.line // max(1, len(text.sections) - 1)}")
        for label, lines in told_lines.items():
            row = told[label]
            left = max(row[max(low, number.at - 10) : number.at], default=0.0)
            right = max(row[number.at + 1 : min(high, number.at + 10) + 1], default=0.0)
            features += (
                f"m{label}={round(4 * row[number.at])}",
                f"ml{label}={round(3 * left)}",
                f"mr{label}={round(3 * right)}",
                f"ms{label}={round(3 * lines[number.line])}",
            )
        found.append(list(dict.fromkeys(features)))
    return found


def _value(page: Page, text: Text, number: Number) -> list[str]:
    word = text.tokens[number.at].word
    decimal = "." in word
    follows = text.words[number.at + 1] if number.at + 1 < len(text.words) else "_"
    found = [
        f"val={_step(number.value)}",
        f"val|r={_step(number.value)}|{follows}",
        f"dec={decimal}",
        f"pct={number.percent}",
    ]
    if word[0].isalpha():
        found.append("word")
    if decimal:
        found.append(f"dp={min(3, len(word.rpartition('.')[2]))}")
        if number.value < 1:
            found.append("lt1")
    elif 1900 <= number.value <= 2035 and "," not in word:
        found.append("year")
    if number.line == 0:
        found.append("title")
    section = page.lines[number.line].section
    found.append(f"sec={section}")
    return found


def _around(text: Text, number: Number, low: int, high: int) -> list[str]:
    at, words = number.at, text.words

    def word(place: int) -> str:
        return words[place] if low <= place <= high else "_"

    def sort(place: int) -> str:
        return text.tokens[place].sort if low <= place <= high else "_"

    w = {offset: word(at + offset) for offset in (-4, -3, -2, -1, 1, 2, 3, 4)}
    left = "".join(sort(at - offset) for offset in (4, 3, 2, 1))
    right = "".join(sort(at + offset) for offset in (1, 2, 3, 4))
    found = [f"w{offset}={each}" for offset, each in w.items()]
    found += (
        f"bl={w[-2]} {w[-1]}",
        f"br={w[1]} {w[2]}",
        f"lr={w[-1]} {w[1]}",
        f"tl={w[-3]} {w[-2]} {w[-1]}",
        f"tr={w[1]} {w[2]} {w[3]}",
        f"sl2={left[2:]}",
        f"sl3={left[1:]}",
        f"sl4={left}",
        f"sr2={right[:2]}",
        f"sr3={right[:3]}",
        f"sr4={right}",
        f"slr={left[2:]}#{right[:2]}",
        f"slr3={left[1:]}#{right[:3]}",
    )
    for place in range(max(low, at - 14), at):
        if words[place] in _CUES:
            found.append(f"cl={words[place]}")
            if at - place <= 5:
                found.append(f"cl5={words[place]}")
    for place in range(at + 1, min(high, at + 12) + 1):
        if words[place] in _CUES:
            found.append(f"cr={words[place]}")
            if place - at <= 5:
                found.append(f"cr5={words[place]}")
    classes = {offset: classes_of(each) for offset, each in w.items() if each != "_" and abs(offset) < 4}
    for offset, kind in classes.items():
        found += (f"c{offset}={kind.coarse}", f"d{offset}={kind.middle}")
    if -1 in classes and 1 in classes:
        found.append(f"clr={classes[-1].middle}|{classes[1].middle}")
    nearest = 0
    for place in range(at - 1, low - 1, -1):
        kind = classes_of(words[place])
        if kind.middle[0] == "b" and len(words[place]) > 3:
            found += (f"nl{nearest}={kind.middle}", f"nlc={kind.coarse}")
            nearest += 1
            if nearest == 4:
                break
    return found


def _between(text: Text, number: Number, before: Number | None, after: Number | None, low: int, high: int) -> list[str]:
    """Say what stands between a number and the ones beside it in the sentence."""
    found = []
    for name, one, two in (("p", before, number), ("n", number, after)):
        if one is None or two is None:
            found.append(f"{name}-none")
            if name == "p":
                found += [f"fw={text.words[place]}" for place in range(low, number.at)]
            continue
        places = range(one.at + 1, two.at)
        words = [text.tokens[place].word for place in places]
        found.append(f"{name}bet={' '.join(words) if len(words) <= 6 else 'long'}")
        found.append(f"{name}bs={''.join(text.tokens[place].sort for place in places) if len(words) <= 8 else 'long'}")
        found += [f"{name}w={word}" for word in words]
    if before is not None:
        found.append("pv=" + ("lt" if before.value < number.value else "gt" if before.value > number.value else "eq"))
    return found


def _brackets(text: Text, at: int, low: int, high: int) -> list[str]:
    depth = 0
    for place in range(at - 1, low - 1, -1):
        sort = text.tokens[place].sort
        if sort == ")":
            depth += 1
        elif sort == "(":
            if not depth:
                words = [text.words[near] if low <= near <= high else "_" for near in range(place - 2, place + 3)]
                before = text.tokens[place - 1].sort if place > low else "_"
                return [
                    "inpar",
                    f"par1={words[3]} {words[4]}",
                    f"parb={words[1]}",
                    f"parps={before}",
                    f"parpos={min(5, at - place)}",
                    f"parbb={words[0]} {words[1]}",
                ]
            depth -= 1
    return []


def _grammar(
    text: Text, kinds: Mapping[int, Kind], number: Number, before: Number | None, after: Number | None
) -> list[str]:
    kind = kinds.get(number.at, Kind())
    found = [
        f"rk={kind.name}",
        f"rk|s={kind.name}|{text.sections[number.line]}",
        f"rc={kind.company}",
        f"rkc={kind.name}|{kind.company}",
    ]
    if kind.sign != "=":
        found.append(f"sign={kind.sign}")
    for name, other in (("-", before), ("+", after)):
        if other is not None:
            near = kinds.get(other.at, Kind()).name
            found += (f"rk{name}={near}", f"rkk{name}={kind.name}{near}")
    return found


def _arithmetic(numbers: Sequence[Number], number: Number, sums: _Sums) -> list[str]:
    value, whole = number.value, sums.whole
    found = []
    if number.percent:
        if any(
            100 * one / two - value <= 0.06 and value - 100 * one / two <= 0.06
            for two in whole
            if two > 10
            for one in whole
            if one < two
        ):
            found.append("pfrac")
        return found
    if not value.is_integer() or value < 2:
        return found
    if sums.counts[value] > 1:
        found.append("again")
    if value == sums.largest:
        found.append("max")
    else:
        found.append("haslarger")
    if value == sums.first:
        found.append("firstbig")
    if any(value - part in whole and part != value and value - part > 1 for part in whole):
        found.append("sum")
    if value > 20:
        if any(part > 10 and 0.3 < part / value < 0.7 and value - part in whole for part in whole):
            found.append("sumhalf")
        if any(part > 10 and value + part in whole for part in whole):
            found.append("addend")
    if value > 5 and any(abs(2 * value - other) <= max(2, 0.06 * other) for other in whole):
        found.append("half")
    for other in numbers:
        if other.percent and other.line == number.line and abs(other.at - number.at) <= 8:
            if any(larger > value and abs(100 * value / larger - other.value) <= _SHARE for larger in whole):
                found += ("frac", f"frac@{max(-4, min(4, other.at - number.at))}")
            if value > 10 and any(part < value and abs(100 * part / value - other.value) <= _SHARE for part in whole):
                found.append("denom")
    return found
