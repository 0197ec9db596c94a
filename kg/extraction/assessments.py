"""Planned examinations and their schedule: ``CT was performed at 4 weeks and every 3 months thereafter``."""

import re
from decimal import Decimal

from picograph.kg.extraction.abstract import Abstract
from picograph.kg.extraction.places import Span, places, whole_words
from picograph.kg.extraction.text import SectionKind
from picograph.kg.results import TimePoint
from picograph.kg.study import Assessment

_SCHEDULE = re.compile(
    r"(?P<what>(?:[A-Za-z][\w-]* ){0,3}(?:studies|study|imaging|assessments?|evaluations?|examinations?|scans?"
    r"|visits?|tests?|CT|MRI|follow-up))\s+(?:was|were)\s+"
    r"(?:done|performed|carried out|obtained|scheduled|made|repeated|assessed|conducted)\s+(?:(?P<first>at"
    r"|after)?\s*(?P<n>\d+|one|two|three|four|six|eight|twelve)\s+(?P<unit>weeks?|months?|days?)\s+"
    r"(?:(?:after|following|from)\s+(?P<origin>[A-Za-z][\w -]{1,40}?)\s+)?(?:and (?:then )?)?)?"
    r"every\s+(?P<m>\d+|one|two|three|four|six|eight|twelve)\s+(?P<unit2>weeks?|months?"
    r"|days?)(?P<tail>\s+(?:thereafter|afterwards|until \w+))?",
    re.IGNORECASE,
)
_WORD = {"one": 1, "two": 2, "three": 3, "four": 4, "six": 6, "eight": 8, "twelve": 12}
_UNIT = {"week": "wk", "month": "mo", "day": "d"}


def assessments_of(abstract: Abstract) -> tuple[Assessment, ...]:
    """Read planned examinations and their schedule: first, and then every so often."""
    found = []
    for line in abstract.page.lines:
        if line.section not in {SectionKind.METHODS, SectionKind.OPEN}:
            continue
        if "every" not in abstract.folded[line.start : line.end]:
            continue
        match = _SCHEDULE.search(abstract.folded, line.start, line.end)
        if not match:
            continue
        first = None
        if match["n"]:
            origin = abstract.name(match["origin"]) if match["origin"] else None
            first = TimePoint(
                value=_number(match["n"]), unit=_unit(match["unit"]), origin=f"end of {origin}" if origin else None
            )
        found.append(
            Assessment(
                label=abstract.name(match["what"]),
                first=first,
                every=TimePoint(value=_number(match["m"]), unit=_unit(match["unit2"])),
                confidence=Decimal("0.9"),
                evidence=places(whole_words(abstract.folded, match.start("what"), match.end())),
            )
        )
    return tuple(found)


def first_span(abstract: Abstract, assessment: Assessment) -> Span:
    """Give the words that say when the first of a schedule is."""
    span = assessment.evidence[0]
    match = _SCHEDULE.match(abstract.folded, span.start, span.end)
    stop = (
        match.end("origin") if match and match["origin"] else match.end("unit") if match and match["unit"] else span.end
    )
    return span.start, stop


def _number(word: str) -> Decimal:
    return Decimal(word) if word.isdigit() else Decimal(_WORD[word.casefold()])


def _unit(word: str) -> str:
    return _UNIT[word.casefold().rstrip("s")]
