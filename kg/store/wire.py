"""How a server is asked over HTTP: with the user's name where it wants one, again where it says when, never elsewhere.

An answer is kept in a file until it is whole, so that half of one is never taken for all of it, however large it is.
"""

import datetime
import email.utils
import os
import tempfile
import time
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import IO, Any, NamedTuple

import requests
import tenacity
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from urllib3.exceptions import HTTPError

from picograph.kg.store.guard import short

TOKEN = "PICOGRAPH_TOKEN"  # the environment variable with the token of a server that asks for one
_CHUNK = 1 << 16
_IN_MEMORY = 8 << 20  # bytes of an answer; a longer one goes to a temporary file
_ATTEMPTS = 5
_LONGEST_WAIT = 60.0  # seconds that Retry-After may ask for, each time
_BUSY = (429, 503)
_SLOWEST = 200_000  # bytes of a file that a server takes in a second, or else does not answer


class WireError(Exception):
    """A request without a good answer: ``said`` has the server's words, or the system's."""

    def __init__(self, said: str, status: int | None = None, wait: float | None = None) -> None:
        super().__init__(said)
        self.said, self.status, self.wait = said, status, wait  # wait: seconds, as the server asks


class Spool(tempfile.SpooledTemporaryFile[bytes]):
    """Bytes in memory, or in a file where they are many; closed when nobody reads them any more."""

    def __init__(self) -> None:
        super().__init__(max_size=_IN_MEMORY)

    def __del__(self) -> None:
        self.close()


class Reply(NamedTuple):
    """A whole answer."""

    body: Spool
    media_type: str
    headers: Mapping[str, str]

    def beginning(self) -> bytes:
        """Give the first bytes, for a message."""
        self.body.seek(0)
        return self.body.read(1000)


class Wire:
    """The HTTP of one server.

    :param url: an address of it; a user's name and password in it are used where it asks for them, and shown nowhere
    :param timeout: for which it may keep silent [seconds]
    """

    def __init__(self, url: str, timeout: float) -> None:
        self._timeout = timeout
        self._session: requests.Session | None = None
        self._user = _user(url)
        self._auth: AuthBase | None = None

    @property
    def has_user(self) -> bool:
        """Say whether the address names a user."""
        return self._user is not None

    def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def ask(
        self,
        method: str,
        url: str,
        body: bytes | IO[bytes] | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Ask; again, if the server is busy and says for how long.

        :raises WireError: if there is no whole, good answer
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_worth_waiting),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=lambda state: getattr(state.outcome and state.outcome.exception(), "wait", None) or 0.0,
            sleep=time.sleep,
            reraise=True,
        )
        reply: Reply = retrying(self._once, method, url, data=body, headers=dict(headers or {}))
        return reply

    def _once(self, method: str, url: str, **request: Any) -> Reply:
        try:
            with self._sent(method, url, **request) as response:
                if response.is_redirect:
                    raise WireError(
                        f"it sends us on to {short(response.headers['Location'])}; give that address if you trust it",
                        response.status_code,
                    )
                if not response.ok:
                    said = short(_start(response).decode("utf-8", "replace").strip() or response.reason or "no reason")
                    wait = _retry_after(response.headers.get("Retry-After"))
                    asks = f" (it asks to wait for {wait:.0f} s)" if wait is not None and wait > _LONGEST_WAIT else ""
                    raise WireError(f"HTTP {response.status_code}: {said}{asks}", response.status_code, wait)
                return Reply(*_whole(response), response.headers)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise WireError(_reason(error)) from None

    def _sent(self, method: str, url: str, **request: Any) -> requests.Response:
        if self._session is None:
            self._session = requests.Session()
            self._session.headers["User-Agent"] = "picograph"
        session = self._session

        def send() -> requests.Response:
            body, timeout = request.get("data"), self._timeout
            if body is not None and hasattr(
                body, "seek"
            ):  # a file is sent from its beginning, and its server thinks about it for longer
                timeout += body.seek(0, os.SEEK_END) / _SLOWEST
                body.seek(0)
            return session.request(
                method, url, auth=self._auth, timeout=timeout, allow_redirects=False, stream=True, **request
            )

        response = send()
        if response.status_code == 401 and self._auth is None:
            self._auth = self._wanted(response.headers.get("WWW-Authenticate", ""))
            if self._auth is not None:
                response.close()
                response = send()
        return response

    def _wanted(self, challenge: str) -> AuthBase | None:
        """Give what answers a server's question who we are, if we have it."""
        scheme = challenge.partition(" ")[0].lower()
        if scheme == "bearer" and (token := os.environ.get(TOKEN)):
            return _Bearer(token)
        if self._user is not None and scheme in ("basic", "digest"):
            return (HTTPDigestAuth if scheme == "digest" else HTTPBasicAuth)(*self._user)
        return None


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def without_user(url: str) -> str:
    """Give an address without the user's name and password.

    >>> without_user("http://dba:secret@127.0.0.1:8890/sparql-auth")
    'http://127.0.0.1:8890/sparql-auth'
    """
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return scheme + mark + host.rpartition("@")[2] + slash + path


def _user(url: str) -> tuple[str, str] | None:
    name, mark, _ = url.partition("://")[2].partition("/")[0].rpartition("@")
    user, _, password = name.partition(":")
    return (urllib.parse.unquote(user), urllib.parse.unquote(password)) if mark else None


def _whole(response: requests.Response) -> tuple[Spool, str]:
    body = Spool()
    try:
        for chunk in response.iter_content(_CHUNK):
            body.write(chunk)
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body, response.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _start(response: requests.Response) -> bytes:
    try:
        return next(response.iter_content(_CHUNK), b"")
    except (requests.RequestException, HTTPError, OSError):
        return b""


def _worth_waiting(error: BaseException) -> bool:
    busy = isinstance(error, WireError) and error.status in _BUSY
    return busy and error.wait is not None and error.wait <= _LONGEST_WAIT  # type: ignore[attr-defined]


def _retry_after(said: str | None) -> float | None:
    """Read Retry-After: seconds, or a date."""
    if not said:
        return None
    if said.strip().isdecimal():
        return float(said)
    try:
        when = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=datetime.UTC)
    return max(0.0, (when - datetime.datetime.now(datetime.UTC)).total_seconds())


def _reason(error: Exception) -> str:
    """Give the innermost words of an error, which say what happened; those around it say where in the library."""
    deepest: BaseException = error
    while True:
        inner = getattr(deepest, "reason", None) or next(
            (each for each in deepest.args if isinstance(each, BaseException)), None
        )
        if not isinstance(inner, BaseException) or inner is deepest:
            break
        deepest = inner
    partial, expected = getattr(deepest, "partial", None), getattr(deepest, "expected", None)
    if partial is not None:
        count = partial if isinstance(partial, int) else len(partial)
        return f"its answer ends after {count} bytes" + (f", {expected} short" if expected else "")
    if isinstance(error, requests.Timeout) or "timed out" in str(deepest):
        return "timed out"
    if isinstance(deepest, OSError) and deepest.strerror:
        return deepest.strerror
    return short(str(deepest).rpartition("object at 0x")[2].partition(">: ")[2] or str(deepest))
