"""The names of the arms of a study in its abstract, and what tells which of them the experimental arm has.

What tells a name's side is gathered over the whole abstract: what the words model took it for, the words beside it,
title and order, whether it is another name with something added. A logistic regression weighs it (`side_of`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from picograph.kg.extraction.arm_names import ArmName
from picograph.kg.extraction.arm_words import ArmFinder
from picograph.kg.extraction.model.leaning import LEANING
from picograph.kg.extraction.model.mentions import SELF, Mentions
from picograph.kg.extraction.model.names import GROUP
from picograph.kg.extraction.model.words import Text
from picograph.kg.extraction.page import Page
from picograph.kg.extraction.tokens import Token

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
    ours: Sequence[float] = ()  # how probable each word of the row is of the experimental treatment
    theirs: Sequence[float] = ()  # and of its comparator


def arms_of(
    page: Page, text: Text, told: Mapping[str, Sequence[float]], *, rules: bool = True, view: Mentions | None = None
) -> Arms:
    """Find the names of the arms.

    :param told: for each label of words, how probable it is at each place of the row
    :param rules: whether the arms that the rules find are names too
    :param view: of the same abstract, where it was looked at before
    """
    view = view or Mentions(page, text, told)
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
            strong = groups > 0 or word[0] in "@#" or word in SELF
            found[word] = Name(word, tuple(where), strong, view.describe(word, where, groups, ours, theirs))
    _compare(view, found)
    controls = [arm.control for arm in listed]
    for word, name in found.items():
        if word[0] == "#" and any(controls):
            name.features["prior"] += -2.5 if controls[int(word[1:])] else 1.5
    return Arms(found, at, begin, ours, theirs)


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


def _compare(view: Mentions, names: Mapping[str, Name]) -> None:
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
