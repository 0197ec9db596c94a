"""Fetch a vocabulary from its publisher's address, and put it into the store: only when somebody asks for it.

The file goes to the disk as it comes, whatever its size, and is added only when all of it is there. A redirect is not
followed: it is told, so that whoever trusts the other address can name it.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import requests
import tenacity
from urllib3.exceptions import HTTPError

from picograph.kg.fetch.files import sha256_of
from picograph.kg.fetch.http import PASSING, USER_AGENT, PassingError, plain, reason
from picograph.kg.store import Store
from picograph.kg.vocabularies.adding import Added, add, known
from picograph.ontology.errors import StoreError, UsageError

_BLOCK = 1 << 20
_ATTEMPTS = 5
_SILENCE = 90.0  # seconds in which nothing comes


def update(
    store: Store,
    name: str,
    *,
    url: str | None = None,
    moved: Callable[[int, int], None] | None = None,
    sleep: Callable[[float], None] | None = None,
) -> Added | None:
    """Fetch a vocabulary and put it into a store; None where the publisher's file is the one that is in.

    :param url: where to fetch from; None: the publisher's address in ``sources.toml``
    :param moved: is told the bytes that came and all that will, where that is known, each time
    :param sleep: waits between two attempts
    :raises UsageError: if the vocabulary is not known, or has no address
    :raises StoreError: if the server does not give the file, or the store cannot be written; the store is as it was
    :raises InputError: if the file is not of this vocabulary; the store is as it was
    """
    source = known(name)
    where = url or source["full"]
    if where and (urlsplit(where).scheme not in ("http", "https") or not urlsplit(where).hostname):
        raise UsageError(f"{where!r} is not an address of the web", where="--from", remedy="give one with https://")
    if not where:
        raise UsageError(
            f"{name} has no address from which everybody may fetch it",
            where=source["homepage"],
            remedy=f"get the file there, then: picograph vocab add {name} FILE…",
        )
    with tempfile.TemporaryDirectory(prefix="picograph-") as folder:
        path = Path(folder) / (Path(urlsplit(where).path).name or name)
        _download(where, path, moved, sleep)
        if any(each.name == name and each.checksum == sha256_of(path) for each in store.words.vocabularies()):
            return None
        return add(store, name, [path], source=where)


def _download(
    url: str, path: Path, moved: Callable[[int, int], None] | None, sleep: Callable[[float], None] | None
) -> None:
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(PassingError),
        stop=tenacity.stop_after_attempt(_ATTEMPTS),
        wait=tenacity.wait_exponential_jitter(1, 60),
        sleep=sleep or tenacity.nap.sleep,
        reraise=True,
    )
    server = urlsplit(url).hostname or url
    try:
        with path.open("wb") as file:
            retrying(_once, url, server, file, moved)
    except PassingError as error:
        raise StoreError(f"{server} does not give the file: {error.said}", where=url, remedy="try it later") from None
    except OSError as error:
        raise StoreError(
            f"the file cannot be kept: {error.strerror or error}",
            where=str(path.parent),
            remedy="see whether the disk is full, or name another folder with TMPDIR",
        ) from None


def _once(url: str, server: str, file: IO[bytes], moved: Callable[[int, int], None] | None) -> None:
    file.seek(0)
    file.truncate()
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    try:
        with requests.get(url, headers=headers, stream=True, allow_redirects=False, timeout=(15, _SILENCE)) as answer:
            if answer.status_code in PASSING:
                raise PassingError(f"HTTP {answer.status_code}: {plain(answer.raw.read(_BLOCK))}")
            if 300 <= answer.status_code < 400:
                to = answer.headers.get("Location", "another address")
                raise StoreError(
                    f"{server} sends us on to {to}, which was not asked for",
                    where=url,
                    remedy="if you trust that address, name it with --from",
                )
            if answer.status_code != 200:
                raise StoreError(
                    f"{server} refuses: HTTP {answer.status_code}: {plain(answer.raw.read(_BLOCK))}",
                    where=url,
                    remedy="see whether the publisher moved the file, and name the address with --from",
                )
            size, come = int(answer.headers.get("Content-Length") or 0), 0
            while block := answer.raw.read(_BLOCK):
                file.write(block)
                come += len(block)
                if moved:
                    moved(come, size)
    except requests.Timeout:
        raise PassingError("it did not answer in time") from None
    except (requests.RequestException, HTTPError) as error:
        raise PassingError(reason(error)) from None
    if come < size:
        raise PassingError(f"the file broke off after {come} of {size} bytes")
