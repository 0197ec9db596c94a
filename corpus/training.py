"""What the model learns, and from what: conditional random fields, a logistic regression, boosted trees.

The numbers are learnt with what the words model says of abstracts that it did not learn from, and the sides
likewise: the learning part is divided in folds, and each fold is read by a model of the others.
"""

import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from picograph.corpus.brat import Abstract
from picograph.corpus.division import FOLDS, fold
from picograph.corpus.labels import ours
from picograph.kg.extraction.model.arms import Arms, arms_of
from picograph.kg.extraction.model.cells import cells_of
from picograph.kg.extraction.model.field import Field, aligned
from picograph.kg.extraction.model.numbers import Number, number_features, numbers_of
from picograph.kg.extraction.model.reader import (
    ENROLLED,
    Reading,
    View,
    Words,
    candidates,
    shares_of,
    view_of,
)
from picograph.kg.extraction.model.scene import PAIRS, Features, Pair, Scene
from picograph.kg.extraction.model.sides import cell_features, sides_of_names
from picograph.kg.extraction.model.trees import Logistic
from picograph.kg.extraction.model.weighing import NOTHING
from picograph.kg.extraction.model.words import Text, names_of_features, row_of
from picograph.kg.extraction.page import Page, read_page

SEED = 0
LEAST_ABSTRACTS = 3  # a feature that fewer abstracts have is not learnt
SIDES = ("experimental", "comparator")
# Features of a cell that can only speak for the experimental arm the more they are.
_RISING_WORDS = """
    det detc alb albc ala alac polx polks szsame szfit tl tr tb sole
"""
RISING = frozenset(_RISING_WORDS.split())
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


def learn_field(
    rows: Sequence[tuple[list[list[str]], Sequence[str]]], *, c1: float, c2: float, iterations: int
) -> Field:
    """Learn a conditional random field from sequences of features and labels.

    :param c1: weight of the L1 penalty
    :param c2: weight of the L2 penalty
    """
    import numpy as np
    import pycrfsuite

    spread: Counter[str] = Counter()
    for features, _ in rows:
        spread.update({feature for row in features for feature in row})
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    for features, labels in rows:
        if features:
            trainer.append(
                [[each for each in row if spread[each] >= LEAST_ABSTRACTS] for row in features], list(labels)
            )
    trainer.set_params({"c1": c1, "c2": c2, "max_iterations": iterations, "feature.possible_transitions": False})
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "field")
        trainer.train(path)
        model = pycrfsuite.Tagger()
        model.open(path)
        learnt = model.info()
    labels = sorted(learnt.labels)
    names = sorted({name for name, _ in learnt.state_features})
    row_of_name = {name: index for index, name in enumerate(names)}
    column = {label: index for index, label in enumerate(labels)}
    weights, follows = np.zeros((len(names), len(labels))), np.zeros((len(labels), len(labels)))
    for (name, label), weight in learnt.state_features.items():
        weights[row_of_name[name], column[label]] = weight
    for (one, other), weight in learnt.transitions.items():
        follows[column[one], column[other]] = weight
    return Field(labels, names, weights, follows)


def learn_regression(rows: Sequence[tuple[list[list[str]], Sequence[str]]], strength: float) -> Field:
    """Learn a logistic regression from the same rows: a field in which no label leans on the one before it.

    :param strength: of the features against the L2 penalty
    """
    import numpy as np
    from scipy.sparse import csr_matrix
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    spread: Counter[str] = Counter()
    for features, _ in rows:
        spread.update({feature for row in features for feature in row})
    names = sorted(name for name, abstracts in spread.items() if abstracts >= LEAST_ABSTRACTS)
    number = {name: index for index, name in enumerate(names)}
    begins, columns = [0], []
    for features, _ in rows:
        for row in features:
            columns += [number[name] for name in row if name in number]
            begins.append(len(columns))
    table = csr_matrix((np.ones(len(columns)), columns, begins), shape=(len(begins) - 1, len(names)))
    model = LogisticRegression(C=strength, max_iter=60, fit_intercept=False)  # the feature "b" is its base
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped early: the figures chosen by are of that
        model.fit(table, [label for _, labels in rows for label in labels])
    labels = [str(label) for label in model.classes_]
    return Field(labels, names, np.round(model.coef_.T, 4), np.zeros((len(labels), len(labels))))


def learn_words(lessons: Iterable[Lesson]) -> Field:
    """Learn the labels of words."""
    rows = [(names_of_features(each.page, each.text), each.words) for each in lessons]
    return learn_field(rows, c1=0.1, c2=5, iterations=50)


def learn_numbers(lessons: Iterable[Lesson], told: Mapping[str, Told]) -> tuple[Field, Field]:
    """Learn the kinds of numbers: in their row, and each by itself."""
    rows = [(number_features(each.page, each.text, each.numbers, told[each.name]), each.kinds) for each in lessons]
    return learn_field(rows, c1=0.05, c2=5, iterations=60), learn_regression(rows, 0.1)


def told_of(lessons: Iterable[Lesson], field: Field) -> dict[str, Told]:
    """Read the words of abstracts with a field."""
    words = Words(field)
    return {each.name: words.marginals(each.page, each.text)[0] for each in lessons}


def told_across(lessons: Sequence[Lesson]) -> dict[str, Told]:
    """Read the words of each fold with a field of the others."""
    found: dict[str, Told] = {}
    for part in range(FOLDS):
        field = learn_words([each for each in lessons if fold(each.name) != part])
        found |= told_of([each for each in lessons if fold(each.name) == part], field)
    return found


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
        for name in set(call.names) if call is not None else ():
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


def shares_across(lessons: Sequence[Lesson], told: Mapping[str, Told]) -> dict[str, list[dict[str, float]]]:
    """Read the numbers of each fold with a field of the others."""
    found = {}
    for part in range(FOLDS):
        fields = aligned(learn_numbers([each for each in lessons if fold(each.name) != part], told))
        for each in lessons:
            if fold(each.name) == part:
                found[each.name] = shares_of(each.page, each.text, each.numbers, told[each.name], fields)
    return found


def views_across(cases: Mapping[bool, Sequence[Case]]) -> dict[int, tuple[View, ...]]:
    """Learn the sides from all folds but one, for each fold."""
    return {
        part: tuple(
            view_of({"rules": rules, **learn_sides([one for one in row if fold(one.name) != part])})
            for rules, row in cases.items()
        )
        for part in range(FOLDS)
    }


class Weighed(NamedTuple):
    """A number as people marked it, with what was said of it by models that had not learnt from its abstract."""

    name: str
    number: Number
    kind: str  # as the field takes it
    right: bool  # whether people took it so
    side: str  # as people marked it; an empty text if it is no result of an arm
    of_kind: Features
    of_side: Features


def weighed(
    lessons: Sequence[Lesson],
    told: Mapping[str, Told],
    shares: Mapping[str, list[dict[str, float]]],
    views: Mapping[int, tuple[View, ...]],
) -> list[Weighed]:
    """Give what was said of every number across folds."""
    found = []
    for each in lessons:
        reading = Reading(each.page, each.text, told[each.name], {}, each.numbers, shares[each.name])
        for one in candidates(reading, views[fold(each.name)])[0]:
            right, side = each.kinds[one.number] == one.kind, each.sides[one.number]
            found.append(Weighed(each.name, each.numbers[one.number], one.kind, right, side, one.of_kind, one.of_side))
    return found


def learn_weighing(rows: Sequence[Weighed]) -> dict[str, Any]:
    """Learn whether a number is what the field takes it for, and whether it is the experimental arm's."""
    sided = [row for row in rows if row.side]
    return {
        "kinds": learn_trees(
            [row.of_kind for row in rows],
            [row.right for row in rows],
            trees=250,
            rate=0.03,
            leaves=10,
            least=25,
            share=0.3,
            seeds=3,
        ),
        "sides": learn_trees(
            [row.of_side for row in sided],
            [row.side == "experimental" for row in sided],
            trees=150,
            rate=0.03,
            leaves=6,
            least=40,
            share=0.3,
            seeds=3,
        ),
    }


def learn_trees(
    rows: Sequence[Features],
    labels: Sequence[bool],
    *,
    trees: int,
    rate: float,
    leaves: int,
    least: int,
    share: float,
    seeds: int = 1,
) -> dict[str, Any]:
    """Learn boosted trees, and give them as numbers that `Trees` reads.

    :param leaves: of a tree, at most
    :param least: rows in a leaf, at least
    :param share: of the features, that a tree may look at
    :param seeds: how often they are learnt, each with other rows and features; their mean is given
    """
    import lightgbm
    import numpy as np

    features = sorted({feature for row in rows for feature in row})
    table = np.array([[float(row.get(feature, 0.0)) for feature in features] for row in rows])
    settings = {
        "objective": "binary",
        "learning_rate": rate,
        "num_leaves": leaves,
        "min_data_in_leaf": least,
        "lambda_l2": 5.0,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "feature_fraction": share,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
        "monotone_constraints": [int(feature in RISING) for feature in features],
    }
    packed = []
    for seed in range(SEED, SEED + seeds):
        data = lightgbm.Dataset(table, np.array(labels, dtype=float), free_raw_data=False)
        model = lightgbm.train(settings | {"seed": seed}, data, num_boost_round=trees)
        packed += [_packed(tree["tree_structure"], seeds) for tree in model.dump_model()["tree_info"]]
    return {"features": features, "base": 0.0, "trees": packed}


def _packed(root: Mapping[str, Any], parts: int) -> dict[str, list[Any]]:
    """Lay a tree out in rows: inner nodes from the root, leaves apart, and divided by ``parts``."""
    found: dict[str, list[Any]] = {"split": [], "at": [], "left": [], "right": [], "leaf": []}

    def add(node: Mapping[str, Any]) -> int:
        if "split_feature" not in node:
            found["leaf"].append(round(float(node["leaf_value"]) / parts, 5))
            return -len(found["leaf"])
        index = len(found["split"])
        found["split"].append(int(node["split_feature"]))
        found["at"].append(float(node["threshold"]))
        for name in ("left", "right"):
            found[name].append(0)
        found["left"][index] = add(node["left_child"])
        found["right"][index] = add(node["right_child"])
        return index

    add(root)
    return found
