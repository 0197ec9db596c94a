"""Classes of words that stand in like company, so that a word never met in learning still says something.

``clusters.txt.gz`` has one line a class: its parents' numbers, then its words. `picograph.corpus.clusters` makes it
from word vectors. A word that is in no class is classed by its form.
"""

import gzip
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple


class Classes(NamedTuple):
    """The classes of a word, from coarse to fine."""

    coarse: str
    middle: str
    fine: str


@cache
def _table() -> dict[str, Classes]:
    packed = files(__package__).joinpath("clusters.txt.gz").read_bytes()
    found = {}
    for fine, line in enumerate(gzip.decompress(packed).decode().splitlines()):
        coarse, middle, *words = line.split(" ")
        found.update(dict.fromkeys(words, Classes(f"a{coarse}", f"b{middle}", f"c{fine}")))
    return found


@lru_cache(maxsize=20_000)
def classes_of(word: str) -> Classes:
    """Give the classes of a word in small letters; a number is ``#``.

    >>> classes_of("paclitaxel").middle == classes_of("docetaxel").middle
    True
    >>> classes_of("#")
    Classes(coarse='n', middle='n', fine='n')
    """
    known = _table().get(word)
    if known is not None:
        return known
    form = "n" if word == "#" else "p" if not word[:1].isalnum() else f"u{word[-3:]}" if len(word) > 4 else "u"
    return Classes(form, form, form)
