"""Each constraint of the shapes lets a sound record pass and reports a record that breaks it, in our words.

The constraints are read from `shapes.ttl` itself: for each one a copy of a sound part is broken in just that way. A
rule that joins several properties has bad and good examples written by hand.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from rdflib import RDF, RDFS, XSD, BNode, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.namespace import SH

from picograph.kg import model
from picograph.kg.model import Kind
from picograph.kg.results import Part
from picograph.kg.study import Study
from picograph.ontology import terms

pyshacl = pytest.importorskip("pyshacl")

PG = Namespace("https://w3id.org/picograph/ontology/")
SHAPE = Namespace("https://w3id.org/picograph/shapes/")
STUDY = Namespace("https://w3id.org/picograph/study/NCT00000001/")
SOURCE = "https://w3id.org/picograph/source/" + "0" * 64
PLACE = f"<{SOURCE}#char=0,9>"
PART = f"pg:ofStudy study:study ; pg:confidence 0.5 ; pg:evidence {PLACE}"
ABSENT = f"""{PART} ; pg:absence pg:NotReported ; pg:inArm study:arm ;
    pg:inEpoch study:epoch ; pg:ambiguity study:ambiguity ; pg:derived study:derived"""

SOUND = f"""
@prefix pg: <{PG}> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdfs: <{RDFS}> .
@prefix xsd: <{XSD}> .
@prefix study: <{STUDY}> .
@prefix source: <{SOURCE}#> .
@prefix mesh: <http://id.nlm.nih.gov/mesh/> .

study:study a pg:Study ; rdfs:label "A trial" ; pg:key "NCT00000001" ; pg:identifier "EUDRACT:1" ;
    pg:secondaryIdentifier study:number ; pg:safetyReporting study:safety ;
    pg:report study:report ; pg:design study:design ; pg:population study:population ; pg:arm study:arm , study:other ;
    pg:intervention study:drug ; pg:epoch study:epoch ; pg:outcome study:outcome ; pg:assessment study:assessment ;
    pg:baseline study:baseline ; pg:disposition study:disposition ; pg:estimate study:estimate , study:survival ;
    pg:adverseEvent study:event ; pg:association study:association ; pg:conclusion study:conclusion ;
    pg:mention study:mention .
study:report a pg:Report ; {PART} ; pg:doi "10.1000/one" ;
    pg:pmid "1" ; pg:pmcid "PMC1" ; pg:registryId "NCT00000001" ; pg:title "A trial" ; pg:journal "J" ;
    pg:briefTitle "Trial" ; pg:limitations "it was small" ; pg:acronym "TRIAL" ; pg:updated "2015-01-31" ;
    pg:published "2014-04" ; pg:volume "1" ; pg:issue "2" ; pg:pages "3-4" ; pg:publicationType study:type ;
    pg:meshHeading study:heading ; pg:substance study:substance ; pg:supplementaryConcept study:supplementary ;
    pg:author study:author ; pg:retracted true ; pg:relatedReport study:related .
study:number a pg:SecondaryIdentifier ; {PART} ; rdfs:label "R01" ;
    pg:identifierKind "NIH" ; pg:authority "National Institutes of Health" .
study:safety a pg:SafetyReporting ; {PART} ; pg:timeFrame "30 days" ;
    pg:frequencyThreshold 5.0 ; pg:description "asked" ; pg:mortalityComment "none" .
study:type a pg:PublicationType ; {PART} ; rdfs:label "Clinical Trial" ;
    pg:concept mesh:D016430 .
study:heading a pg:MeshHeading ; pg:ofStudy study:study ; pg:confidence 0.5 ;
    pg:evidence <{SOURCE}#/a/0/b> ; pg:descriptorName "Liver" ;
    pg:qualifierName "pathology" ; pg:majorTopic false ; pg:descriptor mesh:D008099 ; pg:qualifier mesh:Q000473 ;
    pg:heading mesh:D008099Q000473 ; pg:indexes pg:IndexedCondition .
study:substance a pg:Substance ; {PART} ; rdfs:label "Sorafenib" ;
    pg:concept mesh:D000077157 ; pg:registryNumber "9ZOQ3TZI87" .
study:supplementary a pg:SupplementaryConcept ; {PART} ;
    rdfs:label "lenvatinib" ; pg:concept mesh:C531958 .
study:author a pg:Author ; {PART} ; rdfs:label "Doe, Jane A" ;
    pg:familyName "Doe" ; pg:givenName "Jane A" .
study:related a pg:RelatedReport ; {PART} ; pg:relation "RetractionIn" ;
    pg:citation "J Test. 2015;2:3" ; pg:pmid "2" ; pg:note "in part" .
study:design a pg:StudyDesign ; {PART} ; pg:phase pg:Phase2 ;
    pg:studyType pg:InterventionalStudy ; pg:masked "PARTICIPANT" , "INVESTIGATOR" ; pg:purpose "TREATMENT" ;
    pg:observationalModel "COHORT" ; pg:sampling "PROBABILITY_SAMPLE" ; pg:modelDescription "two by two" ;
    pg:maskingDescription "capsules" ; pg:status "TERMINATED" ; pg:whyStopped "no funds" ; pg:started "2012-03" ;
    pg:startedKind "ACTUAL" ; pg:primaryCompletion "2013" ; pg:primaryCompletionKind "ACTUAL" ;
    pg:completed "2014-05-01" ; pg:completedKind "ESTIMATED" ;
    pg:timePerspective "PROSPECTIVE" ; pg:allocation pg:Randomised ;
    pg:interventionModel pg:ParallelAssignment ; pg:masking pg:OpenLabel ;
    pg:multicentre true ; pg:centres 3 ; pg:numberOfArms 2 .
study:population a pg:Population ; {PART} ; pg:enrolled 40 ;
    pg:enrolment pg:ActualEnrolment ; pg:description "volunteers" ; pg:eligibilityText "adults" ;
    pg:recruitment "in 2012" ; pg:preAssignment "a run-in" ;
    pg:condition study:condition ; pg:eligibilityCriterion study:criterion .
study:condition a pg:Condition ; {PART} ; rdfs:label "HCC" ;
    pg:concept mesh:D006528 .
study:criterion a pg:EligibilityCriterion ; {PART} ;
    rdfs:label "adult" ; pg:criterionKind pg:Inclusion ; pg:concept mesh:D000328 .
study:arm a pg:Arm ; {PART} ; pg:key "drug-arm" ; rdfs:label "Drug" ;
    pg:description "daily" ; pg:planned true ;
    pg:role pg:Experimental ; pg:enrolled 20 ; pg:intervention study:drug .
study:other a pg:Arm ; {PART} ; pg:key "other" ; rdfs:label "Other" .
study:drug a pg:Intervention ; {PART} ; pg:key "drug" ;
    rdfs:label "Sorafenib" ; pg:otherName "Nexavar" , "BAY 43-9006" ; pg:description "tablets" ;
    pg:concept mesh:D000077157 ; pg:interventionKind pg:Drug ; pg:doseUnit "mg" ;
    pg:doseValue 400.0 ; pg:doseMean 400.0 ; pg:doseMedian 400.0 ; pg:doseLow 200.0 ; pg:doseHigh 800.0 ;
    pg:doseQuartileLow 300.0 ; pg:doseQuartileHigh 500.0 ; pg:doseStandardDeviation 50.0 ; pg:frequency "2/d" ;
    pg:route "oral" ; pg:fractionsUnit "{{fraction}}" ; pg:fractionsValue 20.0 ; pg:fractionsMean 20.0 ;
    pg:fractionsMedian 20.0 ; pg:fractionsLow 18.0 ; pg:fractionsHigh 25.0 ; pg:fractionsQuartileLow 19.0 ;
    pg:fractionsQuartileHigh 22.0 ; pg:fractionsStandardDeviation 2.0 ; pg:timing pg:Concurrent , pg:Sequential ;
    pg:start "with radiation" ; pg:stop "progression" , "death" ; pg:target "liver" ; pg:targetConcept mesh:D008099 ;
    pg:derived study:derived .
study:epoch a pg:Epoch ; {PART} ; pg:key "first" ; rdfs:label "First" ;
    pg:start "day 1" ; pg:end "day 30" .
study:outcome a pg:Outcome ; {PART} ; pg:key "response" ;
    rdfs:label "Response" ; pg:concept mesh:D016896 ; pg:outcomeRole pg:PrimaryOutcome ; pg:outcomeKind pg:Binary ;
    pg:description "best response" ; pg:planned false ; pg:timeFrame "1 month" ; pg:criteria pg:RECIST11 .
study:assessment a pg:Assessment ; {PART} ; rdfs:label "imaging" ;
    pg:concept mesh:D014057 ; pg:firstValue 1.0 ; pg:firstUnit "mo" ; pg:firstLabel "after" ; pg:firstOrigin "start" ;
    pg:everyValue 3.0 ; pg:everyUnit "mo" ; pg:everyLabel "quarterly" ; pg:everyOrigin "start" .
study:baseline a pg:Baseline ; {PART} ; pg:inArm study:arm ;
    pg:inEpoch study:epoch ; pg:variable "age" ; pg:description "at entry" ; pg:analysisSet "all" ;
    pg:concept mesh:D000367 ; pg:level "all" ;
    pg:levelConcept pg:ChildPughA ; pg:component "first" ; pg:unitsAnalysed "eyes" ; pg:unitWords "years" ;
    pg:statistic pg:GeometricMean ; pg:dispersionKind pg:StandardError ; pg:dispersionValue 0.1 ; pg:dispersionLow 1.0 ;
    pg:dispersionHigh 2.0 ; pg:intervalLow 1.1 ; pg:intervalHigh 2.0 ; pg:intervalLevel 95.0 ;
    pg:intervalKind "confidence" ; pg:intervalSides "two-sided" ; pg:remark "as reported" ;
    pg:count 24 ; pg:denominator 40 ; pg:denominatorKind pg:EnrolledParticipants ; pg:percentReported 60.0 ;
    pg:quantityUnit "a" ; pg:quantityValue 60.0 ; pg:quantityMean 60.0 ; pg:quantityMedian 61.0 ; pg:quantityLow 30.0 ;
    pg:quantityHigh 80.0 ; pg:quantityQuartileLow 50.0 ; pg:quantityQuartileHigh 70.0 ;
    pg:quantityStandardDeviation 9.0 .
study:disposition a pg:Disposition ; {PART} ; pg:inArm study:arm ;
    pg:milestone pg:Completed ; rdfs:label "completed" ; pg:units 66 ; pg:unitsAnalysed "eyes" ; pg:remark "none" ;
    pg:reason "as planned" ; pg:count 33 ; pg:denominator 40 ;
    pg:denominatorKind pg:EnrolledParticipants ; pg:percentReported 83.0 .
study:estimate a pg:Estimate ; {PART} , <{SOURCE}#char=10,19> ;
    pg:statisticWords "RR" ; pg:compared study:arm , study:other ; pg:component "week 4" ; pg:unitWords "ratio" ;
    pg:unitsAnalysed "eyes" ; pg:participants 20 ; pg:hypothesis pg:Superiority ; pg:intervalSides "one-sided" ;
    pg:remark "first" , "second" ; pg:inArm study:arm ; pg:comparator study:other ;
    pg:inEpoch study:epoch ; pg:ofOutcome study:outcome ; pg:statistic pg:RiskRatio ;
    pg:category "response" ; pg:value 1.5 ; pg:unit "1" ; pg:count 22 ; pg:denominator 40 ;
    pg:denominatorKind pg:EvaluableParticipants ; pg:dispersionKind pg:StandardError ; pg:dispersionValue 0.1 ;
    pg:dispersionLow 1.0 ; pg:dispersionHigh 2.0 ; pg:intervalLow 1.1 ; pg:intervalHigh 2.0 ; pg:intervalLevel 95.0 ;
    pg:intervalKind "confidence" ; pg:pValue 0.01 ; pg:pSign "<" ; pg:timeValue 1.0 ; pg:timeUnit "mo" ;
    pg:timeLabel "first" ; pg:timeOrigin "start" ; pg:analysisMethod "log-binomial" ; pg:analysisSet "all" ;
    pg:ambiguity study:ambiguity ; pg:derived study:derived .
study:survival a pg:Estimate ; {PART} ; pg:inArm study:arm ;
    pg:ofOutcome study:outcome ; pg:statistic pg:SurvivalProbability ; pg:value 32.0 ; pg:unit "%" .
study:event a pg:AdverseEventResult ; pg:ofStudy study:study ; pg:confidence 0.5 ;
    pg:evidence <{SOURCE}#/results/adverse/0> ;
    pg:inArm study:arm ; pg:term "nausea" ; pg:concept mesh:D009325 ; pg:organSystem "gut" ; pg:gradeLow 3 ;
    pg:gradeHigh 5 ; pg:scale pg:CTCAE50 ; pg:anyEvent true ; pg:vocabulary "MedDRA 18.0" ;
    pg:ascertainment pg:SystematicAssessment ; pg:remark "mild" ; pg:serious true ;
    pg:attribution pg:TreatmentRelated ; pg:affected 6 ;
    pg:atRisk 40 ; pg:denominatorKind pg:ParticipantsAtRisk ; pg:percentReported 15.0 ; pg:events 8 ; pg:fatal 3 .
study:association a pg:Association ; {PART} ; pg:inArm study:arm ;
    pg:factor "CLIP score" ; pg:concept pg:CLIP ; pg:thresholdValue 2.0 ; pg:thresholdSign ">=" ; pg:thresholdUnit "1" ;
    pg:ofOutcome study:outcome ; pg:direction pg:WorseOutcome ; pg:statistic pg:HazardRatio ; pg:value 2.0 ;
    pg:intervalLow 1.0 ; pg:intervalHigh 3.0 ; pg:intervalLevel 95.0 ; pg:intervalKind "credible" ; pg:pValue 0.04 ;
    pg:pSign "=" ; pg:intervalSides "two-sided" ; pg:remark "adjusted" .
study:conclusion a pg:Conclusion ; {PART} ; rdfs:label "caution" .
study:absent-baseline a pg:Baseline ; pg:variable "stage" .
study:absent-disposition a pg:Disposition ; pg:milestone pg:Died ; rdfs:label "died" .
study:absent-estimate a pg:Estimate ; pg:ofOutcome study:outcome ; pg:statistic pg:Median .
study:absent-event a pg:AdverseEventResult ; pg:term "rash" .
study:absent-association a pg:Association ; pg:factor "age" ; pg:ofOutcome study:outcome ;
    pg:direction pg:NoAssociation .
study:ambiguity a pg:Ambiguity ; {PART} ; pg:ambiguousField "grade" ;
    pg:reason "syntax" ; pg:reading study:with , study:without .
study:with a pg:Reading ; {PART} ; pg:gradeLow 2 ; pg:gradeHigh 5 ;
    pg:number 1.0 ; pg:readingWords "x" .
study:without a pg:Reading ; pg:ofStudy study:study .
study:derived a pg:Derived ; {PART} ; pg:derivedQuantity "percent" ;
    pg:value 55.0 ; pg:unit "%" ; pg:derivationMethod "22/40" .
study:mention a pg:Mention ; {PART} ; pg:words "cold" ;
    pg:mentionedAs "condition" ; pg:concept mesh:D003139 ; pg:linkReason "the preferred name" ;
    pg:turnedDown study:rejected .
study:rejected a pg:RejectedReading ; {PART} ; pg:concept mesh:D003080 ;
    pg:conceptName "Cold" ; pg:linkReason "is a phenomenon" .
study:record a pg:Record ; pg:ofStudy study:study ; pg:documentKey "NCT00000001" ;
    prov:hadPrimarySource <https://clinicaltrials.gov/study/NCT00000001> ; prov:wasDerivedFrom <{SOURCE}> ;
    pg:method pg:Registry ; pg:reader "picograph 0.1.0" ; pg:read "2026-11-24"^^xsd:date ;
    pg:statesIdentifier "NCT00000001" , "pmid:1" ; pg:contentChecksum "{"0" * 64}" ;
    pg:inputChecksum "{"0" * 64}" .
study:split a pg:Split ; rdfs:label "splits.tsv, line 1" ; pg:apart "NCT00000001" , "pmid:2" .
{"".join(f"study:absent-{name} {ABSENT} ." for name in ("baseline", "disposition", "estimate", "event", "association"))}
<{SOURCE}> a pg:Source ; pg:sha256 "{"0" * 64}" ; pg:characters 100 .
"""


@cache
def shapes() -> Graph:
    return Graph().parse(data=terms.shapes_text(), format="turtle")


@cache
def sound() -> Graph:
    return Graph().parse(data=SOUND, format="turtle")


def copy(graph: Graph) -> Graph:
    made = Graph()
    made += graph
    return made


class Finding(NamedTuple):
    """One line of a report."""

    focus: Any
    shape: Any
    component: Any
    message: str


def report(graph: Graph) -> list[Finding]:
    _, found, _ = pyshacl.validate(graph, shacl_graph=shapes(), inference="none", advanced=False)
    assert isinstance(found, Graph)
    return [
        Finding(
            found.value(result, SH.focusNode),
            found.value(result, SH.sourceShape),
            found.value(result, SH.sourceConstraintComponent),
            str(found.value(result, SH.resultMessage)),
        )
        for result in found.subjects(RDF.type, SH.ValidationResult)
    ]


def node_shapes() -> dict[Any, Any]:
    """Give the shape that lists the properties of a class, by class."""
    found: dict[Any, Any] = {}
    for shape in shapes().subjects(RDF.type, SH.NodeShape):
        cls = shapes().value(shape, SH.targetClass)
        if str(shape).removeprefix(str(SHAPE)) == str(cls).removeprefix(str(PG)):
            found[cls] = shape
    return found


def rule_shapes() -> set[Any]:
    """Give the shapes of rules that join several properties."""
    return set(shapes().subjects(RDF.type, SH.NodeShape)) - set(node_shapes().values())


def members(node: Any) -> list[Any]:
    return list(Collection(shapes(), node))


# --- breaking one constraint at a time ---------------------------------------------------------------------------


class Case(NamedTuple):
    """One constraint of one property shape, on one class."""

    cls: Any
    shape: Any
    path: Any
    component: Any
    value: Any  # of the constraint


COMPONENTS: dict[Any, Any] = {
    SH.minCount: SH.MinCountConstraintComponent,
    SH.maxCount: SH.MaxCountConstraintComponent,
    SH.datatype: SH.DatatypeConstraintComponent,
    SH.nodeKind: SH.NodeKindConstraintComponent,
    SH["class"]: SH.ClassConstraintComponent,
    SH["in"]: SH.InConstraintComponent,
    SH.pattern: SH.PatternConstraintComponent,
    SH.minLength: SH.MinLengthConstraintComponent,
    SH.minInclusive: SH.MinInclusiveConstraintComponent,
    SH.maxInclusive: SH.MaxInclusiveConstraintComponent,
    SH.minExclusive: SH.MinExclusiveConstraintComponent,
    SH.maxExclusive: SH.MaxExclusiveConstraintComponent,
    SH.lessThanOrEquals: SH.LessThanOrEqualsConstraintComponent,
}
NO_CONSTRAINT = {RDF.type, SH.path, SH.message}


def cases() -> Iterator[Case]:
    """Give every constraint of every property of every class."""
    for cls, shape in sorted(node_shapes().items(), key=str):
        for property_shape in shapes().objects(shape, SH.property):
            path = shapes().value(property_shape, SH.path)
            for predicate, value in shapes().predicate_objects(property_shape):
                if predicate not in NO_CONSTRAINT:
                    yield Case(cls, property_shape, path, COMPONENTS[predicate], value)


def part_of(cls: Any, path: Any) -> Any:
    """Find the sound part of a class that has the property, or any of the class."""
    parts: list[Any] = sorted(sound().subjects(RDF.type, cls), key=str)
    return next((part for part in parts if (part, path, None) in sound()), parts[0])


def another(value: Any) -> Any:
    """Give a second value of the same sort."""
    if isinstance(value, URIRef):
        return URIRef(str(value) + "x")
    if value.datatype in (XSD.integer, XSD.decimal):
        return Literal(value.toPython() + 1)
    return Literal(str(value) + "x")


def bad_values(case: Case, old: list[Any]) -> list[Any]:
    """Give the values with which a property breaks one constraint."""
    datatype = shapes().value(case.shape, SH.datatype)

    def number(change: int) -> Literal:
        return Literal(str(int(float(case.value)) + change), datatype=datatype)

    match case.component:
        case SH.MinCountConstraintComponent:
            return old[: int(case.value) - 1]
        case SH.MaxCountConstraintComponent:
            return [*old, another(old[0])]
        case SH.DatatypeConstraintComponent:
            return [Literal("soon", lang="en")]
        case SH.NodeKindConstraintComponent:
            return [Literal("words")]
        case SH.PatternConstraintComponent if isinstance(old[0], Literal):
            return [Literal("§ §")]
        case SH.ClassConstraintComponent | SH.PatternConstraintComponent:
            return [STUDY.nowhere]
        case SH.InConstraintComponent:
            return [PG.Nothing]
        case SH.MinLengthConstraintComponent:
            return [Literal("")]
        case SH.MinInclusiveConstraintComponent:
            return [number(-1)]
        case SH.MaxInclusiveConstraintComponent:
            return [number(1)]
        case SH.MinExclusiveConstraintComponent | SH.MaxExclusiveConstraintComponent:
            return [number(0)]
        case SH.LessThanOrEqualsConstraintComponent:
            return [Literal("5", datatype=datatype)]
    raise NotImplementedError(case.component)


def break_it(graph: Graph, node: Any, case: Case) -> None:
    """Break one constraint on a node of a graph."""
    values = bad_values(case, list(graph.objects(node, case.path)))
    graph.remove((node, case.path, None))
    for value in values:
        graph.add((node, case.path, value))
    if case.component == SH.LessThanOrEqualsConstraintComponent:
        graph.set((node, case.value, Literal("4", datatype=shapes().value(case.shape, SH.datatype))))


@cache
def broken() -> tuple[dict[Any, Case], list[Finding]]:
    """Put a copy of a sound part into one graph for each constraint, break it there, and check the graph once."""
    graph, made = copy(sound()), {}
    for index, case in enumerate(cases()):
        original = part_of(case.cls, case.path)
        node = STUDY[f"copy-{index}"]
        for predicate, value in sound().predicate_objects(original):
            graph.add((node, predicate, value))
        break_it(graph, node, case)
        made[node] = case
    return made, report(graph)


def test_a_sound_record_passes() -> None:
    assert report(sound()) == []


def test_the_sound_record_has_every_class_and_every_property() -> None:
    seen = 0
    for cls, shape in node_shapes().items():
        for property_shape in shapes().objects(shape, SH.property):
            path = shapes().value(property_shape, SH.path)
            assert (None, RDF.type, cls) in sound(), cls
            assert (part_of(cls, path), path, None) in sound(), f"{cls} {path}"
            seen += 1
    assert seen > 250, f"{seen} properties of classes"


def test_every_constraint_reports_a_part_that_breaks_it() -> None:
    made, findings = broken()
    assert len(made) > 700, f"{len(made)} constraints"
    reported = {(finding.focus, finding.shape, finding.component) for finding in findings}
    missed = [case for node, case in made.items() if (node, case.shape, case.component) not in reported]
    assert missed == []


def test_messages_are_in_our_words() -> None:
    made, findings = broken()
    messages = {shape: str(shapes().value(shape, SH.message)) for shape in {case.shape for case in made.values()}}
    assert all(len(message) > 10 for message in messages.values())
    told = 0
    for finding in findings:
        if finding.shape in messages and finding.component != SH.ClosedConstraintComponent:
            assert finding.message == messages[finding.shape]
            told += 1
    assert told > 700, f"{told} messages"


def test_nothing_is_reported_of_parts_that_are_left_whole() -> None:
    made, findings = broken()
    whole = {finding.focus for finding in findings} - set(made)
    assert whole == set()


@pytest.mark.parametrize("cls", sorted(str(cls).removeprefix(str(PG)) for cls in node_shapes()))
def test_a_property_that_a_class_does_not_have_is_reported(cls: str) -> None:
    shape = node_shapes()[PG[cls]]
    if cls in {"Record", "Source"}:
        assert (shape, SH.closed, None) not in shapes(), "descriptions of graphs may say more"
        return
    graph = copy(sound())
    node = part_of(PG[cls], RDF.type)
    graph.add((node, PG.affcted, Literal(6)))
    assert [(found.focus, found.component) for found in report(graph)] == [(node, SH.ClosedConstraintComponent)]


# --- rules that join several properties --------------------------------------------------------------------------

RULES: dict[str, tuple[tuple[str, str], ...]] = {  # bad example, good example: what is said beside the sound record
    "SurvivalProbabilityIsNoCount": (
        ("study:survival pg:count 13", "study:survival pg:category 'alive'"),
        ("study:survival pg:denominator 40", "study:estimate pg:category 'response'"),
    ),
    "ContrastNeedsArms": (
        ("study:new a pg:Estimate ; pg:comparator study:other", "study:new a pg:Estimate ; pg:inArm study:arm"),
    ),
    "ArmIsNotItsComparator": (("study:survival pg:comparator study:arm", "study:survival pg:comparator study:other"),),
    "AbsentBaselineHasNoNumber": (
        ("study:new a pg:Baseline ; pg:absence pg:NotReported ; pg:count 0", "study:new a pg:Baseline ; pg:count 0"),
        (
            "study:new a pg:Baseline ; pg:absence pg:NotReported ; pg:percentReported 0.0",
            "study:new a pg:Baseline ; pg:absence pg:NotReported ; pg:denominator 40",
        ),
    ),
    "AbsentDispositionHasNoNumber": (
        (
            "study:new a pg:Disposition ; pg:absence pg:NotAssessed ; pg:count 0",
            "study:new a pg:Disposition ; pg:count 0",
        ),
    ),
    "AbsentEstimateHasNoNumber": (
        (
            "study:new a pg:Estimate ; pg:absence pg:NotReported ; pg:value 1.0",
            "study:new a pg:Estimate ; pg:value 1.0",
        ),
    ),
    "AbsentAdverseEventResultHasNoNumber": (
        (
            "study:new a pg:AdverseEventResult ; pg:absence pg:NotReported ; pg:affected 0",
            "study:new a pg:AdverseEventResult ; pg:affected 0",
        ),
        (
            "study:new a pg:AdverseEventResult ; pg:absence pg:NotReported ; pg:events 0",
            "study:new a pg:AdverseEventResult ; pg:absence pg:NotReported ; pg:atRisk 40",
        ),
    ),
    "AbsentAssociationHasNoNumber": (
        (
            "study:new a pg:Association ; pg:absence pg:NotReported ; pg:value 1.0",
            "study:new a pg:Association ; pg:absence pg:NotReported",
        ),
    ),
    "SpreadHasKind": (
        (
            "study:new a pg:Estimate ; pg:dispersionValue 1.0",
            "study:new a pg:Estimate ; pg:dispersionValue 1.0 ; pg:dispersionKind pg:StandardError",
        ),
    ),
    "EstimateSignHasPValue": (
        ("study:new a pg:Estimate ; pg:pSign '<'", "study:new a pg:Estimate ; pg:pSign '<' ; pg:pValue 0.01"),
    ),
    "AssociationSignHasPValue": (
        ("study:new a pg:Association ; pg:pSign '<'", "study:new a pg:Association ; pg:pSign '<' ; pg:pValue 0.01"),
    ),
    "ThresholdHasValue": (
        (
            "study:new a pg:Association ; pg:thresholdSign '>='",
            "study:new a pg:Association ; pg:thresholdSign '>=' ; pg:thresholdValue 2.0",
        ),
    ),
    "DoseHasUnit": (
        (
            "study:new a pg:Intervention ; pg:doseMedian 50.0",
            "study:new a pg:Intervention ; pg:doseMedian 50.0 ; pg:doseUnit 'Gy'",
        ),
    ),
    "FractionsHaveUnit": (
        (
            "study:new a pg:Intervention ; pg:fractionsValue 20.0",
            "study:new a pg:Intervention ; pg:fractionsValue 20.0 ; pg:fractionsUnit '{fraction}'",
        ),
    ),
    "QuantityHasUnit": (
        (
            "study:new a pg:Baseline ; pg:quantityLow 3.0",
            "study:new a pg:Baseline ; pg:quantityLow 3.0 ; pg:quantityUnit 'cm'",
        ),
    ),
    "TitleHasEvidence": (
        ("study:new a pg:Report ; pg:title 'A trial'", "study:new a pg:Report ; pg:doi '10.1000/one'"),
    ),
    "EnrolledHasEvidence": (
        ("study:new a pg:Population ; pg:enrolled 40", "study:new a pg:Population ; pg:enrolment pg:ActualEnrolment"),
    ),
}


def test_every_rule_has_examples() -> None:
    assert len(RULES) > 15, f"{len(RULES)} rules"
    assert {SHAPE[name] for name in RULES} == rule_shapes()


def told_by(name: str, addition: str) -> list[str]:
    """Give the messages of one rule on the sound record with something added."""
    graph = copy(sound())
    head = "\n".join(line for line in SOUND.splitlines() if line.startswith("@prefix"))
    graph.parse(data=f"{head}\n{addition} .", format="turtle")
    rule = SHAPE[name]
    inner = {rule, *shapes().objects(rule, SH.property)}
    return [finding.message for finding in report(graph) if finding.shape in inner]


@pytest.mark.parametrize(("name", "bad", "good"), [(name, *pair) for name, pairs in RULES.items() for pair in pairs])
def test_a_rule_reports_the_bad_and_passes_the_good(name: str, bad: str, good: str) -> None:
    assert len(told_by(name, bad)) == 1
    assert told_by(name, good) == []


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_in_our_words_what_is_wrong(name: str) -> None:
    assert len(str(shapes().value(SHAPE[name], SH.message))) > 10


# --- the shapes say what the typed study says --------------------------------------------------------------------


def python_classes() -> dict[str, Any]:
    return {"Study": Study, **model.part_classes()}


@pytest.mark.parametrize("name", python_classes())
def test_a_class_has_the_properties_of_the_typed_study_and_no_others(name: str) -> None:
    wanted = {URIRef(iri) for cls, iri, _ in model.properties() if cls == name}
    wanted |= {PG.ofStudy, PG.evidence} if issubclass(python_classes()[name], Part) else {RDFS.label}
    shape = node_shapes()[PG[name]]
    paths = {shapes().value(each, SH.path) for each in shapes().objects(shape, SH.property)}
    assert paths == wanted
    assert (shape, SH.closed, Literal(True)) in shapes()


def constraint(name: str, path: Any, predicate: Any) -> list[Any]:
    shape = node_shapes()[PG[name]]
    return [
        value
        for each in shapes().objects(shape, SH.property)
        if shapes().value(each, SH.path) == path
        for value in shapes().objects(each, predicate)
    ]


def test_datatypes_members_and_numbers_are_those_of_the_typed_study() -> None:
    datatypes = {
        Kind.TEXT: XSD.string,
        Kind.INTEGER: XSD.integer,
        Kind.DECIMAL: XSD.decimal,
        Kind.BOOLEAN: XSD.boolean,
        Kind.DATE: XSD.date,
    }
    seen = 0
    for cls, iri, field in model.properties():
        path = URIRef(iri)
        assert bool(constraint(cls, path, SH.maxCount)) is not field.many, f"{cls} {iri}"
        if field.kind in datatypes:
            assert constraint(cls, path, SH.datatype) == [datatypes[field.kind]], f"{cls} {iri}"
        elif field.kind is Kind.ENUM:
            (listed,) = constraint(cls, path, SH["in"])
            assert [str(each) for each in members(listed)] == [model.enum_iri(member) for member in field.type]
        else:
            assert constraint(cls, path, SH.nodeKind) == [SH.IRI], f"{cls} {iri}"
        seen += 1
    assert seen > 190, f"{seen} properties of classes"


def test_what_the_typed_study_requires_is_required() -> None:
    seen = 0
    for name, cls in python_classes().items():
        required = {field.name for field in msgspec.structs.fields(cls) if field.required} - {"record"}
        for field in model.fields(cls):
            if field.kind is Kind.VALUE:
                continue
            is_required = bool(constraint(name, URIRef(field.property), SH.minCount))
            assert is_required is (field.name in required), f"{name} {field.name}"
            seen += is_required
    assert seen > 25, f"{seen} required properties"


def test_evidence_is_required_of_parts_that_carry_facts() -> None:
    parts = set(model.part_classes())
    free = {name for name in parts if not constraint(name, PG.evidence, SH.minCount)}
    assert free == {"Report", "Population", "Ambiguity", "Reading", "Derived", "Mention", "RejectedReading"}
    for name in parts:
        assert constraint(name, PG.evidence, SH.pattern), name


@pytest.mark.parametrize("fragment", ["char=1665,1765", "/results/0/count", "/a%20b/~1c"])
def test_places_that_are_sound(fragment: str) -> None:
    graph = copy(sound())
    graph.add((STUDY.event, PG.evidence, URIRef(f"{SOURCE}#{fragment}")))
    assert report(graph) == []


@pytest.mark.parametrize("fragment", ["", "#", "#char=1665", "#page=3", "#line=1,2", "#results/0"])
def test_places_that_are_not(fragment: str) -> None:
    graph = copy(sound())
    graph.add((STUDY.event, PG.evidence, URIRef(f"{SOURCE}{fragment}")))
    assert [finding.shape for finding in report(graph)] == [SHAPE.evidence]


def test_only_core_shacl_is_used() -> None:
    assert not any(str(SH) + "sparql" in str(predicate) for predicate in shapes().predicates())
    anonymous = [node for node in shapes().subjects(SH.path, None) if isinstance(node, BNode)]
    named = [node for node in shapes().subjects(SH.path, None) if not isinstance(node, BNode)]
    assert len(named) == len(set(named)) > 150, f"{len(named)} property shapes"
    assert anonymous


def test_files_are_where_the_tests_look() -> None:
    assert (Path(__file__).resolve().parents[1] / "ontology" / "shapes.ttl").read_text("utf-8") == terms.shapes_text()
