"""The plan of a study: phase, allocation, masking, centres; and who took part: conditions, eligibility."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from picograph.kg.extraction.abstract import Abstract
from picograph.kg.extraction.lexicon import words_of
from picograph.kg.extraction.places import Span, place, places, whole_words
from picograph.kg.extraction.text import SectionKind
from picograph.kg.report import PublicationType
from picograph.kg.study import (
    Allocation,
    Condition,
    CriterionKind,
    EligibilityCriterion,
    InterventionModel,
    Masking,
    Phase,
    Population,
    StudyDesign,
    StudyType,
)

_PHASE = re.compile(
    r"\b(?P<phase>phase[- ](?P<one>IV|I{1,3}"
    r"|[1-4])(?P<half>[ab])?(?:(?:\s?[-/–]\s?|\s(?:and|or)\s|\sto\s)(?:phase )?(?P<two>II|III|2|3)"
    r"(?P<half2>[ab])?)?)(?![\w.]|\s?%)(?P<noun>[- ](?:[\w,-]+ ){0,3}?(?:trial|study|studies|trials))?",
    re.IGNORECASE,
)
_NUMBER = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_PHASES = {
    (1, None): Phase.PHASE_1,
    (2, None): Phase.PHASE_2,
    (3, None): Phase.PHASE_3,
    (4, None): Phase.PHASE_4,
    (1, 2): Phase.PHASE_1_2,
    (2, 3): Phase.PHASE_2_3,
}
_MULTI = re.compile(
    r"\bmulti-?\s?cent(?:er|re)(?:ed|d)?\b|\bmulti-?institutional\b|\bat (?P<n>\w+) (?:\w+ ){0,2}(?:centers|centres"
    r"|hospitals|institutions|sites)\b",
    re.IGNORECASE,
)
_SINGLE_CENTRE = re.compile(
    r"\bsingle[- ](?:cent(?:er|re)|institution(?:al)?)\b|\bmono-?cent(?:er|re|ric)\b", re.IGNORECASE
)
_MASKED = (
    (Masking.TRIPLE, re.compile(r"\btriple[- ](?:blind(?:ed)?|mask(?:ed)?)\b", re.IGNORECASE)),
    (Masking.DOUBLE, re.compile(r"\bdouble[- ](?:blind(?:ed)?|mask(?:ed)?)\b", re.IGNORECASE)),
    (
        Masking.SINGLE,
        re.compile(
            r"\bsingle[- ](?:blind(?:ed)?|mask(?:ed)?)\b|\b(?:assessor|observer|investigator"
            r"|evaluator)[- ]blind(?:ed)?\b",
            re.IGNORECASE,
        ),
    ),
    (Masking.OPEN_LABEL, re.compile(r"\bopen[- ]label(?:led|ed)?\b|\bunblinded\b|\bnon-?blinded\b", re.IGNORECASE)),
)
_NOT_RANDOM = re.compile(r"\bnon-?\s?random(?:i[sz]ed)?\b|\bnot random(?:i[sz]ed)?\b", re.IGNORECASE)
_RANDOM = re.compile(
    r"\b(?:was|were|been) (?:\w+ )?(?:randomly (?:assigned|allocated|divided|selected to)|randomi[sz]ed)\b"
    r"|\brandomi[sz]ed,? (?:[\w,-]+ ){0,6}(?:trial|study)\b"
    r"|\bwe (?:randomly assigned|randomi[sz]ed)\b|\brandomi[sz]ed (?:to|into|between)\b|\brandomly (?:assigned"
    r"|allocated) (?:to|into)\b",
    re.IGNORECASE,
)
_RETROSPECTIVE = re.compile(
    r"\b(?:retrospective(?:ly)?(?: \w+){0,3} (?:study|analysis|review|cohort)|retrospectively (?:reviewed"
    r"|analy[sz]ed|evaluated|collected)|case[- ]control study"
    r"|observational study|cross-sectional (?:study|survey))\b",
    re.IGNORECASE,
)
# The plan of a study, not a change of treatment that was allowed or that happened.
_CROSSOVER = (
    r"\bcross-?over (?:\w+ ){0,2}?(?:study|trial|design|manner|fashion|comparison|evaluation|phase)\b"
    r"|\b(?:randomi[sz]ed|blind(?:ed)?|controlled|label),? (?:\w+,? )?cross-?over\b"
)
_MODELS = (
    (InterventionModel.CROSSOVER, re.compile(_CROSSOVER, re.IGNORECASE)),
    (InterventionModel.FACTORIAL, re.compile(r"\b(?:2\s?[x×]\s?2 )?factorial\b", re.IGNORECASE)),
)
_SINGLE_ARM = re.compile(r"\bsingle[- ](?:arm|group)\b", re.IGNORECASE)
_PRIMARY = frozenset(
    {SectionKind.OPEN, SectionKind.BACKGROUND, SectionKind.METHODS, SectionKind.RESULTS, SectionKind.TITLE}
)


def _first(pattern: re.Pattern[str], abstract: Abstract, *words: str) -> re.Match[str] | None:
    """Give the first match in a sentence that may speak of the design: not in the conclusions.

    :param words: one of these stands in every match; looking for them first is faster
    """
    if not any(word in abstract.lower for word in words):
        return None
    for match in pattern.finditer(abstract.folded):
        line = abstract.line_at(match.start())
        if line is not None and line.section in _PRIMARY and match.end() <= line.end:
            return match
    return None


_OTHERS = re.compile(
    r"\b(?:previous|prior|earlier|recent|another|other|several|two|future|larger|confirmatory)\s[^.]{0,30}$"
)


def _phase(abstract: Abstract) -> tuple[Phase | None, list[Span]]:
    """Give the phase that the first mention of a trial's phase says, and where it and its repeat stand."""
    if "phase" not in abstract.lower:
        return None, []
    found = []
    for match in _PHASE.finditer(abstract.folded):
        line = abstract.line_at(match.start("phase"))
        before = abstract.folded[max(match.start() - 40, 0) : match.start()]
        named = match["noun"] or re.search(r"(?:trial|study)\W{0,2}$", before)
        if line and line.section in _PRIMARY and named and not _OTHERS.search(before):
            two = _NUMBER[match["two"].lower()] if match["two"] else None
            found.append((_PHASES.get((_NUMBER[match["one"].lower()], two)), _around(abstract, match)))
    if not found or found[0][0] is None:
        return None, []
    return found[0][0], [span for phase, span in found if phase is found[0][0]][:2]


def design_of(
    abstract: Abstract, types: Iterable[PublicationType], arms: int, arm_spans: list[Span]
) -> StudyDesign | None:
    """Read the design from the words of the abstract, and from the publication types that the index gives.

    :param arms: how many arms were found; 1 for a group that is compared with nothing; 0 where it is not known
    """
    spans: list[Span] = []
    values: dict[str, Any] = {}
    phase, phase_spans = _phase(abstract)
    if phase:
        values["phase"] = phase
        spans += phase_spans
    if (match := _first(_NOT_RANDOM, abstract, "random")) is not None:
        values["allocation"] = Allocation.NON_RANDOMISED
        spans.append(match.span())
    elif (match := _first(_RANDOM, abstract, "random")) is not None and not _RETROSPECTIVE.search(abstract.folded):
        values["allocation"] = Allocation.RANDOMISED
        spans.append(match.span())
    for masking, pattern in _MASKED:
        if match := _first(pattern, abstract, "blind", "mask", "open"):
            values["masking"] = masking
            spans.append(match.span())
            break
    for model, pattern in _MODELS:
        if match := _first(pattern, abstract, "cross", "factorial"):
            values["model"] = model
            spans.append(match.span())
            break
    if (
        match := _first(_RETROSPECTIVE, abstract, "retrospective", "control", "observational", "sectional")
    ) is not None:
        values["study_type"] = StudyType.OBSERVATIONAL
        spans.append(match.span())
    if (match := _first(_MULTI, abstract, "multi", "cent", "hospital", "institution", "site")) is not None and not (
        match["n"] and not _is_number(match["n"])
    ):
        values["multicentre"] = True
        spans.append(match.span())
    elif (match := _first(_SINGLE_CENTRE, abstract, "single", "mono")) is not None:
        values["multicentre"] = False
        spans.append(match.span())
    for each in types:
        if each.label == "Multicenter Study" and each.evidence and values.get("multicentre") is not False:
            values["multicentre"] = True
            spans += [(span.start, span.end) for span in each.evidence if span.pointer is None]
    if arms:
        values["number_of_arms"] = arms
        spans += arm_spans
        if arms == 1:
            values.setdefault("model", InterventionModel.SINGLE_GROUP)
    if not values:
        return None
    return StudyDesign(
        **values, confidence=Decimal("0.9"), evidence=places(*(whole_words(abstract.folded, *each) for each in spans))
    )


def _is_number(word: str) -> bool:
    return word.isdigit() or word.casefold() in {
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "several",
        "multiple",
    }


def _around(abstract: Abstract, match: re.Match[str]) -> Span:
    start = match.start("phase")
    before = re.search(r"\b(?:this|an?|the|our)\s$", abstract.folded[max(0, start - 6) : start], re.IGNORECASE)
    if before:
        start -= len(before[0])
    return start, match.end()


# --- who took part ----------------------------------------------------------------------------------------------------

_WITH = re.compile(
    r"\b(?:patients|women|men|subjects|participants|adults|children|survivors|individuals|cases"
    r"|persons)\s+(?:\w+\s+)?(?P<with>with|who had|suffering from|affected by|having)\s+",
    re.IGNORECASE,
)
_CONDITION_END = words_of("word condition end")
_CRITERION = re.compile(
    r"\b(?P<criterion>(?:unfit for|not (?:suitable|eligible|amenable|candidates?) (?:for|to)|un(?:suitable"
    r"|amenable) (?:for|to)|ineligible for|refractory to|resistant to"
    r"|intolerant (?:of|to)|who were (?:not )?(?:candidates for|eligible for|suitable for|unsuitable for"
    r"|refractory to)|not amenable to|who had progressed (?:on|after)"
    r"|progressing (?:on|after|despite)|previously treated with|who had received|with no prior"
    r"|without prior)\s+(?P<what>[A-Za-z][^.;,()]{2,80}?))"
    r"(?=\s+(?:were|was|received|who|to|for|in|at|underwent|from|and were|at)\b|[.;,()]|$)",
    re.IGNORECASE,
)


def condition_of(abstract: Abstract) -> Condition | None:
    """Read what the participants have: the condition named behind "patients with", the abstract's before the"
    " title's."""
    found: list[tuple[int, int, int]] = []
    for index, line in enumerate(abstract.page.lines):
        if line.section in {SectionKind.RESULTS, SectionKind.CONCLUSIONS, SectionKind.OTHER}:
            continue
        for match in _WITH.finditer(abstract.folded, line.start, line.end):
            span = _noun_phrase(abstract, index, match.end())
            if span:
                order = (
                    2
                    if line.section is SectionKind.TITLE
                    else 0
                    if re.search(
                        r"\bto (?:assess|evaluate|determine|compare|investigate|study)|evaluated|assessed|aim"
                        r"|purpose",
                        abstract.folded[line.start : match.start()],
                        re.IGNORECASE,
                    )
                    else 1
                )
                found.append((order, *span))
    if not found:
        return None
    _, start, end = min(found)
    label = abstract.name(abstract.page.text[start:end])
    label = re.sub(r"\s*\([^()]*\)$", "", label)
    return Condition(label=label, confidence=Decimal("0.9"), evidence=(place(start, end),))


def _noun_phrase(abstract: Abstract, index: int, at: int) -> Span | None:
    """Give the noun phrase that begins at a position, if it ends with a condition."""
    line = abstract.page.lines[index]
    tokens = line.tokens
    first = next((each for each, token in enumerate(tokens) if token.start >= at), len(tokens))
    heads = {hit.last for hit in abstract.hits[index] if hit.kind == "condition" and hit.first >= first}
    stop, last = first, -1
    while stop < len(tokens) and stop - first < 12:
        token = tokens[stop]
        if (
            token.sort in "(.;:n"
            or (token.sort in "," and last > 0)
            or (token.word in _CONDITION_END and stop > first and token.word not in {"or", "and"})
        ):
            break
        if token.word in {"or", "and"} and last > 0:
            break
        stop += 1
        if stop in heads:
            last = stop
    if last < 0:
        return None
    return tokens[first].start, tokens[last - 1].end


_NO_CRITERIA = frozenset({SectionKind.RESULTS, SectionKind.CONCLUSIONS, SectionKind.OTHER, SectionKind.TITLE})
_AIM = re.compile(
    r"\bwe\b|\bour\b|\bthis (?:\w+ ){0,4}?(?:study|trial)\b|\b(?:aim|purpose|objective)s?\b", re.IGNORECASE
)


def eligibility_of(abstract: Abstract) -> tuple[EligibilityCriterion, ...]:
    """Read what made people eligible: behind the condition, ``unfit for…``, ``refractory to…``."""
    found: dict[str, EligibilityCriterion] = {}
    for line in abstract.page.lines:
        if line.section in _NO_CRITERIA or (line.section is SectionKind.BACKGROUND and not _AIM.search(
            abstract.folded, line.start, line.end)):  # fmt: skip
            continue
        people = re.search(
            r"\b(?:patients|women|men|subjects|participants|adults)\b", abstract.folded[line.start : line.end]
        )
        if not people:
            continue
        for match in _CRITERION.finditer(abstract.folded, line.start + people.end(), line.end):
            words = abstract.name(abstract.page.text[match.start("criterion") : match.end("criterion")])
            if "than" in words.split() or len(words.split()) > 14:
                continue
            found.setdefault(
                words,
                EligibilityCriterion(
                    label=words,
                    kind=CriterionKind.INCLUSION,
                    confidence=Decimal("0.85"),
                    evidence=places(whole_words(abstract.folded, *match.span("criterion"))),
                ),
            )
    return tuple(found.values())


def population_of(abstract: Abstract) -> Population | None:
    """Read who took part."""
    condition, criteria = condition_of(abstract), eligibility_of(abstract)
    size = abstract.enrolled
    if condition is None and not criteria and size is None:
        return None
    spans = [size.span] if size else [(span.start, span.end) for each in (condition,) if each for span in each.evidence]
    spans = spans or [(span.start, span.end) for span in criteria[0].evidence]
    return Population(
        enrolled=size.people if size else None,
        conditions=(condition,) if condition else (),
        eligibility=criteria,
        confidence=Decimal("0.7") + Decimal("0.1") * (size.strength if size else 2),
        evidence=places(*spans),
    )


# --- planned examinations ---------------------------------------------------------------------------------------------
