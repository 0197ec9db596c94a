"""Random fields, logistic regressions and boosted trees, learnt by libraries and packed as the reader has them."""

import tempfile
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from picograph.kg.extraction.model.field import Field
from picograph.kg.extraction.model.scene import Features

SEED = 0
LEAST_ABSTRACTS = 3  # a feature that fewer abstracts have is not learnt
# Features of a cell that can only speak for the experimental arm the more they are.
_RISING_WORDS = """
    det detc alb albc ala alac polx polks szsame szfit tl tr tb sole
"""
RISING = frozenset(_RISING_WORDS.split())


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
    ridge: float = 5.0,
    sample: float = 0.7,
    random: bool = False,
) -> dict[str, Any]:
    """Learn boosted trees, and give them as numbers that `Trees` reads.

    :param leaves: of a tree, at most
    :param least: rows in a leaf, at least
    :param share: of the features, that a tree may look at
    :param ridge: weight of the L2 penalty of a leaf
    :param sample: share of the rows that a tree is learnt from
    :param random: whether the thresholds that a tree may split at are drawn
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
        "lambda_l2": ridge,
        "bagging_fraction": sample,
        "bagging_freq": 1,
        "feature_fraction": share,
        "extra_trees": random,
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
