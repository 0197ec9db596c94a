"""What a registry record does not state stays absent; zero, not reported and not assessed are kept apart."""

from decimal import Decimal
from typing import Any

import pytest

from picograph.kg import model
from picograph.kg.readers.clinicaltrials import read
from picograph.kg.report import RelatedReport, Report, SecondaryIdentifier
from picograph.kg.results import Absence
from picograph.kg.source import Method, Place, Record
from picograph.kg.study import Allocation, EnrolmentKind, InterventionModel, Masking, Phase, Role, Study, StudyType
from picograph.tests.registry_records import ID, content, needs_files, one, outcome, study


@needs_files
def test_a_record_cut_down_gives_what_it_has_and_nothing_else() -> None:
    made = read(content("NCT00465816"), "cut.json")
    references = "/protocolSection/referencesModule/references"
    assert made == Study(
        key="NCT00465816",
        record=Record(
            document="NCT00465816", source=made.record.source, method=Method.REGISTRY, reader="clinicaltrials 2"
        ),
        secondary_identifiers=(
            SecondaryIdentifier(
                label="109063",
                authority="GlaxoSmithKline",
                evidence=(Place(f"{ID}/orgStudyIdInfo/id"), Place(f"{ID}/organization/fullName")),
            ),
        ),
        report=Report(
            registry_id="NCT00465816",
            title="Non-inferiority of GSK Biologicals...",
            brief_title="Primary Study to Demonstrate...",
            related=(
                RelatedReport(
                    relation="BACKGROUND",
                    pmid="22107850",
                    citation="Ostergaard L, Silfverdal SA...",
                    evidence=tuple(Place(f"{references}/0/{name}") for name in ("pmid", "citation", "type")),
                ),
                RelatedReport(
                    relation="BACKGROUND",
                    citation="Ostergaard L et al...",
                    evidence=tuple(Place(f"{references}/1/{name}") for name in ("citation", "type")),
                ),
            ),
            evidence=tuple(Place(f"{ID}/{name}") for name in ("nctId", "officialTitle", "briefTitle")),
        ),
    )


def test_the_least_record_is_a_study_with_a_number() -> None:
    made = read(b'{"protocolSection":{"identificationModule":{"nctId":"NCT00000001"}}}', "least.json")
    assert (made.key, made.report.title, made.design, made.population, made.arms) == (
        "NCT00000001",
        None,
        None,
        None,
        (),
    )
    assert list(model.parts_of(made)) == [Report(registry_id="NCT00000001", evidence=(Place(f"{ID}/nctId"),))]


@needs_files
def test_the_plan_of_a_real_record() -> None:
    made = read(content("NCT00763412"), "x")
    assert made.design is not None
    assert (made.design.study_type, made.design.phase) == (StudyType.INTERVENTIONAL, Phase.NOT_APPLICABLE)
    assert (made.design.allocation, made.design.model) == (Allocation.RANDOMISED, InterventionModel.PARALLEL)
    assert (made.design.masking, len(made.design.masked)) == (Masking.QUADRUPLE, 4)
    assert made.population is not None
    assert (made.population.enrolled, made.population.enrolment) == (31, EnrolmentKind.ACTUAL)
    assert [each.label for each in made.population.eligibility] == [
        "sex: all", "minimum age: 12 Years", "maximum age: 24 Years", "healthy volunteers: no",
    ]  # fmt: skip
    assert made.population.eligibility_text is not None
    assert made.population.eligibility_text.startswith("Inclusion Criteria:")
    planned = [(arm.label, arm.role, arm.interventions) for arm in made.arms if arm.planned]
    assert planned == [
        ("1 Placebo", Role.PLACEBO_COMPARATOR, ("placebo",)),
        ("2. repaglinide", Role.EXPERIMENTAL, ("repaglinide",)),
    ]
    others = [arm.label for arm in made.arms if not arm.planned]
    assert "2. Repaglinide" in others, "another case is another title"
    assert made.interventions[1].other_names == ("Prandin",)
    assert [each.label for each in made.secondary_identifiers] == ["05-1109", "P60DK020579"]
    assert made.identifiers == (), "a grant is no number of the trial"
    withdrawn = read(content("NCT00973089"), "x").population
    assert withdrawn is not None
    assert withdrawn.enrolled == 0


def test_numbers_of_registries_are_told_from_grants() -> None:
    module = {
        "secondaryIdInfos": [
            {"id": "2010-012345-11", "type": "EUDRACT_NUMBER"},
            {"id": "R01", "type": "NIH"},
            {"id": "ACTRN1", "type": "REGISTRY", "domain": "ANZCTR"},
        ],
        "nctIdAliases": ["NCT00000009"],
    }
    made = study(identificationModule=module)
    assert made.identifiers == ("2010-012345-11", "ACTRN1", "NCT00000009")
    assert [(each.label, each.authority) for each in made.secondary_identifiers][3] == ("ACTRN1", "ANZCTR")


@pytest.mark.parametrize(
    "phases", [["PHASE1", "PHASE2"], ["PHASE2", "PHASE3"], ["PHASE4"], ["EARLY_PHASE1"], ["NA"], []]
)
def test_phases(phases: list[str]) -> None:
    design = study(designModule={"phases": phases, "studyType": "INTERVENTIONAL"}).design
    assert design is not None
    wanted = [Phase.PHASE_1_2, Phase.PHASE_2_3, Phase.PHASE_4, Phase.EARLY_1, Phase.NOT_APPLICABLE, None]
    lists = [["PHASE1", "PHASE2"], ["PHASE2", "PHASE3"], ["PHASE4"], ["EARLY_PHASE1"], ["NA"], []]
    assert design.phase is wanted[lists.index(phases)]
    assert len(design.evidence) == 1 + len(phases)


@pytest.mark.parametrize("words", ["NA", "N/A", "-", "\u2013", "na", " NA ", "", "   ", None])
def test_no_number_is_not_reported_and_never_zero(words: str | None) -> None:
    found = one(words, comment="The median was not reached.")
    assert (found.value, found.absence) == (None, Absence.NOT_REPORTED)
    assert found.remarks == ("The median was not reached.",)
    assert found.denominator == 20


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", "0"), ("0.0", "0.0"), ("1,234", "1234"), ("1,234,567.5", "1234567.5"), (".33", "0.33"), ("-.5", "-0.5"),
     ("\u22121.5", "-1.5"), ("32.0", "32.0"), ("1e3", "1000"), (12, "12"), (1.25, "1.25"), ("00", "0")],
)  # fmt: skip
def test_numbers_are_what_is_printed(text: Any, value: str) -> None:
    found = one(text)
    assert found.value == Decimal(value)
    assert found.absence is None
    assert str(found.value) == value or text in ("1e3", "00"), "digits are kept"


@pytest.mark.parametrize(
    "words", ["<0.001", ">100", "12,5", "1,23", "1.2.3", "about 3", "5 (2)", "NaN", "Infinity", "1e"]
)
def test_what_is_no_plain_number_stays_in_its_words(words: str) -> None:
    found = one(words)
    assert (found.value, found.absence, found.remarks) == (None, Absence.NOT_REPORTED, (words,))


def test_what_was_not_assessed_says_so() -> None:
    assert one("Not assessed").absence is Absence.NOT_ASSESSED


def test_zero_is_a_number_everywhere() -> None:
    made = study(
        outcomes=[outcome()],
        participantFlowModule={
            "groups": [{"id": "FG000", "title": "Drug"}],
            "periods": [
                {
                    "title": "Overall Study",
                    "milestones": [{"type": "STARTED", "achievements": [{"groupId": "FG000", "numSubjects": "0"}]}],
                }
            ],
        },
        adverseEventsModule={
            "eventGroups": [{"id": "EG000", "title": "Drug", "deathsNumAffected": 0, "deathsNumAtRisk": 20}],
            "seriousEvents": [{"term": "Rash", "stats": [{"groupId": "EG000", "numAffected": 0, "numAtRisk": 20}]}],
        },
    )
    assert [each.count for each in made.estimates] == [12, 0]
    assert [(each.count, each.absence) for each in made.dispositions] == [(0, None), (0, None)]
    assert [(each.affected, each.at_risk) for each in made.adverse_events] == [(0, 20)]


def test_not_reported_in_flow_and_adverse_events() -> None:
    made = study(
        participantFlowModule={
            "groups": [{"id": "FG000", "title": "Drug"}],
            "periods": [{"title": "P", "milestones": [{"type": "STARTED", "achievements": [{"groupId": "FG000"}]}]}],
        },
        adverseEventsModule={
            "eventGroups": [{"id": "EG000", "title": "Drug"}],
            "otherEvents": [
                {"term": "Rash", "stats": [{"groupId": "EG000", "numAtRisk": 20}, {"groupId": "EG000", "numEvents": 3}]}
            ],
        },
    )
    assert [(each.count, each.absence) for each in made.dispositions] == [(None, Absence.NOT_REPORTED)]
    first, second = made.adverse_events
    assert (first.affected, first.at_risk, first.absence) == (None, 20, Absence.NOT_REPORTED)
    assert (second.affected, second.events, second.absence) == (None, 3, None)
