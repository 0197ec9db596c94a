"""Promise: `picograph serve` passes the W3C's suites of the SPARQL Protocol and the Graph Store HTTP Protocol.

Every entry of the manifests is run; none is left out. Read-only, as it starts, the server refuses what would write.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from picograph.kg.store import open_store
from picograph.tests import w3c
from picograph.tests.servers import TOKEN, Serving, picograph

PROTOCOL = w3c.entries(w3c.SUITES / "protocol" / "manifest.ttl") if w3c.SUITES.exists() else []
DIRECT, INDIRECT = (
    w3c.entries(w3c.SUITES / "graph-store-protocol" / f"manifest-{kind}.ttl") if w3c.SUITES.exists() else []
    for kind in ("direct", "indirect")
)
GRAPHS = [*DIRECT, *INDIRECT]
# an entry that is a query and one that is an update are told by their names, as the suite does
UPDATES = [entry for entry in PROTOCOL if "update" in entry.name]
QUERIES = [entry for entry in PROTOCOL if "update" not in entry.name]
MAY = {"Authorization": f"Bearer {TOKEN}"}
AS_BASIC = {"Authorization": "Basic " + base64.b64encode(f"anybody:{TOKEN}".encode()).decode()}
WRITES = ("PUT", "POST", "DELETE")


def test_no_sweep_is_empty() -> None:
    if not w3c.SUITES.exists():
        pytest.skip("the material in ../shared is not at hand")
    assert (len(QUERIES), len(UPDATES), len(DIRECT), len(INDIRECT)) == (20, 14, 4, 9)
    assert len({entry.name for entry in [*PROTOCOL, *GRAPHS]}) == 47


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server that nobody may write to, with all graphs that the entries name."""
    folder = tmp_path_factory.mktemp("read-only")
    import pyoxigraph as ox

    with open_store(folder / "store") as store, store.write() as writer:
        for name, file in {each for entry in QUERIES for each in entry.data}:
            quads = ox.parse(path=str(file), format=ox.RdfFormat.N_TRIPLES)
            writer.replace(name, [ox.Quad(*quad.triple, ox.NamedNode(name)) for quad in quads])
    with picograph(folder / "store", folder / "log", "--workers", "1") as serving:
        yield serving


@pytest.fixture(scope="module")
def writable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("writable")
    with picograph(folder / "store", folder / "log", "--workers", "1", "--writable") as serving:
        yield serving


def _run(serving: Serving, entry: w3c.Entry, more: dict[str, str], path: tuple[str, str]) -> None:
    """Run an entry; words that stand for addresses are filled in as they come back."""
    words: dict[str, str] = {}
    for request in entry.requests:
        where = request.path.replace(*path, 1)
        for word, value in words.items():
            where = where.replace(word, value)
        response = w3c.send(serving.base, request.method, where, {**request.headers, **more}, request.body)
        w3c.hold(request, response)
        if request.location is not None:
            location = response.headers["location"]
            assert location.startswith(serving.base + "data/")
            words[request.location] = quote(location, safe="")


@pytest.mark.parametrize("entry", QUERIES, ids=[entry.name for entry in QUERIES])
def test_a_query(read_only: Serving, entry: w3c.Entry) -> None:
    _run(read_only, entry, {}, ("/sparql/", "/sparql/"))


@pytest.mark.parametrize("entry", UPDATES, ids=[entry.name for entry in UPDATES])
def test_an_update(writable: Serving, entry: w3c.Entry) -> None:
    _run(writable, entry, MAY, ("/sparql/", "/sparql/"))


@pytest.mark.parametrize("entry", GRAPHS, ids=[entry.name for entry in GRAPHS])
def test_a_graph(writable: Serving, entry: w3c.Entry) -> None:
    cleared = w3c.send(
        writable.base, "POST", "/update", {"Content-Type": "application/sparql-update", **MAY}, b"DROP ALL"
    )
    assert cleared.status == 204
    _run(writable, entry, AS_BASIC, ("/gsp", "/data"))


@pytest.mark.parametrize("entry", UPDATES, ids=[entry.name for entry in UPDATES])
def test_an_update_is_refused_where_nobody_may_write(read_only: Serving, entry: w3c.Entry) -> None:
    before = w3c.send(read_only.base, "GET", f"/sparql?query={quote('SELECT * { GRAPH ?g { ?s ?p ?o } }')}", {}, None)
    request = entry.requests[0]
    response = w3c.send(read_only.base, request.method, request.path, {**request.headers, **MAY}, request.body)
    if entry.name.startswith("bad_"):
        assert 400 <= response.status < 500  # what is no update at all is refused as that
    else:
        assert response.status == 403
        assert b"--writable" in response.body
    after = w3c.send(read_only.base, "GET", f"/sparql?query={quote('SELECT * { GRAPH ?g { ?s ?p ?o } }')}", {}, None)
    assert after.body == before.body
    assert b"data1.rdf" in after.body


@pytest.mark.parametrize("entry", GRAPHS, ids=[entry.name for entry in GRAPHS])
def test_a_graph_is_only_read_where_nobody_may_write(read_only: Serving, entry: w3c.Entry) -> None:
    for request in entry.requests:
        path = request.path.replace("/gsp", "/data", 1).replace("$LOCATION$", "urn:none")
        response = w3c.send(read_only.base, request.method, path, {**request.headers, **MAY}, request.body)
        if request.method in WRITES:
            assert response.status == 403
        else:
            assert response.status in (200, 404)


@pytest.mark.parametrize(
    "given", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic !!"}, {"Authorization": "é"}]
)
def test_who_has_not_the_token_writes_nothing(writable: Serving, given: dict[str, str]) -> None:
    for method, path, media_type, body in (
        ("POST", "/sparql", "application/sparql-update", b"INSERT DATA { GRAPH <urn:no> { <urn:a> <urn:b> 1 } }"),
        ("POST", "/update", "application/sparql-update", b"INSERT DATA { GRAPH <urn:no> { <urn:a> <urn:b> 1 } }"),
        ("PUT", "/data?graph=urn:no", "text/turtle", b"<urn:a> <urn:b> 1 ."),
        ("DELETE", "/data?graph=urn:no", "text/turtle", b""),
    ):
        response = w3c.send(writable.base, method, path, {"Content-Type": media_type, **given}, body)
        assert response.status == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
    asked = w3c.send(writable.base, "GET", f"/sparql?query={quote('ASK { GRAPH <urn:no> { ?s ?p ?o } }')}", {}, None)
    assert b"false" in asked.body


def test_the_manifests_are_those_of_the_suites() -> None:
    listed = {path.name for path in Path(w3c.SUITES).glob("*protocol/manifest*.ttl")}
    assert listed <= {"manifest.ttl", "manifest-direct.ttl", "manifest-indirect.ttl"}
