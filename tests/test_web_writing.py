"""Promise: who has the token writes whole graphs or none, the results table follows, and only named hosts are asked."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
import pytest
import rdflib

from picograph.kg.load import example, load
from picograph.kg.store import Store, open_store
from picograph.queries import catalog
from picograph.queries.ask import ask
from picograph.tests import w3c
from picograph.tests.asking import WRITE, get, query
from picograph.tests.loopback import send, serving
from picograph.tests.servers import TOKEN, Serving, picograph


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "seed") as opened:
        load(opened, [example()])
        yield opened


@pytest.fixture
def writable(tmp_path: Path) -> Iterator[Serving]:
    with picograph(tmp_path / "store", tmp_path / "log", "--workers", "1", "--writable") as running:
        yield running


def test_sparqlwrapper_updates_with_the_token(writable: Serving) -> None:
    from SPARQLWrapper import BASIC, JSON, POST, SPARQLWrapper

    wrapper: Any = SPARQLWrapper(writable.endpoint)
    wrapper.setHTTPAuth(BASIC)
    wrapper.setCredentials("anybody", TOKEN)
    wrapper.setMethod(POST)
    wrapper.setQuery("INSERT DATA { GRAPH <urn:g> { <urn:s> <urn:p> 1 } }")
    wrapper.query()
    wrapper.setQuery("SELECT ?o { <urn:s> <urn:p> ?o }")
    wrapper.setReturnFormat(JSON)
    assert len(wrapper.query().convert()["results"]["bindings"]) == 1


def test_rdflibs_store_updates_with_the_token(writable: Serving) -> None:
    from rdflib.plugins.stores.sparqlstore import SPARQLUpdateStore

    store = SPARQLUpdateStore(writable.endpoint, writable.base + "update", auth=("anybody", TOKEN))
    graph = rdflib.Graph(store, rdflib.URIRef("urn:g"))
    graph.add((rdflib.URIRef("urn:s"), rdflib.URIRef("urn:p"), rdflib.Literal(1)))
    assert len(graph) == 1


def test_picograph_itself_reads_and_writes(writable: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    from picograph.ontology.errors import StoreError

    with open_store(writable.endpoint) as store:
        with pytest.raises(StoreError, match="writing needs the server's token"):
            load(store, [example()])
        monkeypatch.setenv("PICOGRAPH_TOKEN", TOKEN)
        [loaded] = load(store, [example()])
        assert loaded.outcome == "added"
        with open_store(":memory:") as here:
            load(here, [example()])
            for name in catalog.names():
                if not any(each.required for each in catalog.question(name).parameters.values()):
                    assert ask(store, name).rows == ask(here, name).rows, name
            ground = [{str(quad) for quad in each.quads() if "_:" not in str(quad)} for each in (store, here)]
            assert ground[0] == ground[1]
            assert len(list(store.quads())) == len(list(here.quads()))


def test_a_body_that_is_no_rdf_changes_nothing(writable: Serving) -> None:
    for media_type, body, status in (
        ("text/turtle", b"<urn:a> <urn:b> .", 400),
        ("text/turtle; charset=latin-1", b"<urn:a> <urn:b> 1 .", 415),
        ("image/png", b"\x89PNG", 415),
        ("multipart/form-data; boundary=x", b"nothing", 400),
        ("application/ld+json", b'{"@context": "http://127.0.0.1:9/context", "name": "x"}', 400),
        ("application/rdf+xml", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', 400),
    ):
        response = w3c.send(writable.base, "PUT", "/data?graph=urn:g", {"Content-Type": media_type, **WRITE}, body)
        assert response.status == status, (media_type, response)
    assert get(writable, "/data?graph=urn:g").status == 404


def test_only_hosts_that_are_named_are_asked(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(to: BaseHTTPRequestHandler) -> None:
        asked.append(to.path)
        if to.path == "/data":
            send(to, b"<urn:far> <urn:p> 1 .", "text/turtle")
        else:
            body = b'{"head":{"vars":["far"]},"results":{"bindings":[{"far":{"type":"literal","value":"yes"}}]}}'
            send(to, body, "application/sparql-results+json")

    with serving(answer) as port:
        clause = f"SELECT ?far {{ SERVICE <http://127.0.0.1:{port}/sparql> {{ ?s ?p ?far }} }}"
        far = f"http://127.0.0.1:{port}/data"
        update = {"Content-Type": "application/sparql-update", **WRITE}
        with picograph(tmp_path / "off", tmp_path / "log-off", "--workers", "1", "--writable") as off:
            for text in (clause, clause.replace("127.0.0.1", "localhost")):
                assert query(off, text).status == 400
            for text in (f"LOAD <{far}>", f"INSERT DATA {{}} ; LOAD SILENT <{far}> INTO GRAPH <urn:g>", f"LOAD<{far}>"):
                refused = w3c.send(off.base, "POST", "/update", update, text.encode())
                assert refused.status == 400
                assert b"LOAD" in refused.body
            hidden = {"Content-Type": "application/sparql-update", **WRITE}
            by_service = f"INSERT {{ GRAPH <urn:g> {{ <urn:a> <urn:b> ?far }} }} WHERE {clause.partition(' ?far ')[2]}"
            assert w3c.send(off.base, "POST", "/update", hidden, by_service.encode()).status == 400
        assert asked == []
        options = ("--workers", "1", "--writable", "--allow-host", "127.0.0.1")
        with picograph(tmp_path / "on", tmp_path / "log-on", *options) as on:
            assert b'"yes"' in query(on, clause).body
            for text in (
                clause.replace("127.0.0.1", "localhost"),
                clause.replace("<http", "<http://127.0.0.1/> {} SERVICE <http").replace("127.0.0.1:", "localhost:"),
                clause.replace(f"<http://127.0.0.1:{port}/sparql>", "?where"),
                clause.replace("http://127.0.0.1", "http://127.0.0.1@localhost"),
            ):
                assert query(on, text).status == 400, text
            assert (
                w3c.send(on.base, "POST", "/update", update, f"LOAD <{far}> INTO GRAPH <urn:g>".encode()).status == 204
            )
            assert b"urn:far" in get(on, "/data?graph=urn:g").body
        assert asked == ["/sparql", "/data"]


def test_what_serves_needs_is_told(tmp_path: Path, store: Store) -> None:
    for options, word in (
        (("--store", str(tmp_path / "none")), "there is no store here yet"),
        (("--store", "http://127.0.0.1:1/query"), "only a folder can be served"),
        (("--store", store.location, "--host", "203.0.113.1"), "cannot listen"),
        (("--store", store.location, "--writable"), "needs a token"),
    ):
        command = ["picograph", "serve", "--port", "0", *options]
        done = subprocess.run(
            [sys.executable, "-m", "picograph.cli", *command[1:]],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in (2, 3), done.stderr
        assert word in done.stderr
        assert "try:" in done.stderr


def test_updates_and_graphs_keep_the_results_table(writable: Serving) -> None:
    """A question that the table may answer says the same after each way of writing."""
    with open_store(":memory:") as here:
        load(here, [example()])
        quads = list(here.quads())
        expected = ask(here, "adverse-events").to_json()
    by_graph: dict[str, list[ox.Quad]] = {}
    for quad in quads:
        by_graph.setdefault(quad.graph_name.value, []).append(quad)  # type: ignore[union-attr]
    for name, content in by_graph.items():
        body = ox.serialize((quad.triple for quad in content), format=ox.RdfFormat.N_TRIPLES)
        put = w3c.send(
            writable.base,
            "PUT",
            f"/data?graph={quote(name, safe='')}",
            {"Content-Type": "application/n-triples", **WRITE},
            body,
        )
        assert put.status == 201
    assert get(writable, "/ask/adverse-events?format=json").body == expected
    record = next(name for name in by_graph if "/record/" in name)
    update = {"Content-Type": "application/sparql-update", **WRITE}
    assert w3c.send(writable.base, "POST", "/update", update, f"DROP GRAPH <{record}>".encode()).status == 204
    assert json.loads(get(writable, "/ask/adverse-events?format=json").body)["rows"] == []
    lines = b"".join(ox.serialize([quad.triple], format=ox.RdfFormat.N_TRIPLES) or b"" for quad in by_graph[record])
    insert = f"INSERT DATA {{ GRAPH <{record}> {{\n".encode() + lines + b"} }"
    assert w3c.send(writable.base, "POST", "/update", update, insert).status == 204
    assert get(writable, "/ask/adverse-events?format=json").body == expected
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(writable.base + "nothing", timeout=10)
