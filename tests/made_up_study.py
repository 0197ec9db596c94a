"""A study file and its text, made up, and what a load made of them."""

import hashlib

from pyoxigraph import Quad

from picograph.kg.load import Input, Loaded
from picograph.kg.recovery import graphs_of
from picograph.kg.store import Store

# A text of our own, and a study file of it, so that every position can be worked out in the test.
TEXT = (
    "Forty-four patients were given 400 mg of drug twice daily.\n"
    "Nausea occurred in 11 of 44 patients (25%), rash in 5%.\n"
    "The hazard ratio was 0.71 (95% CI 0.50 to 1.01).\n"
)
SHA = hashlib.sha256(TEXT.encode()).hexdigest()
OTHER = "Quite another text, about forty-four patients.\n"


def at(words: str, text: str = TEXT) -> str:
    start = text.index(words)
    return f"{start}-{start + len(words)}"


GOOD = f"""picograph: study 1
key: pmid:77
record:
  document: pmid:77
  source: {{sha256: "{SHA}", characters: {len(TEXT)}}}
  method: curated
population: {{enrolled: 44, evidence: {at("Forty-four patients")}}}
arms:
  - {{key: drug, label: drug, enrolled: 44, interventions: drug, evidence: {at("Forty-four patients")}}}
  - {{key: none, label: nothing, evidence: {at("Forty-four patients")}}}
interventions:
  - {{key: drug, label: drug, dose: {{unit: mg, value: 400}}, frequency: 2/d, evidence: {at("400 mg of drug")}}}
outcomes:
  - {{key: os, label: survival, evidence: {at("hazard ratio")}}}
estimates:
  - outcome: os
    statistic: hazard ratio
    value: 0.71
    interval: {{low: 0.5, high: 1.01, level: 95}}
    arm: drug
    comparator: none
    evidence: {at("0.71 (95% CI 0.50 to 1.01)")}
adverse_events:
  - term: nausea
    affected: 11
    at_risk: 44
    percent: 25
    arm: drug
    evidence: {at("11 of 44 patients (25%)")}
  - {{term: rash, percent: 5, at_risk: 44, arm: drug, evidence: {at("rash in 5%")}}}
"""


def line_of(words: str) -> int:
    return GOOD[: GOOD.index(words)].count("\n") + 1


def given(content: str = GOOD, name: str = "my.yaml") -> Input:
    return Input(name, content.encode())


def edited(old: str, new: str) -> Input:
    assert GOOD.count(old) == 1, old
    return given(GOOD.replace(old, new))


def graphs(store: Store) -> dict[str, set[Quad]]:
    return {name: set(quads) for name, quads in graphs_of(store.quads(), records_only=False).items()}


def outcomes(done: list[Loaded]) -> list[str]:
    return [each.outcome for each in done]
