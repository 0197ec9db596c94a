"""Promise: no query runs longer or takes more than it may, nobody waits unheard, and nothing stays behind."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pyoxigraph as ox
import pytest

from picograph.kg.load import example, load
from picograph.kg.store import open_store
from picograph.tests.clients import Asked, Outcome, storm
from picograph.tests.servers import Serving, picograph

LIMIT, SLACK = 2.0, 1.0  # seconds
FOREVER = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
GREEDY = "SELECT (GROUP_CONCAT(CONCAT(STR(?b), STR(?e), STR(?b))) AS ?all) { ?a ?b ?c . ?d ?e ?f }"
PG = "https://w3id.org/picograph/ontology/"
QUERIES = [
    "ASK {}",
    f"SELECT ?s ?n {{ ?s <{PG}affected> ?n }} ORDER BY ?s",
    f"SELECT ?what (COUNT(?s) AS ?n) {{ GRAPH ?g {{ ?s a ?what ; <{PG}ofStudy> ?of }} }} GROUP BY ?what ORDER BY ?what",
    "SELECT ?c ?l { ?c <http://www.w3.org/2000/01/rdf-schema#label> ?l } ORDER BY ?c ?l LIMIT 200",
    f"SELECT ?x {{ ?x <{PG}none> ?y }}",
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limits") / "store"
    with open_store(folder) as opened:
        load(opened, [example()])
    return folder


@pytest.fixture(scope="module")
def serving(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    log = tmp_path_factory.mktemp("log") / "log"
    options = ("--workers", "2", "--timeout", str(LIMIT), "--memory", "300", "--queue", "2")
    with picograph(store, log, *options) as server:
        yield server


def ask(serving: Serving, query: str, **headers: str) -> tuple[int, bytes, float]:
    """Give status, body and seconds."""
    began = time.monotonic()
    request = urllib.request.Request(f"{serving.endpoint}?{urlencode({'query': query})}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read(), time.monotonic() - began
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), time.monotonic() - began


def memory(serving: Serving) -> int:
    """Give what the server and its workers have in memory [bytes]."""
    pages = 0
    for process in (serving.process.pid, *serving.workers()):
        with contextlib.suppress(OSError):
            pages += int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def wait_for_workers(serving: Serving, count: int = 2) -> None:
    until = time.monotonic() + 20
    while json.loads(urllib.request.urlopen(serving.base + "health", timeout=10).read())["idle"] < count:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_query_that_would_run_for_ever_ends_at_its_limit(serving: Serving) -> None:
    wait_for_workers(serving)
    before, workers = memory(serving), set(serving.workers())
    status, body, took = ask(serving, FOREVER)
    assert status == 503
    assert b"stopped at its limit of 2 s" in body
    assert LIMIT <= took <= LIMIT + SLACK
    assert ask(serving, "ASK {}")[:2] == (200, b'{"head":{},"boolean":true}')
    wait_for_workers(serving)
    assert len(set(serving.workers()) - workers) == 1, "one process is another"
    assert memory(serving) < before * 1.3


def test_a_query_that_takes_too_much_memory_is_ended_and_its_memory_given_back(store: Path, tmp_path: Path) -> None:
    most, done = [0], threading.Event()
    with picograph(store, tmp_path / "log", "--workers", "1", "--memory", "100", "--timeout", "30") as server:
        assert ask(server, "ASK {}")[0] == 200
        before = memory(server)

        def watch() -> None:
            while not done.wait(0.01):
                most[0] = max(most[0], memory(server))

        watcher = threading.Thread(target=watch)
        watcher.start()
        status, body, _ = ask(server, GREEDY)
        done.set()
        watcher.join()
        assert status == 503
        assert b"more memory than there is" in body
        assert before + (20 << 20) < most[0] < before + (150 << 20)
        assert ask(server, "ASK {}")[0] == 200
        wait_for_workers(server, 1)
        assert memory(server) < before * 1.3


def test_who_comes_when_too_many_wait_is_told_when_to_come_again(serving: Serving) -> None:
    wait_for_workers(serving)
    found: list[tuple[int, bytes, float]] = []
    threads = [threading.Thread(target=lambda: found.append(ask(serving, FOREVER))) for _ in range(7)]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    request = urllib.request.Request(f"{serving.endpoint}?query=ASK%7B%7D")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=30)
    with caught.value as refused:
        assert refused.code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert b"too many queries wait" in refused.read()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _, _ in found) == [429] * 3 + [503] * 4 or {s for s, _, _ in found} == {429, 503}
    assert max(took for _, _, took in found) < 2 * LIMIT + 2 * SLACK
    wait_for_workers(serving)
    assert ask(serving, "ASK {}")[0] == 200


def test_a_query_ends_with_its_client(serving: Serving) -> None:
    wait_for_workers(serving)
    before = set(serving.workers())
    connection = http.client.HTTPConnection(urlsplit(serving.base).netloc, timeout=30)
    connection.request("GET", f"/sparql?{urlencode({'query': FOREVER})}")
    time.sleep(0.3)
    connection.close()
    until = time.monotonic() + LIMIT - 0.5  # before its limit
    while set(serving.workers()) >= before:
        assert time.monotonic() < until, "it still runs"
        time.sleep(0.02)
    wait_for_workers(serving)


def test_an_answer_that_is_stopped_half_way_is_never_taken_for_all_of_it(serving: Serving) -> None:
    wait_for_workers(serving)
    connection = http.client.HTTPConnection(urlsplit(serving.base).netloc, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", f"/sparql?{urlencode({'query': 'SELECT * { ?a ?b ?c . ?d ?e ?f }'})}")
        response = connection.getresponse()
        assert (response.status, response.headers["Transfer-Encoding"]) == (200, "chunked")
        with pytest.raises(http.client.IncompleteRead):
            response.read()
    wait_for_workers(serving)


def _right(store: Path) -> list[Asked]:
    """Give queries with their right answers, from the embedded store."""
    asked = []
    with open_store(store) as opened:
        for query in QUERIES:
            body = opened.query(query).serialize(format=ox.QueryResultsFormat.JSON)  # type: ignore[union-attr]
            assert body is not None
            asked.append(Asked(query, body))
    assert len({each.answer for each in asked}) == len(QUERIES)
    return asked


def _stand(store: Path, log: Path, seconds: float) -> Outcome:
    with picograph(store, log) as server:
        outcome = storm(server.base, _right(store), clients=64, seconds=seconds)
        assert ask(server, "ASK {}")[0] == 200
    assert outcome.errors == []
    assert outcome.wrong == []
    assert outcome.answered > 64
    return outcome


def test_sixty_four_clients_get_right_answers_or_429(store: Path, tmp_path: Path) -> None:
    _stand(store, tmp_path / "log", 3)


@pytest.mark.long
def test_sixty_four_clients_for_a_minute(store: Path, tmp_path: Path, record_property: object) -> None:
    outcome = _stand(store, tmp_path / "log", 60)
    print(
        f"64 clients, 60 s: {outcome.answered} answers, {outcome.busy} told 429, "
        f"median {outcome.percentile(0.5) * 1000:.0f} ms, 95 % within {outcome.percentile(0.95) * 1000:.0f} ms"
    )


# --- the end ----------------------------------------------------------------------------------------------------


def gone(process: int) -> bool:
    """Say whether a process has ended; one that nobody has asked about is no more than a name."""
    try:
        return Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_the_server_ends(store: Path, tmp_path: Path, how: signal.Signals) -> None:
    with picograph(store, tmp_path / "log", "--workers", "2", "--timeout", "30") as server:
        workers = server.workers()
        assert len(workers) == 2
        connection = http.client.HTTPConnection(urlsplit(server.base).netloc, timeout=30)
        connection.request("GET", f"/sparql?{urlencode({'query': FOREVER})}")
        time.sleep(0.3)
        began = time.monotonic()
        server.process.send_signal(how)
        code = server.process.wait(15)
        assert code == (-how if how == signal.SIGKILL else 0)
        assert time.monotonic() - began < 8
        until = time.monotonic() + 5
        while not all(map(gone, workers)):
            assert time.monotonic() < until, "a worker is left"
            time.sleep(0.05)
        connection.close()
        if how != signal.SIGKILL:
            assert server.events("stopped")


def test_readers_move_over_to_what_was_loaded_meanwhile(store: Path, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with open_store(folder) as opened:
        load(opened, [example()])
    count = f"SELECT (COUNT(DISTINCT ?r) AS ?n) {{ GRAPH ?g {{ ?r a <{PG}Record> }} }}"
    with picograph(folder, tmp_path / "log", "--workers", "2") as server:
        assert b'"1"' in ask(server, count)[1]
        records = Path(__file__).parent / "records"
        for number, name in enumerate(("worked-two-arms.yaml", "made-up-trial.nbib"), start=2):
            command = [sys.executable, "-m", "picograph.cli", "load", str(records / name), "--store", str(folder)]
            subprocess.run(command, check=True, capture_output=True)
            for _ in range(4):
                assert f'"{number}"'.encode() in ask(server, count)[1]
        health = json.loads(urllib.request.urlopen(server.base + "health", timeout=10).read())
        assert health["generation"] == "generation-000003"
        left = {path.name for path in folder.iterdir() if path.name.startswith("generation")}
        assert left <= {"generation-000002", "generation-000003"}, "nobody read the first one any more"


def test_a_worker_that_ends_by_itself_is_replaced(serving: Serving) -> None:
    wait_for_workers(serving)
    for process in serving.workers():
        os.kill(process, signal.SIGKILL)
    until = time.monotonic() + 20
    while ask(serving, "ASK {}")[0] != 200:
        assert time.monotonic() < until
    wait_for_workers(serving)
    assert serving.events("worker ended")
