"""Studies drawn at random, full of numbers that may contradict each other, in few trials, records and words."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from picograph.kg.report import Report
from picograph.kg.results import (
    AdverseEventResult,
    Ambiguity,
    Baseline,
    Derived,
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
from picograph.kg.source import Method, Place, Record, Source
from picograph.kg.study import (
    Allocation,
    Arm,
    Condition,
    Epoch,
    Intervention,
    InterventionKind,
    InterventionModel,
    Masking,
    Mention,
    Outcome,
    OutcomeKind,
    OutcomeRole,
    Population,
    RejectedReading,
    SafetyReporting,
    Study,
    StudyDesign,
)

_SMALL = st.none() | st.integers(0, 3)
_NUMBER = st.none() | st.sampled_from([Decimal(text) for text in ("0", "0.5", "1", "1.5", "33.3", "66.67", "50", "-1")])
_LIMIT = st.sampled_from([Decimal(text) for text in ("-1", "0.5", "1.5", "2")])
_ARM = st.sampled_from([None, "a", "b", "elsewhere"])
_PLACES = st.sampled_from([(), (Place("1-2"),), (Place("1-2"), Place("3-4"))])
_EVENTS = st.builds(
    AdverseEventResult,
    term=st.sampled_from(["nausea", "Nausea", "fatigue"]),
    arm=_ARM,
    epoch=st.sampled_from([None, "early"]),
    grade=st.sampled_from([None, GradeRange(low=3), GradeRange(low=2, high=3), GradeRange(high=2)]),
    serious=st.none() | st.booleans(),
    any_event=st.none() | st.booleans(),
    affected=_SMALL,
    at_risk=_SMALL,
    fatal=_SMALL,
    percent=st.none() | st.sampled_from([Decimal("33.3"), Decimal("66.67"), Decimal(50), Decimal(100)]),
    ambiguities=st.sampled_from([(), (Ambiguity(field="grade", readings=(Reading(), Reading(words="x"))),)]),
    evidence=_PLACES,
)
_ESTIMATES = st.builds(
    Estimate,
    outcome=st.sampled_from(["x", "y"]),
    statistic=st.sampled_from(list(Statistic)),
    arm=_ARM,
    comparator=_ARM,
    category=st.sampled_from([None, "yes", "no"]),
    component=st.sampled_from([None, "part"]),
    value=_NUMBER,
    unit=st.sampled_from([None, "%"]),
    count=_SMALL,
    denominator=_SMALL,
    interval=st.none() | st.builds(Interval, low=_NUMBER, high=_NUMBER, level=st.sampled_from([None, Decimal(95)])),
    p=st.none()
    | st.builds(
        PValue, value=st.sampled_from([Decimal("0.01"), Decimal("0.05"), Decimal("0.4")]), sign=st.sampled_from("<=>")
    ),
    time=st.sampled_from([None, TimePoint(value=Decimal("1.5"), unit="a")]),
    evidence=_PLACES,
)
_CONTRASTS = st.builds(
    Estimate,
    outcome=st.sampled_from(["x", "y"]),
    statistic=st.sampled_from([Statistic.HAZARD_RATIO, Statistic.MEAN_DIFFERENCE]),
    arm=st.just("a"),
    interval=st.builds(Interval, low=_LIMIT, high=_LIMIT, level=st.just(Decimal(95))),
    p=st.builds(PValue, value=st.sampled_from([Decimal("0.01"), Decimal("0.4")]), sign=st.sampled_from("<=>")),
    evidence=_PLACES,
)
_CATEGORIES = st.builds(
    Estimate,
    outcome=st.just("x"),
    statistic=st.just(Statistic.COUNT),
    arm=st.just("a"),
    category=st.sampled_from(["yes", "no"]),
    count=st.integers(0, 3),
    denominator=st.just(3),
    evidence=_PLACES,
)
_DISPOSITIONS = st.builds(
    Disposition,
    milestone=st.just(Milestone.COMPLETED),
    label=st.just("done"),
    count=_SMALL,
    denominator=_SMALL,
    arm=_ARM,
)


_TREATMENTS = st.builds(
    Intervention,
    key=st.sampled_from(["s", "t"]),
    label=st.sampled_from(["Sorafenib", "beams"]),
    concept=st.sampled_from([(), ("mesh:D000077157",), ("mesh:D011878", "mesh:D000077157")]),
    kind=st.sampled_from([None, InterventionKind.DRUG, InterventionKind.RADIATION]),
    dose=st.sampled_from([None, Quantity(value=Decimal(50), unit="Gy"), Quantity(median=Decimal("1.5"), unit="Gy")]),
    target=st.sampled_from([(), ("liver",), ("liver", "lung")]),
    derived=st.sampled_from(
        [
            (),
            (Derived(quantity="BED10", value=Decimal("60.5"), method="n d (1 + d/10)"),),
            (
                Derived(quantity="BED10", value=Decimal(60), method="one way"),
                Derived(quantity="EQD2", value=Decimal(50), method="another"),
            ),
        ]
    ),
    evidence=_PLACES,
)
_OUTCOMES = st.builds(
    Outcome,
    key=st.just("x"),
    label=st.sampled_from(["x", "X", "response"]),
    planned=st.sampled_from([None, True, False]),
    concept=st.sampled_from([(), ("pg:ObjectiveResponse",), ("pg:CompleteResponse", "pg:OverallSurvival")]),
    role=st.sampled_from([None, OutcomeRole.PRIMARY, OutcomeRole.SECONDARY]),
    kind=st.sampled_from([None, OutcomeKind.TIME_TO_EVENT]),
    time_frame=st.sampled_from([None, "2 years", "2 Years"]),
    criteria=st.sampled_from([None, "pg:RECIST11"]),
    evidence=_PLACES,
)
_BASELINES = st.builds(
    Baseline,
    variable=st.sampled_from(["stage", "Stage"]),
    concept=st.sampled_from([(), ("mesh:D009325",)]),
    level=st.sampled_from([None, "A", "B"]),
    count=_SMALL,
    denominator=_SMALL,
    arm=_ARM,
    evidence=_PLACES,
)
_MENTIONS = st.builds(
    Mention,
    words=st.sampled_from(["nausea", "x", "liver tumours"]),
    mentioned_as=st.sampled_from(["condition", "adverse event"]),
    concept=st.sampled_from([(), ("mesh:D008113",)]),
    reason=st.sampled_from(["a name of it", "none is called so"]),
    turned_down=st.sampled_from(
        [(), (RejectedReading(concept="mesh:D009325", name="Nausea", reason="not a disease"),)]
    ),
)
_SAFETY = st.sampled_from(
    [
        None,
        SafetyReporting(frequency_threshold=Decimal(5), evidence=(Place("1-2"),)),
        SafetyReporting(frequency_threshold=Decimal(5)),
    ]
)
_DESIGNS = st.builds(
    StudyDesign,
    number_of_arms=_SMALL,
    allocation=st.sampled_from([None, Allocation.RANDOMISED, Allocation.NON_RANDOMISED]),
    model=st.sampled_from([None, InterventionModel.SINGLE_GROUP, InterventionModel.PARALLEL]),
    masking=st.sampled_from([None, Masking.DOUBLE]),
    evidence=_PLACES,
)
_REPORTS = st.builds(
    Report,
    doi=st.sampled_from([None, "10.1000/1", "10.1000/2"]),
    title=st.sampled_from([None, "one", "Another"]),
    journal=st.sampled_from([None, "J"]),
    published=st.sampled_from([None, "2014", "2014-05"]),
    evidence=_PLACES,
)
_DOCUMENTS = ["pmid:1", "pmid:2", "doi:10.1000/1", "NCT00000001", "NCT00000002"]


@st.composite
def dense_studies(draw: Any) -> Study:
    """A study full of numbers that may contradict each other, of one of three trials in one of five records."""
    document = draw(st.sampled_from(_DOCUMENTS))
    source = Source(sha256=f"{_DOCUMENTS.index(document):064x}", characters=9)
    conditions = st.lists(st.sampled_from(["mesh:D006528", "mesh:D008113", "mesh:D009325"]), max_size=2, unique=True)
    found = tuple(Condition(label=each, concept=(each,)) for each in draw(conditions))
    given = tuple(draw(st.lists(_TREATMENTS, max_size=2, unique_by=lambda each: each.key)))
    arms = tuple(
        Arm(
            key=key,
            label=draw(st.sampled_from([key, "one"])),
            enrolled=draw(_SMALL),
            planned=draw(st.sampled_from([None, True, False])),
            interventions=tuple(each.key for each in given if draw(st.booleans())),
            evidence=draw(_PLACES),
        )
        for key in ("a", "b")[: draw(st.integers(0, 2))]
    )
    return Study(
        key=f"pmid:{draw(st.integers(1, 3))}",
        record=Record(document=document, source=source, method=draw(st.sampled_from([Method.CURATED, Method.RULE]))),
        report=draw(_REPORTS),
        population=Population(enrolled=draw(_SMALL), conditions=found, evidence=draw(_PLACES)),
        arms=arms,
        interventions=given,
        design=draw(_DESIGNS),
        epochs=(Epoch(key="early", label="early"),),
        outcomes=(draw(_OUTCOMES),),
        baselines=tuple(draw(st.lists(_BASELINES, max_size=3))),
        adverse_events=tuple(draw(st.lists(_EVENTS, max_size=5))),
        estimates=tuple(draw(st.lists(_ESTIMATES | _CONTRASTS | _CATEGORIES, max_size=6))),
        dispositions=tuple(draw(st.lists(_DISPOSITIONS, max_size=2))),
        mentions=tuple(draw(st.lists(_MENTIONS, max_size=2))),
        safety_reporting=draw(_SAFETY),
    )
