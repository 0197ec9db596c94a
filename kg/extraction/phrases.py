"""What a sentence is made of once its words are joined: figures, grades, things with their words; a letter for each."""

from decimal import Decimal
from typing import Any, NamedTuple

from picograph.kg.extraction.numbers import Mention, NumberKind
from picograph.kg.extraction.page import Line

LETTERS = {
    "F": "a figure: participants, as count, of how many, per cent",
    "n": "a number that says nothing more",
    "T": "a time: 2 years",
    "L": "an amount with a unit",
    "g": "a range",
    "I": "a confidence interval",
    "C": "a ratio: hazard, odds, risk",
    "P": "a p value",
    "V": "a mean with its spread",
    "G": "a grade that stands apart",
    "E": "an event or an outcome that people have or have not",
    "S": "an outcome that is a time to an event",
    "Q": "something measured",
    "K": "a scale, perhaps with a level",
    "N": "a condition",
    "X": "a treatment",
    "A": "an arm",
    "Y": "each of the arms",
    "y": "respectively",
    "R": "range, quartiles",
    "H": "a verb between people and what they have",
    "O": "a verb between an event and those who have it",
    "J": "a verb before a list",
    "Z": "a verb of the participant flow",
    "r": "rate, incidence, proportion",
    "D": "a phase of treatment",
    "W": "an occasion: at the initial assessment",
    "B": "was, were",
    "p": "people",
    "0": "no, none",
    "M": "median",
    "U": "mean",
    "x": "another word",
}


class Grade(NamedTuple):
    """A grade as printed, with its limits."""

    low: int | None
    high: int | None
    start: int
    end: int
    behind: bool  # it stands behind its noun


class Figure(NamedTuple):
    """Participants: a count, of how many, a per cent; each as far as it stands in the text."""

    people: int | None = None
    denominator: int | None = None
    percent: Decimal | None = None
    start: int = -1
    end: int = -1
    everyone: bool = False  # all patients
    sign: str = "="
    interval: Mention | None = None
    arm: int | None = None  # called between its numbers: one NET patient (1.2%)


class Phrase(NamedTuple):
    """A thing with its words, without its grade and its attribution."""

    kind: str
    label: str  # the name that the lexicon has for it
    words: str  # as printed, without grade and attribution
    start: int
    end: int
    grade: Grade | None = None
    related: bool = False  # the text attributes it to treatment
    level: str = ""  # of a scale
    level_end: int = -1


class Item(NamedTuple):
    """A phrase, a number or a word of a sentence."""

    letter: str
    first: int  # its tokens
    last: int
    start: int  # its characters
    end: int
    data: Any = None


class Row(NamedTuple):
    """The items of a sentence, and their letters in a string."""

    line: Line
    items: list[Item]
    letters: str
    folded: str = ""  # the whole text, signs in one spelling


FIGURE_KINDS = frozenset({NumberKind.COUNT, NumberKind.DENOMINATOR, NumberKind.PERCENT, NumberKind.GROUP_SIZE})


def figures_of(folded: str, line: Line) -> dict[int, tuple[int, Figure]]:
    """Give the figures of a sentence by their first token, each with the token behind it."""
    found: dict[int, tuple[int, Figure]] = {}
    clusters: dict[int, list[Mention]] = {}
    for mention in line.mentions:
        if mention.kind in FIGURE_KINDS:
            clusters.setdefault(mention.cluster, []).append(mention)
    for members in clusters.values():
        values: dict[str, Any] = {"sign": members[0].sign}
        good = True
        for mention in members:
            name = {
                NumberKind.COUNT: "people",
                NumberKind.GROUP_SIZE: "people",
                NumberKind.DENOMINATOR: "denominator",
            }.get(mention.kind, "percent")
            value = mention.value
            if value is None or value < 0 or (name != "percent" and value != int(value)) or name in values:
                good = False
                break
            if name == "percent" and value > 100:
                good = False
                break
            values[name] = value if name == "percent" else int(value)
        if not good:
            continue
        first, last = min(each.first for each in members), max(each.last for each in members)
        tokens = line.tokens
        if first and tokens[first - 1].word in {"than", "least", "most"} and values["sign"] == "=":
            values["sign"] = "<" if tokens[first - 1].word == "most" else ">"
        opened = sum(token.sort == "(" for token in tokens[first:last]) - sum(
            token.sort == ")" for token in tokens[first:last]
        )
        behind = last
        if opened > 0:  # take in the closing bracket, with an interval or a p value inside it
            at = last
            while at < len(tokens) and at < last + 14 and tokens[at].sort != ")":
                at += 1
            if at < len(tokens) and tokens[at].sort == ")":
                inside = [each for each in line.mentions if last <= each.first < at]
                people = all(token.sort in "pxd" for token in tokens[last:at])
                if all(each.kind in {NumberKind.INTERVAL, NumberKind.P} for each in inside) and (inside or people):
                    interval = next((each for each in inside if each.kind is NumberKind.INTERVAL), None)
                    values["interval"] = interval
                    behind = at + 1
        start = min(each.start for each in members)
        end = max(each.end for each in members)
        while behind > last and tokens[behind - 1].sort == ")" and end < tokens[behind - 1].end:
            end = tokens[behind - 1].end
        found[first] = (behind, Figure(start=start, end=end, **values))
    return found
