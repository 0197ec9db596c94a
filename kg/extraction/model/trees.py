"""Boosted trees and logistic regressions, read with numpy alone: what was learnt elsewhere, in rows of numbers."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Row = Mapping[str, float]


def share_of(odds: float) -> float:
    """Give the probability that log odds say.

    >>> share_of(0.0)
    0.5
    """
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


class Trees:
    """Boosted trees that give a probability.

    :param packed: ``features``, ``base`` (log odds) and for every tree ``split`` (the feature of each inner node),
        ``at`` (its threshold: up to it go left), ``left`` and ``right`` (an inner node, or below 0 the leaf
        ``-1 - number``) and ``leaf``
    """

    def __init__(self, packed: Mapping[str, Any]) -> None:
        self.features: list[str] = packed["features"]
        self._base: float = packed["base"]
        trees = packed["trees"]
        inner = max((len(tree["split"]) for tree in trees), default=1)
        leaves = max((len(tree["leaf"]) for tree in trees), default=1)
        self._split = np.zeros((len(trees), inner), dtype=np.int32)
        self._at = np.zeros((len(trees), inner))
        self._next = np.full((len(trees), inner, 2), -1, dtype=np.int32)
        self._leaf = np.zeros((len(trees), leaves))
        for index, tree in enumerate(trees):
            size = len(tree["split"])
            self._split[index, :size], self._at[index, :size] = tree["split"], tree["at"]
            self._next[index, :size, 0], self._next[index, :size, 1] = tree["left"], tree["right"]
            self._leaf[index, : len(tree["leaf"])] = tree["leaf"]
        self._depth = max((_depth(tree) for tree in trees), default=0)

    def log_odds(self, rows: Sequence[Row]) -> list[float]:
        """Give the log odds of each row; a feature that a row does not name is 0."""
        if not rows or not self._depth:
            return [self._base] * len(rows)
        table = np.array([[row.get(name, 0.0) for name in self.features] for row in rows], dtype=np.float64)
        trees = np.arange(len(self._split))[None, :]
        lines = np.arange(len(rows))[:, None]
        node = np.zeros((len(rows), len(self._split)), dtype=np.int32)
        for _ in range(self._depth):
            inside = np.maximum(node, 0)
            right = table[lines, self._split[trees, inside]] > self._at[trees, inside]
            node = np.where(node >= 0, self._next[trees, inside, right.astype(np.int8)], node)
        found: list[float] = (self._base + self._leaf[trees, -1 - node].sum(axis=1)).tolist()
        return found

    def shares(self, rows: Sequence[Row]) -> list[float]:
        """Give the probability of each row."""
        return [share_of(odds) for odds in self.log_odds(rows)]


def _depth(tree: Mapping[str, Any]) -> int:
    depth = {0: 1}
    for node in range(len(tree["split"])):
        for below in (tree["left"][node], tree["right"][node]):
            if below >= 0:
                depth[below] = depth[node] + 1
    return max(depth.values()) if tree["split"] else 1


class Logistic:
    """A logistic regression over named features.

    :param packed: ``base`` (log odds) and ``weights`` by feature
    """

    def __init__(self, packed: Mapping[str, Any]) -> None:
        self._base: float = packed["base"]
        self._weights: dict[str, float] = packed["weights"]

    def log_odds(self, row: Row) -> float:
        """Give the log odds of a row.

        >>> Logistic({"base": 1.0, "weights": {"a": 2.0}}).log_odds({"a": 0.5, "b": 9.0})
        2.0
        """
        return self._base + sum(self._weights.get(name, 0.0) * value for name, value in row.items())
