"""What stands round the mentions of a name in an abstract, and what it tells of its arm: `Mentions.describe`."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from picograph.kg.extraction.abbreviations import short_forms
from picograph.kg.extraction.arm_names import ArmName
from picograph.kg.extraction.arm_words import with_aliases
from picograph.kg.extraction.arms import find_arms
from picograph.kg.extraction.lexicon import hits_of
from picograph.kg.extraction.model.leaning import LEANING, PARTS, leaning_of
from picograph.kg.extraction.model.names import GROUP, places_of
from picograph.kg.extraction.model.words import Text
from picograph.kg.extraction.page import Page

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


_INSIDE_WORDS = """
    and or in of the was were with to for than had who a an by from on at
"""
NEVER_INSIDE = frozenset(_INSIDE_WORDS.split())  # between a name and the "group" that belongs to it
SELF_WORDS = """
    control placebo experimental intervention observation
"""
SELF = frozenset(SELF_WORDS.split())


def listed_arms(page: Page) -> list[ArmName]:
    """Give the arms that the rules find, if they find more than one."""
    shorts = short_forms(page.folded)
    arms = find_arms(page, [hits_of(page.folded, line.tokens, shorts) for line in page.lines])
    return with_aliases(page, arms, shorts) if len(arms) > 1 else []


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


class Mentions:
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
        return found + (word in SELF) + (abs(LEANING.get(word, 0)) >= _TELLING)

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
