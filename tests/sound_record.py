"""A record that keeps to every shape, with every class and every property; and what the shapes report of a graph."""

from functools import cache
from typing import Any, NamedTuple

import pytest
from rdflib import RDF, RDFS, XSD, Graph, Namespace
from rdflib.collection import Collection
from rdflib.namespace import SH

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
