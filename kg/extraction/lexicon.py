"""The words that extraction knows: outcomes, adverse events, treatments, scales, verbs; a table, not code.

`lexicon.tsv` has one line for each thing: its kind, the name that it goes by, and other words for it. A word in
capitals matches only where the text prints capitals; ``*itis`` matches every longer word that ends so (the stems of
drugs are those of the WHO: https://www.who.int/teams/health-product-and-policy-standards/inn/stem-book).
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

from picograph.kg.extraction.tokens import Token


class Hit(NamedTuple):
    """A thing of the lexicon in a sentence, at its tokens."""

    kind: str
    label: str  # the name that it goes by
    first: int
    last: int  # not included


class _Entry(NamedTuple):
    words: tuple[str, ...]  # in small letters, the last in the singular
    kind: str
    label: str
    capitals: tuple[int, ...]  # the words that must be printed in capitals


class _Lexicon(NamedTuple):
    entries: dict[str, tuple[_Entry, ...]]  # by the first word, the longest first
    endings: re.Pattern[str]
    ending_kinds: dict[str, str]
    words: dict[str, frozenset[str]]  # plain words by their kind, such as those that end a noun phrase


_IRREGULAR = {
    "diabetes": "diabetes", "metastases": "metastasis", "toxicities": "toxicity", "thromboses": "thrombosis",
    "diagnoses": "diagnosis", "biopsies": "biopsy", "women": "woman", "men": "man", "series": "series",
    "ascites": "ascites", "rabies": "rabies", "species": "species", "emboli": "embolus", "stenoses": "stenosis",
    "flashes": "flash", "flushes": "flush", "rashes": "rash", "relapses": "relapse", "responses": "response",
    "diseases": "disease", "abscesses": "abscess", "fistulae": "fistula", "fistulas": "fistula", "herpes": "herpes",
    "losses": "loss", "illnesses": "illness", "weaknesses": "weakness", "strokes": "stroke", "ulcers": "ulcer",
    "increases": "increase", "decreases": "decrease", "causes": "cause", "cases": "case", "doses": "dose",
}  # fmt: skip


@lru_cache(maxsize=16_384)
def singular(word: str) -> str:
    """Give the singular of a noun, as far as its ending tells.

    >>> [singular(word) for word in ("toxicities", "reactions", "mucositis", "losses", "nausea", "metastases")]
    ['toxicity', 'reaction', 'mucositis', 'loss', 'nausea', 'metastasis']
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses", "zes")):
        return word[:-2]
    return word[:-1]


@cache
def lexicon() -> _Lexicon:
    """Read the table."""
    table = resources.files("picograph.kg.extraction").joinpath("lexicon.tsv").read_text(encoding="utf-8")
    found: dict[str, list[_Entry]] = {}
    endings: dict[str, str] = {}
    words: dict[str, frozenset[str]] = {}
    for line in table.splitlines()[1:]:
        kind, label, others = line.split("\t")
        names = [name for name in (label, *others.split("|")) if name]
        if kind.startswith("word "):
            words[kind] = frozenset(names)
            continue
        for name in names:
            if name.startswith("*"):
                endings[name[1:]] = kind
            else:
                entry = _entry(kind, label or name, name)
                if entry not in found.setdefault(entry.words[0], []):
                    found[entry.words[0]].append(entry)
    by_length = sorted(endings, key=len, reverse=True)
    return _Lexicon(
        {word: tuple(sorted(entries, key=lambda each: -len(each.words))) for word, entries in found.items()},
        re.compile(f"[a-z]{{3,}}?({'|'.join(by_length)})$"),
        endings,
        words,
    )


def _entry(kind: str, label: str, name: str) -> _Entry:
    words = re.split(r"[\s/-]+", name.strip())
    capitals = tuple(index for index, word in enumerate(words) if sum(letter.isupper() for letter in word) > 1)
    lower = [word.lower() for word in words]
    if kind not in _VERBS:
        lower[-1] = singular(lower[-1])
    return _Entry(tuple(lower), kind, label, capitals)


_VERBS = frozenset({"have", "occur", "include", "complete", "leave", "die"})


def hits_of(folded: str, tokens: Sequence[Token], shorts: Mapping[str, str] | None = None) -> list[Hit]:
    """Find the things of the lexicon in a sentence: the longest at each token, none inside another.

    :param shorts: short forms that the text itself explains, with the words that they stand for

    >>> from picograph.kg.extraction.tokens import tokens_of
    >>> words = "OS and hand-foot skin reactions or neutropenia"
    >>> [(each.kind, each.label) for each in hits_of(words, tokens_of(words))]
    [('survival', 'overall survival'), ('event', 'hand-foot skin reaction'), ('event', 'neutropenia')]
    """
    words = [(index, token) for index, token in enumerate(tokens) if token.sort not in "-/"]
    names = [token.word for _, token in words]
    found: list[Hit] = []
    at, size = 0, len(words)
    while at < size:
        index, token = words[at]
        step = 1
        hit = _match(folded, words, names, at)
        if hit is None and shorts and token.sort not in "n%," and (long := shorts.get(folded[token.start : token.end])):
            kind = kind_of(long)
            hit = (kind, long, 1) if kind else None
        if hit is not None:
            kind, label, step = hit
            found.append(Hit(kind, label, index, words[at + step - 1][0] + 1))
        at += step
    return found


class _Known(NamedTuple):
    """What can begin with a word."""

    entries: tuple[_Entry, ...]  # the longest first
    ending: str  # the kind that the word's ending tells, or nothing
    single: str  # the word in the singular


@lru_cache(maxsize=16_384)
def _known(word: str) -> _Known | None:
    """Say what can begin with a word; None for a plain word."""
    table = lexicon()
    single = singular(word)
    entries = table.entries.get(word, ())
    if single != word:
        entries += table.entries.get(single, ())
    match = None
    if len(word) >= 7 and word.isalpha() and word not in table.words["word no ending"]:
        match = table.endings.match(single)
    if not entries and not match:
        return None
    return _Known(entries, table.ending_kinds[match[1]] if match else "", single)


def _match(folded: str, words: list[tuple[int, Token]], names: list[str], at: int) -> tuple[str, str, int] | None:
    word = names[at]
    known = _known(word)
    if known is None:
        return None
    for entry in known.entries:
        size = len(entry.words)
        if at + size > len(names):
            continue
        if size == 1:
            if word != entry.words[0] and entry.kind in _VERBS:
                continue
        else:
            last = names[at + size - 1]
            if tuple(names[at + 1 : at + size - 1]) != entry.words[1:-1] or (
                last != entry.words[-1] and (entry.kind in _VERBS or singular(last) != entry.words[-1])
            ):
                continue
        if entry.capitals and any(not _in_capitals(folded, words[at + index][1]) for index in entry.capitals):
            continue
        return entry.kind, entry.label, size
    if known.ending and words[at][1].sort == "x":
        return known.ending, known.single, 1
    return None


def _in_capitals(folded: str, token: Token) -> bool:
    printed = folded[token.start : token.end]
    return sum(letter.isupper() or letter.isdigit() for letter in printed) > 1


@lru_cache(maxsize=4096)
def kind_of(words: str) -> str:
    """Give the kind of the thing that words end with, or nothing.

    >>> kind_of("nodal progression-free survival"), kind_of("quality")
    ('survival', '')
    """
    from picograph.kg.extraction.tokens import tokens_of

    tokens = tokens_of(words)
    found = hits_of(words, tokens)
    return found[-1].kind if found and found[-1].last == len(tokens) else ""


def is_stop(word: str) -> bool:
    """Say whether a word ends a noun phrase when it is read from its end."""
    return word in lexicon().words["word stop"] or word.endswith("ly")


def words_of(kind: str) -> frozenset[str]:
    """Give the plain words of a kind.

    >>> "group" in words_of("word group")
    True
    """
    return lexicon().words[kind]
