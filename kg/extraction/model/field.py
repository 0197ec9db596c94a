"""Linear-chain conditional random fields, read with numpy alone: how probable each label is at each place of a row.

What was learnt elsewhere is a table, features by labels, and the weights of one label behind another. A feature is a
number here: its row in the table. Those that were not learnt share the last row, which is 0.

Source: Lafferty, McCallum and Pereira, ICML 2001:282-289; Rabiner, Proc IEEE 1989;77:257-286 (the sums both ways).
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]
_APART = 12  # steps between two scalings: a step shrinks a sum by far less than a double holds


class Field:
    """A conditional random field.

    :param features: their names
    :param weights: of each feature (a row) for each label
    :param follows: the weight of a label (a column) behind another (a row)
    """

    def __init__(self, labels: Sequence[str], features: Sequence[str], weights: Table, follows: Table) -> None:
        self.labels = list(labels)
        self.known: Mapping[str, int] = {name: index for index, name in enumerate(features)}
        self.unknown = len(features)
        self._weights = np.vstack([weights, np.zeros((1, len(labels)))]).astype(np.float32)
        self._step = np.exp(follows - follows.max()) if len(labels) else np.exp(follows)
        self._linked = bool(np.any(follows))  # else each place is read by itself

    def numbers(self, names: Sequence[str]) -> list[int]:
        """Give the features that are known, by their numbers."""
        known = self.known
        return [known[name] for name in names if name in known]

    def marginals(self, rows: Sequence[Sequence[int]], more: Table | None = None) -> dict[str, list[float]]:
        """Give for each label how probable it is at each place.

        :param rows: of each place, the numbers of its features
        :param more: what other features speak for at each place, as `Sums` gives it

        >>> field = Field(["a", "b"], ["x"], np.array([[1.0, 0.0]]), np.zeros((2, 2)))
        >>> [round(share, 3) for share in field.marginals([[0], [1]])["a"]]
        [0.731, 0.5]
        """
        if not rows:
            return {label: [] for label in self.labels}
        speaks = self.speaks(rows)
        if more is not None:
            speaks += more
        speaks = np.exp(speaks - speaks.max(axis=1, keepdims=True))
        shares = self._ways(speaks) / speaks if self._linked else speaks
        shares /= shares.sum(axis=1, keepdims=True)
        return dict(zip(self.labels, shares.T.tolist(), strict=True))

    def speaks(self, rows: Sequence[Sequence[int]]) -> Table:
        """Add up what the features of each row speak for, for each label."""
        filled = [row or (self.unknown,) for row in rows]
        begins = np.cumsum([0, *map(len, filled[:-1])])
        flat = np.array(list(chain.from_iterable(filled)), dtype=np.intp)
        return np.add.reduceat(self._weights[flat], begins, axis=0).astype(np.float64)

    def _ways(self, speaks: Table) -> Table:
        """Sum over all that may stand before each place, and over all that may stand behind; each row to its scale.

        Both are one walk: what stands behind is the same row read from its end.
        """
        size = len(self.labels)
        both = np.hstack([speaks, speaks[::-1]])
        step = np.zeros((2 * size, 2 * size))
        step[:size, :size], step[size:, size:] = self._step, self._step.T
        dot, multiply = np.dot, np.multiply
        last = both[0]
        for at in range(1, len(both)):
            row = both[at]
            last = multiply(dot(last, step), row, row)
            if not at % _APART:
                row[:size] /= row[:size].sum()
                row[size:] /= row[size:].sum()
        found: Table = both[:, :size] * both[::-1, size:]
        return found

    def over(self, features: Sequence[str]) -> "Field":
        """Give the same field with its features numbered as in a longer list, which other fields may share."""
        weights = np.zeros((len(features), len(self.labels)))
        number = {name: index for index, name in enumerate(features)}
        weights[[number[name] for name in self.known]] = self._weights[:-1]
        return Field(self.labels, features, weights, np.log(self._step))

    def save(self, path: Path) -> None:
        """Write the field: the same field gives the same bytes."""
        weights = self._weights[:-1]
        rows, columns = np.nonzero(weights)
        np.savez_compressed(
            path,
            labels=_packed(self.labels),
            features=_packed(list(self.known)),
            columns=columns.astype(np.uint8),
            counts=np.bincount(rows, minlength=len(weights)).astype(np.uint8),
            weights=weights[rows, columns],
            steps=np.log(self._step),
        )


class Numbers(dict[str, int]):
    """The number of each feature of a field; one that it does not know has the row of those."""

    def __init__(self, field: Field) -> None:
        super().__init__(field.known)
        self._unknown = field.unknown

    def __missing__(self, name: str) -> int:
        """Give the row of features that are not known."""
        return self._unknown


class Sums:
    """What features that come together speak for: each sum of rows of a field's table made once, with a number."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._numbers: dict[tuple[int, ...], int] = {}
        self._rows = np.zeros((1024, len(field.labels)), dtype=np.float32)
        self._fresh: list[tuple[int, ...]] = []  # those that have a number, and no row yet
        self._adding = Lock()

    def __len__(self) -> int:
        """Count the sums that have a number."""
        return len(self._numbers)

    def number(self, names: Sequence[str]) -> int:
        """Give the number of a sum of features; those that are not known are left out."""
        known = self._field.known
        features = tuple([known[name] for name in names if name in known])
        found = self._numbers.get(features)
        if found is not None:
            return found
        with self._adding:
            if features not in self._numbers:
                self._numbers[features] = len(self._numbers)
                self._fresh.append(features)
            return self._numbers[features]

    def of(self, sorts: Sequence[Sequence[int]]) -> Table:
        """Add the sums of every place up.

        :param sorts: rows of numbers, each with one number a place
        """
        with self._adding:
            if self._fresh:
                end = len(self._numbers)
                while end > len(self._rows):
                    self._rows = np.vstack([self._rows, np.zeros_like(self._rows)])
                self._rows[end - len(self._fresh) : end] = self._field.speaks(self._fresh)
                self._fresh = []
        found: Table = self._rows[np.array(sorts, dtype=np.intp)].sum(axis=0).astype(np.float64)
        return found


def open_field(path: Path) -> Field:
    """Read a field that was written."""
    with np.load(path) as packed:
        labels, features = _unpacked(packed["labels"]), _unpacked(packed["features"])
        weights = np.zeros((len(features), len(labels)))
        rows = np.repeat(np.arange(len(features)), packed["counts"])
        weights[rows, packed["columns"]] = packed["weights"]
        return Field(labels, features, weights, packed["steps"])


def aligned(fields: Sequence[Field]) -> tuple[Field, ...]:
    """Give fields over the features of all, so that those of a place are looked up once."""
    names = list(dict.fromkeys(chain.from_iterable(field.known for field in fields)))
    return tuple(field.over(names) for field in fields)


def _packed(names: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(names).encode(), dtype=np.uint8)


def _unpacked(names: NDArray[np.uint8]) -> list[str]:
    text = names.tobytes().decode()
    return text.split("\n") if text else []
