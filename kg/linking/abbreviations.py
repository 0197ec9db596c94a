"""Abbreviations that a text defines itself: ``hepatocellular carcinoma (HCC)``.

Source: Schwartz and Hearst, A simple algorithm for identifying abbreviation definitions in biomedical text, Pac Symp
Biocomput 2003:451-462. Here in both orders, in round and square brackets, with the places of both.
"""

import re
from typing import NamedTuple

_BRACKET = re.compile(r"[(\[]([^()\[\]]{2,200})[)\]]")
_SHORT = re.compile(r"[^\W_][\w./+\-‐‑–]{0,8}[\w+]|[^\W_]\w? [^\W_]\w{0,6}")
_WORD_BEFORE = re.compile(r"([^\W_][\w./+\-‐‑–]{1,9})\s*$")
_SENTENCE = re.compile(r"[.;:!?]\s")


class Definition(NamedTuple):
    """What a text says that a short form stands for."""

    short: str
    long: str
    short_place: tuple[int, int]
    long_place: tuple[int, int]


def definitions(text: str) -> list[Definition]:
    """Give the abbreviations that a text defines, in its order.

    >>> [(each.short, each.long) for each in definitions("Men with hepatocellular carcinoma (HCC) took 5-FU (n = 4).")]
    [('HCC', 'hepatocellular carcinoma')]
    >>> definitions("DFS (disease-free survival)")[0].long
    'disease-free survival'
    """
    found = []
    for bracket in _BRACKET.finditer(text):
        inside, start = bracket[1], bracket.start(1)
        first = re.split(r"[,;:=]", inside, maxsplit=1)[0].rstrip()
        definition = None
        if _is_short(first.strip()):
            lead = len(first) - len(first.lstrip())
            definition = _define(text, first.strip(), start + lead, before=bracket.start())
        if definition is None and len(inside.split()) > 1:
            definition = _reversed(text, bracket)
        if definition:
            found.append(definition)
    return found


def _is_short(words: str) -> bool:
    return bool(_SHORT.fullmatch(words)) and any(map(str.isalpha, words)) and not words.islower()


def _define(text: str, short: str, start: int, before: int) -> Definition | None:
    limit = min(len(short) + 5, 2 * len(short))
    breaks = [match.end() for match in _SENTENCE.finditer(text, max(0, before - 400), before)]
    begin = max(0, before - 400) if not breaks else breaks[-1]
    words = list(re.finditer(r"\S+", text[begin:before]))[-limit:]
    if not words:
        return None
    begin += words[0].start()
    candidate = text[begin:before].rstrip()
    place = _best(short, candidate)
    if place is None:
        return None
    long = candidate[place:]
    return _checked(short, long, (start, start + len(short)), (begin + place, begin + len(candidate)))


def _reversed(text: str, bracket: "re.Match[str]") -> Definition | None:
    """``DFS (disease-free survival)``: the short form stands before the bracket."""
    word = _WORD_BEFORE.search(text, max(0, bracket.start() - 12), bracket.start())
    if word is None or not _is_short(word[1]):
        return None
    long = re.split(r"[;,]", bracket[1], maxsplit=1)[0].rstrip()
    if _best(word[1], long) != 0:
        return None
    return _checked(word[1], long, word.span(1), (bracket.start(1), bracket.start(1) + len(long)))


def _checked(short: str, long: str, at: tuple[int, int], place: tuple[int, int]) -> Definition | None:
    limit = min(len(short) + 5, 2 * len(short))
    if len(long) <= len(short) or len(long.split()) > limit or short in long.split():
        return None
    return Definition(short, long, at, place)


def _best(short: str, long: str) -> int | None:
    """Find where the long form begins: every letter of the short one in order from the right, the first at a word."""
    index = len(long) - 1
    for number in range(len(short) - 1, -1, -1):
        letter = short[number].lower()
        if not letter.isalnum():
            continue
        while index >= 0 and (
            long[index].lower() != letter or (number == 0 and index > 0 and long[index - 1].isalnum())
        ):
            index -= 1
        if index < 0:
            return None
        index -= 1
    # back to the beginning of the word, over a hyphen too
    start = index + 1
    while start > 0 and not long[start - 1].isspace() and long[start - 1] not in "([/":
        start -= 1
    return start
