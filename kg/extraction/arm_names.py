"""The name of an arm: the words that are its label, cut out of what stands round them, and what they tell."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from picograph.kg.extraction.lexicon import Hit, words_of
from picograph.kg.extraction.numbers import Mention
from picograph.kg.extraction.page import Page
from picograph.kg.study import Role

TREATMENTS = frozenset({"drug", "radiation", "procedure", "behavioural", "control"})
_RESULTS = frozenset({"survival", "response", "outcome", "measure", "have", "occur", "rate"})
LONGEST = 14  # tokens of a label
EMPTY_WORDS = words_of("word label empty")
_CUT = words_of("word label end")
_LEADING, _TRAILING = words_of("word label lead"), words_of("word label trail")
_CONTROL_WORDS = words_of("word control")
_VERBS = words_of("word label verb")
_WORTH = words_of("word worth")


class ArmName(NamedTuple):
    """An arm as the text names it."""

    label: str
    start: int  # of the label in the text
    end: int
    aliases: tuple[tuple[str, ...], ...]  # words in small letters that call it, the longest first
    control: bool = False
    size: Mention | None = None
    treatments: tuple[Hit, ...] = ()
    line: int = -1  # the sentence where it is named
    own: bool = False  # its label names a treatment

    @property
    def role(self) -> Role | None:
        """What the arm is for, as far as its name tells."""
        words = self.label.casefold()
        if not self.control:
            return None
        if "placebo" in words:
            return Role.PLACEBO_COMPARATOR
        if "sham" in words:
            return Role.SHAM_COMPARATOR
        if re.search(r"\bno (?:\w+ )?(?:treatment|intervention|therapy)|observation|wait", words):
            return Role.NO_INTERVENTION
        return None


def name_of(
    page: Page, line: int, first: int, last: int, hits: Sequence[Hit], size: Mention | None = None
) -> ArmName | None:
    """Make an arm of the tokens of a label, cut where its dose or its purpose begins."""
    tokens = page.lines[line].tokens
    first = _begin(page, line, first, last)
    stop = first
    while stop < last and stop - first < LONGEST:
        token = tokens[stop]
        number = token.sort == "n" and stop > first and tokens[stop - 1].sort != "-"
        if token.sort in "();:.=" or number or (token.word in _CUT and stop > first):
            break
        stop += 1
    while stop > first and (tokens[stop - 1].word in _TRAILING or tokens[stop - 1].sort in ",;:-–."):
        stop -= 1
    if first >= stop or tokens[first].sort in "n)%.<>=":
        return None
    inside = tuple(hit for hit in hits if hit.kind in TREATMENTS and first <= hit.first < last)
    own = [hit for hit in inside if hit.first < stop]
    words = {tokens[index].word for index in range(first, stop)}
    if not words - EMPTY_WORDS and not own:
        return None
    if any(hit.kind in _RESULTS and first <= hit.first < stop for hit in hits):
        return None
    if not own and any(hit.kind == "event" and first <= hit.first < stop for hit in hits):
        return None
    if any(token.word in _VERBS for token in tokens[first:stop]):
        return None
    control = bool(words & _CONTROL_WORDS) or any(hit.kind == "control" for hit in own)
    control = control and not any(hit.kind in TREATMENTS - {"control"} for hit in own)
    start, end = tokens[first].start, tokens[stop - 1].end
    return ArmName(page.words(start, end), start, end, (), control, size, inside, line, bool(own))


def _begin(page: Page, line: int, first: int, last: int) -> int:
    """Skip what stands before a name: articles, "patients receiving", "the efficacy of"."""
    tokens = page.lines[line].tokens
    for at in range(first, min(last, first + 6)):
        if tokens[at].word in _WORTH and at + 1 < last and tokens[at + 1].word in {"of", "and"}:
            first = at + 2
    while first < last and (tokens[first].word in _LEADING or tokens[first].sort in ",;:-("):
        if tokens[first].word == "treatment" and first + 1 < last and tokens[first + 1].word in {"group", "arm"}:
            break
        first += 1
    return first
