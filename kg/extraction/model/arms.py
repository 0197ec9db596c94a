"""The names of the arms of a study in its abstract, and what tells which of them the experimental arm has.

What tells a name's side is gathered over the whole abstract: what the words model took it for, the words beside it,
title and order, whether it is another name with something added. A logistic regression weighs it (`side_of`).
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from picograph.kg.extraction.abbreviations import short_forms
from picograph.kg.extraction.arm_words import ArmFinder, with_aliases
from picograph.kg.extraction.arms import ArmName, find_arms
from picograph.kg.extraction.lexicon import hits_of
from picograph.kg.extraction.model.names import GROUP, places_of
from picograph.kg.extraction.model.words import Text
from picograph.kg.extraction.page import Page
from picograph.kg.extraction.tokens import Token

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
    "comparator": -2.5,
    "comparison": -1.5,
    "traditional": -1.5,
    "vehicle": -2,
    "dummy": -2,
    "regular": -1,
    "conservative": -0.7,
    "sedentary": -1.5,
    "historical": -1.5,
    "nonintervention": -2.5,
    "intensive": 0.8,
    "adapted": 1,
    "tailored": 1,
    "enhanced": 1,
    "extended": 0.7,
    "modified": 0.7,
    "additional": 0.7,
    "supplement": 1,
    "supplementation": 1,
    "proposed": 1,
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
# The same of words that name an arm only where "group" or "arm" follows: "the study group".
PARTS: Mapping[str, float] = {"study": 1.5, "treatment": 1, "treated": 1, "test": 1.5, "therapy": 0.7, "active": 1}
_WITHOUT = -2  # of a name such as "non-users", and of DA- beside DA+


def leaning_of(word: str) -> float:
    """Say how strongly a name leans by itself.

    >>> leaning_of("placebo"), leaning_of("non-visited"), leaning_of("da+")
    (-3, -2, 2)
    """
    known = LEANING.get(word) or PARTS.get(word)
    if known:
        return known
    if len(word) > 4 and word.startswith("non"):
        return _WITHOUT
    return {"+": -_WITHOUT, "-": _WITHOUT}.get(word[-1], 0) if len(word) > 1 else 0


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
_TELLING = 2  # how strongly a word must lean to be a name wherever it stands
_PLAUSIBLE = 0.25  # what a word must gather to be taken for a name of an arm


_INSIDE_WORDS = """
    and or in of the was were with to for than had who a an by from on at
"""
NEVER_INSIDE = frozenset(_INSIDE_WORDS.split())  # between a name and the "group" that belongs to it


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
    ours: Sequence[float] = ()  # how probable each word of the row is of the experimental treatment
    theirs: Sequence[float] = ()  # and of its comparator


_SELF_WORDS = """
    control placebo experimental intervention observation
"""
_SELF = frozenset(_SELF_WORDS.split())


def arms_of(
    page: Page, text: Text, told: Mapping[str, Sequence[float]], *, rules: bool = True, view: "View | None" = None
) -> Arms:
    """Find the names of the arms.

    :param told: for each label of words, how probable it is at each place of the row
    :param rules: whether the arms that the rules find are names too
    :param view: of the same abstract, where it was looked at before
    """
    view = view or View(page, text, told)
    at, begin = list(view.at), dict(view.begin)
    listed = view.listed if rules else []
    _call(page, listed, at, begin)
    ours, theirs = view.treatments(begin)
    places: dict[str, list[int]] = {}
    for place, word in enumerate(at):
        if word:
            places.setdefault(word, []).append(place)
    found: dict[str, Name] = {}
    for word, where in places.items():
        groups = sum(view.groups[place] for place in where)
        if view.weight(word, where, groups, ours, theirs) >= _PLAUSIBLE:
            strong = groups > 0 or word[0] in "@#" or word in _SELF
            found[word] = Name(word, tuple(where), strong, view.describe(word, where, groups, ours, theirs))
    _compare(view, found)
    controls = [arm.control for arm in listed]
    for word, name in found.items():
        if word[0] == "#" and any(controls):
            name.features["prior"] += -2.5 if controls[int(word[1:])] else 1.5
    return Arms(found, at, begin, ours, theirs)


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
            if _is_longer(at[last : last + 3], line.tokens, last - base) or _is_tail(line.tokens, hit.first):
                continue
            at[first : last + 1] = [""] * (last + 1 - first)
            at[last] = f"#{hit.arm}"
            begin.pop(last, None)
            if first < last:
                begin[last] = first
        base += len(line.tokens)


def _is_longer(names: Sequence[str], tokens: Sequence[Token], last: int) -> bool:
    """Say whether a compound goes on behind a place: the docetaxel of docetaxel-PLD is no docetaxel alone."""
    return (
        last + 1 < len(tokens) and tokens[last + 1].word in "+/" and any("+" in name or "/" in name for name in names)
    )


def _is_tail(tokens: Sequence[Token], first: int) -> bool:
    """Say whether a compound begins before a place: the docetaxel of PLD-docetaxel is no docetaxel alone."""
    if first < 2 or tokens[first - 1].word not in {"-", "+", "/"}:
        return False
    before, sign = tokens[first - 2], tokens[first - 1]
    return before.end == sign.start and sign.end == tokens[first].start and before.word[0].isalpha()


def _bounds(text: Text) -> tuple[list[int], list[int]]:
    """Give for each place where its sentence begins, and the place after its end."""
    size = len(text.lines)
    starts, stops = list(range(size)), list(range(1, size + 1))
    for at in range(1, size):
        if text.lines[at] == text.lines[at - 1]:
            starts[at] = starts[at - 1]
    for at in range(size - 2, -1, -1):
        if text.lines[at] == text.lines[at + 1]:
            stops[at] = stops[at + 1]
    return starts, stops


class View:
    """An abstract as the description of names needs it: made once, for names with the rules' arms and without."""

    def __init__(self, page: Page, text: Text, told: Mapping[str, Sequence[float]]) -> None:
        self.page, self.text = page, text
        self.at, self.begin = places_of(page, text)
        nothing = [0.0] * len(text.tokens)
        self._ours = told.get("experimental treatment", nothing)
        self._theirs = told.get("comparator treatment", nothing)
        self.title = sum(line == 0 for line in text.lines)
        self.last = text.lines[-1] if text.lines else 0
        self.turn = next((at for at in range(self.title) if text.tokens[at].sort == "v"), None)  # "versus" in the title
        self.starts, self.stops = _bounds(text)
        self.groups = self._groups()
        self.ahead, self.behind = self._versus()

    @cached_property
    def listed(self) -> list[ArmName]:
        """The arms that the rules find."""
        return listed_arms(self.page)

    def treatments(self, begin: Mapping[int, int]) -> tuple[list[float], list[float]]:
        """Give how probable each word is of the experimental treatment, and of its comparator; a name has its best."""
        ours, theirs = list(self._ours), list(self._theirs)
        for last, first in begin.items():
            ours[last], theirs[last] = max(ours[first : last + 1]), max(theirs[first : last + 1])
        return ours, theirs

    def row(self, place: int, low: int, high: int) -> range:
        """Give the places from ``low`` to ``high`` beside one, inside its sentence."""
        if low > 0:
            return range(place + low, min(place + high + 1, self.stops[place]))
        return range(place + low, max(place + high - 1, self.starts[place] - 1), -1)

    def weight(
        self, word: str, where: Sequence[int], groups: int, ours: Sequence[float], theirs: Sequence[float]
    ) -> float:
        """Say how plausible a word is as the name of an arm."""
        versus = sum(self.ahead[at] + self.behind[at] for at in where) * 0.2
        found = sum(ours[at] + theirs[at] for at in where) + groups / 2 + (word[0] in "@#") + versus
        return found + (word in _SELF) + (abs(LEANING.get(word, 0)) >= _TELLING)

    def describe(
        self, word: str, where: Sequence[int], groups: int, ours: Sequence[float], theirs: Sequence[float]
    ) -> dict[str, float]:
        """Gather what tells the side of a name."""
        tokens, size = self.text.tokens, len(where)
        mine, other = sum(ours[at] for at in where), sum(theirs[at] for at in where)
        found: Counter[str] = Counter()
        ahead, behind, leaning = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0, 0.0]
        for number, at in enumerate(where):
            after = [tokens[place].word for place in self.row(at, 1, 2)]
            before = [tokens[place].word for place in self.row(at, -1, -2)]
            for name, beside in (("n+", after), ("n-", before)):
                for each in beside:
                    if each in _BESIDE:
                        found[name + each] += 1
            found["vb"] += self.ahead[at]
            found["va"] += self.behind[at]
            stop, start = self.stops[at], self.starts[at]
            ahead[0] += sum(ours[at + 1 : min(at + 10, stop)])
            ahead[1] += sum(theirs[at + 1 : min(at + 10, stop)])
            behind[0] += sum(ours[max(at - 9, start) : at])
            behind[1] += sum(theirs[max(at - 9, start) : at])
            found["nn"] += any(tokens[place].word == "n" for place in self.row(at, 1, 11))
            if number < 4:  # what stands behind or before the first mentions defines the name
                for place in self._phrase(self.row(at, 1, 8)):
                    leaning[0] += LEANING.get(tokens[place].word, 0) * (1 if place - at < 7 else 0.5)
                    leaning[1] += ours[place] - theirs[place]
                for place in self._phrase(self.row(at, -1, -7)):
                    leaning[2] += LEANING.get(tokens[place].word, 0)
            if self.text.lines[at] >= self.last - 1:
                found["concl"] += 1
                if at < 5 or self.text.lines[at - 4] != self.text.lines[at]:
                    found["conclfirst"] = 1
        features: dict[str, float] = {
            name: count if name == "conclfirst" else min(count, 2) / 2 if name == "nn" else count / size
            for name, count in found.items()
            if count
        }
        features |= {
            "mi": min(mine, 2),
            "mc": min(other, 2),
            "mlr": math.log((mine + 0.1) / (other + 0.1)),
            "mim": max(ours[at] for at in where),
            "mcm": max(theirs[at] for at in where),
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
            "prior": leaning_of(word),
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
        if word in LEANING or word in PARTS:
            features[f"lex:{word}"] = 1
        return features

    def _groups(self) -> list[bool]:
        """Say where "group" or "arm" follows, at most two words on: "sham treatment group"."""
        tokens = self.text.tokens
        found = [False] * len(tokens)
        for at, token in enumerate(tokens):
            if token.word not in GROUP:
                continue
            for place in range(at - 1, max(at - 4, self.starts[at] - 1), -1):
                found[place] = True
                inside = tokens[place]
                plain = inside.word[0].isalpha() or inside.word == "-"
                if inside.sort in "nv" or not plain or inside.word in NEVER_INSIDE or inside.word in GROUP:
                    break
        return found

    def _versus(self) -> tuple[list[bool], list[bool]]:
        """Say where "versus" follows, and where it stands before, at most five words off with no number between."""
        size = len(self.text.tokens)
        ahead, behind = [False] * size, [False] * size
        for at, token in enumerate(self.text.tokens):
            if token.sort != "v":
                continue
            for step, found, edge in ((-1, ahead, self.starts[at] - 1), (1, behind, self.stops[at])):
                place = at + step
                while place != edge and abs(place - at) <= 6:
                    found[place] = True
                    if self.text.tokens[place].sort in "vn":
                        break
                    place += step
        return ahead, behind

    def _phrase(self, row: range) -> list[int]:
        found = []
        for place in row:
            token = self.text.tokens[place]
            if token.sort in "vn;" or token.word in {")", "and", "or"}:
                break
            found.append(place)
        return found


def _compare(view: View, names: Mapping[str, Name]) -> None:
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
