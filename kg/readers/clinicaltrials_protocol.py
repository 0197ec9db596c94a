"""The plan in a record of ClinicalTrials.gov: what is registered before there are results."""

import re
from collections import Counter
from collections.abc import Iterator

from picograph.kg.readers import clinicaltrials_codes as codes
from picograph.kg.readers.clinicaltrials_groups import Arms, Keys, needed
from picograph.kg.readers.json_record import JsonObject, Leaves, MisfitError
from picograph.kg.report import IndexedAs, MeshHeading, RelatedReport, Report, SecondaryIdentifier
from picograph.kg.source import Place
from picograph.kg.study import (
    Arm,
    Condition,
    EligibilityCriterion,
    Intervention,
    Outcome,
    OutcomeRole,
    Population,
    StudyDesign,
)

Known = dict[tuple[OutcomeRole, str, str | None], int]  # role, name, time frame -> place in the list of outcomes


class Protocol:
    """Reads the plan of one study."""

    def __init__(self, root: JsonObject) -> None:
        self.protocol, self.derived = root.child("protocolSection"), root.child("derivedSection")
        self.results = root.child("resultsSection")
        self.arms = Arms()
        self.outcomes: list[Outcome] = []
        self.outcome_keys = Keys()

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
        limitations = leaves.text(self.results.child("moreInfoModule").child("limitationsAndCaveats"), "description")
        return Report(
            registry_id=nct,
            title=official or brief,
            brief_title=brief,
            acronym=acronym,
            published=published,
            updated=updated,
            headings=tuple(self.headings()),
            related=tuple(self.references()),
            limitations=limitations,
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
                told = [leaves.text(notice, "pmid") for notice in each.children("retractions")]
                notices = ", ".join(f"PMID {number}" if number else "no PMID" for number in told)
                note = f"retracted: {notices}" if told else None
                yield RelatedReport(
                    relation=relation, citation=citation, pmid=pmid, note=note, evidence=leaves.evidence
                )

    def design(self) -> StudyDesign | None:
        module, leaves = self.protocol.child("designModule"), Leaves()
        info = module.child("designInfo")
        masking = info.child("maskingInfo")
        study_type = leaves.member(module, "studyType", codes.STUDY_TYPES)
        listed = module.texts("phases")
        phase = codes.PHASES.get(tuple(words for words, _ in listed))
        if phase:
            leaves.at(*(place for _, place in listed))
        status = self.protocol.child("statusModule")
        dates = {
            name: (self._date(leaves, status.child(f"{module_name}DateStruct")), f"{module_name}DateStruct")
            for name, module_name in (
                ("started", "start"), ("primary_completion", "primaryCompletion"), ("completed", "completion"),
            )
        }  # fmt: skip
        kinds = {name: leaves.text(status.child(struct), "type") for name, (date, struct) in dates.items() if date}
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
            sampling=leaves.text(self.protocol.child("eligibilityModule"), "samplingMethod"),
            model_description=leaves.text(info, "interventionModelDescription"),
            masking_description=leaves.text(masking, "maskingDescription"),
            status=leaves.text(status, "overallStatus"),
            why_stopped=leaves.text(status, "whyStopped"),
            started=dates["started"][0],
            started_kind=kinds.get("started"),
            primary_completion=dates["primary_completion"][0],
            primary_completion_kind=kinds.get("primary_completion"),
            completed=dates["completed"][0],
            completed_kind=kinds.get("completed"),
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
        flow = self.results.child("participantFlowModule")
        recruitment = leaves.text(flow, "recruitmentDetails")
        pre_assignment = leaves.text(flow, "preAssignmentDetails")
        criteria = tuple(self.criteria(module))
        if not leaves.places:  # it is known by its conditions and criteria alone
            leaves.at(*(place for part in (*conditions, *criteria) for place in part.evidence))
        population = Population(
            enrolled=enrolled,
            enrolment=kind,
            description=description,
            eligibility_text=text,
            recruitment=recruitment,
            pre_assignment=pre_assignment,
            conditions=conditions,
            eligibility=criteria,
            evidence=leaves.evidence,
        )
        return population if leaves.places else None

    @staticmethod
    def criteria(module: JsonObject) -> Iterator[EligibilityCriterion]:
        for name, words in (
            ("sex", "sex"),
            ("minimumAge", "minimum age"),
            ("maximumAge", "maximum age"),
            ("genderDescription", "gender"),
        ):
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
        keys = Keys()
        named: dict[str, list[str]] = {}  # "Drug: Placebo", as arms name it -> keys
        given: dict[str, dict[str, Place]] = {}  # label of an arm -> keys of what it gets, and where that stands
        for each in module.children("interventions"):
            leaves = Leaves()
            label = needed(leaves, each, "name", "an intervention")
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
            label = needed(leaves, each, "label", "an arm")
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
            key = self.arms.keys.make(label)
            if labels[label] == 1:
                self.arms.planned[label] = key
            self.arms.arms.append(
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

    def plan(self) -> Known:
        """Read the planned outcomes: where each one is in the list, by role, name and time frame."""
        module = self.protocol.child("outcomesModule")
        known: Known = {}
        for name, role in codes.PLANNED:
            for each in module.children(name):
                leaves = Leaves()
                label = needed(leaves, each, "measure", "an outcome")
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
