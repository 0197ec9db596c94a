"""Which words of an abstract name an outcome, an arm, a condition…: a conditional random field over all its words.

The features are words, their forms and classes, their neighbours, and the place in the abstract. Labels are in BIO
form: ``B-`` begins a span, ``I-`` goes on with it.
"""

from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

from picograph.kg.extraction.model.clusters import classes_of
from picograph.kg.extraction.page import Page
from picograph.kg.extraction.text import SectionKind
from picograph.kg.extraction.tokens import Token

T = TypeVar("T")
_PLAIN_WORDS = """
    the a an of in and or with for to on at by from was were is are be been as that this than not no between after
    before during which who had have has into over under among per both all
"""
_PLAIN = frozenset(_PLAIN_WORDS.split())
_CUES_WORDS = """
    primary secondary endpoint endpoints outcome outcomes measured assessed evaluate investigate determine compare
    randomized randomised randomly assigned received allocated significant significantly difference differences
    higher lower conclusion conclusions versus vs results methods background aimed aim purpose objective eligible
    %
"""
_CUES = frozenset(_CUES_WORDS.split())
_FAR = 7  # words to each side whose mere presence is told


class Text(NamedTuple):
    """The words of an abstract in one row."""

    tokens: list[Token]
    words: list[str]  # in small letters; a number is #
    lines: list[int]  # the sentence of each
    sections: list[SectionKind]  # of each sentence


def row_of(page: Page) -> Text:
    """Put the words of all sentences in one row."""
    tokens = [token for line in page.lines for token in line.tokens]
    lines = [number for number, line in enumerate(page.lines) for _ in line.tokens]
    words = ["#" if token.sort == "n" else token.word for token in tokens]
    return Text(tokens, words, lines, [line.section for line in page.lines])


@lru_cache(maxsize=20_000)
def _shape(word: str) -> str:
    """Give the form of a word: ``Xx`` for capitalised, runs of one sort cut to two."""
    shape = ""
    for letter in word[:24]:
        sort = "9" if letter.isdigit() else "X" if letter.isupper() else "x" if letter.isalpha() else letter
        if not shape.endswith(sort + sort):
            shape += sort
    return shape[:8]


class Near(NamedTuple, Generic[T]):
    """The features that a word gives the places beside it."""

    steps: tuple[tuple[T, ...], ...]  # at the places 1, 2, 3 before it and behind it: see `_STEPS`
    left: T  # at those further behind it, and further before it
    right: T


class Both(NamedTuple, Generic[T]):
    """The features that two words in a row give."""

    first: tuple[T, ...]  # at the first of them
    second: tuple[T, ...]
    before: T  # at the place before them, and at the one behind
    behind: T


_STEPS = (1, 2, 3, -1, -2, -3)  # from a place to the word beside it


class Forms(Generic[T]):
    """The features of words, each made once: as names, to learn from; or as their numbers in a field, to read.

    :param named: what a feature is by its name
    :param known: the same, and None for what is left out wherever it can be
    """

    def __init__(self, named: Callable[[str], T], known: Callable[[str], T | None]) -> None:
        self._named, self._known = named, known
        self.own = lru_cache(maxsize=10_000)(self._own)
        self.near = lru_cache(maxsize=10_000)(self._near)
        self.both = lru_cache(maxsize=20_000)(self._both)
        self.one = lru_cache(maxsize=20_000)(named)

    def _all(self, *names: str) -> tuple[T, ...]:
        return tuple([each for each in map(self._known, names) if each is not None])

    def _own(self, word: str, printed: str) -> tuple[T, ...]:
        kind = classes_of(word)
        return self._all(
            "b",
            f"w={word}",
            f"s={_shape(printed)}",
            f"p4={word[:4]}",
            f"x2={word[-2:]}",
            f"x3={word[-3:]}",
            f"x4={word[-4:]}",
            f"c={kind.coarse}",
            f"d={kind.middle}",
            f"e={kind.fine}",
        )

    def _near(self, word: str) -> Near[T]:
        kind = classes_of(word)
        steps = []
        for step in _STEPS:
            names = [f"{step}={word}"]
            if abs(step) < 3:
                names.append(f"c{step}={kind.coarse}")
            if abs(step) == 1:
                names += (f"x{step}={word[-3:]}", f"d{step}={kind.middle}")
            steps.append(self._all(*names))
        return Near(tuple(steps), self._named(f"bl={word}"), self._named(f"br={word}"))

    def _both(self, one: str, two: str) -> Both[T]:
        first, second = classes_of(one), classes_of(two)
        return Both(
            self._all(f"R={one}|{two}", f"r={first.coarse}{second.coarse}", f"n={first.middle}{two}"),
            self._all(f"L={one}|{two}", f"l={first.coarse}{second.coarse}", f"m={one}{second.middle}"),
            self._named(f"RR={one}|{two}"),
            self._named(f"LL={one}|{two}"),
        )


NAMES: Forms[str] = Forms(str, str)


def word_features(page: Page, text: Text, forms: Forms[T]) -> list[list[T]]:
    """Give the features of every word of an abstract."""
    tokens, words, lines, _ = text
    size = len(words)
    pad = ["_"] * _FAR
    row = [*pad, *words, *pad]
    one = forms.one
    coarse = [classes_of(word).coarse for word in row]
    near = [forms.near(word) for word in row]
    steps, left, right = [each.steps for each in near], [each.left for each in near], [each.right for each in near]
    both = [forms.both(*pair) for pair in pairwise(row)]  # the pair that begins at each place
    printed = [page.text[token.start : token.end] for token in tokens]
    shapes = [_shape(each) for each in printed]
    counts = Counter(words)
    title = {word for word, line in zip(words, lines, strict=True) if line == 0} - _PLAIN
    cues: dict[int, set[str]] = {}
    for word, line in zip(words, lines, strict=True):
        if word in _CUES:
            cues.setdefault(line, set()).add(f"q={word}")
    told = {line: [one(cue) for cue in sorted(found)] for line, found in cues.items()}
    last = max(1, lines[-1]) if lines else 1
    seen: set[str] = set()
    depth = 0
    found = []
    for index in range(size):
        at = index + _FAR
        word, line = words[index], lines[index]
        before, after = row[at - 1], row[at + 1]
        if word == "(":
            depth += 1
        features = [
            *forms.own(word, printed[index]),
            *steps[at + 1][0],
            *steps[at + 2][1],
            *steps[at + 3][2],
            *steps[at - 1][3],
            *steps[at - 2][4],
            *steps[at - 3][5],
            *both[at].first,
            *both[at - 1].second,
            both[at + 1].before,
            both[at - 2].behind,
            *left[at - _FAR : at - 3],
            *right[at + 4 : at + _FAR + 1],
            one(f"LR={before}|{after}"),
            one(f"o={coarse[at - 1]}{coarse[at]}{coarse[at + 1]}"),
            one(f"pos={7 * line // last}"),
            one(f"sec={text.sections[line]}"),
            one(f"cnt={min(counts[word], 5)}"),
        ]
        if index:
            features.append(one(f"s-1={shapes[index - 1]}"))
        if index + 1 < size:
            features.append(one(f"s+1={shapes[index + 1]}"))
        if line == 0:
            features += (one("title"), one(f"t={word}"), one(f"t-={before}"), one(f"t+={after}"))
        elif word in title:
            features.append(one("intitle"))
        if word not in _PLAIN:
            features.append(one("seen" if word in seen else "first"))
            seen.add(word)
        if depth:
            features.append(one("par"))
        features += told.get(line, ())
        if word == ")":
            depth = max(0, depth - 1)
        found.append(features)
    return found
