"""Promise: the clients that people use talk to `picograph serve`, and what it gives is what each of them asked for."""

import gzip
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pyoxigraph as ox
import pytest
import rdflib

from picograph.kg.load import example, load
from picograph.kg.store import Store, open_store
from picograph.tests import w3c
from picograph.tests.asking import GRAPH, NUMBERS, PG, ROWS, get, query
from picograph.tests.servers import Serving, picograph


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("serve") / "store") as opened:
        load(opened, [example()])
        yield opened


@pytest.fixture(scope="module")
def server(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    log = tmp_path_factory.mktemp("log") / "log"
    with picograph(Path(store.location), log, "--workers", "1", "--timeout", "20") as running:
        yield running


# --- clients --------------------------------------------------------------------------------------------------


def test_sparqlwrapper_asks(server: Serving) -> None:
    from SPARQLWrapper import CSV, JSON, POST, POSTDIRECTLY, TURTLE, XML, SPARQLWrapper

    wrapper: Any = SPARQLWrapper(server.endpoint)
    for method in ("GET", POST):
        wrapper.setMethod(method)
        for request_method in ("urlencoded", POSTDIRECTLY) if method == POST else ("urlencoded",):
            wrapper.setRequestMethod(request_method)
            wrapper.setQuery(ROWS)
            wrapper.setReturnFormat(JSON)
            bindings = wrapper.query().convert()["results"]["bindings"]
            assert [int(row["n"]["value"]) for row in bindings] == NUMBERS
            wrapper.setReturnFormat(XML)
            assert len(wrapper.query().convert().getElementsByTagName("result")) == 6
            wrapper.setReturnFormat(CSV)
            assert wrapper.query().convert().splitlines()[0] == b"result,n,none"
    wrapper.setQuery(GRAPH)
    wrapper.setReturnFormat(TURTLE)
    assert len(rdflib.Graph().parse(data=wrapper.query().convert(), format="turtle")) == 6
    wrapper.setQuery("ASK {}")
    wrapper.setReturnFormat(JSON)
    assert wrapper.query().convert()["boolean"] is True


def test_rdflibs_store_asks(server: Serving) -> None:
    from rdflib.plugins.stores.sparqlstore import SPARQLStore

    for method in ("GET", "POST"):
        graph = rdflib.Graph(SPARQLStore(server.endpoint, method=method))
        assert [int(row.n) for row in graph.query(ROWS)] == NUMBERS  # type: ignore[union-attr, arg-type]
        assert len(list(graph.triples((None, rdflib.URIRef(PG + "affected"), None)))) == 1
        assert bool(graph.query("ASK {}"))
        assert len(graph.query(GRAPH).graph or ()) == 6


@pytest.mark.parametrize(
    ("accept", "begins"),
    [
        ("application/sparql-results+json", b'{"head":{"vars":["result","n","none"]}'),
        ("text/csv", b"result,n,none\r\nhttps://w3id.org/picograph/study/"),
        ("application/sparql-results+xml", b'<?xml version="1.0"'),
    ],
)
def test_curl_asks(server: Serving, accept: str, begins: bytes) -> None:
    curl = shutil.which("curl")
    assert curl, "curl is not installed"
    for how in (["--get", "--data-urlencode", f"query={ROWS}"], ["--data-urlencode", f"query={ROWS}"]):
        command = [curl, "-sS", "--fail", "--compressed", "-H", f"Accept: {accept}", *how, server.endpoint]
        done = subprocess.run(command, capture_output=True, check=True, timeout=60)
        assert done.stdout.startswith(begins)
    direct = [curl, "-sS", "--fail", "-H", "Content-Type: application/sparql-query", "-H", f"Accept: {accept}"]
    done = subprocess.run(
        [*direct, "--data-binary", ROWS, server.endpoint], capture_output=True, check=True, timeout=60
    )
    assert done.stdout.startswith(begins)


# --- formats --------------------------------------------------------------------------------------------------


PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"  # what browsers send


@pytest.mark.parametrize(
    ("text", "accept", "format", "expected"),
    [
        (ROWS, "", "", "application/sparql-results+json"),
        (ROWS, "*/*", "", "application/sparql-results+json"),
        (ROWS, "application/json", "", "application/json"),
        (ROWS, "text/csv;q=0.5, text/tab-separated-values", "", "text/tab-separated-values; charset=utf-8"),
        (ROWS, "text/*", "", "text/csv; charset=utf-8"),
        (ROWS, "text/turtle, application/sparql-results+xml;q=0.1", "", "application/sparql-results+xml"),
        (ROWS, PAGE, "", "text/html; charset=utf-8"),
        (ROWS, PAGE, "csv", "text/csv; charset=utf-8"),
        ("ASK {}", "text/csv", "", "text/csv; charset=utf-8"),
        ("ASK {}", "application/sparql-results+xml", "", "application/sparql-results+xml"),
        (GRAPH, "", "", "text/turtle; charset=utf-8"),
        (GRAPH, "application/ld+json", "", "application/ld+json"),
        (GRAPH, "application/rdf+xml", "", "application/rdf+xml"),
        (GRAPH, "application/n-triples, text/turtle;q=0.9", "", "application/n-triples"),
        (GRAPH, "application/sparql-results+json, application/n-quads;q=0.2", "", "application/n-quads"),
        (f"DESCRIBE ?s {{ ?s <{PG}affected> 6 }}", "*/*", "nt", "application/n-triples"),
    ],
)
def test_a_client_gets_what_it_accepts(server: Serving, text: str, accept: str, format: str, expected: str) -> None:
    response = query(server, text, accept, **({"format": format} if format else {}))
    assert (response.status, response.headers["content-type"]) == (200, expected)
    assert "Accept" in response.headers["vary"]
    assert int(response.headers["content-length"]) == len(response.body)


def test_what_nobody_can_give_is_told(server: Serving) -> None:
    for text, accept in ((ROWS, "image/png"), (GRAPH, "text/csv"), (ROWS, "nonsense")):
        refused = query(server, text, accept)
        assert refused.status == 406
        assert b"accept one of:" in refused.body
    assert query(server, ROWS, format="doc").status == 406


def test_formats_say_the_same(server: Serving) -> None:
    rows = {}
    for name, form in (
        ("json", ox.QueryResultsFormat.JSON),
        ("xml", ox.QueryResultsFormat.XML),
        ("tsv", ox.QueryResultsFormat.TSV),
    ):
        parsed = ox.parse_query_results(query(server, ROWS, format=name).body, format=form)
        rows[name] = [tuple(row) for row in parsed]  # type: ignore[union-attr]
    assert rows["json"] == rows["xml"] == rows["tsv"]
    assert len(rows["json"]) == 6
    graphs = {
        name: set(ox.parse(query(server, GRAPH, format=name).body, format=form))
        for name, form in (
            ("turtle", ox.RdfFormat.TURTLE),
            ("nt", ox.RdfFormat.N_TRIPLES),
            ("rdfxml", ox.RdfFormat.RDF_XML),
            ("jsonld", ox.RdfFormat.JSON_LD),
            ("trig", ox.RdfFormat.TRIG),
            ("nq", ox.RdfFormat.N_QUADS),
        )
    }
    assert len(graphs["turtle"]) == 6
    assert all(each == graphs["turtle"] for each in graphs.values())


def test_long_answers_come_packed_for_who_can_unpack_them(server: Serving) -> None:
    text = "SELECT * { GRAPH ?g { ?s ?p ?o } } LIMIT 5000"
    plain, packed = query(server, text), get(server, f"/sparql?{urlencode({'query': text})}", Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 5


# --- what it says of itself -----------------------------------------------------------------------------------


def test_the_service_describes_itself(server: Serving) -> None:
    response = get(server, "/sparql", Accept="text/turtle")
    graph = rdflib.Graph().parse(data=response.body, format="turtle")
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    service = rdflib.URIRef(server.endpoint)
    assert (service, sd.endpoint, service) in graph
    assert set(graph.objects(service, sd.supportedLanguage)) == {sd.SPARQL11Query}
    assert (service, sd.feature, sd.UnionDefaultGraph) in graph
    assert len(set(graph.objects(service, sd.resultFormat))) == 10


def test_the_data_is_described(server: Serving, store: Store) -> None:
    for accept, form in (("text/turtle", "turtle"), ("application/rdf+xml", "xml"), ("application/n-triples", "nt")):
        response = get(server, "/.well-known/void", Accept=accept)
        graph = rdflib.Graph().parse(data=response.body, format=form)
        void = rdflib.Namespace("http://rdfs.org/ns/void#")
        [data] = graph.subjects(rdflib.RDF.type, void.Dataset)
        assert graph.value(data, void.triples) == rdflib.Literal(len(list(store.quads())))
        assert (data, void.sparqlEndpoint, rdflib.URIRef(server.endpoint)) in graph
        parts = {
            str(graph.value(part, void["class"])): graph.value(part, void.entities)
            for part in graph.objects(data, void.classPartition)
        }
        assert parts == {PG + "Study": rdflib.Literal(1), PG + "Record": rdflib.Literal(1)}


def test_health_and_the_log_are_json(server: Serving) -> None:
    response = get(server, "/health")
    assert response.status == 200
    said = json.loads(response.body)
    assert (said["status"], said["workers"], said["generation"]) == ("ok", 1, "generation-000001")
    query(server, "SELECT ?marked { }")
    asked: list[dict[str, Any]] = []
    until = time.monotonic() + 10
    while not asked and time.monotonic() < until:  # the line is written when the answer has gone
        written, _, _ = server.log.read_text("utf-8").rpartition("\n")
        lines = [json.loads(line) for line in written.splitlines()]  # every line is JSON
        asked = [line for line in lines if line.get("query") == "SELECT ?marked { }"]
        time.sleep(0.05)
    assert lines[0]["event"] == "ready"
    last = asked[-1]
    assert last.keys() >= {"time", "event", "client", "method", "path", "status", "bytes", "seconds", "waited"}
    assert (last["status"], last["path"], last["method"]) == (200, "/sparql", "GET")


def test_pages_of_other_sites_may_ask(server: Serving, store: Store, tmp_path: Path) -> None:
    assert (
        get(server, "/sparql?query=ASK%7B%7D", Origin="https://example.org").headers["access-control-allow-origin"]
        == "*"
    )
    preflight = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    allowed = w3c.send(
        server.base, "OPTIONS", "/sparql", {**preflight, "Access-Control-Request-Headers": "Content-Type"}, None
    )
    assert allowed.status == 200
    assert "POST" in allowed.headers["access-control-allow-methods"]
    writing = {**preflight, "Access-Control-Request-Method": "PUT"}
    assert w3c.send(server.base, "OPTIONS", "/data", writing, None).status == 400
    with picograph(
        Path(store.location), tmp_path / "log", "--workers", "1", "--cors-origin", "https://a.example"
    ) as strict:
        assert "access-control-allow-origin" not in get(strict, "/health", Origin="https://example.org").headers
        assert (
            get(strict, "/health", Origin="https://a.example").headers["access-control-allow-origin"]
            == "https://a.example"
        )


def test_head_says_what_get_would_give(server: Serving) -> None:
    for path in (
        "/sparql?query=ASK%7B%7D",
        "/",
        "/health",
        f"/data?graph={quote(PG.rstrip('/'))}",
        "/.well-known/void",
    ):
        head = w3c.send(server.base, "HEAD", path, {}, None)
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-type"] == get(server, path).headers["content-type"]


# --- what cannot be taken -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/ask/nothing", 404),
        ("GET", "/data?graph=urn:nothing", 404),
        ("GET", "/data?graph=no%20iri", 400),
        ("GET", "/data", 400),
        ("GET", "/data?graph=urn:a&default", 400),
        ("GET", "/data/direct/none", 404),
        ("DELETE", "/sparql", 405),
        ("GET", "/sparql?query=%FF", 400),
        ("GET", "/sparql?query=ASK%7B%7D&default-graph-uri=no%20iri", 400),
        ("GET", "/sparql?query=" + quote("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"), 400),
        ("GET", "/sparql?query=" + quote("SELECT * " + "{" * 3000 + "}" * 3000), 400),
        ("GET", "/ask/survival?nothing=1", 400),
        ("GET", "/ask/adverse-events?min_grade=x", 400),
        ("GET", "/ask/adverse-events?drug=a&drug=b", 400),
        ("GET", "/evidence?place=nothing", 400),
        ("GET", "/study?key=NCT99999999", 400),
    ],
)
def test_what_cannot_be_taken_is_refused_with_words(server: Serving, method: str, path: str, status: int) -> None:
    for accept in ("*/*", PAGE):
        refused = w3c.send(server.base, method, path, {"Accept": accept}, None)
        assert refused.status == status, refused.body
        assert refused.headers["content-type"] == (
            "text/html; charset=utf-8" if accept == PAGE else "text/plain; charset=utf-8"
        )
        assert b"Traceback" not in refused.body
        assert len(refused.body) > 20
    assert json.loads(get(server, "/health").body)["status"] == "ok"
