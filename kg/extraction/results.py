"""Results: counts, per cents, medians and probabilities of outcomes and events, one arm at a time.

Each becomes a result of the typed study as soon as it is certain what it counts, in whom and of how many; what is
missing of that stays absent, what the words leave open keeps its readings.
"""

import re
from decimal import Decimal

import msgspec

from picograph.kg.extraction.abstract import Abstract
from picograph.kg.extraction.binding import Bound, bound_of, figure_of
from picograph.kg.extraction.contrasts import contrasts_of
from picograph.kg.extraction.numbers import Mention
from picograph.kg.extraction.patterns import fits_of
from picograph.kg.extraction.phrases import Figure, Phrase, Row
from picograph.kg.extraction.places import Span, places, slug
from picograph.kg.extraction.stated import CATEGORIES, died_of, grade_range, interval_of, milestone_of
from picograph.kg.extraction.text import SectionKind
from picograph.kg.extraction.whom import Whom
from picograph.kg.results import (
    AdverseEventResult,
    Ambiguity,
    Attribution,
    Baseline,
    Disposition,
    Estimate,
    Reading,
    Statistic,
    TimePoint,
)
from picograph.kg.study import Outcome, OutcomeKind

_ANY_EVENT = frozenset({"adverse event", "serious adverse event", "toxicity", "adverse reaction"})
_AT_ENTRY = re.compile(
    r"\b(?:at baseline|baseline|at (?:study )?entry|at diagnosis|pre-?treatment|previous|prior|history of)\b",
    re.IGNORECASE,
)
_LATER = re.compile(r"\b(?:during|after|follow-?up|subsequently|postoperative(?:ly)?)\b", re.IGNORECASE)
_FATAL = re.compile(
    r"(?:\band\b|,|;|\bincluding\b|\(|\bwith\b)\s*(?P<number>[\w-]+)\s+(?:(?:of (?:them|these|those|whom"
    r"|which)(?: \w+)?,?\s+(?:were|was|proved"
    r"|had been)?\s*(?:fatal|died)\b)|(?:were|was) fatal\b|fatal(?:ities)?\b|died\b"
    r"|(?:treatment[- ]related )?deaths?\b)",
    re.IGNORECASE,
)


class Results:
    """Reads the results of an abstract."""

    def __init__(self, abstract: Abstract, whom: Whom) -> None:
        self.abstract, self.whom = abstract, whom
        self.outcomes: dict[str, Outcome] = {}
        self.adverse_events: list[AdverseEventResult] = []
        self.estimates: list[Estimate] = []
        self.baselines: list[Baseline] = []
        self.dispositions: list[Disposition] = []
        self.repeats: list[Bound] = []  # of sentences that only repeat: conclusions
        # groups are compared and it is not known which: a value cannot be said to be of one, nor of all
        self.unknown_arms = abstract.compares and not abstract.arms

    def read(self) -> dict[int, list[Bound]]:
        """Read all sentences that state results; gives what was bound in each, by its number."""
        found = {}
        for index, row in self.abstract.rows.items():
            arms = max(len(self.whom.arm_keys), 1)
            bounds = [
                bound for fit in fits_of(row.letters) for bound in self.whom.told_by_size(bound_of(row, fit, arms))
            ]
            if row.line.section is SectionKind.RESULTS:
                bounds += contrasts_of(row, arms, bounds)
            for bound in bounds:
                self.take(bound)
            if row.line.section is SectionKind.RESULTS:
                self.share_occasion(row)
            found[index] = bounds
        return found

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
        if figure is None or figure.sign != "=" or self.unknown_arms:
            return
        if section is SectionKind.CONCLUSIONS:
            self.repeats.append(bound)
            return
        entry = section is SectionKind.METHODS or _AT_ENTRY.search(
            self.abstract.folded, bound.row.line.start, bound.row.line.end
        )
        if entry:
            later = _LATER.search(self.abstract.folded, bound.row.line.start, bound.row.line.end)
            if phrase.kind == "event" and bound.fit.name in {"have", "occur"} and not bound.grade and not later:
                self.baseline(bound, figure)
            return
        if phrase.kind == "event":
            self.event(bound, figure)
        else:
            self.proportion(bound, phrase, figure)

    def event(self, bound: Bound, figure: Figure) -> None:
        """Take participants who had an adverse event."""
        arm, open_arm = self.whom.arm_of(bound)
        of, kind, of_span, sure = self.whom.whole(bound, figure)
        epoch, epoch_span, open_epoch = self.whom.epoch(bound)
        term = self.words(bound)
        grade = grade_range(bound.grade) if bound.grade and not bound.grade_open else None
        ambiguities = [*open_arm, *open_epoch]
        if bound.grade and bound.grade_open:
            ambiguities.append(
                Ambiguity(
                    field="grade",
                    readings=(Reading(grade=grade_range(bound.grade)), Reading()),
                    reason="the grade stands beside another event of the list; it may govern both or that one alone",
                    evidence=places((bound.start, bound.end)),
                )
            )
        fatal, fatal_span = self.fatal(bound, figure)
        affected = of if figure.everyone and figure.people is None else figure.people
        percent = figure.percent if not figure.everyone else Decimal(100)
        if died_of(bound):  # how many had it and lived is not said
            fatal, affected, percent = affected, None, None
            if fatal is None:
                return
        serious = True if bound.serious or term.startswith("serious ") else None
        self.adverse_events.append(
            AdverseEventResult(
                term=term,
                any_event=True if term in _ANY_EVENT else None,
                grade=grade,
                serious=serious,
                attribution=Attribution.TREATMENT_RELATED if bound.related else None,
                affected=affected,
                at_risk=of,
                denominator_kind=kind,
                percent=percent,
                fatal=fatal,
                arm=arm,
                epoch=epoch,
                ambiguities=tuple(ambiguities),
                confidence=self.whom.sure(bound, sure),
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
            (count, (number.start, match.end()))
            if figure.people is not None and count <= figure.people
            else (None, None)
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
        arm, open_arm = self.whom.arm_of(bound)
        of, kind, of_span, sure = self.whom.whole(bound, figure)
        time, time_span, plan_span = self.whom.occasion(bound)
        words = self.words(bound)
        category = None
        if phrase.label in CATEGORIES:
            key = self.outcome("response", "response", OutcomeKind.CATEGORICAL, (bound.head.start, bound.head.end))
            category = words
        else:
            name = phrase.label if len(bound.heads) == 1 and phrase.label in words else words
            key = self.outcome(slug(name), name, OutcomeKind.BINARY, (bound.head.start, bound.head.end))
        count = of if figure.everyone and figure.people is None else figure.people
        interval, interval_span = interval_of(figure.interval)
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
                confidence=self.whom.sure(bound, sure),
                evidence=places(_span(bound), of_span, time_span, plan_span, interval_span),
            )
        )

    def survival_name(self, phrase: Phrase) -> str:
        """Write the name of a time to an event: what is short for it in full, without "rate" or "time"."""
        name = self.abstract.name(phrase.words) if phrase.words.isalpha() is False else phrase.label
        if phrase.label in {"overall survival", "progression-free survival", "disease-free survival"} and (
            len(phrase.words.split()) == 1 or phrase.words.casefold() == phrase.label
        ):
            return phrase.label
        return re.sub(r"\s+(?:rate|time|probability)$", "", name)

    def survival(self, bound: Bound, phrase: Phrase) -> None:
        """Take a probability at a time, or a median; never a count."""
        name = self.survival_name(phrase)
        section = bound.row.line.section
        value = bound.value
        if self.unknown_arms:
            return
        arm, open_arm = self.whom.arm_of(bound)
        statistic, number, unit, time, limits = None, None, None, None, None
        if value.letter == "F":
            figure: Figure = value.data
            if (
                figure.people is not None
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
            limits = figure.interval
        elif value.letter in "Tn" and bound.fit.name == "median" and phrase.kind == "survival":
            mention = value.data
            unit = mention.unit or next(
                (item.data.unit for item in bound.row.items[slice(*bound.fit.vals)] if item.letter == "T"), ""
            )
            if unit not in _TIMES or mention.value is None or mention.sign != "=":
                return
            statistic, number = Statistic.MEDIAN, mention.value
            at = bound.row.items.index(value) + 1
            limits = next((item.data for item in bound.row.items[at : at + 2] if item.letter == "I"), None)
        if statistic is None:
            return
        span = (bound.head.start, bound.head.end)
        if section is SectionKind.CONCLUSIONS or section is SectionKind.METHODS:
            if section is SectionKind.CONCLUSIONS:
                self.repeats.append(bound)
            return
        key = self.outcome(slug(name), name, OutcomeKind.TIME_TO_EVENT, span)
        interval, interval_span = interval_of(limits)
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
                confidence=self.whom.sure(bound),
                evidence=places(_span(bound), interval_span),
            )
        )

    def baseline(self, bound: Bound, figure: Figure) -> None:
        """Take participants who had something at entry."""
        arm, open_arm = self.whom.arm_of(bound)
        of, kind, of_span, sure = self.whom.whole(bound, figure)
        self.baselines.append(
            Baseline(
                variable=self.words(bound),
                count=of if figure.everyone and figure.people is None else figure.people,
                denominator=of,
                denominator_kind=kind,
                percent=Decimal(100) if figure.everyone else figure.percent,
                arm=arm,
                ambiguities=open_arm,
                confidence=self.whom.sure(bound, sure),
                evidence=places(_span(bound), of_span),
            )
        )

    def flow(self, bound: Bound) -> None:
        """Take participants at a milestone: completed, withdrew, were lost, died."""
        figure = figure_of(bound.value)
        if figure is None or figure.sign != "=" or self.unknown_arms:
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
        milestone = milestone_of(hit.kind, words)
        if milestone is None:
            return
        words = " ".join(text.shorts.get(word, word) for word in words.split())
        arm, open_arm = self.whom.arm_of(bound)
        of, kind, of_span, sure = self.whom.whole(bound, figure)
        self.dispositions.append(
            Disposition(
                milestone=milestone,
                label=words,
                count=of if figure.everyone and figure.people is None else figure.people,
                denominator=of,
                denominator_kind=kind,
                percent=Decimal(100) if figure.everyone else figure.percent,
                arm=arm,
                ambiguities=open_arm,
                confidence=self.whom.sure(bound, sure),
                evidence=places((bound.start, label_end), of_span),
            )
        )

    def share_occasion(self, row: Row) -> None:
        """Categories of one outcome that add up in one sentence were seen on one occasion."""
        line = row.line
        mine = [
            index
            for index, each in enumerate(self.estimates)
            if each.category and any(line.start <= span.start < line.end for span in each.evidence)
        ]
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


_TIMES = frozenset({"a", "mo", "wk", "d"})


def _span(bound: Bound) -> Span:
    return bound.start, bound.end
