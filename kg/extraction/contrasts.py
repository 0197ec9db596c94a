"""One thing, two arms, a value of each: whatever words stand between them.

Patterns (`patterns.py`) know how a sentence joins a number to an event. Many sentences of comparisons fit none, and are
plain all the same: they speak of one outcome, name each of two arms once, and give two numbers of a kind. Then the
order of arms and numbers says which belongs to which, by these rules, and any other order is left alone:

1. Arm, number, arm, number; or number, arm, number, arm: each number belongs to the arm beside it.
2. Both arms, then both numbers side by side, or both numbers and then both arms: the first to the first.
3. Arm, number *versus* number, arm: the first to the first.

Where the words say that one had more, or less, the numbers have to say so too. A clause with a third number, a third
arm, another outcome, a subgroup or a phase is left alone.
"""

import re
from decimal import Decimal
from itertools import pairwise

from picograph.kg.extraction.binding import Bound
from picograph.kg.extraction.clauses import narrowed
from picograph.kg.extraction.patterns import Fit
from picograph.kg.extraction.phrases import Figure, Item, Phrase, Row

_FOLLOWED = re.compile(r"(?:i|w)?x{0,2}M?x?[QS]?o?T,")  # at a median follow-up of 62 months,
_ASIDE = re.compile(r"\((?=[^()]*[CPIg])[xrtbn=:;,./CPIgi-]{1,18}\)")  # (HR 0.65; 95% CI 0.44 to 0.96; P = .03)
_SIZE = re.compile(r"(?<=[Ap])\((?P<sign>x)=F[^()F]{0,6}\)")  # (n = 114)
_SIDE_BY_SIDE = re.compile(r"[av,;()xPICg=yf:p.i-]{1,14}")
_PARTS = re.compile(r";|,[aw]")
_MORE = re.compile(r"\b(?:higher|greater|more|longer|better|superior|increased|improved|prolonged)\b", re.IGNORECASE)
_LESS = re.compile(r"\b(?:lower|less|fewer|shorter|worse|inferior|reduced|decreased|smaller)\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not?|neither|nor|similar|comparable|non-?inferior\w*)\b", re.IGNORECASE)
_CHANGE = re.compile(
    r"\b(?:difference|increase|reduction|decrease|improvement|change|gain|benefit|advantage|risk)s?\b", re.IGNORECASE
)
_FORBIDDEN = frozenset("GLVUKDWYZ0")
_ANY = re.compile("")


def contrasts_of(row: Row, arms: int, taken: list[Bound]) -> list[Bound]:
    """Give the values of each plain comparison of a sentence: of the whole, or else of its parts.

    :param arms: how many arms the study has
    :param taken: what the patterns found in it, which is left as it is
    """
    if arms != 2 or row.letters.count("A") < 2:
        return []
    cuts = [match.start() for match in _PARTS.finditer(row.letters) if not _inside(row.letters, match.start())]
    for edges in ([0, len(row.items)], [0, *(cut + 1 for cut in cuts), len(row.items)]):
        found: list[Bound] = []
        for start, stop in pairwise(edges):
            if not any(bound.fit.start < stop and bound.fit.end > start for bound in taken):
                found += contrast_of(row, start, stop)
        if found:
            return found
    return []


def contrast_of(row: Row, start: int, stop: int) -> list[Bound]:
    """Give the two values of a clause, each with its arm; nothing where the clause is not plain.

    :param start: the first item of the clause
    :param stop: the item behind its last
    """
    items = _plain(row, start, stop)
    letters = "".join(item.letter for item in items)
    called = [at for at, item in enumerate(items) if item.letter == "A"]
    heads = [item for item in items if item.letter in "ES"]
    if len(called) != 2 or len({items[at].data for at in called}) != 2 or len({_name(head) for head in heads}) != 1:
        return []
    head = heads[0]
    median = "M" in letters and head.letter == "S"
    values = [at for at, item in enumerate(items) if item.letter in ("Tn" if median else "F")]
    times = [item for item in items if item.letter == "T"]
    if _FORBIDDEN & set(letters) or len(values) != 2 or not _alike(items[values[0]], items[values[1]], median=median):
        return []
    if not median and (len(times) != (head.letter == "S") or "n" in letters or "M" in letters):
        return []
    order = _order(letters, called, values)
    first_value = items[values[0]].start
    if (
        not order
        or narrowed(row, start, items[-1].end)
        or _CHANGE.search(row.folded, items[0].start, max(first_value, head.end))
        or not _agrees(row, items, letters, order)
    ):
        return []
    span = (row.items.index(items[0]), row.items.index(items[-1]) + 1)
    anything = _ANY.match(row.letters)
    assert anything is not None
    fit = Fit("median" if median else "order", *span, span, span, anything)
    ends = [items[at] for at in (*called, *values)]
    begin, end = min(head.start, *(item.start for item in ends)), max(head.end, *(item.end for item in ends))
    phrase: Phrase = head.data
    return [
        Bound(
            row, fit, head, (head,), items[value], begin, end,
            arm=items[arm].data, grade=phrase.grade, related=phrase.related,
            time=times[0] if times and not median else None,
        )
        for value, arm in order
    ]  # fmt: skip


def _inside(letters: str, at: int) -> bool:
    """Say whether a place stands in brackets."""
    return letters.count("(", 0, at) > letters.count(")", 0, at)


def _plain(row: Row, start: int, stop: int) -> list[Item]:
    """Give the items of a clause without what only stands beside: the follow-up, group sizes, p values in brackets."""
    letters = row.letters[start:stop]
    dropped: set[int] = set()
    if match := _FOLLOWED.match(letters):
        dropped |= set(range(match.end()))
    for match in _SIZE.finditer(letters):
        sign = row.items[start + match.start("sign")]
        if row.folded[sign.start : sign.end].casefold() == "n":
            dropped |= set(range(*match.span()))
    for match in _ASIDE.finditer(letters):
        dropped |= set(range(*match.span()))
    return [item for at, item in enumerate(row.items[start:stop]) if at not in dropped]


def _name(head: Item) -> str:
    phrase: Phrase = head.data
    return f"{phrase.label} {phrase.grade[:2] if phrase.grade else ''}"


def _alike(one: Item, two: Item, *, median: bool) -> bool:
    """Say whether two values are of a kind: both counts with per cents, both per cents, both times."""
    if median:
        return two.letter == "T" and one.data.sign == two.data.sign == "="
    first, second = one.data, two.data
    return (
        isinstance(first, Figure)
        and isinstance(second, Figure)
        and not (first.everyone or second.everyone)
        and (first.people is None) == (second.people is None)
        and (first.percent is None) == (second.percent is None)
    )


def _order(letters: str, called: list[int], values: list[int]) -> list[tuple[int, int]]:
    """Pair values with arms, by their places among the items; nothing where their order tells no pairs."""
    (one, other), (first, second) = called, values
    pairs = [(first, one), (second, other)]
    if one < first < other < second or first < one < second < other:
        return pairs
    between = letters[first + 1 : second]
    if one < first and second < other:
        return pairs if "v" in between else []
    if (other < first or second < one) and _SIDE_BY_SIDE.fullmatch(between):
        return pairs if "c" not in letters[:one] else []
    return []


def _agrees(row: Row, items: list[Item], letters: str, order: list[tuple[int, int]]) -> bool:
    """Say whether the numbers are as the words have it, where these say that one arm had more than the other."""
    (first, one), (second, other) = order
    if "c" not in letters[one:other]:
        return True
    words = row.folded[items[0].start : items[min(first, other)].end]
    more, less = _MORE.search(words) is not None, _LESS.search(words) is not None
    amounts = [_amount(items[at]) for at in (first, second)]
    if more == less or _DENIED.search(words) or None in amounts:
        return True
    return amounts[0] >= amounts[1] if more else amounts[0] <= amounts[1]  # type: ignore[operator]


def _amount(item: Item) -> Decimal | None:
    if isinstance(item.data, Figure):
        people = item.data.people
        return item.data.percent if item.data.percent is not None else None if people is None else Decimal(people)
    return item.data.value  # type: ignore[no-any-return]
