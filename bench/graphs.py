"""Graphs of any size in the shape of real records, for measuring: study N of a seed is always the same.

Sizes follow the registry records beside the repository (153 to 3,082 triples a record): two in five have results. What
makes questions hard is there: conditions and drugs of which several lie below the one asked for, two records of one
study, zero beside not reported, values left open, and faults of every kind that a rule looks for.
"""

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

from picograph.kg.report import MeshHeading, Report
from picograph.kg.results import (
    Absence,
    AdverseEventResult,
    Ambiguity,
    Association,
    Attribution,
    Baseline,
    DenominatorKind,
    Direction,
    Disposition,
    Estimate,
    GradeRange,
    Interval,
    Milestone,
    PValue,
    Quantity,
    Reading,
    Statistic,
    Threshold,
    TimePoint,
)
from picograph.kg.source import Method, Place, Record, Source
from picograph.kg.study import (
    Allocation,
    Arm,
    Condition,
    Epoch,
    Intervention,
    InterventionKind,
    InterventionModel,
    Outcome,
    OutcomeKind,
    OutcomeRole,
    Phase,
    Population,
    Role,
    Study,
    StudyDesign,
    StudyType,
)

from .mesh import diseases, drugs, events, label_of

_LIVER = ("mesh:D006528", "mesh:D008113", "mesh:D018281", "mesh:D001650")


class _Drawn:
    """One study, as it is drawn."""

    def __init__(self, seed: int, number: int) -> None:
        self.random = Random(f"{seed}-{number}")
        self.key = f"NCT{number % 10**8:08d}"
        self.number = number
        self.places = 0

    def place(self, module: str) -> tuple[Place, ...]:
        self.places += 1
        return (Place(f"/{module}/{self.places}"),)

    def one_in(self, times: int) -> bool:
        return self.random.randrange(times) == 0

    def drug(self) -> tuple[str, ...]:
        """Take a drug; one in fifty is one of the first five."""
        return self.random.choice(drugs()[:5] if self.one_in(50) else drugs())

    def study(self) -> Study:
        random = self.random
        neoplasms, others = diseases()
        with_results = random.random() < 0.4
        conditions = [random.choice(_LIVER if self.one_in(60) else neoplasms if self.one_in(2) else others)]
        if self.one_in(3):  # two below one that is asked for
            conditions.append(random.choice(_LIVER if conditions[0] in _LIVER else neoplasms))
        arms, interventions = self.arms(1 + (not self.one_in(3)) + self.one_in(6))
        record = Record(
            document=self.key,
            source=Source(sha256=f"{random.getrandbits(256):064x}"),
            method=Method.REGISTRY,
            reader="bench 1",
        )
        year = 2000 + random.randrange(25)
        results: dict[str, Any] = self.results(arms) if with_results else {"outcomes": self.outcomes()}
        return Study(
            key=self.key,
            record=record,
            identifiers=(f"EUCTR{self.number}",),
            report=Report(
                registry_id=self.key,
                title=f"Study {self.number} of {label_of(conditions[0])}",
                published=f"{year}-{1 + random.randrange(12):02d}-01",
                headings=tuple(self.heading(curie) for curie in dict.fromkeys(conditions)),
                evidence=self.place("identificationModule"),
            ),
            design=StudyDesign(
                study_type=StudyType.INTERVENTIONAL,
                phase=random.choice([Phase.PHASE_1, Phase.PHASE_2, Phase.PHASE_2, Phase.PHASE_3, Phase.PHASE_4]),
                allocation=Allocation.RANDOMISED if len(arms) > 1 else Allocation.NOT_APPLICABLE,
                model=InterventionModel.PARALLEL if len(arms) > 1 else InterventionModel.SINGLE_GROUP,
                number_of_arms=len(arms),
                evidence=self.place("designModule"),
            ),
            population=Population(
                enrolled=sum(arm.enrolled or 0 for arm in arms),
                conditions=tuple(
                    Condition(label=label_of(curie), concept=(curie,), evidence=self.place("conditionsModule"))
                    for curie in dict.fromkeys(conditions)
                ),
                evidence=self.place("designModule"),
            ),
            arms=arms,
            interventions=interventions,
            **results,
        )

    def heading(self, curie: str) -> MeshHeading:
        return MeshHeading(
            descriptor=label_of(curie),
            major=self.one_in(2),
            descriptor_concept=curie,
            heading=curie,
            evidence=self.place("conditionBrowseModule"),
        )

    def arms(self, count: int) -> tuple[tuple[Arm, ...], tuple[Intervention, ...]]:
        random = self.random
        interventions: dict[str, Intervention] = {}
        arms = []
        for index in range(count):
            keys = []
            for drug in dict.fromkeys(self.drug() for _ in range(1 + self.one_in(3))):
                key = f"drug-{drug[0].partition(':')[2].lower()}"
                keys.append(key)
                interventions[key] = Intervention(
                    key=key,
                    label=label_of(drug[0]),
                    concept=drug,
                    kind=InterventionKind.DRUG,
                    dose=Quantity(unit="mg", value=Decimal(random.choice([50, 100, 200, 400]))),
                    frequency=random.choice(["1/d", "2/d"]),
                    evidence=self.place("armsInterventionsModule"),
                )
            if self.one_in(4):
                dose = random.randrange(20, 80)
                keys.append("radiation")
                interventions["radiation"] = Intervention(
                    key="radiation",
                    label="radiation therapy",
                    concept=("mesh:D011878",),
                    kind=InterventionKind.RADIATION,
                    dose=Quantity(unit="Gy", value=Decimal(dose)),
                    fractions=Quantity(unit="{fraction}", value=Decimal(random.randrange(3, 35))),
                    target=(random.choice(["liver", "portal vein thrombosis", "spine"]),),
                    evidence=self.place("armsInterventionsModule"),
                )
            arms.append(
                Arm(
                    key=f"arm-{index}",
                    label=f"Arm {index}",
                    role=Role.EXPERIMENTAL if index == 0 else Role.ACTIVE_COMPARATOR,
                    enrolled=10 + random.randrange(300),
                    interventions=tuple(sorted(set(keys))),
                    evidence=self.place("armsInterventionsModule"),
                )
            )
        return tuple(arms), tuple(interventions.values())

    def outcomes(self) -> tuple[Outcome, ...]:
        named = (
            ("os", "overall survival", "pg:OverallSurvival", None),
            ("pfs", "progression-free survival", "pg:ProgressionFreeSurvival", "pg:RECIST11"),
            ("orr", "objective response", "pg:ObjectiveResponse", "pg:RECIST11"),
        )
        return tuple(
            Outcome(
                key=key,
                label=label,
                concept=(concept,),
                kind=OutcomeKind.BINARY if key == "orr" else OutcomeKind.TIME_TO_EVENT,
                role=OutcomeRole.PRIMARY if key == "os" else OutcomeRole.SECONDARY,
                criteria=criteria,
                evidence=self.place("outcomesModule"),
            )
            for key, label, concept, criteria in named
        )

    def results(self, arms: tuple[Arm, ...]) -> dict[str, Any]:
        return {
            "outcomes": self.outcomes(),
            "epochs": (Epoch(key="treatment", label="treatment", evidence=self.place("armGroups")),),
            "baselines": tuple(each for arm in arms for each in self.baselines(arm)),
            "dispositions": tuple(self.disposition(arm) for arm in arms),
            "estimates": tuple(each for arm in arms for each in self.estimates(arm, arms[-1])),
            "adverse_events": tuple(each for arm in arms for each in self.events(arm)),
            "associations": (self.association(),) if self.one_in(2) else (),
        }

    def baselines(self, arm: Arm) -> Iterator[Baseline]:
        enrolled = arm.enrolled or 0
        first = self.random.randint(0, enrolled)
        for level, count in (("A", first), ("B", enrolled - first)):
            yield Baseline(
                variable="Child-Pugh class",
                level=level,
                level_concept=f"pg:ChildPugh{level}",
                count=count,
                denominator=enrolled,
                arm=arm.key,
                evidence=self.place("baselineCharacteristicsModule"),
            )
        if self.one_in(2):
            yield Baseline(
                variable="portal vein thrombosis",
                concept=("HP:0030242",),
                count=self.random.randint(0, enrolled),
                denominator=enrolled,
                arm=arm.key,
                evidence=self.place("baselineCharacteristicsModule"),
            )
        age = self.random.randrange(40, 70)
        limits = {"low": Decimal(age - 20), "high": Decimal(age + 15)}
        yield Baseline(
            variable="age",
            quantity=Quantity(unit="a", median=Decimal(age), **limits),
            arm=arm.key,
            evidence=self.place("baselineCharacteristicsModule"),
        )

    def disposition(self, arm: Arm) -> Disposition:
        enrolled = arm.enrolled or 0
        count = self.random.randint(enrolled // 2, enrolled)
        if self.one_in(400):
            count = enrolled + 1  # a fault: more than there can be
        return Disposition(
            milestone=Milestone.COMPLETED,
            label="completed",
            count=count,
            denominator=enrolled,
            arm=arm.key,
            evidence=self.place("participantFlowModule"),
        )

    def estimates(self, arm: Arm, last: Arm) -> Iterator[Estimate]:
        random, enrolled = self.random, arm.enrolled or 0
        module = "outcomeMeasuresModule"
        for years in (1, 2):
            yield Estimate(
                outcome="os",
                statistic=Statistic.SURVIVAL_PROBABILITY,
                value=Decimal(random.randrange(5, 95)),
                unit="%",
                count=3 if self.one_in(400) else None,  # a fault: a survival probability is not a count
                time=TimePoint(value=Decimal(years), unit="a"),
                arm=arm.key,
                evidence=self.place(module),
            )
        for outcome in ("os", "pfs"):
            months = Decimal(random.randrange(20, 400)) / 10
            low = months * Decimal("1.1") if self.one_in(400) else months * Decimal("0.8")  # a fault: it misses
            yield Estimate(
                outcome=outcome,
                statistic=Statistic.MEDIAN,
                value=months,
                unit="mo",
                interval=Interval(low=low, high=months * Decimal("1.25"), level=Decimal(95)),
                arm=arm.key,
                evidence=self.place(module),
            )
        count = random.randint(0, enrolled)
        yield Estimate(
            outcome="orr",
            statistic=Statistic.COUNT,
            count=count,
            denominator=enrolled,
            denominator_kind=random.choice([DenominatorKind.ENROLLED, DenominatorKind.EVALUABLE]),
            arm=arm.key,
            evidence=self.place(module),
        )
        if arm is not last:
            ratio = Decimal(random.randrange(40, 160)) / 100
            yield Estimate(
                outcome="os",
                statistic=Statistic.HAZARD_RATIO,
                value=ratio,
                interval=Interval(low=ratio * Decimal("0.7"), high=ratio * Decimal("1.4"), level=Decimal(95)),
                p=PValue(value=Decimal("0.001") if self.one_in(100) else Decimal("0.2")),  # a fault, where 1 is inside
                arm=arm.key,
                comparator=None if self.one_in(400) else last.key,  # a fault: compared with nothing
                evidence=self.place(module),
            )

    def events(self, arm: Arm) -> Iterator[AdverseEventResult]:
        random, enrolled = self.random, arm.enrolled or 0
        for index in sorted({int(len(events()) * random.random() ** 1.5) for _ in range(random.randrange(5, 30))}):
            curie = events()[index]
            affected = random.randint(0, enrolled) // random.choice([1, 2, 4, 8])
            low = random.choice([None, None, 1, 2, 3, 3, 4])
            absent = self.one_in(20)
            open_ = low is None and not absent and self.one_in(6)
            percent = None
            if not absent and self.one_in(4):
                percent = round(Decimal(100 * affected) / enrolled, 1) + (5 if self.one_in(400) else 0)  # a fault
            yield AdverseEventResult(
                term=label_of(curie).lower(),
                concept=(curie,),
                grade=None if low is None else GradeRange(low=low),
                scale="pg:CTCAE40" if low and self.one_in(2) else None,
                serious=self.one_in(3),
                attribution=Attribution.TREATMENT_RELATED if self.one_in(4) else None,
                affected=None if absent else enrolled + 2 if self.one_in(4000) else affected,  # a fault
                at_risk=enrolled,
                percent=min(percent, Decimal(100)) if percent is not None else None,
                fatal=0 if self.one_in(30) else 1 if affected and self.one_in(60) else None,
                absence=random.choice(list(Absence)) if absent else None,
                ambiguities=(
                    Ambiguity(
                        field="grade",
                        readings=(Reading(grade=GradeRange(low=3)), Reading()),
                        evidence=self.place("adverseEventsModule"),
                    ),
                )
                if open_
                else (),
                arm=arm.key,
                epoch="treatment" if self.one_in(2) else None,
                evidence=() if self.one_in(5000) else self.place("adverseEventsModule"),  # a fault
            )

    def association(self) -> Association:
        return Association(
            factor="CLIP score",
            concept=("pg:CLIP",),
            threshold=Threshold(value=Decimal(2), sign=">="),
            outcome="os",
            direction=self.random.choice(list(Direction)),
            evidence=self.place("outcomeMeasuresModule"),
        )


def study(seed: int, number: int) -> Study:
    """Draw one study."""
    return _Drawn(seed, number).study()


def studies(seed: int, numbers: range) -> Iterator[Study]:
    """Draw studies, and for one in six a second record of the same study, a publication, that says some of it again."""
    for number in numbers:
        drawn = study(seed, number)
        yield drawn
        if number % 6 == 0:
            yield publication(drawn, number)


def publication(drawn: Study, number: int) -> Study:
    """Give a second record of a study: who was studied, and what was given."""
    record = Record(
        document=f"pmid:{10_000_000 + number}",
        source=Source(sha256=f"{number:064x}", characters=3000),
        method=Method.RULE,
        reader="bench 1",
    )
    place = (Place("10-20"),)
    report = Report(pmid=str(10_000_000 + number), title=drawn.report.title, evidence=place)
    assert drawn.population is not None
    conditions = drawn.population.conditions
    again = tuple(Condition(label=each.label, concept=each.concept, evidence=place) for each in conditions)
    population = Population(enrolled=drawn.population.enrolled, conditions=again, evidence=place)
    return Study(key=drawn.key, record=record, report=report, population=population)
