"""The typed study: what one record says about one study. Every reader makes it, everything else uses it."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, structs

from picograph.kg.report import Date, Report, SecondaryIdentifier
from picograph.kg.results import (
    AdverseEventResult,
    Association,
    Baseline,
    Count,
    Curie,
    Derived,
    Disposition,
    Estimate,
    InterventionKey,
    Key,
    Part,
    Percent,
    Quantity,
    Text,
    TimePoint,
    Unit,
)
from picograph.kg.source import Record

StudyKey = Annotated[
    str,
    Meta(
        pattern=r"^(NCT\d{8}|doi:10\.\d{4,9}/\S+|pmid:[1-9]\d*|[A-Za-z][A-Za-z0-9]*:\S+)$",
        description="a registry number, else doi:…, else pmid:…",
    ),
]


class StudyType(StrEnum):
    """Whether the study gave its participants a treatment or observed what they got."""

    INTERVENTIONAL = "interventional study"
    OBSERVATIONAL = "observational study"
    EXPANDED_ACCESS = "expanded access"


class Phase(StrEnum):
    """The phase of a trial."""

    EARLY_1 = "early phase 1"
    PHASE_1 = "phase 1"
    PHASE_1_2 = "phase 1 and 2"
    PHASE_2 = "phase 2"
    PHASE_2_3 = "phase 2 and 3"
    PHASE_3 = "phase 3"
    PHASE_4 = "phase 4"
    NOT_APPLICABLE = "phase not applicable"


class Allocation(StrEnum):
    """How participants came to their arm."""

    RANDOMISED = "randomised"
    NON_RANDOMISED = "non-randomised"
    NOT_APPLICABLE = "allocation not applicable"


class InterventionModel(StrEnum):
    """How the arms stand to each other."""

    SINGLE_GROUP = "single group assignment"
    PARALLEL = "parallel assignment"
    CROSSOVER = "crossover assignment"
    FACTORIAL = "factorial assignment"
    SEQUENTIAL = "sequential assignment"


class Masking(StrEnum):
    """Who did not know the allocation."""

    OPEN_LABEL = "open label"
    SINGLE = "single masked"
    DOUBLE = "double masked"
    TRIPLE = "triple masked"
    QUADRUPLE = "quadruple masked"


class EnrolmentKind(StrEnum):
    """Whether an enrolment happened or was planned."""

    ACTUAL = "actual enrolment"
    ANTICIPATED = "anticipated enrolment"


class Role(StrEnum):
    """What an arm is for."""

    EXPERIMENTAL = "experimental"
    ACTIVE_COMPARATOR = "active comparator"
    PLACEBO_COMPARATOR = "placebo comparator"
    SHAM_COMPARATOR = "sham comparator"
    NO_INTERVENTION = "no intervention"
    SINGLE = "single arm"
    OTHER = "other role"


class InterventionKind(StrEnum):
    """What sort of treatment it is."""

    DRUG = "drug"
    BIOLOGICAL = "biological"
    RADIATION = "radiation"
    PROCEDURE = "procedure"
    DEVICE = "device"
    BEHAVIOURAL = "behavioural"
    DIETARY_SUPPLEMENT = "dietary supplement"
    GENETIC = "genetic"
    DIAGNOSTIC_TEST = "diagnostic test"
    COMBINATION_PRODUCT = "combination product"
    OTHER = "other intervention"


class Timing(StrEnum):
    """The place of a treatment in a sequence."""

    CONCURRENT = "concurrent"
    SEQUENTIAL = "sequential"
    INDUCTION = "induction"
    NEOADJUVANT = "neoadjuvant"
    ADJUVANT = "adjuvant"
    MAINTENANCE = "maintenance"


class OutcomeRole(StrEnum):
    """Whether the authors named the outcome primary."""

    PRIMARY = "primary outcome"
    SECONDARY = "secondary outcome"
    OTHER = "other outcome"
    POST_HOC = "post hoc outcome"


class OutcomeKind(StrEnum):
    """What sort of variable the outcome is."""

    TIME_TO_EVENT = "time to event"
    BINARY = "binary"
    CATEGORICAL = "categorical"
    CONTINUOUS = "continuous"
    NUMBER_OF_EVENTS = "number of events"


class CriterionKind(StrEnum):
    """Whether a criterion lets a person in or keeps one out."""

    INCLUSION = "inclusion"
    EXCLUSION = "exclusion"


class StudyDesign(Part, frozen=True, kw_only=True):
    """The plan of the study and how far it has come, as far as the record states it."""

    study_type: StudyType | None = None
    phase: Phase | None = None
    allocation: Allocation | None = None
    model: InterventionModel | None = None
    masking: Masking | None = None
    masked: tuple[Text, ...] = ()  # who does not know the allocation, in the words of the record
    purpose: Text | None = None  # in the words of the record
    observational_model: Text | None = None  # in the words of the record
    time_perspective: Text | None = None  # of an observational study, in the words of the record
    sampling: Text | None = None  # of an observational study, in the words of the record
    model_description: Text | None = None
    masking_description: Text | None = None
    status: Text | None = None  # how far the study has come, in the words of the record
    why_stopped: Text | None = None
    started: Date | None = None
    started_kind: Text | None = None  # whether it is past or planned, in the words of the record; None: not reported
    primary_completion: Date | None = None  # of the last measurement of the primary outcome
    primary_completion_kind: Text | None = None
    completed: Date | None = None
    completed_kind: Text | None = None
    multicentre: bool | None = None
    centres: Count | None = None
    number_of_arms: Annotated[int, Meta(ge=1)] | None = None


class Condition(Part, frozen=True, kw_only=True):
    """What the participants have."""

    label: Text
    concept: tuple[Curie, ...] = ()


class EligibilityCriterion(Part, frozen=True, kw_only=True):
    """A condition for taking part."""

    label: Text
    kind: CriterionKind = CriterionKind.INCLUSION
    concept: tuple[Curie, ...] = ()


class Population(Part, frozen=True, kw_only=True):
    """Who was studied."""

    enrolled: Count | None = None  # participants
    enrolment: EnrolmentKind | None = None
    description: Text | None = None
    eligibility_text: Text | None = None  # all criteria as one text, as printed
    recruitment: Text | None = None  # when and where participants were found, as printed
    pre_assignment: Text | None = None  # what came between enrolment and allocation, as printed
    conditions: tuple[Condition, ...] = ()
    eligibility: tuple[EligibilityCriterion, ...] = ()


class Arm(Part, frozen=True, kw_only=True):
    """A group that got a planned treatment."""

    key: Key
    label: Text
    role: Role | None = None
    enrolled: Count | None = None  # participants
    interventions: tuple[InterventionKey, ...] = ()
    description: Text | None = None
    planned: bool | None = None  # False: a group of reported results that is no arm of the plan by its name


class Intervention(Part, frozen=True, kw_only=True):
    """One planned treatment."""

    key: Key
    label: Text
    other_names: tuple[Text, ...] = ()
    description: Text | None = None
    concept: tuple[Curie, ...] = ()
    kind: InterventionKind | None = None
    dose: Quantity | None = None
    frequency: Unit | None = None  # UCUM, such as 2/d
    route: Text | None = None
    fractions: Quantity | None = None
    timing: tuple[Timing, ...] = ()
    start: Text | None = None
    stop: tuple[Text, ...] = ()  # any of these ends it
    target: tuple[Text, ...] = ()  # lesions or organs treated
    target_concept: tuple[Curie, ...] = ()
    derived: tuple[Derived, ...] = ()


class Epoch(Part, frozen=True, kw_only=True):
    """A phase of treatment."""

    key: Key
    label: Text
    start: Text | None = None
    end: Text | None = None


class Outcome(Part, frozen=True, kw_only=True):
    """What was measured."""

    key: Key
    label: Text
    description: Text | None = None
    planned: bool | None = None  # False: reported, and not planned under this name and time frame
    concept: tuple[Curie, ...] = ()
    role: OutcomeRole | None = None
    kind: OutcomeKind | None = None
    time_frame: Text | None = None
    criteria: Curie | None = None  # RECIST 1.1, mRECIST…; None: not reported


class Assessment(Part, frozen=True, kw_only=True):
    """A planned examination and its schedule."""

    label: Text
    concept: tuple[Curie, ...] = ()
    first: TimePoint | None = None
    every: TimePoint | None = None


class SafetyReporting(Part, frozen=True, kw_only=True):
    """How adverse events were collected and which of them are reported."""

    time_frame: Text | None = None
    frequency_threshold: Percent | None = None  # events that are not serious are listed above it
    description: Text | None = None
    mortality_comment: Text | None = None


class Conclusion(Part, frozen=True, kw_only=True):
    """What the authors concluded, as a short label."""

    label: Text


class RejectedReading(Part, frozen=True, kw_only=True):
    """A reading that some words were not given, and why."""

    concept: Curie
    name: Text | None = None  # as the vocabulary writes it
    reason: Text


class Mention(Part, frozen=True, kw_only=True):
    """What picograph took words of the record to mean where the record itself does not say. No concept: not linked."""

    words: Text
    mentioned_as: Text  # the field that they stand in: condition, intervention, adverse event…
    concept: tuple[Curie, ...] = ()
    reason: Text
    turned_down: tuple[RejectedReading, ...] = ()


class Study(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one record says about one study.

    Parts are in the order of the source (first place, then content): `canonical` puts them so.
    """

    key: StudyKey
    record: Record
    identifiers: tuple[Text, ...] = ()  # other registry numbers
    secondary_identifiers: tuple[SecondaryIdentifier, ...] = ()
    report: Report = Report()
    design: StudyDesign | None = None
    population: Population | None = None
    arms: tuple[Arm, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    epochs: tuple[Epoch, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    safety_reporting: SafetyReporting | None = None
    adverse_events: tuple[AdverseEventResult, ...] = ()
    associations: tuple[Association, ...] = ()
    conclusions: tuple[Conclusion, ...] = ()
    mentions: tuple[Mention, ...] = ()


def rekey(study: Study, key: StudyKey) -> Study:
    """Give a study under another key: what its record says stays as it is."""
    return structs.replace(study, key=key)
