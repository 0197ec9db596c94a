"""Numbers and quantities: what stands in digits or in words, typed by the words and signs right around it.

The grammar is a table of patterns over the sorts of tokens (`tokens.SORTS`): ``n`` a number, ``p`` people, ``T`` a
unit of time… The first pattern that fits at a token wins, and what it covers is not read again, so that reading is
linear. What a number says is decided here only as far as its own signs tell (``22 (55%)``, ``P < .001``, ``50 Gy``).
Which event it counts and whom it is about is decided over the whole sentence (`scope`, `results`).
"""

import re
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from picograph.kg.extraction.printed_units import unit_of
from picograph.kg.extraction.tokens import Token, sign_of, sorts_of


class NumberKind(StrEnum):
    """What a number is, as far as its own signs and words tell."""

    COUNT = "count"  # participants or events
    DENOMINATOR = "denominator"
    GROUP_SIZE = "group size"  # n = 53
    PERCENT = "percent"
    MEAN = "mean"
    SD = "standard deviation"
    SE = "standard error"
    MEDIAN = "median"
    RANGE = "range"  # low and high
    IQR = "interquartile range"  # low and high
    INTERVAL = "confidence interval"  # low and high; value is the level
    RATIO = "ratio"  # hazard, odds, risk
    P = "p value"
    DOSE = "dose"
    TIME = "time"
    MEASURE = "measure"  # a number with a unit of length, weight, points…
    GRADE = "grade"
    NAME = "name"  # a number that names: phase 2, cycle 3, arm 1
    YEAR = "year"  # of the calendar
    PLAIN = "plain"


class Mention(NamedTuple):
    """A number as it stands in the text."""

    kind: NumberKind
    start: int  # of the number with its unit
    end: int
    first: int  # its tokens in the sentence
    last: int  # not included
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    sign: str = "="
    unit: str = ""  # UCUM where it is known, else the word
    cluster: int = -1  # numbers that say one thing share it: 22/40 (55%, 95% CI 40 to 70)


# In the order of trial. The name of a group says what the number in it is.
_TO = "[-–t,;a]"
_RULES: tuple[tuple[str, str], ...] = (
    ("p_value", r"P(?:\([xwi]{1,3}\)|[Fxi]{1,3})?[,:]?(?:(?P<sign>[<>=]{1,2})|[osf]c?)(?P<p>n)"),
    (
        "interval",
        r"(?:(?P<level>n)%?-?)?I(?:\(I\))?(?:n%)?\)?[,:=]?[o\(=b]{0,2}(?P<low>-?n)%?[uT]?"
        rf"{_TO}(?P<high>[-–]?n)%?",
    ),
    ("interval_behind", rf"I(?P<level>n)%?[,:=]?\(?(?P<low>-?n)%?{_TO}(?P<high>[-–]?n)%?"),
    ("ratio", r"H(?:\([HIx]\)|\(H,)?[,:;=]?(?:[sFo][xoFaw-]{0,8}s?)??[,:=o]?[=B]?(?P<ratio>n)(?![%nu])"),
    ("grade_behind", r"(?P<gsign>[<>])g(?P<grade>[nr])"),
    (
        "grade",
        r"g(?P<gsign>[<>])?=?(?P<grade>[nr])(?:(?:[-–/tk,a]|,[ka])g?[nr])*(?:(?:[ak]|\()?(?P<gmore>[mf])\)?)?",
    ),
    ("name", r"l(?P<name>[nr])(?:[-–/,ak][nr])*"),
    (
        "size",
        r"N(?:=(?P<nsize>n)|(?P<nsign>[<>])(?P<nsize2>n))(?:[/o](?P<denominator>n))?(?:[,;(]{1,2}(?P<percent>n)%)?",
    ),
    ("fraction_first", r"(?P<count>n)[/o]d?(?P<denominator>n)(?:[xp]{1,4})?[,;(]{1,2}=?(?P<percent>n)%"),
    ("fraction_last", r"(?P<percent>n)%[,;]?\(?N?=?(?P<count>n)(?:/|od?)(?P<denominator>n)"),
    ("fraction_both", r"(?P<count>n)\((?P<percent>n)%\)od?(?P<denominator>n)(?!%)"),
    ("fraction_count", r"(?P<percent>n)%\(N?=?(?P<count>n)\)"),
    ("count_percent", r"(?P<count>n)(?:-?[xp]){0,5},?\((?P<percent>n)%"),
    ("fraction", r"(?P<count>n)(?:/|o(?:dx?)?)(?P<denominator>n)(?![%uT])"),
    ("percents", r"(?P<percent>n)%?[-–t](?P<percent2>n)%"),
    ("percent_pair", r"(?P<percent>n)%?(?:v|,?[ak])(?P<percent2>n)%"),
    ("spread", r"(?P<mean>-?n)%?[uT]?\(?(?:±|\+/-)(?P<sd>n)(?P<munit>[uT%])?"),
    ("percent", r"(?P<psign>[<>])?(?P<percent>-?n)%"),
    ("dose_range", r"(?P<low>n)[uT]?[-–t](?P<high>n)-?(?P<unit>u)"),
    ("dose", r"(?P<dose>n)[-–]?(?P<unit>u)"),
    ("time_range", r"(?P<low>n)T?[-–t](?P<high>n)-?(?P<unit>T)"),
    ("time", r"(?P<time>n)[-–]?(?P<unit>T)"),
    ("range", r"(?P<low>-?n)[-–t](?P<high>[-–]?n)(?![%/])"),
    ("plain", r"(?P<psign>[<>])?(?P<plain>n)"),
)

_COMBINED = re.compile(
    "|".join(f"(?P<{name}>{re.sub(r'[(][?]P<[a-z0-9_]+>', '(?:', pattern)})" for name, pattern in _RULES)
)
_BY_NAME = {name: re.compile(pattern) for name, pattern in _RULES}

_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}


def value_of(token: Token) -> Decimal | None:
    """Give the value of a number token, in digits, in words or in Roman figures."""
    if token.value is None and token.word in _ROMAN:
        return Decimal(_ROMAN[token.word])
    return token.value


class _Match:
    """A pattern that fits, and the tokens of its groups."""

    __slots__ = ("match", "tokens")

    def __init__(self, match: re.Match[str], tokens: list[Token]) -> None:
        self.match, self.tokens = match, tokens

    def token(self, name: str) -> Token | None:
        at = self.match.end(name)
        return self.tokens[at - 1] if at > 0 else None

    def start(self, name: str) -> int:
        return self.match.start(name)

    def value(self, name: str) -> Decimal | None:
        at, to = self.match.span(name)
        if at < 0:
            return None
        token = self.tokens[to - 1]
        value = value_of(token)
        if value is None or to - at == 1:
            return value
        minus = self.tokens[at]
        # a dash is a minus where nothing stands at once before it
        before = self.tokens[at - 1].end if at else -1
        return -value if (minus.end == token.start and before < minus.start) or minus.word == "−" else value


_Maker = Callable[[_Match, str], list[Mention]]


def mentions_of(folded: str, tokens: list[Token]) -> list[Mention]:
    """Give the numbers of a sentence in their order.

    >>> from picograph.kg.extraction.tokens import tokens_of
    >>> words = "Six patients (15%) had grade 3-4 pain vs. 2/38 (HR 0.86; 95% CI, 0.65-0.94; P<.001)"
    >>> for each in mentions_of(words, tokens_of(words)):
    ...     print(each.kind.value, each.value, each.low, each.high, each.sign, words[each.start : each.end])
    count 6 None None = Six
    percent 15 None None = 15%
    grade None 3 4 = grade 3-4
    count 2 None None = 2
    denominator 38 None None = 38
    ratio 0.86 None None = 0.86
    confidence interval 95 0.65 0.94 = 95% CI, 0.65-0.94
    p value 0.001 None None < .001
    """
    found: list[Mention] = []
    sorts = sorts_of(tokens)
    at = 0
    cluster = 0
    while match := _COMBINED.search(sorts, at):
        rule = match.lastgroup or ""
        inner = _BY_NAME[rule].match(sorts, match.start())
        assert inner
        at = max(inner.end(), match.start() + 1)
        made = _MAKERS[rule](_Match(inner, tokens), folded)
        while made and at < len(tokens) and tokens[at].start < made[-1].end:  # the rest of a unit: the (2) of m(2)
            at += 1
        apart = rule == "percent_pair"  # two values, not two sayings of one
        found += [each._replace(cluster=cluster + (index if apart else 0)) for index, each in enumerate(made)]
        cluster += 2
    return found


def _mention(kind: NumberKind, of: _Match, name: str, *, sign: str = "=") -> Mention | None:
    """Make a mention of the number in a group; the sign of a per cent belongs to its words."""
    value = of.value(name)
    if value is None:
        return None
    first, last = of.start(name), of.match.end(name)
    token = of.tokens[last - 1]
    begin = of.tokens[first].start if value < 0 else token.start
    end = token.end
    if kind is NumberKind.PERCENT and last < len(of.tokens) and of.tokens[last].sort == "%":
        end, last = of.tokens[last].end, last + 1
    return Mention(kind, begin, end, first, last, value, sign=sign)


def _simple(**kinds: NumberKind) -> _Maker:
    def make(of: _Match, folded: str) -> list[Mention]:
        made = [_mention(kind, of, name) for name, kind in kinds.items()]
        return sorted((each for each in made if each), key=lambda each: each.first)

    return make


def _signed(of: _Match, *names: str) -> str:
    for name in names:
        if token := of.token(name):
            return sign_of(token.word)
    return "="


def _p_value(of: _Match, folded: str) -> list[Mention]:
    made = _mention(NumberKind.P, of, "p", sign=_signed(of, "sign"))
    return [made] if made and made.value is not None and made.value <= 1 else []


def _interval(of: _Match, folded: str) -> list[Mention]:
    low, high = of.value("low"), of.value("high")
    first, last = of.match.start(), of.match.end()
    words = of.tokens
    if low is not None and high is not None and low < 0 and high > 0:  # -3.2 to -1.1 keeps its second minus
        high_at, high_end = of.match.span("high")
        if high_end - high_at == 2 and words[high_at].end == words[high_end - 1].start:
            high = -high
    if low is None or high is None or low > high:
        return []
    end = words[of.match.end("high") - 1].end
    return [Mention(NumberKind.INTERVAL, words[first].start, end, first, last, of.value("level"), low, high)]


def _grade(of: _Match, folded: str) -> list[Mention]:
    grades = []
    for index in range(of.match.start("grade"), of.match.end()):
        token = of.tokens[index]
        if token.sort in "nr" and (value := value_of(token)) is not None and value == int(value) and 0 <= value <= 5:
            grades.append(value)
    if not grades:
        return []
    first, last = of.match.start(), of.match.end()
    low: Decimal | None = min(grades)
    high: Decimal | None = max(grades)
    sign = _signed(of, "gsign")
    more = of.match.groupdict().get("gmore")
    if sign in {">", ">="} or more == "m":
        low, high = (grades[0] + 1 if sign == ">" else grades[0]), None
    elif sign in {"<", "<="} or more == "f":
        low, high = None, (grades[0] - 1 if sign == "<" else grades[0])
    return [Mention(NumberKind.GRADE, of.tokens[first].start, of.tokens[last - 1].end, first, last, None, low, high)]


def _name(of: _Match, folded: str) -> list[Mention]:
    value = of.value("name")
    first, last = of.match.start(), of.match.end()
    return [Mention(NumberKind.NAME, of.tokens[first].start, of.tokens[last - 1].end, first, last, value)]


def _size(of: _Match, folded: str) -> list[Mention]:
    name = "nsize" if of.start("nsize") >= 0 else "nsize2"
    kind = NumberKind.COUNT if of.start("denominator") >= 0 or of.start("percent") >= 0 else NumberKind.GROUP_SIZE
    made = [
        _mention(kind, of, name, sign=_signed(of, "nsign")),
        _mention(NumberKind.DENOMINATOR, of, "denominator"),
        _mention(NumberKind.PERCENT, of, "percent"),
    ]
    return [each for each in made if each]


def _percent(of: _Match, folded: str) -> list[Mention]:
    made = _mention(NumberKind.PERCENT, of, "percent", sign=_signed(of, "psign"))
    return [made] if made else []


def _percents(of: _Match, folded: str) -> list[Mention]:
    low, high = of.value("percent"), of.value("percent2")
    first, last = of.match.start(), of.match.end()
    if low is None or high is None:
        return []
    start, end = of.tokens[first].start, of.tokens[last - 1].end
    return [Mention(NumberKind.PERCENT, start, end, first, last, None, low, high)]


def _percent_pair(of: _Match, folded: str) -> list[Mention]:
    """Read two per cents that share their sign: 65.9 vs. 38.5 %."""
    one, two = _mention(NumberKind.PERCENT, of, "percent"), _mention(NumberKind.PERCENT, of, "percent2")
    return [each for each in (one, two) if each]


def _range(of: _Match, folded: str) -> list[Mention]:
    low, high = of.value("low"), of.value("high")
    first, last = of.match.start(), of.match.end()
    kind, unit, end = NumberKind.RANGE, "", of.tokens[last - 1].end
    unit_token = of.token("unit") if "unit" in of.match.re.groupindex else None
    if unit_token:
        unit, end = unit_of(folded, unit_token)
    start = of.tokens[first].start
    return [Mention(kind, start, end, first, last, None, low, high, unit=unit)]


def _spread(of: _Match, folded: str) -> list[Mention]:
    made = [_mention(NumberKind.MEAN, of, "mean"), _mention(NumberKind.SD, of, "sd")]
    unit = of.token("munit")
    code = unit_of(folded, unit)[0] if unit and unit.sort != "%" else "%" if unit else ""
    return [each._replace(unit=code) for each in made if each]


def _amount(of: _Match, folded: str) -> list[Mention]:
    name = "dose" if "dose" in of.match.re.groupindex else "time"
    made = _mention(NumberKind.DOSE if name == "dose" else NumberKind.TIME, of, name)
    unit = of.token("unit")
    if not made or not unit:
        return []
    code, end = unit_of(folded, unit)
    if name == "dose" and unit.word in {"point", "points", "unit", "units", "iu", "m", "l", "u"}:
        made = made._replace(kind=NumberKind.MEASURE)
    return [made._replace(unit=code, end=end, last=of.match.end())]


def _plain(of: _Match, folded: str) -> list[Mention]:
    made = _mention(NumberKind.PLAIN, of, "plain", sign=_signed(of, "psign"))
    if made is None or made.value is None:
        return []
    words = folded[made.start : made.end]
    if len(words) == 4 and words.isdigit() and 1900 <= made.value <= 2099 and made.last < len(of.tokens) + 1:
        following = of.tokens[made.last].sort if made.last < len(of.tokens) else ""
        if following not in {"p", "x"} or (of.tokens[made.first - 1].sort in {"i", "b", "t"} and following != "p"):
            return [made._replace(kind=NumberKind.YEAR)]
    if made.last < len(of.tokens) and of.tokens[made.last].sort == "p":
        return [made._replace(kind=NumberKind.COUNT)]
    return [made]


_MAKERS: dict[str, _Maker] = {
    "p_value": _p_value,
    "interval": _interval,
    "interval_behind": _interval,
    "ratio": _simple(ratio=NumberKind.RATIO),
    "grade_behind": _grade,
    "grade": _grade,
    "name": _name,
    "size": _size,
    "fraction_first": _simple(count=NumberKind.COUNT, denominator=NumberKind.DENOMINATOR, percent=NumberKind.PERCENT),
    "fraction_last": _simple(count=NumberKind.COUNT, denominator=NumberKind.DENOMINATOR, percent=NumberKind.PERCENT),
    "fraction_both": _simple(count=NumberKind.COUNT, denominator=NumberKind.DENOMINATOR, percent=NumberKind.PERCENT),
    "fraction_count": _simple(count=NumberKind.COUNT, percent=NumberKind.PERCENT),
    "count_percent": _simple(count=NumberKind.COUNT, percent=NumberKind.PERCENT),
    "fraction": _simple(count=NumberKind.COUNT, denominator=NumberKind.DENOMINATOR),
    "percents": _percents,
    "percent_pair": _percent_pair,
    "spread": _spread,
    "percent": _percent,
    "dose_range": _range,
    "dose": _amount,
    "time_range": _range,
    "time": _amount,
    "range": _range,
    "plain": _plain,
}
