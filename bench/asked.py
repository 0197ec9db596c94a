"""What each question of the catalogue is asked with: as people ask it, about a study, a drug, a condition or all."""

from typing import Any

from picograph.queries import catalog

STUDY = "NCT00000006"  # drawn with results, two arms, and a publication beside its registry record
_CONDITION = ({"condition": "Liver Neoplasms"}, {"condition": "Neoplasms"})
_DRUG = ({"drug": "Sorafenib"}, {"drug": "Protein Kinase Inhibitors"})
_STUDY = ({"study": STUDY},)
_TIMES = ({"drug": "Sorafenib"}, {"drug": "Protein Kinase Inhibitors", "outcome": "overall survival"})

ASKED: dict[str, tuple[dict[str, Any], ...]] = {
    "adverse-events": (
        {"study": STUDY},
        {"drug": "Sorafenib", "min_grade": 3},
        {"drug": "Protein Kinase Inhibitors", "event": "Diarrhea", "min_grade": 3},
    ),
    "ambiguous": _STUDY,
    "any-event": _STUDY,
    "conditions": ({"condition": "Liver Neoplasms"}, *_STUDY),
    "contrasts": _TIMES,
    "dispositions": _STUDY,
    "drug-classes": _DRUG[1:],
    "event-totals": ({}, *_CONDITION, {"condition": "Neoplasms", "min_grade": 3}),
    "evidence": _STUDY,
    "factors": _STUDY,
    "fatal-events": _DRUG,
    "gaps": _CONDITION,
    "hazard-ratios": _TIMES,
    "interventions": (*_STUDY, *_DRUG[:1]),
    "meanings": _STUDY,
    "median-times": _TIMES,
    "mesh-headings": _STUDY,
    "no-comparator": _DRUG,
    "outcomes": _STUDY,
    "population": _STUDY,
    "randomised-studies": _CONDITION[:1],
    "registry-publication": _STUDY,
    "responses": (*_STUDY, *_DRUG),
    "responses-with-baseline": ({"drug": "Protein Kinase Inhibitors", "property": "portal vein thrombosis"},),
    "serious-adverse-events": _STUDY,
    "several-reports": ({}, *_STUDY),
    "similar-studies": _STUDY,
    "studies": ({"condition": "Liver Neoplasms", "drug": "Protein Kinase Inhibitors"}, *_CONDITION[:1], *_STUDY),
    "studies-by-branch": ({}, *_CONDITION),
    "studies-by-phase": ({}, *_CONDITION),
    "studies-by-year": ({}, *_CONDITION),
    "survival": (*_STUDY, *_DRUG),
    "survival-by-factor": ({"property": "child-pugh"}, *_STUDY),
    "toxicity-by-dose": ({"event": "Nausea", "min_grade": 3}, *_STUDY),
    "toxicity-by-target": ({"event": "Nausea"}, *_STUDY),
    "treatment-pairs": (*_STUDY, *_CONDITION[:1]),
    "unmatched": ({},),
    "unpublished-outcomes": _STUDY,
    "zero-events": ({"event": "Nausea", "drug": "Sorafenib"}, *_STUDY),
}


def asked() -> list[tuple[str, catalog.Shelf, dict[str, Any]]]:
    """Give every question with what it is asked with; a question that is new with its examples."""
    found: list[tuple[str, catalog.Shelf, dict[str, Any]]] = []
    for name in catalog.names():
        examples = {key: each.example for key, each in catalog.question(name).parameters.items() if each.required}
        found += ((name, "evidence", given) for given in ASKED.get(name, (examples,)))
    return found + [(name, "quality", {}) for name in catalog.names("quality")]


def told(name: str, given: dict[str, Any]) -> str:
    """Write a question as it is typed."""
    return " ".join([name, *(f"--{key.replace('_', '-')} {value}" for key, value in given.items())])
