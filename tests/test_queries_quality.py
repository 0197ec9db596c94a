"""Promise: each integrity question finds the fault that it is for, with its evidence, and nothing in a sound store."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from picograph.kg.load import load
from picograph.kg.store import Store, open_store
from picograph.kg.store.memory import MemoryStore
from picograph.queries import catalog, integrity
from picograph.queries.ask import ask

HERE = Path(__file__).resolve().parent
SEED = HERE.parents[1] / "shared" / "seed" / "sorafenib-radiotherapy-hcc.txt"
RECORDS = [SEED, HERE.parent / "kg/records/sorafenib-radiotherapy-hcc.yaml", HERE / "records/worked-two-arms.yaml"]
HEAD = """
@prefix pg: <https://w3id.org/picograph/ontology/> .
@prefix s: <https://w3id.org/picograph/study/NCT00000002/> .
@base <https://w3id.org/picograph/study/> .
<NCT00000002> a pg:Study .
s:part pg:ofStudy <NCT00000002> ; pg:evidence <https://w3id.org/picograph/source/PLACE> .
""".replace("PLACE", "0" * 64 + "#char=1,2")

# rule -> triples that break it, and near twins that do not
CASES = {
    "percent-disagrees": (
        [
            "s:part a pg:AdverseEventResult ; pg:affected 10 ; pg:atRisk 40 ; pg:percentReported 26.0 .",
            "s:part a pg:Baseline ; pg:count 1 ; pg:denominator 3 ; pg:percentReported 33.4 .",
            's:part a pg:Estimate ; pg:statistic pg:Proportion ; pg:count 22 ; pg:denominator 40 ; pg:unit "%" ; '
            "pg:value 54.9 .",
        ],
        [
            "s:part a pg:AdverseEventResult ; pg:affected 33 ; pg:atRisk 40 ; pg:percentReported 83.0 .",
            "s:part a pg:Baseline ; pg:count 1 ; pg:denominator 3 ; pg:percentReported 33.3 .",
            "s:part a pg:Baseline ; pg:count 0 ; pg:denominator 0 ; pg:percentReported 0.0 .",
            's:part a pg:Estimate ; pg:statistic pg:Median ; pg:count 22 ; pg:denominator 40 ; pg:unit "%" ; '
            "pg:value 10.0 .",
        ],
    ),
    "interval-misses-estimate": (
        [
            "s:part a pg:Estimate ; pg:value 0.4 ; pg:intervalLow 0.5 ; pg:intervalHigh 1.0 .",
            "s:part a pg:Estimate ; pg:intervalLow 2.0 ; pg:intervalHigh 1.0 .",
        ],
        ["s:part a pg:Estimate ; pg:value 0.5 ; pg:intervalLow 0.5 ; pg:intervalHigh 1.0 ."],
    ),
    "more-than-at-risk": (
        [
            "s:part a pg:AdverseEventResult ; pg:affected 80 ; pg:atRisk 71 .",
            "s:part a pg:Disposition ; pg:count 2 ; pg:denominator 1 .",
            "s:part a pg:AdverseEventResult ; pg:affected 3 ; pg:fatal 4 .",
        ],
        ["s:part a pg:AdverseEventResult ; pg:affected 71 ; pg:atRisk 71 ; pg:fatal 71 ; pg:events 90 ."],
    ),
    "survival-as-count": (
        [
            "s:part a pg:Estimate ; pg:statistic pg:SurvivalProbability ; pg:count 13 .",
            "s:part a pg:Estimate ; pg:statistic pg:CumulativeIncidence ; pg:denominator 40 .",
        ],
        ["s:part a pg:Estimate ; pg:statistic pg:SurvivalProbability ; pg:value 32.0 ."],
    ),
    "contrast-without-comparator": (
        ["s:part a pg:Estimate ; pg:statistic pg:HazardRatio ; pg:value 0.7 ."],
        [
            "s:part a pg:Estimate ; pg:statistic pg:HazardRatio ; pg:value 0.7 ; pg:comparator s:other . ",
            "s:part a pg:Association ; pg:statistic pg:HazardRatio ; pg:value 0.7 .",
        ],
    ),
    "fact-without-evidence": (
        ["s:bare a pg:Condition ; pg:ofStudy <NCT00000002> ."],
        ["s:bare a pg:Ambiguity ; pg:ofStudy <NCT00000002> .", "s:bare a pg:Report ; pg:ofStudy <NCT00000002> ."],
    ),
    "part-of-another-study": (
        ["s:part a pg:Estimate ; pg:inArm <NCT00000003/arm/a> . <NCT00000003/arm/a> pg:ofStudy <NCT00000003> ."],
        ["s:part a pg:Estimate ; pg:inArm s:arm . s:arm pg:ofStudy <NCT00000002> ."],
    ),
    "percent-as-count": (
        [
            "s:part a pg:AdverseEventResult ; pg:affected 38 ; pg:percentReported 38.0 ; pg:atRisk 50 .",
            "s:part a pg:Baseline ; pg:count 55 ; pg:percentReported 55.0 ; pg:inArm s:arm . s:arm pg:enrolled 400 .",
            's:part a pg:Estimate ; pg:statistic pg:Proportion ; pg:count 15 ; pg:unit "%" ; pg:value 15.0 ; '
            "pg:denominator 40 .",
            "s:part a pg:AdverseEventResult ; pg:affected 37.5 .",
            's:part a pg:Estimate ; pg:statistic pg:Count ; pg:unit "%" ; pg:value 40.0 .',
        ],
        [
            "s:part a pg:AdverseEventResult ; pg:affected 38 ; pg:percentReported 38.0 ; pg:atRisk 100 .",
            "s:part a pg:AdverseEventResult ; pg:affected 15 ; pg:percentReported 15.0 ; pg:atRisk 98 .",
            "s:part a pg:AdverseEventResult ; pg:affected 0 ; pg:percentReported 0.0 ; pg:atRisk 40 .",
            # of how many is not known: nothing says that it is not of 100
            "s:part a pg:AdverseEventResult ; pg:affected 38 ; pg:percentReported 38.0 .",
            's:part a pg:Estimate ; pg:statistic pg:Proportion ; pg:count 22 ; pg:unit "%" ; pg:value 55.0 ; '
            "pg:denominator 40 .",
        ],
    ),
    "hazard-ratio-in-one-arm": (
        [
            "s:part a pg:Estimate ; pg:statistic pg:HazardRatio ; pg:value 0.7 . s:arm a pg:Arm ; "
            "pg:ofStudy <NCT00000002> ; pg:evidence <https://w3id.org/picograph/source/x#char=5,9> .",
            "s:part a pg:Estimate ; pg:statistic pg:HazardRatio . <NCT00000002> pg:design s:design . "
            "s:design pg:numberOfArms 1 .",
        ],
        [
            "s:part a pg:Estimate ; pg:statistic pg:HazardRatio ; pg:value 0.7 . s:one a pg:Arm ; "
            "pg:ofStudy <NCT00000002> . s:two a pg:Arm ; pg:ofStudy <NCT00000002> .",
            # another record says that there are more, though one arm only is described
            "s:part a pg:Estimate ; pg:statistic pg:HazardRatio . s:one a pg:Arm ; pg:ofStudy <NCT00000002> . "
            "<NCT00000002> pg:design s:design . s:design pg:numberOfArms 2 .",
            # a factor within the arm is no contrast of arms
            "s:part a pg:Association ; pg:statistic pg:HazardRatio ; pg:value 0.7 . s:one a pg:Arm ; "
            "pg:ofStudy <NCT00000002> .",
            # nothing says how many arms there are
            "s:part a pg:Estimate ; pg:statistic pg:HazardRatio ; pg:value 0.7 .",
        ],
    ),
    "p-against-interval": (
        [
            "s:part a pg:Estimate ; pg:statistic pg:HazardRatio ; pg:intervalLow 0.5 ; pg:intervalHigh 1.2 ; "
            'pg:intervalLevel 95 ; pg:pValue 0.001 ; pg:pSign "<" .',
            "s:part a pg:Estimate ; pg:statistic pg:MeanDifference ; pg:intervalLow 0.5 ; pg:intervalHigh 1.2 ; "
            'pg:intervalLevel 95 ; pg:pValue 0.4 ; pg:pSign "=" .',
        ],
        [
            "s:part a pg:Estimate ; pg:statistic pg:HazardRatio ; pg:intervalLow 0.5 ; pg:intervalHigh 1.2 ; "
            'pg:intervalLevel 90 ; pg:pValue 0.001 ; pg:pSign "<" .',
            "s:part a pg:Estimate ; pg:statistic pg:HazardRatio ; pg:intervalLow 0.5 ; pg:intervalHigh 1.2 ; "
            'pg:intervalLevel 95 ; pg:pValue 0.05 ; pg:pSign ">" .',
        ],
    ),
    "categories-exceed-denominator": (
        [
            's:part a pg:Estimate ; pg:ofOutcome s:response ; pg:category "yes" ; pg:count 30 ; pg:denominator 40 . '
            's:two a pg:Estimate ; pg:ofStudy <NCT00000002> ; pg:ofOutcome s:response ; pg:category "no" ; '
            "pg:count 11 ; pg:denominator 40 .",
        ],
        [
            's:part a pg:Estimate ; pg:ofOutcome s:response ; pg:category "yes" ; pg:count 30 ; pg:denominator 40 ; '
            "pg:evidence <https://w3id.org/picograph/source/x#char=5,9> . "
            's:two a pg:Estimate ; pg:ofStudy <NCT00000002> ; pg:ofOutcome s:response ; pg:category "no" ; '
            "pg:count 10 ; pg:denominator 40 .",
        ],
    ),
}


def _store(triples: str) -> Store:
    graph = ox.NamedNode("https://w3id.org/picograph/record/NCT00000002/curated")
    parsed = ox.parse((HEAD + triples).encode(), format=ox.RdfFormat.TURTLE)
    store = MemoryStore()
    with store.write() as writer:
        writer.replace(graph.value, [ox.Quad(quad.subject, quad.predicate, quad.object, graph) for quad in parsed])
    return store


def test_every_integrity_question_has_cases() -> None:
    assert set(CASES) == set(catalog.names("quality"))
    assert len(CASES) >= 11


@pytest.mark.parametrize(("rule", "triples"), [(rule, each) for rule, (bad, _) in CASES.items() for each in bad])
def test_the_fault_is_found(rule: str, triples: str) -> None:
    [row] = ask(_store(triples), catalog.question(rule, "quality"))
    assert row["study"] == "https://w3id.org/picograph/study/NCT00000002"
    assert row["what"]
    assert rule == "fact-without-evidence" or row["evidence"]


@pytest.mark.parametrize(("rule", "triples"), [(rule, each) for rule, (_, good) in CASES.items() for each in good])
def test_its_near_twin_passes(rule: str, triples: str) -> None:
    assert ask(_store(triples), catalog.question(rule, "quality")).rows == []


def test_a_sound_store_has_no_finding() -> None:
    store = open_store(":memory:")
    assert [each.error for each in load(store, RECORDS)] == [None] * 3
    assert list(integrity.questions(store)) == []
    assert list(integrity.records(store, with_shapes=True)) == []


def test_evidence_that_does_not_resolve_is_found() -> None:
    """A text that is at hand, and positions that were taken from another version of it."""
    store = open_store(":memory:")
    load(store, RECORDS[:2])
    [quads] = [list(store.quads(graph)) for graph in store.checksums() if graph.endswith("/curated")]
    moved = []
    for quad in quads:
        value = quad.object
        if isinstance(value, ox.NamedNode):
            value = ox.NamedNode(value.value.replace("char=1665,1765", "char=1664,1765"))
        moved.append(ox.Quad(quad.subject, quad.predicate, value, quad.graph_name))
    with store.write() as writer:
        writer.replace(quads[0].graph_name.value, moved)  # type: ignore[union-attr]
    findings = [each for each in integrity.records(store, with_shapes=False) if each.rule == "record"]
    assert ["1664 to 1765" in each.what for each in findings] == [True]
