"""Words and signs of a sentence, each with its sort: one letter, so that a sentence's sorts make a string.

Grammars of numbers are then regular expressions over that string (`numbers`), which is what makes reading fast: a
sentence of forty words is a string of forty letters.
"""

import re
from decimal import Decimal
from typing import NamedTuple

from picograph.kg.extraction.text import FILLER


class Token(NamedTuple):
    """A word, a number or a sign of a text."""

    start: int
    end: int
    word: str  # folded, in small letters
    sort: str  # one letter, see `SORTS`
    value: Decimal | None = None  # of a number


# What each letter stands for. Words in none of these are ``x``; a sign is its own sort.
SORTS: dict[str, str] = {
    "n": "",  # a number, in digits or in words
    "%": "percent pct",
    "p": "patient patients woman women man men subject subjects participant participants case cases person persons"
    " people individual individuals child children adult adults survivor survivors responder responders"
    " nonresponders recipient recipients volunteer volunteers pt pts death deaths eyes male males female females"
    " respondent respondents completers students nurses physicians infants newborns",
    "T": "year years yr yrs y month months mo mos week weeks wk wks day days hour hours hr hrs h minute minutes min"
    " mins second seconds sec decade decades d",
    "u": "mg g kg mcg μg ug ng ml l dl gy cgy mm cm m iu u units unit mmol μmol nmol pmol meq cgye gye mmhg kcal kj pg"
    " bq mbq gbq mci rad rads μl cc mol mhz khz hz tesla auc bpm m2 point points lb lbs watts ms kpa pa",
    "a": "and &",
    "k": "or",
    "o": "of",
    "t": "to through",
    "b": "between from",
    "v": "versus vs v",
    "R": "respectively resp",
    "P": "p",
    "M": "median medians",
    "U": "mean means average averages averaged",
    "D": "sd sds",
    "E": "se sem",
    "I": "ci cis ci95 95ci cri",
    "H": "hr hrs rr irr ahr aor arr ors",
    "N": "n",
    "g": "grade grades gr",
    "l": "phase stage stages cycle cycles arm group cohort level step visit course courses line type class table figure"
    " chapter version isoform exon codon quintile quartile tertile item items",
    "r": "ii iii iv vi vii viii ix",
    "q": "range ranges ranging ranged",
    "Q": "iqr quartiles",
    "m": "more higher greater above worse over exceeding least older later better longer",
    "f": "fewer less lower below under younger most earlier up",
    "c": "than",
    "s": "was were is are be been being",
    "w": "with",
    "i": "in at on",
    "F": "for",
    "d": "the this these a an all those each both its their",
    "B": "about approximately approx around nearly almost roughly only",
}
_SORT_OF: dict[str, str] = {word: sort for sort, words in SORTS.items() for word in words.split()}
_PAIRS: dict[tuple[str, str], str] = {
    ("per", "cent"): "%",
    ("compared", "with"): "v",
    ("compared", "to"): "v",
    ("hazard", "ratio"): "H", ("hazard", "ratios"): "H", ("hazards", "ratio"): "H", ("odds", "ratio"): "H",
    ("odds", "ratios"): "H", ("risk", "ratio"): "H", ("rate", "ratio"): "H", ("relative", "risk"): "H",
    ("relative", "risks"): "H", ("risk", "ratios"): "H", ("rate", "ratios"): "H",
    ("confidence", "interval"): "I", ("confidence", "intervals"): "I", ("confidence", "limits"): "I",
    ("confidence", "limit"): "I", ("credible", "interval"): "I",
    ("standard", "deviation"): "D", ("standard", "deviations"): "D", ("standard", "error"): "E",
    ("standard", "errors"): "E",
    ("interquartile", "range"): "Q", ("interquartile", "ranges"): "Q", ("quartile", "range"): "Q",
    ("out", "of"): "o",
    ("as", "against"): "v", ("as", "opposed"): "x",
    ("p", "value"): "P", ("p", "values"): "P",
}  # fmt: skip
_ABBREVIATIONS = "vs v resp approx pts yrs yr mo mos wk wks no"
_SHORTENED = frozenset(_ABBREVIATIONS.split())  # a point belongs to the word
_SECONDS = frozenset(second for _, second in _PAIRS)


# A number may be followed at once by one of these; by other letters it is part of a name (5FU, 3D, 2nd).
_JOINED = (
    "mg|mcg|μg|g|kg|ng|ml|l|dl|cgy|gy|mm|cm|m|iu|mmol|μmol|years?|yrs?|y|months?|mos?|weeks?|wks?|days?|hrs?|h|min|vs?"
    "|s|x|to|pts?"
)
_NUMBER = (
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])"
    r"|(?<![0-9] )[0-9]{1,3}(?: [0-9]{3})+(?=[ );,](?![0-9]))"
    r"|[0-9]+)(?:\." + FILLER + r"*[0-9]+)?|\.[0-9]+"
)
_TOKEN = re.compile(
    r"(?P<number>(?<![^\W_])(?:" + _NUMBER + r")(?=(?:" + _JOINED + r")(?![^\W_])|[^\w]|_|$))"
    r"|(?P<word>[^\W_]+(?:'[a-z]{1,2}(?![^\W_]))?)"
    r"|(?P<sign>[<>=]{2}|[^\w\s" + FILLER + r"])",
    re.IGNORECASE,
)
_SIGNS = {
    "<": "<", "≤": "<", "<=": "<", "=<": "<", "<<": "<", ">": ">", "≥": ">", ">=": ">", "=>": ">", ">>": ">",
    "=": "=", "==": "=", "≈": "=", "~": "B", "[": "(", "{": "(", "]": ")", "}": ")", "−": "-", "–": "–", "%": "%",
    "‰": "x", "·": "·", "×": "×", "&": "a", "±": "±", "|": "|", '"': '"',
}  # fmt: skip
_TRUE_SIGN = {"<": "<", "≤": "<=", "<=": "<=", "=<": "<=", ">": ">", "≥": ">=", ">=": ">=", "=>": ">="}

_UNDER_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_BY_TEN = "twenty thirty forty fifty sixty seventy eighty ninety"
_ONES = {word: value for value, word in enumerate(_UNDER_TWENTY.split())}
_TENS = {word: 20 + 10 * index for index, word in enumerate(_BY_TEN.split())} | {"fourty": 40}  # met in print
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_NUMBER_WORDS = frozenset([*_ONES, *_TENS, *_SCALES])


def sign_of(words: str) -> str:
    """Give the sign of an inequality in the model's spelling: ``>=`` for ``≥``, ``=`` where there is none.

    >>> sign_of("≥"), sign_of("=<"), sign_of("=")
    ('>=', '<=', '=')
    """
    return _TRUE_SIGN.get(words, "=")


def tokens_of(folded: str, start: int = 0, end: int | None = None) -> list[Token]:
    """Cut a sentence into tokens; a number in words is one token.

    >>> [(each.word, each.sort) for each in tokens_of("Thirty-three (83%) of 1,040 patients")][:3]
    [('thirty-three', 'n'), ('(', '('), ('83', 'n')]
    >>> [int(each.value) for each in tokens_of("one hundred and twenty two, 48 835 women") if each.value]
    [122, 48835]
    """
    found: list[Token] = []
    wordy = False
    for match in _TOKEN.finditer(folded, start, len(folded) if end is None else end):
        words, kind = match[0], match.lastgroup
        at, to = match.span()
        if kind == "word":
            word = words.lower()
            if word in _SECONDS and found:
                hyphen = 1 if found[-1].sort == "-" and len(found) > 1 else 0
                if sort := _PAIRS.get((found[-1 - hyphen].word, word)):
                    first = found[-1 - hyphen]
                    del found[-1 - hyphen :]
                    found.append(Token(first.start, to, f"{first.word} {word}", sort))
                    continue
            if word in _NUMBER_WORDS:
                wordy = True
                found.append(Token(at, to, word, "z"))
                continue
            found.append(Token(at, to, word, _sort(word, words)))
        elif kind == "number":
            if " " in words and found and found[-1].sort in "glr":  # grade 3 120 patients: two numbers
                for piece in re.finditer("[0-9]+", words):
                    found.append(Token(at + piece.start(), at + piece.end(), piece[0], "n", Decimal(piece[0])))
                continue
            plain = words.replace(",", "").replace(" ", "").replace(FILLER, "")
            found.append(Token(at, to, words, "n", Decimal(plain)))
        elif words == "." and found and found[-1].end == at and found[-1].word in _SHORTENED:
            found[-1] = found[-1]._replace(end=to)
        else:
            found.append(Token(at, to, words, _SIGNS.get(words, words if words.isascii() and len(words) == 1 else "x")))
    return _join(folded, found) if wordy else found


def _sort(word: str, words: str) -> str:
    return "x" if word in _CASED and words != word else _SORT_OF.get(word, "x")


# A letter that is a word or a unit in small letters and a name in capitals: group A, 3D.
_CASED = frozenset("adhsmgliw")


def _join(folded: str, tokens: list[Token]) -> list[Token]:
    """Join the words of a number: ``one hundred and twenty-two``."""
    found: list[Token] = []
    index, size = 0, len(tokens)
    while index < size:
        token = tokens[index]
        if token.sort != "z":
            found.append(token)
            index += 1
            continue
        total, part, stop = 0, 0, index
        at = index
        while at < size and tokens[at].sort == "z":
            word = tokens[at].word
            if word in _SCALES:
                if _SCALES[word] == 100:
                    part = (part or 1) * 100
                else:
                    total, part = total + (part or 1) * _SCALES[word], 0
            elif word in _TENS:
                if part % 100:
                    break
                part += _TENS[word]
            else:
                under = part % 100
                if under and (under < 20 or under % 10 or _ONES[word] > 9):
                    break
                part += _ONES[word]
            stop, at = at, at + 1
            if total + part > 10**9:
                break
            if at + 1 < size and tokens[at + 1].sort == "z":
                hyphen = tokens[at].sort == "-" and word in _TENS and tokens[at + 1].word in _ONES
                at += 1 if hyphen or (tokens[at].word == "and" and word in _SCALES) else 0
        first, last = tokens[index], tokens[stop]
        words = folded[first.start : last.end].lower()
        found.append(Token(first.start, last.end, words, "n", Decimal(total + part)))
        index = stop + 1
    return found


def sorts_of(tokens: list[Token]) -> str:
    """Give the sorts of tokens as one string.

    >>> sorts_of(tokens_of("6 patients (15%) vs. 3 of 40, P < .01"))
    'np(n%)vnon,P<n'
    """
    return "".join([token.sort for token in tokens])
