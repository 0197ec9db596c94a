"""Promise: a server that fails, is busy or sends elsewhere is quoted, waited for or left alone; no other is asked."""

import email.utils
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from pyoxigraph import Literal

from picograph.kg.store import open_store
from picograph.kg.store.remote import RemoteStore
from picograph.ontology.errors import StoreError, UsageError
from picograph.tests.loopback import Far, far_away, send, serving
from picograph.tests.stores import ONE, S, put, quads


@pytest.fixture(scope="module")
def far() -> Iterator[Far]:
    with far_away() as server:
        yield server


JSON = "application/sparql-results+json"
ROW = b'{"head":{"vars":["s","p","o","g"]},"results":{"bindings":[{"s":{"type":"uri","value":"http://e/"}}'
ANSWERS: dict[str, tuple[Callable[[BaseHTTPRequestHandler], None], str]] = {
    "a page": (lambda to: send(to, b"<!doctype html>\n<p>Welcome", "text/html; charset=utf-8"), "text/html: <!doctype"),
    "a text": (lambda to: send(to, b"Hello there", "text/plain"), "text/plain: Hello there"),
    "bytes": (lambda to: send(to, b"\x00\x01\xff", "application/octet-stream"), "application/octet-stream"),
    "nothing": (lambda to: send(to, b"", JSON), "not whole"),
    "half the length": (lambda to: send(to, ROW, JSON, length=5000), f"ends after {len(ROW)} bytes"),
    "half the rows": (lambda to: send(to, ROW, JSON), "not whole"),
    "no JSON": (lambda to: send(to, b"<html>busy</html>", JSON), "begins with <html>busy"),
    "half a graph": (lambda to: send(to, b"<http://e/s> <http://e/p> <http", "application/n-triples"), "not whole"),
    "a graph for rows": (lambda to: send(to, b"<http://e/s> <http://e/p> 1 .", "text/turtle"), "not what was asked"),
    "a yes for rows": (lambda to: send(to, b'{"head":{},"boolean":true}', JSON), "not what was asked"),
    "error 500": (lambda to: send(to, b"out of memory\ntrace", "text/plain", 500), "out of memory"),
    "error 503": (lambda to: send(to, b"back in an hour", "text/plain", 503), "HTTP 503: back in an hour"),
    "error 401": (lambda to: send(to, b"who are you?", "text/plain", 401), "who are you?"),
    "error 404": (lambda to: send(to, b"no such data set: x", "text/plain", 404), "no such data set: x"),
    "error 418 without words": (lambda to: send(to, b"", "text/plain", 418), "HTTP 418: I'm a Teapot"),
    "no HTTP": (lambda to: to.wfile.write(b"220 smtp.example.org ESMTP\r\n") and None, "220 smtp"),
    "a closed line": (lambda to: to.connection.close(), "closed connection"),
    "too late": (lambda to: time.sleep(2), "timed out"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_server_that_fails_is_quoted(name: str) -> None:
    answer, said = ANSWERS[name]
    with serving(answer) as port:
        url = f"http://127.0.0.1:{port}/query"
        for attempt in (
            lambda store: store.query("SELECT * WHERE { ?s ?p ?o }"),
            lambda store: store.checksums(),
            lambda store: list(store.quads()),
        ):
            with pytest.raises(StoreError) as caught:
                attempt(RemoteStore(url, timeout=0.5))
            error = caught.value
            assert said.lower() in error.what.lower()
            assert (error.where, error.exit_code) == (url, 3)
            assert error.remedy
            assert len(str(error)) < 600


@pytest.mark.parametrize("name", ["error 500", "error 503", "error 404", "a closed line", "too late", "no HTTP"])
@pytest.mark.parametrize("update", [None, "/in"])
def test_a_server_that_fails_to_write_is_quoted(name: str, update: str | None) -> None:
    answer, said = ANSWERS[name]
    with serving(answer) as port:
        base = f"http://127.0.0.1:{port}"
        store = RemoteStore(base + "/query", update_endpoint=update and base + update, timeout=0.5)
        with pytest.raises(StoreError) as caught:
            put(store, one=quads(ONE, Literal(1)))
        assert said.lower() in caught.value.what.lower()
        assert caught.value.where.startswith(base)


def test_a_bad_update_is_the_servers_refusal_and_no_wrong_query_of_the_user() -> None:
    with serving(lambda to: send(to, b"updates are off", "text/plain", 400)) as port:
        base = f"http://127.0.0.1:{port}"
        with pytest.raises(StoreError, match="updates are off"):
            put(RemoteStore(base + "/query", update_endpoint=base + "/in"), one=quads(ONE, S))
        with pytest.raises(UsageError, match="updates are off"):
            RemoteStore(base + "/query").query("SELECT * WHERE { ?s ?p ?o }")


ROWS = b'{"head":{"vars":["o"]},"results":{"bindings":[]}}'


def _busy(asked: list[float], times: int, after: str, status: int = 429) -> Callable[[BaseHTTPRequestHandler], None]:
    """Make an answer: busy so many times, then rows."""

    def answer(to: BaseHTTPRequestHandler) -> None:
        asked.append(time.monotonic())
        if len(asked) > times:
            send(to, ROWS, JSON)
            return
        to.send_response(status)
        to.send_header("Retry-After", after)
        to.send_header("Content-Length", "9")
        to.end_headers()
        to.wfile.write(b"too busy\n")

    return answer


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(status: int) -> None:
    for after in ("1", email.utils.formatdate(time.time() + 4, usegmt=True)):
        asked: list[float] = []
        with serving(_busy(asked, 1, after, status)) as port:
            assert list(RemoteStore(f"http://127.0.0.1:{port}/query").query("SELECT ?o { ?s ?p ?o }")) == []  # type: ignore[call-overload]
        assert len(asked) == 2
        assert asked[1] - asked[0] >= 0.9


def test_a_server_that_stays_busy_is_left_alone() -> None:
    for times, after, said, attempts in ((99, "0", "too busy", 5), (1, "3600", "it asks to wait for 3600 s", 1)):
        asked: list[float] = []
        with serving(_busy(asked, times, after)) as port, pytest.raises(StoreError, match=said) as caught:
            RemoteStore(f"http://127.0.0.1:{port}/query").query("ASK {}")
        assert caught.value.exit_code == 3
        assert len(asked) == attempts


def test_no_other_address_is_asked_on_a_servers_word(far: Far) -> None:
    def elsewhere(to: BaseHTTPRequestHandler) -> None:
        to.send_response(307)
        to.send_header("Location", f"http://127.0.0.1:{far.port}/query")
        to.send_header("Content-Length", "0")
        to.end_headers()

    before = len(far.asked)
    with serving(elsewhere) as port:
        base = f"http://127.0.0.1:{port}"
        for attempt in (lambda store: store.query("ASK {}"), lambda store: put(store, one=quads(ONE, S))):
            with pytest.raises(StoreError, match=f"sends us on to http://127.0.0.1:{far.port}/query"):
                attempt(RemoteStore(base + "/query"))
    assert len(far.asked) == before


@pytest.mark.parametrize("scheme", ["Basic", "Digest", "Bearer"])
def test_a_name_is_given_where_it_is_asked_for(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICOGRAPH_TOKEN", "s3cret")
    seen: list[str | None] = []

    def answer(to: BaseHTTPRequestHandler) -> None:
        given = to.headers.get("Authorization")
        seen.append(given)
        if given is not None:
            send(to, ROWS, JSON)
            return
        to.send_response(401)
        to.send_header("WWW-Authenticate", f'{scheme} realm="x", qop="auth", nonce="1", algorithm=MD5')
        to.send_header("Content-Length", "0")
        to.end_headers()

    with serving(answer) as port, open_store(f"http://ann:p%40ss@127.0.0.1:{port}/query") as store:
        store.query("SELECT ?o { ?s ?p ?o }")
        store.query("SELECT ?o { ?s ?p ?o }")
        assert store.location == f"http://127.0.0.1:{port}/query"
    expected = {"Basic": "Basic YW5uOnBAc3M=", "Bearer": "Bearer s3cret", "Digest": 'Digest username="ann"'}[scheme]
    assert seen[0] is None, "no name is given unasked"
    given = [each for each in seen if each is not None]
    assert len(given) == 2
    assert all(each.startswith(expected) for each in given)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/query",
        "http://127.0.0.1:99999/query",
        "http://127.0.0.1:port/query",
        "http://127.0.0.1/a b/query",
        "http:///query",
        "http://[::1/query",
        "http://" + "a" * 80 + ".invalid/query",
        "http://127.0.0.1:1/é/query",
    ],
)
def test_an_address_where_nothing_is(url: str) -> None:
    for attempt in (lambda store: store.query("ASK {}"), lambda store: put(store, one=quads(ONE, S))):
        with pytest.raises(StoreError) as caught:
            attempt(open_store(url))
        assert caught.value.exit_code == 3
        assert caught.value.where.startswith(url.removesuffix("/query"))


def test_a_server_whose_update_address_is_not_known() -> None:
    with pytest.raises(StoreError, match="where this server takes updates") as caught:
        put(open_store("http://127.0.0.1:1/repositories/x"), one=quads(ONE, S))
    assert "--update-endpoint" in caught.value.remedy


def test_rows_in_every_format_that_servers_use() -> None:
    bodies = {
        "application/sparql-results+xml": b'<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable '
        b'name="n"/></head><results><result><binding name="n"><literal>a &amp; b</literal></binding></result>'
        b"</results></sparql>",
        "application/json": b'{"head":{"vars":["n"]},"results":{"bindings":[{"n":'
        b'{"type":"literal","value":"a & b"}}]}}',
        "text/tab-separated-values; charset=utf-8": b'?n\n"a & b"\n',
    }
    for media_type, body in bodies.items():
        with serving(lambda to, body=body, media_type=media_type: send(to, body, media_type)) as port:  # type: ignore[misc]
            rows = RemoteStore(f"http://127.0.0.1:{port}/query").query("SELECT ?n WHERE { ?n ?p ?o }")
            assert [row["n"] for row in rows] == [Literal("a & b")]  # type: ignore[union-attr]


def test_the_sweep_of_answers_is_not_empty() -> None:
    assert len(ANSWERS) == 18
