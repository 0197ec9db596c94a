"""A study of ClinicalTrials.gov gives every number that its record has, each with a pointer to where it stands.

Counted by a way independent of the reader, as many numbers are in the record, in the typed study and in the graph, and
they are equal; each pointer is followed to a leaf that gives its value; every field is read or left for a reason.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from rdflib import Graph

from picograph.kg import model
from picograph.kg.derivation import derive
from picograph.kg.linking import link
from picograph.kg.load import Input, load
from picograph.kg.model import Kind
from picograph.kg.readers.clinicaltrials import read
from picograph.kg.recovery import study_of
from picograph.kg.results import Milestone, Part, Value
from picograph.kg.store import open_store
from picograph.kg.study import Study
from picograph.kg.triples import canonical, quads_of
from picograph.kg.validation import check
from picograph.ontology import terms
from picograph.tests.registry_records import FILES, PG, WITH_RESULTS, content, decimal, needs_files, record, walk

# --- counts, by a way that knows nothing of the reader ---------------------------------------------------------------

OUTCOMES, BASE = "outcomeMeasuresModule/outcomeMeasures", "baselineCharacteristicsModule/measures"
FLOW, EVENTS = "participantFlowModule/periods", "adverseEventsModule"
SPREAD = "(spread|lowerLimit|upperLimit)"
SHAPES = {  # what is counted: the path of each number below the results, its indexes left out
    "outcome measurements": f"{OUTCOMES}/classes/categories/measurements/value",
    "outcome spreads": f"{OUTCOMES}/classes/categories/measurements/{SPREAD}",
    "analyses": f"{OUTCOMES}/analyses/paramValue",
    "analysis limits": f"{OUTCOMES}/analyses/ci(Lower|Upper)Limit",
    "baseline measurements": f"{BASE}/classes/categories/measurements/value",
    "baseline spreads": f"{BASE}/classes/categories/measurements/{SPREAD}",
    "achievements": f"{FLOW}/milestones/achievements/numSubjects",
    "drop-outs": f"{FLOW}/dropWithdraws/reasons/numSubjects",
    "affected": f"{EVENTS}/(serious|other)Events/stats/numAffected",
    "at risk": f"{EVENTS}/(serious|other)Events/stats/numAtRisk",
    "events": f"{EVENTS}/(serious|other)Events/stats/numEvents",
    "totals": f"{EVENTS}/eventGroups/(serious|other)NumAffected",
    "deaths": f"{EVENTS}/eventGroups/deathsNumAffected",
}


def in_record(raw: Any) -> dict[str, Counter[Decimal]]:
    found = {name: Counter[Decimal]() for name in SHAPES}
    for path, value in walk(raw):
        shape = "/".join(step for step in path if isinstance(step, str))
        for name, pattern in SHAPES.items():
            if re.fullmatch("resultsSection/" + pattern, shape) and (exact := decimal(value)) is not None:
                found[name][exact] += 1
    return found


def given(*numbers: Any) -> list[Decimal]:
    return [Decimal(each) for each in numbers if each is not None]


def in_study(read_study: Study) -> dict[str, Counter[Decimal]]:
    found = {name: Counter[Decimal]() for name in SHAPES}
    for each in read_study.estimates:
        limits = given(each.interval.low, each.interval.high) if each.interval else []
        spread = given(each.dispersion.value, each.dispersion.low, each.dispersion.high) if each.dispersion else []
        if any("/analyses/" in str(place) for place in each.evidence):
            found["analyses"].update(given(each.value))
            found["analysis limits"].update(limits)
        else:
            found["outcome measurements"].update(given(each.value, each.count))
            found["outcome spreads"].update(limits + spread)
    for base in read_study.baselines:
        q = base.quantity
        found["baseline measurements"].update(given(base.count, base.percent))
        if q:
            found["baseline measurements"].update(given(q.value, q.mean, q.median))
            found["baseline spreads"].update(given(q.low, q.high, q.quartile_low, q.quartile_high))
            found["baseline spreads"].update(given(q.standard_deviation))
        if base.interval:
            found["baseline spreads"].update(given(base.interval.low, base.interval.high))
        if base.dispersion:
            found["baseline spreads"].update(given(base.dispersion.value, base.dispersion.low, base.dispersion.high))
    for flow in read_study.dispositions:
        kind = "deaths" if flow.milestone is Milestone.DIED else "drop-outs" if flow.reason else "achievements"
        found[kind].update(given(flow.count))
    for event in read_study.adverse_events:
        if event.any_event:
            found["totals"].update(given(event.affected))
            continue
        found["affected"].update(given(event.affected))
        found["at risk"].update(given(event.at_risk))
        found["events"].update(given(event.events))
    return found


def graph_of(read_study: Study) -> ox.Store:
    store = ox.Store()
    store.bulk_extend(ox.Quad(*quad.triple) for quad in quads_of(read_study))
    return store


def numbers(store: ox.Store, where: str) -> Counter[Decimal]:
    """Sum up the numbers that a SPARQL pattern binds to ?number: one for each part and property."""
    rows = store.query(f"PREFIX pg: <{PG}> SELECT ?part ?property ?number WHERE {{ {where} }}")
    assert isinstance(rows, ox.QuerySolutions)
    found = Counter[Decimal]()
    for row in rows:
        term = row["number"]
        assert isinstance(term, ox.Literal)
        found[Decimal(term.value)] += 1
    return found


def pattern(cls: str, properties: str, more: str = "") -> str:
    return f"?part a pg:{cls} . VALUES ?property {{ {properties} }} ?part ?property ?number . {more}"


IN_ANALYSIS = '{ ?part pg:evidence ?place . FILTER CONTAINS(STR(?place), "/analyses/") }'
LIMITS = "pg:intervalLow pg:intervalHigh"
SPREADS = f"pg:dispersionValue pg:dispersionLow pg:dispersionHigh {LIMITS}"
QUANTITY = "pg:quantityLow pg:quantityHigh pg:quantityQuartileLow pg:quantityQuartileHigh pg:quantityStandardDeviation"
DIED, LEFT = "{ ?part pg:milestone pg:Died }", "{ ?part pg:reason ?reason }"
ANY = "{ ?part pg:anyEvent true }"
GRAPH = {
    "outcome measurements": pattern("Estimate", "pg:value pg:count", f"FILTER NOT EXISTS {IN_ANALYSIS}"),
    "outcome spreads": pattern("Estimate", SPREADS, f"FILTER NOT EXISTS {IN_ANALYSIS}"),
    "analyses": pattern("Estimate", "pg:value", f"FILTER EXISTS {IN_ANALYSIS}"),
    "analysis limits": pattern("Estimate", LIMITS, f"FILTER EXISTS {IN_ANALYSIS}"),
    "baseline measurements": pattern(
        "Baseline", "pg:count pg:percentReported pg:quantityValue pg:quantityMean pg:quantityMedian"
    ),
    "baseline spreads": pattern("Baseline", f"{QUANTITY} {SPREADS}"),
    "achievements": pattern("Disposition", "pg:count", f"FILTER NOT EXISTS {DIED} FILTER NOT EXISTS {LEFT}"),
    "drop-outs": pattern("Disposition", "pg:count", f"FILTER EXISTS {LEFT}"),
    "affected": pattern("AdverseEventResult", "pg:affected", f"FILTER NOT EXISTS {ANY}"),
    "at risk": pattern("AdverseEventResult", "pg:atRisk", f"FILTER NOT EXISTS {ANY}"),
    "events": pattern("AdverseEventResult", "pg:events", f"FILTER NOT EXISTS {ANY}"),
    "totals": pattern("AdverseEventResult", "pg:affected", f"FILTER EXISTS {ANY}"),
    "deaths": pattern("Disposition", "pg:count", f"FILTER EXISTS {DIED}"),
}
# Counted once by hand, in the records as the registry gives them.
COUNTED = {
    "NCT00763412": {"outcome measurements": 30, "outcome spreads": 60, "baseline measurements": 66, "achievements": 6},
    "NCT02210780": {"outcome measurements": 28, "analyses": 7, "analysis limits": 14, "drop-outs": 12, "affected": 18},
    "NCT05594173": {"outcome measurements": 12, "baseline measurements": 14, "events": 1, "affected": 1, "deaths": 1},
}


@needs_files
@pytest.mark.parametrize("nct", WITH_RESULTS)
def test_as_many_numbers_are_in_the_record_in_the_study_and_in_the_graph_and_they_are_equal(nct: str) -> None:
    raw = json.loads(content(nct), parse_float=Decimal)
    made = read(content(nct), nct)
    wanted, store = in_record(raw), graph_of(made)
    assert in_study(made) == wanted
    assert {name: numbers(store, where) for name, where in GRAPH.items()} == wanted
    for name, count in COUNTED[nct].items():
        assert wanted[name].total() == count, name


@needs_files
def test_the_sweep_of_numbers_is_not_empty() -> None:
    totals = Counter[str]()
    for nct in WITH_RESULTS:
        totals.update({name: found.total() for name, found in in_record(json.loads(content(nct))).items()})
    assert set(totals) == set(SHAPES)
    assert min(totals.values()) > 0, f"{totals}"
    assert totals.total() > 400, f"{totals}"


@needs_files
def test_every_analysis_is_an_estimate_with_its_p_value() -> None:
    raw = json.loads(content("NCT02210780"))
    measures = raw["resultsSection"]["outcomeMeasuresModule"]["outcomeMeasures"]
    wanted = [each["pValue"] for measure in measures for each in measure.get("analyses", [])]
    made = read(content("NCT02210780"), "x")
    found = [each for each in made.estimates if each.p is not None]
    assert len(found) == len(wanted) == 7
    assert [f"{each.p.sign}{each.p.value}" for each in found if each.p] == wanted
    assert {each.interval.level for each in found if each.interval} == {Decimal(90)}
    assert {(each.arm, each.comparator) for each in found} == {("dupilumab-300-mg-qw", "placebo-qw")}


# --- the whole way back ----------------------------------------------------------------------------------------------


def follow(raw: Any, pointer: str) -> Any:
    """Follow an RFC 6901 pointer, apart from the package's own way."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        raw = raw[int(name)] if isinstance(raw, list) else raw[name]
    return raw


# Words of ours, or of the registry's website, that stand in no field.
OURS = {"All-Cause Mortality", "Serious Adverse Events", "Other (Not Including Serious) Adverse Events"}
NOT_WORDS = {"unit", "key", "heading", "descriptor_concept", "sides", "sign", "kind"}


def stated(part: Part) -> Iterator[tuple[str, Any]]:
    """Give each value of a part that a field of the record must give: numbers and words."""
    for field in model.fields(type(part)):
        value = getattr(part, field.name)
        if value is None or field.kind in (Kind.PART, Kind.REFERENCE, Kind.ENUM, Kind.BOOLEAN):
            continue
        if field.kind is Kind.VALUE:
            assert isinstance(value, Value)
            for inner in model.fields(type(value)):
                each = getattr(value, inner.name)
                if each is not None and not isinstance(each, Enum):
                    yield f"{field.name}.{inner.name}", each
        else:
            yield from ((field.name, each) for each in (value if field.many else (value,)))


def gives(name: str, value: Any, leaves: list[Any]) -> bool:
    """Say whether one of the leaves gives the value."""
    if isinstance(value, bool | int | Decimal):
        if name == "interval.level":
            return any(format(value, "f") in str(leaf) for leaf in leaves)
        return any(decimal(str(leaf).lstrip("<>= ")) == Decimal(value) for leaf in leaves)
    if name == "remarks":
        return any(str(leaf) in value for leaf in leaves if isinstance(leaf, str) and leaf)
    return any(leaf == value for leaf in leaves)


def exempt(part: Part, name: str, value: Any) -> bool:
    kind = type(part).__name__
    return (
        name.rpartition(".")[2] in NOT_WORDS
        or value in OURS
        or (kind == "EligibilityCriterion" and name == "label")
        or (kind == "Disposition" and name == "label" and value == "NOT COMPLETED")
        or (kind == "RelatedReport" and value == "reference")
    )


@needs_files
def test_each_pointer_is_followed_to_a_leaf_that_gives_the_value() -> None:
    pointers, checked, missed = set(), 0, []
    for path in FILES:
        raw = json.loads(path.read_bytes(), parse_float=Decimal)
        made = read(path.read_bytes(), path.name)
        labels = {arm.key: arm.label for arm in made.arms}
        for part in model.parts_of(made):
            leaves = [follow(raw, str(place)) for place in part.evidence]
            assert not any(isinstance(leaf, dict | list | None) for leaf in leaves), part
            assert leaves, part
            pointers |= {(path.name, str(place)) for place in part.evidence}
            for name, value in stated(part):
                if exempt(part, name, value):
                    continue
                checked += 1
                if not gives(name, value, leaves):
                    missed.append((path.name, type(part).__name__, name, value))
            if arm := getattr(part, "arm", None):
                checked += 1
                assert labels[arm] in leaves, "a result says in which group it was found"
    assert missed == []
    assert len(pointers) > 1000, f"{len(pointers)} pointers"
    assert checked > 1800, f"{checked} values"


def overridden(raw: Any, path: tuple[Any, ...]) -> bool:
    if "denoms" not in path or "classes" in path:
        return False
    module = raw["resultsSection"][path[1]]
    measures = module["measures"] if "measures" in module else [module["outcomeMeasures"][path[3]]]
    rows = [row for measure in measures for row in measure["classes"]]
    return all("denoms" in row for row in rows)


@needs_files
def test_every_number_of_results_is_pointed_to() -> None:
    seen = 0
    for nct in WITH_RESULTS:
        raw = json.loads(content(nct))
        places = {str(place) for part in model.parts_of(read(content(nct), nct)) for place in part.evidence}
        for path, value in walk(raw["resultsSection"], ("resultsSection",)):
            # A denominator for which a class has its own is no number of any result.
            if decimal(value) is not None and path[1] != "moreInfoModule" and not overridden(raw, path):
                assert "/" + "/".join(map(str, path)) in places, path
                seen += 1
    assert seen > 600, f"{seen} numbers"


@needs_files
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_real_records_are_sound_go_there_and_back_and_load(path: Path) -> None:
    made = read(path.read_bytes(), path.name)
    assert check(made) == []
    assert study_of(quads_of(made)) == canonical(made)
    store = open_store(":memory:")
    (loaded,) = load(store, [Input(path.name, path.read_bytes())])
    assert (loaded.outcome, loaded.study, loaded.cautions) == ("added", path.stem, ())
    assert [each.outcome for each in load(store, [Input("again", path.read_bytes())])] == ["unchanged"]


@needs_files
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_real_records_keep_to_the_shapes(path: Path) -> None:
    pyshacl = pytest.importorskip("pyshacl")
    made = derive(link(read(path.read_bytes(), path.name)))
    triples = ox.serialize((quad.triple for quad in quads_of(made)), format=ox.RdfFormat.N_TRIPLES)
    graph, shapes = Graph(), Graph().parse(data=terms.shapes_text(), format="turtle")
    graph.parse(data=triples or b"", format="nt")
    assert len(graph) > 40
    conforms, _, text = pyshacl.validate(graph, shacl_graph=shapes, inference="none", advanced=False)
    assert conforms, text


# What is not read, and why: it is no evidence, it is said elsewhere in the record, or MeSH itself says it better.
NOT_READ = re.compile(
    r"""/hasResults|/documentSection/.*|/derivedSection/miscInfoModule/.*
    |/derivedSection/\w+BrowseModule/(?:ancestors|browseLeaves|browseBranches)/.*
    |/protocolSection/(?:contactsLocations|oversight|ipdSharingStatement|sponsorCollaborators|description)Module/.*
    |/protocolSection/referencesModule/(?:availIpds|seeAlsoLinks)/.*
    |/protocolSection/identificationModule/(?:organization/class|secondaryIdInfos/\d+/link)
    |/protocolSection/conditionsModule/keywords/.*|/protocolSection/eligibilityModule/stdAges/.*
    |/protocolSection/designModule/patientRegistry|/protocolSection/statusModule/(?:\w+Submit\w*|statusVerifiedDate)
    |/protocolSection/statusModule/(?:resultsFirstPost|dispFirstPost)DateStruct/.*|.*PostDateStruct/type
    |/protocolSection/statusModule/expandedAccessInfo/.*
    |/protocolSection/armsInterventionsModule/interventions/\d+/armGroupLabels/\d+   # the arms name them too
    |/resultsSection/moreInfoModule/(?:certainAgreement|pointOfContact)/.*
    |/resultsSection/outcomeMeasuresModule/outcomeMeasures/\d+/reportingStatus
    |/resultsSection/.*/(?:groupId|groupIds/\d+|(?:groups|eventGroups)/\d+/id|denoms/\d+/units)   # followed, not kept
    |/resultsSection/.*/(?:groups|eventGroups)/\d+/description   # of an arm of the plan, which has its own
    """,
    re.VERBOSE,
)


@needs_files
def test_every_field_is_read_or_left_for_a_reason() -> None:
    read_fields, left = 0, 0
    for path in FILES:
        raw = json.loads(path.read_bytes())
        places = {str(place) for part in model.parts_of(read(path.read_bytes(), path.name)) for place in part.evidence}
        for steps, _ in walk(raw, ()):
            pointer = "/" + "/".join(map(str, steps))
            if pointer in places:
                read_fields += 1
            elif not overridden(raw, steps):
                assert NOT_READ.fullmatch(pointer), f"{path.stem} {pointer} is not read"
                left += 1
    assert read_fields > 1600, read_fields
    assert left > 800, left


@needs_files
def test_how_far_a_study_has_come() -> None:
    design = read(content("NCT00973089"), "stopped").design
    raw = json.loads(content("NCT00973089"))["protocolSection"]["statusModule"]
    assert design is not None
    assert (design.status, design.why_stopped) == (raw["overallStatus"], raw["whyStopped"])
    assert (design.started, design.started_kind) == (raw["startDateStruct"]["date"], None)  # this one does not say
    assert (design.completed, design.completed_kind) == (raw["completionDateStruct"]["date"], "ACTUAL")


def test_a_reference_that_is_retracted_says_so() -> None:
    made = record()
    made["protocolSection"]["referencesModule"] = {
        "references": [{"pmid": "1", "retractions": [{"pmid": "2", "source": "J Made Up"}]}, {"pmid": "3"}]
    }
    related = read(json.dumps(made).encode(), "made-up").report.related
    assert [(each.pmid, each.note) for each in related] == [("1", "retracted: PMID 2"), ("3", None)]
