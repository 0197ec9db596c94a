"""Which outcomes the authors named primary and secondary, as the methods say it."""

import re
from typing import Final

import msgspec

from picograph.kg.extraction.phrases import Item, Phrase, Row
from picograph.kg.extraction.places import places, slug
from picograph.kg.extraction.results import Results
from picograph.kg.extraction.stated import CATEGORIES
from picograph.kg.extraction.text import SectionKind
from picograph.kg.study import Outcome, OutcomeKind, OutcomeRole

_NAMED: Final = re.compile(
    r"\b(?:the )?(?P<co>co-?)?(?P<role>primary|main|secondary)(?: (?:and|or) secondary)?(?: \w+){0,2}? "
    r"(?:end[ -]?points?|outcomes?)(?: measures?| variables?)?"
    r"(?: of (?:the|this) (?:study|trial))?(?: (?:was|were|is|are|included?|includes|assessed was)|:)(?! not\b)",
    re.IGNORECASE,
)
# From here on the name is explained, or is not the whole of it: defined as…, time from…, sites of…
_EXPLAINED: Final = re.compile(
    r"defined|assessed|measured|determined|evaluated|estimated|as|according|using|between|from|correlations?"
    r"|differences?|changes?|associations?|times?|incidence|sites?|safety|frequency",
    re.IGNORECASE,
)
_BETWEEN = frozenset("xTdnWtoai,k-:sXADpNfbQw/rM")  # what may stand before and between the names


def read_roles(results: Results) -> None:
    """Mark the outcomes that a sentence names primary or secondary; a planned one is kept if not reported.

    The words after "the primary end point was" are read up to the first that is no name of an outcome, a count or a
    verb of a result.
    """
    for row in results.abstract.rows.values():
        if row.line.section not in {SectionKind.METHODS, SectionKind.OPEN, SectionKind.RESULTS} or "F" in row.letters:
            continue
        matches = list(_NAMED.finditer(row.folded, row.line.start, row.line.end))
        ends = [*(match.start() for match in matches[1:]), row.line.end][: len(matches)]
        for match, stop in zip(matches, ends, strict=True):
            role = OutcomeRole.SECONDARY if match["role"].casefold() == "secondary" else OutcomeRole.PRIMARY
            for item in _names(row, match.end(), stop):
                _mark(results, item, role, (match.start(), item.end))


def _names(row: Row, start: int, stop: int) -> list[Item]:
    found: list[Item] = []
    for item in row.items:
        if not start <= item.start < stop:
            continue
        if item.letter in "SE":
            found.append(item)
            continue
        explained = _EXPLAINED.fullmatch(row.folded, item.start, item.end) or (item.letter == "o" and found)
        if explained or item.letter not in _BETWEEN:
            break
    return found


def _mark(results: Results, item: Item, role: OutcomeRole, span: tuple[int, int]) -> None:
    phrase: Phrase = item.data
    if phrase.kind == "event" or phrase.grade is not None:
        return  # the incidence of an event is measured in many ways; no one of them is named here
    survival = phrase.kind == "survival"
    if survival:
        name = results.survival_name(phrase)
    else:
        name = phrase.label if phrase.label in phrase.words.casefold() else results.abstract.name(phrase.words)
    key = "response" if phrase.label in CATEGORIES else slug(name)
    known = results.outcomes.get(key)
    evidence = places(span)
    if known is None:
        kind = OutcomeKind.TIME_TO_EVENT if survival else OutcomeKind.BINARY
        results.outcomes[key] = Outcome(key=key, label=name, kind=kind, role=role, evidence=evidence)
    elif known.role is None:
        results.outcomes[key] = msgspec.structs.replace(known, role=role, evidence=(*known.evidence, *evidence))
