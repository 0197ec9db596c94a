"""Boosted trees and logistic regressions, read with numpy alone: what was learnt elsewhere, in rows of numbers."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np

Row = Mapping[str, float]
_LEAVES = 16  # of a tree, at most: one bit each
_ALL = np.uint16(0xFFFF)
_FIRST = np.array([max(0, (bits & -bits).bit_length() - 1) for bits in range(1 << _LEAVES)], dtype=np.intp)


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
        trees = [_in_order(tree) for tree in packed["trees"]]
        inner = max((len(split) for split, _, _, _ in trees), default=0)
        leaves = max((len(leaf) for _, _, _, leaf in trees), default=0)
        if leaves > _LEAVES:
            raise ValueError(f"a tree has {leaves} leaves, and {_LEAVES} are read at most")
        self._split = np.zeros((inner, len(trees)), dtype=np.intp)
        self._at = np.full((inner, len(trees)), np.inf)
        self._kept = np.full((inner, len(trees)), _ALL, dtype=np.uint16)
        self._leaf = np.zeros((len(trees), max(leaves, 1)))
        for index, (split, at, kept, leaf) in enumerate(trees):
            self._split[: len(split), index], self._at[: len(split), index] = split, at
            self._kept[: len(split), index], self._leaf[index, : len(leaf)] = kept, leaf
        self._trees = np.arange(len(trees))

    def log_odds(self, rows: Sequence[Row]) -> list[float]:
        """Give the log odds of each row; a feature that a row does not name is 0.

        All inner nodes are asked at once: where the answer is right, the leaves on the left are out, and of those left
        over the first is the row's.

        Source: Lucchese et al., SIGIR 2015:73-82 (QuickScorer).
        """
        if not rows or not len(self._trees):
            return [self._base] * len(rows)
        values = chain.from_iterable(map(row.get, self.features, repeat(0.0)) for row in rows)
        table = np.fromiter(values, np.float64, len(rows) * len(self.features)).reshape(len(rows), -1)
        right = table[:, self._split] > self._at
        left = np.bitwise_and.reduce(np.where(right, self._kept, _ALL), axis=1)
        found: list[float] = (self._base + self._leaf[self._trees, _FIRST[left]].sum(axis=1)).tolist()
        return found

    def shares(self, rows: Sequence[Row]) -> list[float]:
        """Give the probability of each row."""
        return [share_of(odds) for odds in self.log_odds(rows)]


def _in_order(tree: Mapping[str, Any]) -> tuple[list[int], list[float], list[int], list[float]]:
    """Number the leaves of a tree from left to right; gives features, thresholds, the leaves that stay on the right."""
    leaves: list[float] = []
    kept = [0] * len(tree["split"])

    def walk(node: int) -> int:
        """Give the leaves below a node, as bits."""
        if node < 0:
            leaves.append(tree["leaf"][-1 - node])
            return 1 << (len(leaves) - 1)
        below = walk(tree["left"][node])
        kept[node] = int(_ALL) & ~below
        return below | walk(tree["right"][node])

    walk(0 if tree["split"] else -1)
    return tree["split"], tree["at"], kept, leaves


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
