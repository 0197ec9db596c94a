"""Short forms that a text explains: ``hepatocellular carcinoma (HCC)``, by the rule of Schwartz and Hearst."""

import re
from collections.abc import Mapping

from picograph.kg.extraction.lexicon import singular

_IN_BRACKETS = re.compile(r"\((?P<short>[A-Za-z][\w/+-]{1,9})(?:[;,][^()]{0,80})?\)")


def short_forms(folded: str) -> dict[str, str]:
    """Give the short forms of a text with the words that they stand for.

    The letters of a short form must stand in the words before it, in their order, the first at a word's beginning.

    >>> short_forms("nodal progression-free survival (NPFS), radiation therapy (RT); (n = 5) (both)")
    {'NPFS': 'nodal progression-free survival', 'RT': 'radiation therapy'}

    Source: Schwartz and Hearst, Pac Symp Biocomput 2003:451-462.
    """
    found: dict[str, str] = {}
    for match in _IN_BRACKETS.finditer(folded):
        short = match["short"]
        if sum(letter.isupper() for letter in short) < 2 or short in found:
            continue
        before = folded[max(0, match.start() - 120) : match.start()].rstrip()
        before = re.split(r"[.;:()\[\]]\s", before)[-1]
        words = before.split()
        long = _long_form(short, " ".join(words[-min(len(short) + 5, 2 * len(short)) :]))
        if long:
            found[short] = long
    return found


def _long_form(short: str, before: str) -> str | None:
    at = len(before) - 1
    letters = [letter for letter in short.lower() if letter.isalnum()]
    if len(letters) > 2 and letters[-1] == "s" and short.endswith("s"):
        letters.pop()  # the plural of a short form
    lower = before.lower()
    for position in range(len(letters) - 1, -1, -1):
        letter = letters[position]
        while at >= 0 and not (lower[at] == letter and (position or at == 0 or not lower[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return None
        at -= 1
    long = before[at + 1 :]
    return long if len(long) > len(short) and short not in long.split() else None


def plain_words(words: str, shorts: Mapping[str, str]) -> str:
    """Write the name of a thing: its last word in the singular, short forms as what they stand for, small letters.

    >>> plain_words("hepatic toxicities", {})
    'hepatic toxicity'
    >>> plain_words("NPFS", {"NPFS": "nodal progression-free survival"})
    'nodal progression-free survival'
    """
    parts = []
    for word in words.split():
        bare = word.strip("(),;")
        known = bare if bare in shorts else bare.removesuffix("s")
        parts.append(shorts[known] if known in shorts and shorts[known].casefold() not in words.casefold() else word)
    joined = " ".join(parts)
    joined = re.sub(r"\s*\([^()]*\)", "", joined).strip(" ,;()")
    head, space, last = joined.rpartition(" ")
    single = singular(last) if last.islower() or (not head and last[1:].islower()) else last
    joined = f"{head}{space}{single}"
    first = joined.split(" ")[0]
    if first[:1].isupper() and first[1:].islower() and (len(first) > 3 or first.casefold() in {"a"}):
        joined = joined[:1].lower() + joined[1:]
    return joined
