"""Results: counts, per cents, medians, probabilities and ratios of outcomes and events, one arm at a time.

Each becomes a result of the typed study as soon as it is certain what it counts, in whom and of how many; what is
missing of that stays absent, what the words leave open keeps its readings.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from picograph.kg.derivation import agrees, count_of
from picograph.kg.extraction.abstract import Abstract, Size, Span
from picograph.kg.extraction.binding import Bound, bound_of, figure_of
from picograph.kg.extraction.items import Figure, Grade, Item, Phrase, Row
from picograph.kg.extraction.numbers import Mention, NumberKind
from picograph.kg.extraction.patterns import Fit, fits_of
from picograph.kg.extraction.text import SectionKind
from picograph.kg.results import (
    AdverseEventResult,
    Ambiguity,
    Attribution,
    Baseline,
    Count,
    DenominatorKind,
    Disposition,
    Estimate,
    GradeRange,
    Interval,
    Milestone,
    PValue,
    Quantity,
    Reading,
    Statistic,
    TimePoint,
)
from picograph.kg.source import Evidence, Place
from picograph.kg.study import Epoch, Outcome, OutcomeKind

# How sure a pattern is by itself; what is inferred on top lowers it.
_SURE = {
    "have": Decimal("0.95"), "occur": Decimal("0.95"), "be": Decimal("0.95"), "at": Decimal("0.9"), "median": Decimal("0.95"),
    "bracket": Decimal("0.85"), "in": Decimal("0.8"), "compare": Decimal("0.9"), "none": Decimal("0.9"),
    "none_be": Decimal("0.9"), "none_have": Decimal("0.9"), "flow": Decimal("0.9"), "chain": Decimal("0.9"),
}  # fmt: skip
_DISAGREES = Decimal("0.3")  # times that, where count and per cent disagree
_CATEGORIES = frozenset(
    {"complete response", "partial response", "complete or partial response", "stable disease", "progressive disease",
     "stable or progressive disease", "minor response", "very good partial response"}
)  # fmt: skip
_AT_ENTRY = re.compile(
    r"\b(?:at baseline|baseline|at (?:study )?entry|at diagnosis|pre-?treatment|previous|prior|history of)\b",
    re.IGNORECASE,
)
_FATAL = re.compile(
    r"(?:\band\b|,|;|\bincluding\b|\(|\bwith\b)\s*(?P<number>[\w-]+)\s+(?:(?:of (?:them|these|those|whom"
    r"|which)(?: \w+)?,?\s+(?:were|was|proved"
    r"|had been)?\s*(?:fatal|died)\b)|(?:were|was) fatal\b|fatal(?:ities)?\b|died\b"
    r"|(?:treatment[- ]related )?deaths?\b)",
    re.IGNORECASE,
)


def place(start: int, end: int) -> Place:
    """Write characters as a place."""
    return Place(f"{start}-{end}")


def places(*spans: Span | None) -> Evidence:
    """Write spans as evidence, in the order of the text, each once."""
    return tuple(place(*span) for span in sorted({span for span in spans if span and span[0] < span[1]}))


class Occasion(NamedTuple):
    """A planned time that a later sentence refers to: the initial assessment, 1 month after treatment."""

    time: TimePoint
    span: Span


class Results:
    """Reads the results of an abstract.

    :param first: when the first planned assessment is, where the text plans exactly one schedule
    """

    def __init__(self, abstract: Abstract, arm_keys: list[str], single: str | None, first: Occasion | None) -> None:
        self.abstract, self.first = abstract, first
        self.arm_keys, self.single = arm_keys, single
        self.outcomes: dict[str, Outcome] = {}
        self.epochs: dict[str, Epoch] = {}
        self.adverse_events: list[AdverseEventResult] = []
        self.estimates: list[Estimate] = []
        self.baselines: list[Baseline] = []
        self.dispositions: list[Disposition] = []
        self.repeats: list[Bound] = []  # of sentences that only repeat: conclusions

    def read(self) -> None:
        """Read all sentences that state results."""
        for row in self.abstract.rows:
            section = row.line.section
            if section in {SectionKind.BACKGROUND, SectionKind.TITLE, SectionKind.OTHER}:
                continue
            bounds = [bound for fit in fits_of(row.letters) for bound in bound_of(row, fit, max(len(self.arm_keys), 1))]
            for bound in bounds:
                self.take(bound)
            if section is SectionKind.RESULTS:
                self.share_occasion(row)
                self.ratios(row, bounds)
            if section in {SectionKind.METHODS, SectionKind.RESULTS}:
                self.measures(row)
                self.scales(row)

    # --- one value ---------------------------------------------------------------------------------------------------

    def take(self, bound: Bound) -> None:
        """Make the fact that a value states, if what it counts is certain."""
        head = bound.head
        section = bound.row.line.section
        if head.letter == "Z":
            if section is not SectionKind.CONCLUSIONS:
                self.flow(bound)
            return
        phrase: Phrase = head.data
        if head.letter in "SQ" or bound.fit.name == "median":
            self.survival(bound, phrase)
            return
        figure = figure_of(bound.value)
        if figure is None or figure.sign != "=":
            return
        if section is SectionKind.CONCLUSIONS:
            self.repeats.append(bound)
            return
        entry = section is SectionKind.METHODS or _AT_ENTRY.search(
            self.abstract.folded, bound.row.line.start, bound.row.line.end
        )
        if entry:
            if phrase.kind == "event" and bound.fit.name in {"have", "occur"} and not bound.grade:
                self.baseline(bound, figure)
            return
        if phrase.kind == "event":
            self.event(bound, figure)
        else:
            self.proportion(bound, phrase, figure)

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
            known = next((each for each in abstract.sizes if each.count == figure.denominator), None)
            agree = figure.count is None or figure.percent is None or not figure.denominator or (
                figure.count <= figure.denominator and agrees(figure.count, figure.denominator, figure.percent)
            )  # fmt: skip
            return figure.denominator, known.kind if known else None, None, sure if agree else _DISAGREES
        if figure.everyone:
            return (size.count, size.kind, size.span, sure) if size else (None, None, None, sure)
        if figure.count is not None and figure.percent is not None:
            fitting = [each for each in abstract.sizes if each.count and figure.count <= each.count
                       and agrees(figure.count, each.count, figure.percent)]  # fmt: skip
            if size and any(each.count == size.count for each in fitting):
                return size.count, size.kind, size.span, sure
            others = [each for each in fitting if each.kind is DenominatorKind.EVALUABLE]
            if len({each.count for each in others}) == 1 and not abstract.arms:
                return others[0].count, others[0].kind, others[0].span, Decimal("0.9")
            return None, None, None, Decimal("0.6") if size else Decimal("0.9")
        if size is None or (abstract.compares and not abstract.arms):
            return None, None, None, Decimal("0.9")
        if any(each.kind is DenominatorKind.EVALUABLE for each in abstract.sizes):
            return None, None, None, Decimal("0.9")
        if figure.count is not None:
            return (
                (size.count, size.kind, size.span, sure)
                if figure.count <= size.count
                else (None, None, None, _DISAGREES)
            )
        if figure.percent is not None and _fits(figure.percent, size.count):
            return size.count, size.kind, size.span, Decimal("0.95")
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

    # --- kinds of facts ----------------------------------------------------------------------------------------------

    def event(self, bound: Bound, figure: Figure) -> None:
        """Take participants who had an adverse event."""
        arm, open_arm = self.arm_of(bound)
        of, kind, of_span, sure = self.whole(bound, figure)
        epoch, epoch_span = self.epoch(bound)
        term = self.words(bound)
        grade = _grade(bound.grade) if bound.grade and not bound.grade_open else None
        ambiguities = list(open_arm)
        if bound.grade and bound.grade_open:
            ambiguities.append(
                Ambiguity(
                    field="grade",
                    readings=(Reading(grade=_grade(bound.grade)), Reading()),
                    reason="the grade stands beside another event of the list; it may govern both or that one alone",
                    evidence=places((bound.start, bound.end)),
                )
            )
        fatal, fatal_span = self.fatal(bound, figure)
        affected = of if figure.everyone and figure.count is None else figure.count
        serious = True if term.startswith("serious ") else None
        self.adverse_events.append(
            AdverseEventResult(
                term=term,
                grade=grade,
                serious=serious,
                attribution=Attribution.TREATMENT_RELATED if bound.related else None,
                affected=affected,
                at_risk=of,
                denominator_kind=kind,
                percent=figure.percent if not figure.everyone else Decimal(100),
                fatal=fatal,
                arm=arm,
                epoch=epoch,
                ambiguities=tuple(ambiguities),
                confidence=self.sure(bound, sure),
                evidence=places(_span(bound), of_span, epoch_span, fatal_span),
            )
        )

    def words(self, bound: Bound) -> str:
        """Give the name of what a value counts, without grade and attribution; of all heads where it is about all."""
        if len(bound.heads) == 1:
            return self.abstract.name(bound.head.data.words)
        names = [self.abstract.name(head.data.words) for head in bound.heads]
        between = self.abstract.folded[bound.heads[-2].end : bound.heads[-1].start].strip(" ,")
        joint = "or" if between.startswith("or") else "and"
        return f"{', '.join(names[:-1])} {joint} {names[-1]}"

    def fatal(self, bound: Bound, figure: Figure) -> tuple[int | None, Span | None]:
        """Give those of the affected who died of it: ``and 3 of them were fatal``."""
        row, line = bound.row, bound.row.line
        following = [item for item in row.items[bound.fit.end :] if item.letter in "EFS"]
        stop = next((item.start for item in following if item.letter == "E"), line.end)
        match = _FATAL.search(self.abstract.folded, bound.end, stop)
        if not match:
            return None, None
        number = next((each for each in line.mentions if each.start == match.start("number")), None)
        if number is None or number.value is None or number.value != int(number.value):
            return None, None
        if any(item.letter == "F" and item.start < number.start for item in following):
            return None, None
        count = int(number.value)
        return (
            (count, (number.start, match.end())) if figure.count is not None and count <= figure.count else (None, None)
        )

    def outcome(self, key: str, label: str, kind: OutcomeKind | None, span: Span) -> str:
        """Give the key of an outcome, and know it from now on."""
        known = self.outcomes.get(key)
        evidence = places(span)
        if known is None:
            self.outcomes[key] = Outcome(key=key, label=label, kind=kind, evidence=evidence)
        elif evidence[0] not in known.evidence and len(known.evidence) < 6:
            self.outcomes[key] = msgspec.structs.replace(known, evidence=(*known.evidence, *evidence))
        return key

    def proportion(self, bound: Bound, phrase: Phrase, figure: Figure) -> None:
        """Take participants who had an outcome, such as a response."""
        if bound.time is not None:
            return  # a rate at a time may be an estimate over time: not a count, and not said to be none
        arm, open_arm = self.arm_of(bound)
        of, kind, of_span, sure = self.whole(bound, figure)
        time, time_span, plan_span = self.occasion(bound)
        words = self.words(bound)
        category = None
        if phrase.label in _CATEGORIES:
            key = self.outcome("response", "response", OutcomeKind.CATEGORICAL, (bound.head.start, bound.head.end))
            category = words
        else:
            name = phrase.label if len(bound.heads) == 1 and phrase.label in words else words
            key = self.outcome(slug(name), name, OutcomeKind.BINARY, (bound.head.start, bound.head.end))
        count = of if figure.everyone and figure.count is None else figure.count
        interval, interval_span = _interval(figure.interval, bound)
        self.estimates.append(
            Estimate(
                outcome=key,
                statistic=Statistic.PROPORTION if figure.percent is not None or of is not None else Statistic.COUNT,
                category=category,
                value=figure.percent,
                unit="%" if figure.percent is not None else None,
                count=count,
                denominator=of,
                denominator_kind=kind,
                interval=interval,
                time=time,
                arm=arm,
                ambiguities=open_arm,
                confidence=self.sure(bound, sure),
                evidence=places(_span(bound), of_span, time_span, plan_span, interval_span),
            )
        )

    def survival(self, bound: Bound, phrase: Phrase) -> None:
        """Take a probability at a time, or a median; never a count."""
        name = self.abstract.name(phrase.words) if phrase.words.isalpha() is False else phrase.label
        name = re.sub(r"\s+(?:rate|time|probability)$", "", name)
        if phrase.label in {"overall survival", "progression-free survival", "disease-free survival"} and (
            len(phrase.words.split()) == 1 or phrase.words.casefold() == phrase.label
        ):
            name = phrase.label
        section = bound.row.line.section
        value = bound.value
        arm, open_arm = self.arm_of(bound)
        statistic, number, unit, time, interval_of = None, None, None, None, None
        if value.letter == "F":
            figure: Figure = value.data
            if (
                figure.count is not None
                or figure.denominator is not None
                or figure.percent is None
                or phrase.kind != "survival"
            ):
                return
            if bound.time is None or figure.sign != "=" or (figure.interval is not None and figure.percent is None):
                return
            statistic, number, unit = Statistic.SURVIVAL_PROBABILITY, figure.percent, "%"
            mention: Mention = bound.time.data
            if mention.unit not in _TIMES:
                return
            time = TimePoint(value=mention.value, unit=mention.unit)
            interval_of = figure.interval
        elif value.letter in "Tn" and bound.fit.name == "median" and phrase.kind == "survival":
            mention = value.data
            unit = mention.unit or next(
                (item.data.unit for item in bound.row.items[slice(*bound.fit.vals)] if item.letter == "T"), ""
            )
            if unit not in _TIMES or mention.value is None or mention.sign != "=":
                return
            statistic, number = Statistic.MEDIAN, mention.value
            at = bound.row.items.index(value) + 1
            interval_of = next((item.data for item in bound.row.items[at : at + 2] if item.letter == "I"), None)
        if statistic is None:
            return
        span = (bound.head.start, bound.head.end)
        if section is SectionKind.CONCLUSIONS or section is SectionKind.METHODS:
            if section is SectionKind.CONCLUSIONS:
                self.repeats.append(bound)
            return
        key = self.outcome(slug(name), name, OutcomeKind.TIME_TO_EVENT, span)
        interval, interval_span = _interval(interval_of, bound)
        self.estimates.append(
            Estimate(
                outcome=key,
                statistic=statistic,
                value=number,
                unit=unit,
                interval=interval,
                time=time,
                arm=arm,
                ambiguities=open_arm,
                confidence=self.sure(bound),
                evidence=places(_span(bound), interval_span),
            )
        )

    def baseline(self, bound: Bound, figure: Figure) -> None:
        """Take participants who had something at entry."""
        arm, open_arm = self.arm_of(bound)
        of, kind, of_span, sure = self.whole(bound, figure)
        self.baselines.append(
            Baseline(
                variable=self.words(bound),
                count=of if figure.everyone and figure.count is None else figure.count,
                denominator=of,
                denominator_kind=kind,
                percent=Decimal(100) if figure.everyone else figure.percent,
                arm=arm,
                ambiguities=open_arm,
                confidence=self.sure(bound, sure),
                evidence=places(_span(bound), of_span),
            )
        )

    def flow(self, bound: Bound) -> None:
        """Take participants at a milestone: completed, withdrew, were lost, died."""
        figure = figure_of(bound.value)
        if figure is None or figure.sign != "=":
            return
        hit = bound.head.data
        row, text = bound.row, self.abstract
        stop = bound.fit.end
        while stop < len(row.items) and row.items[stop].letter in "xXo-QNw" and stop < bound.fit.end + 8:
            stop += 1
        label_start, label_end = bound.head.start, max(bound.head.end, row.items[stop - 1].end)
        behind = row.letters[stop : stop + 1]
        if behind and behind not in ".,;)aDWi":
            return
        words = " ".join(
            word
            for word in text.page.text[label_start:label_end].split()
            if word.casefold() not in {"the", "were", "was"}
        )
        milestone = _milestone(hit.kind, words)
        if milestone is None:
            return
        words = " ".join(text.shorts.get(word, word) for word in words.split())
        arm, open_arm = self.arm_of(bound)
        of, kind, of_span, sure = self.whole(bound, figure)
        self.dispositions.append(
            Disposition(
                milestone=milestone,
                label=words,
                count=of if figure.everyone and figure.count is None else figure.count,
                denominator=of,
                denominator_kind=kind,
                percent=Decimal(100) if figure.everyone else figure.percent,
                arm=arm,
                ambiguities=open_arm,
                confidence=self.sure(bound, sure),
                evidence=places((bound.start, label_end), of_span),
            )
        )

    # --- several values ----------------------------------------------------------------------------------------------

    def share_occasion(self, row: Row) -> None:
        """Categories of one outcome that add up in one sentence were seen on one occasion."""
        line = row.line
        mine = [index for index, each in enumerate(self.estimates)
                if each.category and any(line.start <= span.start < line.end for span in each.evidence)]  # fmt: skip
        timed = [self.estimates[index] for index in mine if self.estimates[index].time]
        if len(timed) != 1 or len(mine) < 2:
            return
        counts = [self.estimates[index].count for index in mine]
        of = {self.estimates[index].denominator for index in mine}
        if None in counts or len(of) != 1 or sum(filter(None, counts)) != of.pop():
            return
        item = next(item for item in row.items if item.letter == "W")
        spans = [(span.start, span.end) for span in timed[0].evidence if not line.start <= span.start < line.end]
        for index in mine:
            if self.estimates[index].time is None:
                old = self.estimates[index]
                evidence = places(*((span.start, span.end) for span in old.evidence), (item.start, item.end), *spans)
                self.estimates[index] = msgspec.structs.replace(old, time=timed[0].time, evidence=evidence)

    def ratios(self, row: Row, bounds: list[Bound]) -> None:
        """Take a hazard, odds or risk ratio that stands behind values of both arms, or behind the two arms' names."""
        if len(self.arm_keys) != 2 or "C" not in row.letters:
            return
        for at, item in enumerate(row.items):
            if item.letter != "C":
                continue
            left = max(
                row.letters.rfind(";", 0, at) if "(" not in row.letters[row.letters.rfind(";", 0, at) : at] else 0, 0
            )
            opened = row.letters.rfind("(", 0, at)
            if opened >= 0 and ")" not in row.letters[opened:at]:
                left = max(row.letters.rfind(";", 0, opened), 0)
            heads = [each for each in row.items[left:at] if each.letter in "ES"]
            called = {each.data for each in row.items[left:at] if each.letter == "A"}
            paired = {bound.arm for bound in bounds if left <= bound.fit.start and bound.fit.end <= at + 1}
            if len(heads) != 1 or (len(called) != 2 and len(paired - {None}) != 2) or row.letters[left:at].count("C"):
                continue
            if any(letter in row.letters[left:at] for letter in "K"):
                continue
            statistic = _ratio(self.abstract.folded[row.line.start : item.start], item, self.abstract.folded)
            if statistic is None:
                continue
            phrase: Phrase = heads[0].data
            name = (
                phrase.label
                if phrase.kind == "survival" and len(phrase.words.split()) == 1
                else self.abstract.name(phrase.words)
            )
            kind = OutcomeKind.TIME_TO_EVENT if phrase.kind == "survival" else None
            behind = row.items[at + 1 : at + 6]
            interval = next((each.data for each in behind if each.letter == "I"), None)
            p = next((each.data for each in behind if each.letter == "P"), None)
            limits, _ = _interval(interval, None)
            end = max([item.end, *(each.end for each in behind if each.letter in "IP")])
            self.estimates.append(
                Estimate(
                    outcome=self.outcome(slug(name), name, kind, (heads[0].start, heads[0].end)),
                    statistic=statistic,
                    value=item.data.value,
                    compared=tuple(self.arm_keys),
                    interval=limits,
                    p=PValue(value=p.value, sign=p.sign) if p is not None and p.value is not None else None,
                    confidence=Decimal("0.85"),
                    evidence=places((heads[0].start, end)),
                )
            )

    def measures(self, row: Row) -> None:
        """Take medians, means and ranges of what participants had at entry: age, size of a tumour."""
        for match in _MEASURED.finditer(row.letters):
            head = row.items[match.start("head")]
            phrase: Phrase = head.data
            if phrase.label not in _ENTRY or (row.letters.count("A") and self.arm_keys):
                continue
            if phrase.label != "age" and row.line.section is not SectionKind.METHODS:
                continue
            values: dict[str, Any] = {}
            unit = ""
            inside = row.items[match.start() : match.end()]
            for item in inside:
                if item.letter in "TL" and item.data.value is not None:
                    values["median" if match["kind"] == "M" else "mean"] = item.data.value
                    unit = unit or item.data.unit
                elif item.letter == "g" and item.data.low is not None:
                    values["low"], values["high"] = item.data.low, item.data.high
                    unit = unit or item.data.unit
            if not unit or not values or (match["kind"] is None and set(values) != {"low", "high"}):
                continue
            if _quartiles(self.abstract.folded[inside[0].start : inside[-1].end]) and "low" in values:
                values["quartile_low"], values["quartile_high"] = values.pop("low"), values.pop("high")
            variable = self.abstract.name(phrase.words)
            start = inside[0].start
            self.baselines.append(
                Baseline(
                    variable=variable,
                    quantity=Quantity(unit=unit, **values),
                    arm=self.single,
                    confidence=Decimal("0.9"),
                    evidence=places((start, inside[-1].end)),
                )
            )

    def scales(self, row: Row) -> None:
        """Take how many had a level of a scale at entry: ``all patients had Child-Pugh A cirrhosis``."""
        for match in _SCALED.finditer(row.letters):
            figure: Figure = row.items[match.start("figure")].data
            scale: Phrase = row.items[match.start("scale")].data
            if not scale.level or figure.sign != "=":
                continue
            fit = Fit("have", match.start(), match.end(), match.span("scale"), match.span("figure"), match)
            stop = match.end()
            end = row.items[stop - 1].end
            head = row.items[match.start("scale")]
            bound = Bound(
                row, fit, head, (head,), row.items[match.start("figure")], row.items[match.start()].start, end
            )
            of, kind, of_span, sure = self.whole(bound, figure)
            self.baselines.append(
                Baseline(
                    variable=scale.label,
                    level=scale.level,
                    count=of if figure.everyone and figure.count is None else figure.count,
                    denominator=of,
                    denominator_kind=kind,
                    percent=Decimal(100) if figure.everyone else figure.percent,
                    arm=self.single,
                    confidence=self.sure(bound, sure),
                    evidence=places((bound.start, end), of_span),
                )
            )


_TIMES = frozenset({"a", "mo", "wk", "d"})
_ENTRY = frozenset({"age", "tumor size", "body mass index", "body weight"})
_MEASURED = re.compile(
    r"(?:(?P<kind>[MU])x?)?(?P<head>Q)(?:\([^()]{0,4}\))?(?:op)?"
    r"(?:(?:B|o|,|=|:)?[TL](?:\([R,:=xb]{0,4}g\)|,?R[,b:]?g)?|Rb?g)"
)
_SCALED = re.compile(r"(?P<figure>F)(?:o?x?p)?(?:\([^()]{0,6}\))?[HB]?w?x?(?P<scale>K)(?:N)?(?=[.,;a)])")


def slug(words: str) -> str:
    """Write words as a key.

    >>> slug("Progression-free survival (PFS)")
    'progression-free-survival-pfs'
    """
    key = re.sub(r"[^a-z0-9]+", "-", words.casefold().replace("è", "e")).strip("-")
    return key[:60].strip("-") or "x"


def _fits(percent: Decimal, of: int) -> bool:
    """Say whether some whole number of people is that per cent of them."""
    return count_of(percent, of) is not None or of > 100


def _grade(grade: Grade) -> GradeRange:
    return GradeRange(low=grade.low, high=grade.high)


def _span(bound: Bound) -> Span:
    return bound.start, bound.end


def _interval(mention: Mention | None, bound: Bound | None) -> tuple[Interval | None, Span | None]:
    if mention is None or mention.kind is not NumberKind.INTERVAL or mention.low is None or mention.high is None:
        return None, None
    level = mention.value if mention.value is not None and 50 <= mention.value < 100 else None
    return Interval(low=mention.low, high=mention.high, level=level), (mention.start, mention.end)


def _milestone(kind: str, words: str) -> Milestone | None:
    lower = words.casefold()
    if kind == "complete":
        return Milestone.COMPLETED
    if kind == "die":
        return Milestone.DIED
    if "lost" in lower:
        return Milestone.LOST_TO_FOLLOW_UP
    if lower.startswith(("withdrew", "withdrawn", "dropped", "refused", "declined", "drop")):
        return Milestone.WITHDREW
    if lower.startswith(("discontinued", "stopped")):
        return Milestone.NOT_COMPLETED
    return None


def _ratio(before: str, item: Item, folded: str) -> Statistic | None:
    words = folded[max(0, item.start - 60) : item.end].casefold()
    for statistic, pattern in (
        (Statistic.HAZARD_RATIO, r"hazards? ratio|\bhrs?\b|\bahr\b"),
        (Statistic.ODDS_RATIO, r"odds ratio|\bors?\b|\baor\b"),
        (Statistic.RISK_RATIO, r"risk ratio|relative risk|\brr\b"),
        (Statistic.RATE_RATIO, r"rate ratio|\birr\b"),
    ):
        found = list(re.finditer(pattern, words))
        if found and len(words) - found[-1].end() < 40:
            return statistic
    return None


def _quartiles(words: str) -> bool:
    return re.search(r"\bIQR\b|quartile", words) is not None


def merged(results: list[Any]) -> Iterator[Any]:
    """Give each fact once: what is said again adds its places."""
    kept: dict[Any, Any] = {}
    for each in results:
        bare = msgspec.structs.replace(each, evidence=(), confidence=None)
        key = msgspec.json.encode(bare, enc_hook=str) if not isinstance(each, str) else each
        if key in kept:
            old = kept[key]
            evidence = tuple(sorted({*old.evidence, *each.evidence}, key=lambda span: span.order))
            sure = max(filter(None, (old.confidence, each.confidence)), default=None)
            kept[key] = msgspec.structs.replace(old, evidence=evidence, confidence=sure)
        else:
            kept[key] = each
    yield from kept.values()


__all__ = ["Count", "Occasion", "Results", "Size", "merged", "place", "places", "slug"]
