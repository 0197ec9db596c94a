"""Whom a number is about, of how many, when, and how sure that is."""

import re
from decimal import Decimal
from typing import NamedTuple

import msgspec

from picograph.kg.derivation import agrees, count_of
from picograph.kg.extraction.abstract import Abstract
from picograph.kg.extraction.binding import Bound
from picograph.kg.extraction.numbers import Mention
from picograph.kg.extraction.phrases import Figure, Item
from picograph.kg.extraction.places import Span, places, slug
from picograph.kg.results import Ambiguity, DenominatorKind, Reading, TimePoint
from picograph.kg.study import Epoch

# How sure a pattern is by itself; what is inferred on top lowers it.
_SURE = {
    "have": Decimal("0.95"), "occur": Decimal("0.95"), "be": Decimal("0.95"), "at": Decimal("0.9"),
    "median": Decimal("0.95"), "bracket": Decimal("0.85"), "in": Decimal("0.8"), "compare": Decimal("0.9"),
    "none": Decimal("0.9"), "none_be": Decimal("0.9"), "none_have": Decimal("0.9"), "flow": Decimal("0.9"),
    "chain": Decimal("0.9"),
}  # fmt: skip
_DISAGREES = Decimal("0.3")  # times that, where count and per cent disagree


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
            ambiguity = Ambiguity(
                field="arm", readings=readings, reason=reason, evidence=places((bound.start, bound.end))
            )
            return None, (ambiguity,)
        return self.single, ()

    def whole(self, bound: Bound, figure: Figure) -> tuple[int | None, DenominatorKind | None, Span | None, Decimal]:
        """Give of how many a figure is: stated with it, or the group's size where count and per cent agree with it."""
        abstract = self.abstract
        size = abstract.arm_size(bound.arm) if (bound.arm is not None or not abstract.arms) else None
        if bound.arm_open:
            size = None
        sure = Decimal(1)
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

    def epoch(self, bound: Bound) -> tuple[str | None, Span | None]:
        """Give the phase of treatment that a value belongs to: named behind it, or at the head of the sentence."""
        row, fit = bound.row, bound.fit
        found: Item | None = None
        for item in row.items[fit.end : fit.end + 2]:
            if item.letter == "D":
                found = item
                break
            if item.letter != ",":
                break
        if found is None:
            found = next((item for item in row.items[fit.start : fit.end] if item.letter == "D"), None)
        if found is None:
            found = next((item for item in row.items[:2] if item.letter == "D"), None)
        if found is None:
            return None, None
        word, start, end = found.data
        words = self.abstract.name(self.abstract.page.text[start:end])
        head = words.split()[-1]
        label = words if head in {"phase", "period", "cycle", "course"} else f"{word} {words}"
        key = slug(" ".join(words.split()[:-1]) if head in {"phase", "period"} and len(words.split()) > 1 else words)
        self.epochs.setdefault(key, Epoch(key=key, label=label, evidence=places((found.start, found.end))))
        return key, (found.start, found.end)

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
            value *= Decimal("0.97")
        if bound.arm_open or bound.grade_open:
            value *= Decimal("0.8")
        for factor in factors:
            value *= factor
        return value.quantize(Decimal("0.01"))


def _fits(percent: Decimal, of: int) -> bool:
    """Say whether some whole number of people is that per cent of them."""
    return count_of(percent, of) is not None or of > 100
