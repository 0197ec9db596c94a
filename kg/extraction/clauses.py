"""Whom the clause around a match is about: everyone, so many, a part of them, or words that are not understood."""

import re

from picograph.kg.extraction.numbers import Mention, NumberKind
from picograph.kg.extraction.patterns import Fit
from picograph.kg.extraction.phrases import Row


def stretch(row: Row, fit: Fit) -> tuple[int, int]:
    """Give the clause around a match: from the semicolon before it to the one behind it."""
    letters = row.letters
    left = max(letters.rfind(";", 0, fit.start), letters.rfind(":", 0, fit.start)) + 1
    right = letters.find(";", fit.end)
    return left, right if right >= 0 else len(letters)


_ALL = re.compile(
    r"\b(?:overall|in total|total of|all (?:patients|participants|women|subjects)|both (?:arms|groups)|each (?:arm"
    r"|group)|in either (?:arm|group)|whole|entire)\b",
    re.IGNORECASE,
)


def everyone(row: Row, fit: Fit) -> bool:
    """Say whether words of the clause tell that it is about all participants."""
    if any(item.letter == "F" and item.data.everyone for item in row.items[slice(*fit.vals)] if item.letter == "F"):
        return True
    left, right = stretch(row, fit)
    return _ALL.search(row.folded, row.items[left].start, row.items[right - 1].end) is not None


_OF_SOME = re.compile(r"(?:of|among|out of)\s+(?:the\s+|these\s+|all\s+)?(?=[\w-])", re.IGNORECASE)
_NARROW = re.compile(
    r"\bsub(?:set|group)s?\b|^(?:in|among|for|within|of)\b[^,;]*?\b(?:patients|women|men|those|participants"
    r"|subjects|cases"
    r"|survivors|individuals)\b(?! (?:were|was)\b)|\b(?:patients|women|those|participants|subjects) (?:with|who"
    r"|whose|without|aged|having)\b",
    re.IGNORECASE,
)
_DIFFERENCE = re.compile(
    r"\b(?:difference|increase|reduction|decrease|improvement|change|gain|benefit"
    r"|advantage)s?\b(?: \w+){0,3}? (?:in|of|for|between)\b[^,;]{0,60}$",
    re.IGNORECASE,
)


def narrowed(row: Row, left: int, stop: int) -> bool:
    """Say whether words from an item up to a place speak of a part of the people: a subgroup, those with something."""
    return _NARROW.search(row.folded[row.items[left].start : stop]) is not None


def whole_clause(row: Row, fit: Fit) -> Mention | None:
    """Give the number of people that a clause begins with: ``of the 38 evaluable patients, 20 had…``."""
    left, _ = stretch(row, fit)
    start = row.items[left].start
    match = _OF_SOME.match(row.folded, start, row.line.end)
    if not match:
        return None
    mention = next((each for each in row.line.mentions if each.start == match.end()), None)
    if (
        mention is None
        or mention.kind not in {NumberKind.COUNT, NumberKind.PLAIN}
        or mention.start >= row.items[fit.start].start
    ):
        return None
    return mention


def _narrowed(row: Row, fit: Fit) -> bool:
    """Say whether the clause is about a part of the people, or about a difference, in words before the match."""
    left, _ = stretch(row, fit)
    stop = row.items[fit.start].start
    words = row.folded[row.items[left].start : stop]
    if fit.name in {"bracket", "in", "be"} and "v" not in row.letters[slice(*fit.vals)] and _DIFFERENCE.search(words):
        return True
    if not narrowed(row, left, stop):
        return False
    if whole_clause(row, fit) and re.fullmatch(
        r"(?:of|among|out of)\s+(?:the\s+|these\s+|all\s+)?[\w-]+\s+(?:[\w-]+\s+){0,2}?(?:patients|women|men"
        r"|participants|subjects|cases)"
        r"(?:\s+(?:enrolled|entered|included|treated|analy[sz]ed|randomi[sz]ed|evaluated|recruited"
        r"|evaluable))?\s*,?\s*", words, re.IGNORECASE
    ):  # fmt: skip
        return False
    return "A" not in row.letters[left : fit.start] or re.search(r"\bsub(?:set|group)", words) is not None


# a bracket behind all values that compares them: (HR 0.45; 95% CI 0.33 to 0.61; P < .001)
_ASIDE = re.compile(r"\((?=[^()]*[CP])[xrtbn=:;,./CPI-]{1,16}\)(?![iwf][^A]|[iwf]A[^.,;aD])")
_ALLOWED_BEHIND = frozenset(".,;)DWay:v")


def restricted(row: Row, fit: Fit) -> bool:
    """Say whether words around a match narrow whom it is about, in a way that is not understood.

    ``12% of patients receiving X`` where X is no arm; ``in patients with Y, survival was 40%``.
    """
    letters = row.letters
    left, _ = stretch(row, fit)
    if _narrowed(row, fit) or _dependent(row, fit):
        return True
    if fit.name == "flow":
        return False
    behind = letters[fit.end : fit.end + 2]
    if behind[:1] == ")" and "(" not in letters[left : fit.start]:
        return True  # the match began inside a bracket that it does not end
    if _ASIDE.match(letters, fit.end):
        return False
    if not behind or behind[0] in _ALLOWED_BEHIND:
        if behind[:1] == "a" and behind[1:2] in {"F", "n"} and fit.name in {"occur", "be"}:
            return True  # a second value that was not understood
        return behind[:1] == "v"
    if behind in {"iT", "iA", "iD", "iW", "iY"} or (behind[0] in "iw" and "bracket" in fit.name):
        return False
    return behind[0] in "iwfoxpbtXNQKcm-/(nTL" and "bracket" not in fit.name


_BEFORE = frozenset("tofbwick")


def _dependent(row: Row, fit: Fit) -> bool:
    """Say whether the head of a match hangs on another noun: the rate of discontinuation due to toxicity."""
    if (
        fit.name not in {"be", "times", "occur", "bracket", "arms_bracket", "in", "median", "compare", "at"}
        or not fit.start
    ):
        return False
    before = row.letters[max(fit.start - 2, 0) : fit.start]
    if before[-1] == "o":
        return before not in {"ro", "no"}
    return before[-1] in _BEFORE and before != "rf"


def negated(row: Row, fit: Fit) -> bool:
    """Say whether the verb is denied: did not have, without."""
    if fit.start and row.letters[fit.start - 1] == "0":
        return fit.name not in {"none", "none_have", "none_be"}
    return False
