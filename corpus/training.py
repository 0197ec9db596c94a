"""What the model learns of annotated abstracts: the labels of words, the kinds of numbers, their sides."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from picograph.corpus.brat import Abstract
from picograph.corpus.division import FOLDS, fold
from picograph.corpus.labels import ours
from picograph.corpus.learners import LEAST_ABSTRACTS, learn_field, learn_regression, learn_trees
from picograph.kg.extraction.model.arms import Arms, arms_of
from picograph.kg.extraction.model.cells import cells_of
from picograph.kg.extraction.model.field import Field
from picograph.kg.extraction.model.numbers import Number, number_features, numbers_of
from picograph.kg.extraction.model.reader import ENROLLED
from picograph.kg.extraction.model.scene import PAIRS, Features, Pair, Scene
from picograph.kg.extraction.model.sides import cell_features, sides_of_names
from picograph.kg.extraction.model.trees import Logistic
from picograph.kg.extraction.model.weighing import NOTHING
from picograph.kg.extraction.model.words import Text, names_of_features, row_of
from picograph.kg.extraction.page import Page, read_page

SIDES = ("experimental", "comparator")
Told = dict[str, list[float]]


class Lesson(NamedTuple):
    """An abstract with what people marked in it, as the models see it."""

    name: str
    page: Page
    text: Text
    numbers: list[Number]
    words: list[str]  # the label of each word, in BIO form
    kinds: list[str]  # of each number
    sides: list[str]  # of each number, or an empty text


def lesson(abstract: Abstract) -> Lesson:
    """Say for each word and number of an abstract what people marked it as."""
    page = read_page(abstract.text)
    text = row_of(page)
    numbers = numbers_of(page, text)
    words = ["O"] * len(text.tokens)
    kinds, sides = [NOTHING] * len(numbers), [""] * len(numbers)
    for span in abstract.spans:
        label = ours().get(span.label, "")
        side, _, kind = label.partition(" ")
        if label == ENROLLED or (side in SIDES and kind != "treatment"):
            for index, number in enumerate(numbers):
                token = text.tokens[number.at]
                if kinds[index] == NOTHING and any(low < token.end and token.start < high for low, high in span.pieces):
                    kinds[index], sides[index] = (label, "") if label == ENROLLED else (kind, side)
        elif label:
            first = True
            for at, token in enumerate(text.tokens):
                if words[at] == "O" and any(low < token.end and token.start < high for low, high in span.pieces):
                    words[at] = f"{'B' if first else 'I'}-{label}"
                    first = False
    return Lesson(abstract.name, page, text, numbers, words, kinds, sides)


def learn_words(lessons: Iterable[Lesson]) -> Field:
    """Learn the labels of words."""
    rows = [(names_of_features(each.page, each.text), each.words) for each in lessons]
    return learn_field(rows, c1=0.1, c2=5, iterations=50)


def learn_numbers(lessons: Iterable[Lesson], told: Mapping[str, Told]) -> tuple[Field, Field]:
    """Learn the kinds of numbers: in their row, and each by itself."""
    rows = [(number_features(each.page, each.text, each.numbers, told[each.name]), each.kinds) for each in lessons]
    return learn_field(rows, c1=0.05, c2=5, iterations=60), learn_regression(rows, 0.1)


# --- sides ------------------------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """An abstract with its cells, and the side that people gave each."""

    name: str
    arms: Arms
    scene: Scene
    sides: list[bool]  # of the cells: whether it is the experimental arm's
    named: dict[str, tuple[bool, float]]  # of the names: their side as the numbers or marked words tell, and how surely


def case(each: Lesson, told: Told, *, rules: bool = True) -> Case:
    """Put the numbers of an abstract in cells, and say which side each cell and each name has."""
    arms = arms_of(each.page, each.text, told, rules=rules)
    kinds = ["" if kind in (NOTHING, ENROLLED) else kind for kind in each.kinds]
    scene = Scene(each.text, each.numbers, arms, cells_of(each.text, each.numbers, kinds, arms))
    sides = [each.sides[cell.numbers[0]] == "experimental" for cell in scene.cells]
    votes: Counter[str] = Counter()
    for call, side in zip(scene.given, sides, strict=True):
        for name in dict.fromkeys(call.names) if call is not None else ():
            votes[name] += 1 if side else -1
    named = {name: (vote > 0, float(min(4, abs(vote)))) for name, vote in votes.items() if vote}
    for name, one in arms.names.items():
        marked = {each.words[place][2:] for place in one.places} & {"experimental treatment", "comparator treatment"}
        if name not in named and len(marked) == 1:
            named[name] = (marked == {"experimental treatment"}, 0.5)
    return Case(each.name, arms, scene, sides, named)


def learn_names(cases: Sequence[Case]) -> dict[str, Any]:
    """Learn which names are the experimental arm's."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    rows = [(one.arms.names[name].features, *label) for one in cases for name, label in one.named.items()]
    spread = Counter(
        feature for one in cases for feature in {f for name in one.named for f in one.arms.names[name].features}
    )
    features = sorted(feature for feature, number in spread.items() if number >= LEAST_ABSTRACTS)
    table = np.array([[row.get(feature, 0.0) for feature in features] for row, _, _ in rows], dtype=float)
    middle, width = table.mean(0), table.std(0) + 1e-6
    model = LogisticRegression(C=0.02, max_iter=1000)
    model.fit((table - middle) / width, [side for _, side, _ in rows], sample_weight=[sure for _, _, sure in rows])
    weights = model.coef_[0] / width
    base = float(model.intercept_[0] - (weights * middle).sum())
    return {"base": round(base, 6), "weights": {f: round(float(w), 6) for f, w in zip(features, weights, strict=True)}}


def learn_sides(cases: Sequence[Case]) -> dict[str, Any]:
    """Learn the sides of names, cells and pairs; the names that cells are learnt with are read across folds."""
    sides: dict[str, dict[str, float]] = {}
    for part in range(FOLDS):
        model = Logistic(learn_names([one for one in cases if fold(one.name) != part]))
        sides |= {one.name: sides_of_names(one.arms, model) for one in cases if fold(one.name) == part}
    rows: list[Features] = []
    labels: list[bool] = []
    pairs: dict[str, tuple[list[Features], list[bool]]] = {kind: ([], []) for kind in PAIRS}
    for one in cases:
        rows += cell_features(one.scene, sides[one.name])
        labels += one.sides
        for pair in one.scene.pairs:
            other = _side(one, pair)
            if other is not None:
                pairs[pair.kind][0].append(pair.features)
                pairs[pair.kind][1].append(one.sides[pair.one] == other)
    return {
        "names": learn_names(cases),
        "cells": learn_trees(rows, labels, trees=200, rate=0.03, leaves=12, least=20, share=0.4),
        "pairs": {
            kind: learn_trees(
                *pairs[kind], trees=200 if kind == "name" else 120, rate=0.05, leaves=10, least=15, share=0.5
            )
            for kind in PAIRS
        },
    }


def _side(one: Case, pair: Pair) -> bool | None:
    if isinstance(pair.other, int):
        return one.sides[pair.other]
    named = one.named.get(pair.other)
    return named[0] if named else None


# --- what was said, weighed once more ---------------------------------------------------------------------------------


class Weighed(NamedTuple):
    """A number as people marked it, with what was said of it by models that had not learnt from its abstract."""

    name: str
    number: Number
    kind: str  # as the field takes it
    right: bool  # whether people took it so
    side: str  # as people marked it; an empty text if it is no result of an arm
    of_kind: Features
    of_side: Features


def learn_weighing(rows: Sequence[Weighed]) -> dict[str, Any]:
    """Learn whether a number is what the field takes it for, and whether it is the experimental arm's.

    :param rows: each number of an abstract once for each division of the corpus
    """
    sided = [row for row in rows if row.side]
    return {
        "kinds": learn_trees(
            [row.of_kind for row in rows],
            [row.right for row in rows],
            trees=250,
            rate=0.03,
            leaves=10,
            least=50,
            share=0.3,
            seeds=2,
            ridge=10,
            sample=0.5,
        ),
        "sides": learn_trees(
            [row.of_side for row in sided],
            [row.side == "experimental" for row in sided],
            trees=250,
            rate=0.03,
            leaves=6,
            least=80,
            share=0.5,
            seeds=2,
            ridge=10,
            sample=0.5,
            random=True,
        ),
    }
