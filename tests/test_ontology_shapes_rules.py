"""Each rule of the shapes that joins several properties reports its bad examples, in our words, and passes the good."""

import pytest
from rdflib.namespace import SH

from picograph.tests.sound_record import SHAPE, SOUND, copy, report, rule_shapes, shapes, sound

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
