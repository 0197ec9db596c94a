"""What the models found in an abstract -> a study: only what is sure, and what the grammar of numbers reads alike.

A fact is made where all of it was found with confidence: the number, its kind, its arm, and the one outcome that its
sentence names. Its own confidence is the least of theirs. What is not sure is left out: wrong is worse than missing.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from msgspec import structs

from picograph import __version__
from picograph.kg.extraction.build import names_of, sections_in_layout
from picograph.kg.extraction.feedback import settle
from picograph.kg.extraction.model.reader import ENROLLED, Finding, findings_in, shipped
from picograph.kg.extraction.numbers import Mention, NumberKind
from picograph.kg.extraction.page import Line, Page, read_page
from picograph.kg.extraction.places import merged, places, slug
from picograph.kg.extraction.text import check_length
from picograph.kg.report import Report
from picograph.kg.results import Estimate, Statistic
from picograph.kg.source import Method, Record, source_of
from picograph.kg.study import Arm, Outcome, OutcomeKind, Population, Role, Study

SURE_NUMBER = 0.6  # of kind and arm together
SURE_WORDS = 0.5
SURE_ENROLLED = 0.8
_SIDES = ("experimental", "comparator")
_LASTS = re.compile(r"surviv|\btime to\b|\bduration\b|[- ]free\b|\b(?:OS|PFS|DFS|EFS|RFS|TTP)\b", re.IGNORECASE)
_STATISTIC = re.compile(r"^(?:the\s+)?(?:median|mean)\s+(?=\S)", re.IGNORECASE)
_VERB = re.compile(r"\s+(?:occurred|developed|was|were)$", re.IGNORECASE)  # behind the name of an outcome
_COUNTS = (NumberKind.COUNT, NumberKind.GROUP_SIZE, NumberKind.PLAIN)


class Value(NamedTuple):
    """A number that was found, with what the grammar reads at its place."""

    found: Finding
    mention: Mention
    side: str
    kind: str


@cache
def version() -> str:
    """Know the model that ships by the first characters of the SHA-256 of its files."""
    import hashlib

    folder = files("picograph.kg.extraction.model").joinpath("weights")
    paths = sorted((path for path in folder.iterdir()), key=lambda path: path.name)
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:8]


def read_with_notes(text: str, base: Study | None = None, where: str = "") -> tuple[Study, list[str]]:
    """Read the sure facts of an abstract with the models; gives also what was left out, or is less sure, and why.

    :param base: what a reader of the format has read already, as in `build.read_study`
    :raises InputError: if the text is far too long for an abstract
    """
    check_length(text, where)
    page = read_page(text, sections_in_layout(text) if base else None, where)
    found = findings_in(page, shipped())
    enrolled = _enrolled(page, found)
    arms = _arms(page, found)
    if enrolled is not None:
        arms = _sized(page, found, arms, enrolled)
    outcomes, estimates = _results(page, found, arms)
    key, document, identifiers, secondary = names_of(text, base)
    reader = f"model {version()} of extraction {__version__}"
    study = Study(
        key=key,
        record=Record(document=document, source=source_of(text), method=Method.MODEL, reader=reader),
        identifiers=identifiers,
        secondary_identifiers=secondary,
        report=base.report if base else Report(),
        population=enrolled,
        arms=tuple(arms.values()),
        outcomes=outcomes,
        estimates=tuple(merged(estimates)),
    )
    return settle(study, text)


def _sure(*shares: float) -> Decimal:
    return Decimal(min(0.99, *shares)).quantize(Decimal("0.01"))


def _mention(page: Page, start: int, end: int, kinds: Sequence[NumberKind] = ()) -> Mention | None:
    """Give what the grammar reads where a number was found."""
    for line in page.lines:
        if line.start <= start < line.end:
            for each in line.mentions:
                if each.start < end and start < each.end and (not kinds or each.kind in kinds) and each.sign == "=":
                    return each
    return None


def _enrolled(page: Page, found: Sequence[Finding]) -> Population | None:
    """Give the size of the study, where only one is named."""
    values: dict[int, Finding] = {}
    for each in found:
        if each.label != ENROLLED:
            continue
        mention = _mention(page, each.start, each.end, _COUNTS)
        if mention is None or mention.value is None or mention.value != int(mention.value):
            return None
        values.setdefault(int(mention.value), each)
    if len(values) != 1:
        return None
    (value, first), *_ = values.items()
    if first.confidence < SURE_ENROLLED:
        return None
    return Population(enrolled=value, confidence=_sure(first.confidence), evidence=places((first.start, first.end)))


def _arms(page: Page, found: Sequence[Finding]) -> dict[str, Arm]:
    """Give the two arms, where each is named: by the words that are surest."""
    best: dict[str, Finding] = {}
    for side in _SIDES:
        named = [each for each in found if each.label == f"{side} treatment" and each.confidence >= SURE_WORDS]
        if not named:
            return {}
        best[side] = max(named, key=lambda each: (each.confidence, -each.start))
    labels = {side: " ".join(page.words(each.start, each.end).split()) for side, each in best.items()}
    if len({slug(label) for label in labels.values()}) < 2:
        return {}
    return {
        side: Arm(
            key=slug(labels[side]),
            label=labels[side],
            role=Role.EXPERIMENTAL if side == "experimental" else None,
            confidence=_sure(each.confidence),
            evidence=places((each.start, each.end)),
        )
        for side, each in best.items()
    }


def _sized(page: Page, found: Sequence[Finding], arms: dict[str, Arm], whole: Population) -> dict[str, Arm]:
    """Give the arms their sizes, where the first that are found of both add up to the size of the study."""
    sizes: dict[str, tuple[int, Finding]] = {}
    for each in found:
        side, _, kind = each.label.partition(" ")
        if kind != "participants" or side in sizes or each.confidence < SURE_NUMBER:
            continue
        mention = _mention(page, each.start, each.end)
        if mention is not None and mention.value is not None and mention.value == int(mention.value):
            sizes[side] = int(mention.value), each
    if len(sizes) < len(_SIDES) or sum(size for size, _ in sizes.values()) != whole.enrolled:
        return arms
    sized = {}
    for side, arm in arms.items():
        size, each = sizes[side]
        evidence = {*arm.evidence, *places((each.start, each.end))}
        sized[side] = structs.replace(
            arm,
            enrolled=size,
            confidence=min(arm.confidence or Decimal(0), _sure(each.confidence)),
            evidence=tuple(sorted(evidence, key=lambda place: place.order)),
        )
    return sized


def _results(page: Page, found: Sequence[Finding], arms: dict[str, Arm]) -> tuple[tuple[Outcome, ...], list[Estimate]]:
    """Give the numbers of the sentences that name one outcome."""
    outcomes: dict[str, Outcome] = {}
    estimates: list[Estimate] = []
    if not arms:
        return (), []
    for line in page.lines:
        inside = [each for each in found if line.start <= each.start and each.end <= line.end]
        named = [each for each in inside if each.label in ("outcome", "planned outcome")]
        if len(named) != 1 or named[0].confidence < SURE_WORDS:
            continue
        words = _VERB.sub("", page.words(named[0].start, named[0].end))
        named[0] = named[0]._replace(end=named[0].start + len(words))
        label = _STATISTIC.sub("", " ".join(words.split()))
        for cell in _cells(line, _values(page, inside)):
            made = _estimate(slug(label), label, named[0], cell, arms)
            if made is not None:
                estimates.append(made)
                kind = OutcomeKind.TIME_TO_EVENT if made.statistic is Statistic.MEDIAN else OutcomeKind.BINARY
                place = places((named[0].start, named[0].end))
                outcomes.setdefault(made.outcome, Outcome(key=made.outcome, label=label, kind=kind, evidence=place))
    return tuple(outcomes.values()), estimates


def _values(page: Page, found: Sequence[Finding]) -> list[Value]:
    values = []
    for each in found:
        side, _, kind = each.label.partition(" ")
        if side not in _SIDES or kind == "treatment" or each.confidence < SURE_NUMBER:
            continue
        mention = _mention(page, each.start, each.end)
        if mention is not None and mention.value is not None:
            values.append(Value(each, mention, side, kind))
    return values


def _cells(line: Line, values: Sequence[Value]) -> list[list[Value]]:
    """Put numbers together that the grammar says are one thing: 22 (55%)."""
    cells: list[list[Value]] = []
    for value in values:
        last = cells[-1][-1] if cells else None
        together = last is not None and value.mention.cluster >= 0 and last.mention.cluster == value.mention.cluster
        if together and last is not None and last.side == value.side:
            cells[-1].append(value)
        else:
            cells.append([value])
    return cells


def _estimate(key: str, label: str, named: Finding, cell: Sequence[Value], arms: dict[str, Arm]) -> Estimate | None:
    """Make one result of the numbers of a cell."""
    kinds = {value.kind: value for value in cell}
    arm = arms[cell[0].side]
    evidence = places((named.start, named.end), *((value.found.start, value.found.end) for value in cell))
    sure = _sure(named.confidence, *(value.found.confidence for value in cell))
    percent, count, of, median = (kinds.get(kind) for kind in ("per cent", "count", "participants", "median"))
    lasts = bool(_LASTS.search(label))
    if median is not None:
        time = median.mention.kind is NumberKind.TIME and median.mention.unit in ("a", "mo", "wk", "d")
        if not (time and lasts):
            return None
        return Estimate(
            outcome=key, arm=arm.key, statistic=Statistic.MEDIAN, value=median.mention.value,
            unit=median.mention.unit, confidence=sure, evidence=evidence,
        )  # fmt: skip
    if lasts or (percent is None and count is None):
        return None  # a survival probability has a time, and is no proportion
    share = percent.mention.value if percent is not None and percent.mention.kind is NumberKind.PERCENT else None
    if percent is not None and (share is None or not 0 <= share <= 100):
        return None
    whole, size = (_whole(value) for value in (count, of))
    if count is not None and whole is None:
        return None
    return Estimate(
        outcome=key,
        arm=arm.key,
        statistic=Statistic.COUNT if percent is None and size is None else Statistic.PROPORTION,
        value=share,
        unit="%" if percent is not None else None,
        count=whole,
        denominator=size,
        confidence=sure,
        evidence=evidence,
    )


def _whole(value: Value | None) -> int | None:
    if value is None or value.mention.value is None or value.mention.value != int(value.mention.value):
        return None
    return int(value.mention.value)
