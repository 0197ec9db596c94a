"""Which words of an abstract name an outcome, an arm, a condition…: a conditional random field over all its words.

The features are words, their forms and classes, their neighbours, and the place in the abstract. Labels are in BIO
form: ``B-`` begins a span, ``I-`` goes on with it.
"""

from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from picograph.kg.extraction.model.clusters import classes_of
from picograph.kg.extraction.page import Page
from picograph.kg.extraction.text import SectionKind
from picograph.kg.extraction.tokens import Token

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


@lru_cache(maxsize=20_000)
def _own(word: str, printed: str) -> tuple[str, ...]:
    kind = classes_of(word)
    return (
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


@lru_cache(maxsize=60_000)
def _near(offset: int, word: str) -> tuple[str, ...]:
    kind = classes_of(word)
    if abs(offset) == 1:
        return (f"{offset}={word}", f"x{offset}={word[-3:]}", f"c{offset}={kind.coarse}", f"d{offset}={kind.middle}")
    if abs(offset) == 2:
        return f"{offset}={word}", f"c{offset}={kind.coarse}"
    return (f"{offset}={word}",)


@lru_cache(maxsize=60_000)
def _far(side: str, word: str) -> str:
    return f"{side}={word}"


def word_features(page: Page, text: Text) -> list[list[str]]:
    """Give the features of every word of an abstract."""
    tokens, words, lines, _ = text
    size = len(words)
    pad = ["_"] * _FAR
    row = [*pad, *words, *pad]
    kinds = [classes_of(word) for word in row]
    printed = [_shape(page.text[token.start : token.end]) for token in tokens]
    counts = Counter(words)
    title = {word for word, line in zip(words, lines, strict=True) if line == 0} - _PLAIN
    cues: dict[int, set[str]] = {}
    for word, line in zip(words, lines, strict=True):
        if word in _CUES:
            cues.setdefault(line, set()).add(f"q={word}")
    told = {line: sorted(found) for line, found in cues.items()}
    last = max(1, lines[-1]) if lines else 1
    seen: set[str] = set()
    depth = 0
    found = []
    for index in range(size):
        at = index + _FAR
        word, line = words[index], lines[index]
        before, after = row[at - 1], row[at + 1]
        kind, kind_before, kind_after = kinds[at], kinds[at - 1], kinds[at + 1]
        if word == "(":
            depth += 1
        features = [
            *_own(word, page.text[tokens[index].start : tokens[index].end]),
            *_near(-3, row[at - 3]),
            *_near(-2, row[at - 2]),
            *_near(-1, before),
            *_near(1, after),
            *_near(2, row[at + 2]),
            *_near(3, row[at + 3]),
            f"L={before}|{word}",
            f"R={word}|{after}",
            f"LL={row[at - 2]}|{before}",
            f"RR={after}|{row[at + 2]}",
            f"LR={before}|{after}",
            f"l={kind_before.coarse}{kind.coarse}",
            f"r={kind.coarse}{kind_after.coarse}",
            f"m={before}{kind.middle}",
            f"n={kind.middle}{after}",
            f"o={kind_before.coarse}{kind.coarse}{kind_after.coarse}",
            f"pos={7 * line // last}",
            f"sec={text.sections[line]}",
            f"cnt={min(counts[word], 5)}",
        ]
        for offset in range(4, _FAR + 1):
            features.append(_far("bl", row[at - offset]))
            features.append(_far("br", row[at + offset]))
        if index:
            features.append(f"s-1={printed[index - 1]}")
        if index + 1 < size:
            features.append(f"s+1={printed[index + 1]}")
        if line == 0:
            features += ("title", f"t={word}", f"t-={before}", f"t+={after}")
        elif word in title:
            features.append("intitle")
        if word not in _PLAIN:
            features.append("seen" if word in seen else "first")
            seen.add(word)
        if depth:
            features.append("par")
        features += told.get(line, ())
        if word == ")":
            depth = max(0, depth - 1)
        found.append(features)
    return found
