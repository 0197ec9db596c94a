"""Servers on loopback that answer as ClinicalTrials.gov's API v2 and NCBI's E-utilities do, errors included.

Time is invented: what would wait only notes that it waited, and the server reads the same clock.
"""

import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from lxml import etree

from picograph.kg.fetch import Fetched, Manners, clinicaltrials, pubmed

KEY = "0123456789abcdefsecret"


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
        self.studies = [study(number) for number in range(7)]
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


def study(number: int) -> bytes:
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
        return xml(
            f"<eSearchResult><Count>{len(found)}</Count><RetStart>0</RetStart><QueryKey>1</QueryKey>"
            f"<WebEnv>{web}</WebEnv><IdList>{ids}</IdList><QueryTranslation>liver[tw]</QueryTranslation>"
            "<ErrorList><PhraseNotFound>lvier</PhraseNotFound></ErrorList></eSearchResult>"
        )

    def _records(self, fields: dict[str, str]) -> Reply:
        assert (fields["retmode"], fields["rettype"]) == ("xml", "abstract")
        if "id" in fields:
            return xml(self.articles(fields["id"].split(",")))
        if self.forgets:
            return failed("Unable to obtain query #1", 400)
        found, start = self.history[fields["WebEnv"]], int(fields["retstart"])
        if start >= self.MOST:
            return failed("Search backend cannot retrieve history data. 'retstart' cannot be larger than 9998.", 400)
        return xml(self.articles(found[start : min(start + int(fields["retmax"]), self.MOST)]))

    def articles(self, pmids: list[str]) -> str:
        given = [each for each in pmids if each not in self.absent]
        return f"<PubmedArticleSet>{''.join(map(article, given))}</PubmedArticleSet>"

    def fetch(self, place: Path, query: str = "liver", **options: Any) -> Fetched:
        given: dict[str, Any] = {"base_url": self.url, "batch": 3, "manners": self.manners}
        return pubmed.fetch(query, place, **(given | options))

    def wanted(self) -> dict[str, bytes]:
        batches = [self.pmids[start : start + 3] for start in range(0, len(self.pmids), 3)]
        return {f"pubmed-{n:05d}.xml": xml(self.articles(each)).body for n, each in enumerate(batches, 1)}


def xml(text: str, status: int = 200) -> Reply:
    body = (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE x PUBLIC "-//NLM//DTD x//EN" "https://dtd.invalid/x.dtd">\n'
    )
    return Reply((body + text).encode(), "text/xml", status)


def failed(text: str, status: int = 200) -> Reply:
    return xml(f"<eFetchResult>\n\t<ERROR>{text}</ERROR>\n</eFetchResult>", status)


def article(pmid: str) -> str:
    if pmid.endswith("98"):
        return f'<PubmedBookArticle><BookDocument><PMID Version="1">{pmid}</PMID></BookDocument></PubmedBookArticle>'
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID>'
        "<Article><ArticleTitle>β-blockers</ArticleTitle></Article>"
        '<CommentsCorrectionsList><CommentsCorrections><PMID Version="1">1</PMID></CommentsCorrections>'
        "</CommentsCorrectionsList></MedlineCitation></PubmedArticle>"
    )


SERVICES: dict[str, type[Service]] = {"clinicaltrials": Registry, "pubmed": Entrez}


def running(kind: type[Service]) -> Iterator[Any]:
    service = kind()
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield service
    service.shutdown()
    service.server_close()
    thread.join()


def files_of(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in sorted(folder.iterdir()) if not each.name.startswith(".")}


def replies(status: int, *headers: tuple[str, str]) -> Odd:
    return lambda *_: Reply(b"<html><title>Not now</title></html>", "text/html", status, headers)


def says(body: bytes, media_type: str | None = None, status: int = 200) -> Odd:
    return lambda _, reply: Reply(body, media_type or reply.media_type, status)


def only_whole(folder: Path, service: Service) -> None:
    """Whatever has its name is whole, and is what it will be."""
    wanted = service.wanted()
    for name, content in files_of(folder).items():
        if name.endswith(".part"):
            assert wanted[name.removesuffix(".part")].startswith(content[: content.rfind(b"\n") + 1])
        else:
            assert content == wanted[name]
            if name.endswith(".xml"):
                etree.fromstring(content)
