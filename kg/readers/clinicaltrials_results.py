"""The results in a record of ClinicalTrials.gov: participant flow, baseline, outcomes, adverse events."""

from collections.abc import Iterator
from typing import Any

from picograph.kg.readers import clinicaltrials_codes as codes
from picograph.kg.readers.clinicaltrials_groups import Group, Keys, denominators_of, needed, remarks_of
from picograph.kg.readers.clinicaltrials_measures import Measure
from picograph.kg.readers.clinicaltrials_protocol import Known, Protocol
from picograph.kg.readers.json_record import JsonObject, Leaves
from picograph.kg.results import (
    Absence,
    AdverseEventResult,
    Baseline,
    DenominatorKind,
    Disposition,
    Estimate,
    Milestone,
)
from picograph.kg.study import Epoch, Outcome, SafetyReporting


class Results:
    """Reads the results of one study."""

    def __init__(self, root: JsonObject, protocol: Protocol) -> None:
        self.results = root.child("resultsSection")
        self.arms, self.outcomes, self.outcome_keys = protocol.arms, protocol.outcomes, protocol.outcome_keys

    def flow(self) -> Iterator[tuple[Epoch | None, Disposition | None]]:
        module = self.results.child("participantFlowModule")
        groups = self.arms.groups(module, "groups", "flow")
        units_analysed, keys = Leaves(), Keys()
        units_words = units_analysed.text(module, "typeUnitsAnalyzed")
        for period in module.children("periods"):
            leaves, epoch = Leaves(), None
            title = leaves.text(period, "title")
            if title is not None:
                epoch = keys.make(title)
                yield Epoch(key=epoch, label=title, evidence=leaves.evidence), None
            for name, numbers in (("milestones", "achievements"), ("dropWithdraws", "reasons")):
                for milestone in period.children(name):
                    about = Leaves(*leaves.places)
                    label = needed(about, milestone, "type", "a milestone")
                    comment = about.text(milestone, "comment")
                    for each in milestone.children(numbers):
                        cell = Leaves(*about.places)
                        group = self.arms.group(groups, each, cell, "flow")
                        count = cell.count(each, "numSubjects")
                        units = cell.count(each, "numUnits")
                        if units is not None:
                            cell.at(*units_analysed.places)
                        remarks = remarks_of(comment, cell.text(each, "comment"), *cell.words)
                        dropped = name == "dropWithdraws"
                        yield (
                            None,
                            Disposition(
                                arm=group.arm,
                                epoch=epoch,
                                milestone=Milestone.NOT_COMPLETED
                                if dropped
                                else codes.MILESTONES.get(label, Milestone.OTHER),
                                label="NOT COMPLETED" if dropped else label,
                                reason=label if dropped else None,
                                count=count,
                                units=units,
                                units_analysed=units_words if units is not None else None,
                                absence=Absence.NOT_REPORTED if count is None else None,
                                remarks=remarks,
                                evidence=cell.evidence,
                            ),
                        )

    def event_groups(self) -> dict[str, Group]:
        return self.arms.groups(self.results.child("adverseEventsModule"), "eventGroups", "events")

    def deaths(self, groups: dict[str, Group]) -> Iterator[Disposition]:
        for each in self.results.child("adverseEventsModule").children("eventGroups"):
            leaves = Leaves()
            count, at_risk = leaves.count(each, "deathsNumAffected"), leaves.count(each, "deathsNumAtRisk")
            if not leaves.places:
                continue
            group = groups[each.fields["id"]]
            leaves.at(group.place)
            yield Disposition(
                arm=group.arm,
                milestone=Milestone.DIED,
                label="All-Cause Mortality",
                count=count,
                denominator=at_risk,
                denominator_kind=DenominatorKind.AT_RISK if at_risk is not None else None,
                absence=Absence.NOT_REPORTED if count is None else None,
                remarks=tuple(leaves.words),
                evidence=leaves.evidence,
            )

    def baselines(self) -> Iterator[Baseline]:
        module = self.results.child("baselineCharacteristicsModule")
        groups = self.arms.groups(module, "groups", "baseline")
        overall = denominators_of(module)
        for measure in module.children("measures"):
            cells = Measure(self.arms, measure, groups, overall | denominators_of(measure), "baseline")
            yield from cells.baselines(module)

    def estimates(self, known: Known) -> Iterator[Estimate]:
        module = self.results.child("outcomeMeasuresModule")
        for index, measure in enumerate(module.children("outcomeMeasures")):
            leaves = Leaves()
            label = needed(leaves, measure, "title", "an outcome measure")
            role = leaves.member(measure, "type", codes.REPORTED)
            time_frame, description = leaves.text(measure, "timeFrame"), leaves.text(measure, "description")
            place = known.pop((role, label, time_frame), None) if role else None
            if place is None:
                key = self.outcome_keys.make(label)
                outcome = Outcome(
                    key=key,
                    label=label,
                    description=description,
                    planned=False,
                    role=role,
                    time_frame=time_frame,
                    evidence=leaves.evidence,
                )
                self.outcomes.append(outcome)
            else:
                planned = self.outcomes[place]
                key = planned.key
                self.outcomes[place] = Outcome(
                    key=key,
                    label=label,
                    description=description or planned.description,
                    planned=True,
                    role=role,
                    time_frame=time_frame,
                    evidence=planned.evidence + leaves.evidence,
                )
            where = f"outcome {index + 1}"
            groups = self.arms.groups(measure, "groups", where)
            cells = Measure(self.arms, measure, groups, denominators_of(measure), where)
            yield from cells.estimates(key)
            yield from cells.analyses(key)

    def safety(self) -> SafetyReporting | None:
        module, leaves = self.results.child("adverseEventsModule"), Leaves()
        time_frame, description = leaves.text(module, "timeFrame"), leaves.text(module, "description")
        comment = leaves.text(module, "allCauseMortalityComment")
        taken = Leaves()
        threshold = taken.number(module, "frequencyThreshold")
        if threshold is not None and 0 <= threshold <= 100:
            leaves.at(*taken.places)
        else:
            threshold = None
        if not leaves.places:
            return None
        return SafetyReporting(
            time_frame=time_frame,
            frequency_threshold=threshold,
            description=description,
            mortality_comment=comment,
            evidence=leaves.evidence,
        )

    def adverse_events(self, groups: dict[str, Group]) -> Iterator[AdverseEventResult]:
        module = self.results.child("adverseEventsModule")
        for each in module.children("eventGroups"):
            group = groups[each.fields["id"]]
            for name, serious, term in (
                ("serious", True, "Serious Adverse Events"),
                ("other", False, "Other (Not Including Serious) Adverse Events"),
            ):
                cell = Leaves()
                affected, at_risk = cell.count(each, f"{name}NumAffected"), cell.count(each, f"{name}NumAtRisk")
                if cell.places:
                    cell.at(group.place)
                    yield self._events(cell, group, affected, at_risk, None, term=term, serious=serious, any_event=True)
        for name, serious in (("seriousEvents", True), ("otherEvents", False)):
            for event in module.children(name):
                about = Leaves()
                term = needed(about, event, "term", "an adverse event")
                organ_system, vocabulary = about.text(event, "organSystem"), about.text(event, "sourceVocabulary")
                ascertainment = about.member(event, "assessmentType", codes.ASCERTAINMENTS)
                notes = about.text(event, "notes")
                for each in event.children("stats"):
                    cell = Leaves(*about.places)
                    group = self.arms.group(groups, each, cell, "events")
                    affected, at_risk = cell.count(each, "numAffected"), cell.count(each, "numAtRisk")
                    events = cell.count(each, "numEvents")
                    yield self._events(
                        cell,
                        group,
                        affected,
                        at_risk,
                        events,
                        term=term,
                        serious=serious,
                        organ_system=organ_system,
                        vocabulary=vocabulary,
                        ascertainment=ascertainment,
                        notes=notes,
                    )

    @staticmethod
    def _events(
        cell: Leaves,
        group: Group,
        affected: int | None,
        at_risk: int | None,
        events: int | None,
        notes: str | None = None,
        **about: Any,
    ) -> AdverseEventResult:
        return AdverseEventResult(
            arm=group.arm,
            affected=affected,
            at_risk=at_risk,
            denominator_kind=DenominatorKind.AT_RISK if at_risk is not None else None,
            events=events,
            absence=Absence.NOT_REPORTED if affected is None and events is None else None,
            remarks=remarks_of(notes, *cell.words),
            evidence=cell.evidence,
            **about,
        )
