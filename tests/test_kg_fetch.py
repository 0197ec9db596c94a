"""A download is polite and whole: the file is the server's records, and nobody is asked more often than is right."""

import gzip
import json
import re
import subprocess
import sys
from collections import deque
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from picograph import __version__
from picograph.kg.fetch import clinicaltrials, pubmed
from picograph.kg.fetch.http import USER_AGENT, address
from picograph.ontology.errors import StoreError, UsageError
from picograph.tests.registries import (
    KEY,
    SERVICES,
    Entrez,
    Handler,
    Registry,
    Reply,
    Service,
    files_of,
    replies,
    running,
    study,
    xml,
)

pytestmark = pytest.mark.usefixtures("nothing_from_outside")


# --- what is fetched ------------------------------------------------------------------------------------------


def test_the_files_hold_the_records_in_the_servers_own_characters(service: Service, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    fetched = service.fetch(tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert files_of(tmp_path) == service.wanted()
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
        service.studies.append(study(7))
    if isinstance(service, Entrez):
        service.pmids = service.pmids[:2]
    fresh = service.fetch(tmp_path, restart=True)
    assert fresh.records == fresh.matching != 7
    assert files_of(tmp_path) == service.wanted()


def test_files_that_were_taken_away_are_fetched_again(service: Service, tmp_path: Path) -> None:
    [*_, last] = service.fetch(tmp_path).files
    Path(last).unlink()
    service.fetch(tmp_path)
    assert files_of(tmp_path) == service.wanted()


@pytest.mark.parametrize("limit", [1, 3, 4, 7, 50])
def test_a_limit_takes_the_first_records(service: Service, tmp_path: Path, limit: int) -> None:
    fetched = service.fetch(tmp_path, limit=limit)
    assert (fetched.records, fetched.matching) == (min(limit, 7), 7)
    numbers = re.findall(rb"NCT[0-9]{8}|30000[0-9]{3}", b"".join(files_of(tmp_path).values()))
    assert numbers == re.findall(rb"NCT[0-9]{8}|30000[0-9]{3}", b"".join(service.wanted().values()))[:limit]


def test_nothing_found_leaves_no_file(service: Service, tmp_path: Path) -> None:
    for _ in range(2):
        fetched = service.fetch(tmp_path, query="nothing")
        assert (fetched.records, fetched.matching, fetched.files) == (0, 0, {})
        assert not files_of(tmp_path)


def test_a_further_page_may_be_empty_when_all_were_given(registry: Registry, tmp_path: Path) -> None:
    registry.studies.pop()  # six studies are two full pages, and the server names a third
    registry.more = True
    assert registry.fetch(tmp_path).records == 6
    assert len(registry.requests) == 3
    assert files_of(tmp_path) == registry.wanted()


def test_a_folder_may_be_given_for_the_studies(registry: Registry, tmp_path: Path) -> None:
    fetched = clinicaltrials.fetch("liver", tmp_path, base_url=registry.url, manners=registry.manners)
    assert fetched.files == {str(tmp_path / "clinicaltrials.jsonl"): 7}
    new = clinicaltrials.fetch("liver", f"{tmp_path}/new/", base_url=registry.url, manners=registry.manners)
    assert new.files == {str(tmp_path / "new" / "clinicaltrials.jsonl"): 7}


def test_compressed_batches_are_the_same_bytes_every_time(entrez: Entrez, tmp_path: Path) -> None:
    fetched = entrez.fetch(tmp_path / "a", compress=True)
    entrez.fetch(tmp_path / "b", compress=True)
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")
    unpacked = {name: gzip.decompress(content) for name, content in files_of(tmp_path / "a").items()}
    assert unpacked == {f"{name}.gz": content for name, content in entrez.wanted().items()}
    assert all(name.endswith(".xml.gz") for name in fetched.files)
    assert {content[4:8] for content in files_of(tmp_path / "a").values()} == {bytes(4)}  # the time of packing


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
    assert files_of(tmp_path) == entrez.wanted()


def test_records_that_come_at_the_second_asking_are_not_missing(entrez: Entrez, tmp_path: Path) -> None:
    short = xml(entrez.articles(entrez.pmids[:2]))
    entrez.odd = deque([None, lambda *_: short])
    assert entrez.fetch(tmp_path).missing == ()
    assert files_of(tmp_path) == entrez.wanted()


def test_more_records_than_pubmed_gives_of_a_search(entrez: Entrez, tmp_path: Path) -> None:
    entrez.pmids = [str(each) for each in range(39_000_000, 39_000_000 - 3 * 12_000, -3)] + ["17", "5"]
    entrez.pmids += [str(each) for each in range(20_000_000, 20_009_000)]
    fetched = entrez.fetch(tmp_path, batch=500)
    assert (fetched.records, fetched.matching) == (21_002, 21_002)
    given = re.findall(rb"Citation><PMID Version=\"1\">([0-9]+)|Document><PMID Version=\"1\">([0-9]+)",
                       b"".join(files_of(tmp_path).values()))  # fmt: skip
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
    assert not files_of(tmp_path)


# --- politeness -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "interval"),
    [("clinicaltrials", {}, 60 / 50), ("pubmed", {}, 1 / 3), ("pubmed", {"api_key": KEY}, 1 / 10)],
)
def test_requests_keep_their_distance(name: str, options: dict[str, Any], interval: float, tmp_path: Path) -> None:
    for service in running(SERVICES[name]):
        service.odd = deque([None, replies(503), None])  # a repeated request keeps it too
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
    for other in running(Registry):
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


# --- files that are not ours ----------------------------------------------------------------------------------


def test_nothing_is_imported_or_asked_before_a_fetch() -> None:
    code = "import sys, picograph, picograph.cli; print([m for m in ('requests', 'tenacity') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
