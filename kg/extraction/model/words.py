"""Which words of an abstract name an outcome, an arm, a condition…: a conditional random field over all its words.

The features are words, their forms and classes, their neighbours, and the place in the abstract. Labels are in BIO
form: ``B-`` begins a span, ``I-`` goes on with it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import Generic, NamedTuple, TypeVar

from picograph.kg.extraction.model.clusters import classes_of
from picograph.kg.extraction.page import Page
from picograph.kg.extraction.text import SectionKind
from picograph.kg.extraction.tokens import Token

S = TypeVar("S")
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


class Near(NamedTuple, Generic[S]):
    """The features that a word gives the places beside it."""

    steps: tuple[S, ...]  # at the places 1, 2, 3 before it and behind it: see `_STEPS`
    left: S  # at those further behind it, and further before it
    right: S


class Both(NamedTuple, Generic[S]):
    """The features that two words in a row give."""

    first: S  # at the first of them
    second: S
    before: S  # at the place before them, and at the one behind
    behind: S


class Shape(NamedTuple, Generic[S]):
    """The features that the form of a word gives the places beside it."""

    behind: S
    before: S


class Rows(NamedTuple, Generic[S, T]):
    """The features of every word of an abstract."""

    shared: list[list[S]]  # those that words give their place and the places near: of each sort, at every place
    own: list[list[T]]  # all others of each place


_STEPS = (1, 2, 3, -1, -2, -3)  # from a place to the word beside it


class Forms(Generic[S, T]):
    """The features of words, each made once: as names, to learn from; or as their numbers in a field, to read.

    :param named: what a feature is by its name
    :param joined: what several features are that always come together, by their names
    """

    def __init__(self, named: Callable[[str], T], joined: Callable[[Sequence[str]], S]) -> None:
        self.joined = joined
        self.own = lru_cache(maxsize=10_000)(self._own)
        self.near = lru_cache(maxsize=10_000)(self._near)
        self.both = lru_cache(maxsize=40_000)(self._both)
        self.state = lru_cache(maxsize=1_000)(self._state)
        self.shape = lru_cache(maxsize=10_000)(self._beside)
        self.one = named

    def _own(self, word: str, printed: str) -> S:
        kind = classes_of(word)
        return self.joined(
            (
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
        )

    def _near(self, word: str) -> Near[S]:
        kind = classes_of(word)
        steps = []
        for step in _STEPS:
            names = [f"{step}={word}"]
            if abs(step) < 3:
                names.append(f"c{step}={kind.coarse}")
            if abs(step) == 1:
                names += (f"x{step}={word[-3:]}", f"d{step}={kind.middle}")
            steps.append(self.joined(names))
        return Near(tuple(steps), self.joined((f"bl={word}",)), self.joined((f"br={word}",)))

    def _both(self, one: str, two: str) -> Both[S]:
        first, second = classes_of(one), classes_of(two)
        return Both(
            self.joined((f"R={one}|{two}", f"r={first.coarse}{second.coarse}", f"n={first.middle}{two}")),
            self.joined((f"L={one}|{two}", f"l={first.coarse}{second.coarse}", f"m={one}{second.middle}")),
            self.joined((f"RR={one}|{two}",)),
            self.joined((f"LL={one}|{two}",)),
        )

    def _beside(self, printed: str) -> Shape[S]:
        shape = _shape(printed)
        return Shape(self.joined((f"s-1={shape}",)), self.joined((f"s+1={shape}",)))

    def _state(self, count: int, title: str, seen: str, inside: bool) -> S:
        names = (f"cnt={min(count, 5)}", title, seen, "par" if inside else "")
        return self.joined(tuple(filter(None, names)))


_NAMES: Forms[tuple[str, ...], str] = Forms(str, tuple)


def names_of_features(page: Page, text: Text) -> list[list[str]]:
    """Give the features of every word of an abstract by their names."""
    rows = word_features(page, text, _NAMES)
    return [[*chain.from_iterable(shared), *own] for *shared, own in zip(*rows.shared, rows.own, strict=True)]


def word_features(page: Page, text: Text, forms: Forms[S, T]) -> Rows[S, T]:
    """Give the features of every word of an abstract."""
    tokens, words, lines, _ = text
    size = len(words)
    pad = ["_"] * _FAR
    row = [*pad, *words, *pad]
    one, state = forms.one, forms.state
    coarse = [classes_of(word).coarse for word in row]
    near = [forms.near(word) for word in row]
    left, right = [each.left for each in near], [each.right for each in near]
    both = [forms.both(*pair) for pair in pairwise(row)]  # the pair that begins at each place
    printed = [page.text[token.start : token.end] for token in tokens]
    shapes, edge = [forms.shape(each) for each in printed], forms.joined(())
    counts = Counter(words)
    title = {word for word, line in zip(words, lines, strict=True) if line == 0} - _PLAIN
    cues: dict[int, set[str]] = {}
    for word, line in zip(words, lines, strict=True):
        cues.setdefault(line, set())
        if word in _CUES:
            cues[line].add(f"q={word}")
    last = max(1, lines[-1]) if lines else 1
    said = {
        line: forms.joined((f"pos={7 * line // last}", f"sec={text.sections[line]}", *sorted(found)))
        for line, found in cues.items()
    }
    seen: set[str] = set()
    depth = 0
    states, own = [], []
    for index, (word, line) in enumerate(zip(words, lines, strict=True)):
        at = index + _FAR
        before, after = row[at - 1], row[at + 1]
        if word == "(":
            depth += 1
        features = [one(f"LR={before}|{after}"), one(f"o={coarse[at - 1]}{coarse[at]}{coarse[at + 1]}")]
        if line == 0:
            features += (one(f"t={word}"), one(f"t-={before}"), one(f"t+={after}"))
        plain = word in _PLAIN
        where = "title" if line == 0 else "intitle" if word in title else ""
        states.append(state(counts[word], where, "" if plain else "seen" if word in seen else "first", depth > 0))
        if not plain:
            seen.add(word)
        if word == ")":
            depth = max(0, depth - 1)
        own.append(features)
    first, stop = _FAR, _FAR + size
    shared = [
        [forms.own(word, form) for word, form in zip(words, printed, strict=True)],
        *([each.steps[index] for each in near[first + step : stop + step]] for index, step in enumerate(_STEPS)),
        [each.first for each in both[first:stop]],
        [each.second for each in both[first - 1 : stop - 1]],
        [each.before for each in both[first + 1 : stop + 1]],
        [each.behind for each in both[first - 2 : stop - 2]],
        *(left[first - step : stop - step] for step in range(_FAR, 3, -1)),
        *(right[first + step : stop + step] for step in range(4, _FAR + 1)),
        [said[line] for line in lines],
        states,
        [edge, *(each.behind for each in shapes[:-1])],
        [*(each.before for each in shapes[1:]), edge],
    ]
    return Rows(shared, own)
