"""Promise: what `fetch` downloads is what `load` reads, from a server that answers as the real ones do; a stop, or a
server that refuses, ends with the right code, and the same command goes on from there.
"""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from picograph.tests.acceptance.program import COMMAND, ROOT, Program, said

SHARED = ROOT.parent / "shared"
RECORDS = sorted((SHARED / "clinicaltrials").glob("*.json"))
ARTICLE = SHARED / "pubmed" / "pubmed-29768149.xml"
PAGE = 100  # studies that are asked for at a time
pytestmark = pytest.mark.skipif(not RECORDS, reason="the real records are not at hand")


class Handler(BaseHTTPRequestHandler):
    server: "Service"

    def do_GET(self) -> None:
        self.answer(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        self.answer(dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode())))

    def answer(self, fields: dict[str, str]) -> None:
        self.server.asked.append(fields)
        status, kind, body = self.server.reply(urlsplit(self.path).path, fields)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Service(ThreadingHTTPServer):
    """Both services behind one address: two pages of studies, the real ones among made-up ones; and one article."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.asked: list[dict[str, str]] = []
        self.slow = threading.Event()
        self.refuses = False
        made = [{"protocolSection": {"identificationModule": {"nctId": f"NCT9{number:07d}", "briefTitle": "Made up"}}}
                for number in range(PAGE)]  # fmt: skip
        self.studies = [json.loads(path.read_bytes()) for path in RECORDS] + made

    def reply(self, path: str, fields: dict[str, str]) -> tuple[int, str, bytes]:
        if self.refuses:
            return 403, "text/html", b"<html><head><title>Blocked by policy</title></head></html>"
        if path == "/studies":
            return 200, "application/json", json.dumps(self.page(fields)).encode()
        if path == "/esearch.fcgi":
            found = "<Count>1</Count><QueryKey>1</QueryKey><WebEnv>W</WebEnv><IdList><Id>29768149</Id></IdList>"
            return 200, "text/xml", f"<eSearchResult>{found}</eSearchResult>".encode()
        assert (path, fields["WebEnv"]) == ("/efetch.fcgi", "W")
        return 200, "text/xml", ARTICLE.read_bytes()

    def page(self, fields: dict[str, str]) -> dict[str, object]:
        start = int(fields.get("pageToken", "T0")[1:])
        if start:
            self.slow.wait(20)
        page: dict[str, object] = {"studies": self.studies[start : start + PAGE], "totalCount": len(self.studies)}
        return page | ({"nextPageToken": f"T{start + PAGE}"} if start + PAGE < len(self.studies) else {})


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    service.slow.set()
    threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield service
    service.slow.set()
    service.shutdown()
    service.server_close()


def test_what_is_fetched_loads(program: Program, service: Service, tmp_path: Path) -> None:
    trials, articles, store = tmp_path / "hcc.jsonl", tmp_path / "articles", tmp_path / "store"
    fetched = program("fetch", "clinicaltrials", "liver cancer", "-o", trials, "--base-url", service.url)
    assert fetched.code == 0, fetched.err
    assert f"{PAGE + 7} of {PAGE + 7} matching records" in fetched.err
    assert {fields["query.term"] for fields in service.asked} == {"liver cancer"}
    fetched = program("fetch", "pubmed", "29768149[uid]", "-o", articles, "--base-url", service.url)
    assert fetched.code == 0, fetched.err
    loaded = program("load", trials, *sorted(articles.glob("*.xml")), store=store)
    assert loaded.code == 0, loaded.err
    assert len(loaded.rows()) == PAGE + 7 + 1
    keys = {row["study"] for row in loaded.rows()}
    assert {path.stem for path in RECORDS} | {"NCT02149199"} <= keys
    straight = program("load", *RECORDS, ARTICLE, store=store)
    assert {row["outcome"] for row in straight.rows()} == {"unchanged"}, "a download is the record itself"


def test_ctrl_c_and_on(program: Program, service: Service, tmp_path: Path) -> None:
    trials = tmp_path / "hcc.jsonl"
    service.slow.clear()
    command = ("fetch", "clinicaltrials", "liver", "-o", str(trials), "--base-url", service.url)
    with subprocess.Popen(
        [*COMMAND, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=program.environment(), cwd=tmp_path
    ) as running:
        for _ in range(600):
            if len(service.asked) > 1:
                break
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
    assert running.returncode == 130, told
    assert b"Traceback" not in told
    assert not trials.exists(), "the file appears when it is whole"
    service.slow.set()
    before = len(service.asked)
    again = program(*command)
    assert again.code == 0, again.err
    assert [fields.get("pageToken") for fields in service.asked[before:]] == [f"T{PAGE}"], "the first page is kept"
    assert len(trials.read_bytes().splitlines()) == PAGE + 7


def test_a_server_that_refuses_is_quoted(program: Program, service: Service, tmp_path: Path) -> None:
    service.refuses = True
    for name in ("clinicaltrials", "pubmed"):
        refused = program("fetch", name, "liver", "-o", tmp_path / name, "--base-url", service.url)
        said(refused, 3, "Blocked by policy", service.url)
    said(program("fetch", "pubmed", " ", "-o", tmp_path, "--base-url", service.url), 2, "empty")
    said(program("fetch", "clinicaltrials", "liver", "--base-url", "ftp://x"), 2, "not the address")
