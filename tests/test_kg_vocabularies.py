"""A vocabulary is fetched only when somebody asks, from the address that is named, and taken only when all of it came.

The server is on loopback. What is added says the same in the results table as in its quads.
"""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from picograph.kg.store import Store, open_store
from picograph.kg.vocabularies import add, update
from picograph.ontology.errors import InputError, StoreError, UsageError
from picograph.ontology.prefixes import compress

BROADER = "http://www.w3.org/2004/02/skos/core#broaderTransitive"


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.body
        status = self.server.states.pop(0) if self.server.states else 200
        if status == 302:
            self.send_response(302)
            self.send_header("Location", "https://elsewhere.example/mesh.nt")
            self.end_headers()
            return
        self.send_response(abs(status))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if status == 200 else body[: len(body) // 2])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    def __init__(self, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = body
        self.asked: list[str] = []
        self.states: list[int] = []  # of the next answers; below zero: only half of it comes

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/mesh2026.nt"


@pytest.fixture
def server(shared: Path) -> Iterator[Server]:
    with Server((shared / "mesh-rdf" / "samples.nt").read_bytes()) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store") as store:
        yield store


def test_what_is_fetched_is_added_and_says_where_it_is_from(server: Server, store: Store) -> None:
    server.states = [503, -200]  # busy, then an answer that breaks off
    waited: list[float] = []
    told: list[tuple[int, int]] = []
    added = update(store, "mesh", url=server.url, sleep=waited.append, moved=lambda *at: told.append(at))
    assert added is not None
    assert (added.vocabulary.source, added.vocabulary.version) == (server.url, "2026")
    assert added.vocabulary.counts["concepts"] == 62
    assert len(waited) == 2
    assert told[-1] == (len(server.body), len(server.body))
    assert server.asked == ["/mesh2026.nt"] * 3
    assert update(store, "mesh", url=server.url) is None  # the same file is in
    assert store.words.label("mesh:D000001") == "Calcimycin"


def test_what_does_not_come_leaves_what_was_there(server: Server, store: Store) -> None:
    assert update(store, "mesh", url=server.url)
    server.states = [-200] * 9
    with pytest.raises(StoreError, match="broke off"):
        update(store, "mesh", url=server.url, sleep=lambda _: None)
    server.states = [302]
    with pytest.raises(StoreError, match="sends us on to https"):
        update(store, "mesh", url=server.url)
    server.states = [404]
    with pytest.raises(StoreError, match="404"):
        update(store, "mesh", url=server.url)
    server.body = b"<html><body>Maintenance</body></html>\n"
    with pytest.raises(InputError):
        update(store, "mesh", url=server.url)
    assert store.words.label("mesh:D000001") == "Calcimycin"


def test_the_results_table_says_what_the_quads_of_each_vocabulary_say(shared: Path, store: Store) -> None:
    """Its rows are written from files that leave the start of IRIs out: MeSH, and one that names terms of others."""
    add(store, "mesh", [shared / "mesh-rdf" / "samples.nt"])
    add(store, "doid", [shared / "vocabularies" / "doid.json.gz"])
    found = store.table()
    assert found is not None
    held = {(graph, *ends) for graph, *ends in found.query("SELECT graph, narrower, broader FROM broader", {})}
    quads = {
        (quad.graph_name.value, quad.subject.value, quad.object.value)  # type: ignore[union-attr]
        for quad in store.quads()
        if quad.predicate.value == BROADER
    }
    assert {graph.rpartition("/")[2] for graph, *_ in quads} >= {"mesh", "doid", "classes"}
    assert held == quads
    names = {(concept.curie, concept.label) for name in ("mesh", "doid") for concept in store.words.concepts(name)}
    labels = {(compress(iri) or iri, label) for iri, label in found.query("SELECT concept, label FROM labels", {})}
    assert len(names) > 10_000
    assert names == {each for each in labels if each[0].partition(":")[0] in {"mesh", "DOID"}}


@pytest.mark.parametrize(
    ("name", "url"),
    [("atc", None), ("rxnorm", None), ("drugbank", None), ("mesh", "file:///etc/passwd"), ("mehs", None)],
)
def test_what_has_no_address_is_told(name: str, url: str | None, store: Store) -> None:
    with pytest.raises(UsageError) as caught:
        update(store, name, url=url)
    assert caught.value.remedy
