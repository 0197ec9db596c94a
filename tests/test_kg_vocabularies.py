"""A vocabulary is fetched only when somebody asks, from the address that is named, and taken only when all of it came.

The server is on loopback.
"""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from picograph.kg.store import Store, open_store
from picograph.kg.vocabularies import update
from picograph.ontology.errors import InputError, StoreError, UsageError


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


@pytest.mark.parametrize(
    ("name", "url"),
    [("atc", None), ("rxnorm", None), ("drugbank", None), ("mesh", "file:///etc/passwd"), ("mehs", None)],
)
def test_what_has_no_address_is_told(name: str, url: str | None, store: Store) -> None:
    with pytest.raises(UsageError) as caught:
        update(store, name, url=url)
    assert caught.value.remedy
