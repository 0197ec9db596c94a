"""Ask a server politely: one request at a time, not too often, again where that may help, and never for ever.

A request that failed for a passing reason (the connection, 429, 500, 502, 503, 504, an answer that is not whole) is
repeated after a growing, jittered pause, or after the time that the server names in ``Retry-After``. What the server
refuses is not asked again. Redirects are not followed: a server that the user did not name is never asked.
"""

import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import NamedTuple, Self, TypeVar
from urllib.parse import urlsplit

import requests
import tenacity
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from picograph import __version__
from picograph.ontology.errors import StoreError, UsageError

_T = TypeVar("_T")
USER_AGENT = f"picograph/{__version__} (+https://w3id.org/picograph)"
PASSING = frozenset({429, 500, 502, 503, 504})
AGAIN = "run the same again: what is on disk is kept, and the fetch goes on from there"
_CHUNK = 1 << 16
_SAID = 300  # characters of an answer that a message quotes


class Manners(NamedTuple):
    """How a server is asked: how often, how patiently, and when to give up. Times are in seconds."""

    interval: float | None = None  # between the starts of two requests; None: as the service asks
    attempts: int = 6  # at one request
    failures: int = 60  # of all requests together
    connect: float = 15.0  # until a connection stands
    silence: float = 90.0  # in which nothing comes
    whole: float = 900.0  # for one answer
    largest: int = 1 << 29  # bytes of one answer
    pause: float = 1.0  # after a first failure; doubles with each further one
    longest_pause: float = 60.0
    longest_wait: float = 300.0  # that Retry-After may ask for; a longer one ends the fetch
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Answer(NamedTuple):
    """What a server answered with status 200."""

    media_type: str
    body: bytes

    def expect(self, kind: str) -> None:
        """Refuse an answer of another type, such as the page of a proxy or a firewall.

        :param kind: a word of the media type: ``json`` or ``xml``
        :raises PassingError: if it is of another type
        """
        if kind not in re.split(r"[/+]", self.media_type) and self.media_type != f"application/{kind}":
            raise PassingError(f"it answers {self.media_type or 'no media type'} instead of {kind}: {plain(self.body)}")


class PassingError(Exception):
    """A failure that may pass by itself, so that asking again makes sense."""

    def __init__(self, said: str, wait: float | None = None) -> None:
        super().__init__(said)
        self.said, self.wait = said, wait  # wait: seconds, as the server asks


class ReportedError(Exception):
    """An error that a server reports in the body of an answer."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class RefusedError(StoreError):
    """A server that understood the request and will not answer it; ``said`` has its words."""

    def __init__(self, what: str, said: str, *, where: str, remedy: str) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.said = said


def address(given: str | None, variable: str, default: str) -> str:
    """Give the base address of a service: the one given, else of the environment, else its public one.

    :raises UsageError: if it is not an address of the web

    >>> address("http://127.0.0.1:8000/api/", "UNSET", "https://example.org")
    'http://127.0.0.1:8000/api'
    """
    url = (given or os.environ.get(variable) or default).strip().rstrip("/")
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
        good = good and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise UsageError(
            f"{url!r} is not the address of a service",
            where="--base-url" if given else variable,
            remedy=f"give the part before what is asked for, such as {default}",
        )
    return url


def plain(body: bytes) -> str:
    """Say in one line what an answer says, without its markup.

    >>> plain(b"<html><head><title>502 Bad\\nGateway</title></head><body>...</body></html>")
    '502 Bad Gateway'
    >>> plain(b"<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>")
    'Unable to obtain query #1'
    """
    text = body[:_CHUNK].decode("utf-8", "replace")
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.DOTALL | re.IGNORECASE)
    words = " ".join((title[1] if title else re.sub(r"<[^>]*>", " ", text)).split())
    words = "".join(character if character.isprintable() else "�" for character in words)
    return words if len(words) <= _SAID else words[:_SAID] + "…"


class Client:
    """One server, and the manners with which it is asked."""

    def __init__(
        self,
        server: str,
        manners: Manners | None,
        *,
        interval: float,
        secret: str | None = None,
        passing_words: tuple[str, ...] = (),
        told: Callable[[str], None] | None = None,
    ) -> None:
        """Prepare to ask; nothing is sent yet.

        :param server: what messages call it
        :param interval: between the starts of two requests, where the manners do not say [seconds]
        :param secret: what no message may show
        :param passing_words: words, in lower case, by which an error in the body of an answer is known to pass
        :param told: called with a line for people when a request is to be repeated
        """
        self.server = server
        self.asked = 0  # requests sent
        self._manners = manners or Manners()
        self._interval = interval if self._manners.interval is None else self._manners.interval
        self._secret = secret
        self._passing_words = passing_words
        self._told = told
        self._failures = 0
        self._next: float | None = None  # before this time nothing is sent
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT
        self._retry_after = Retry()  # only its reading of the header is used
        self._retry_after.retry_after_max = 10**9  # what is too long, we say

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def ask(self, url: str, fields: Mapping[str, str], read: Callable[[Answer], _T], *, post: bool = False) -> _T:
        """Ask for something, and read it; again, if the failure may pass.

        :param read: takes an answer apart; raises PassingError where it is not whole, ReportedError where an error
        :param post: send the fields in the body, for long or secret ones
        :raises RefusedError: if the server refuses
        :raises StoreError: if it does not answer well in all the attempts
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(PassingError),
            stop=self._enough,
            wait=self._wait,
            before_sleep=self._tell,
            sleep=self._manners.sleep,
            reraise=True,
        )
        try:
            answered: _T = retrying(self._once, url, fields, read, post)
            return answered
        except PassingError as passing:
            raise StoreError(
                f"{self.server} does not answer as it should: {self._hide(passing.said)}", where=url, remedy=AGAIN
            ) from None

    # --- once more? ---

    def _enough(self, state: tenacity.RetryCallState) -> bool:
        self._failures += 1  # it is asked after every failure
        return state.attempt_number >= self._manners.attempts or self._failures >= self._manners.failures

    def _wait(self, state: tenacity.RetryCallState) -> float:
        asked_for = getattr(_failure(state), "wait", None)
        if asked_for is not None:
            return float(asked_for) + random.random() * self._manners.pause
        pause = min(self._manners.longest_pause, self._manners.pause * 2.0 ** (state.attempt_number - 1))
        return pause * (1 + random.random() / 2)

    def _tell(self, state: tenacity.RetryCallState) -> None:
        if self._told and state.next_action:
            said = self._hide(str(_failure(state)))
            self._told(f"{self.server}: {said}; asking again in {state.next_action.sleep:.0f} s")

    # --- one request ---

    def _once(self, url: str, fields: Mapping[str, str], read: Callable[[Answer], _T], post: bool) -> _T:
        if self._next is not None and (early := self._next - self._manners.clock()) > 0:
            self._manners.sleep(early)
        self._next = self._manners.clock() + self._interval
        self.asked += 1
        try:
            return self._read(url, fields, read, post)
        except ReportedError as objection:
            raise self._judge(objection.said, url) from None

    def _read(self, url: str, fields: Mapping[str, str], read: Callable[[Answer], _T], post: bool) -> _T:
        manners = self._manners
        try:
            with self._session.request(
                "POST" if post else "GET",
                url,
                params=None if post else fields,
                data=fields if post else None,
                stream=True,
                allow_redirects=False,
                timeout=(manners.connect, manners.silence),
            ) as response:
                body = b"".join(self._chunks(response))
        except requests.Timeout:
            raise PassingError("it did not answer in time") from None
        except (requests.RequestException, HTTPError) as error:
            if (certificate := _certificate(error)) is not None:
                raise RefusedError(
                    f"{self.server} cannot be trusted: {certificate}",
                    certificate,
                    where=url,
                    remedy="see whether the address is right, and whether a proxy stands between",
                ) from None
            raise PassingError(reason(error)) from None
        if response.status_code in PASSING:
            raise PassingError(f"HTTP {response.status_code}: {plain(body)}", self._asked_for(response, url))
        if 300 <= response.status_code < 400:
            sent_on = response.headers.get("Location", "another address")
            raise RefusedError(
                f"{self.server} sends us on to {self._hide(sent_on)}, which was not asked for",
                sent_on,
                where=url,
                remedy="name the address with --base-url, if you trust it",
            )
        if response.status_code != 200:
            raise self._judge(f"HTTP {response.status_code}: {plain(body)}", url)
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return read(Answer(media_type, body))

    def _chunks(self, response: requests.Response) -> Iterator[bytes]:
        start, size = self._manners.clock(), 0
        # One read of the connection at a time, so that a server that drips is seen to drip.
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            size += len(chunk)
            if size > self._manners.largest:
                raise ReportedError(f"its answer is longer than {self._manners.largest} bytes")
            if self._manners.clock() - start > self._manners.whole:
                raise PassingError("its answer takes too long")
            yield chunk

    def _asked_for(self, response: requests.Response, url: str) -> float | None:
        try:
            wait = self._retry_after.get_retry_after(response.raw)
        except (InvalidHeader, ValueError, OverflowError):
            return None  # not a time; our own pause will do
        if wait is not None and wait > self._manners.longest_wait:
            raise RefusedError(
                f"{self.server} asks to be left alone for {wait:.0f} seconds (HTTP {response.status_code})",
                f"Retry-After: {wait:.0f}",
                where=url,
                remedy=f"after that time, {AGAIN}",
            )
        return wait

    def _judge(self, said: str, url: str) -> PassingError | RefusedError:
        said = self._hide(said)
        if any(word in said.lower() for word in self._passing_words):
            return PassingError(said)
        return RefusedError(
            f"{self.server} refuses: {said}", said, where=url, remedy="correct what the server objects to; " + AGAIN
        )

    def _hide(self, text: str) -> str:
        return text.replace(self._secret, "…") if self._secret else text


def _failure(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an error and all that it was made of, the outermost first."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [*each.args, getattr(each, "reason", None), each.__cause__, each.__context__]


def reason(error: BaseException) -> str:
    """Say why a request failed, in the words of the innermost error that has some."""
    causes = list(_causes(error))
    for each in causes:
        if isinstance(each, OSError) and each.strerror:
            return each.strerror[:1].lower() + each.strerror[1:]
    names = {type(each).__name__ for each in causes}
    if names & {"IncompleteRead", "InvalidChunkLength"}:
        return "its answer broke off"
    if "DecodeError" in names:
        return "its answer cannot be unpacked"
    if "ReadTimeoutError" in names:
        return "it did not answer in time"
    return f"{type(causes[-1]).__name__}: {causes[-1]}"[:_SAID]


def _certificate(error: BaseException) -> str | None:
    for each in _causes(error):
        if type(each).__name__ == "SSLCertVerificationError":
            return str(getattr(each, "verify_message", "") or each)
    return None
