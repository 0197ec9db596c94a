"""However a server or a line misbehaves, a download ends whole or says why; its answer may change on the way."""

import email.utils
import gzip
import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from picograph.kg.fetch import Manners, clinicaltrials, pubmed
from picograph.ontology.errors import StoreError
from picograph.tests.registries import (
    Entrez,
    Handler,
    Odd,
    Registry,
    Reply,
    Service,
    Time,
    failed,
    files_of,
    only_whole,
    replies,
    says,
    study,
    xml,
)

pytestmark = pytest.mark.usefixtures("nothing_from_outside")


# --- a server, or a line, that misbehaves ---------------------------------------------------------------------


def _reset(handler: Handler, _: Reply) -> None:
    import socket
    import struct

    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(handler.connection.detach())


def _truncated(handler: Handler, reply: Reply) -> None:
    handler.send(reply._replace(body=reply.body[:-20]), len(reply.body))
    handler.close_connection = True


def _truncated_chunks(handler: Handler, reply: Reply) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", reply.media_type)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"%x\r\n%s\r\n" % (20, reply.body[:20]))
    handler.close_connection = True


def _no_length(handler: Handler, reply: Reply) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", reply.media_type)
    handler.end_headers()
    handler.wfile.write(reply.body[:-20])
    handler.close_connection = True


def _drips(handler: Handler, reply: Reply) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", reply.media_type)
    handler.send_header("Content-Length", str(len(reply.body)))
    handler.end_headers()
    for byte in reply.body[:8]:
        handler.wfile.write(bytes([byte]))
        handler.server.time.now += 400
        time.sleep(0.01)
    handler.close_connection = True


def _silent(handler: Handler, _: Reply) -> None:
    time.sleep(0.5)
    handler.close_connection = True


def _half_gzip(_: Handler, reply: Reply) -> Reply:
    packed = gzip.compress(reply.body)
    return reply._replace(body=packed[: len(packed) // 2], headers=(("Content-Encoding", "gzip"),))


def _no_gzip(_: Handler, reply: Reply) -> Reply:
    return reply._replace(headers=(("Content-Encoding", "gzip"),))


PASSING: dict[str, tuple[Odd, str]] = {
    **{str(status): (replies(status), f"HTTP {status}: Not now") for status in (429, 500, 502, 503, 504)},
    "reset": (_reset, "reset by peer"),
    "truncated": (_truncated, "broke off"),
    "truncated chunks": (_truncated_chunks, "broke off"),
    "cut, with no length": (_no_length, "its answer is n"),
    "drips": (_drips, "takes too long"),
    "silent": (_silent, "did not answer in time"),
    "half of a gzip": (_half_gzip, "its answer is n"),
    "no gzip at all": (_no_gzip, "cannot be unpacked"),
    "page of a proxy": (says(b"<html><title>Sign in</title></html>", "text/html"), "Sign in"),
    "nothing": (says(b""), "its answer is n"),
    "another JSON": (says(b'{"error":"overloaded"}'), "overloaded"),
    "a list": (says(b"[1]"), "its answer is n"),
    "another XML": (says(b"<a><title>Busy</title></a>"), "Busy"),
    "no media type": (lambda _, reply: reply._replace(media_type=""), "no media type instead of"),
}  # fmt: skip


@pytest.mark.parametrize("request_number", [0, 2])
@pytest.mark.parametrize("name", PASSING)
def test_what_passes_leaves_no_trace(service: Service, tmp_path: Path, name: str, request_number: int) -> None:
    odd, said = PASSING[name]
    service.silence = 0.3 if name == "silent" else 10
    service.odd = deque([*[None] * request_number, odd, odd])
    told: list[str] = []
    service.fetch(tmp_path, told=told.append)
    assert files_of(tmp_path) == service.wanted()
    assert len(told) == 2
    assert all(said in each and "asking again in" in each for each in told), told
    assert len(service.requests) == service.needed + 2


def test_pauses_grow_and_are_jittered(service: Service, tmp_path: Path) -> None:
    service.odd = deque([replies(503)] * 5)
    service.fetch(tmp_path, manners=service.manners._replace(interval=0.0))
    pauses = service.time.slept
    assert len(pauses) == 5
    assert all(2**n <= pause <= 1.5 * 2**n for n, pause in enumerate(pauses))
    assert any(pause != 2**n for n, pause in enumerate(pauses))


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_kept_to(service: Service, tmp_path: Path, status: int) -> None:
    in_a_while = email.utils.formatdate(time.time() + 100, usegmt=True)
    long_ago = email.utils.formatdate(time.time() - 100, usegmt=True)
    answers = ["40", in_a_while, long_ago, "soon"]
    service.odd = deque([replies(status, ("Retry-After", each)) for each in answers])
    service.fetch(tmp_path, manners=service.manners._replace(interval=0.0))
    seconds, date, past, none = service.time.slept
    assert 40 <= seconds <= 41
    assert 97 <= date <= 101
    assert 0 <= past <= 1
    assert 8 <= none <= 12  # what is no time counts as not said
    assert files_of(tmp_path) == service.wanted()


def test_a_wait_that_is_too_long_ends_the_fetch_and_is_not_cut_short(service: Service, tmp_path: Path) -> None:
    service.odd = deque([None, None, replies(429, ("Retry-After", "86400"))])
    with pytest.raises(StoreError, match="asks to be left alone for 86400 seconds"):
        service.fetch(tmp_path)
    assert len(service.requests) == 3
    service.fetch(tmp_path)
    assert files_of(tmp_path) == service.wanted()


@pytest.mark.parametrize("name", PASSING)
def test_what_does_not_pass_ends_the_fetch_and_is_made_good_later(service: Service, tmp_path: Path, name: str) -> None:
    odd, said = PASSING[name]
    service.silence = 0.3 if name == "silent" else 10
    service.odd = deque([None, None, *[odd] * 3])
    with pytest.raises(StoreError) as caught:
        service.fetch(tmp_path, manners=service.manners._replace(attempts=3))
    assert said in caught.value.what
    assert "does not answer as it should" in caught.value.what
    assert (caught.value.exit_code, caught.value.where[: len(service.url)]) == (3, service.url)
    assert "goes on from there" in caught.value.remedy
    assert len(service.requests) == 5
    only_whole(tmp_path, service)
    fetched = service.fetch(tmp_path)
    assert files_of(tmp_path) == service.wanted()
    assert fetched.kept > 0


def test_all_failures_together_are_limited(service: Service, tmp_path: Path) -> None:
    service.odd = deque([replies(500), None] * 50)
    with pytest.raises(StoreError, match="HTTP 500"):
        service.fetch(tmp_path, manners=service.manners._replace(failures=3))
    assert len(service.requests) == 5


@pytest.mark.parametrize(("status", "body"), [(400, b"Bad query: unbalanced ("), (403, b"<title>Blocked</title>")])
def test_what_is_refused_is_not_asked_again(service: Service, tmp_path: Path, status: int, body: bytes) -> None:
    service.odd = deque([says(body, "text/html", status)])
    with pytest.raises(StoreError, match=f"refuses: HTTP {status}: ") as caught:
        service.fetch(tmp_path)
    assert caught.value.what.endswith(("Bad query: unbalanced (", "Blocked"))
    assert caught.value.exit_code == 3
    assert len(service.requests) == 1


def test_nobody_there(tmp_path: Path) -> None:
    time_ = Time()
    for fetch in (clinicaltrials.fetch, pubmed.fetch):
        with pytest.raises(StoreError, match="connection refused") as caught:
            fetch("liver", tmp_path / fetch.__module__, manners=Manners(sleep=time_.sleep))
        assert caught.value.where.startswith("http://127.0.0.1:9/")


def test_an_answer_without_end_is_given_up(service: Service, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="longer than 50 bytes"):
        service.fetch(tmp_path, manners=service.manners._replace(largest=50))
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("reply", "times", "more"),
    [
        (failed("Error: External viewer error: Empty Response. Bytes read: 0 Status: Timeout", 400), 2, 2),
        (failed("Error: External viewer error: Empty Response. Bytes read: 0 Status: Timeout"), 2, 2),
        (xml("<PubmedArticleSet></PubmedArticleSet>"), 2, 2),
        (failed("Unable to obtain query #1"), 1, 1),  # then by PMIDs
        (failed("Cannot retrieve history data: OUT OF RANGE", 400), 1, 1),
    ],
)
def test_errors_of_the_e_utilities_that_pass(
    entrez: Entrez, tmp_path: Path, reply: Reply, times: int, more: int
) -> None:
    entrez.odd = deque([None, None, *[lambda *_: reply] * times])
    entrez.fetch(tmp_path)
    assert len(entrez.requests) == entrez.needed + more
    assert files_of(tmp_path) == entrez.wanted()


def test_errors_of_the_e_utilities_that_do_not_pass(entrez: Entrez, tmp_path: Path) -> None:
    entrez.odd = deque([None, None, lambda *_: failed("Cannot process ID list")])
    with pytest.raises(StoreError, match="PubMed refuses: Cannot process ID list"):
        entrez.fetch(tmp_path)
    assert len(entrez.requests) == 3
    only_whole(tmp_path, entrez)
    entrez.fetch(tmp_path)
    assert files_of(tmp_path) == entrez.wanted()


@pytest.mark.parametrize(
    ("body", "match"),
    [
        (
            b"<eSearchResult><ERROR>Empty term and query_key - nothing todo</ERROR></eSearchResult>",
            "refuses: Empty term",
        ),
        (b"<eSearchResult><Count>many</Count></eSearchResult>", "makes no sense"),
        (b"<eSearchResult><Count>5</Count><IdList><Id>1</Id></IdList></eSearchResult>", "1 PMIDs for 5 records"),
        (b"<eSearchResult><Count>1</Count><IdList><Id>1</Id></IdList></eSearchResult>", "is not whole"),
        (b"<eSearchResult><Count>2</Count><IdList><Id>1</Id><Id>1</Id></IdList></eSearchResult>", "makes no sense"),
    ],
)
def test_searches_that_make_no_sense(entrez: Entrez, tmp_path: Path, body: bytes, match: str) -> None:
    entrez.odd = deque([says(body)] * 9)
    with pytest.raises(StoreError, match=match):
        entrez.fetch(tmp_path)


def test_records_that_were_not_asked_for_are_not_taken(entrez: Entrez, tmp_path: Path) -> None:
    stranger = xml(entrez.articles(["1", "2", "3"]))
    entrez.odd = deque([None, lambda *_: stranger, lambda *_: stranger])
    with pytest.raises(StoreError, match="records that were not asked for: 1, 2, 3"):
        entrez.fetch(tmp_path)
    assert not files_of(tmp_path)


@pytest.mark.parametrize("entity", ['"30000100"', 'SYSTEM "file://{file}"'])
def test_entities_are_not_expanded(entrez: Entrez, tmp_path: Path, entity: str) -> None:
    file = tmp_path / "number"
    file.write_text("30000100")
    body = (
        f"<!DOCTYPE x [<!ENTITY a {entity.format(file=file)}>]><eSearchResult><Count>1</Count><QueryKey>1</QueryKey>"
        "<WebEnv>MCID_0</WebEnv><IdList><Id>&a;</Id></IdList></eSearchResult>"
    )
    entrez.odd = deque([says(body.encode())] * 9)
    with pytest.raises(StoreError, match="makes no sense"):
        entrez.fetch(tmp_path / "out")


def test_bytes_that_are_no_text_are_not_taken(registry: Registry, tmp_path: Path) -> None:
    registry.odd = deque([lambda _, reply: reply._replace(body=reply.body.replace(b"\xe2\x89\xa5", b"\xff"))])
    told: list[str] = []
    registry.fetch(tmp_path, told=told.append)
    assert "can't decode byte 0xff" in told[0]
    assert files_of(tmp_path) == registry.wanted()


# --- an answer that changes while it is read ------------------------------------------------------------------


def test_a_total_that_changes(registry: Registry, tmp_path: Path) -> None:
    registry.totals = {2: 8}
    with pytest.raises(StoreError, match="changed while it was read: 8 match, not 7") as caught:
        registry.fetch(tmp_path)
    assert caught.value.exit_code == 3
    assert len((tmp_path / "hcc.jsonl.part").read_bytes().splitlines()) == 3
    registry.fetch(tmp_path)  # it has come round
    assert files_of(tmp_path) == registry.wanted()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda studies: studies.pop(), "it gave 6 studies of 7"),
        (lambda studies: studies.insert(0, study(99)), "it gave NCT00000002 twice"),
        (lambda studies: studies.append(study(99)), "it gave 8 studies of 7"),
    ],
)
def test_studies_that_come_or_go(
    registry: Registry, tmp_path: Path, change: Callable[[list[bytes]], Any], match: str
) -> None:
    def odd(_: Handler, reply: Reply) -> Reply:
        change(registry.studies)
        return reply

    registry.odd = deque([odd])
    with pytest.raises(StoreError, match=match):
        registry.fetch(tmp_path)
    assert list(files_of(tmp_path)) == ["hcc.jsonl.part"]
    assert registry.fetch(tmp_path, restart=True).records == len(registry.studies)
    assert files_of(tmp_path) == registry.wanted()


def test_a_page_token_that_is_forgotten(registry: Registry, tmp_path: Path) -> None:
    registry.odd = deque([None, None, says(b"", status=403)])
    with pytest.raises(StoreError):
        registry.fetch(tmp_path)
    registry.token, registry.requests = "U", []
    fetched = registry.fetch(tmp_path)
    assert fetched.kept == 6
    assert [request.fields.get("pageToken") for request in registry.requests] == ["T6", None, "U3", "U6"]
    assert files_of(tmp_path) == registry.wanted()


def test_a_page_token_that_is_forgotten_and_other_studies(registry: Registry, tmp_path: Path) -> None:
    registry.odd = deque([None, None, says(b"", status=403)])
    with pytest.raises(StoreError):
        registry.fetch(tmp_path)
    before = files_of(tmp_path)
    registry.token = "U"
    registry.studies[1] = study(77)
    with pytest.raises(StoreError, match="its first pages are not those that are on disk"):
        registry.fetch(tmp_path)
    assert files_of(tmp_path) == before


def test_a_history_that_is_forgotten_and_other_records(entrez: Entrez, tmp_path: Path) -> None:
    wanted = entrez.wanted()
    entrez.odd = deque([None, None, says(b"", status=403)])
    with pytest.raises(StoreError):
        entrez.fetch(tmp_path)
    entrez.forgets = True
    entrez.pmids.insert(0, "40000000")  # newer than the fetch: it is of one moment
    entrez.fetch(tmp_path)
    assert files_of(tmp_path) == wanted
