"""A study of ClinicalTrials.gov gives every number that its record has, each with a pointer to where it stands.

Counted by a way independent of the reader, as many numbers are in the record, in the typed study and in the graph, and
they are equal. What a record does not state stays absent. A damaged record is refused with what, where and try, and the
records beside it are kept.
"""

import gzip
import io
import json
import random
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal, InvalidOperation
from enum import Enum
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from rdflib import Graph

from picograph.kg import model, readers
from picograph.kg.derivation import derive
from picograph.kg.linking import link
from picograph.kg.load import Input, load
from picograph.kg.model import Kind
from picograph.kg.readers import clinicaltrials_codes, json_files, json_record
from picograph.kg.readers.clinicaltrials import read, read_all, sniff
from picograph.kg.report import IndexedAs, RelatedReport, Report, SecondaryIdentifier
from picograph.kg.results import (
    Absence,
    Dispersion,
    DispersionKind,
    Estimate,
    Hypothesis,
    Interval,
    Milestone,
    Part,
    PValue,
    Quantity,
    Statistic,
    Value,
)
from picograph.kg.source import Method, Place, Record
from picograph.kg.store import open_store
from picograph.kg.study import Allocation, EnrolmentKind, InterventionModel, Masking, Phase, Role, Study, StudyType
from picograph.kg.triples import canonical, quads_of, study_of
from picograph.kg.validation import check, errors
from picograph.ontology import terms
from picograph.ontology.errors import EvidenceError, InputError

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
FILES = sorted((SHARED / "clinicaltrials").glob("*.json"))
WITH_RESULTS = ("NCT00763412", "NCT02210780", "NCT05594173")
needs_files = pytest.mark.skipif(not FILES, reason="the real records are not at hand")
PG = "https://w3id.org/picograph/ontology/"
ID = "/protocolSection/identificationModule"


def content(nct: str) -> bytes:
    return (SHARED / "clinicaltrials" / f"{nct}.json").read_bytes()


# --- a record made by hand -------------------------------------------------------------------------------------------


def outcome(**fields: Any) -> dict[str, Any]:
    """Give a reported outcome with two groups and one number in each."""
    return {
        "type": "PRIMARY",
        "title": "Response",
        "timeFrame": "1 month",
        "paramType": "COUNT_OF_PARTICIPANTS",
        "unitOfMeasure": "Participants",
        "groups": [{"id": "OG000", "title": "Drug"}, {"id": "OG001", "title": "Placebo"}],
        "denoms": [denominators(OG000="20", OG001="21")],
        "classes": [{"categories": [{"measurements": [number("OG000", "12"), number("OG001", "0")]}]}],
        **fields,
    }


def denominators(**numbers: str) -> dict[str, Any]:
    return {"units": "Participants", "counts": [{"groupId": name, "value": value} for name, value in numbers.items()]}


def number(group: str, value: Any, **fields: Any) -> dict[str, Any]:
    return {"groupId": group, "value": value, **fields}


def one(value: Any, param: str = "MEAN", dispersion: str | None = None, unit: str = "days", **more: Any) -> Estimate:
    """Give the estimate of an outcome with one number."""
    measure = outcome(
        paramType=param,
        unitOfMeasure=unit,
        classes=[{"categories": [{"measurements": [number("OG000", value, **more)]}]}],
    )
    if dispersion:
        measure["dispersionType"] = dispersion
    (estimate,) = study(outcomes=[measure]).estimates
    return estimate


def analysis(**fields: Any) -> Estimate:
    """Give the estimate of one analysis."""
    analysed = {"groupIds": ["OG000", "OG001"], **fields}
    return study(outcomes=[outcome(classes=[], analyses=[analysed])]).estimates[0]


def record(**sections: Any) -> dict[str, Any]:
    """Give a record with two arms, and results as wanted."""
    made: dict[str, Any] = {
        "protocolSection": {
            "identificationModule": {"nctId": "NCT00000001", "briefTitle": "A trial", "orgStudyIdInfo": {"id": "X-1"}},
            "armsInterventionsModule": {
                "armGroups": [
                    {"label": "Drug", "type": "EXPERIMENTAL", "interventionNames": ["Drug: Sorafenib"]},
                    {"label": "Placebo", "type": "PLACEBO_COMPARATOR", "interventionNames": ["Drug: Placebo"]},
                ],
                "interventions": [
                    {"type": "DRUG", "name": "Sorafenib", "armGroupLabels": ["Drug"], "otherNames": ["Nexavar"]},
                    {"type": "DRUG", "name": "Placebo", "armGroupLabels": ["Placebo"]},
                ],
            },
            "outcomesModule": {"primaryOutcomes": [{"measure": "Response", "timeFrame": "1 month"}]},
        },
        "resultsSection": {},
    }
    for name, value in sections.items():
        if name == "outcomes":
            made["resultsSection"]["outcomeMeasuresModule"] = {"outcomeMeasures": value}
        elif name.endswith("Module") and name in PROTOCOL:
            made["protocolSection"].setdefault(name, {}).update(value)
        elif name.endswith("BrowseModule"):
            made.setdefault("derivedSection", {})[name] = value
        else:
            made["resultsSection"][name] = value
    return made


PROTOCOL = {
    "identificationModule",
    "designModule",
    "eligibilityModule",
    "conditionsModule",
    "outcomesModule",
    "armsInterventionsModule",
    "referencesModule",
    "statusModule",
}


def study(**sections: Any) -> Study:
    made = read(json.dumps(record(**sections)).encode(), "made.json")
    assert errors(check(made)) == []
    assert study_of(quads_of(made)) == canonical(made)
    return made


# --- counts, by a way that knows nothing of the reader ---------------------------------------------------------------


def walk(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Give every leaf of a record with its path."""
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from walk(inner, (*path, name))
    else:
        yield path, value


def decimal(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value).strip().replace(",", "")) if not isinstance(value, bool) else None
    except InvalidOperation:
        return None


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


# --- what a record does not state ------------------------------------------------------------------------------------


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


# --- groups ----------------------------------------------------------------------------------------------------------


def test_a_group_is_the_arm_of_exactly_its_title() -> None:
    made = study(outcomes=[outcome()])
    assert [(each.arm, each.count, each.denominator) for each in made.estimates] == [
        ("drug", 12, 20),
        ("placebo", 0, 21),
    ]
    assert len(made.arms) == 2


@pytest.mark.parametrize("title", ["drug", "Drug ", "The Drug", "Drug: all"])
def test_a_group_of_another_title_is_never_merged(title: str) -> None:
    made = study(outcomes=[outcome(groups=[{"id": "OG000", "title": title}, {"id": "OG001", "title": "Placebo"}])])
    (other,) = [arm for arm in made.arms if not arm.planned]
    assert (other.label, other.role, other.planned) == (title, None, False)
    assert made.estimates[0].arm == other.key


def test_groups_are_one_only_where_title_and_description_agree() -> None:
    def groups(*described: str) -> list[dict[str, str]]:
        return [{"id": f"OG{index:03}", "title": "All", "description": each} for index, each in enumerate(described)]

    cells = [{"categories": [{"measurements": [number("OG000", "1")]}]}]
    made = study(
        outcomes=[
            outcome(title="A", groups=groups("everybody"), classes=cells),
            outcome(title="B", groups=groups("everybody"), classes=cells),
            outcome(title="C", groups=groups("those treated"), classes=cells),
        ]
    )
    assert [each.arm for each in made.estimates] == ["all", "all", "all-outcome-3-og000"]


def test_a_group_that_is_listed_nowhere_is_known_by_its_identifier() -> None:
    cells = [{"categories": [{"measurements": [number("OG000", "3"), number("OG007", "4")]}]}]
    made = study(outcomes=[outcome(classes=cells)])
    assert [(each.arm, each.count, each.denominator) for each in made.estimates] == [
        ("drug", 3, 20),
        ("og007", 4, None),
    ]
    assert made.arms[-1].evidence == (
        Place("/resultsSection/outcomeMeasuresModule/outcomeMeasures/0/classes/0/categories/0/measurements/1/groupId"),
    )


def test_a_group_without_a_number_gives_no_estimate() -> None:
    cells = [{"categories": [{"measurements": [number("OG001", "3")]}]}]
    assert [each.arm for each in study(outcomes=[outcome(classes=cells)]).estimates] == ["placebo"]


def test_two_arms_of_one_label_are_not_decided_between() -> None:
    arms = {"armGroups": [{"label": "Drug"}, {"label": "Drug"}], "interventions": []}
    made = study(armsInterventionsModule=arms, outcomes=[outcome(classes=[])])
    assert [(arm.key, arm.planned) for arm in made.arms] == [
        ("drug", True), ("drug-2", True), ("drug-outcome-1-og000", False), ("placebo", False),
    ]  # fmt: skip


def baselines(**fields: Any) -> tuple[Any, ...]:
    measure = {"title": "Age", "paramType": "MEAN", "unitOfMeasure": "years", **fields}
    module = {
        "groups": [
            {"id": "BG000", "title": "Drug"},
            {"id": "BG001", "title": "Total", "description": "Total of all reporting groups"},
        ],
        "denoms": [denominators(BG000="20", BG001="41")],
        "measures": [measure],
    }
    return study(baselineCharacteristicsModule=module).baselines


def cells(*values: Any, **more: Any) -> list[dict[str, Any]]:
    named = [number(f"BG00{index}", value, **more) for index, value in enumerate(values)]
    return [{"categories": [{"measurements": named}]}]


def test_the_total_of_the_registry_is_no_arm() -> None:
    first, total = baselines(classes=cells("60.5", "61"))
    assert (first.arm, first.denominator) == ("drug", 20)
    assert (total.arm, total.denominator) == (None, 41)


@pytest.mark.parametrize(
    ("param", "dispersion", "more", "quantity"),
    [
        ("MEAN", "STANDARD_DEVIATION", {"spread": "2.5"}, {"mean": 60, "standard_deviation": Decimal("2.5")}),
        ("MEDIAN", "FULL_RANGE", {"lowerLimit": "12", "upperLimit": "80"}, {"median": 60, "low": 12, "high": 80}),
        ("MEDIAN", "INTER_QUARTILE_RANGE", {"lowerLimit": "50", "upperLimit": "70"},
         {"median": 60, "quartile_low": 50, "quartile_high": 70}),
        ("MEDIAN", "FULL_RANGE", {"lowerLimit": "12", "upperLimit": "NA"}, {"median": 60, "low": 12}),
        ("NUMBER", None, {}, {"value": 60}),
    ],
)  # fmt: skip
def test_quantities_at_baseline(param: str, dispersion: str | None, more: dict[str, str], quantity: Any) -> None:
    (found,) = baselines(paramType=param, dispersionType=dispersion, classes=cells("60", **more))
    assert found.quantity == Quantity(unit="a", **{name: Decimal(value) for name, value in quantity.items()})
    assert (found.unit_words, found.statistic, found.dispersion) == ("years", None, None)


def test_a_baseline_that_a_quantity_has_no_field_for() -> None:
    (found,) = baselines(
        paramType="GEOMETRIC_MEAN", dispersionType="95% Confidence Interval",
        classes=cells("60", lowerLimit="50", upperLimit="70"),
    )  # fmt: skip
    assert (found.statistic, found.quantity.value) == (Statistic.GEOMETRIC_MEAN, 60)
    assert found.interval == Interval(low=Decimal(50), high=Decimal(70), level=Decimal(95))


def test_counts_at_baseline_have_their_level_and_denominator() -> None:
    (found,) = baselines(
        title="Sex", paramType="COUNT_OF_PARTICIPANTS", unitOfMeasure="Participants",
        classes=[{"categories": [{"title": "Female", "measurements": [number("BG000", "8")]}]}],
    )  # fmt: skip
    assert (found.variable, found.level, found.count, found.denominator) == ("Sex", "Female", 8, 20)
    (region,) = baselines(
        title="Region", paramType="NUMBER", unitOfMeasure="participants",
        classes=[{"title": "Canada", "categories": [{"measurements": [number("BG000", "30")]}]}],
    )  # fmt: skip
    assert (region.component, region.count, region.denominator) == ("Canada", None, 20)
    assert region.quantity == Quantity(unit="{participants}", value=Decimal(30)), "more than were analysed: no count"


def test_rows_and_columns_and_their_own_denominators() -> None:
    rows = [
        {"title": "Week 4", "denoms": [denominators(OG000="18")],
         "categories": [{"title": "Better", "measurements": [number("OG000", "9")]},
                        {"title": "Worse", "measurements": [number("OG000", "9")]}]},
        {"title": "Week 8", "categories": [{"title": "Better", "measurements": [number("OG000", "20")]}]},
    ]  # fmt: skip
    made = study(outcomes=[outcome(classes=rows)])
    assert [(each.component, each.category, each.count, each.denominator) for each in made.estimates] == [
        ("Week 4", "Better", 9, 18), ("Week 4", "Worse", 9, 18), ("Week 8", "Better", 20, 20),
    ]  # fmt: skip
    assert check(made) == [], "time points are not categories of each other"


def test_units_that_are_not_participants() -> None:
    eyes = {"units": "Eyes", "counts": [{"groupId": "OG000", "value": "38"}]}
    measure = outcome(
        paramType="COUNT_OF_UNITS", unitOfMeasure="Eyes", typeUnitsAnalyzed="Eyes", denomUnitsSelected="Eyes",
        denoms=[denominators(OG000="20"), eyes], classes=[{"categories": [{"measurements": [number("OG000", "30")]}]}],
    )  # fmt: skip
    (found,) = study(outcomes=[measure]).estimates
    assert (found.count, found.denominator, found.units_analysed, found.participants) == (30, 38, "Eyes", 20)
    assert found.denominator_kind is None


# --- outcomes --------------------------------------------------------------------------------------------------------


def test_a_planned_outcome_and_its_results_are_one_only_where_all_words_agree() -> None:
    made = study(outcomes=[outcome(), outcome(timeFrame="2 months"), outcome(type="SECONDARY")])
    assert [(each.planned, each.time_frame) for each in made.outcomes] == [
        (True, "1 month"), (False, "2 months"), (False, "1 month"),
    ]  # fmt: skip
    places = [str(place) for place in made.outcomes[0].evidence]
    assert [place.split("/")[1] for place in places].count("protocolSection") == 2
    assert len({each.key for each in made.outcomes}) == 3


@pytest.mark.parametrize(
    ("unit", "title", "statistic"),
    [
        ("Percentage of participants", "Response", Statistic.PROPORTION),
        ("percent of patients with pain", "Response", Statistic.PROPORTION),
        ("Proportion of participants", "Response", Statistic.PROPORTION),
        ("Percentage of participants", "Progression-free survival at 1 year", Statistic.OTHER),
        ("Percentage of participants", "Overall Survival", Statistic.OTHER),
        ("probability of participants alive", "Response", Statistic.OTHER),
        ("percentage of BSA", "Response", Statistic.OTHER),
        ("percentage of participant visits", "Response", Statistic.OTHER),
        ("events per 100 person-years", "Response", Statistic.OTHER),
        ("participants", "Response", Statistic.COUNT),
    ],
)  # fmt: skip
def test_a_number_is_a_proportion_or_a_count_only_where_its_unit_says_so(
    unit: str, title: str, statistic: Statistic
) -> None:
    measure = outcome(
        title=title, paramType="NUMBER", unitOfMeasure=unit,
        classes=[{"categories": [{"measurements": [number("OG000", "15")]}]}],
    )  # fmt: skip
    made = derive(study(outcomes=[measure]))
    (found,) = made.estimates
    assert found.statistic is statistic
    if title != "Response":
        assert found.derived == (), "a survival probability never becomes a count"
    assert (found.count if statistic is Statistic.COUNT else found.value) == 15


@pytest.mark.parametrize(
    ("param", "statistic"),
    [("MEAN", Statistic.MEAN), ("MEDIAN", Statistic.MEDIAN), ("GEOMETRIC_MEAN", Statistic.GEOMETRIC_MEAN),
     ("LEAST_SQUARES_MEAN", Statistic.LEAST_SQUARES_MEAN), ("LOG_MEAN", Statistic.OTHER),
     ("GEOMETRIC_LEAST_SQUARES_MEAN", Statistic.OTHER)],
)  # fmt: skip
def test_statistics(param: str, statistic: Statistic) -> None:
    found = one("3.5", param)
    assert (found.statistic, found.value, found.unit) == (statistic, Decimal("3.5"), "d")
    assert found.statistic_words == (param if statistic is Statistic.OTHER else None)


@pytest.mark.parametrize(
    ("words", "more", "wanted"),
    [
        ("Standard Deviation", {"spread": "1.1"},
         Dispersion(kind=DispersionKind.STANDARD_DEVIATION, value=Decimal("1.1"))),
        ("Standard Error", {"spread": "1.1"}, Dispersion(kind=DispersionKind.STANDARD_ERROR, value=Decimal("1.1"))),
        ("Full Range", {"lowerLimit": "1", "upperLimit": "9"},
         Dispersion(kind=DispersionKind.RANGE, low=Decimal(1), high=Decimal(9))),
        ("Inter-Quartile Range", {"lowerLimit": "1", "upperLimit": "NA"},
         Dispersion(kind=DispersionKind.INTERQUARTILE_RANGE, low=Decimal(1))),
        ("Geometric Coefficient of Variation", {"spread": "40"},
         Dispersion(kind=DispersionKind.GEOMETRIC_COEFFICIENT_OF_VARIATION, value=Decimal(40))),
        ("95% Confidence Interval", {"lowerLimit": "1", "upperLimit": "9"},
         Interval(low=Decimal(1), high=Decimal(9), level=Decimal(95))),
        ("97.5% Confidence Interval", {"lowerLimit": "1", "upperLimit": "9"},
         Interval(low=Decimal(1), high=Decimal(9), level=Decimal("97.5"))),
        ("CONFIDENCE_975", {"lowerLimit": "1", "upperLimit": "9"},
         Interval(low=Decimal(1), high=Decimal(9), level=Decimal("97.5"))),
        ("Other Confidence Interval", {"lowerLimit": "1", "upperLimit": "9"},
         Interval(low=Decimal(1), high=Decimal(9))),
    ],
)  # fmt: skip
def test_spreads(words: str, more: dict[str, str], wanted: Any) -> None:
    found = one("5", "MEDIAN", words, **more)
    assert (found.interval or found.dispersion) == wanted
    assert (found.interval is None) != (found.dispersion is None)


def test_a_limit_without_an_estimate_is_kept() -> None:
    found = one("NA", "MEDIAN", "95% Confidence Interval", lowerLimit="12.3", upperLimit="NA", comment="not reached")
    assert (found.value, found.absence, found.remarks) == (None, None, ("not reached",))
    assert found.interval == Interval(low=Decimal("12.3"), level=Decimal(95))


def test_a_spread_of_no_known_kind_stays_in_words() -> None:
    assert one("5", "MEAN", "Other", spread="2").remarks == ("Other: 2",)


@pytest.mark.parametrize(
    ("words", "code"),
    [("Years", "a"), ("days", "d"), ("mg/dl", "mg/dL"), ("Kg/m^2", "kg/m2"), ("ng/ml", "ng/mL"), ("mm Hg", "mm[Hg]"),
     ("% change", "%"), ("percentage change", "%"), ("pH", "{pH}"), ("score on a scale", "{score_on_a_scale}"),
     ("C", "{C}"), ("cells x 10^9 / µL {count}", "{cells_x_10^9_/_uL_count}"), ("点", "{unit}"), ("ratio", "1")],
)  # fmt: skip
def test_units_are_ucum_where_they_are_known_and_words_always(words: str, code: str) -> None:
    found = one("1", unit=words)
    assert (found.unit, found.unit_words) == (code, words)


# --- analyses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "p"),
    [("<0.001", PValue(value=Decimal("0.001"), sign="<")), ("< .001", PValue(value=Decimal("0.001"), sign="<")),
     ("0.04", PValue(value=Decimal("0.04"))), ("=0.04", PValue(value=Decimal("0.04"))),
     ("p<=0.05", PValue(value=Decimal("0.05"), sign="<=")), (">0.99", PValue(value=Decimal("0.99"), sign=">")),
     ("≤0.05", PValue(value=Decimal("0.05"), sign="<=")), ("P = 0.5.", PValue(value=Decimal("0.5"))),
     ("0", PValue(value=Decimal(0))), (0.5, PValue(value=Decimal("0.5")))],
)  # fmt: skip
def test_p_values_keep_their_sign(text: Any, p: PValue) -> None:
    assert analysis(pValue=text).p == p


@pytest.mark.parametrize("text", ["NS", "0,05", "1.2", "-0.1", "<0.001 and <0.01"])
def test_a_p_value_that_is_none_stays_in_words(text: str) -> None:
    found = analysis(pValue=text)
    assert (found.p, found.remarks, found.absence) == (None, (f"p value: {text}",), Absence.NOT_REPORTED)


def test_an_analysis_in_full() -> None:
    found = analysis(
        groupDescription="stratified", nonInferiorityType="NON_INFERIORITY", nonInferiorityComment="margin 1.2",
        pValue="0.0200", pValueComment="adjusted", statisticalMethod="Log Rank", paramType="Hazard Ratio (HR)",
        paramValue="0.69", ciPctValue="95", ciNumSides="TWO_SIDED", ciLowerLimit="0.55", ciUpperLimit="0.87",
        dispersionType="STANDARD_ERROR_OF_MEAN", dispersionValue="0.1", estimateComment="Drug vs. Placebo",
    )  # fmt: skip
    assert (found.statistic, found.value, found.unit) == (Statistic.HAZARD_RATIO, Decimal("0.69"), None)
    assert (found.arm, found.comparator, found.compared) == ("drug", "placebo", ())
    assert found.interval == Interval(low=Decimal("0.55"), high=Decimal("0.87"), level=Decimal(95), sides="two-sided")
    assert found.p == PValue(value=Decimal("0.0200"))
    assert found.dispersion == Dispersion(kind=DispersionKind.STANDARD_ERROR, value=Decimal("0.1"))
    assert (found.method, found.hypothesis) == ("Log Rank", Hypothesis.NON_INFERIORITY)
    assert found.statistic_words == "Hazard Ratio (HR)"
    assert found.remarks == ("stratified", "margin 1.2", "adjusted", "Drug vs. Placebo")


def test_a_one_sided_limit() -> None:
    found = analysis(paramType="Other", paramValue="2", ciPctValue="97.5", ciNumSides="ONE_SIDED", ciLowerLimit="1.1",
                     ciUpperLimit="NA", ciUpperLimitComment="one-sided")  # fmt: skip
    assert found.interval == Interval(low=Decimal("1.1"), level=Decimal("97.5"), sides="one-sided")
    assert found.remarks == ("one-sided",)


@pytest.mark.parametrize(
    ("comment", "arms"),
    [("Placebo vs Drug", ("placebo", "drug", ())), ("Drug versus Placebo.", ("drug", "placebo", ())),
     ("Drug was better", (None, None, ("drug", "placebo"))), (None, (None, None, ("drug", "placebo"))),
     ("Drug vs. Placebo, adjusted", (None, None, ("drug", "placebo")))],
)  # fmt: skip
def test_the_direction_of_a_contrast_is_stated_or_left_open(comment: str | None, arms: Any) -> None:
    found = analysis(paramType="Odds Ratio (OR)", paramValue="2", estimateComment=comment)
    assert (found.arm, found.comparator, found.compared) == arms


def test_an_analysis_with_a_p_value_alone() -> None:
    found = analysis(pValue="0.5", statisticalMethod="Fisher Exact")
    assert (found.statistic, found.value, found.absence) == (Statistic.OTHER, None, Absence.NOT_REPORTED)


@pytest.mark.parametrize("listed", [["OG000"], ["OG000", "OG001", "OG009"], []])
def test_analyses_of_one_group_of_many_and_of_none(listed: list[str]) -> None:
    found = analysis(groupIds=listed, paramType="Slope", paramValue="2")
    assert (found.arm, found.compared) == (
        ("drug", ()) if len(listed) == 1 else (None, ("drug", "placebo", "og009")[: len(listed)])
    )


# --- flow, adverse events, index terms -------------------------------------------------------------------------------


def test_flow_by_period_with_reasons_and_units() -> None:
    module = {
        "typeUnitsAnalyzed": "Eyes",
        "groups": [{"id": "FG000", "title": "Drug"}],
        "periods": [
            {
                "title": title,
                "milestones": [
                    {"type": "STARTED", "achievements": [{"groupId": "FG000", "numSubjects": "20", "numUnits": "40"}]},
                    {"type": "Got a dose", "comment": "any dose",
                     "achievements": [{"groupId": "FG000", "numSubjects": "19", "comment": "one refused"}]},
                    {"type": "NOT COMPLETED", "achievements": [{"groupId": "FG000", "numSubjects": "1"}]},
                ],
                "dropWithdraws": [{"type": "Death", "reasons": [{"groupId": "FG000", "numSubjects": "1"}]}],
            }
            for title in ("Part 1", "Part 1")
        ],
    }  # fmt: skip
    made = study(participantFlowModule=module)
    assert [(each.key, each.label) for each in made.epochs] == [("part-1", "Part 1"), ("part-1-2", "Part 1")]
    first = [each for each in made.dispositions if each.epoch == "part-1"]
    assert [(each.milestone, each.label, each.reason, each.count) for each in first] == [
        (Milestone.STARTED, "STARTED", None, 20),
        (Milestone.OTHER, "Got a dose", None, 19),
        (Milestone.NOT_COMPLETED, "NOT COMPLETED", None, 1),
        (Milestone.NOT_COMPLETED, "NOT COMPLETED", "Death", 1),
    ]
    assert (first[0].units, first[0].units_analysed) == (40, "Eyes")
    assert first[1].remarks == ("any dose", "one refused")
    assert len(made.dispositions) == 8


def test_adverse_events_with_all_that_they_have() -> None:
    module = {
        "timeFrame": "30 days", "frequencyThreshold": "5", "description": "asked", "allCauseMortalityComment": "none",
        "eventGroups": [{"id": "EG000", "title": "Drug", "description": "got it", "seriousNumAffected": 2,
                         "seriousNumAtRisk": 20, "otherNumAffected": 3, "otherNumAtRisk": 19}],
        "seriousEvents": [{"term": "Rash", "organSystem": "Skin", "sourceVocabulary": "MedDRA 18.0",
                           "assessmentType": "SYSTEMATIC_ASSESSMENT", "notes": "mild",
                           "stats": [{"groupId": "EG000", "numEvents": 4, "numAffected": 2, "numAtRisk": 20}]}],
    }  # fmt: skip
    made = study(adverseEventsModule=module)
    serious, other, rash = made.adverse_events
    assert [(each.any_event, each.serious, each.affected, each.at_risk) for each in (serious, other, rash)] == [
        (True, True, 2, 20), (True, False, 3, 19), (None, True, 2, 20),
    ]  # fmt: skip
    assert (rash.term, rash.organ_system, rash.vocabulary) == ("Rash", "Skin", "MedDRA 18.0")
    assert (rash.events, rash.remarks, rash.arm) == (4, ("mild",), "drug")
    assert rash.ascertainment is not None
    assert rash.grade is None, "a serious event is of no grade"
    assert made.safety_reporting is not None
    assert made.safety_reporting.time_frame == "30 days"
    assert made.safety_reporting.frequency_threshold == 5
    assert (made.safety_reporting.description, made.safety_reporting.mortality_comment) == ("asked", "none")


def test_index_terms_are_headings_of_the_report_and_no_concepts() -> None:
    made = study(
        conditionsModule={"conditions": ["HCC"]},
        conditionBrowseModule={"meshes": [{"id": "D000006528", "term": "Carcinoma, Hepatocellular"}],
                               "ancestors": [{"id": "D000009369", "term": "Neoplasms"}]},
        interventionBrowseModule={"meshes": [{"id": "D000077157", "term": "Sorafenib"},
                                             {"id": "C000072379", "term": "R"}, {"id": "X1", "term": "odd"}]},
    )  # fmt: skip
    assert [(each.descriptor, each.heading, each.indexes) for each in made.report.headings] == [
        ("Carcinoma, Hepatocellular", "mesh:D006528", IndexedAs.CONDITION),
        ("Sorafenib", "mesh:D000077157", IndexedAs.INTERVENTION),
        ("R", "mesh:C072379", IndexedAs.INTERVENTION),
        ("odd", None, IndexedAs.INTERVENTION),
    ]
    linked = link(made)
    assert linked.population is not None
    assert [each.concept for each in linked.population.conditions] == [()]
    # their own words link them, not the index, which a computer made
    assert [each.concept for each in linked.interventions] == [("mesh:D000077157",), ("mesh:D010919",)]


@needs_files
def test_identifiers_of_mesh_are_those_of_nlm() -> None:
    known: dict[str, set[str]] = {}
    for name in ("mesh_id_label_mappings", "mesh_supp_id_label_mappings"):
        with gzip.open(SHARED / "vocabularies" / f"{name}.tsv.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                number_, label, synonyms = line.split("\t")[:3]
                known[number_] = {each.casefold() for each in [label, *synonyms.split("|")]}
    six = {letter: max(int(each[1:]) for each in known if re.fullmatch(letter + r"\d{6}", each)) for letter in "DC"}
    nine = {letter: min(int(each[1:]) for each in known if re.fullmatch(letter + r"\d{9}", each)) for letter in "DC"}
    assert six == clinicaltrials_codes.SIX_DIGITS
    assert all(six[letter] < nine[letter] for letter in "DC")
    seen = 0
    for path in FILES:
        for heading in read(path.read_bytes(), path.name).report.headings:
            assert heading.heading is not None
            assert heading.descriptor.casefold() in known[heading.heading.removeprefix("mesh:")]
            seen += 1
    assert seen > 10, f"{seen} index terms"


# --- one checksum wherever a record stands ---------------------------------------------------------------------------


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def some_records() -> list[bytes]:
    made = [record(outcomes=[outcome()]), record(), record(conditionsModule={"conditions": ['{"a": [}] \\ "']})]
    for index, each in enumerate(made):
        each["protocolSection"]["identificationModule"]["nctId"] = f"NCT0000000{index + 1}"
    return [json.dumps(each).encode() for each in made] + [path.read_bytes() for path in FILES]


def forms(originals: list[bytes]) -> dict[str, bytes]:
    trees = [json.loads(each) for each in originals]
    compact = [json.dumps(each, separators=(",", ":"), ensure_ascii=False).encode() for each in trees]
    page = {"totalCount": 3, "studies": trees, "nextPageToken": "x"}
    return {
        "page": json.dumps(page).encode(),
        "indented page": json.dumps(page, indent=2).encode(),
        "page of lines": b'{"studies":[\n' + b",\n".join(compact) + b"\n]}\n",
        "list": json.dumps(trees, indent=1).encode(),
        "lines": b"\n".join(compact) + b"\n",
        "lines with a mark": b"\xef\xbb\xbf" + b"\r\n".join(compact),
        "one after the other": b"".join(json.dumps(each, indent=4).encode() for each in trees),
        "zip": zipped(**{f"NCT0000000{index}.json": each for index, each in enumerate(originals)}),
        "zip of pages": zipped(**{"a/1.json": json.dumps(page).encode()}),
        "other order": json.dumps([dict(reversed(each.items())) for each in trees]).encode(),
    }


@pytest.mark.parametrize("chunk", [1 << 18, 1009])
@pytest.mark.parametrize("form", forms([b"{}"]))
def test_a_record_is_the_same_alone_and_in_every_file_of_many(
    form: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_files, "_CHUNK", chunk)
    originals = some_records()
    alone = [read(each, "alone") for each in originals]
    file = forms(originals)[form]
    assert sniff(file[:65_536])
    found = list(read_all(io.BytesIO(file), "many"))
    assert [each for _, each in found] == alone
    assert len({name for name, _ in found}) == len(found) >= 3


@pytest.mark.skipif(not FILES, reason="the real records are not at hand")
def test_the_checksum_is_that_of_the_canonical_text() -> None:
    from hashlib import sha256

    for path in FILES:
        tree = json.loads(path.read_bytes())
        text = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        fields, source = json_record.parse(path.read_bytes(), path.name)
        assert json_record.canonical_text(fields) == text
        assert source.sha256 == sha256(text.encode()).hexdigest()
        assert source.characters is None


@pytest.mark.parametrize("pair", [("1.50", "1.5"), ("1e2", "100"), ("71.0", "71"), ('"\\u00e9\\/"', '"é/"')])
def test_one_record_written_in_two_ways_has_one_checksum(pair: tuple[str, str]) -> None:
    first, second = (json_record.parse(b'{"a": %s}' % each.encode(), "x")[1] for each in pair)
    assert first == second


def test_places_are_resolved() -> None:
    tree = {"a/b": [{"~": 0}], "": "x"}
    assert json_record.resolve(tree, Place("/a~1b/0/~0")) == 0
    assert json_record.resolve(tree, Place("/")) == "x"
    for pointer in ("/a", "/a~1b/1", "/a~1b/00", "/a~1b/-1", "/a~1b/0/~0/x"):
        with pytest.raises(EvidenceError, match="nothing at"):
            json_record.resolve(tree, Place(pointer))


# --- damage ----------------------------------------------------------------------------------------------------------

GOOD = b'{"protocolSection": {"identificationModule": {"nctId": "NCT00000001"}}}'


@pytest.mark.parametrize(
    ("file", "good", "bad"),
    [
        (GOOD + b"\n" + GOOD[:30] + b"\n" + GOOD, 2, 1),
        (GOOD + b"\n" + GOOD[:46] + b"\n" + GOOD, 2, 1),
        (GOOD + b"\nhello\n" + GOOD, 2, 1),
        (GOOD + b"\n" + GOOD.replace(b"}}}", b"}}") + b"\n" + GOOD, 2, 1),
        (GOOD + b"\n{}\n" + GOOD, 2, 1),
        (GOOD + b"\n" + GOOD.replace(b"NCT0", b"\xff\xfe") + b"\n" + GOOD, 2, 1),
        (b'{"studies": [' + GOOD + b", " + GOOD[:30], 1, 1),
        (b'{"studies": [' + GOOD + b", {}, 5, " + GOOD + b"]}", 2, 1),
        (b'{"studies": []}', 0, 1),
        (b"", 0, 1),
        (b"[]", 0, 1),
        (b"]]]}}}" + GOOD, 1, 6),
        (b"PK\x03\x04 no zip", 0, 1),
        (zipped(**{"a.json": GOOD, "b.json": GOOD[:9], "c.json": GOOD})[:-40], 0, 1),
        (zipped(**{"a.json": GOOD, "b.json": GOOD[:9], "c.json": GOOD}), 2, 1),
        (zipped(**{"a.json": GOOD}).replace(b"a.json", b"a.json").replace(GOOD[:4], b"zzzz"), 1, 0),
    ],
)
def test_good_neighbours_of_damaged_records_are_kept(file: bytes, good: int, bad: int) -> None:
    found = [each for _, each in read_all(io.BytesIO(file), "many.json")]
    assert sum(isinstance(each, Study) for each in found) == good
    refused = [each for each in found if isinstance(each, InputError)]
    assert len(refused) == bad
    assert all(each.where.startswith("many.json") and each.remedy for each in refused)


def test_a_zip_whose_member_does_not_unpack_keeps_the_others() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.json", GOOD)
        archive.writestr("b.json", GOOD.replace(b"1", b"2"))
    damaged = file.getvalue().replace(b"NCT00000002", b"NCT00000003")
    found = list(read_all(io.BytesIO(damaged), "x.zip"))
    assert isinstance(found[0][1], Study)
    assert "cannot be unpacked" in str(found[-1][1])


def test_a_record_without_end_is_not_read_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_record, "LARGEST", 1000)
    monkeypatch.setattr(json_files, "_CHUNK", 500)
    file = GOOD + b'\n{"protocolSection": "' + b"x" * 9000 + b'"}\n' + GOOD
    found = [each for _, each in read_all(io.BytesIO(file), "x")]
    assert [type(each) for each in found] == [Study, InputError, Study]
    with pytest.raises(InputError, match="larger than"):
        read(b" " * 2000 + GOOD, "x")


WRONG = [  # content, then words of what, where and try
    (b"", "the file is empty", "bad.json", "complete"),
    (b"  \n ", "the file is empty", "bad.json", "complete"),
    (GOOD[:40], "this is no JSON", "bad.json", "complete"),
    (GOOD + b"x", "extra data in line 1", "bad.json", "complete"),
    (b"\xff\xfe{}", "not UTF-8", "bad.json", "save the file as UTF-8"),
    (b"[1]", "this is a list", "bad.json", "give one record"),
    (b'"x"', "this is a text", "bad.json", "give one record"),
    (b"null", "this is null", "bad.json", "give one record"),
    (b'{"title": "x"}', "no protocolSection", "bad.json", "version 2"),
    (b'{"FullStudy": {}}', "no protocolSection", "bad.json", "version 2"),
    (b'{"studies": [{}, {}]}', "a page of 2 studies", "bad.json", "records"),
    (b"PK\x03\x04", "a zip of records", "bad.json", "records"),
    (b'{"protocolSection": {"a": NaN}}', "NaN", "bad.json", "null"),
    (b'{"protocolSection": {"a": -Infinity}}', "-Infinity", "bad.json", "null"),
    (b'{"protocolSection": {"a": 1, "a": 2}}', "'a' stands twice", "bad.json", "keep the one"),
    (b'{"protocolSection": {"a": "\\ud800"}}', "half a character", "bad.json", "complete"),
    (b'{"protocolSection": {"a": 1e400}}', "more digits", "#/protocolSection/a", "damaged"),
    (b'{"protocolSection": {"a": [0, %s]}}' % (b"9" * 5000), "more digits", "#/protocolSection/a/1", "damaged"),
    (b'{"a":' * 100_000, "nested deeper", "bad.json", "complete"),
    (b"[" * 100_000 + b"]" * 100_000, "nested deeper", "bad.json", "complete"),
    (b'{"protocolSection": []}', "protocolSection is a list, not an object", "#/protocolSection", "download"),
    (b'{"protocolSection": {}}', "has no nctId", f"#{ID}/nctId", "API"),
    (GOOD.replace(b"NCT00000001", b"NCT1"), "'NCT1', not NCT and eight digits", f"#{ID}/nctId", "API"),
    (GOOD.replace(b'"NCT00000001"', b"5"), "nctId is a number, not a text", f"#{ID}/nctId", "download"),
]


def broken(*path: Any, value: Any) -> bytes:
    """Give the record made by hand with one value changed."""
    made = record(
        outcomes=[outcome(analyses=[{"groupIds": ["OG000"], "paramValue": "1"}])],
        adverseEventsModule={
            "eventGroups": [{"id": "EG000", "title": "Drug", "deathsNumAffected": 1}],
            "otherEvents": [{"term": "Rash", "stats": [{"groupId": "EG000", "numAffected": 1}]}],
        },
    )
    at = made
    for step in path[:-1]:
        at = at.setdefault(step, {}) if isinstance(at, dict) else at[step]
    at[path[-1]] = value
    return json.dumps(made).encode()


MEASURES = ("resultsSection", "outcomeMeasuresModule", "outcomeMeasures")
STATS = ("resultsSection", "adverseEventsModule", "otherEvents", 0, "stats", 0)
CELL = (*MEASURES, 0, "classes", 0, "categories", 0, "measurements", 0)
MISFITS = [
    (MEASURES, {}, "outcomeMeasures is an object, not a list"),
    ((*MEASURES, 0), 5, "here stands a number, not an object"),
    ((*MEASURES, 0, "title"), None, "an outcome measure has no title"),
    ((*MEASURES, 0, "title"), ["x"], "title is a list, not a text"),
    ((*MEASURES, 0, "groups", 0, "id"), None, "a group has no id"),
    ((*CELL, "value"), {"a": 1}, "value is an object, not a number"),
    ((*CELL, "value"), True, "value is true or false, not a number"),
    ((*CELL, "value"), "9" * 40, "more digits than a store keeps"),
    ((*CELL, "groupId"), None, "a result has no groupId"),
    ((*MEASURES, 0, "denoms", 0, "counts", 0, "value"), "-3", "a count is a whole number"),
    ((*MEASURES, 0, "analyses", 0, "groupIds"), "OG000", "groupIds is a text, not a list"),
    ((*MEASURES, 0, "analyses", 0, "groupIds", 0), 5, "here stands a number, not a text"),
    ((*STATS, "numAffected"), "1.5", "a count is a whole number"),
    ((*STATS, "numAffected"), [1], "numAffected is a list, not a number"),
    ((*STATS[:-2], "term"), "", "an adverse event has no term"),
    (("protocolSection", "armsInterventionsModule", "armGroups", 0, "label"), None, "an arm has no label"),
    (("protocolSection", "armsInterventionsModule", "interventions", 0, "name"), None, "an intervention has no name"),
    (("protocolSection", "eligibilityModule", "healthyVolunteers"), "yes", "not true or false"),
    (("protocolSection", "designModule", "phases"), "PHASE2", "phases is a text, not a list"),
    (("protocolSection", "designModule", "studyType"), 2, "studyType is a number, not a text"),
    (("protocolSection", "outcomesModule", "primaryOutcomes", 0, "measure"), None, "an outcome has no measure"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "what", "where", "remedy"), WRONG, ids=[each[1] for each in WRONG])
def test_what_is_no_record_is_refused_with_what_where_and_try(file: bytes, what: str, where: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        read(file, "bad.json")
    error = caught.value
    assert what in error.what
    assert where in error.where
    assert remedy in error.remedy
    assert len(error.what) < 160
    assert "\n" not in error.what + error.where + error.remedy


@pytest.mark.parametrize(("path", "value", "what"), MISFITS, ids=[each[2] for each in MISFITS])
def test_a_field_that_does_not_fit_is_refused_with_its_pointer(path: Any, value: Any, what: str) -> None:
    with pytest.raises(InputError) as caught:
        read(broken(*path, value=value), "bad.json")
    pointer = caught.value.where.partition("#")[2].removesuffix(")")
    assert what in caught.value.what
    assert ("/" + "/".join(map(str, path))).startswith(pointer)
    assert pointer.count("/") >= len(path) - 1


def test_words_without_the_characters_that_rdf_cannot_carry() -> None:
    made = study(conditionsModule={"conditions": ["a\u0000b\u000bc", "\u0001", "line\nbreak"]})
    assert made.population is not None
    assert [each.label for each in made.population.conditions] == ["abc", "line\nbreak"]


def test_what_begins_like_it_and_what_does_not() -> None:
    assert readers.detect(GOOD, "x") == "clinicaltrials"
    assert readers.detect(b"\xef\xbb\xbf \n[" + GOOD + b"]", "x") == "clinicaltrials"
    assert sniff(zipped(**{"NCT00000001.json": GOOD}))
    for other in (
        b'{"studies": 5}',
        b"protocolSection",
        b"{}",
        b"",
        zipped(**{"a.txt": b"x"}),
        b'{"protocolSection": 1}',
    ):
        assert not sniff(other)


def mutations(chance: random.Random, raw: Any) -> bytes:
    """Damage a record in one of many ways."""
    tree = deepcopy(raw)
    paths = [path for path, _ in walk(tree)]
    path = list(chance.choice(paths))
    path = path[: chance.randint(1, len(path))]
    at = tree
    for step in path[:-1]:
        at = at[step]
    strange: list[Any] = [None, [], {}, "", -1, 10**30, "1" * 40, True, [[1]], {"a": {}}, "NA", 0.5, "\0", [None]]
    strange.append("x" * 10_000)
    way = chance.randrange(5)
    if way == 0:
        at[path[-1]] = chance.choice(strange)
    elif way == 1:
        del at[path[-1]]
    elif way == 2 and isinstance(at, list):
        chance.shuffle(at)
    elif way == 3 and isinstance(at, list):
        at.append(deepcopy(at[0]))
    data = json.dumps(tree).encode()
    if way == 4:
        cut = chance.randrange(len(data))
        data = data[:cut] + chance.choice([b"", b"\xff", b"{", b'"', data[cut + 1 :], b"\x00" + data[cut:]])
    return data


def read_damaged(data: bytes) -> Iterator[tuple[str, Study | InputError]]:
    try:
        yield "", read(data, "damaged.json")
    except InputError as error:
        yield "", error


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_record_is_read_right_or_refused_and_nothing_else(seed: int) -> None:
    chance = random.Random(seed)
    originals = [json.loads(each) for each in some_records()]
    outcomes = Counter[str]()
    for _ in range(40):
        data = mutations(chance, chance.choice(originals))
        (made,) = [each for _, each in read_damaged(data)]
        if isinstance(made, InputError):
            assert made.where.startswith("damaged.json")
            assert made.remedy
            outcomes["refused"] += 1
            continue
        fields, _ = json_record.parse(data, "x")
        for part in model.parts_of(made):
            for place in part.evidence:
                assert not isinstance(json_record.resolve(fields, place), dict | list)
        assert study_of(quads_of(made)) == canonical(made)
        outcomes["read"] += 1
    assert outcomes.total() == 40
    assert outcomes["read"] > 2, f"{outcomes}"
