"""A download is polite and whole: the file is the server's records, however the server or the line misbehaves.

Every server here is on loopback and answers as ClinicalTrials.gov's API v2 and NCBI's E-utilities do, errors included.
Time is invented: what would wait only notes that it waited, and the server reads the same clock.
"""

import email.utils
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
from lxml import etree

from picograph import __version__
from picograph.kg.fetch import Fetched, Manners, clinicaltrials, files, pubmed
from picograph.kg.fetch.http import USER_AGENT, address
from picograph.ontology.errors import InputError, PicographError, StoreError, UsageError

KEY = "0123456789abcdefsecret"


# --- a server on loopback -------------------------------------------------------------------------------------


class Time:
    """A clock that runs only when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Request(NamedTuple):
    path: str
    fields: dict[str, str]
    headers: dict[str, str]
    method: str
    query: str
    at: float


class Reply(NamedTuple):
    body: bytes
    media_type: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


Odd = Callable[["Handler", Reply], Reply | None]  # what a server does instead of the good reply


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Service"

    def do_GET(self) -> None:
        self._answer(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer(dict(parse_qsl(body)))

    def _answer(self, fields: dict[str, str]) -> None:
        parts = urlsplit(self.path)
        service = self.server
        request = Request(parts.path, fields, dict(self.headers), self.command, parts.query, service.time.now)
        service.requests.append(request)
        reply: Reply | None = service.reply(request)
        odd = service.odd.popleft() if service.odd else None
        if odd is not None:
            assert reply is not None
            reply = odd(self, reply)
        if reply is not None:
            self.send(reply)

    def send(self, reply: Reply, length: int | None = None) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.media_type)
        self.send_header("Content-Length", str(len(reply.body) if length is None else length))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *_: Any) -> None:
        pass


class Service(ThreadingHTTPServer):
    daemon_threads = True
    needed: int  # requests of a fetch to which nothing happens

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.time = Time()
        self.requests: list[Request] = []
        self.odd: deque[Odd | None] = deque()
        self.silence = 10.0  # seconds, of the real clock
        self.url = f"http://127.0.0.1:{self.server_address[1]}/api"

    def reply(self, request: Request) -> Reply:
        raise NotImplementedError

    def handle_error(self, *_: Any) -> None:
        pass  # a client that went away

    @property
    def manners(self) -> Manners:
        return Manners(clock=lambda: self.time.now, sleep=self.time.sleep, silence=self.silence)

    def fetch(self, place: Path, **options: Any) -> Fetched:
        raise NotImplementedError

    def wanted(self) -> dict[str, bytes]:
        """The files that a whole fetch leaves, made without the code that is tested."""
        raise NotImplementedError


class Registry(Service):
    """ClinicalTrials.gov's API v2."""

    needed = 3

    def __init__(self) -> None:
        super().__init__()
        self.studies = [_study(number) for number in range(7)]
        self.totals: dict[int, int] = {}  # what it says on a page instead of the truth
        self.token = "T"
        self.more = False  # says that there is a further page, which is empty

    def reply(self, request: Request) -> Reply:
        assert request.path == "/api/studies"
        size, token = int(request.fields["pageSize"]), request.fields.get("pageToken")
        if token is not None and not token.startswith(self.token):
            return Reply(b"pageToken is invalid or has expired", "text/plain", 400)
        start = int(token.removeprefix(self.token)) if token else 0
        studies = self.studies if request.fields["query.term"] != "nothing" else []
        page = b'{"studies":[' + b",".join(studies[start : start + size]) + b"]"
        total = self.totals.get(len(self.requests), len(studies))
        if start == 0 or len(self.requests) in self.totals:
            page += b',"totalCount":%d' % total
        if start + size < len(studies) + (self.more and start < len(studies)):
            page += b',"nextPageToken":"%s%d"' % (self.token.encode(), start + size)
        return Reply(page + b"}", "application/json")

    def fetch(self, place: Path, query: str = "liver cancer", **options: Any) -> Fetched:
        given: dict[str, Any] = {"base_url": self.url, "page_size": 3, "manners": self.manners}
        return clinicaltrials.fetch(query, place / "hcc.jsonl", **(given | options))

    def wanted(self) -> dict[str, bytes]:
        return {"hcc.jsonl": b"".join(study.replace(b"\n", b" ") + b"\n" for study in self.studies)}


def _study(number: int) -> bytes:
    # Characters that JSON would write in another way, a number that a reader would shorten, and a line end.
    return (
        b'{"protocolSection":{"identificationModule":{"nctId":"NCT%08d","briefTitle":"\xe2\x89\xa5 3 \\u2265 3"}},\n'
        b'"resultsSection":{"value":1.10},"hasResults":false}' % number
    )


class Entrez(Service):
    """NCBI's E-utilities, for PubMed."""

    MOST = 9_999
    needed = 4

    def __init__(self) -> None:
        super().__init__()
        self.pmids = [str(30_000_100 - number) for number in range(7)]
        self.absent: set[str] = set()
        self.forgets = False
        self.history: dict[str, list[str]] = {}

    def reply(self, request: Request) -> Reply:
        fields = request.fields
        assert fields["db"] == "pubmed"
        assert (request.method, request.query) == ("POST", "")
        return self._search(fields) if request.path == "/api/esearch.fcgi" else self._records(fields)

    def _search(self, fields: dict[str, str]) -> Reply:
        found = self.pmids if "nothing" not in fields["term"] else []
        if parts := re.fullmatch(r"\((.*)\) AND ([0-9]+):([0-9]+)\[UID\]", fields["term"]):
            found = [each for each in found if int(parts[2]) <= int(each) <= int(parts[3])]
        web = f"MCID_{len(self.history)}"
        self.history[web] = found
        ids = "".join(f"<Id>{each}</Id>" for each in found[: min(int(fields["retmax"]), self.MOST)])
        return _xml(
            f"<eSearchResult><Count>{len(found)}</Count><RetStart>0</RetStart><QueryKey>1</QueryKey>"
            f"<WebEnv>{web}</WebEnv><IdList>{ids}</IdList><QueryTranslation>liver[tw]</QueryTranslation>"
            "<ErrorList><PhraseNotFound>lvier</PhraseNotFound></ErrorList></eSearchResult>"
        )

    def _records(self, fields: dict[str, str]) -> Reply:
        assert (fields["retmode"], fields["rettype"]) == ("xml", "abstract")
        if "id" in fields:
            return _xml(self.articles(fields["id"].split(",")))
        if self.forgets:
            return _error("Unable to obtain query #1", 400)
        found, start = self.history[fields["WebEnv"]], int(fields["retstart"])
        if start >= self.MOST:
            return _error("Search backend cannot retrieve history data. 'retstart' cannot be larger than 9998.", 400)
        return _xml(self.articles(found[start : min(start + int(fields["retmax"]), self.MOST)]))

    def articles(self, pmids: list[str]) -> str:
        given = [each for each in pmids if each not in self.absent]
        return f"<PubmedArticleSet>{''.join(map(_article, given))}</PubmedArticleSet>"

    def fetch(self, place: Path, query: str = "liver", **options: Any) -> Fetched:
        given: dict[str, Any] = {"base_url": self.url, "batch": 3, "manners": self.manners}
        return pubmed.fetch(query, place, **(given | options))

    def wanted(self) -> dict[str, bytes]:
        batches = [self.pmids[start : start + 3] for start in range(0, len(self.pmids), 3)]
        return {f"pubmed-{n:05d}.xml": _xml(self.articles(each)).body for n, each in enumerate(batches, 1)}


def _xml(text: str, status: int = 200) -> Reply:
    body = (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE x PUBLIC "-//NLM//DTD x//EN" "https://dtd.invalid/x.dtd">\n'
    )
    return Reply((body + text).encode(), "text/xml", status)


def _error(text: str, status: int = 200) -> Reply:
    return _xml(f"<eFetchResult>\n\t<ERROR>{text}</ERROR>\n</eFetchResult>", status)


def _article(pmid: str) -> str:
    if pmid.endswith("98"):
        return f'<PubmedBookArticle><BookDocument><PMID Version="1">{pmid}</PMID></BookDocument></PubmedBookArticle>'
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID>'
        "<Article><ArticleTitle>β-blockers</ArticleTitle></Article>"
        '<CommentsCorrectionsList><CommentsCorrections><PMID Version="1">1</PMID></CommentsCorrections>'
        "</CommentsCorrectionsList></MedlineCitation></PubmedArticle>"
    )


SERVICES: dict[str, type[Service]] = {"clinicaltrials": Registry, "pubmed": Entrez}


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "NCBI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    # An address that is not given would be this, where nobody listens: never a public one.
    monkeypatch.setenv("PICOGRAPH_CLINICALTRIALS_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PICOGRAPH_EUTILS_URL", "http://127.0.0.1:9")


def _running(kind: type[Service]) -> Iterator[Any]:
    service = kind()
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield service
    service.shutdown()
    service.server_close()
    thread.join()


@pytest.fixture(params=list(SERVICES))
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    yield from _running(SERVICES[request.param])


@pytest.fixture
def registry() -> Iterator[Registry]:
    yield from _running(Registry)


@pytest.fixture
def entrez() -> Iterator[Entrez]:
    yield from _running(Entrez)


def _files(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in sorted(folder.iterdir()) if not each.name.startswith(".")}


# --- what is fetched ------------------------------------------------------------------------------------------


def test_the_files_hold_the_records_in_the_servers_own_characters(service: Service, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    fetched = service.fetch(tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert _files(tmp_path) == service.wanted()
    assert list(fetched.files) == [str(tmp_path / name) for name in service.wanted()]
    assert sum(fetched.files.values()) == 7
    assert (fetched.records, fetched.matching, fetched.kept, fetched.missing) == (7, 7, 0, ())
    assert fetched.requests == len(service.requests)
    assert seen == [(3, 7), (6, 7), (7, 7)]


def test_what_is_on_disk_is_not_asked_for_again_and_restart_is(service: Service, tmp_path: Path) -> None:
    first = service.fetch(tmp_path)
    asked = len(service.requests)
    again = service.fetch(tmp_path)
    assert len(service.requests) == asked
    assert (again.records, again.kept, again.requests, again.files) == (7, 7, 0, first.files)
    if isinstance(service, Registry):
        service.studies.append(_study(7))
    if isinstance(service, Entrez):
        service.pmids = service.pmids[:2]
    fresh = service.fetch(tmp_path, restart=True)
    assert fresh.records == fresh.matching != 7
    assert _files(tmp_path) == service.wanted()


def test_files_that_were_taken_away_are_fetched_again(service: Service, tmp_path: Path) -> None:
    [*_, last] = service.fetch(tmp_path).files
    Path(last).unlink()
    service.fetch(tmp_path)
    assert _files(tmp_path) == service.wanted()


@pytest.mark.parametrize("limit", [1, 3, 4, 7, 50])
def test_a_limit_takes_the_first_records(service: Service, tmp_path: Path, limit: int) -> None:
    fetched = service.fetch(tmp_path, limit=limit)
    assert (fetched.records, fetched.matching) == (min(limit, 7), 7)
    numbers = re.findall(rb"NCT[0-9]{8}|30000[0-9]{3}", b"".join(_files(tmp_path).values()))
    assert numbers == re.findall(rb"NCT[0-9]{8}|30000[0-9]{3}", b"".join(service.wanted().values()))[:limit]


def test_nothing_found_leaves_no_file(service: Service, tmp_path: Path) -> None:
    for _ in range(2):
        fetched = service.fetch(tmp_path, query="nothing")
        assert (fetched.records, fetched.matching, fetched.files) == (0, 0, {})
        assert not _files(tmp_path)


def test_a_further_page_may_be_empty_when_all_were_given(registry: Registry, tmp_path: Path) -> None:
    registry.studies.pop()  # six studies are two full pages, and the server names a third
    registry.more = True
    assert registry.fetch(tmp_path).records == 6
    assert len(registry.requests) == 3
    assert _files(tmp_path) == registry.wanted()


def test_a_folder_may_be_given_for_the_studies(registry: Registry, tmp_path: Path) -> None:
    fetched = clinicaltrials.fetch("liver", tmp_path, base_url=registry.url, manners=registry.manners)
    assert fetched.files == {str(tmp_path / "clinicaltrials.jsonl"): 7}
    new = clinicaltrials.fetch("liver", f"{tmp_path}/new/", base_url=registry.url, manners=registry.manners)
    assert new.files == {str(tmp_path / "new" / "clinicaltrials.jsonl"): 7}


def test_compressed_batches_are_the_same_bytes_every_time(entrez: Entrez, tmp_path: Path) -> None:
    fetched = entrez.fetch(tmp_path / "a", compress=True)
    entrez.fetch(tmp_path / "b", compress=True)
    assert _files(tmp_path / "a") == _files(tmp_path / "b")
    unpacked = {name: gzip.decompress(content) for name, content in _files(tmp_path / "a").items()}
    assert unpacked == {f"{name}.gz": content for name, content in entrez.wanted().items()}
    assert all(name.endswith(".xml.gz") for name in fetched.files)
    assert {content[4:8] for content in _files(tmp_path / "a").values()} == {bytes(4)}  # the time of packing


def test_what_pubmed_says_of_the_query_is_handed_on(entrez: Entrez, tmp_path: Path) -> None:
    for _ in range(2):  # also when it comes from the disk
        fetched = entrez.fetch(tmp_path)
        assert fetched.understood == "liver[tw]"
        assert fetched.cautions == ("PubMed on the query: phrase not found: lvier",)


def test_records_that_are_not_given_are_asked_for_once_more_and_named(entrez: Entrez, tmp_path: Path) -> None:
    entrez.absent = {entrez.pmids[1], entrez.pmids[5]}
    for _ in range(2):
        fetched = entrez.fetch(tmp_path)
        assert fetched.missing == (entrez.pmids[1], entrez.pmids[5])
        assert (fetched.records, fetched.matching) == (5, 7)
    assert sum("id" in request.fields for request in entrez.requests) == 2
    assert _files(tmp_path) == entrez.wanted()


def test_records_that_come_at_the_second_asking_are_not_missing(entrez: Entrez, tmp_path: Path) -> None:
    short = _xml(entrez.articles(entrez.pmids[:2]))
    entrez.odd = deque([None, lambda *_: short])
    assert entrez.fetch(tmp_path).missing == ()
    assert _files(tmp_path) == entrez.wanted()


def test_more_records_than_pubmed_gives_of_a_search(entrez: Entrez, tmp_path: Path) -> None:
    entrez.pmids = [str(each) for each in range(39_000_000, 39_000_000 - 3 * 12_000, -3)] + ["17", "5"]
    entrez.pmids += [str(each) for each in range(20_000_000, 20_009_000)]
    fetched = entrez.fetch(tmp_path, batch=500)
    assert (fetched.records, fetched.matching) == (21_002, 21_002)
    given = re.findall(rb"Citation><PMID Version=\"1\">([0-9]+)|Document><PMID Version=\"1\">([0-9]+)",
                       b"".join(_files(tmp_path).values()))  # fmt: skip
    assert len(given) == 21_002
    assert {(one or other).decode() for one, other in given} == set(entrez.pmids)
    searches = [request for request in entrez.requests if request.path.endswith("esearch.fcgi")]
    assert len(searches) < 40
    limited = entrez.fetch(tmp_path / "limited", batch=500, limit=10_500)
    assert limited.records == 10_500


def test_a_server_that_does_not_know_ranges_is_found_out(entrez: Entrez, tmp_path: Path) -> None:
    entrez.pmids = [str(each) for each in range(1, 10_050)]
    search = entrez._search
    entrez._search = lambda fields: search({**fields, "term": "liver"})  # type: ignore[method-assign]
    with pytest.raises(StoreError, match="contradicts itself: 10049 records match"):
        entrez.fetch(tmp_path)
    assert not _files(tmp_path)


# --- politeness -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "interval"),
    [("clinicaltrials", {}, 60 / 50), ("pubmed", {}, 1 / 3), ("pubmed", {"api_key": KEY}, 1 / 10)],
)
def test_requests_keep_their_distance(name: str, options: dict[str, Any], interval: float, tmp_path: Path) -> None:
    for service in _running(SERVICES[name]):
        service.odd = deque([None, _status(503), None])  # a repeated request keeps it too
        service.fetch(tmp_path, **options)
        times = [request.at for request in service.requests]
        assert len(times) > 3
        assert min(after - before for before, after in pairwise(times)) >= interval


def test_a_slow_server_is_not_waited_for_twice(registry: Registry, tmp_path: Path) -> None:
    def takes_long(_: Handler, reply: Reply) -> Reply:
        registry.time.now += 5
        return reply

    registry.odd = deque([takes_long, takes_long])
    registry.fetch(tmp_path)
    assert registry.time.slept == []


def test_we_say_who_we_are(service: Service, tmp_path: Path) -> None:
    options = {"email": "a@example.org"} if isinstance(service, Entrez) else {}
    service.fetch(tmp_path, **options)
    assert f"picograph/{__version__} (+https://w3id.org/picograph)" == USER_AGENT
    assert {request.headers["User-Agent"] for request in service.requests} == {USER_AGENT}
    if isinstance(service, Entrez):
        assert {(r.fields["tool"], r.fields["email"]) for r in service.requests} == {("picograph", "a@example.org")}


def test_nothing_but_the_query_and_its_paging_is_sent(registry: Registry, tmp_path: Path) -> None:
    registry.fetch(tmp_path, query="liver & lung")
    assert registry.requests[0].fields == {
        "query.term": "liver & lung",
        "format": "json",
        "countTotal": "true",
        "pageSize": "3",
    }
    assert [request.fields.get("pageToken") for request in registry.requests] == [None, "T3", "T6"]


def test_the_key_is_sent_and_never_shown(entrez: Entrez, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCBI_API_KEY", KEY)
    bad = Reply(json.dumps({"error": "API key invalid", "api-key": KEY}).encode(), "application/json", 400)
    busy = Reply(json.dumps({"error": "API rate limit exceeded", "api-key": KEY}).encode(), "application/json", 429)
    entrez.odd = deque([None, lambda *_: busy, lambda *_: bad])
    told: list[str] = []
    with pytest.raises(StoreError, match="API key invalid") as caught:
        entrez.fetch(tmp_path, told=told.append)
    assert {request.fields["api_key"] for request in entrez.requests} == {KEY}
    assert "API rate limit exceeded" in told[0]
    entrez.odd = deque([lambda *_: Reply(b"", "text/plain", 302, (("Location", f"http://127.0.0.1:9/?{KEY}"),))])
    with pytest.raises(StoreError, match="sends us on") as sent_on:
        entrez.fetch(tmp_path)
    entrez.fetch(tmp_path)
    shown = [str(caught.value), str(sent_on.value), *told, repr(vars(caught.value))]
    shown += [each.read_text() for each in tmp_path.iterdir()]
    assert not [each for each in shown if KEY in each]


def test_a_redirect_is_not_followed(service: Service, tmp_path: Path) -> None:
    for other in _running(Registry):
        sent_on = Reply(b"", "text/html", 301, (("Location", other.url),))
        service.odd = deque([lambda _, __, reply=sent_on: reply])
        with pytest.raises(StoreError, match=f"sends us on to {other.url}, which was not asked for"):
            service.fetch(tmp_path)
        assert not other.requests
        assert len(service.requests) == 1


@pytest.mark.parametrize(
    "wrong", ["ftp://127.0.0.1/x", "clinicaltrials.gov", "http://", "http://h/?a=b", "http://h:x/"]
)
def test_an_address_that_is_none_is_said_to_be_none(wrong: str, tmp_path: Path) -> None:
    for fetch in (clinicaltrials.fetch, pubmed.fetch):
        with pytest.raises(UsageError, match="is not the address of a service"):
            fetch("liver", tmp_path, base_url=wrong)


def test_the_address_is_a_setting(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PICOGRAPH_CLINICALTRIALS_URL", "PICOGRAPH_EUTILS_URL"):
        monkeypatch.setenv(variable, service.url)
    assert service.fetch(tmp_path, base_url=None).records == 7
    monkeypatch.delenv("PICOGRAPH_EUTILS_URL")
    assert address(None, "PICOGRAPH_EUTILS_URL", pubmed.BASE_URL) == "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"


@pytest.mark.parametrize("options", [{"query": " "}, {"limit": 0}, {"page_size": 0, "batch": 0}])
def test_parameters_that_fetch_nothing(service: Service, tmp_path: Path, options: dict[str, Any]) -> None:
    options = {key: value for key, value in options.items() if key != "page_size" or isinstance(service, Registry)}
    options = {key: value for key, value in options.items() if key != "batch" or isinstance(service, Entrez)}
    with pytest.raises(UsageError):
        service.fetch(tmp_path, **options)
    assert not service.requests


# --- a server, or a line, that misbehaves ---------------------------------------------------------------------


def _status(status: int, *headers: tuple[str, str]) -> Odd:
    return lambda *_: Reply(b"<html><title>Not now</title></html>", "text/html", status, headers)


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


def _says(body: bytes, media_type: str | None = None, status: int = 200) -> Odd:
    return lambda _, reply: Reply(body, media_type or reply.media_type, status)


PASSING: dict[str, tuple[Odd, str]] = {
    **{str(status): (_status(status), f"HTTP {status}: Not now") for status in (429, 500, 502, 503, 504)},
    "reset": (_reset, "reset by peer"),
    "truncated": (_truncated, "broke off"),
    "truncated chunks": (_truncated_chunks, "broke off"),
    "cut, with no length": (_no_length, "its answer is n"),
    "drips": (_drips, "takes too long"),
    "silent": (_silent, "did not answer in time"),
    "half of a gzip": (_half_gzip, "its answer is n"),
    "no gzip at all": (_no_gzip, "cannot be unpacked"),
    "page of a proxy": (_says(b"<html><title>Sign in</title></html>", "text/html"), "Sign in"),
    "nothing": (_says(b""), "its answer is n"),
    "another JSON": (_says(b'{"error":"overloaded"}'), "overloaded"),
    "a list": (_says(b"[1]"), "its answer is n"),
    "another XML": (_says(b"<a><title>Busy</title></a>"), "Busy"),
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
    assert _files(tmp_path) == service.wanted()
    assert len(told) == 2
    assert all(said in each and "asking again in" in each for each in told), told
    assert len(service.requests) == service.needed + 2


def test_pauses_grow_and_are_jittered(service: Service, tmp_path: Path) -> None:
    service.odd = deque([_status(503)] * 5)
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
    service.odd = deque([_status(status, ("Retry-After", each)) for each in answers])
    service.fetch(tmp_path, manners=service.manners._replace(interval=0.0))
    seconds, date, past, none = service.time.slept
    assert 40 <= seconds <= 41
    assert 97 <= date <= 101
    assert 0 <= past <= 1
    assert 8 <= none <= 12  # what is no time counts as not said
    assert _files(tmp_path) == service.wanted()


def test_a_wait_that_is_too_long_ends_the_fetch_and_is_not_cut_short(service: Service, tmp_path: Path) -> None:
    service.odd = deque([None, None, _status(429, ("Retry-After", "86400"))])
    with pytest.raises(StoreError, match="asks to be left alone for 86400 seconds"):
        service.fetch(tmp_path)
    assert len(service.requests) == 3
    service.fetch(tmp_path)
    assert _files(tmp_path) == service.wanted()


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
    _only_whole(tmp_path, service)
    fetched = service.fetch(tmp_path)
    assert _files(tmp_path) == service.wanted()
    assert fetched.kept > 0


def test_all_failures_together_are_limited(service: Service, tmp_path: Path) -> None:
    service.odd = deque([_status(500), None] * 50)
    with pytest.raises(StoreError, match="HTTP 500"):
        service.fetch(tmp_path, manners=service.manners._replace(failures=3))
    assert len(service.requests) == 5


@pytest.mark.parametrize(("status", "body"), [(400, b"Bad query: unbalanced ("), (403, b"<title>Blocked</title>")])
def test_what_is_refused_is_not_asked_again(service: Service, tmp_path: Path, status: int, body: bytes) -> None:
    service.odd = deque([_says(body, "text/html", status)])
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
        (_error("Error: External viewer error: Empty Response. Bytes read: 0 Status: Timeout", 400), 2, 2),
        (_error("Error: External viewer error: Empty Response. Bytes read: 0 Status: Timeout"), 2, 2),
        (_xml("<PubmedArticleSet></PubmedArticleSet>"), 2, 2),
        (_error("Unable to obtain query #1"), 1, 1),  # then by PMIDs
        (_error("Cannot retrieve history data: OUT OF RANGE", 400), 1, 1),
    ],
)
def test_errors_of_the_e_utilities_that_pass(
    entrez: Entrez, tmp_path: Path, reply: Reply, times: int, more: int
) -> None:
    entrez.odd = deque([None, None, *[lambda *_: reply] * times])
    entrez.fetch(tmp_path)
    assert len(entrez.requests) == entrez.needed + more
    assert _files(tmp_path) == entrez.wanted()


def test_errors_of_the_e_utilities_that_do_not_pass(entrez: Entrez, tmp_path: Path) -> None:
    entrez.odd = deque([None, None, lambda *_: _error("Cannot process ID list")])
    with pytest.raises(StoreError, match="PubMed refuses: Cannot process ID list"):
        entrez.fetch(tmp_path)
    assert len(entrez.requests) == 3
    _only_whole(tmp_path, entrez)
    entrez.fetch(tmp_path)
    assert _files(tmp_path) == entrez.wanted()


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
    entrez.odd = deque([_says(body)] * 9)
    with pytest.raises(StoreError, match=match):
        entrez.fetch(tmp_path)


def test_records_that_were_not_asked_for_are_not_taken(entrez: Entrez, tmp_path: Path) -> None:
    stranger = _xml(entrez.articles(["1", "2", "3"]))
    entrez.odd = deque([None, lambda *_: stranger, lambda *_: stranger])
    with pytest.raises(StoreError, match="records that were not asked for: 1, 2, 3"):
        entrez.fetch(tmp_path)
    assert not _files(tmp_path)


@pytest.mark.parametrize("entity", ['"30000100"', 'SYSTEM "file://{file}"'])
def test_entities_are_not_expanded(entrez: Entrez, tmp_path: Path, entity: str) -> None:
    file = tmp_path / "number"
    file.write_text("30000100")
    body = (
        f"<!DOCTYPE x [<!ENTITY a {entity.format(file=file)}>]><eSearchResult><Count>1</Count><QueryKey>1</QueryKey>"
        "<WebEnv>MCID_0</WebEnv><IdList><Id>&a;</Id></IdList></eSearchResult>"
    )
    entrez.odd = deque([_says(body.encode())] * 9)
    with pytest.raises(StoreError, match="makes no sense"):
        entrez.fetch(tmp_path / "out")


def test_bytes_that_are_no_text_are_not_taken(registry: Registry, tmp_path: Path) -> None:
    registry.odd = deque([lambda _, reply: reply._replace(body=reply.body.replace(b"\xe2\x89\xa5", b"\xff"))])
    told: list[str] = []
    registry.fetch(tmp_path, told=told.append)
    assert "can't decode byte 0xff" in told[0]
    assert _files(tmp_path) == registry.wanted()


# --- an answer that changes while it is read ------------------------------------------------------------------


def test_a_total_that_changes(registry: Registry, tmp_path: Path) -> None:
    registry.totals = {2: 8}
    with pytest.raises(StoreError, match="changed while it was read: 8 match, not 7") as caught:
        registry.fetch(tmp_path)
    assert caught.value.exit_code == 3
    assert len((tmp_path / "hcc.jsonl.part").read_bytes().splitlines()) == 3
    registry.fetch(tmp_path)  # it has come round
    assert _files(tmp_path) == registry.wanted()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda studies: studies.pop(), "it gave 6 studies of 7"),
        (lambda studies: studies.insert(0, _study(99)), "it gave NCT00000002 twice"),
        (lambda studies: studies.append(_study(99)), "it gave 8 studies of 7"),
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
    assert list(_files(tmp_path)) == ["hcc.jsonl.part"]
    assert registry.fetch(tmp_path, restart=True).records == len(registry.studies)
    assert _files(tmp_path) == registry.wanted()


def test_a_page_token_that_is_forgotten(registry: Registry, tmp_path: Path) -> None:
    registry.odd = deque([None, None, _says(b"", status=403)])
    with pytest.raises(StoreError):
        registry.fetch(tmp_path)
    registry.token, registry.requests = "U", []
    fetched = registry.fetch(tmp_path)
    assert fetched.kept == 6
    assert [request.fields.get("pageToken") for request in registry.requests] == ["T6", None, "U3", "U6"]
    assert _files(tmp_path) == registry.wanted()


def test_a_page_token_that_is_forgotten_and_other_studies(registry: Registry, tmp_path: Path) -> None:
    registry.odd = deque([None, None, _says(b"", status=403)])
    with pytest.raises(StoreError):
        registry.fetch(tmp_path)
    before = _files(tmp_path)
    registry.token = "U"
    registry.studies[1] = _study(77)
    with pytest.raises(StoreError, match="its first pages are not those that are on disk"):
        registry.fetch(tmp_path)
    assert _files(tmp_path) == before


def test_a_history_that_is_forgotten_and_other_records(entrez: Entrez, tmp_path: Path) -> None:
    wanted = entrez.wanted()
    entrez.odd = deque([None, None, _says(b"", status=403)])
    with pytest.raises(StoreError):
        entrez.fetch(tmp_path)
    entrez.forgets = True
    entrez.pmids.insert(0, "40000000")  # newer than the fetch: it is of one moment
    entrez.fetch(tmp_path)
    assert _files(tmp_path) == wanted


# --- stops ----------------------------------------------------------------------------------------------------


class StopNowError(Exception):
    pass


def _only_whole(folder: Path, service: Service) -> None:
    """Whatever has its name is whole, and is what it will be."""
    wanted = service.wanted()
    for name, content in _files(folder).items():
        if name.endswith(".part"):
            assert wanted[name.removesuffix(".part")].startswith(content[: content.rfind(b"\n") + 1])
        else:
            assert content == wanted[name]
            if name.endswith(".xml"):
                etree.fromstring(content)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_stop_between_pages(service: Service, tmp_path: Path, at: int) -> None:
    calls: list[int] = []

    def stop(done: int, _: int) -> None:
        calls.append(done)
        if len(calls) == at:
            raise StopNowError

    with pytest.raises(StopNowError):
        service.fetch(tmp_path, progress=stop)
    _only_whole(tmp_path, service)
    asked = len(service.requests)
    seen: list[int] = []
    fetched = service.fetch(tmp_path, progress=lambda done, _: seen.append(done))
    assert _files(tmp_path) == service.wanted()
    assert fetched.kept == calls[-1]
    assert seen == [done for done in (3, 6, 7) if done >= calls[-1]] * (at < 3)
    assert len(service.requests) - asked == 3 - at  # nothing is asked for twice


def test_half_a_line_is_cut_off(registry: Registry, tmp_path: Path) -> None:
    registry.odd = deque([None, _says(b"", status=403)])
    with pytest.raises(StoreError):
        registry.fetch(tmp_path)
    with (tmp_path / "hcc.jsonl.part").open("ab") as file:
        file.write(b'{"protocolSection":')  # as SIGKILL in the middle of a write leaves it
    registry.fetch(tmp_path)
    assert _files(tmp_path) == registry.wanted()


CHILD = """
import os, pathlib, signal, sys
from picograph.kg.fetch import Manners, clinicaltrials, pubmed
service, place, url, at = sys.argv[1:]
left = [int(at)]
def killing(function):
    def step(*args):
        left[0] -= 1
        if not left[0]:
            if isinstance(args[0], int):  # the end of what was to be written did not come to the disk
                os.ftruncate(args[0], os.fstat(args[0]).st_size - 5)
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args)
    return step
os.fsync = killing(os.fsync)
pathlib.Path.replace = killing(pathlib.Path.replace)
manners = Manners(interval=0.0)
if service == "Registry":
    clinicaltrials.fetch("liver cancer", place + "/hcc.jsonl", base_url=url, page_size=3, manners=manners)
else:
    pubmed.fetch("liver", place, base_url=url, batch=3, manners=manners)
"""


def _child(service: Service, place: Path, at: int) -> "subprocess.Popen[bytes]":
    arguments = [type(service).__name__, str(place), service.url, str(at)]
    return subprocess.Popen([sys.executable, "-c", CHILD, *arguments], env={**os.environ, "PYTHONWARNINGS": ""})


def test_sigkill_at_every_step_on_the_disk(service: Service, tmp_path: Path) -> None:
    codes = []
    for step in range(2, 40):  # each goes on from what the one before left, and comes further
        codes.append(_child(service, tmp_path, step).wait(20))
        _only_whole(tmp_path, service)
        if codes[-1] == 0:
            break
    assert len(codes) > 3
    assert codes == [-signal.SIGKILL] * (len(codes) - 1) + [0]
    assert _files(tmp_path) == service.wanted()


def test_sigkill_while_the_server_is_asked(service: Service, tmp_path: Path) -> None:
    asked, over = threading.Event(), threading.Event()

    def odd(_: Handler, reply: Reply) -> Reply:
        asked.set()
        over.wait(20)
        return reply

    service.odd = deque([None, None, odd])
    child = _child(service, tmp_path, 0)
    assert asked.wait(20)
    with pytest.raises(StoreError, match="another fetch is writing here"):
        service.fetch(tmp_path)
    child.kill()
    child.wait()
    over.set()
    _only_whole(tmp_path, service)
    fetched = service.fetch(tmp_path)
    assert fetched.kept > 0
    assert _files(tmp_path) == service.wanted()


# --- files that are not ours ----------------------------------------------------------------------------------


def test_files_of_others_are_not_overwritten(service: Service, tmp_path: Path) -> None:
    name = next(iter(service.wanted()))
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(InputError, match="there is a file already, of no fetch that is known"):
        service.fetch(tmp_path)
    assert not service.requests
    assert (tmp_path / name).read_bytes() == b"mine"


def test_files_that_were_changed_are_not_overwritten(service: Service, tmp_path: Path) -> None:
    [first, *_] = service.fetch(tmp_path).files
    asked = len(service.requests)
    Path(first).write_bytes(b"changed")
    with pytest.raises(InputError, match="the file was changed since it was fetched"):
        service.fetch(tmp_path)
    assert len(service.requests) == asked
    assert Path(first).read_bytes() == b"changed"


def test_a_part_that_was_changed_is_not_continued(registry: Registry, tmp_path: Path) -> None:
    registry.odd = deque([None, _says(b"", status=403)])
    with pytest.raises(StoreError):
        registry.fetch(tmp_path)
    part = tmp_path / "hcc.jsonl.part"
    part.write_bytes(part.read_bytes().replace(b"NCT00000001", b"NCT00000009"))
    with pytest.raises(InputError, match="the file was changed since the fetch stopped"):
        registry.fetch(tmp_path)
    assert registry.fetch(tmp_path, restart=True).records == 7


@pytest.mark.parametrize("other", [{"query": "lung"}, {"limit": 2}, {"base_url": "http://127.0.0.1:9/x"}])
def test_another_fetch_in_the_same_place(service: Service, tmp_path: Path, other: dict[str, Any]) -> None:
    service.fetch(tmp_path)
    with pytest.raises(InputError, match=f"another fetch was begun here: its {next(iter(other)).replace('_', ' ')} is"):
        service.fetch(tmp_path, **other)
    assert _files(tmp_path) == service.wanted()


def test_notes_that_are_damaged(service: Service, tmp_path: Path) -> None:
    service.fetch(tmp_path)
    [notes] = [each for each in tmp_path.iterdir() if each.name.endswith(".fetch")]
    notes.write_bytes(notes.read_bytes()[:40])
    with pytest.raises(InputError, match="the notes of an earlier fetch are damaged"):
        service.fetch(tmp_path)


def test_a_disk_that_takes_nothing(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(files.os, "fsync", full)
        with pytest.raises(InputError, match="the file cannot be written: No space left on device"):
            service.fetch(tmp_path)
    _only_whole(tmp_path, service)
    service.fetch(tmp_path)
    assert _files(tmp_path) == service.wanted()


def test_a_place_that_is_none(service: Service, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PicographError, match="cannot be written"):
        service.fetch(tmp_path / "file")
    assert not service.requests


def test_nothing_is_imported_or_asked_before_a_fetch() -> None:
    code = "import sys, picograph, picograph.cli; print([m for m in ('requests', 'tenacity') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
