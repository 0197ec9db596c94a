"""One study, readable: its population, treatments, results and index terms, each line with its places."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from picograph.kg.results import (
    Part,
)
from picograph.kg.source import Place
from picograph.kg.study import Intervention, Study
from picograph.kg.triples import names_of, place_iri
from picograph.queries.answer import Row
from picograph.queries.phrases import (
    computed_doses,
    count_of,
    fractions_words,
    grade_words,
    interval_words,
    join,
    label_of,
    p_words,
    quantity_words,
    state_words,
    threshold_words,
    time_words,
    value_of,
)
from picograph.queries.retractions import Retractions
from picograph.queries.wording import columns_of, fold, number, places, unit_words

COLUMNS = ("study", "document", "method", "section", "name", "value", "confidence", "retracted", "evidence", "words")
Words = Callable[[str, Place], str | None]  # SHA-256 of a source and a place in it -> the words there


class Line(NamedTuple):
    """One fact: of what, what the source says, where."""

    section: str
    name: str
    value: str
    evidence: tuple[Place, ...]
    source: str  # SHA-256
    confidence: Decimal | None = None  # of what rules or a model read


class _Page:
    def __init__(self, study: Study) -> None:
        self.study = study
        self.labels: dict[tuple[str, str], str] = {
            (kind, part.key): part.label
            for kind in ("arms", "epochs", "outcomes", "interventions")
            for part in getattr(study, kind)
        }
        self.several = len(study.arms) > 1

    def arm(self, key: str | None) -> str:
        return self.labels.get(("arms", key), key) if key and self.several else ""

    def epoch(self, key: str | None) -> str:
        return self.labels.get(("epochs", key), key) if key else ""

    def outcome(self, key: str) -> str:
        return self.labels.get(("outcomes", key), key)

    def measured(self, key: str) -> list[str]:
        """Say of an outcome what makes it comparable: its role, its criteria, its time frame."""
        outcome = next((each for each in self.study.outcomes if each.key == key), None)
        if outcome is None:
            return []
        return [
            value_of(outcome.role),
            label_of(outcome.criteria) if outcome.criteria else "",
            outcome.time_frame or "",
        ]

    def report(self) -> Iterator[tuple[str, str, Part]]:
        report, design = self.study.report, self.study.design
        where = join([report.volume and f"volume {report.volume}", report.issue and f"issue {report.issue}"])
        if report.title:
            yield "title", report.title, report
        if report.journal:
            pages = report.pages and f"pages {report.pages}"
            yield "journal", join([report.journal, report.published, where, pages]), report
        identifiers = [
            report.doi and f"doi:{report.doi}", report.pmid and f"pmid:{report.pmid}",
            report.pmcid and f"pmcid:{report.pmcid}", report.registry_id,
        ]  # fmt: skip
        if any(identifiers):
            yield "identifiers", join([*identifiers, *self.study.identifiers]), report
        if design:
            arms = design.number_of_arms
            centres = {True: "multicentre", False: "one centre", None: ""}[design.multicentre]
            text = join([
                *map(value_of, (design.phase, design.allocation, design.model, design.masking)), centres,
                f"{design.centres} centres" if design.centres is not None else "",
                f"{arms} arm{'s' if arms != 1 else ''}" if arms else "",
            ])  # fmt: skip
            yield "design", text, design
            dates = (f"{name} {date}" for name, date in (("from", design.started), ("to", design.completed)) if date)
            status = join([design.status, *dates, design.why_stopped and f"stopped: {design.why_stopped}"])
            if status:
                yield "status", status, design
        if report.limitations:
            yield "limitations", report.limitations, report

    def population(self) -> Iterator[tuple[str, str, Part]]:
        population = self.study.population
        if population:
            if population.enrolled is not None:
                yield (
                    "enrolled",
                    join([f"{population.enrolled} participants", value_of(population.enrolment)]),
                    population,
                )
            for condition in population.conditions:
                yield "condition", condition.label, condition
            for criterion in population.eligibility:
                yield criterion.kind.value, criterion.label, criterion
        for baseline in self.study.baselines:
            name = join([baseline.variable, baseline.component, self.arm(baseline.arm)])
            counted = count_of(baseline.count, baseline.denominator, baseline.percent, baseline.derived)
            yield (
                name,
                join([baseline.level, counted, quantity_words(baseline.quantity), *state_words(baseline)]),
                baseline,
            )

    def arms(self) -> Iterator[tuple[str, str, Part]]:
        for arm in self.study.arms:
            given = " + ".join(self.labels.get(("interventions", key), key) for key in arm.interventions)
            size = f"{arm.enrolled} participants" if arm.enrolled is not None else ""
            yield arm.label, join([value_of(arm.role), size, given and f"gets {given}"]), arm
        for each in self.study.interventions:
            yield each.label, self._intervention(each), each

    def _intervention(self, each: Intervention) -> str:
        dose = quantity_words(each.dose) + (f" {each.frequency}" if each.frequency else "")
        fractions = f"in {fractions_words(each.fractions)}" if each.fractions else ""
        return join([
            value_of(each.kind), dose, fractions, each.route, " and ".join(timing.value for timing in each.timing),
            each.start and f"from {each.start}", "until " + " or ".join(each.stop) if each.stop else "",
            "target: " + " and ".join(each.target) if each.target else "",
            computed_doses(each.derived),
        ])  # fmt: skip

    def assessments(self) -> Iterator[tuple[str, str, Part]]:
        for each in self.study.assessments:
            yield each.label, join([time_words(each.first, "first at"), time_words(each.every, "then every")]), each

    def flow(self) -> Iterator[tuple[str, str, Part]]:
        for each in self.study.dispositions:
            counted = count_of(each.count, each.denominator, each.percent, each.derived)
            yield join([each.label, self.arm(each.arm)]), join([counted, each.reason, *state_words(each)]), each

    def outcomes(self) -> Iterator[tuple[str, str, Part]]:
        for each in self.study.estimates:
            name = join([self.outcome(each.outcome), each.component, self.arm(each.arm)])
            if each.comparator:
                name += f" against {self.labels.get(('arms', each.comparator), each.comparator)}"
            counted = each.count is not None
            percent = each.value if each.unit == "%" and each.denominator is not None else None
            value = count_of(each.count, each.denominator, percent, each.derived)
            if each.value is not None and percent is None:
                value = join([value, number(each.value) + unit_words(each.unit, each.value)])
                if each.denominator is not None and not counted:
                    value += f", in {each.denominator} participants"
            statistic = "" if counted else each.statistic.value
            yield name, join([
                each.category and each.category + ":", f"{statistic} {value}".strip(),
                interval_words(each.interval, each.unit), p_words(each.p), time_words(each.time), each.analysis_set,
                *self.measured(each.outcome),
                *state_words(each),
            ]).replace(":,", ":"), each  # fmt: skip
        estimated = {each.outcome for each in self.study.estimates}
        for outcome in self.study.outcomes:
            if outcome.key not in estimated:
                yield outcome.label, join(["not reported", *self.measured(outcome.key)]), outcome
        for association in self.study.associations:
            limit = threshold_words(association.threshold)
            size = [
                "" if association.value is None else f"{value_of(association.statistic)} {number(association.value)}",
                interval_words(association.interval), p_words(association.p),
            ]  # fmt: skip
            text = f"{association.direction.value}: {self.outcome(association.outcome)}"
            yield (
                association.factor + limit,
                join([text, *size] if any(size) else [text, "size not reported"]),
                association,
            )

    def adverse_events(self) -> Iterator[tuple[str, str, Part]]:
        for each in self.study.adverse_events:
            counted = count_of(each.affected, each.at_risk, each.percent, each.derived)
            fatal = f"{each.fatal} fatal" if each.fatal is not None else ""
            serious = {True: "serious", False: "not serious", None: ""}[each.serious]
            events = f"{each.events} events" if each.events is not None else ""
            yield join([each.term, self.arm(each.arm)]), join([
                grade_words(each.grade), counted, events, fatal, serious, value_of(each.attribution),
                self.epoch(each.epoch), each.scale and f"scale {label_of(each.scale)}", *state_words(each),
            ]), each  # fmt: skip

    def conclusions(self) -> Iterator[tuple[str, str, Part]]:
        for each in self.study.conclusions:
            yield "authors", each.label, each

    def index(self) -> Iterator[tuple[str, str, Part]]:
        for kind in self.study.report.publication_types:
            yield "publication type", join([kind.label, kind.concept]), kind
        for heading in self.study.report.headings:
            words = heading.descriptor + (f" / {heading.qualifier}" if heading.qualifier else "")
            yield "major topic" if heading.major else "heading", join([words, heading.heading or "not found"]), heading
        for substance in self.study.report.substances:
            yield "substance", join([substance.label, substance.concept, substance.registry_number]), substance


_SECTIONS: tuple[tuple[str, Callable[[_Page], Iterator[tuple[str, str, Part]]]], ...] = (
    ("Study", _Page.report),
    ("Population", _Page.population),
    ("Arms and interventions", _Page.arms),
    ("Assessments", _Page.assessments),
    ("Participant flow", _Page.flow),
    ("Outcomes", _Page.outcomes),
    ("Adverse events", _Page.adverse_events),
    ("Conclusions", _Page.conclusions),
    ("Index terms", _Page.index),
)


def lines(study: Study) -> list[Line]:
    """Give every fact of a study as a line, section by section.

    >>> from picograph.kg.load import example
    >>> from picograph.kg.readers import read_record
    >>> next(line.value for line in lines(read_record(*reversed(example()))) if line.name == "enrolled")
    '40 participants'
    """
    sha256 = study.record.source.sha256
    return [
        Line(section, name, value, part.evidence, sha256, part.confidence)
        for section, name, value, part in facts(study)
    ]


def facts(study: Study) -> Iterator[tuple[str, str, str, Part]]:
    """Give every fact of a study: its section, what it is of, what the source says, and the part that says it."""
    page = _Page(study)
    for section, rows in _SECTIONS:
        for name, value, part in rows(page):
            yield section, name, value, part


def heading(study: Study, width: int, retractions: Retractions | None = None) -> list[str]:
    """Say of which study, by which document and method, the lines below are; and if that document is retracted."""
    record = study.record
    document = "" if record.document == study.key else f" — {record.document}"
    found = retractions.of_record(names_of(study).record) if retractions else None
    notice = f" (notice: {found.notice})" if found and found.notice else ""
    return fold(f"{study.key}{document}, {record.method}{f' — RETRACTED{notice}' if found else ''}", width)


def text(shown: Sequence[Line], width: int, words: Words | None = None) -> Iterator[str]:
    """Lay lines out for a terminal: name, value, places; with ``words``, the words of each place below.

    :param width: columns of the terminal
    :param words: gives the words of a place in a source, None where the source is not at hand
    """
    name_width = min(max((columns_of(line.name) for line in shown), default=10), width // 3)
    section = None
    for line in shown:
        if line.section != section:
            yield line.section if section is None else f"\n{line.section}"
            section = line.section
        room = max(width - name_width - 4, 20)
        names = fold(line.name, name_width)
        place = f"[{places(line.evidence)}]" if line.evidence else ""
        sure = f" (confidence {number(line.confidence)})" if line.confidence is not None else ""
        values = fold(line.value + sure, room)
        if place and columns_of(values[-1]) + 2 + len(place) <= room:
            values[-1] = f"{values[-1]}  {place}"
        elif place:
            values.extend(fold(place, room))
        for index in range(max(len(names), len(values))):
            left = names[index] if index < len(names) else ""
            right = values[index] if index < len(values) else ""
            yield f"  {left}{' ' * (name_width - columns_of(left))}  {right}".rstrip()
        if words:
            for each in line.evidence:
                said = words(line.source, each)
                quoted = f"“{' '.join(said.split())}”" if said is not None else "(the source is not at hand)"
                for part in fold(f"{places([each])} {quoted}", room - 2):
                    yield " " * (name_width + 6) + part


def fresh(studies: Iterable[Study]) -> Iterator[tuple[Study, list[Line]]]:
    """Give the lines of each record of a study that no record before it gave alike."""
    seen: set[Line] = set()
    for study in studies:
        new = [line for line in lines(study) if line._replace(confidence=None) not in seen]
        seen.update(line._replace(confidence=None) for line in new)
        yield study, new


def rows(
    printed: Iterable[tuple[Study, list[Line]]], words: Words | None = None, retractions: Retractions | None = None
) -> Iterator[Row]:
    """Give lines as rows for programs; with ``words``, the words of each place too."""
    for study, shown in printed:
        found = retractions.of_record(names_of(study).record) if retractions else None
        for line in shown:
            row: Row = {
                "study": study.key,
                "document": study.record.document,
                "method": study.record.method.value,
                "section": line.section,
                "name": line.name,
                "value": line.value,
                "retracted": (found.document,) if found else None,
                "confidence": line.confidence,
                "evidence": tuple(place_iri(line.source, place) for place in line.evidence),
            }
            if words:
                row["words"] = tuple(words(line.source, place) or "" for place in line.evidence)
            yield row
