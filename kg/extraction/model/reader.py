"""The models put to work: an abstract in, the spans of its arms, outcomes and numbers out, each with its label."""

import gzip
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import as_file, files
from operator import add
from pathlib import Path
from typing import Any, NamedTuple

from picograph.kg.extraction.model.arms import arms_of
from picograph.kg.extraction.model.cells import cells_of
from picograph.kg.extraction.model.field import Field, Numbers, Sums, aligned, open_field
from picograph.kg.extraction.model.mentions import Mentions
from picograph.kg.extraction.model.numbers import Number, numbers_of, own_features, words_said
from picograph.kg.extraction.model.scene import PAIRS, Features, Scene
from picograph.kg.extraction.model.sides import cell_features, sides_of_names, solve
from picograph.kg.extraction.model.trees import Logistic, Trees, share_of
from picograph.kg.extraction.model.weighing import NOTHING, Sided, agreed, kind_features, side_features
from picograph.kg.extraction.model.words import Forms, Text, row_of, word_features
from picograph.kg.extraction.page import Page, read_page

MOST_WORDS = 2_000  # of an abstract that a model reads; the longest in PubMed have half of that
MOST_NUMBERS = 300
MOST_SUMS = 60_000  # of features that come together, kept
ALONE = 0.7  # the weight of what a cell says alone, beside what the tree of pairs says
LEAST = 0.05  # how probable a kind must be for a number to be looked at once more
ENROLLED = "enrolled"  # the participants of the whole study


class Finding(NamedTuple):
    """Characters with what they say."""

    label: str  # such as "outcome", "experimental per cent"
    start: int
    end: int
    confidence: float  # 0 to 1


class View(NamedTuple):
    """What was learnt of sides, with the arms that the rules find as names too, or without them."""

    rules: bool
    names: Logistic
    cells: Trees
    pairs: Mapping[str, Trees]


class Weights(NamedTuple):
    """What was learnt."""

    words: "Words"
    numbers: tuple[Field, ...]  # in their row, and each by itself
    views: tuple[View, ...]
    kinds: Trees  # whether a number is what the field takes it for
    sides: Trees  # whether it is the experimental arm's
    thresholds: Mapping[str, float]  # of a label, else of "words" and "numbers"


class Reading(NamedTuple):
    """An abstract with what the first two models say of its words and numbers."""

    page: Page
    text: Text
    told: Mapping[str, list[float]]  # of each label of words, how probable at each place
    begins: Mapping[str, list[float]]  # and how probable that it begins there
    numbers: list[Number]
    shares: list[dict[str, float]]  # of each number, how probable each kind


def weights_in(folder: Path) -> Weights:
    """Read what was learnt from a folder."""
    packed = json.loads(gzip.decompress((folder / "sides.json.gz").read_bytes()))
    views = tuple(view_of(each) for each in packed["views"])
    return Weights(
        Words(open_field(folder / "words.npz")),
        aligned([open_field(folder / "numbers.npz"), open_field(folder / "alone.npz")]),
        views,
        Trees(packed["weighing"]["kinds"]),
        Trees(packed["weighing"]["sides"]),
        packed["thresholds"],
    )


def view_of(packed: Mapping[str, Any]) -> View:
    """Unpack what was learnt of sides."""
    pairs = {kind: Trees(packed["pairs"][kind]) for kind in PAIRS}
    return View(packed["rules"], Logistic(packed["names"]), Trees(packed["cells"]), pairs)


@cache
def shipped() -> Weights:
    """Read what ships."""
    with as_file(files(__package__).joinpath("weights")) as folder:
        return weights_in(folder)


class Words:
    """The field that reads words, with the features of the words that it met."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._number = Numbers(field).__getitem__
        self._known = self._fresh()

    def _fresh(self) -> tuple[Sums, Forms[int, int]]:
        sums = Sums(self._field)
        return sums, Forms(self._number, sums.number)

    def marginals(self, page: Page, text: Text) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
        """Give for each label how probable it is at each place, and how probable that it begins there."""
        sums, forms = self._known
        if len(sums) > MOST_SUMS:  # memory does not grow with the abstracts that were read
            sums, forms = self._known = self._fresh()
        rows = word_features(page, text, forms)
        shares = self._field.marginals(rows.own, sums.of(rows.shared))
        told, begins = {}, {}
        for label in sorted(name[2:] for name in shares if name.startswith("B-")):
            first = begins[label] = shares[f"B-{label}"]
            inside = shares.get(f"I-{label}")
            told[label] = list(map(add, first, inside)) if inside else list(first)
        return told, begins


def shares_of(
    page: Page, text: Text, numbers: Sequence[Number], told: Mapping[str, list[float]], fields: Sequence[Field]
) -> list[dict[str, float]]:
    """Give for each number how probable each kind is: the mean of what the fields say.

    :param fields: over the same features (`aligned`)
    """
    known = fields[0].numbers
    said = {line: known(words) for line, words in words_said(text, numbers).items()}
    own = own_features(page, text, numbers, told)
    rows = [[*known(names), *said[number.line]] for number, names in zip(numbers, own, strict=True)]
    found: list[dict[str, float]] = [{} for _ in rows]
    for field in fields:
        for label, shares in field.marginals(rows).items():
            for each, share in zip(found, shares, strict=True):
                each[label] = each.get(label, 0.0) + share / len(fields)
    return found


def read(page: Page, weights: Weights) -> Reading | None:
    """Read the words and numbers of an abstract; a text that is far too long for one is not read."""
    text = row_of(page)
    numbers = numbers_of(page, text)
    if not text.tokens or len(text.tokens) > MOST_WORDS or len(numbers) > MOST_NUMBERS:
        return None
    told, begins = weights.words.marginals(page, text)
    return Reading(page, text, told, begins, numbers, shares_of(page, text, numbers, told, weights.numbers))


def spans_of_words(reading: Reading, thresholds: Mapping[str, float]) -> list[Finding]:
    """Give the spans of words: where a label is probable enough, and the most probable one there."""
    found: list[Finding] = []
    open_ = False
    labels = list(reading.told)
    for at, (token, row) in enumerate(zip(reading.text.tokens, zip(*reading.told.values(), strict=True), strict=True)):
        share = max(row)
        label = labels[row.index(share)]
        if share < thresholds.get(label, thresholds["words"]):
            open_ = False
            continue
        last = found[-1] if open_ else None
        if last is not None and last.label == label and reading.begins[label][at] <= share / 2:
            found[-1] = Finding(label, last.start, token.end, max(last.confidence, share))
        else:
            found.append(Finding(label, token.start, token.end, share))
        open_ = True
    return found


def kinds_of_numbers(shares: Sequence[Mapping[str, float]], least: float) -> list[str]:
    """Give each number the most probable kind, unless that it is nothing is more probable than the rest allows."""
    found = []
    for row in shares:
        kind = max((each for each in row if each != NOTHING), key=lambda each: row[each])
        found.append(kind if row[kind] >= least else "")
    return found


def sides_of(reading: Reading, kinds: Sequence[str], views: Sequence[View]) -> list[Sided]:
    """Give what each view says of the sides of numbers.

    :param kinds: of each number; an empty text is no result of an arm
    """
    seen = Mentions(reading.page, reading.text, reading.told)

    @cache
    def scene(rules: bool) -> Scene:
        arms = arms_of(reading.page, reading.text, reading.told, rules=rules, view=seen)
        return Scene(reading.text, reading.numbers, arms, cells_of(reading.text, reading.numbers, kinds, arms))

    return [sides_of_cells(scene(view.rules and bool(seen.listed)), view) for view in views]


def sides_of_cells(scene: Scene, view: View) -> Sided:
    """Give the side of every cell, as log odds."""
    names = sides_of_names(scene.arms, view.names)
    features = cell_features(scene, names)
    alone = view.cells.log_odds(features)
    pairs = scene.pairs
    agree = [0.5] * len(pairs)
    for kind in PAIRS:
        places = [index for index, pair in enumerate(pairs) if pair.kind == kind]
        shares = view.pairs[kind].shares([pairs[index].features for index in places])
        for index, share in zip(places, shares, strict=True):
            agree[index] = share
    first = [0.2 if cell.rank % 2 == 0 else -0.12 for cell in scene.cells]
    joined = solve(first, names, pairs, agree)
    both = [side + ALONE * other for side, other in zip(joined, alone, strict=True)]
    return Sided(scene, names, features, alone, both, list(zip(pairs, agree, strict=True)))


class Candidate(NamedTuple):
    """A number that may be a result of an arm, with what speaks for it."""

    number: int
    kind: str
    of_kind: Features
    of_side: Features


def candidates(reading: Reading, views: Sequence[View]) -> tuple[list[Candidate], list[Sided]]:
    """Give the numbers that may be results of an arm, and what each view says of their sides."""
    kinds = [kind if kind != ENROLLED else "" for kind in kinds_of_numbers(reading.shares, LEAST)]
    said = sides_of(reading, kinds, views)
    sides = side_features(said)
    rows = kind_features(reading.text, reading.numbers, reading.shares, kinds, reading.told, sides)
    return [Candidate(number, kinds[number], row, sides[number]) for number, row in rows.items()], said


def findings_of(reading: Reading, weights: Weights) -> list[Finding]:
    """Give what was found in an abstract, in the order of its text."""
    thresholds = weights.thresholds
    found = spans_of_words(reading, thresholds)
    kinds = kinds_of_numbers(reading.shares, thresholds["kind"])
    for number, kind, shares in zip(reading.numbers, kinds, reading.shares, strict=True):
        share = shares.get(kind, 0.0)
        if kind == ENROLLED and share >= thresholds["enrolled"]:
            found.append(Finding(ENROLLED, number.start, number.end, share))
    asked, said = candidates(reading, weights.views)
    surely = weights.kinds.shares([each.of_kind for each in asked])
    odds = weights.sides.log_odds([each.of_side for each in asked])
    sides = agreed({each.number: side for each, side in zip(asked, odds, strict=True)}, said)
    for each, right in zip(asked, surely, strict=True):
        side = share_of(sides[each.number])
        label = f"{'experimental' if side >= 0.5 else 'comparator'} {each.kind}"
        share = right * max(side, 1 - side)
        if share >= thresholds.get(label, thresholds["numbers"]):
            number = reading.numbers[each.number]
            found.append(Finding(label, number.start, number.end, share))
    return sorted(found, key=lambda each: (each.start, each.end, each.label))


def findings_in(page: Page, weights: Weights) -> list[Finding]:
    """Read an abstract that is cut into sentences already."""
    reading = read(page, weights)
    return findings_of(reading, weights) if reading else []


def findings(text: str, weights: Weights | None = None) -> list[Finding]:
    """Read an abstract with the models."""
    return findings_in(read_page(text), weights or shipped())
