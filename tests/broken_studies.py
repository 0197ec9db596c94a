"""Studies that cannot be true, each with a near twin that can: a case for every check of a study."""

from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import structs

from picograph.kg.report import MeshHeading, Report
from picograph.kg.results import (
    Absence,
    AdverseEventResult,
    Ambiguity,
    Association,
    Baseline,
    Direction,
    Dispersion,
    DispersionKind,
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
from picograph.kg.study import Arm, Assessment, Condition, Intervention, Outcome, Population, Study

D = Decimal
TEXT = "Forty-four patients: nausea 25%, in two arms (à 22), é."
HERE = (Place("0-19"),)
RECORD = Record(
    document="pmid:1", source=Source(sha256="0" * 64, characters=len(TEXT)), method=Method.CURATED
)  # its text is TEXT, where a case has it at hand
JSON = structs.replace(RECORD, source=Source(sha256="0" * 64))


def study(**fields: Any) -> Study:
    return Study(**{"key": "pmid:1", "record": RECORD} | fields)


def event(**fields: Any) -> Study:
    fields = {"term": "nausea", "evidence": HERE} | fields
    return study(adverse_events=(AdverseEventResult(**fields),))


def baseline(**fields: Any) -> Study:
    fields = {"variable": "age", "evidence": HERE} | fields
    return study(baselines=(Baseline(**fields),))


def quantity(**fields: Any) -> Study:
    return baseline(quantity=Quantity(**{"unit": "a"} | fields))


def disposition(**fields: Any) -> Study:
    fields = {"milestone": Milestone.COMPLETED, "label": "done", "evidence": HERE} | fields
    return study(dispositions=(Disposition(**fields),))


OS = Outcome(key="os", label="survival", evidence=HERE)
ARMS = tuple(Arm(key=key, label=key, enrolled=22, evidence=HERE) for key in ("a", "b"))


def estimate(statistic: Statistic = Statistic.MEDIAN, **fields: Any) -> Study:
    fields = {"outcome": "os", "statistic": statistic, "evidence": HERE} | fields
    return study(outcomes=(OS,), arms=ARMS, estimates=(Estimate(**fields),))


def association(**fields: Any) -> Study:
    fields = {"factor": "age", "outcome": "os", "direction": Direction.WORSE, "evidence": HERE} | fields
    return study(outcomes=(OS,), associations=(Association(**fields),))


def categories(*counts: int, of: int) -> Study:
    rows = [
        Estimate(
            outcome="os", statistic=Statistic.COUNT, category=f"c{n}", count=n, denominator=of, arm="a", evidence=HERE
        )
        for n in counts
    ]
    return study(outcomes=(OS,), arms=ARMS, estimates=tuple(rows))


def population(**fields: Any) -> Study:
    return study(population=Population(**{"evidence": HERE} | fields), arms=ARMS)


def placed(*places: str, record: Record = RECORD) -> Study:
    condition = Condition(label="x", evidence=tuple(map(Place, places)))
    whole = HERE if record is RECORD else (Place("/a"),)
    return study(record=record, population=Population(conditions=(condition,), evidence=whole))


def heading(**fields: Any) -> Study:
    heading = MeshHeading(**{"descriptor": "Liver Neoplasms", "evidence": HERE} | fields)
    return study(report=Report(headings=(heading,), evidence=HERE))


def open_field(field: str, **fields: Any) -> Study:
    readings = (Reading(grade=GradeRange(low=2)), Reading())
    return event(ambiguities=(Ambiguity(field=field, readings=readings),), **fields)


class Case(NamedTuple):
    """A study that breaks a check, one that is nearly the same and does not, what is said and of which path."""

    broken: Study
    twin: Study
    path: str
    what: str
    severity: str = "error"
    text: str | None = None


N, PC = {"value": D("0.7")}, "%"
INTERVAL = Interval(low=D("0.5"), high=D("1.01"), level=D(95))
CASES: dict[str, Case] = {
    "affected": Case(
        event(affected=80, at_risk=71), event(affected=71, at_risk=71), "adverse_events[0].affected",
        "80 participants affected out of 71 at risk",
    ),
    "fatal of affected": Case(
        event(affected=2, at_risk=9, fatal=3), event(affected=3, at_risk=9, fatal=3), "adverse_events[0].fatal",
        "3 participants died out of 2 affected",
    ),
    "fatal of at risk": Case(
        event(fatal=3, at_risk=2, percent=D(50)), event(fatal=2, at_risk=2, percent=D(50)), "adverse_events[0].fatal",
        "3 participants died out of 2",
    ),
    "per cent": Case(
        event(affected=11, at_risk=44, percent=D(26)), event(affected=11, at_risk=44, percent=D(25)),
        "adverse_events[0].percent", "11 of 44 is 25.0 %, and 26 % is reported", "caution",
    ),
    "per cent with a digit": Case(
        event(affected=11, at_risk=43, percent=D("25.7")), event(affected=11, at_risk=43, percent=D("25.6")),
        "adverse_events[0].percent", "25.7 % is reported", "caution",
    ),
    "baseline count": Case(
        baseline(count=9, denominator=8), baseline(count=8, denominator=8), "baselines[0].count",
        "9 participants counted out of 8 in the denominator",
    ),
    "baseline per cent": Case(
        baseline(count=33, denominator=40, percent=D(84)), baseline(count=33, denominator=40, percent=D(82)),
        "baselines[0].percent", "82.5 %, and 84 %", "caution",
    ),
    "disposition count": Case(
        disposition(count=9, denominator=8), disposition(count=0, denominator=0), "dispositions[0].count",
        "9 participants counted out of 8",
    ),
    "disposition per cent": Case(
        disposition(count=1, denominator=3, percent=D(34)), disposition(count=1, denominator=3, percent=D(33)),
        "dispositions[0].percent", "33.3 %, and 34 %", "caution",
    ),
    "estimate count": Case(
        estimate(Statistic.COUNT, count=41, denominator=40), estimate(Statistic.COUNT, count=40, denominator=40),
        "estimates[0].count", "41 participants counted out of 40",
    ),
    "estimate per cent": Case(
        estimate(Statistic.PROPORTION, count=22, denominator=40, value=D(56), unit=PC),
        estimate(Statistic.PROPORTION, count=22, denominator=40, value=D(55), unit=PC),
        "estimates[0].value", "22 of 40 is 55.0 %, and 56 %", "caution",
    ),
    "range": Case(
        quantity(low=D(60), high=D(40)), quantity(low=D(40), high=D(60)), "baselines[0].quantity",
        "the range runs from 60 to 40",
    ),
    "interquartile range": Case(
        quantity(quartile_low=D(60), quartile_high=D(40)), quantity(quartile_low=D(40), quartile_high=D(40)),
        "baselines[0].quantity", "the interquartile range runs from 60 to 40",
    ),
    "mean in range": Case(
        quantity(mean=D(61), low=D(40), high=D(60)), quantity(mean=D(60), low=D(40), high=D(60)),
        "baselines[0].quantity.mean", "the mean 61 lies outside its range 40 to 60",
    ),
    "median in range": Case(
        quantity(median=D(39), low=D(40), high=D(60)), quantity(median=D(40), low=D(40), high=D(60)),
        "baselines[0].quantity.median", "the median 39 lies outside its range",
    ),
    "median between quartiles": Case(
        quantity(median=D(61), quartile_low=D(40), quartile_high=D(60)),
        quantity(mean=D(61), quartile_low=D(40), quartile_high=D(60)),
        "baselines[0].quantity.median", "the median 61 lies outside its interquartile range",
    ),
    "interval backwards": Case(
        estimate(value=D(1), unit="mo", interval=Interval(low=D(2), high=D(1))),
        estimate(value=D(1), unit="mo", interval=Interval(low=D(1), high=D(1))),
        "estimates[0].interval", "the interval runs from 2 to 1",
    ),
    "above its interval": Case(
        estimate(value=D(9), unit="mo", interval=INTERVAL), estimate(value=D("1.01"), unit="mo", interval=INTERVAL),
        "estimates[0].value", "the estimate 9 lies outside its interval 0.5 to 1.01",
    ),
    "below one limit": Case(
        estimate(value=D("0.1"), unit="mo", interval=Interval(low=D("0.2"))),
        estimate(value=D("0.1"), unit="mo", interval=Interval(high=D("0.2"))),
        "estimates[0].value", "lies outside its interval 0.2 to None",
    ),
    "association interval": Case(
        association(value=D(2), interval=INTERVAL), association(value=D(1), interval=INTERVAL),
        "associations[0].value", "the estimate 2 lies outside its interval",
    ),
    "grades": Case(
        event(affected=1, grade=GradeRange(low=4, high=3)), event(affected=1, grade=GradeRange(low=3, high=3)),
        "adverse_events[0].grade", "grades run from 4 to 3",
    ),
    "absence": Case(
        event(affected=0, absence=Absence.NOT_REPORTED), event(absence=Absence.NOT_REPORTED),
        "adverse_events[0].absence", "'not reported' stands beside a number (affected)",
    ),
    "absence and p": Case(
        estimate(value=D(9), unit="mo", absence=Absence.NOT_REPORTED),
        estimate(absence=Absence.NOT_REPORTED, p=PValue(value=D("0.3"))),
        "estimates[0].absence", "stands beside a number (value)",
    ),
    "no number": Case(
        event(at_risk=44), event(at_risk=44, affected=0), "adverse_events[0]", "the result has no number"
    ),
    "no number of fatal ones": Case(
        event(serious=True), event(serious=True, fatal=1), "adverse_events[0]", "the result has no number"
    ),
    "no number, p": Case(
        estimate(), estimate(p=PValue(value=D("0.04"), sign="<")), "estimates[0]", "the result has no number"
    ),
    "no number, dispersion": Case(
        estimate(time=TimePoint(value=D(2), unit="a")),
        estimate(dispersion=Dispersion(kind=DispersionKind.RANGE, low=D(1), high=D(2))),
        "estimates[0]", "the result has no number",
    ),
    "open field that is none": Case(
        open_field("grades", affected=1), open_field("grade", affected=1), "adverse_events[0].ambiguities[0].field",
        "'grades' is not a field of this result",
    ),
    "open field with a value": Case(
        open_field("grade", affected=1, grade=GradeRange(low=2)), open_field("affected"),
        "adverse_events[0].ambiguities[0].field", "grade is called ambiguous and has a value too",
    ),
    "survival as a count": Case(
        estimate(Statistic.SURVIVAL_PROBABILITY, value=D(32), unit=PC, count=13),
        estimate(Statistic.SURVIVAL_PROBABILITY, value=D(32), unit=PC),
        "estimates[0].count", "a survival probability is given as a count",
    ),
    "incidence with a denominator": Case(
        estimate(Statistic.CUMULATIVE_INCIDENCE, value=D(32), unit=PC, denominator=40),
        estimate(Statistic.PROPORTION, value=D(32), unit=PC, denominator=40),
        "estimates[0].denominator", "a cumulative incidence is given as a count",
    ),
    "contrast": Case(
        estimate(Statistic.HAZARD_RATIO, value=D("0.7"), arm="a"),
        estimate(Statistic.HAZARD_RATIO, value=D("0.7"), arm="a", comparator="b"),
        "estimates[0]", "a hazard ratio needs two arms and has one", "caution",
    ),
    "no unit": Case(
        estimate(Statistic.MEDIAN, value=D(9)), estimate(Statistic.MEDIAN, value=D(9), unit="mo"),
        "estimates[0].value", "the value 9 has no unit",
    ),
    "heading": Case(
        heading(qualifier="blood supply", descriptor="Sorafenib", descriptor_concept="mesh:D000077157",
                qualifier_concept="mesh:Q000098"),
        heading(qualifier="drug therapy", descriptor_concept="mesh:D008113", qualifier_concept="mesh:Q000188"),
        "report.headings[0]", "MeSH does not allow 'blood supply' with 'Sorafenib'", "caution",
    ),
    "unit": Case(
        quantity(unit="years", value=D(9)), quantity(unit="a", value=D(9)), "baselines[0].quantity.unit",
        "'years' is not a UCUM unit",
    ),
    "unit of time": Case(
        study(assessments=(Assessment(label="x", every=TimePoint(value=D(1), unit="month"), evidence=HERE),)),
        study(assessments=(Assessment(label="x", every=TimePoint(value=D(1), unit="mo"), evidence=HERE),)),
        "assessments[0].every.unit", "'month' is not a UCUM unit",
    ),
    "frequency": Case(
        study(interventions=(Intervention(key="x", label="x", frequency="twice daily", evidence=HERE),)),
        study(interventions=(Intervention(key="x", label="x", frequency="2/d", evidence=HERE),)),
        "interventions[0].frequency", "'twice daily' is not a UCUM unit",
    ),
    "prefix": Case(
        event(affected=1, concept=("mehs:D1",)), event(affected=1, concept=("mesh:D1",)), "adverse_events[0].concept",
        "the prefix mehs of 'mehs:D1' is not known",
    ),
    "name of a concept": Case(
        event(affected=1, concept=("mesh:D%zz",)), event(affected=1, concept=("mesh:D%20z",)),
        "adverse_events[0].concept", "'mesh:D%zz' cannot be the name of a concept",
    ),
    "our own term": Case(
        baseline(count=1, level_concept="pg:ChildPughX"), baseline(count=1, level_concept="pg:ChildPughA"),
        "baselines[0].level_concept", "pg:ChildPughX is not a term of picograph",
    ),
    "two of one key": Case(
        study(arms=(ARMS[0], ARMS[1], ARMS[0])), study(arms=ARMS), "arms[2].key", "the key 'a' is given 2 times",
    ),
    "no such arm": Case(
        event(affected=1, arm="a"), structs.replace(event(affected=1, arm="a"), arms=ARMS), "adverse_events[0].arm",
        "'a' is not one of the study's arms",
    ),
    "no such intervention": Case(
        study(arms=(Arm(key="a", label="a", interventions=("x",), evidence=HERE),)),
        study(arms=(Arm(key="a", label="a", interventions=("x",), evidence=HERE),),
              interventions=(Intervention(key="x", label="x", evidence=HERE),)),
        "arms[0].interventions", "'x' is not one of the study's interventions",
    ),
    "no such outcome": Case(
        structs.replace(estimate(value=D(1), unit="a"), outcomes=()), estimate(value=D(1), unit="a"),
        "estimates[0].outcome", "'os' is not one of the study's outcomes",
    ),
    "arms add up": Case(
        population(enrolled=43), population(enrolled=44), "population.enrolled",
        "the arms add up to 44, and 43 are enrolled", "caution",
    ),
    "categories add up": Case(
        categories(22, 19, of=40), categories(22, 18, of=40), "estimates[1].count",
        "the categories add up to 41, of 40", "caution",
    ),
    "no evidence": Case(
        event(affected=1, evidence=()), event(affected=1), "adverse_events[0]",
        "this adverse event result has no evidence",
    ),
    "pointer in a text": Case(
        placed("/a/b"), placed("/a/b", record=JSON), "population.conditions[0].evidence[0]",
        "the place /a/b does not fit its source",
    ),
    "characters in JSON": Case(
        placed("0-10", record=JSON), placed("0-10"), "population.conditions[0].evidence[0]",
        "the place 0-10 does not fit its source",
    ),
    "outside the text": Case(
        placed("0-10", f"40-{len(TEXT) + 1}"), placed("0-10", f"40-{len(TEXT)}"),
        "population.conditions[0].evidence[1]", f"lie outside the text, which has {len(TEXT)}",
    ),
    "outside the text at hand": Case(
        placed(f"45-{len(TEXT) + 1}"), placed(f"45-{len(TEXT)}"), "population.conditions[0].evidence[0]",
        "lie outside the text", text=TEXT,
    ),
    "not a pointer of the record": Case(
        placed("/a/1", record=JSON), placed("/a/0", record=JSON), "population.conditions[0].evidence[0]", "",
        text='{"a": ["b"]}',
    ),
    "half a word": Case(
        placed("1-10"), placed("0-10"), "population.conditions[0].evidence[0]",
        "characters 1 to 10 do not begin and end with a word", text=TEXT,
    ),
    "half a word of letters with accents": Case(
        placed(f"{TEXT.index('é')}-{TEXT.index('é') + 2}", "46-48"), placed(f"{TEXT.index('é')}-{TEXT.index('é') + 1}"),
        "population.conditions[0].evidence[1]", "do not begin and end", text=TEXT,
    ),
    "a space at the end": Case(
        placed("0-11"), placed("0-5"), "population.conditions[0].evidence[0]", "do not begin and end", text=TEXT,
    ),
}  # fmt: skip
