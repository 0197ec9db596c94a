"""The one table from what the model reads to the labels of the corpus: ``labels.tsv``."""

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Label(NamedTuple):
    """A label of the corpus and what it is here."""

    corpus: str  # as the corpus writes it
    ours: str  # the label of the model
    part: str  # the class of a study's part that such words or numbers become; empty: none
    field: str  # and its field


@cache
def labels() -> dict[str, Label]:
    """Give the table, by our labels.

    >>> labels()["experimental per cent"].corpus
    'iv-bin-percent'
    """
    lines = files(__package__).joinpath("labels.tsv").read_text(encoding="utf-8").splitlines()
    rows = csv.reader(lines[1:], delimiter="\t")
    return {row[1]: Label(*row) for row in rows}


@cache
def ours() -> dict[str, str]:
    """Give our label for each of the corpus.

    >>> ours()["total-participants"]
    'enrolled'
    """
    return {label.corpus: label.ours for label in labels().values()}
