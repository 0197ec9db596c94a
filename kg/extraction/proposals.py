"""Facts that somebody proposes, each with its quote -> those that the text bears out.

A proposal is taken only where its quote stands in the text, and every value of it is read inside that quote by the same
grammar of numbers that the rules use (`numbers`). Values and names are then taken from the text, not from the proposal.
"""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from msgspec import Struct

from picograph.kg.extraction.numbers import Mention, NumberKind
from picograph.kg.extraction.page import Page
from picograph.kg.extraction.places import places, slug
from picograph.kg.results import AdverseEventResult, Estimate, GradeRange, Interval, PValue, Statistic, TimePoint
from picograph.kg.study import Arm, Outcome, OutcomeKind, Phase, Population, StudyDesign

SURE = Decimal("0.5")  # of a fact that a model proposed and the text bears out
LESS_SURE = Decimal("0.35")  # where the quote names several arms: which value is whose was not checked
_LONGEST = 500  # characters of a quote: in a long one nearly any number stands


class Proposal(Struct, frozen=True, kw_only=True):
    """A fact as proposed; which fields a kind has is in `FIELDS`."""

    kind: str
    quote: str
    start: int | None = None
    arm: str | None = None
    event: str | None = None
    outcome: str | None = None
    phase: str | None = None
    count: Decimal | None = None
    denominator: Decimal | None = None
    percent: Decimal | None = None
    value: Decimal | None = None
    unit: str | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    level: Decimal | None = None
    p: Decimal | None = None
    time: Decimal | None = None
    time_unit: str | None = None
    grade_low: Decimal | None = None
    grade_high: Decimal | None = None


_INTERVAL = ("low", "high", "level")
FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # of each kind: what it needs, what it may have
    "enrolled": (("count",), ()),
    "phase": (("phase",), ()),
    "arm": (("arm",), ("count",)),
    "outcome": (("outcome",), ("arm", "count", "denominator", "percent", *_INTERVAL)),
    "median": (("outcome", "value", "unit"), ("arm", *_INTERVAL)),
    "survival probability": (("outcome", "percent", "time", "time_unit"), ("arm", *_INTERVAL)),
    "hazard ratio": (("outcome", "value"), (*_INTERVAL, "p")),
    "adverse event": (("event",), ("arm", "count", "denominator", "percent", "grade_low", "grade_high")),
}
_TIMES = frozenset({"a", "mo", "wk", "d"})
_LASTS = re.compile(r"surviv|\btime to\b|\bduration\b|[- ]free\b|\b(?:OS|PFS|DFS|EFS|RFS|TTP)\b", re.IGNORECASE)
_FOLLOW = re.compile(r"follow[- ]?up", re.IGNORECASE)
_RATIO = re.compile(
    r"(?P<hazard>\bhazards?[- ]ratios?\b|\ba?HRs?\b)|\b(?:odds|risk|rate)[- ]ratios?\b|\brelative risks?\b"
    r"|\b(?-i:a?ORs?|RRs?|IRR)\b",
    re.IGNORECASE,
)
_COUNTED = (NumberKind.COUNT, NumberKind.GROUP_SIZE, NumberKind.PLAIN)
_WHOLES = (NumberKind.DENOMINATOR, NumberKind.GROUP_SIZE, NumberKind.PLAIN)
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
_PHASES = {
    "1": Phase.PHASE_1, "1/2": Phase.PHASE_1_2, "2": Phase.PHASE_2, "2/3": Phase.PHASE_2_3, "3": Phase.PHASE_3,
    "4": Phase.PHASE_4,
}  # fmt: skip


class RefusedError(Exception):
    """A proposal that the text does not bear out; its words say why."""


class _Quote:
    """The quote of a proposal at its place, and the numbers in it that were not used yet."""

    def __init__(self, page: Page, proposal: Proposal) -> None:
        self.start, self.end = _stands(page.text, proposal)
        self.text = page.words(self.start, self.end)
        self.folded = page.folded[self.start : self.end]
        inside = [
            each for line in page.lines for each in line.mentions if self.start <= each.start and each.end <= self.end
        ]
        self.levels: dict[int, Decimal | None] = {}  # of intervals, by where they start
        self.left: list[Mention] = []
        for each in inside:
            if each.kind is NumberKind.INTERVAL:
                level = each.value
                before = self.left[-1] if self.left else None
                if before and before.kind is NumberKind.PERCENT and 0 <= each.start - before.end <= 2:
                    level = self.left.pop().value if level is None else level
                self.levels[each.start] = level
            self.left.append(each)

    @property
    def evidence(self) -> Any:
        """Its place."""
        return places((self.start, self.end))

    def take(self, name: str, value: Decimal, kinds: Iterable[NumberKind], unit: str | None = None) -> Mention:
        """Use a number: each stands for one value only."""
        for kind in kinds:
            for index, each in enumerate(self.left):
                exact = each.sign == "=" or kind is NumberKind.P
                if exact and each.kind is kind and each.value == value and unit in (None, each.unit):
                    return self.left.pop(index)
        raise RefusedError(f"its {name} {_brief(str(value))} is not read in its quote")

    def words(self, name: str, words: str) -> str:
        """Give a name as the quote writes it."""
        found = _found(self.text, words)
        if not found:
            raise RefusedError(f"its {name} {_brief(words)!r} does not stand in its quote")
        return " ".join(found[0].split())

    def interval(self, proposal: Proposal) -> Interval | None:
        """Give the interval that is proposed, with the level that the text states."""
        if proposal.low is None and proposal.high is None and proposal.level is None:
            return None
        for index, each in enumerate(self.left):
            if each.kind is NumberKind.INTERVAL and (each.low, each.high) == (proposal.low, proposal.high):
                level = self.levels[each.start]
                if proposal.level is not None and proposal.level != level:
                    raise RefusedError(f"its level {_brief(str(proposal.level))} is not read in its quote")
                del self.left[index]
                level = level if level is not None and 50 <= level < 100 else None
                return Interval(low=each.low, high=each.high, level=level)
        raise RefusedError(
            f"its interval {_brief(str(proposal.low))} to {_brief(str(proposal.high))} is not read in its quote"
        )


def _brief(words: str) -> str:
    return words if len(words) <= 60 else words[:60] + "…"


def _stands(text: str, proposal: Proposal) -> tuple[int, int]:
    """Give where a quote stands; a line break in the text may be a space in the quote."""
    quote = proposal.quote
    if not quote.strip():
        raise RefusedError("it has no quote")
    if len(quote) > _LONGEST:
        raise RefusedError(f"its quote has more than {_LONGEST} characters")
    pattern = re.compile(r"\s+".join(map(re.escape, quote.split())))
    if proposal.start is not None:
        at = proposal.start + len(quote) - len(quote.lstrip())
        found = pattern.match(text, at) if 0 <= at <= len(text) else None
        if found is None:
            raise RefusedError(f"its quote does not stand at character {_brief(str(proposal.start))}")
    else:
        found = pattern.search(text)
        if found is None:
            raise RefusedError("its quote does not stand in the text")
        if pattern.search(text, found.start() + 1):
            raise RefusedError("its quote stands in the text more than once: it is unclear which is meant")
    start, end = found.span()
    if any(0 < edge < len(text) and text[edge - 1].isalnum() and text[edge].isalnum() for edge in (start, end)):
        raise RefusedError("its quote cuts a word or a number")
    return start, end


class Taken:
    """What was taken of the proposals for one text, and what was refused."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.refused: list[str] = []  # for people: which, and why
        self.population: Population | None = None
        self.design: StudyDesign | None = None
        self.arms: dict[str, Arm] = {}  # by label, in small letters
        self.outcomes: dict[str, Outcome] = {}
        self.estimates: list[Estimate] = []
        self.adverse_events: list[AdverseEventResult] = []

    def take_all(self, proposals: Iterable[Proposal]) -> None:
        """Take what the text bears out; arms first, because results name them."""
        for proposal in sorted(proposals, key=lambda each: each.kind != "arm"):
            try:
                self.take(proposal)
            except RefusedError as reason:
                words = " ".join(f"{_brief(proposal.kind)}, {_brief(proposal.quote)!r}".split())
                self.refused.append(f"refused: {printable(words)}: {printable(str(reason))}")

    def take(self, proposal: Proposal) -> None:
        """Take one.

        :raises RefusedError: if the text does not bear it out
        """
        if proposal.kind not in FIELDS:
            raise RefusedError(f"there is no such kind; use one of: {', '.join(FIELDS)}")
        needed, allowed = FIELDS[proposal.kind]
        for name in Proposal.__struct_fields__[3:]:
            value = getattr(proposal, name)
            if value is None and name in needed:
                raise RefusedError(f"it has no {name}")
            if value is not None and name not in needed and name not in allowed:
                raise RefusedError(f"{proposal.kind} has no {name}")
            if isinstance(value, Decimal) and not value.is_finite():
                raise RefusedError(f"its {name} is no number")
        take: Callable[[Proposal, _Quote], None] = getattr(self, "_" + proposal.kind.replace(" ", "_"))
        take(proposal, _Quote(self.page, proposal))

    # --- one method for each kind ---

    def _enrolled(self, proposal: Proposal, quote: _Quote) -> None:
        enrolled = _whole(quote, "count", proposal.count, _COUNTED)
        if self.population is not None and self.population.enrolled != enrolled:
            raise RefusedError(f"{self.population.enrolled} are enrolled by an earlier proposal")
        self.population = Population(enrolled=enrolled, confidence=SURE, evidence=quote.evidence)

    def _phase(self, proposal: Proposal, quote: _Quote) -> None:
        given = "/".join(_steps(proposal.phase or ""))
        named = [self.page.folded[each.start : each.end] for each in quote.left if each.kind is NumberKind.NAME]
        stated = ["/".join(_steps(words)) for words in named if words.casefold().startswith("phase")]
        if given not in _PHASES or given not in stated:
            raise RefusedError(f"its phase {_brief(proposal.phase or '')!r} is not read in its quote")
        if self.design is not None and self.design.phase is not _PHASES[given]:
            raise RefusedError(f"an earlier proposal says {self.design.phase}")
        self.design = StudyDesign(phase=_PHASES[given], confidence=SURE, evidence=quote.evidence)

    def _arm(self, proposal: Proposal, quote: _Quote) -> None:
        label = quote.words("arm", proposal.arm or "")
        size = None if proposal.count is None else _whole(quote, "count", proposal.count, _COUNTED)
        key = slug(label)
        if any(arm.key == key for arm in self.arms.values()):
            raise RefusedError(f"the arm {_brief(label)!r} is proposed twice")
        self.arms[label.casefold()] = Arm(key=key, label=label, enrolled=size, confidence=SURE, evidence=quote.evidence)

    def _outcome(self, proposal: Proposal, quote: _Quote) -> None:
        label = quote.words("outcome", proposal.outcome or "")
        values = _share(proposal, quote)
        if _LASTS.search(label) and values["count"] is None:
            raise RefusedError("a survival probability has a time, and is no proportion")
        percent, count, of = values["percent"], values["count"], values["denominator"]
        self.estimates.append(
            Estimate(
                outcome=self._named(label, OutcomeKind.BINARY, quote),
                statistic=Statistic.COUNT if percent is None and of is None else Statistic.PROPORTION,
                value=percent,
                unit=None if percent is None else "%",
                count=count,
                denominator=of,
                interval=quote.interval(proposal),
                **self._whose(proposal, quote),
            )
        )

    def _median(self, proposal: Proposal, quote: _Quote) -> None:
        label = _lasting(quote, proposal)
        if proposal.unit not in _TIMES:
            raise RefusedError("its unit is none of a, mo, wk, d")
        value = quote.take("value", proposal.value or Decimal(0), (NumberKind.TIME,), proposal.unit)
        if not re.search(r"\bmedians?\b", self.page.folded[quote.start : value.start], re.IGNORECASE):
            raise RefusedError("the word median does not stand before its value")
        self._estimate(proposal, quote, label, Statistic.MEDIAN, value.value, proposal.unit)

    def _survival_probability(self, proposal: Proposal, quote: _Quote) -> None:
        label = _lasting(quote, proposal)
        if proposal.time_unit not in _TIMES:
            raise RefusedError("its time_unit is none of a, mo, wk, d")
        percent = _percent(quote, proposal.percent or Decimal(0))
        time = quote.take("time", proposal.time or Decimal(0), (NumberKind.TIME,), proposal.time_unit)
        at = TimePoint(value=time.value, unit=time.unit)
        self._estimate(proposal, quote, label, Statistic.SURVIVAL_PROBABILITY, percent, "%", at)

    def _hazard_ratio(self, proposal: Proposal, quote: _Quote) -> None:
        label = quote.words("outcome", proposal.outcome or "")
        kinds = (NumberKind.RATIO, NumberKind.PLAIN, NumberKind.COUNT)
        value = quote.take("value", proposal.value or Decimal(0), kinds)
        named = list(_RATIO.finditer(self.page.folded[quote.start : value.start]))
        if not named or not named[-1]["hazard"]:
            raise RefusedError("no hazard ratio is named before its value")
        p = None if proposal.p is None else quote.take("p", proposal.p, (NumberKind.P,))
        self.estimates.append(
            Estimate(
                outcome=self._named(label, OutcomeKind.TIME_TO_EVENT, quote),
                statistic=Statistic.HAZARD_RATIO,
                value=value.value,
                interval=quote.interval(proposal),
                p=None if p is None or p.value is None else PValue(value=p.value, sign=p.sign),  # type: ignore[arg-type]
                compared=tuple(arm.key for arm in self.arms.values()) if len(self.arms) == 2 else (),
                confidence=SURE,
                evidence=quote.evidence,
            )
        )

    def _adverse_event(self, proposal: Proposal, quote: _Quote) -> None:
        term = quote.words("event", proposal.event or "")
        values = _share(proposal, quote)
        grades = [each for each in quote.left if each.kind is NumberKind.GRADE]
        given = (proposal.grade_low, proposal.grade_high)
        if given != (None, None) and given not in [(each.low, each.high) for each in grades]:
            raise RefusedError(f"its grade {_brief(str(given[0]))} to {_brief(str(given[1]))} is not read in its quote")
        if given == (None, None) and grades:
            raise RefusedError("its quote has a grade, and it has none")
        grade = next((each for each in grades if (each.low, each.high) == given), None)
        self.adverse_events.append(
            AdverseEventResult(
                term=term,
                grade=None if grade is None else GradeRange(low=_int(grade.low), high=_int(grade.high)),
                affected=values["count"],
                at_risk=values["denominator"],
                percent=values["percent"],
                **self._whose(proposal, quote),
            )
        )

    # --- what they share ---

    def _estimate(
        self, proposal: Proposal, quote: _Quote, label: str, statistic: Statistic, value: Decimal | None,
        unit: str | None, time: TimePoint | None = None,
    ) -> None:  # fmt: skip
        interval = quote.interval(proposal)
        whose = self._whose(proposal, quote)
        outcome = self._named(label, OutcomeKind.TIME_TO_EVENT, quote)
        self.estimates.append(
            Estimate(
                outcome=outcome, statistic=statistic, value=value, unit=unit, time=time, interval=interval, **whose
            )
        )

    def _whose(self, proposal: Proposal, quote: _Quote) -> dict[str, Any]:
        """Give the arm, how sure it is, and the evidence."""
        named = [arm for name, arm in self.arms.items() if _found(quote.text, name)]
        sure = LESS_SURE if len(named) > 1 else SURE
        if proposal.arm is None:
            return {"confidence": LESS_SURE if named else sure, "evidence": quote.evidence}
        arm = self.arms.get(" ".join(proposal.arm.split()).casefold())
        if arm is None:
            raise RefusedError(f"its arm {_brief(proposal.arm)!r} is none of those that were taken")
        if arm not in named and len(self.arms) > 1:
            raise RefusedError(f"its arm {_brief(proposal.arm)!r} does not stand in its quote")
        return {"arm": arm.key, "confidence": sure, "evidence": quote.evidence}

    def _named(self, label: str, kind: OutcomeKind, quote: _Quote) -> str:
        key = slug(label)
        self.outcomes.setdefault(key, Outcome(key=key, label=label, kind=kind, evidence=quote.evidence))
        return key


def printable(words: str) -> str:
    """Write foreign words so that a terminal only shows them."""
    return "".join(each if each.isprintable() else "�" for each in words)


def _found(text: str, words: str) -> re.Match[str] | None:
    parts = r"\s+".join(map(re.escape, words.split()))
    return re.search(rf"(?<!\w){parts}(?!\w)", text, re.IGNORECASE) if parts else None


def _steps(phase: str) -> list[str]:
    return [_ROMAN.get(each, each) for each in re.findall(r"\b(?:[1-4]|i{1,3}|iv)\b", phase.casefold())]


def _int(value: Decimal | None) -> int | None:
    return None if value is None else int(value)


def _whole(quote: _Quote, name: str, value: Decimal | None, kinds: Iterable[NumberKind]) -> int | None:
    """Read a number of people."""
    if value is None:
        return None
    read = quote.take(name, value, kinds).value
    if read is None or read < 0 or read != int(read):
        raise RefusedError(f"its {name} is no whole number")
    return int(read)


def _percent(quote: _Quote, value: Decimal) -> Decimal | None:
    if not 0 <= value <= 100:
        raise RefusedError("its percent is no share: it lies outside 0 to 100")
    return quote.take("percent", value, (NumberKind.PERCENT,)).value


def _share(proposal: Proposal, quote: _Quote) -> dict[str, Any]:
    """Read how many, of how many, and how many per cent."""
    if proposal.count is None and proposal.percent is None:
        raise RefusedError("it has neither count nor percent")
    percent = None if proposal.percent is None else _percent(quote, proposal.percent)
    of = _whole(quote, "denominator", proposal.denominator, _WHOLES)
    return {"count": _whole(quote, "count", proposal.count, _COUNTED), "denominator": of, "percent": percent}


def _lasting(quote: _Quote, proposal: Proposal) -> str:
    label = quote.words("outcome", proposal.outcome or "")
    if not _LASTS.search(label) or _FOLLOW.search(label):
        raise RefusedError(f"{_brief(label)!r} is no survival and no time to an event")
    return label
