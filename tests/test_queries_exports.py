"""Every target, of every input, is opened by another program than ours; and what a target cannot say is told.

The inputs are the seed study, the studies of hepatocellular carcinoma that ship, each real registry record, and a study
made to hurt: every kind of value, an ambiguity, a zero, absences, ten arms, other scripts, cells that a spreadsheet
would run. `make test` prints how many targets and inputs were swept; `pytest -v` prints the table.
"""

import csv
import importlib
import io
import itertools
import json
import math
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from picograph.kg.inputs import collected
from picograph.kg.load import example, load
from picograph.kg.store import Store, open_store
from picograph.kg.study import Study
from picograph.queries.ask import ask
from picograph.queries.exports import EXPORTS, export
from picograph.queries.exports.selection import Losses, Selection

ROOT = Path(__file__).resolve().parents[1]
HURT = ROOT / "tests" / "records" / "made-to-hurt.yaml"
REGISTRY = ROOT.parent / "shared" / "clinicaltrials"
INPUTS = ("seed", "hcc", "hurt", *sorted(path.stem for path in REGISTRY.glob("NCT*.json")))
QUICK = ("seed", "hurt", "NCT05594173")
QUESTIONS = ("responses", "survival", "adverse-events")  # of the tables for meta-analysis, one after the other
Check = Callable[[bytes, Store, Path], None]
_stores: dict[str, Store] = {}


def store_of(name: str) -> Store:
    """Give a store with one input; nobody changes it."""
    if name not in _stores:
        one: Any = example() if name == "seed" else HURT if name == "hurt" else REGISTRY / f"{name}.json"
        given = collected("hcc") if name == "hcc" else [one]
        store = open_store(":memory:")
        assert len(load(store, given)) == len(given)
        _stores[name] = store
    return _stores[name]


def exported(target: str, store: Store, question: str | None = None) -> tuple[bytes, dict[str, int]]:
    """Export, and give the losses with their counts."""
    losses = Losses()
    answer = None if question is None else ask(store, question)
    content = b"".join(export(target)(Selection(store, answer=answer), losses))
    return content, {each.what: each.count for each in losses.found()}


def records(store: Store) -> list[Study]:
    return list(Selection(store).records())


# --- what opens each target -----------------------------------------------------------------------------------


def rdf(form: str) -> Check:
    def check(content: bytes, store: Store, tmp: Path) -> None:
        import warnings

        import rdflib

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # rdflib's own, about its own names
            dataset = rdflib.Dataset()
            dataset.parse(data=content, format=form)
        graphs = [quads for _, quads in Selection(store).graphs()]
        assert len(set(dataset.quads())) == sum(map(len, graphs)) > 20

    return check


def check_csv(content: bytes, store: Store, tmp: Path) -> None:
    """DuckDB reads what Python's csv reads."""
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    (tmp / "x.csv").write_bytes(content)
    found = duckdb.read_csv(str(tmp / "x.csv"), header=True, all_varchar=True, quotechar='"', escapechar='"', sep=",")
    assert found.columns == next(iter(csv.reader(io.StringIO(content.decode()))))
    assert [tuple(cell or "" for cell in row) for row in found.fetchall()] == [tuple(row.values()) for row in rows]


def check_parquet(content: bytes, store: Store, tmp: Path) -> None:
    (tmp / "x.parquet").write_bytes(content)
    rows = duckdb.sql(f"SELECT * FROM '{tmp / 'x.parquet'}'").fetchall()
    plain, _ = exported("csv", store)
    assert len(rows) == len(list(csv.reader(io.StringIO(plain.decode(), newline="")))) - 1


def check_xlsx(content: bytes, store: Store, tmp: Path) -> None:
    import openpyxl

    sheet = openpyxl.load_workbook(io.BytesIO(content))["extraction"]
    plain, _ = exported("csv", store)
    assert sheet.max_row == len(list(csv.reader(io.StringIO(plain.decode(), newline=""))))


def check_ris(content: bytes, store: Store, tmp: Path) -> None:
    """rispy reads it and writes it, and reads the same back."""
    import rispy

    entries = rispy.loads(content.decode())
    assert rispy.loads(rispy.dumps(entries)) == entries
    assert len(entries) == len({each.record.document for each in records(store)})


def check_csl(content: bytes, store: Store, tmp: Path) -> None:
    items = json.loads(content)
    assert sorted(each["id"] for each in items) == sorted({each.record.document for each in records(store)})
    titles = {each.report.title or each.report.brief_title for each in records(store)}
    assert {each.get("title") for each in items} <= titles


def check_fhir(content: bytes, store: Store, tmp: Path) -> None:
    """The R5 models of fhir.resources take it, every reference leads somewhere, and no count was made up."""
    from fhir.resources.bundle import Bundle

    bundle = Bundle.model_validate_json(content)
    again = json.loads(bundle.model_dump_json())
    given = json.loads(content)
    assert [each["resource"]["id"] for each in again["entry"]] == [each["resource"]["id"] for each in given["entry"]]
    held = {f"{each['resource']['resourceType']}/{each['resource']['id']}": each["resource"] for each in given["entry"]}
    assert len(held) == len(given["entry"])
    assert set(_references(given)) <= set(held)
    evidence = [each["statistic"][0] for each in held.values() if each["resourceType"] == "Evidence"]
    parts = [
        part
        for each in records(store)
        for part in (*each.baselines, *each.dispositions, *each.estimates, *each.adverse_events)
    ]
    counts = sorted(
        count for each in parts if (count := getattr(each, "affected", getattr(each, "count", None))) is not None
    )
    assert sorted(each["numberAffected"] for each in evidence if "numberAffected" in each) == counts
    for each in evidence:
        if each.get("statisticType") == {"text": "survival probability"}:
            assert "numberAffected" not in each


def _references(held: Any) -> Iterator[str]:
    if isinstance(held, dict):
        if "reference" in held and isinstance(held["reference"], str):
            yield held["reference"]
        for each in held.values():
            yield from _references(each)
    elif isinstance(held, list):
        for each in held:
            yield from _references(each)


def check_networkx(read: Callable[[bytes], Any]) -> Check:
    def check(content: bytes, store: Store, tmp: Path) -> None:
        """networkx has a node for every part, and an edge for every link."""
        from pyoxigraph import Literal

        graph = read(content)
        quads = [quad for _, quads in Selection(store).graphs() for quad in quads]
        assert {str(quad.subject.value) for quad in quads} <= set(graph)
        left = ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "https://w3id.org/picograph/ontology/evidence")
        links = {
            quad.triple for quad in quads if not isinstance(quad.object, Literal) and quad.predicate.value not in left
        }
        assert graph.number_of_edges() == len(links) > 0
        affected = sorted(value for _, value in graph.nodes(data="affected") if value is not None)
        held = [each.affected for record in records(store) for each in record.adverse_events]
        assert affected == sorted(each for each in held if each is not None)

    return check


def read_graphml(content: bytes) -> Any:
    import networkx as nx

    return nx.read_graphml(io.BytesIO(content))


def read_cytoscape(content: bytes) -> Any:
    import networkx as nx

    return nx.cytoscape_graph(json.loads(content))


def kgx_of(content: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Read the nodes and the edges of a tar file: of tab-separated files as KGX reads them."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for name in ("nodes", "edges"):
            [member] = [each for each in tar.getnames() if f"_{name}." in each]
            file = tar.extractfile(member)
            assert file is not None
            lines = file.read().decode()
            if member.endswith(".jsonl"):
                found.append([json.loads(line) for line in lines.splitlines()])
                continue
            rows = csv.DictReader(io.StringIO(lines, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
            found.append([{key: _typed(key, value) for key, value in row.items() if value} for row in rows])
    return found[0], found[1]


def _typed(key: str, value: str) -> Any:
    if key in ("category", "xref", "publication_type", "provided_by", "publications", "has_evidence"):
        return value.split("|")
    if key in ("has_count", "has_total", "study_size"):
        return int(value)
    return (
        {"negated": value == "true", "has_percentage": None}.get(key, value)
        if key != "has_percentage"
        else float(value)
    )


@cache
def biolink() -> Any:
    """Give the classes of the Biolink Model, which `make test-long` installs beside what the program needs."""
    beside = Path(sys.prefix) / "kgx"
    if not beside.exists():
        pytest.skip("make test-long installs the Biolink Model")
    sys.path.append(str(beside))
    try:
        return importlib.import_module("biolink_model.datamodel.pydanticmodel_v2")
    finally:
        sys.path.remove(str(beside))


def check_kgx(content: bytes, store: Store, tmp: Path) -> None:
    """The classes of the Biolink Model take every node and edge; every edge has both its ends; none says "treats"."""
    model = biolink()
    nodes, edges = kgx_of(content)
    ends = {each["id"] for each in nodes}
    assert len(ends) == len(nodes)
    for each in (*nodes, *edges):
        getattr(model, each["category"][0].removeprefix("biolink:"))(**each)
    for each in edges:
        assert {each["subject"], each["object"]} <= ends
        assert each.get("negated", False) == (each.get("has_count") == 0)
        assert each["predicate"] != "biolink:treats"
    assert kgx_of(exported("kgx", store)[0])[1] or not any(each.arms for each in records(store))


def check_nanopub(content: bytes, store: Store, tmp: Path) -> None:
    """The nanopub library finds each valid, its Trusty URI too; there is one for each result."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rdflib, about what the library calls
        import rdflib
        from nanopub import Nanopub

        dataset = rdflib.ConjunctiveGraph()
        dataset.parse(data=content, format="trig")
        heads = [str(each.identifier) for each in dataset.contexts() if str(each.identifier).endswith("#Head")]
        for head in heads:
            alone = rdflib.ConjunctiveGraph()
            for part in ("Head", "assertion", "provenance", "pubinfo"):
                name = rdflib.URIRef(head.removesuffix("Head") + part)
                for triple in dataset.get_context(name):
                    alone.get_context(name).add(triple)
            read = Nanopub(rdf=alone)
            assert read.is_valid
            assert read.has_valid_trusty
    results = [
        part
        for each in records(store)
        for part in (
            *each.baselines,
            *each.dispositions,
            *each.estimates,
            *each.adverse_events,
            *each.associations,
        )
    ]
    assert len(heads) == len(results)


def check_crate(content: bytes, store: Store, tmp: Path) -> None:
    """The rocrate library reads it, and finds every file that it describes; the graph is the store's."""
    from rocrate.rocrate import ROCrate

    path = tmp / "crate.zip"
    path.write_bytes(content)
    crate = ROCrate(path)
    with zipfile.ZipFile(path) as packed:
        inside = set(packed.namelist())
        assert {each.id for each in crate.get_entities() if each.type == "File"} == inside - {"ro-crate-metadata.json"}
        assert packed.read("graph.nq") == exported("nq", store)[0]
    assert {"graph.nq", "questions/responses.rq"} <= inside


def check_void(content: bytes, store: Store, tmp: Path) -> None:
    """rdflib reads it, and its counts add up."""
    import rdflib

    graph = rdflib.Graph().parse(data=content, format="turtle")
    void = rdflib.Namespace("http://rdfs.org/ns/void#")
    dataset = rdflib.URIRef("https://w3id.org/picograph/dataset")
    total = sum(len(quads) for _, quads in Selection(store).graphs())
    assert int(str(graph.value(dataset, void.triples))) == total
    parts = graph.objects(dataset, void.propertyPartition)
    assert sum(int(str(graph.value(part, void.triples))) for part in parts) == total
    of_class: dict[str, set[str]] = {}
    for _, quads in Selection(store).graphs():
        for quad in quads:
            if quad.predicate.value == str(rdflib.RDF.type):
                of_class.setdefault(quad.object.value, set()).add(quad.subject.value)
    told = {
        str(graph.value(part, void["class"])): int(str(graph.value(part, void.entities)))
        for part in graph.objects(dataset, void.classPartition)
    }
    assert told == {name: len(subjects) for name, subjects in of_class.items()}


CHECKS: dict[str, tuple[str, Check]] = {
    "cinema": ("csv and DuckDB", check_csv),
    "cinema-contrast": ("csv and DuckDB", check_csv),
    "csl-json": ("its items, one for each document", check_csl),
    "csv": ("csv and DuckDB", check_csv),
    "cytoscape": ("networkx", check_networkx(read_cytoscape)),
    "fhir": ("fhir.resources, R5", check_fhir),
    "graphml": ("networkx", check_networkx(read_graphml)),
    "jsonld": ("rdflib", rdf("json-ld")),
    "kgx": ("the Biolink Model's classes", check_kgx),
    "kgx-jsonl": ("the Biolink Model's classes", check_kgx),
    "metafor": ("csv and DuckDB", check_csv),
    "nanopub": ("nanopub, Trusty URIs", check_nanopub),
    "netmeta": ("csv and DuckDB", check_csv),
    "netmeta-contrast": ("csv and DuckDB", check_csv),
    "nq": ("rdflib", rdf("nquads")),
    "nt": ("rdflib", rdf("nt")),
    "parquet": ("DuckDB", check_parquet),
    "rdfxml": ("rdflib", rdf("xml")),
    "revman": ("csv and DuckDB", check_csv),
    "ris": ("rispy, and back", check_ris),
    "ro-crate": ("rocrate", check_crate),
    "trig": ("rdflib", rdf("trig")),
    "turtle": ("rdflib", rdf("turtle")),
    "void": ("rdflib", check_void),
    "xlsx": ("openpyxl", check_xlsx),
}
TABLES = frozenset(
    {"cinema", "cinema-contrast", "metafor", "netmeta", "netmeta-contrast", "revman"}
)  # made of a question's answer


def test_every_target_is_swept() -> None:
    assert set(CHECKS) == set(EXPORTS)
    assert len(INPUTS) >= 2


def _swept() -> Iterator[Any]:
    """Give every target with every input; those that cost most wait for `make test-long`."""
    for target, name in itertools.product(CHECKS, INPUTS):
        slow = target.startswith("kgx") or name not in QUICK
        yield pytest.param(target, name, marks=[pytest.mark.long] if slow else [])


@pytest.mark.parametrize(("target", "name"), list(_swept()))
def test_another_program_opens_it(
    target: str, name: str, record_property: Callable[[str, object], None], tmp_path: Path
) -> None:
    told, check = CHECKS[target]
    record_property("exports", [target, name, told])
    store = store_of(name)
    for question in QUESTIONS if target in TABLES else (None,):
        content, _ = exported(target, store, question)
        assert exported(target, store, question)[0] == content, "the same input gives the same bytes"
        check(content, store, tmp_path)


# --- the study made to hurt: each loss has its line -----------------------------------------------------------

_FORMULA = "cells that a spreadsheet would run"
LOSSES: dict[str, dict[str, int | None]] = {
    "fhir": {
        "ambiguous fields, told in a note": 1,
        "derived numbers, told in a note": 9,
        "phases of treatment, told in a note": 1,
        "fatal events among the affected": 1,
        "participants of arms, told in a note": 1,
        "related publications": 1,
    },
    "csv": {_FORMULA: 71, "headings of reports": 1, "authors of reports": 2},
    "ris": {"estimates, which are no part of a reference": 8, "line breaks in values": 1},
    "csl-json": {"adverse events, which are no part of a reference": 7},
    "kgx": {
        "adverse events which the source leaves open: grade": 1,
        "adverse events which are not assessed": 1,
        "adverse events whose participants are not counted": 1,
        "fatal events among the affected": 1,
        "estimates, which Biolink has no words for": 8,
        _FORMULA: 6,
        "tabs, line breaks and bars": 5,
    },
    "nanopub": {"nanopublications without a signature": 19, "parts that are no results": None},
    "cytoscape": {"values of one property": 2},  # the DOI and the PMID that the record states
    "graphml": {"values of one property": 2},
    "void": {"statements, which are counted and not written": None},
    "ro-crate": {"answers: none was asked for": 1, "a licence": 1},
    "nt": {},
    "trig": {},
}
ASKED: dict[tuple[str, str], dict[str, int]] = {
    ("netmeta", "responses"): {"numbers that are no row: not reported": 1, _FORMULA: 2},
    ("netmeta", "survival"): {
        "a median has no standard error": 1,
        "a survival probability or a difference is neither a count nor a ratio": 1,
        "ratios between two arms, which are no row of arms": 1,
    },
    ("netmeta", "adverse-events"): {
        "the source leaves open: grade": 1,
        "occurrences are counted, not participants": 1,
        "not assessed": 1,
        "counts computed from a per cent": 1,
        "another outcome, time or grade": 2,
    },
    ("cinema", "responses"): {"rows without risk of bias and indirectness": 2},
    ("cinema-contrast", "responses"): {"zero cells that got half an event": 1},
    ("revman", "survival"): {"intervals of another level than 95 %": 1},
    ("revman", "responses"): {"pairs of arms of which the source names none a comparator": 1},
}


@pytest.mark.parametrize("target", LOSSES)
def test_each_loss_of_the_study_made_to_hurt_is_named(target: str) -> None:
    _, losses = exported(target, store_of("hurt"))
    for words, count in LOSSES[target].items():
        found = [number for what, number in losses.items() if words in what]
        assert len(found) == 1, (words, losses)
        assert found[0] == count or (count is None and found[0] > 0), (words, losses)  # None: picograph's own parts too
    if not LOSSES[target]:
        assert not losses


@pytest.mark.parametrize(("target", "question"), ASKED)
def test_each_loss_of_a_table_is_named(target: str, question: str) -> None:
    _, losses = exported(target, store_of("hurt"), question)
    for words, count in ASKED[target, question].items():
        assert [number for what, number in losses.items() if words in what] == [count], (words, losses)


def table(target: str, question: str) -> list[dict[str, str]]:
    content, _ = exported(target, store_of("hurt"), question)
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_tables_of_arms_and_contrasts() -> None:
    """By hand: half an event to each cell of 0/14 against 3/13; log(0.7), and a 90 % interval's standard error."""
    odds = math.log((0.5 / 14.5) / (3.5 / 10.5))
    [row] = table("netmeta-contrast", "responses")
    assert float(row["TE"]) == pytest.approx(odds)
    assert float(row["seTE"]) == pytest.approx(math.sqrt(1 / 0.5 + 1 / 14.5 + 1 / 3.5 + 1 / 10.5))
    assert (row["treat1"], row["treat2"], row["sm"]) == ("'@sorafenib", "放射線", "OR")
    [ratio] = table("cinema-contrast", "survival")
    assert float(ratio["effect"]) == pytest.approx(math.log(0.7))
    assert float(ratio["se"]) == pytest.approx(math.log(0.98 / 0.5) / (2 * 1.644854), abs=1e-6)
    assert [(each["t"], each["r"], each["n"], each["rob"]) for each in table("cinema", "responses")] == [
        ("'@sorafenib", "0", "14", ""),
        ("放射線", "3", "13", ""),
    ]
    [pair] = table("revman", "responses")
    assert [pair[f"{who} {what}"] for who in ("Experimental", "Control") for what in ("cases", "N", "mean")] == [
        *("0", "14", ""),
        *("3", "13", ""),
    ]
    [giv] = table("revman", "survival")
    assert (giv["Mean"], giv["CI start"], giv["Experimental cases"]) == ("0.7", "", "")
    assert table("netmeta", "survival") == []


def test_kgx_says_nobody_had_it_as_a_negation_of_just_that_event() -> None:
    nodes, edges = kgx_of(exported("kgx-jsonl", store_of("hurt"))[0])
    names = {each["id"]: each.get("name") for each in nodes}
    assert all({each["subject"], each["object"]} <= set(names) for each in edges)
    had = {
        names[each["object"]]: (each.get("negated"), each.get("has_count"), each.get("has_total"))
        for each in edges
        if each["predicate"] == "biolink:has_phenotype" and names[each["subject"]].startswith("=HYPERLINK")
    }
    assert had == {
        '@nausea, "bad", grade >= 3': (True, 0, 14),
        "liver failure, lead-in": (None, 2, 14),
        "fatigue": (None, None, 14),
    }
    trials = [
        (names[e["subject"]], names[e["object"]]) for e in edges if e["predicate"] == "biolink:in_clinical_trials_for"
    ]
    assert sorted(trials) == [("@sorafenib", "hepatocellular carcinoma"), ("放射線", "hepatocellular carcinoma")]


def test_fhir_keeps_zero_absent_and_ambiguous_apart() -> None:
    content, _ = exported("fhir", store_of("hurt"))
    held = [each["resource"] for each in json.loads(content)["entry"]]
    titles = {
        f"EvidenceVariable/{each['id']}": each["title"] for each in held if each["resourceType"] == "EvidenceVariable"
    }

    def evidence(title: str) -> list[dict[str, Any]]:
        return [
            each
            for each in held
            if each["resourceType"] == "Evidence"
            and any(titles[one["observed"]["reference"]].startswith(title) for one in each["variableDefinition"])
        ]

    zero = [each["statistic"][0] for each in evidence('@nausea, "bad", grade 3 or worse')]
    assert {(each["numberAffected"], each["sampleSize"]["numberOfParticipants"]) for each in zero} == {(0, 14), (2, 13)}
    [rash] = evidence("rash")
    assert "numberAffected" not in rash["statistic"][0]
    assert rash["statistic"][0]["quantity"]["extension"][0]["valueCode"] == "not-performed"
    [diarrhea] = evidence("diarrhea")
    assert "ambiguous: grade" in diarrhea["note"][0]["text"]
    assert "numberAffected" not in diarrhea["statistic"][0]
    [median] = [
        one for each in evidence("survival") if (one := each["statistic"][0]).get("statisticType") == {"text": "median"}
    ]
    assert median["quantity"] == {"value": 10.7, "unit": "mo", "system": "http://unitsofmeasure.org", "code": "mo"}
    [ratio] = [
        one
        for each in evidence("survival")
        if (one := each["statistic"][0]).get("statisticType") == {"text": "hazard ratio"}
    ]
    assert [each.get("level") for each in ratio["attributeEstimate"]] == [0.9, None]
    assert ratio["attributeEstimate"][1]["quantity"] == {"value": 0.04, "comparator": "<"}
