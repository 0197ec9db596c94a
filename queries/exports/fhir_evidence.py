"""FHIR Evidence: one for each result, with what was measured, in whom, by which statistic."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from picograph.kg.results import (
    Absence,
    AdverseEventResult,
    Association,
    Baseline,
    Dispersion,
    DispersionKind,
    Disposition,
    Estimate,
    GradeRange,
    Interval,
    Quantity,
    Result,
    TimePoint,
)
from picograph.kg.study import Study
from picograph.queries.exports.fhir_parts import Resource, Scribe, absent, limits, quantity, words

_ABSENCES = {Absence.NOT_REPORTED: "unknown", Absence.NOT_ASSESSED: "not-performed"}
_SIGNS = {"<", "<=", ">", ">="}


def results(record: Study) -> Iterator[Result]:
    """Give every result of a record."""
    for name in ("baselines", "dispositions", "estimates", "adverse_events", "associations"):
        yield from getattr(record, name)


class Evidences:
    """Writes the Evidence of one record.

    :param groups: the variable of each arm
    :param outcomes: the variable of each outcome
    :param population: the variable of all participants
    """

    def __init__(
        self,
        scribe: Scribe,
        *,
        groups: dict[str, Resource],
        outcomes: dict[str, Resource],
        population: Resource,
        study: Resource,
        citation: Resource,
    ) -> None:
        self._scribe = scribe
        self._groups, self._outcomes, self._population = groups, outcomes, population
        self._study, self._citation = study, citation
        self._epochs = {each.key: each.label for each in scribe.record.epochs}
        self._arms = {each.key: each.label for each in scribe.record.arms}

    def write(self, part: Result) -> Resource:
        """Write one result."""
        notes = list(self._notes(part))
        variables = [self._variable("population", self._population)]
        if part.arm:
            variables.append(self._variable("exposure", self._groups[part.arm]))
        if isinstance(part, Estimate):
            if part.comparator:
                variables.append(self._variable("referenceExposure", self._groups[part.comparator]))
            for arm in part.compared:
                variables.append(self._variable("exposure", self._groups[arm]))
            if part.compared:
                notes.append("the source does not say which arm is compared against which")
        variables.append(self._variable("measuredVariable", self._measured(part)))
        if isinstance(part, Association):
            variables.append(self._variable("measuredVariable", self._outcomes[part.outcome]))
        related = [
            *self._scribe.places(part),
            {"type": "part-of", "resourceReference": self._study},
        ]
        return self._scribe.put(
            "Evidence",
            part,
            {
                "status": "active",
                "citeAsReference": self._citation,
                "assertion": self._scribe.text(f"{part.factor}: {part.direction.value}")
                if isinstance(part, Association)
                else None,
                "note": [{"text": self._scribe.text(each)} for each in notes],
                "relatedArtifact": related,
                "variableDefinition": variables,
                "statistic": [self._statistic(part)],
            },
        )

    def _variable(self, role: str, observed: Resource) -> Resource:
        return {"variableRole": words(role), "observed": observed}

    def _notes(self, part: Result) -> Iterator[str]:
        """Say in words what FHIR has no element for; each is counted as lost."""
        lost = self._scribe.lost
        for each in part.ambiguities:
            lost("ambiguous fields, told in a note of the Evidence: their readings are words there")
            readings = " or ".join(_reading(reading) for reading in each.readings)
            yield f"ambiguous: {each.field}: {readings}" + (f" ({each.reason})" if each.reason else "")
        for derived in part.derived:
            lost("derived numbers, told in a note of the Evidence and not as reported ones")
            yield f"derived, not reported: {derived.quantity} {_plain(derived.value, derived.unit)} ({derived.method})"
        if part.epoch:
            lost("phases of treatment, told in a note of the Evidence")
            yield f"phase of treatment: {self._epochs[part.epoch]}"
        if part.confidence is not None:
            lost("confidences of the method that read a fact")
        yield from part.remarks
        if part.absence:
            yield part.absence.value
        if getattr(part, "units_analysed", None):
            lost("denominators that count something else than participants, told in a note of the Evidence")
            counted = getattr(part, "denominator", None)
            told = "" if counted is None else f" of {counted}"
            yield f"what is counted{told}: {part.units_analysed}"  # type: ignore[attr-defined]
        if isinstance(part, Estimate):
            if part.analysis_set:
                yield f"analysis set: {part.analysis_set}"
            if part.hypothesis:
                yield f"hypothesis: {part.hypothesis.value}"
            if part.time and (part.time.label or part.time.origin):
                yield f"time: {_time(part.time)}"
        if isinstance(part, AdverseEventResult) and part.fatal is not None:
            lost("fatal events among the affected, told in a note of the Evidence")
            yield f"fatal among the affected: {part.fatal}"
        if isinstance(part, Disposition):
            if part.reason:
                yield f"reason: {part.reason}"
            if part.units is not None:
                yield f"counted: {part.units}"
        if isinstance(part, Association) and part.threshold:
            threshold = part.threshold
            yield f"level: {threshold.sign} {_plain(threshold.value, threshold.unit)}"

    def _measured(self, part: Result) -> Resource:
        """Give the variable that a result is a number of."""
        if isinstance(part, Estimate):
            told = [each for each in (part.component, part.category) if each]
            outcome = self._outcomes[part.outcome]
            if not told:
                return outcome
            title = ": ".join((outcome.get("display", ""), *told))
            made = {"status": "active", "title": self._scribe.text(title)}
            based = {"definitionReference": {"reference": outcome["reference"]}}
            of = [{"definitionCodeableConcept": self._scribe.concept(each)} for each in told]
            return self._scribe.put(
                "EvidenceVariable", ("part", part.outcome, told), made | {"characteristic": [based, *of]}
            )
        if isinstance(part, AdverseEventResult):
            return self._event(part)
        if isinstance(part, Baseline):
            title, curies = part.variable, part.concept
            told = [each for each in (part.component, part.level) if each]
        elif isinstance(part, Disposition):
            title, curies, told = part.label, (), [part.milestone.value]
        else:
            assert isinstance(part, Association)
            title, curies, told = part.factor, part.concept, []
        content = {"status": "active", "title": self._scribe.text(": ".join((title, *told)))}
        of = [{"definitionCodeableConcept": self._scribe.concept(title, curies)}]
        of += [{"definitionCodeableConcept": self._scribe.concept(each)} for each in told]
        return self._scribe.put(
            "EvidenceVariable", (type(part).__name__, title, told, curies), content | {"characteristic": of}
        )

    def _event(self, part: AdverseEventResult) -> Resource:
        scribe = self._scribe
        traits: list[Resource] = [{"definitionCodeableConcept": scribe.concept(part.term, part.concept)}]

        def trait(kind: str, **value: Any) -> None:
            traits.append({"definitionByTypeAndValue": {"type": words(kind)} | value})

        title = part.term
        if part.grade and (grades := limits(part.grade.low, part.grade.high)):
            trait("grade", valueRange=grades)
            title += f", {_grades(part.grade)}"
        if part.scale:
            trait("scale", valueCodeableConcept=scribe.concept(None, (part.scale,)) or words(part.scale))
        if part.serious is not None:
            trait("serious", valueBoolean=part.serious)
            title += ", serious" if part.serious else ", not serious"
        if part.attribution:
            trait("attribution", valueCodeableConcept=words(part.attribution.value))
            title += f", {part.attribution.value}"
        for kind in ("organ_system", "vocabulary"):
            if value := getattr(part, kind):
                trait(kind.replace("_", " "), valueCodeableConcept=scribe.concept(value))
        if part.ascertainment:
            trait("ascertainment", valueCodeableConcept=words(part.ascertainment.value))
        if part.any_event:
            trait("any event of the class", valueBoolean=True)
        content = {"status": "active", "title": scribe.text(title), "handling": "dichotomous", "characteristic": traits}
        return scribe.put("EvidenceVariable", ("event", traits), content)

    # --- the number ----------------------------------------------------------------------------------------------

    def _statistic(self, part: Result) -> Resource:
        found: Resource = {}
        kind, main, unit = self._main(part)
        if kind:
            found["statisticType"] = words(kind)
        if main is not None:
            found["quantity"] = quantity(main, unit, getattr(part, "unit_words", None))
        elif part.absence:
            found["quantity"] = absent(_ABSENCES[part.absence])
        affected = (
            getattr(part, "affected", None) if isinstance(part, AdverseEventResult) else getattr(part, "count", None)
        )
        if affected is not None:
            found["numberAffected"] = affected
        if isinstance(part, AdverseEventResult) and part.events is not None:
            found["numberOfEvents"] = part.events
        if sample := self._sample(part):
            found["sampleSize"] = sample
        attributes = list(self._attributes(part, unit))
        if attributes:
            found["attributeEstimate"] = attributes
        if characteristics := list(self._characteristics(part)):
            found["modelCharacteristic"] = characteristics
        return found or {"description": "no number is reported"}

    def _main(self, part: Result) -> tuple[str | None, Decimal | None, str | None]:
        """Give the kind of number, the number, and its unit."""
        if isinstance(part, Estimate):
            kind = part.statistic_words or part.statistic.value
            return kind, part.value, part.unit
        if isinstance(part, Baseline):
            if part.quantity:
                held = part.quantity
                for name in ("median", "mean", "value"):
                    if (value := getattr(held, name)) is not None:
                        plain = part.statistic.value if part.statistic else None
                        return (plain if name == "value" else name), value, held.unit
                return None, None, held.unit
            return ("proportion", part.percent, "%") if part.percent is not None else ("count", None, None)
        if isinstance(part, AdverseEventResult | Disposition):
            return ("proportion", part.percent, "%") if part.percent is not None else ("count", None, None)
        assert isinstance(part, Association)
        return (part.statistic.value if part.statistic else None), part.value, None

    def _sample(self, part: Result) -> Resource:
        size = part.at_risk if isinstance(part, AdverseEventResult) else getattr(part, "denominator", None)
        if getattr(part, "units_analysed", None):
            size = getattr(part, "participants", None)
        kind = getattr(part, "denominator_kind", None)
        found: Resource = {} if size is None else {"numberOfParticipants": size}
        return found | ({"description": kind.value} if kind else {})

    def _attributes(self, part: Result, unit: str | None) -> Iterator[Resource]:
        interval: Interval | None = getattr(part, "interval", None)
        if interval:
            one = {} if interval.sides is None else {"description": interval.sides}
            made: Resource = one | {"type": words(f"{interval.kind} interval")}
            if interval.level is not None:
                made["level"] = (interval.level / 100).normalize()
            if span := limits(interval.low, interval.high, unit):
                made["range"] = span
            yield made
        p = getattr(part, "p", None)
        if p:
            yield {
                "type": words("p value"),
                "quantity": {"value": p.value} | ({"comparator": p.sign} if p.sign in _SIGNS else {}),
            }
        dispersion: Dispersion | None = getattr(part, "dispersion", None)
        if dispersion:
            yield from _spread(dispersion.kind.value, dispersion.value, dispersion.low, dispersion.high, unit)
        held: Quantity | None = part.quantity if isinstance(part, Baseline) else None
        if held:
            first = next((name for name in ("median", "mean", "value") if getattr(held, name) is not None), None)
            for name in ("mean", "value"):
                if name != first and (value := getattr(held, name)) is not None:
                    yield {"type": words(name), "quantity": quantity(value, unit)}
            yield from _spread(DispersionKind.RANGE.value, None, held.low, held.high, unit)
            quartiles = DispersionKind.INTERQUARTILE_RANGE.value
            yield from _spread(quartiles, None, held.quartile_low, held.quartile_high, unit)
            yield from _spread(DispersionKind.STANDARD_DEVIATION.value, held.standard_deviation, None, None, unit)
        if isinstance(part, Baseline) and part.quantity and part.percent is not None:
            yield {"type": words("proportion"), "quantity": quantity(part.percent, "%")}

    def _characteristics(self, part: Result) -> Iterator[Resource]:
        if isinstance(part, Estimate):
            if part.method:
                yield {"code": self._scribe.concept(part.method)}
            if part.time and part.time.value is not None:
                yield {"code": words("time point"), "value": quantity(part.time.value, part.time.unit)}


def _spread(
    kind: str, value: Decimal | None, low: Decimal | None, high: Decimal | None, unit: str | None
) -> Iterator[Resource]:
    if value is not None:
        yield {"type": words(kind), "quantity": quantity(value, unit)}
    if held := limits(low, high, unit):
        yield {"type": words(kind), "range": held}


def _plain(value: Decimal, unit: str | None) -> str:
    return f"{value:f}" + (f" {unit}" if unit else "")


def _time(time: TimePoint) -> str:
    parts = [time.label] if time.label else []
    if time.value is not None:
        parts.append(_plain(time.value, time.unit))
    return " ".join(parts) + (f" from {time.origin}" if time.origin else "")


def _grades(grade: GradeRange) -> str:
    if grade.low == grade.high:
        return f"grade {grade.low}"
    if grade.high is None:
        return f"grade {grade.low} or worse"
    return f"grade {grade.low} to {grade.high}" if grade.low is not None else f"grade {grade.high} or better"


def _reading(reading: Any) -> str:
    if reading.grade:
        return _grades(reading.grade)
    if reading.number is not None:
        return f"{reading.number:f}"
    return reading.words or "not reported"
