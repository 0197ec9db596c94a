"""Studies of ClinicalTrials.gov, by its API v2, as JSON lines: one study a line, in the registry's own characters.

The pages of an answer hang together by tokens. After a stop the next page is asked for by its token; if the server no
longer knows that, the pages are walked again from the first, and held against what is on disk.
"""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from picograph.kg.fetch import files
from picograph.kg.fetch.files import RESTART, Fetched, Growing, Progress, Told
from picograph.kg.fetch.http import Answer, Client, Manners, PassingError, RefusedError, address, plain
from picograph.ontology.errors import InputError, StoreError, UsageError

BASE_URL = "https://clinicaltrials.gov/api/v2"
VARIABLE = "PICOGRAPH_CLINICALTRIALS_URL"
NAME = "clinicaltrials.jsonl"  # of the file, where a folder is given
INTERVAL = 1.25  # seconds: the registry asks for no more than about 50 requests a minute
LARGEST_PAGE = 1000
ANEW = "what is on disk is kept as it is; --restart begins anew"


class _Page(msgspec.Struct, rename="camel"):
    studies: list[msgspec.Raw]
    total_count: int | None = None
    next_page_token: str | None = None


class _Identification(msgspec.Struct, rename="camel"):
    nct_id: str


class _Protocol(msgspec.Struct, rename="camel"):
    identification_module: _Identification


class _Study(msgspec.Struct, rename="camel"):
    protocol_section: _Protocol


class _State(msgspec.Struct, kw_only=True):
    """How far a fetch has come; kept beside the file when it is finished, to say where that came from."""

    query: str
    base_url: str
    limit: int | None
    page_size: int
    begun: str
    total: int | None = None  # studies that match
    token: str | None = None  # of the next page
    records: int = 0
    bytes: int = 0
    sha256: str = ""
    done: bool = False

    @property
    def expected(self) -> int:
        return min(self.total or 0, self.limit or self.total or 0)


class _Studies(msgspec.Struct):
    """A page: its studies as lines, with their numbers."""

    lines: list[tuple[str, bytes]]
    total: int | None
    token: str | None


def fetch(
    query: str,
    output: str | Path,
    *,
    base_url: str | None = None,
    limit: int | None = None,
    page_size: int = 100,
    restart: bool = False,
    manners: Manners | None = None,
    progress: Progress | None = None,
    told: Told | None = None,
) -> Fetched:
    """Download the studies that match a query, into one file of JSON lines.

    The file appears when it is whole; until then it is called ``….part``. Asking for what is on disk already asks the
    server nothing.

    :param query: as in the search field "other terms" of ClinicalTrials.gov
    :param output: a file, or a folder to put ``clinicaltrials.jsonl`` into
    :param base_url: the address of the API; default: PICOGRAPH_CLINICALTRIALS_URL, else the registry's own
    :param limit: studies to fetch at most
    :param page_size: studies to ask for at a time, 1 to 1000
    :param restart: begin anew, whatever an earlier fetch left
    :param progress: called with the numbers of studies on disk and in all
    :param told: called with a line for people when a request has to be repeated
    :raises UsageError: if a parameter does not fit
    :raises InputError: if the file cannot be written, or is not this fetch's
    :raises StoreError: if the server does not answer, refuses, or changes its mind in between
    """
    url = address(base_url, VARIABLE, BASE_URL)
    _check(query, limit, page_size)
    target = _target(output)
    with files.held(target):
        state = _begin(target, _State(query=query, base_url=url, limit=limit, page_size=page_size,
                                      begun=datetime.now(UTC).isoformat(timespec="seconds")), restart)  # fmt: skip
        kept, asked = state.records, 0
        if not state.done:
            with Client("ClinicalTrials.gov", manners, interval=INTERVAL, told=told) as client:
                _walk(client, target, state, progress)
            asked = client.asked
        _finish(target, state)
        return Fetched(
            service="clinicaltrials",
            query=query,
            files={str(target): state.records} if state.records else {},
            records=state.records,
            kept=kept,
            matching=state.total or 0,
            requests=asked,
        )


def _check(query: str, limit: int | None, page_size: int) -> None:
    if not query.strip():
        raise UsageError("the query is empty", where="fetch clinicaltrials", remedy="say what to look for")
    if limit is not None and limit < 1:
        raise UsageError(f"a limit of {limit} fetches nothing", where="--limit", remedy="give a number from 1")
    if not 1 <= page_size <= LARGEST_PAGE:
        raise UsageError(f"pages hold 1 to {LARGEST_PAGE} studies, not {page_size}", where="page_size")


def _target(output: str | Path) -> Path:
    path = Path(output)
    return path / NAME if path.is_dir() or str(output).endswith(("/", "\\")) else path


def _part(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _begin(target: Path, new: _State, restart: bool) -> _State:
    """Find out where to go on."""
    notes, part = files.hidden(target, "fetch"), _part(target)
    if restart:
        files.remove(notes)
        files.remove(part)
        return new
    state = files.read_state(notes, _State, {"query": new.query, "base_url": new.base_url, "limit": new.limit})
    if state is None:
        if target.exists():
            raise InputError("there is a file already, of no fetch that is known", where=str(target), remedy=RESTART)
        return new
    if part.exists() and state.records:
        return state
    if state.done and (found := files.sha256_of(target)) is not None and state.records:
        if found != state.sha256:
            raise InputError("the file was changed since it was fetched", where=str(target), remedy=RESTART)
        return state
    return new  # nothing matched, or what there was is gone


def _finish(target: Path, state: _State) -> None:
    """Give the file its name. A stop before this is made good by the next run."""
    part = _part(target)
    if not state.records:
        files.remove(part)
    elif part.exists():
        if files.sha256_of(part) != state.sha256:
            raise InputError("the file was changed since the fetch stopped", where=str(part), remedy=RESTART)
        with files.writing(target):
            part.replace(target)


def _walk(client: Client, target: Path, state: _State, progress: Progress | None) -> None:
    """Go from page to page until the last, or the limit."""
    with Growing(_part(target), state.bytes, state.sha256) as file:
        seen = {_number(line) for line in file.lines()}
        if progress and state.records:
            progress(state.records, state.expected)
        page = _resumed(client, state, file) if state.token else _ask(client, state, None)
        while True:
            state.total = page.total if state.total is None else state.total
            lines = page.lines if state.limit is None else page.lines[: state.limit - state.records]
            for number, _ in lines:
                if number in seen:
                    raise _changed(file, f"it gave {number} twice")
                seen.add(number)
            full = state.limit is not None and state.records + len(lines) == state.limit
            if not full and page.token is None and state.records + len(lines) != state.total:
                raise _changed(file, f"it gave {state.records + len(lines)} studies of {state.total}")
            file.append(b"".join(line for _, line in lines))
            state.records += len(lines)
            state.token, state.bytes, state.sha256 = page.token, file.size, file.sha256
            state.done = full or page.token is None
            files.write_state(files.hidden(target, "fetch"), state)
            if progress:
                progress(state.records, state.expected)
            if state.done:
                return
            page = _ask(client, state, page.token)


def _resumed(client: Client, state: _State, file: Growing) -> _Studies:
    """Ask for the page where the fetch stopped; if its token is of no use any more, walk there from the first."""
    try:
        return _ask(client, state, state.token)
    except RefusedError:
        place, token = 0, None
    while place < file.size:
        page = _ask(client, state, token)
        piece = b"".join(line for _, line in page.lines)
        if not page.lines or page.token is None or not file.holds(place, piece):
            raise _changed(file, "its first pages are not those that are on disk")
        place, token = place + len(piece), page.token
    return _ask(client, state, token)


def _changed(file: Growing, how: str) -> StoreError:
    return StoreError(
        f"the answer of ClinicalTrials.gov changed while it was read: {how}",
        where=str(file.path),
        remedy=ANEW,
    )


def _ask(client: Client, state: _State, token: str | None) -> _Studies:
    fields = {"query.term": state.query, "format": "json", "countTotal": "true", "pageSize": str(state.page_size)}
    if token is not None:
        fields["pageToken"] = token

    def read(answer: Answer) -> _Studies:
        page = _studies(answer)
        total = page.total if state.total is None else state.total
        if total is None:
            raise PassingError("it does not say how many studies match")
        if not page.lines and (page.token is not None or state.records < total):
            raise PassingError(f"its page is empty, after {state.records} of {total} studies")
        return page

    page = client.ask(f"{state.base_url}/studies", fields, read)
    if None not in (page.total, state.total) and page.total != state.total:
        raise StoreError(
            f"the answer of ClinicalTrials.gov changed while it was read: {page.total} match, not {state.total}",
            where=f"{state.base_url}/studies",
            remedy=ANEW,
        )
    return page


def _studies(answer: Answer) -> _Studies:
    """Take a page apart.

    >>> page = _studies(Answer("application/json", b'''{"totalCount": 1, "studies": [
    ...     {"protocolSection": {"identificationModule": {"nctId": "NCT00000000"}}}]}'''))
    >>> page.total, page.lines[0][0]
    (1, 'NCT00000000')
    """
    answer.expect("json")
    try:
        answer.body.decode()  # msgspec passes over the inside of texts that it is not asked for
        page = msgspec.json.decode(answer.body, type=_Page)
        # A line end cannot stand inside a text of JSON, so those that there are mean nothing.
        lines = [bytes(raw).replace(b"\r", b" ").replace(b"\n", b" ") + b"\n" for raw in page.studies]
        studies = [(_number(line), line) for line in lines]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PassingError(f"its answer is no page of studies: {error} ({plain(answer.body)})") from None
    return _Studies(studies, page.total_count, page.next_page_token)


def _number(line: bytes) -> str:
    return msgspec.json.decode(line, type=_Study).protocol_section.identification_module.nct_id
