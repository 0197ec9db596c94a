"""What other programs make of each export: a check opens what a target wrote, and holds it against the store."""

import csv
import importlib
import io
import json
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from picograph.kg.store import Store
from picograph.queries.exports.selection import Selection
from picograph.tests.exported import exported, records

Check = Callable[[bytes, Store, Path], None]


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
