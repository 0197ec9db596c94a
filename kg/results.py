"""The numbers of a study: value objects (quantity, interval, grade…) and the results that carry them.

A value object has no identity: in RDF its fields become properties of the result that holds it, with the
field's name in front (``grade.low`` is ``pg:gradeLow``). A result is a `Part`: it has an IRI made from its content,
and evidence.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from picograph.kg.source import Evidence

Count = Annotated[int, Meta(ge=0)]  # participants, unless the field says otherwise
Percent = Annotated[Decimal, Meta(ge=0, le=100)]
Text = Annotated[str, Meta(min_length=1)]
Curie = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9.]*:\S+$",
        description="a concept as PREFIX:IDENTIFIER, such as mesh:D000077157",
        extra={"kind": "concept"},
    ),
]
Unit = Annotated[
    str, Meta(min_length=1, description="a UCUM code: mg, Gy, cm, %, a (year), mo, d…", extra={"kind": "unit"})
]
Key = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$", description="a short name, such as radiation-sorafenib")]
ArmKey = Annotated[Key, Meta(extra={"refers": "arms"})]
EpochKey = Annotated[Key, Meta(extra={"refers": "epochs"})]
InterventionKey = Annotated[Key, Meta(extra={"refers": "interventions"})]
OutcomeKey = Annotated[Key, Meta(extra={"refers": "outcomes"})]
Sign = Literal["<", "<=", "=", ">=", ">"]


class Statistic(StrEnum):
    """What kind of number an estimate is. A survival probability is never a count."""

    COUNT = "count"
    PROPORTION = "proportion"
    MEAN = "mean"
    GEOMETRIC_MEAN = "geometric mean"
    LEAST_SQUARES_MEAN = "least squares mean"
    MEDIAN = "median"
    SURVIVAL_PROBABILITY = "survival probability"
    CUMULATIVE_INCIDENCE = "cumulative incidence"
    RATE = "rate"
    HAZARD_RATIO = "hazard ratio"
    ODDS_RATIO = "odds ratio"
    RISK_RATIO = "risk ratio"
    RATE_RATIO = "rate ratio"
    RISK_DIFFERENCE = "risk difference"
    MEAN_DIFFERENCE = "mean difference"
    MEDIAN_DIFFERENCE = "median difference"
    STANDARDISED_MEAN_DIFFERENCE = "standardised mean difference"
    OTHER = "other statistic"


CONTRASTS = frozenset(
    {
        Statistic.HAZARD_RATIO,
        Statistic.ODDS_RATIO,
        Statistic.RISK_RATIO,
        Statistic.RATE_RATIO,
        Statistic.RISK_DIFFERENCE,
        Statistic.MEAN_DIFFERENCE,
        Statistic.MEDIAN_DIFFERENCE,
        Statistic.STANDARDISED_MEAN_DIFFERENCE,
    }
)
TIME_TO_EVENT = frozenset({Statistic.SURVIVAL_PROBABILITY, Statistic.CUMULATIVE_INCIDENCE})


class DenominatorKind(StrEnum):
    """Who is counted in a denominator."""

    ENROLLED = "enrolled participants"
    TREATED = "treated participants"
    ANALYSED = "analysed participants"
    EVALUABLE = "evaluable participants"
    AT_RISK = "participants at risk"
    SUBGROUP = "subgroup of participants"


class DispersionKind(StrEnum):
    """What a dispersion says: one value (deviation, error) or two limits (ranges)."""

    STANDARD_DEVIATION = "standard deviation"
    STANDARD_ERROR = "standard error"
    RANGE = "full range"
    INTERQUARTILE_RANGE = "interquartile range"
    GEOMETRIC_COEFFICIENT_OF_VARIATION = "geometric coefficient of variation"


class Attribution(StrEnum):
    """Whether the source attributes an adverse event to treatment."""

    TREATMENT_RELATED = "treatment-related"
    NOT_TREATMENT_RELATED = "not treatment-related"
    ANY_CAUSE = "any cause"


class Ascertainment(StrEnum):
    """How adverse events came to be known."""

    SYSTEMATIC = "systematic assessment"
    NON_SYSTEMATIC = "non-systematic assessment"


class Hypothesis(StrEnum):
    """What an analysis was made to show."""

    SUPERIORITY = "superiority"
    NON_INFERIORITY = "non-inferiority"
    EQUIVALENCE = "equivalence"
    NON_INFERIORITY_OR_EQUIVALENCE = "non-inferiority or equivalence"
    SUPERIORITY_OR_OTHER = "superiority or other hypothesis"
    OTHER = "other hypothesis"


class Absence(StrEnum):
    """Why a result has no number. Zero is a number, and ambiguity has its own readings."""

    NOT_REPORTED = "not reported"
    NOT_ASSESSED = "not assessed"


class Direction(StrEnum):
    """Which way a factor goes with an outcome."""

    WORSE = "worse outcome"
    BETTER = "better outcome"
    NONE = "no association"
    UNCLEAR = "unclear direction"


class Milestone(StrEnum):
    """A point in the flow of participants."""

    STARTED = "started"
    COMPLETED = "completed"
    NOT_COMPLETED = "not completed"
    EVALUATED = "evaluated"
    WITHDREW = "withdrew"
    LOST_TO_FOLLOW_UP = "lost to follow-up"
    DIED = "died"
    OTHER = "other milestone"


class Value(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A value object: no identity of its own."""


class Quantity(Value, frozen=True, kw_only=True):
    """An amount as reported: a value, or a summary over participants; one unit for all of it."""

    unit: Unit
    value: Decimal | None = None
    mean: Decimal | None = None
    median: Decimal | None = None
    low: Decimal | None = None  # limits of the full range
    high: Decimal | None = None
    quartile_low: Decimal | None = None
    quartile_high: Decimal | None = None
    standard_deviation: Decimal | None = None


class Interval(Value, frozen=True, kw_only=True):
    """A confidence (or credible) interval. ``level`` is in per cent and is never assumed."""

    low: Decimal | None = None
    high: Decimal | None = None
    level: Annotated[Decimal, Meta(gt=0, lt=100)] | None = None
    kind: Literal["confidence", "credible"] = "confidence"
    sides: Literal["one-sided", "two-sided"] | None = None  # None: not reported


class Dispersion(Value, frozen=True, kw_only=True):
    """The spread of a reported mean or median."""

    kind: DispersionKind
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None


class PValue(Value, frozen=True, kw_only=True):
    """A p value with its sign: ``< 0.001`` is not ``0.001``."""

    value: Annotated[Decimal, Meta(ge=0, le=1)]
    sign: Sign = "="


class TimePoint(Value, frozen=True, kw_only=True):
    """When something was measured, as a label or as a duration from an origin."""

    value: Decimal | None = None
    unit: Unit | None = None
    label: Text | None = None
    origin: Text | None = None  # what the time is counted from; None: not reported


class GradeRange(Value, frozen=True, kw_only=True):
    """Grades of an adverse event: ``low: 3`` is grade 3 or worse; ``low: 3, high: 4`` is 3 to 4."""

    low: Annotated[int, Meta(ge=0, le=5)] | None = None
    high: Annotated[int, Meta(ge=0, le=5)] | None = None


class Threshold(Value, frozen=True, kw_only=True):
    """A level of a factor: ``{sign: '>=', value: 2}``."""

    value: Decimal
    sign: Sign = "="
    unit: Unit | None = None


Confidence = Annotated[
    Decimal, Meta(ge=0, le=1, description="how sure the method was, 0 to 1; none where a person read")
]


class Part(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of a study with an IRI of its own and the places where it was read."""

    confidence: Confidence | None = None
    evidence: Evidence = ()


class Reading(Part, frozen=True, kw_only=True):
    """One way to read an ambiguous field. A reading with no value says: not reported."""

    grade: GradeRange | None = None
    number: Decimal | None = None
    words: Text | None = None


class Ambiguity(Part, frozen=True, kw_only=True):
    """A field that the source leaves open, with every reading that the words allow."""

    field: Text
    readings: Annotated[tuple[Reading, ...], Meta(min_length=2)]
    reason: Text | None = None


class Derived(Part, frozen=True, kw_only=True):
    """A number that picograph computed; the source does not state it."""

    quantity: Text  # the field that it would fill: affected, count, percent…
    value: Decimal
    unit: Unit | None = None
    method: Text  # from what and how


class Result(Part, frozen=True, kw_only=True):
    """What all results share. ``absence`` says why there is no number; it is None where there is one."""

    arm: ArmKey | None = None
    epoch: EpochKey | None = None
    absence: Absence | None = None
    remarks: tuple[Text, ...] = ()  # what the source adds in words, such as why there is no number
    ambiguities: tuple[Ambiguity, ...] = ()
    derived: tuple[Derived, ...] = ()


class Baseline(Result, frozen=True, kw_only=True):
    """A property of the participants at entry: a count with its denominator, or a quantity."""

    variable: Text
    description: Text | None = None  # what the source says of it at length, such as the ends of a scale
    analysis_set: Text | None = None
    concept: tuple[Curie, ...] = ()
    component: Text | None = None  # the part of the variable that the number is about, as reported
    level: Text | None = None  # the category or scale level, as reported
    level_concept: Curie | None = None
    count: Count | None = None
    denominator: Count | None = None
    denominator_kind: DenominatorKind | None = None
    units_analysed: Text | None = None  # what the denominator counts, where not participants
    percent: Percent | None = None
    quantity: Quantity | None = None
    unit_words: Text | None = None  # the unit in the words of the source
    statistic: Statistic | None = None  # what kind of number the quantity's value is, where none of its fields says it
    dispersion: Dispersion | None = None
    interval: Interval | None = None


class Estimate(Result, frozen=True, kw_only=True):
    """One reported number of an outcome, in one arm or between two (``arm`` against ``comparator``)."""

    outcome: OutcomeKey
    statistic: Statistic
    statistic_words: Text | None = None  # the kind of number in the words of the source
    comparator: ArmKey | None = None
    compared: tuple[ArmKey, ...] = ()  # the arms of a contrast whose direction the source does not say
    component: Text | None = None  # the part of the outcome that the number is about, as reported
    category: Text | None = None  # of a categorical outcome, as reported
    value: Decimal | None = None
    unit: Unit | None = None
    unit_words: Text | None = None  # the unit in the words of the source
    count: Count | None = None
    denominator: Count | None = None
    denominator_kind: DenominatorKind | None = None
    units_analysed: Text | None = None  # what the denominator counts, where not participants
    participants: Count | None = None  # participants analysed, where the denominator counts something else
    dispersion: Dispersion | None = None
    interval: Interval | None = None
    p: PValue | None = None
    time: TimePoint | None = None
    method: Text | None = None  # of the analysis, such as Kaplan-Meier; None: not reported
    analysis_set: Text | None = None
    hypothesis: Hypothesis | None = None  # of the analysis; None: not reported


class AdverseEventResult(Result, frozen=True, kw_only=True):
    """Participants of one arm who had an event, as the source reports it."""

    term: Text  # unmatched words stay words
    concept: tuple[Curie, ...] = ()
    any_event: bool | None = None  # True: participants with any event of the class, not with one event
    organ_system: Text | None = None
    vocabulary: Text | None = None  # where the term is from, with its version, as reported
    grade: GradeRange | None = None  # None: not reported
    scale: Curie | None = None  # the scale with its version; None: not named
    serious: bool | None = None
    attribution: Attribution | None = None
    ascertainment: Ascertainment | None = None
    affected: Count | None = None  # participants; None: not reported (zero is 0)
    at_risk: Count | None = None  # participants observed
    denominator_kind: DenominatorKind | None = None
    percent: Percent | None = None
    events: Count | None = None  # occurrences, not participants
    fatal: Count | None = None  # participants among the affected who died of it


class Association(Result, frozen=True, kw_only=True):
    """A factor that goes with an outcome, which way, and by how much if the source says."""

    factor: Text
    concept: tuple[Curie, ...] = ()
    threshold: Threshold | None = None
    outcome: OutcomeKey
    direction: Direction
    statistic: Statistic | None = None
    value: Decimal | None = None
    interval: Interval | None = None
    p: PValue | None = None


class Disposition(Result, frozen=True, kw_only=True):
    """Participants at a milestone of the participant flow."""

    milestone: Milestone
    label: Text  # of what: completed allocated radiation therapy
    reason: Text | None = None
    count: Count | None = None
    denominator: Count | None = None
    denominator_kind: DenominatorKind | None = None
    units: Count | None = None  # what else was counted at the milestone
    units_analysed: Text | None = None  # what it is that was counted, where not participants
    percent: Percent | None = None
