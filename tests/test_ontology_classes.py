"""The reasoner finds the classes that a reader would name, no others, and says when facts cannot all be true.

HermiT really runs here. The world is closed only where records mean it so: the arms that they list are all their arms.
"""

import shutil
import sys
from collections.abc import Iterable

import pyoxigraph as ox
import pytest

from picograph.ontology import classes, terms
from picograph.ontology.errors import InputError, PicographError
from picograph.ontology.terms import PG

pytest.importorskip("owlready2")
pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java runtime: make test installs one")

PREFIXES = """@prefix pg: <https://w3id.org/picograph/ontology/> .
@prefix mesh: <http://id.nlm.nih.gov/mesh/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix one: <https://w3id.org/picograph/study/doi:10.1000%2Fone/> .
@prefix two: <https://w3id.org/picograph/study/NCT00000002/> .
"""
PLACE = "<https://w3id.org/picograph/source/" + "0" * 64 + "#char=1,9>"
SINGLE = f"""
one:study a pg:Study ; pg:key "doi:10.1000/one" ; pg:design one:design ; pg:arm one:arm ; pg:intervention one:drug ,
    one:radiation ; pg:outcome one:survival , one:response ; pg:estimate one:at-two-years , one:responders .
one:record a pg:Record ; pg:ofStudy one:study ; pg:method pg:Curated ; pg:read "2026-11-24"^^xsd:date .
one:design a pg:StudyDesign ; pg:ofStudy one:study ; pg:phase pg:Phase2 ; pg:numberOfArms 1 ; pg:evidence {PLACE} .
one:arm a pg:Arm ; pg:ofStudy one:study ; rdfs:label "All" ; pg:role pg:SingleArm ; pg:intervention one:drug .
one:drug a pg:Intervention ; pg:ofStudy one:study ; pg:interventionKind pg:Drug ; pg:concept mesh:D000077157 .
one:radiation a pg:Intervention ; pg:ofStudy one:study ; pg:interventionKind pg:Radiation .
one:survival a pg:Outcome ; pg:ofStudy one:study .
one:response a pg:Outcome ; pg:ofStudy one:study ; pg:outcomeKind pg:Binary .
one:at-two-years a pg:Estimate ; pg:ofStudy one:study ; pg:inArm one:arm ; pg:ofOutcome one:survival ;
    pg:statistic pg:SurvivalProbability ; pg:value 32.0 ; pg:unit "%" ; pg:evidence {PLACE} .
one:responders a pg:Estimate ; pg:ofStudy one:study ; pg:inArm one:arm ; pg:ofOutcome one:response ;
    pg:statistic pg:Proportion ; pg:count 22 ; pg:denominator 40 .
one:hepatic a pg:AdverseEventResult ; pg:ofStudy one:study ; pg:inArm one:arm ; pg:term "hepatic toxicity" ;
    pg:gradeLow 3 ; pg:affected 6 ; pg:atRisk 40 ; pg:percentReported 15.0 ; pg:fatal 3 .
one:skin a pg:AdverseEventResult ; pg:ofStudy one:study ; pg:term "skin reaction" ; pg:gradeLow 2 ; pg:affected 15 .
one:deaths a pg:AdverseEventResult ; pg:ofStudy one:study ; pg:term "bleeding" ; pg:gradeLow 5 ; pg:affected 1 .
one:no-deaths a pg:AdverseEventResult ; pg:ofStudy one:study ; pg:term "stroke" ; pg:gradeLow 5 ; pg:affected 0 .
one:three-to-five a pg:AdverseEventResult ; pg:ofStudy one:study ; pg:term "any" ; pg:gradeLow 3 ; pg:gradeHigh 5 ;
    pg:affected 9 .
one:serious a pg:AdverseEventResult ; pg:ofStudy one:study ; pg:term "pneumonia" ; pg:serious true ; pg:affected 2 .
one:other a pg:AdverseEventResult ; pg:ofStudy one:study ; pg:term "cough" ; pg:serious false ; pg:affected 2 .
one:absent a pg:AdverseEventResult ; pg:ofStudy one:study ; pg:term "nausea" ; pg:absence pg:NotReported .
one:diarrhoea a pg:AdverseEventResult ; pg:ofStudy one:study ; pg:term "diarrhoea" ; pg:ambiguity one:grade .
one:grade a pg:Ambiguity ; pg:ofStudy one:study ; pg:ambiguousField "grade" .
"""
RANDOMISED = """
two:study a pg:Study ; pg:key "NCT00000002" ; pg:design two:design ; pg:arm two:drug , two:placebo ;
    pg:outcome two:survival .
two:design a pg:StudyDesign ; pg:ofStudy two:study ; pg:phase pg:Phase3 ; pg:allocation pg:Randomised ;
    pg:interventionModel pg:ParallelAssignment ; pg:numberOfArms 2 .
two:drug a pg:Arm ; pg:ofStudy two:study ; pg:role pg:Experimental .
two:placebo a pg:Arm ; pg:ofStudy two:study ; pg:role pg:PlaceboComparator .
two:survival a pg:Outcome ; pg:ofStudy two:study ; pg:outcomeKind pg:TimeToEvent .
two:ratio a pg:Estimate ; pg:ofStudy two:study ; pg:inArm two:drug ; pg:comparator two:placebo ;
    pg:ofOutcome two:survival ; pg:statistic pg:HazardRatio ; pg:value 0.69 .
"""
FOUND = {
    "one:study": {"SingleArmStudy", "PhaseTwoStudy"},
    "two:study": {"RandomisedControlledTrial"},
    "one:drug": {"DrugIntervention"},
    "one:radiation": {"RadiationIntervention"},
    "one:survival": {"TimeToEventOutcome"},
    "one:response": set(),
    "two:survival": {"TimeToEventOutcome"},
    "one:at-two-years": {"SurvivalProbabilityEstimate"},
    "one:responders": set(),
    "two:ratio": {"ContrastEstimate"},
    "one:hepatic": {"SevereAdverseEventResult", "FatalAdverseEventResult"},
    "one:skin": set(),
    "one:deaths": {"SevereAdverseEventResult", "FatalAdverseEventResult"},
    "one:no-deaths": {"SevereAdverseEventResult", "ZeroResult"},
    "one:three-to-five": {"SevereAdverseEventResult"},
    "one:serious": {"SeriousAdverseEventResult"},
    "one:other": set(),
    "one:absent": {"AbsentResult"},
    "one:diarrhoea": {"AmbiguousResult"},
    "one:arm": set(),
    "one:record": set(),
}


def triples(turtle: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(PREFIXES + turtle, ox.RdfFormat.TURTLE)]


def iri(name: str) -> str:
    prefix, _, local = name.partition(":")
    return {
        "one": "https://w3id.org/picograph/study/doi:10.1000%2Fone/",
        "two": "https://w3id.org/picograph/study/NCT00000002/",
    }[prefix] + local


def names(iris: Iterable[str]) -> set[str]:
    return {each.removeprefix(PG) for each in iris}


@pytest.fixture(scope="module")
def both() -> dict[str, set[str]]:
    return classes.classify(triples(SINGLE + RANDOMISED))


def test_the_ontology_is_consistent_and_every_class_can_have_members() -> None:
    assert classes.check_consistency() == []


@pytest.mark.parametrize("name", FOUND)
def test_an_individual_is_in_the_right_classes_and_in_no_wrong_one(name: str, both: dict[str, set[str]]) -> None:
    defined = set().union(*FOUND.values())
    assert names(both[iri(name)]) & defined == FOUND[name]


def defined_classes() -> set[str]:
    """Give the classes with a definition that is not a list of members."""
    quads = terms.ontology_quads()[1]
    lists = {quad.subject for quad in quads if quad.predicate.value.endswith("#oneOf")}
    return {
        quad.subject.value.removeprefix(PG)
        for quad in quads
        if quad.predicate.value.endswith("#equivalentClass")
        and quad.object not in lists
        and isinstance(quad.subject, ox.NamedNode)
    }


def test_every_defined_class_has_a_member_in_the_example() -> None:
    assert len(defined_classes()) > 10, f"{len(defined_classes())} defined classes"
    assert defined_classes() == set().union(*FOUND.values())


def test_what_a_class_is_below_is_told_too(both: dict[str, set[str]]) -> None:
    assert names(both[iri("one:hepatic")]) >= {"AdverseEventResult", "Result", "Part"}


def test_a_concept_of_another_vocabulary_is_put_in_no_class_of_ours(both: dict[str, set[str]]) -> None:
    assert not any("mesh" in each for each in both)


ONE_GROUP = """
one:study a pg:Study ; pg:design one:design ; pg:arm one:arm .
one:design a pg:StudyDesign ; pg:interventionModel pg:SingleGroupAssignment .
one:arm a pg:Arm .
"""


@pytest.mark.parametrize(
    ("facts", "close_arms", "single"),
    [
        (ONE_GROUP, True, True),
        (ONE_GROUP, False, False),
        (ONE_GROUP + "one:study pg:arm one:cohort . one:cohort a pg:Arm .", True, False),
        (ONE_GROUP + "one:design pg:numberOfArms 3 .", True, False),
    ],
    ids=["one arm listed", "the world left open", "two cohorts", "more arms stated than listed"],
)
def test_the_arms_that_are_listed_are_all_arms(facts: str, close_arms: bool, single: bool) -> None:
    found = classes.classify(triples(facts), close_arms=close_arms)
    assert ("SingleArmStudy" in names(found[iri("one:study")])) is single


@pytest.mark.parametrize(
    "facts",
    [
        "one:e a pg:Estimate ; pg:statistic pg:SurvivalProbability ; pg:count 13 .",
        "one:e a pg:Estimate ; pg:statistic pg:SurvivalProbability ; pg:denominator 40 .",
        "one:e a pg:AdverseEventResult ; pg:absence pg:NotReported ; pg:affected 0 .",
        "one:e a pg:AdverseEventResult ; pg:affected 6 , 7 .",
        "one:e a pg:Estimate ; pg:statistic pg:HazardRatio , pg:OddsRatio .",
        "one:e a pg:Arm , pg:Outcome .",
        "one:e a pg:AdverseEventResult ; pg:affected 6.5 .",
        "one:e a pg:Arm ; pg:role pg:Phase2 .",
        "one:a a pg:Study . two:a a pg:Study . one:e a pg:Estimate ; pg:ofStudy one:a , two:a .",
        """one:a a pg:Study ; pg:design one:d . one:d a pg:StudyDesign ; pg:numberOfArms 1 ;
            pg:allocation pg:Randomised ; pg:interventionModel pg:ParallelAssignment .""",
    ],
    ids=[
        "survival probability with a count",
        "survival probability with a denominator",
        "absent and zero at once",
        "two numbers for one result",
        "two statistics for one estimate",
        "arm and outcome at once",
        "half a participant",
        "a phase for a role",
        "one result of two studies",
        "randomised to one arm",
    ],
)
def test_facts_that_cannot_all_be_true_are_refused(facts: str) -> None:
    with pytest.raises(InputError, match="contradict the ontology"):
        classes.classify(triples(facts))


def test_zero_is_not_absent() -> None:
    found = classes.classify(triples("one:e a pg:AdverseEventResult ; pg:affected 0 ; pg:atRisk 40 ."))
    assert names(found[iri("one:e")]) == {"AdverseEventResult", "ZeroResult", "Result", "Part"}


@pytest.mark.parametrize("fact", ['pg:inArm "arm"', "pg:affected one:six"])
def test_a_literal_for_an_iri_is_refused_with_its_place(fact: str) -> None:
    with pytest.raises(InputError, match=r"takes an? \w+ and has an? \w+") as caught:
        classes.classify(triples(f"one:e a pg:AdverseEventResult ; {fact} ."))
    assert iri("one:e") in str(caught.value)


def test_batches_change_nothing(both: dict[str, set[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classes, "_BATCH", 4)
    facts = triples(SINGLE + RANDOMISED)
    sizes = [len(nodes) for nodes, _ in classes._batches(facts)]
    assert len(sizes) > 4, f"batches of {sizes} individuals"
    assert classes.classify(facts) == both


def test_nothing_is_carried_over_from_one_call_to_the_next(both: dict[str, set[str]]) -> None:
    assert iri("one:hepatic") in both
    assert set(classes.classify(triples("two:e a pg:Estimate ."))) == {iri("two:e")}
    assert classes.classify([]) == {}


def test_a_missing_runtime_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(PicographError, match="runs on Java") as caught:
        classes.check_consistency()
    assert "apt-get install default-jre-headless" in caught.value.remedy


def test_a_missing_package_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "owlready2", None)
    with pytest.raises(PicographError, match="owlready2") as caught:
        classes.check_consistency()
    assert caught.value.remedy == "pip install 'picograph[reasoning]'"


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    classes.check_consistency()
    assert capfd.readouterr() == ("", "")
