"""Promise: HermiT itself puts the seed study and its parts into the classes that they belong to, and into no others."""

from pathlib import Path

import pytest

from picograph.kg.load import read_study
from picograph.kg.triples import quads_of, study_iri
from picograph.ontology.classes import check_consistency, classify

SEED = Path(__file__).resolve().parents[1] / "kg" / "records" / "sorafenib-radiotherapy-hcc.yaml"
PG = "https://w3id.org/picograph/ontology/"
DEFINED = {
    "SingleArmStudy",
    "RandomisedControlledTrial",
    "PhaseTwoStudy",
    "DrugIntervention",
    "RadiationIntervention",
    "TimeToEventOutcome",
    "SurvivalProbabilityEstimate",
    "ContrastEstimate",
    "SevereAdverseEventResult",
    "FatalAdverseEventResult",
    "SeriousAdverseEventResult",
    "AmbiguousResult",
    "AbsentResult",
    "ZeroResult",
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_ontology_is_consistent_and_the_seed_study_is_classed() -> None:
    assert check_consistency() == []
    study = read_study(SEED)
    classes = classify(quad.triple for quad in quads_of(study))
    found: dict[str, set[str]] = {name: set() for name in DEFINED}
    for individual, names in classes.items():
        for name in names:
            if (short := name.removeprefix(PG)) in DEFINED:
                found[short].add(individual.removeprefix(study_iri(study.key)))
    filled = {name: members for name, members in found.items() if members}
    assert set(filled) == {
        "SingleArmStudy",
        "PhaseTwoStudy",
        "DrugIntervention",
        "RadiationIntervention",
        "TimeToEventOutcome",
        "SurvivalProbabilityEstimate",
        "SevereAdverseEventResult",
        "FatalAdverseEventResult",
        "AmbiguousResult",
    }
    assert found["SingleArmStudy"] == found["PhaseTwoStudy"] == {""}
    assert found["DrugIntervention"] == {"/intervention/sorafenib"}
    assert found["RadiationIntervention"] == {"/intervention/radiation"}
    assert found["TimeToEventOutcome"] == {"/outcome/overall-survival", "/outcome/infield-progression-free-survival"}
    assert len(found["SurvivalProbabilityEstimate"]) == 2
    assert len(found["SevereAdverseEventResult"]) == 1
    assert found["SevereAdverseEventResult"] == found["FatalAdverseEventResult"]
    assert len(found["AmbiguousResult"]) == 1
