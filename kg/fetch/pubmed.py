"""Records of PubMed, by NCBI's E-utilities, as a folder of XML files: one ``PubmedArticleSet`` for each batch.

A search is kept on the server (its history) and its PMIDs on disk, so that what is fetched is the answer of one moment.
The batches are asked for from the history; where the server has forgotten it, or gives other records, by their PMIDs.
PubMed gives no more than the first 9,999 records of a search, so a larger one is asked for in ranges of PMIDs.
"""

import gzip
import hashlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from picograph.kg.fetch import files
from picograph.kg.fetch.entrez import PASSING, Batch, Found, Search, Server
from picograph.kg.fetch.files import RESTART, Fetched, Progress, Told
from picograph.kg.fetch.http import Client, Manners, address
from picograph.ontology.errors import InputError, StoreError, UsageError

BASE_URL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
VARIABLE = "PICOGRAPH_EUTILS_URL"
KEY_VARIABLE = "NCBI_API_KEY"
INTERVAL = 0.36  # seconds: fewer than 3 requests in any second
INTERVAL_WITH_KEY = 0.11  # fewer than 10
LARGEST_BATCH = 500
_HIGHEST = 99_999_999  # a PMID has no more than 8 digits
_NAME = "pubmed-{:05d}.xml"
_OURS = re.compile(r"pubmed-[0-9]{5}\.xml(\.gz)?")


class _File(msgspec.Struct):
    records: int
    sha256: str
    missing: list[str] = []


class _State(msgspec.Struct, kw_only=True):
    """How far a fetch has come; kept when it is finished, to say where the files came from."""

    query: str
    base_url: str
    limit: int | None
    compress: bool
    batch: int
    begun: str
    total: int  # records that match
    understood: str
    cautions: list[str]
    pmids: str  # the SHA-256 of the list of PMIDs beside this
    searches: list[Search]
    files: dict[str, _File] = {}


def fetch(
    query: str,
    folder: str | Path,
    *,
    base_url: str | None = None,
    limit: int | None = None,
    batch: int = 200,
    compress: bool = False,
    api_key: str | None = None,
    tool: str = "picograph",
    email: str | None = None,
    restart: bool = False,
    manners: Manners | None = None,
    progress: Progress | None = None,
    told: Told | None = None,
) -> Fetched:
    """Download the records that match a query, into files ``pubmed-00001.xml``… of a folder.

    Asking for what is on disk already asks the server nothing.

    :param query: as in PubMed's search field
    :param base_url: the address of the E-utilities; default: PICOGRAPH_EUTILS_URL, else NCBI's own
    :param limit: records to fetch at most: the first ones in PubMed's order
    :param batch: records in a file, 1 to 500
    :param compress: write ``.xml.gz``
    :param api_key: of the user at NCBI; default: NCBI_API_KEY. With one, 10 requests a second are allowed; else 3
    :param tool: the name of the program that asks, and
    :param email: where NCBI may write to when it asks too much
    :param restart: begin anew; the files of an earlier fetch in this folder are taken away first
    :param progress: called with the numbers of records on disk and in all
    :param told: called with a line for people when a request has to be repeated
    :raises UsageError: if a parameter does not fit
    :raises InputError: if a file cannot be written, or is not this fetch's
    :raises StoreError: if the server does not answer, refuses, or contradicts itself
    """
    url = address(base_url, VARIABLE, BASE_URL)
    _check(query, limit, batch)
    key = api_key or os.environ.get(KEY_VARIABLE) or None
    common = {"db": "pubmed", "tool": tool, **({"email": email} if email else {}), **({"api_key": key} if key else {})}
    place = Path(folder) / "pubmed"
    with (
        files.held(place),
        Client(
            "PubMed",
            manners,
            interval=INTERVAL_WITH_KEY if key else INTERVAL,
            secret=key,
            passing_words=PASSING,
            told=told,
        ) as client,
    ):
        server = Server(client, url, common)
        wanted = {"query": query, "base_url": url, "limit": limit, "compress": compress}
        if restart:
            _clear(place)
        state = files.read_state(files.hidden(place, "fetch"), _State, wanted)
        if state is not None and not state.total:
            state = None  # nothing matched then
        if state is None:
            _refuse_strangers(place.parent)
            state, pmids = _begin(server, query, limit, batch, compress, url, place)
        else:
            pmids = _noted(place, state)
        kept = _collect(server, place, state, pmids, progress)
        return Fetched(
            service="pubmed",
            query=query,
            files={str(place.parent / name): each.records for name, each in sorted(state.files.items())},
            records=sum(each.records for each in state.files.values()),
            kept=kept,
            matching=state.total,
            requests=client.asked,
            understood=state.understood,
            missing=tuple(pmid for _, each in sorted(state.files.items()) for pmid in each.missing),
            cautions=tuple(state.cautions),
        )


def _check(query: str, limit: int | None, batch: int) -> None:
    if not query.strip():
        raise UsageError("the query is empty", where="fetch pubmed", remedy="say what to look for")
    if limit is not None and limit < 1:
        raise UsageError(f"a limit of {limit} fetches nothing", where="--limit", remedy="give a number from 1")
    if not 1 <= batch <= LARGEST_BATCH:
        raise UsageError(f"batches hold 1 to {LARGEST_BATCH} records, not {batch}", where="batch")


# --- what is on disk ------------------------------------------------------------------------------------------


def _clear(place: Path) -> None:
    """Take away what an earlier fetch left; files that it did not write stay."""
    notes = files.hidden(place, "fetch")
    try:
        state = files.read_state(notes, _State, {})
    except InputError:
        state = None
    for name, noted in (state.files if state else {}).items():
        if _OURS.fullmatch(name) and files.sha256_of(place.with_name(name)) == noted.sha256:
            files.remove(place.with_name(name))
    files.remove(files.hidden(place, "pmids"))
    files.remove(notes)


def _refuse_strangers(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        if _OURS.fullmatch(path.name):
            raise InputError(
                "there is a file already, of no fetch that is known",
                where=str(path),
                remedy="take it away, or write to another folder",
            )


def _noted(place: Path, state: _State) -> list[str]:
    """Read the PMIDs that an earlier run was to fetch."""
    path = files.hidden(place, "pmids")
    with files.writing(path):
        content = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(content).hexdigest() != state.pmids:
        raise InputError("the list of records to fetch was changed", where=str(path), remedy=RESTART)
    return content.decode().split()


def _collect(server: Server, place: Path, state: _State, pmids: list[str], progress: Progress | None) -> int:
    """Fetch what is not on disk yet; say how many records were."""
    todo = []
    for batch in _batches(state, pmids):
        path, noted = place.with_name(batch.name), state.files.get(batch.name)
        found = files.sha256_of(path) if noted else None
        if noted is None or found is None:  # a file that is there and not noted was written as a stop came
            todo.append(batch)
            state.files.pop(batch.name, None)
        elif found != noted.sha256:
            raise InputError("the file was changed since it was fetched", where=str(path), remedy=RESTART)
    done = kept = sum(each.records + len(each.missing) for each in state.files.values())
    if progress and todo and done:
        progress(done, len(pmids))
    for batch in todo:
        body, given = server.records(batch)
        if state.compress:
            body = gzip.compress(body, mtime=0)
        files.write_whole(place.with_name(batch.name), body)
        absent = [pmid for pmid in batch.pmids if pmid not in given]
        state.files[batch.name] = _File(len(batch.pmids) - len(absent), hashlib.sha256(body).hexdigest(), absent)
        files.write_state(files.hidden(place, "fetch"), state)
        done += len(batch.pmids)
        if progress:
            progress(done, len(pmids))
    return kept


def _batches(state: _State, pmids: list[str]) -> Iterator[Batch]:
    """Cut the searches into batches; none goes over the end of a search."""
    number = offset = 0
    for search in state.searches:
        for start in range(0, search.records, state.batch):
            number += 1
            size = min(state.batch, search.records - start)
            name = _NAME.format(number) + ".gz" * state.compress
            yield Batch(name, search, start, pmids[offset : offset + size])
            offset += size


# --- what is asked --------------------------------------------------------------------------------------------


def _begin(
    server: Server, query: str, limit: int | None, batch: int, compress: bool, url: str, place: Path
) -> tuple[_State, list[str]]:
    """Search, and note what is to be fetched before the first record is asked for."""
    whole = server.search(query)
    wanted = min(whole.matching, limit or whole.matching)
    parts = [whole] if wanted <= len(whole.pmids) else list(_parts(server, query, whole.matching, wanted))
    searches, pmids = [], list[str]()
    for part in parts:
        records = min(len(part.pmids), wanted - len(pmids))
        if records:
            searches.append(Search(part.web_environment, part.query_key, records))
            pmids += part.pmids[:records]
    if len(set(pmids)) != wanted:
        raise StoreError(
            f"PubMed contradicts itself: {whole.matching} records match, and ranges of PMIDs have {len(set(pmids))}",
            where=url,
            remedy="run the same again; nothing was fetched yet",
        )
    content = "".join(f"{pmid}\n" for pmid in pmids).encode()
    state = _State(
        query=query,
        base_url=url,
        limit=limit,
        compress=compress,
        batch=batch,
        begun=datetime.now(UTC).isoformat(timespec="seconds"),
        total=whole.matching,
        understood=whole.understood,
        cautions=whole.cautions,
        pmids=hashlib.sha256(content).hexdigest(),
        searches=searches,
    )
    files.write_whole(files.hidden(place, "pmids"), content)
    files.write_state(files.hidden(place, "fetch"), state)
    return state, pmids


def _parts(server: Server, query: str, count: int, wanted: int) -> Iterator[Found]:
    """Search in ranges of PMIDs, the highest first, halved until PubMed gives all of each."""
    ranges, sure = [(1, _HIGHEST)], 0
    while ranges and sure < wanted:
        low, high = ranges.pop()
        if (low, high) != (1, _HIGHEST):
            found = server.search(f"({query}) AND {low}:{high}[UID]")
            if found.matching <= len(found.pmids):
                sure += found.matching
                yield found
                continue
        if low == high or len(ranges) > 64:
            return  # it does not know ranges: the counts will not agree
        middle = (low + high) // 2
        ranges += [(low, middle), (middle + 1, high)]
