"""What the words before and behind a number say of its arm, whether or not they were found to be a name.

A *stretch* is the words between two cells of a sentence, or between a cell and an end of the sentence. Its words lean
to an arm by themselves (*control*, *sham*), by what the words model takes them for, and by what it takes the same
words for elsewhere in the abstract.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from picograph.kg.extraction.model.arms import Arms
from picograph.kg.extraction.model.cells import Cell
from picograph.kg.extraction.model.leaning import LEANING
from picograph.kg.extraction.model.names import COMMON
from picograph.kg.extraction.model.words import Text

_SURE = 0.15  # how probable a word must be a treatment, over the abstract, to lean
_TITLE = 3  # how much more the title counts


class Stretch(NamedTuple):
    """What the words of a stretch say: above 0 the experimental arm."""

    leaning: float
    low: float
    told: float
    elsewhere: float
    least: float
    most: float


NOTHING = Stretch(0, 0, 0, 0, 0, 0)


def word_sides(text: Text, arms: Arms) -> dict[str, float]:
    """Give for each word that is used of a treatment how much more often it is the experimental one [log odds]."""
    ours: dict[str, float] = {}
    theirs: dict[str, float] = {}
    for word, line, one, other in zip(text.words, text.lines, arms.ours, arms.theirs, strict=True):
        if word not in COMMON and word[0].isalpha():
            weight = 1 if line else _TITLE
            ours[word] = ours.get(word, 0.0) + one * weight
            theirs[word] = theirs.get(word, 0.0) + other * weight
    return {
        word: math.log((one + 0.1) / (theirs[word] + 0.1)) for word, one in ours.items() if one + theirs[word] > _SURE
    }


def read_stretch(text: Text, arms: Arms, sides: Mapping[str, float], places: Iterable[int]) -> Stretch:
    """Say what the words at some places speak for."""
    leaning = low = told = 0.0
    row = []
    for place in places:
        word = text.words[place]
        lean = LEANING.get(word, 0.0)
        leaning, low = leaning + lean, min(low, lean)
        told += arms.ours[place] - arms.theirs[place]
        if word in sides:
            row.append(sides[word])
    if not row:
        return Stretch(leaning, low, told, 0, 0, 0)
    return Stretch(leaning, low, told, sum(row) / len(row), min(row), max(row))


def stretch_features(
    text: Text, arms: Arms, sides: Mapping[str, float], cells: Sequence[Cell], row: Sequence[int]
) -> list[dict[str, float]]:
    """Give the features of the stretches round each cell of one sentence.

    :param sides: of words, as `word_sides` gives them
    :param row: indexes of its cells
    """
    line = cells[row[0]].line
    start, stop = cells[row[0]].first, cells[row[-1]].last
    while start and text.lines[start - 1] == line:
        start -= 1
    while stop + 1 < len(text.lines) and text.lines[stop + 1] == line:
        stop += 1
    edges = [start - 1, *(cells[index].last for index in row)]
    begins = [*(cells[index].first for index in row), stop + 1]
    found = [read_stretch(text, arms, sides, range(low + 1, high)) for low, high in zip(edges, begins, strict=True)]
    features = []
    for rank in range(len(row)):
        each: dict[str, float] = {}
        for name, stretch in (
            ("b", found[rank]),
            ("a", found[rank + 1]),
            ("bb", found[rank - 1] if rank else NOTHING),
            ("aa", found[rank + 2] if rank + 2 < len(found) else NOTHING),
            ("h", found[0]),
            ("t", found[-1]),
        ):
            each |= {f"{name}:{key}": value for key, value in zip(Stretch._fields, stretch, strict=True)}
        # The stretch that speaks most on each side of the cell, as far as the sentence goes.
        before = max(found[: rank + 1], key=lambda one: abs(one.elsewhere))
        behind = max(found[rank + 1 :], key=lambda one: abs(one.elsewhere))
        each |= {"mb": before.elsewhere, "ma": behind.elsewhere}
        features.append(each)
    return features
