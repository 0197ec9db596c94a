"""ClinicalTrials.gov: one study of its API, version 2 (JSON), protocol and results.

A record is a study object. Its source is known by the checksum of `json_record`, and every fact has a pointer to each
field that it was read from. What the record does not state stays absent.

- **Numbers** are taken from their text as printed: "1,234" is 1234, "0" is zero, "<0.001" is a p value with its sign.
  "NA", "-" and the like are no number: the result says *not reported*, and its remarks have the record's comment. A
  text that is neither stays in the remarks in its own words.
- **Groups of results** are the plan's arm whose label is exactly their title. Any other group is an arm of its own with
  ``planned`` false, and two groups are one only if title and description are the same in every letter. The registry's
  own "Total" is no arm: its results are those of the whole study.
- **Contrasts.** An analysis of two groups does not say which is set against which. Where its comment consists of both
  titles with *vs.* between them, that does; else the groups are in ``compared``.
- **Units** are UCUM where the words are a unit that is known, else the words in braces; the words are kept.
- **A per cent of participants** is a proportion unless the outcome's words are about survival or another time to an
  event: such a number is never made a count of participants.
- **Totals** of serious and other events are results with ``any_event``; deaths from any cause are in the flow.
- **Index terms** are those that the registry finds by computer: they are MeSH headings of the report that say what they
  were found for, and never concepts of a condition or an intervention.
"""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO, NamedTuple

from picograph.kg.readers import clinicaltrials_codes as codes
from picograph.kg.readers import json_record
from picograph.kg.readers.json_record import JsonObject, Leaves, MisfitError
from picograph.kg.results import (
    Absence,
    AdverseEventResult,
    Baseline,
    DenominatorKind,
    Dispersion,
    DispersionKind,
    Disposition,
    Estimate,
    Interval,
    Milestone,
    PValue,
    Quantity,
    Statistic,
)
from picograph.kg.source import Method, Place, Record, Source
from picograph.kg.study import (
    Arm,
    Condition,
    EligibilityCriterion,
    Epoch,
    IndexedAs,
    Intervention,
    MeshHeading,
    Outcome,
    OutcomeRole,
    Population,
    RelatedReport,
    Report,
    SafetyReporting,
    SecondaryIdentifier,
    Study,
    StudyDesign,
)
from picograph.ontology.errors import InputError

READER = "clinicaltrials 1"


class _Keys:
    """Gives every part its own short name."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def make(self, words: str) -> str:
        slug = key = codes.slug(words)
        number = 1
        while key in self.used:
            key = f"{slug}-{(number := number + 1)}"
        self.used.add(key)
        return key


class _Group(NamedTuple):
    """A group of results: its arm, None for the registry's own total; its title, and where that stands."""

    arm: str | None
    title: str
    place: Place


class _Counted(NamedTuple):
    """How many were analysed in a group, and where that stands."""

    number: int
    place: Place


Denominators = dict[str, dict[str, _Counted]]  # units -> group -> how many


class _Reader:
    """Reads one study."""

    def __init__(self, fields: dict[str, Any]) -> None:
        root = JsonObject(fields)
        self.protocol, self.derived = root.child("protocolSection"), root.child("derivedSection")
        self.results = root.child("resultsSection")
        self.arms: list[Arm] = []
        self.arm_keys = _Keys()
        self.planned: dict[str, str] = {}  # label -> key of the one arm of the plan that has it
        self.made: dict[tuple[str, str], str] = {}  # title, description -> key of an arm of results
        self.outcomes: list[Outcome] = []
        self.outcome_keys = _Keys()

    # Protocol ------------------------------------------------------------------------------------------------------

    def nct(self) -> tuple[str, Place]:
        leaves = Leaves()
        module = self.protocol.child("identificationModule")
        nct = leaves.text(module, "nctId")
        if nct is None or not codes.NCT.fullmatch(nct):
            what = "the record has no nctId" if nct is None else f"nctId is {nct[:40]!r}, not NCT and eight digits"
            raise MisfitError(f"{module.path}/nctId", what, "give a study as the API of ClinicalTrials.gov has it")
        return nct, leaves.places[0]

    def identifiers(self) -> tuple[tuple[str, ...], tuple[SecondaryIdentifier, ...]]:
        """Give the numbers of other registries, and all further numbers as what they are."""
        module = self.protocol.child("identificationModule")
        registered: list[str] = []
        found: list[SecondaryIdentifier] = []
        leaves = Leaves()
        own = module.child("orgStudyIdInfo")
        if label := leaves.text(own, "id"):
            kind, authority = leaves.text(own, "type"), leaves.text(module.child("organization"), "fullName")
            found.append(SecondaryIdentifier(label=label, kind=kind, authority=authority, evidence=leaves.evidence))
        for each in module.children("secondaryIdInfos"):
            leaves = Leaves()
            if label := leaves.text(each, "id"):
                kind, authority = leaves.text(each, "type"), leaves.text(each, "domain")
                found.append(SecondaryIdentifier(label=label, kind=kind, authority=authority, evidence=leaves.evidence))
                if kind in codes.REGISTRIES:
                    registered.append(label)
        for alias, place in module.texts("nctIdAliases"):
            found.append(SecondaryIdentifier(label=alias, kind="nctIdAliases", evidence=(place,)))
            registered.append(alias)
        return tuple(dict.fromkeys(registered)), tuple(found)

    def report(self, nct: str, place: Place) -> Report:
        module, status = self.protocol.child("identificationModule"), self.protocol.child("statusModule")
        leaves = Leaves(place)
        official, brief = leaves.text(module, "officialTitle"), leaves.text(module, "briefTitle")
        acronym = leaves.text(module, "acronym")
        published = self._date(leaves, status.child("studyFirstPostDateStruct"))
        updated = self._date(leaves, status.child("lastUpdatePostDateStruct"))
        return Report(
            registry_id=nct,
            title=official or brief,
            brief_title=brief,
            acronym=acronym,
            published=published,
            updated=updated,
            headings=tuple(self.headings()),
            related=tuple(self.references()),
            evidence=leaves.evidence,
        )

    @staticmethod
    def _date(leaves: Leaves, of: JsonObject) -> str | None:
        taken = Leaves()
        date = taken.text(of, "date")
        if date is None or not codes.DATE.fullmatch(date):
            return None
        leaves.at(*taken.places)
        return date

    def headings(self) -> Iterator[MeshHeading]:
        for module, indexes in (
            ("conditionBrowseModule", IndexedAs.CONDITION),
            ("interventionBrowseModule", IndexedAs.INTERVENTION),
        ):
            for each in self.derived.child(module).children("meshes"):
                leaves = Leaves()
                term, number = leaves.text(each, "term"), leaves.text(each, "id")
                if term is None:
                    continue
                concept = codes.mesh(number)
                yield MeshHeading(
                    descriptor=term,
                    descriptor_concept=concept if concept and concept.startswith("mesh:D") else None,
                    heading=concept,
                    indexes=indexes,
                    evidence=leaves.evidence,
                )

    def references(self) -> Iterator[RelatedReport]:
        for each in self.protocol.child("referencesModule").children("references"):
            leaves = Leaves()
            pmid, citation = leaves.text(each, "pmid"), leaves.text(each, "citation")
            if pmid is not None and not re.fullmatch(r"[1-9][0-9]*", pmid):
                pmid = None
            if pmid or citation:
                relation = leaves.text(each, "type") or "reference"
                yield RelatedReport(relation=relation, citation=citation, pmid=pmid, evidence=leaves.evidence)

    def design(self) -> StudyDesign | None:
        module, leaves = self.protocol.child("designModule"), Leaves()
        info = module.child("designInfo")
        masking = info.child("maskingInfo")
        study_type = leaves.member(module, "studyType", codes.STUDY_TYPES)
        listed = module.texts("phases")
        phase = codes.PHASES.get(tuple(words for words, _ in listed))
        if phase:
            leaves.at(*(place for _, place in listed))
        design = StudyDesign(
            study_type=study_type,
            phase=phase,
            allocation=leaves.member(info, "allocation", codes.ALLOCATIONS),
            model=leaves.member(info, "interventionModel", codes.MODELS),
            masking=leaves.member(masking, "masking", codes.MASKINGS),
            masked=leaves.texts(masking, "whoMasked"),
            purpose=leaves.text(info, "primaryPurpose"),
            observational_model=leaves.text(info, "observationalModel"),
            time_perspective=leaves.text(info, "timePerspective"),
            evidence=leaves.evidence,
        )
        return design if leaves.places else None

    def population(self) -> Population | None:
        leaves, module = Leaves(), self.protocol.child("eligibilityModule")
        enrolment = self.protocol.child("designModule").child("enrollmentInfo")
        enrolled = leaves.count(enrolment, "count")
        kind = leaves.member(enrolment, "type", codes.ENROLMENTS) if enrolled is not None else None
        conditions = tuple(
            Condition(label=label, evidence=(place,))
            for label, place in self.protocol.child("conditionsModule").texts("conditions")
        )
        description, text = leaves.text(module, "studyPopulation"), leaves.text(module, "eligibilityCriteria")
        criteria = tuple(self.criteria(module))
        if not leaves.places:  # it is known by its conditions and criteria alone
            leaves.at(*(place for part in (*conditions, *criteria) for place in part.evidence))
        population = Population(
            enrolled=enrolled,
            enrolment=kind,
            description=description,
            eligibility_text=text,
            conditions=conditions,
            eligibility=criteria,
            evidence=leaves.evidence,
        )
        return population if leaves.places else None

    @staticmethod
    def criteria(module: JsonObject) -> Iterator[EligibilityCriterion]:
        for name, words in (("sex", "sex"), ("minimumAge", "minimum age"), ("maximumAge", "maximum age")):
            leaves = Leaves()
            if value := leaves.text(module, name):
                label = f"{words}: {value.lower() if value.isupper() else value}"
                yield EligibilityCriterion(label=label, evidence=leaves.evidence)
        healthy = module.fields.get("healthyVolunteers")
        if healthy is not None:
            if not isinstance(healthy, bool):
                raise module.misfit("healthyVolunteers", healthy, "true or false")
            label = f"healthy volunteers: {'yes' if healthy else 'no'}"
            yield EligibilityCriterion(label=label, evidence=(Place(f"{module.path}/healthyVolunteers"),))

    def interventions(self) -> Iterator[Intervention]:
        """Read the interventions, and the plan's arms, which they and the arms themselves name each other."""
        module = self.protocol.child("armsInterventionsModule")
        keys = _Keys()
        named: dict[str, list[str]] = {}  # "Drug: Placebo", as arms name it -> keys
        given: dict[str, dict[str, Place]] = {}  # label of an arm -> keys of what it gets, and where that stands
        for each in module.children("interventions"):
            leaves = Leaves()
            label = self._needed(leaves, each, "name", "an intervention")
            kind = leaves.member(each, "type", codes.KINDS)
            key = keys.make(label)
            name = f"{str(each.fields.get('type') or '').replace('_', ' ').title()}: {label}"
            named.setdefault(name, []).append(key)
            for arm, place in each.texts("armGroupLabels"):
                given.setdefault(arm, {}).setdefault(key, place)
            yield Intervention(
                key=key,
                label=label,
                other_names=leaves.texts(each, "otherNames"),
                description=leaves.text(each, "description"),
                kind=kind,
                evidence=leaves.evidence,
            )
        groups = module.children("armGroups")
        labels = Counter(each.fields.get("label") for each in groups if isinstance(each.fields.get("label"), str))
        for each in groups:
            leaves = Leaves()
            label = self._needed(leaves, each, "label", "an arm")
            gets: dict[str, Place] = {}
            for name, place in each.texts("interventionNames"):
                found = named.get(name, [])
                if len(found) == 1:
                    gets[found[0]] = place
                elif not found:  # named here alone
                    key = keys.make(name)
                    named[name] = [key]
                    gets[key] = place
                    yield Intervention(key=key, label=name, evidence=(place,))
            if labels[label] == 1:
                gets = given.get(label, {}) | gets
            role, description = leaves.member(each, "type", codes.ROLES), leaves.text(each, "description")
            leaves.at(*gets.values())
            key = self.arm_keys.make(label)
            if labels[label] == 1:
                self.planned[label] = key
            self.arms.append(
                Arm(
                    key=key,
                    label=label,
                    description=description,
                    planned=True,
                    role=role,
                    interventions=tuple(gets),
                    evidence=leaves.evidence,
                )
            )

    @staticmethod
    def _needed(leaves: Leaves, of: JsonObject, name: str, what: str) -> str:
        """Take the name of something that has facts.

        :raises MisfitError: if it has none
        """
        words = leaves.text(of, name)
        if words is None:
            raise MisfitError(of.path, f"{what} has no {name}", json_record.DAMAGED)
        return words

    def plan(self) -> dict[tuple[OutcomeRole, str, str | None], int]:
        """Read the planned outcomes: where each one is in the list, by role, name and time frame."""
        module = self.protocol.child("outcomesModule")
        known: dict[tuple[OutcomeRole, str, str | None], int] = {}
        for name, role in codes.PLANNED:
            for each in module.children(name):
                leaves = Leaves()
                label = self._needed(leaves, each, "measure", "an outcome")
                time_frame = leaves.text(each, "timeFrame")
                description = leaves.text(each, "description")
                known.setdefault((role, label, time_frame), len(self.outcomes))
                self.outcomes.append(
                    Outcome(
                        key=self.outcome_keys.make(label),
                        label=label,
                        description=description,
                        planned=True,
                        role=role,
                        time_frame=time_frame,
                        evidence=leaves.evidence,
                    )
                )
        return known

    # Groups, denominators and numbers of results -------------------------------------------------------------------

    def groups(self, of: JsonObject, name: str, where: str) -> dict[str, _Group]:
        """Read the groups of a module or an outcome: by their identifier, the arm that each one is."""
        found = {}
        for each in of.children(name):
            number = Leaves().text(each, "id")
            if number is None:
                raise MisfitError(each.path, "a group has no id", json_record.DAMAGED)
            leaves = Leaves()
            title = leaves.text(each, "title")
            if title is None:
                title = number
                leaves.text(each, "id")
            place = leaves.places[0]
            description = leaves.text(each, "description")
            arm = self._arm_of(title, description or "", f"{where} {number}", leaves, description)
            found[number] = _Group(arm, title, place)
        return found

    def _arm_of(self, title: str, known_by: str, where: str, leaves: Leaves, description: str | None) -> str | None:
        if (title, description) == codes.TOTAL:
            return None
        if (key := self.planned.get(title) or self.made.get((title, known_by))) is not None:
            return key
        taken = codes.slug(title) in self.arm_keys.used
        key = self.made[title, known_by] = self.arm_keys.make(f"{title} {where}" if taken else title)
        self.arms.append(Arm(key=key, label=title, description=description, planned=False, evidence=leaves.evidence))
        return key

    def group(self, groups: dict[str, _Group], of: JsonObject, leaves: Leaves, where: str) -> _Group:
        """Give the group that a number belongs to.

        :raises MisfitError: if it names none
        """
        taken = Leaves()
        number = taken.text(of, "groupId")
        if number is None:
            raise MisfitError(of.path, "a result has no groupId", json_record.DAMAGED)
        found = self.listed(groups, number, taken.places[0], where)
        leaves.at(found.place)
        return found

    def listed(self, groups: dict[str, _Group], number: str, place: Place, where: str) -> _Group:
        """Give a group by its identifier; one that is listed nowhere is known by the identifier alone."""
        if number not in groups:
            arm = self._arm_of(number, f"{where} {number}", where, Leaves(place), None)
            groups[number] = _Group(arm, number, place)
        return groups[number]

    @staticmethod
    def denominators(of: JsonObject) -> Denominators:
        found: Denominators = {}
        for each in of.children("denoms"):
            units = Leaves().text(each, "units") or "Participants"
            for count in each.children("counts"):
                leaves = Leaves()
                group, number = Leaves().text(count, "groupId"), leaves.count(count, "value")
                if group is not None and number is not None:
                    found.setdefault(units, {})[group] = _Counted(number, leaves.places[0])
        return found

    # Results -------------------------------------------------------------------------------------------------------

    def flow(self) -> Iterator[tuple[Epoch | None, Disposition | None]]:
        module = self.results.child("participantFlowModule")
        groups = self.groups(module, "groups", "flow")
        units_analysed, keys = Leaves(), _Keys()
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
                    label = self._needed(about, milestone, "type", "a milestone")
                    comment = about.text(milestone, "comment")
                    for each in milestone.children(numbers):
                        cell = Leaves(*about.places)
                        group = self.group(groups, each, cell, "flow")
                        count = cell.count(each, "numSubjects")
                        units = cell.count(each, "numUnits")
                        if units is not None:
                            cell.at(*units_analysed.places)
                        remarks = _remarks(comment, cell.text(each, "comment"), *cell.words)
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

    def deaths(self, groups: dict[str, _Group]) -> Iterator[Disposition]:
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
        groups = self.groups(module, "groups", "baseline")
        overall = self.denominators(module)
        for measure in module.children("measures"):
            cells = _Measure(self, measure, groups, overall | self.denominators(measure), "baseline")
            yield from cells.baselines()

    def estimates(self, known: dict[tuple[OutcomeRole, str, str | None], int]) -> Iterator[Estimate]:
        module = self.results.child("outcomeMeasuresModule")
        for index, measure in enumerate(module.children("outcomeMeasures")):
            leaves = Leaves()
            label = self._needed(leaves, measure, "title", "an outcome measure")
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
            groups = self.groups(measure, "groups", where)
            cells = _Measure(self, measure, groups, self.denominators(measure), where)
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

    def adverse_events(self, groups: dict[str, _Group]) -> Iterator[AdverseEventResult]:
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
                term = self._needed(about, event, "term", "an adverse event")
                organ_system, vocabulary = about.text(event, "organSystem"), about.text(event, "sourceVocabulary")
                ascertainment = about.member(event, "assessmentType", codes.ASCERTAINMENTS)
                notes = about.text(event, "notes")
                for each in event.children("stats"):
                    cell = Leaves(*about.places)
                    group = self.group(groups, each, cell, "events")
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
        group: _Group,
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
            remarks=_remarks(notes, *cell.words),
            evidence=cell.evidence,
            **about,
        )

    # The study -----------------------------------------------------------------------------------------------------

    def study(self, source: Source) -> Study:
        nct, place = self.nct()
        identifiers, secondary = self.identifiers()
        interventions = tuple(self.interventions())
        known = self.plan()
        flow = list(self.flow())
        baselines = tuple(self.baselines())
        estimates = tuple(self.estimates(known))
        groups = self.groups(self.results.child("adverseEventsModule"), "eventGroups", "events")
        dispositions = [disposition for _, disposition in flow if disposition is not None]
        return Study(
            key=nct,
            record=Record(document=nct, source=source, method=Method.REGISTRY, reader=READER),
            identifiers=identifiers,
            secondary_identifiers=secondary,
            report=self.report(nct, place),
            design=self.design(),
            population=self.population(),
            interventions=interventions,
            epochs=tuple(epoch for epoch, _ in flow if epoch is not None),
            baselines=baselines,
            dispositions=(*dispositions, *self.deaths(groups)),
            estimates=estimates,
            safety_reporting=self.safety(),
            adverse_events=tuple(self.adverse_events(groups)),
            outcomes=tuple(self.outcomes),
            arms=tuple(self.arms),  # last: results add theirs
        )


def _remarks(*words: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in words if each))


class _Measure:
    """A baseline or outcome measure: its numbers by class, category and group."""

    def __init__(
        self, reader: _Reader, measure: JsonObject, groups: dict[str, _Group], overall: Denominators, where: str
    ) -> None:
        self.reader, self.measure, self.groups, self.overall, self.where = reader, measure, groups, overall, where
        about = Leaves()
        self.param = about.text(measure, "paramType")
        self.unit_words = about.text(measure, "unitOfMeasure")
        self.about = about
        spread = Leaves()
        self.dispersion = spread.text(measure, "dispersionType")
        self.spread = spread
        units = Leaves()
        self.selected = units.text(measure, "denomUnitsSelected") or units.text(measure, "typeUnitsAnalyzed")
        self.selected_places = units.places
        self.unit = codes.unit(self.unit_words)
        self.folded = codes.fold(self.param)

    def cells(self) -> Iterator[tuple[JsonObject, "_Cell"]]:
        for row in self.measure.children("classes"):
            titles = Leaves()
            component = titles.text(row, "title")
            denominators = self.overall | self.reader.denominators(row)
            for column in row.children("categories"):
                named = Leaves(*titles.places)
                category = named.text(column, "title")
                for each in column.children("measurements"):
                    yield each, _Cell(self, each, component, category, denominators, named)

    def level(self) -> tuple[bool, Decimal | None]:
        """Say whether the spread is an interval, and its level in per cent where it says one."""
        folded = codes.fold(self.dispersion)
        match = codes.CONFIDENCE.search(folded)
        if match is None:
            return "confidence" in folded or "credible" in folded, None
        if match["per_cent"]:
            return True, Decimal(match["per_cent"])
        digits = match["digits"]
        return True, Decimal(digits) if len(digits) == 2 else Decimal(digits) / 10

    def is_proportion(self) -> bool:
        """Tell a per cent of participants that were counted from any other per cent."""
        if self.folded != "number" or not self.unit_words:
            return False
        if not codes.OF_PARTICIPANTS.fullmatch(" ".join(self.unit_words.split())):
            return False
        told = (self.measure.fields.get(name) for name in ("title", "description", "unitOfMeasure"))
        return not any(isinstance(each, str) and codes.TIME_TO_EVENT.search(each) for each in told)

    def estimates(self, outcome: str) -> Iterator[Estimate]:
        proportion = self.is_proportion()
        analysis_set = Leaves()
        analysed = analysis_set.text(self.measure, "populationDescription")
        for _, cell in self.cells():
            statistic = codes.STATISTICS.get(self.folded, Statistic.OTHER)
            count = cell.counted()
            if proportion:
                statistic = Statistic.PROPORTION
            elif self.folded == "number" and self.unit == "{participants}":
                statistic = Statistic.COUNT
            value = cell.value if count is None else None
            number = value is not None or count is not None
            interval, dispersion = cell.interval(), cell.dispersion()
            cell.leaves.at(*analysis_set.places)
            words = self.param if statistic is Statistic.OTHER or self.folded not in codes.STATISTICS else None
            yield Estimate(
                outcome=outcome,
                statistic=statistic,
                statistic_words=words,
                arm=cell.group.arm,
                component=cell.component,
                category=cell.category,
                value=value,
                unit=self.unit if value is not None or interval else None,
                unit_words=self.unit_words,
                count=count,
                denominator=cell.denominator,
                denominator_kind=cell.denominator_kind(),
                units_analysed=cell.units_analysed,
                participants=cell.participants,
                dispersion=dispersion,
                interval=interval,
                analysis_set=analysed,
                absence=None if number or interval else cell.absence(),
                remarks=cell.remarks(),
                evidence=cell.leaves.evidence,
            )

    def baselines(self) -> Iterator[Baseline]:
        title = Leaves()
        variable = self.reader._needed(title, self.measure, "title", "a baseline measure")
        proportion = self.is_proportion() and self.unit == "%"
        for _, cell in self.cells():
            count, percent, quantity, statistic = cell.counted(), None, None, None
            interval, dispersion = None, None
            if count is None and proportion and cell.value is not None and 0 <= cell.value <= 100:
                percent = cell.value
                interval, dispersion = cell.interval(), cell.dispersion()
            elif count is None:
                quantity, statistic, dispersion, interval = cell.quantity()
            number = count is not None or percent is not None or quantity is not None or interval is not None
            component, level = cell.component, cell.category
            if level is None and (count is not None or percent is not None):
                component, level = None, component  # the registry has rows of one category without a title
            cell.leaves.at(*title.places)
            yield Baseline(
                arm=cell.group.arm,
                variable=variable,
                component=component,
                level=level,
                count=count,
                denominator=cell.denominator,
                denominator_kind=cell.denominator_kind(),
                units_analysed=cell.units_analysed,
                percent=percent,
                quantity=quantity,
                unit_words=self.unit_words,
                statistic=statistic,
                dispersion=dispersion,
                interval=interval,
                absence=None if number else cell.absence(),
                remarks=cell.remarks(),
                evidence=cell.leaves.evidence,
            )

    def analyses(self, outcome: str) -> Iterator[Estimate]:
        for each in self.measure.children("analyses"):
            leaves = Leaves()
            named: list[_Group] = []
            for number, place in each.texts("groupIds"):
                named.append(self.reader.listed(self.groups, number, place, self.where))
                leaves.at(named[-1].place)
            param = leaves.text(each, "paramType")
            statistic = codes.CONTRAST_STATISTICS.get(codes.fold(param), Statistic.OTHER)
            value, p = leaves.number(each, "paramValue"), self.p(leaves, each)
            interval, spread = self.analysis_interval(leaves, each), self.analysis_dispersion(leaves, each)
            method = leaves.text(each, "statisticalMethod")
            hypothesis = leaves.member(each, "nonInferiorityType", codes.HYPOTHESES)
            told = [
                leaves.text(each, name)
                for name in (
                    "groupDescription", "nonInferiorityComment", "statisticalComment", "pValueComment",
                    "estimateComment", "ciLowerLimitComment", "ciUpperLimitComment", "otherAnalysisDescription",
                )
            ]  # fmt: skip
            arm, comparator, compared = _direction(named, told)
            yield Estimate(
                outcome=outcome,
                statistic=statistic,
                statistic_words=param,
                arm=arm,
                comparator=comparator,
                compared=compared,
                value=value,
                dispersion=spread,
                interval=interval,
                p=p,
                method=method,
                hypothesis=hypothesis,
                absence=Absence.NOT_REPORTED if value is None and interval is None else None,
                remarks=_remarks(*told, *leaves.words),
                evidence=leaves.evidence,
            )

    @staticmethod
    def p(leaves: Leaves, analysis: JsonObject) -> PValue | None:
        value = analysis.fields.get("pValue")
        if value is not None and not isinstance(value, str):
            number = leaves.number(analysis, "pValue")
            return PValue(value=number) if number is not None and 0 <= number <= 1 else None
        words = leaves.text(analysis, "pValue")
        if words is None:
            return None
        match = codes.P_VALUE.fullmatch(words.strip())
        number = json_record.number(match["value"]) if match else None
        if match is None or number is None or not 0 <= number <= 1:
            leaves.words.append(f"p value: {words}")
            return None
        return PValue(value=number, sign=codes.SIGNS[match["sign"]])

    @staticmethod
    def analysis_interval(leaves: Leaves, analysis: JsonObject) -> Interval | None:
        low, high = leaves.number(analysis, "ciLowerLimit"), leaves.number(analysis, "ciUpperLimit")
        if low is None and high is None:
            return None
        level = leaves.number(analysis, "ciPctValue")
        sides = codes.SIDES.get(leaves.text(analysis, "ciNumSides") or "")
        if level is not None and not 0 < level < 100:
            leaves.words.append(f"confidence level: {level}")
            level = None
        return Interval(low=low, high=high, level=level, sides=sides)

    @staticmethod
    def analysis_dispersion(leaves: Leaves, analysis: JsonObject) -> Dispersion | None:
        value = leaves.number(analysis, "dispersionValue")
        if value is None:
            return None
        words = leaves.text(analysis, "dispersionType")
        if (kind := codes.DISPERSIONS.get(codes.fold(words))) is None:
            leaves.words.append(f"{words or 'dispersion'}: {value}")
            return None
        return Dispersion(kind=kind, value=value)


class _Cell:
    """One measurement: its group, its numbers, and how many were analysed."""

    def __init__(
        self,
        of: _Measure,
        each: JsonObject,
        component: str | None,
        category: str | None,
        denominators: Denominators,
        named: Leaves,
    ) -> None:
        self.of, self.component, self.category = of, component, category
        self.leaves = leaves = Leaves()
        self.value = leaves.number(each, "value")
        self.spread, self.low = leaves.number(each, "spread"), leaves.number(each, "lowerLimit")
        self.high = leaves.number(each, "upperLimit")
        self.comment = leaves.text(each, "comment")
        if not (self.spread is self.low is self.high is None):
            leaves.at(*of.spread.places)
        leaves.at(*named.places)
        self.group = of.reader.group(of.groups, each, leaves, of.where)
        leaves.at(*of.about.places)
        self._denominators(each.fields["groupId"], denominators)

    def _denominators(self, group: str, denominators: Denominators) -> None:
        participants = next((name for name in denominators if name.casefold() == "participants"), None)
        units = self.of.selected if self.of.selected in denominators else participants or next(iter(denominators), None)
        if self.of.folded == "count of participants" and participants:
            units = participants
        counted = denominators[units].get(group) if units is not None else None
        self.denominator = counted.number if counted else None
        self.units_analysed = units if counted and units != participants else None
        self.participants: int | None = None
        if counted:
            self.leaves.at(counted.place)
        if self.units_analysed is not None:
            self.leaves.at(*self.of.selected_places)
            if participants and (whole := denominators[participants].get(group)):
                self.participants = whole.number
                self.leaves.at(whole.place)

    def denominator_kind(self) -> DenominatorKind | None:
        """Say who is counted in the denominator, where it counts participants."""
        return DenominatorKind.ANALYSED if self.denominator is not None and not self.units_analysed else None

    def counted(self) -> int | None:
        """Give the value where it is a number of participants, or of the units that were analysed.

        The registry holds a *count of participants* to its denominator. A *number* in participants is often of
        others than were analysed: above its denominator it stays a value.
        """
        value = self.value
        if value is None or value < 0 or value != value.to_integral_value():
            return None
        if self.of.folded in ("count of participants", "count of units"):
            return int(value)
        if self.of.folded == "number" and self.of.unit == "{participants}":
            return int(value) if self.denominator is None or value <= self.denominator else None
        return None

    def interval(self) -> Interval | None:
        """Give the limits of a confidence interval."""
        is_interval, level = self.of.level()
        if not is_interval or (self.low is None and self.high is None):
            return None
        return Interval(low=self.low, high=self.high, level=level)

    def dispersion(self) -> Dispersion | None:
        """Give the spread, where it is one of the measures that are known; else its numbers stay in the remarks."""
        if self.of.level()[0] or (self.spread is self.low is self.high is None):
            return None
        if (kind := codes.DISPERSIONS.get(codes.fold(self.of.dispersion))) is None:
            numbers = " to ".join(str(each) for each in (self.spread, self.low, self.high) if each is not None)
            self.leaves.words.append(f"{self.of.dispersion or 'spread'}: {numbers}")
            return None
        return Dispersion(kind=kind, value=self.spread, low=self.low, high=self.high)

    def quantity(self) -> tuple[Quantity | None, Statistic | None, Dispersion | None, Interval | None]:
        """Give a quantity, and beside it what it has no field for."""
        kinds = DispersionKind
        spread, interval = self.dispersion(), self.interval()
        fields: dict[str, Any] = {}
        statistic = None
        if self.value is not None:
            name = {"mean": "mean", "median": "median"}.get(self.of.folded, "value")
            fields[name] = self.value
            if name == "value" and self.of.folded not in ("number", "count of participants", "count of units"):
                statistic = codes.STATISTICS.get(self.of.folded, Statistic.OTHER)
        if spread is not None:
            names = {kinds.RANGE: ("low", "high"), kinds.INTERQUARTILE_RANGE: ("quartile_low", "quartile_high")}
            if spread.kind is kinds.STANDARD_DEVIATION and spread.value is not None:
                fields["standard_deviation"], spread = spread.value, None
            elif spread.kind in names:
                limits = zip(names[spread.kind], (spread.low, spread.high), strict=True)
                fields |= {name: limit for name, limit in limits if limit is not None}
                spread = None
        return Quantity(unit=self.of.unit, **fields) if fields else None, statistic, spread, interval

    def absence(self) -> Absence:
        """Say why there is no number."""
        told = {words.strip().casefold() for words in self.leaves.words}
        return Absence.NOT_ASSESSED if told & {"not assessed", "not done", "not measured"} else Absence.NOT_REPORTED

    def remarks(self) -> tuple[str, ...]:
        """Give what the record adds in words."""
        return _remarks(self.comment, *self.leaves.words)


def _direction(named: list[_Group], told: list[str | None]) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Say which arm an analysis sets against which: arm, comparator; or the arms that it compares."""
    arms = tuple(dict.fromkeys(group.arm for group in named if group.arm is not None))
    if len(named) == len(arms) == 2:
        for first, second in (named, named[::-1]):
            stated = re.compile(rf"{re.escape(first.title)} (?:vs\.?|versus) {re.escape(second.title)}\.?")
            if any(words and stated.fullmatch(words.strip()) for words in told):
                return first.arm, second.arm, ()
    return (arms[0], None, ()) if len(arms) == 1 and len(named) == 1 else (None, None, arms)


def read(content: bytes, name: str) -> Study:
    """Read one study of ClinicalTrials.gov.

    :param name: what errors call it
    :raises InputError: if it is not one study, with the pointer to what does not fit

    >>> record = b'{"protocolSection": {"identificationModule": {"nctId": "NCT00000001", "briefTitle": "A trial"}}}'
    >>> study = read(record, "example.json")
    >>> study.key, study.report.title, study.design, study.report.evidence[0]
    ('NCT00000001', 'A trial', None, Place('/protocolSection/identificationModule/nctId'))
    """
    return written(content, name)[0]


def written(content: bytes, name: str) -> tuple[Study, str]:
    """Read one study, with its canonical text, in which its pointers are followed.

    :raises InputError: as `read` does
    """
    if content[:2] == b"PK":
        raise InputError(_MANY.format("a zip of records"), where=name, remedy=_PARTS)
    fields, source, text = json_record.parsed(content, name)
    if isinstance(fields.get("studies"), list):
        raise InputError(_MANY.format(f"a page of {len(fields['studies'])} studies"), where=name, remedy=_PARTS)
    if "protocolSection" not in fields:
        raise InputError(
            "this is JSON, but no study of ClinicalTrials.gov: it has no protocolSection",
            where=name,
            remedy="give a study as version 2 of the API has it, not the older version or a part of one",
        )
    try:
        return _Reader(fields).study(source), text
    except MisfitError as misfit:
        raise misfit.error(name) from None


_MANY = "this is {}, and one study is read at a time"
_PARTS = "take it apart with `records`, and read its parts"


def source_text_of(content: bytes, name: str) -> str:
    """Give the canonical text of a record: what its checksum counts, and what its pointers are followed in.

    >>> source_text_of(b'{"protocolSection": {}, "hasResults": false}', "example")
    '{"hasResults":false,"protocolSection":{}}'
    """
    return json_record.canonical_text(json_record.parse(content, name)[0])


def sniff(head: bytes) -> bool:
    """Say whether a file begins like a study of ClinicalTrials.gov, or many: a page, a list, JSON lines, a zip.

    >>> sniff(b'{"protocolSection": {'), sniff(b'{"studies": [{"protocolSection": {'), sniff(b'{"title": "x"}')
    (True, True, False)
    """
    if head.startswith(b"PK\x03\x04"):
        return re.match(rb".{26}(..)(..)[^\0]{0,200}?\.jsonl?", head, re.DOTALL) is not None  # its first file
    start = head[:100].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return start in (b"{", b"[") and re.search(rb'"(?:protocol|results|derived)Section"\s*:\s*\{', head) is not None


def records(stream: BinaryIO, name: str) -> Iterator[tuple[str, bytes | InputError]]:
    """Take a file apart: one study, a page or list of them, JSON lines, or a zip of such files.

    One record is held at a time. A damaged one is given as an error, those beside it as they are.

    >>> import io
    >>> lines = io.BytesIO(b'{"protocolSection": {}}\\n{"protocolSection": {"a": 1}}\\n')
    >>> [(name, len(record)) for name, record in records(lines, "my.jsonl")]
    [('my.jsonl, record 1', 23), ('my.jsonl, record 2', 29)]
    """
    return json_record.split(stream, name, begins=b'{"protocolSection"', page=b"studies")


def read_all(stream: BinaryIO, name: str) -> Iterator[tuple[str, Study | InputError]]:
    """Read every study of a file, in whatever form it holds them; a bad one is given as its error."""
    for each, record in records(stream, name):
        try:
            yield each, record if isinstance(record, InputError) else read(record, each)
        except InputError as error:
            yield each, error
