"""Whom a number is about, of how many, when, and how sure that is."""

import re
from decimal import Decimal
from itertools import permutations
from typing import NamedTuple

import msgspec

from picograph.kg.derivation import agrees, count_of
from picograph.kg.extraction.abstract import Abstract, Size
from picograph.kg.extraction.binding import Bound, figure_of
from picograph.kg.extraction.clauses import stretch
from picograph.kg.extraction.numbers import Mention
from picograph.kg.extraction.phrases import Figure, Item
from picograph.kg.extraction.places import Span, places, slug
from picograph.kg.results import Ambiguity, DenominatorKind, Reading, TimePoint
from picograph.kg.source import Evidence
from picograph.kg.study import Epoch

# How sure a pattern is by itself; what is inferred on top lowers it.
_SURE = {
    "have": Decimal("0.95"), "occur": Decimal("0.95"), "be": Decimal("0.95"), "median": Decimal("0.95"),
    "at": Decimal("0.9"), "times": Decimal("0.9"), "none": Decimal("0.9"), "none_be": Decimal("0.9"),
    "none_have": Decimal("0.9"), "flow": Decimal("0.9"), "chain": Decimal("0.9"), "compare": Decimal("0.9"),
    "arms_bracket": Decimal("0.9"), "each_bracket": Decimal("0.9"), "arms_first": Decimal("0.85"),
    "bracket": Decimal("0.85"), "in": Decimal("0.8"), "order": Decimal("0.85"),
}  # fmt: skip
_DISAGREES = Decimal("0.3")  # times that, where count and per cent disagree


_PARTS = frozenset({"phase", "period", "cycle", "course"})


class Occasion(NamedTuple):
    """A planned time that a later sentence refers to: the initial assessment, 1 month after treatment."""

    time: TimePoint
    span: Span


class Whom:
    """Answers, for the values of an abstract: which arm, of how many, in which phase, on which occasion.

    :param arm_keys: the keys of the arms, in the order of the abstract's own
    :param single: the key of the one arm of a study that compares nothing
    :param first: when the first planned assessment is, where the text plans exactly one schedule
    """

    def __init__(self, abstract: Abstract, arm_keys: list[str], single: str | None, first: Occasion | None) -> None:
        self.abstract, self.first = abstract, first
        self.arm_keys, self.single = arm_keys, single
        self.epochs: dict[str, Epoch] = {}

    def arm_of(self, bound: Bound) -> tuple[str | None, tuple[Ambiguity, ...]]:
        """Give the arm of a value, or its readings where it is open."""
        if bound.arm is not None and bound.arm < len(self.arm_keys):
            return self.arm_keys[bound.arm], ()
        if bound.arm_open and len(self.arm_keys) > 1:
            readings = tuple(Reading(words=key) for key in self.arm_keys)
            reason = "the values stand side by side, and the sentence does not say which arm comes first"
            return None, (Ambiguity(field="arm", readings=readings, reason=reason, evidence=_places(bound)),)
        if bound.arm_unsaid:
            readings = (*(Reading(words=key) for key in self.arm_keys), Reading())
            reason = "the sentence names no arm: the value may be of one of them or of all participants"
            return None, (Ambiguity(field="arm", readings=readings, reason=reason, evidence=_places(bound)),)
        return self.single, ()

    def told_by_size(self, bounds: list[Bound]) -> list[Bound]:
        """Give values side by side their arms, where only one order agrees with the sizes of the arms.

        Of 54.1 % versus 25.0 % in arms of 170 and 168, the first can be of 170 alone (92), the second of 168 (42).
        """
        sizes = [self.abstract.arm_size(arm) for arm in range(len(self.arm_keys))]
        figures = [figure_of(bound.value) for bound in bounds]
        if len(bounds) != len(sizes) or not all(bound.arm_open for bound in bounds) or len({
            bound.head.start for bound in bounds}) != 1:  # fmt: skip
            return bounds
        fitting = [
            order
            for order in permutations(range(len(sizes)))
            if all(_can_be(figure, sizes[arm]) for figure, arm in zip(figures, order, strict=True))
        ]
        if len(fitting) != 1:
            return bounds
        return [
            bound._replace(arm=arm, arm_open=False, arm_by_size=True)
            for bound, arm in zip(bounds, fitting[0], strict=True)
        ]

    def whole(self, bound: Bound, figure: Figure) -> tuple[int | None, DenominatorKind | None, Span | None, Decimal]:
        """Give of how many a figure is: stated with it, or the group's size where count and per cent agree with it."""
        abstract = self.abstract
        size = abstract.arm_size(bound.arm) if (bound.arm is not None or not abstract.arms) else None
        if bound.arm_open or bound.arm_unsaid:
            size = None
        sure = Decimal(1)
        if bound.of is not None and bound.of.value is not None and figure.denominator is None:
            return self._of_clause(bound, bound.of, figure)
        if figure.denominator is not None:
            known = next((each for each in abstract.sizes if each.people == figure.denominator), None)
            agree = figure.people is None or figure.percent is None or not figure.denominator or (
                figure.people <= figure.denominator and agrees(figure.people, figure.denominator, figure.percent)
            )  # fmt: skip
            return figure.denominator, known.kind if known else None, None, sure if agree else _DISAGREES
        if figure.everyone:
            return (size.people, size.kind, size.span, sure) if size else (None, None, None, sure)
        if figure.people is not None and figure.percent is not None:
            fitting = [each for each in abstract.sizes if each.people and figure.people <= each.people
                       and agrees(figure.people, each.people, figure.percent)]  # fmt: skip
            if size and any(each.people == size.people for each in fitting):
                return size.people, size.kind, size.span, sure
            others = [each for each in fitting if each.kind is DenominatorKind.EVALUABLE]
            if len({each.people for each in others}) == 1 and not abstract.arms:
                return others[0].people, others[0].kind, others[0].span, Decimal("0.9")
            return None, None, None, Decimal("0.6") if size else Decimal("0.9")
        if size is None or (abstract.compares and not abstract.arms):
            return None, None, None, Decimal("0.9")
        if any(each.kind is DenominatorKind.EVALUABLE for each in abstract.sizes):
            return None, None, None, Decimal("0.9")
        if figure.people is not None:
            return (
                (size.people, size.kind, size.span, sure)
                if figure.people <= size.people
                else (None, None, None, _DISAGREES)
            )
        if figure.percent is not None and _fits(figure.percent, size.people):
            return size.people, size.kind, size.span, Decimal("0.95")
        return None, None, None, Decimal("0.9")

    def _of_clause(
        self, bound: Bound, of: Mention, figure: Figure
    ) -> tuple[int | None, DenominatorKind | None, Span | None, Decimal]:
        """Take the number that the clause begins with as the whole, if count and per cent agree with it."""
        whole = int(of.value or 0)
        known = next((each for each in self.abstract.sizes if each.people == whole), None)
        span = (of.start, of.end)
        kind = known.kind if known else None
        words = self.abstract.folded[of.end : bound.start]
        if kind is None and re.match(r"\s+(?:evaluable|assessable)\b", words):
            kind = DenominatorKind.EVALUABLE
        if figure.people is not None and (
            figure.people > whole or (figure.percent is not None and not agrees(figure.people, whole, figure.percent))
        ):
            return None, None, None, Decimal("0.6")
        return whole, kind, span, Decimal("0.95")

    def epoch(self, bound: Bound) -> tuple[str | None, Span | None, tuple[Ambiguity, ...]]:
        """Give the phase of treatment that a value belongs to: named behind it, or before it in its clause.

        A phase at the head of the sentence governs its first clause; behind a semicolon it is open.
        """
        row, fit = bound.row, bound.fit
        left, _ = stretch(row, fit)
        found: Item | None = None
        for item in row.items[fit.end : fit.end + 2]:
            if item.letter == "D":
                found = item
                break
            if item.letter != ",":
                break
        clause = [item for item in row.items[left : fit.end] if item.letter == "D"]
        if found is None and clause:
            inside = [item for item in clause if item.start >= row.items[fit.start].start]
            head = row.items[left : left + 2]
            found = inside[-1] if inside else next((item for item in clause if item in head), None)
            if found is None:
                return None, None, ()
        if found is not None:
            return self._epoch(found), (found.start, found.end), ()
        first = next((item for item in row.items[:2] if item.letter == "D"), None)
        if first is None or not left:
            return None, None, ()
        reason = "the phase is named at the head of the sentence, before another clause"
        readings = (Reading(words=self._epoch(first)), Reading())
        span = (first.start, first.end)
        return None, span, (Ambiguity(field="epoch", readings=readings, reason=reason, evidence=places(span)),)

    def _epoch(self, item: Item) -> str:
        """Give the key of a phase, and know it from now on."""
        word, start, end = item.data
        words = self.abstract.name(self.abstract.page.text[start:end])
        *before, head = words.split()
        label = words if head in _PARTS else f"{word} {words}"
        key = slug(" ".join(before) if head in {"phase", "period"} and before else words)
        self.epochs.setdefault(key, Epoch(key=key, label=label, evidence=places((item.start, item.end))))
        return key

    def occasion(self, bound: Bound) -> tuple[TimePoint | None, Span | None, Span | None]:
        """Give the occasion behind a value: a time, or a planned assessment."""
        row, fit = bound.row, bound.fit
        behind = row.items[fit.end : fit.end + 2]
        if behind and behind[0].letter == "W":
            return self.assessment(behind[0])
        inside = next((item for item in row.items[fit.start : fit.end] if item.letter == "W"), None)
        if inside:
            return self.assessment(inside)
        if len(behind) == 2 and behind[0].letter == "i" and behind[1].letter == "T":
            mention: Mention = behind[1].data
            return TimePoint(value=mention.value, unit=mention.unit), (behind[0].start, behind[1].end), None
        return None, None, None

    def assessment(self, item: Item) -> tuple[TimePoint | None, Span | None, Span | None]:
        """Say when an assessment is: in the words of the sentence, and as planned where one schedule is."""
        start, end = item.data
        label = self.abstract.name(self.abstract.page.text[start:end])
        if self.first and re.match(r"(?:initial|first)\b", label):
            time = msgspec.structs.replace(self.first.time, label=label)
            return time, (item.start, item.end), self.first.span
        return TimePoint(label=label), (item.start, item.end), None

    def sure(self, bound: Bound, *factors: Decimal) -> Decimal:
        """Give the confidence of a value: its pattern's, times what each inference costs."""
        value = _SURE[bound.fit.name]
        if bound.arm is not None:
            value *= Decimal("0.9") if bound.arm_by_size else Decimal("0.97")
        if bound.arm_open or bound.arm_unsaid or bound.grade_open:
            value *= Decimal("0.8")
        for factor in factors:
            value *= factor
        return value.quantize(Decimal("0.01"))


def _places(bound: Bound) -> Evidence:
    return places((bound.start, bound.end))


def _can_be(figure: Figure | None, size: Size | None) -> bool:
    """Say whether a per cent, with its count where there is one, can be of so many people."""
    if figure is None or size is None or figure.percent is None or figure.sign != "=":
        return False
    if figure.denominator not in {None, size.people}:
        return False
    if figure.people is not None:
        return figure.people <= size.people and agrees(figure.people, size.people, figure.percent)
    return count_of(figure.percent, size.people) is not None


def _fits(percent: Decimal, of: int) -> bool:
    """Say whether some whole number of people is that per cent of them."""
    return count_of(percent, of) is not None or of > 100
