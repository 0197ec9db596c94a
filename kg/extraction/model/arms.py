"""The names of the arms of a study in its abstract, and what tells which of them the experimental arm has.

What tells a name's side is gathered over the whole abstract: what the words model took it for, the words beside it,
title and order, whether it is another name with something added. A logistic regression weighs it (`side_of`).
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from picograph.kg.extraction.abbreviations import short_forms
from picograph.kg.extraction.arm_words import ArmFinder, with_aliases
from picograph.kg.extraction.arms import ArmName, find_arms
from picograph.kg.extraction.lexicon import hits_of
from picograph.kg.extraction.model.names import GROUP, places_of
from picograph.kg.extraction.model.words import Text
from picograph.kg.extraction.page import Page

# How strongly a word says that it names the experimental arm (above 0) or its comparator (below).
LEANING: Mapping[str, float] = {
    "control": -2.5,
    "controls": -2.5,
    "placebo": -3,
    "sham": -2.5,
    "usual": -2,
    "standard": -1.5,
    "conventional": -1.5,
    "observation": -1.5,
    "alone": -1.5,
    "untreated": -2,
    "monotherapy": -0.7,
    "without": -1,
    "no": -1,
    "waiting": -2,
    "wait": -2,
    "waitlist": -2,
    "routine": -1,
    "attention": -1,
    "delayed": -1,
    "saline": -1.5,
    "reference": -1.5,
    "originator": -1.5,
    "experimental": 2.5,
    "intervention": 2.5,
    "investigational": 1.5,
    "plus": 0.5,
    "combination": 0.8,
    "novel": 1,
    "new": 1,
    "biosimilar": 1.5,
    "@a": 0.5,
    "@1": 0.5,
    "@i": 0.5,
    "@b": -0.3,
    "@2": -0.3,
    "@ii": -0.3,
    "@c": -0.5,
    "@3": -0.5,
}
_BESIDE = frozenset(
    [
        *LEANING,
        *[
            "(",
            ")",
            "+",
            "or",
            "the",
            "with",
            "followed",
            "group",
            "arm",
            "patients",
            "care",
            "low",
            "high",
            "single",
            "addition",
            "adding",
        ],
    ]
)
_PLAUSIBLE = 0.25  # what a word must gather to be taken for a name of an arm


class Name(NamedTuple):
    """A name of an arm with what tells its side."""

    word: str
    places: tuple[int, ...]  # in the row of words: the last word of each place
    strong: bool  # it stands before or behind "group" or "arm", or says the part of the arm itself
    features: dict[str, float]


class Arms(NamedTuple):
    """The names of an abstract."""

    names: dict[str, Name]
    at: list[str]  # for each place in the row, the name that ends there, or an empty text
    begin: dict[int, int]  # where a name of several words begins, by its last place


_SELF_WORDS = """
    control placebo experimental intervention observation
"""
_SELF = frozenset(_SELF_WORDS.split())


def arms_of(page: Page, text: Text, told: Mapping[str, Sequence[float]], *, rules: bool = True) -> Arms:
    """Find the names of the arms.

    :param told: for each label of words, how probable it is at each place of the row
    :param rules: whether the arms that the rules find are names too
    """
    at, begin = places_of(page, text)
    listed = listed_arms(page) if rules else []
    _call(page, listed, at, begin)
    nothing = [0.0] * len(at)
    ours = list(told.get("experimental treatment", nothing))
    theirs = list(told.get("comparator treatment", nothing))
    for last, first in begin.items():
        ours[last], theirs[last] = max(ours[first : last + 1]), max(theirs[first : last + 1])
    places: dict[str, list[int]] = {}
    for place, word in enumerate(at):
        if word:
            places.setdefault(word, []).append(place)
    view = _View(page, text, ours, theirs)
    found: dict[str, Name] = {}
    for word, where in places.items():
        features, weight = view.describe(word, where)
        if weight >= _PLAUSIBLE:
            strong = features["grp"] > 0 or word[0] in "@#" or word in _SELF
            found[word] = Name(word, tuple(where), strong, features)
    _compare(view, found)
    controls = [arm.control for arm in listed]
    for word, name in found.items():
        if word[0] == "#" and any(controls):
            name.features["prior"] += -2.5 if controls[int(word[1:])] else 1.5
    return Arms(found, at, begin)


def listed_arms(page: Page) -> list[ArmName]:
    """Give the arms that the rules find, if they find more than one."""
    shorts = short_forms(page.folded)
    arms = find_arms(page, [hits_of(page.folded, line.tokens, shorts) for line in page.lines])
    return with_aliases(page, arms, shorts) if len(arms) > 1 else []


def _call(page: Page, listed: Sequence[ArmName], at: list[str], begin: dict[int, int]) -> None:
    """Count what calls an arm that the rules found as a name of its own: ``#0`` for the first."""
    finder = ArmFinder(listed)
    base = 0
    for line in page.lines:
        for hit in finder.hits(line.tokens):
            last = hit.last - 1
            while last > hit.first and line.tokens[last].word in GROUP:
                last -= 1
            first, last = base + hit.first, base + last
            at[first : last + 1] = [""] * (last + 1 - first)
            at[last] = f"#{hit.arm}"
            begin.pop(last, None)
            if first < last:
                begin[last] = first
        base += len(line.tokens)


class _View:
    """An abstract as the description of names needs it."""

    def __init__(self, page: Page, text: Text, ours: Sequence[float], theirs: Sequence[float]) -> None:
        self.page, self.text, self.ours, self.theirs = page, text, ours, theirs
        self.title = sum(line == 0 for line in text.lines)
        self.last = text.lines[-1] if text.lines else 0
        self.turn = next((at for at in range(self.title) if text.tokens[at].sort == "v"), None)  # "versus" in the title

    def row(self, place: int, low: int, high: int) -> range:
        """Give the places from ``low`` to ``high`` beside one, inside its sentence."""
        lines = self.text.lines
        step = 1 if low > 0 else -1
        stop = place + low
        while 0 <= stop < len(lines) and lines[stop] == lines[place] and (stop - place) * step <= high * step:
            stop += step
        return range(place + low, stop, step)

    def describe(self, word: str, where: Sequence[int]) -> tuple[dict[str, float], float]:
        """Gather what tells the side of a name, and how plausible it is as one."""
        tokens, size = self.text.tokens, len(where)
        ours, theirs = sum(self.ours[at] for at in where), sum(self.theirs[at] for at in where)
        found: Counter[str] = Counter()
        ahead, behind, leaning = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0, 0.0]
        groups = 0
        for number, at in enumerate(where):
            after = [tokens[place].word for place in self.row(at, 1, 2)]
            before = [tokens[place].word for place in self.row(at, -1, -2)]
            groups += after[:1] != [] and (
                after[0] in GROUP or (after[0] == "-" and after[1:] != [] and after[1] in GROUP)
            )
            for name, beside in (("n+", after), ("n-", before)):
                for each in beside:
                    if each in _BESIDE:
                        found[name + each] += 1
            found["vb"] += self._versus(self.row(at, 1, 6))
            found["va"] += self._versus(self.row(at, -1, -6))
            for place in self.row(at, 1, 9):
                ahead[0], ahead[1] = ahead[0] + self.ours[place], ahead[1] + self.theirs[place]
            for place in self.row(at, -1, -9):
                behind[0], behind[1] = behind[0] + self.ours[place], behind[1] + self.theirs[place]
            found["nn"] += any(tokens[place].word == "n" for place in self.row(at, 1, 11))
            if number < 4:  # what stands behind or before the first mentions defines the name
                for place in self._phrase(self.row(at, 1, 8)):
                    leaning[0] += LEANING.get(tokens[place].word, 0) * (1 if place - at < 7 else 0.5)
                    leaning[1] += self.ours[place] - self.theirs[place]
                for place in self._phrase(self.row(at, -1, -7)):
                    leaning[2] += LEANING.get(tokens[place].word, 0)
            if self.text.lines[at] >= self.last - 1:
                found["concl"] += 1
                if at < 5 or self.text.lines[at - 4] != self.text.lines[at]:
                    found["conclfirst"] = 1
        versus = (found["vb"] + found["va"]) * 0.2
        features: dict[str, float] = {
            name: count if name == "conclfirst" else min(count, 2) / 2 if name == "nn" else count / size
            for name, count in found.items()
            if count
        }
        features |= {
            "mi": min(ours, 2),
            "mc": min(theirs, 2),
            "mlr": math.log((ours + 0.1) / (theirs + 0.1)),
            "mim": max(self.ours[at] for at in where),
            "mcm": max(self.theirs[at] for at in where),
            "grp": min(groups, 4) / 4,
            "grpfrac": groups / size,
            "cnt": min(size, 8) / 8,
            "vab": (found["vb"] - found["va"]) / size,
            "aft": math.log((ahead[0] + 0.1) / (ahead[1] + 0.1)),
            "bef": math.log((behind[0] + 0.1) / (behind[1] + 0.1)),
            "firstpos": where[0] / len(tokens),
            "dprior": max(-3, min(3, leaning[0])),
            "dmarg": max(-2, min(2, leaning[1])),
            "dprior_b": max(-3, min(3, leaning[2])),
            "prior": LEANING.get(word, 0),
            "comp": float("-" in word or "+" in word),
        }
        first = tokens[where[0]]
        printed = self.page.text[first.start : first.end]
        features["abbr"] = float(printed.isalpha() and printed.isupper())
        if where[0] < self.title:
            features["title"] = 1
            if self.turn is None:
                features["tnov"], features["tpos"] = 1, 1 - where[0] / self.title
            else:
                features["tbv" if where[0] < self.turn else "tav"] = 1
        if word in LEANING:
            features[f"lex:{word}"] = 1
        weight = ours + theirs + groups / 2 + (word[0] in "@#") + versus + (word in _SELF)
        return features, weight

    def _versus(self, row: range) -> bool:
        for place in row:
            sort = self.text.tokens[place].sort
            if sort in "vn":
                return sort == "v"
        return False

    def _phrase(self, row: range) -> list[int]:
        found = []
        for place in row:
            token = self.text.tokens[place]
            if token.sort in "vn;" or token.word in {")", "and", "or"}:
                break
            found.append(place)
        return found


def _compare(view: _View, names: Mapping[str, Name]) -> None:
    """Add to each name what only the other names tell: its rank, whether it is a part of another or more than it."""
    strong = [name for name in names.values() if name.strong]
    ranks = {word: rank for rank, word in enumerate(sorted(names, key=lambda word: names[word].places[0]))}
    order = {name.word: rank for rank, name in enumerate(sorted(strong, key=lambda name: name.places[0]))}
    bare = {word: re.sub(r"[^a-z0-9]", "", word.lstrip("@")) for word in names}
    controls = any(LEANING.get(word, 0) <= -2 for word in names)
    tested = any(LEANING.get(word, 0) >= 2 for word in names)
    for word, name in names.items():
        features, leaning = name.features, LEANING.get(word, 0)
        features["rank"] = ranks[word] / max(1, len(names) - 1)
        features["first"] = float(ranks[word] == 0)
        features["gorder"], features["ngrp"], features["tier"] = (
            order.get(word, -1),
            len(strong),
            1 if name.strong else 2,
        )
        features["hasctl"], features["hasexp"] = float(controls and leaning > -2), float(tested and leaning < 2)
        others = [each.features["mlr"] for each in strong if each.word != word]
        features["mlr_other"] = sum(others) / len(others) if others else 0
        features["mlr_rel"] = features["mlr"] - features["mlr_other"]
        same = [each for each in names.values() if each.strong == name.strong]
        features["share"] = len(name.places) / max(1, sum(len(each.places) for each in same))
        pieces = re.split(r"[-+/]", word)
        features["part"] = float(any(word in re.split(r"[-+/]", other) for other in names if other != word))
        features["whole"] = float(len(pieces) > 1 and any(piece in names for piece in pieces))
        if word[0] not in "@#" and (name.strong or features["abbr"]):
            near = [
                bare[other]
                for other, each in names.items()
                if other != word
                and other[0] not in "@#"
                and (each.strong or each.features["abbr"] or len(pieces) > 1)
                and bare[other]
                and bare[other] != bare[word]
            ]
            features["sup"] = float(
                any(
                    (len(o) <= 6 and bare[word].startswith(o)) or (len(o) <= 6 and bare[word].endswith(o)) for o in near
                )
            )
            features["sub"] = float(
                len(bare[word]) <= 6 and any(o.startswith(bare[word]) or o.endswith(bare[word]) for o in near)
            )
        added = features.get("sup", 0.0) or features["whole"]
        lacking = features.get("sub", 0.0) or features["part"]
        features["prior"] += 2 * (added - lacking)
        if word[0] in "@#" or features["abbr"]:
            features["prior"] += features["dprior"]
