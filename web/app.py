"""The ASGI application: routes, who may write, and how an answer of a worker becomes one of HTTP."""

import asyncio
import base64
import hmac
import time
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, NamedTuple

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from picograph import __version__
from picograph.kg.store.embedded import FolderStore
from picograph.ontology.errors import StoreError
from picograph.web.pages import error_page, query_page
from picograph.web.pool import BusyError, FailedError, Log, Pool, Run
from picograph.web.protocol import RequestError, graph_operation, operation, parameters_of
from picograph.web.tasks import Ask, Behind, Describe, Head, Query, Task, Update, WriteGraph

_WHOLE = 1 << 16  # bytes up to which an answer is sent with its length
_HTML_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Settings(NamedTuple):
    """What the server is told."""

    store: FolderStore
    writable: bool = False
    token: str | None = None
    origins: tuple[str, ...] = ("*",)


class Answer(Response):
    """The answer of a worker, sent as it comes; the worker is ended if the client goes."""

    def __init__(self, pool: Pool, task: Task, request: Request) -> None:
        super().__init__()
        self._pool, self._task, self._request = pool, task, request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_gone(receive))
        work = asyncio.ensure_future(self._respond(scope, receive, send))
        try:
            await asyncio.wait((gone, work), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (gone, work):
                each.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        try:
            await work
        except asyncio.CancelledError:
            scope["picograph"]["error"] = "the client has gone"

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = scope["picograph"]
        try:
            async with self._pool.run(self._task) as run:
                said["waited"] = round(run.waited, 3)
                head = await run.head()
                await self._send(run, head, send)
                return
        except BusyError as busy:
            failure = RequestError(
                429, "too many queries wait", "ask again later", {"Retry-After": str(busy.retry_after)}
            )
        except FailedError as failed:
            why = failed.failure
            said["error"] = why.what
            if said.get("begun"):  # the answer stays without an end, so that nobody takes it for all of it
                return
            failure = RequestError(why.status, why.what, why.remedy)
            failure.where = why.where  # type: ignore[attr-defined]
        await refused(self._request, failure)(scope, receive, send)

    async def _send(self, run: Run, head: Head, send: Send) -> None:
        headers = {"Content-Type": head.media_type} if head.media_type else {}
        headers |= {"Vary": "Accept", **head.headers}
        if head.media_type.startswith("text/html"):
            headers |= _HTML_HEADERS
        held, size, chunks = [], 0, run.bytes()
        async for chunk in chunks:
            held.append(chunk)
            size += len(chunk)
            if size > _WHOLE:
                break
        else:
            headers |= {"Content-Length": str(size)} if head.status != 204 else {}
        start: Message = {
            "type": "http.response.start",
            "status": head.status,
            "headers": [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()],
        }
        self._request.scope["picograph"]["begun"] = True
        await send(start)
        await send({"type": "http.response.body", "body": b"".join(held), "more_body": size > _WHOLE})
        if size > _WHOLE:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def wants_page(request: Request) -> bool:
    """Say whether a person asks, through a browser."""
    return "text/html" in request.headers.get("accept", "") and "format" not in request.query_params


def refused(request: Request, error: RequestError) -> Response:
    """Say what is wrong, as a page or as text: what, where, try."""
    where = getattr(error, "where", "")
    if wants_page(request):
        page = error_page(error.what, where, error.remedy)
        return Response(page, error.status, {**_HTML_HEADERS, **error.headers}, "text/html; charset=utf-8")
    lines = [error.what, *([f"where: {where}"] if where else []), *([f"try:   {error.remedy}"] if error.remedy else [])]
    return Response("\n".join(lines) + "\n", error.status, error.headers, "text/plain; charset=utf-8")


class Doors:
    """What each address answers."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool, self._settings = pool, settings

    def _answer(self, request: Request, task: Task) -> Response:
        return Answer(self._pool, task, request)

    def _may_write(self, request: Request) -> None:
        """Let through who has the token.

        :raises RequestError: if nobody may write, or not this client
        """
        if not self._settings.writable or self._settings.token is None:
            raise RequestError(403, "this server is read only", "start it with --writable, and a token")
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given).decode().partition(":")[2]
            except ValueError:
                given = ""
        if not hmac.compare_digest(given.strip().encode(), self._settings.token.encode()):
            raise RequestError(
                401, "writing needs the server's token", "send it as Authorization: Bearer TOKEN",
                {"WWW-Authenticate": 'Bearer realm="picograph"'},
            )  # fmt: skip

    async def sparql(self, request: Request) -> Response:
        """Answer a query, do an update, or describe the service."""
        base = str(request.base_url)
        task = await operation(request, f"{base}sparql")
        if task is None:
            if wants_page(request):
                page = query_page(request.query_params.get("edit", ""))
                return Response(page, headers=_HTML_HEADERS, media_type="text/html; charset=utf-8")
            accept = request.headers.get("accept", "")
            return self._answer(request, Describe("service", base, accept, self._settings.writable))
        if isinstance(task, Update):
            self._may_write(request)
        request.scope["picograph"]["query" if isinstance(task, Query) else "update"] = task.text[:1000]
        return self._answer(request, task)

    async def update(self, request: Request) -> Response:
        """Do an update; queries have an address of their own."""
        task = await operation(request, f"{request.base_url}sparql")
        if not isinstance(task, Update):
            raise RequestError(400, "the request has no update", "queries go to /sparql")
        self._may_write(request)
        request.scope["picograph"]["update"] = task.text[:1000]
        return self._answer(request, task)

    async def graphs(self, request: Request) -> Response:
        """Give, replace, extend or delete a graph."""
        if request.method not in ("GET", "HEAD"):
            self._may_write(request)
        task = await graph_operation(request, f"{request.base_url}data")
        if isinstance(task, WriteGraph):
            request.scope["picograph"]["graph"] = task.graph
        return self._answer(request, task)

    async def ask(self, request: Request) -> Response:
        """Answer a question of the catalogue."""
        given = parameters_of(request)
        asked = bool(given) or not wants_page(request)
        form = given.pop("format", "") or None
        given.pop("run", None)
        accept = request.headers.get("accept", "")
        return self._answer(request, Ask(request.path_params["name"], given, accept, form, asked))

    async def home(self, request: Request) -> Response:
        """Give the first page."""
        return self._answer(request, Describe("home", str(request.base_url), ""))

    async def study(self, request: Request) -> Response:
        """Give the page of a study."""
        return self._answer(request, Behind(study=parameters_of(request).get("key", "")))

    async def evidence(self, request: Request) -> Response:
        """Give the page of a place in a source."""
        return self._answer(request, Behind(place=parameters_of(request).get("place", "")))

    async def void(self, request: Request) -> Response:
        """Describe the data."""
        return self._answer(request, Describe("void", str(request.base_url), request.headers.get("accept", "")))

    async def health(self, request: Request) -> Response:
        """Say how it is, without a worker."""
        try:
            generation = self._settings.store.current()
        except StoreError:
            generation = None
        well = generation is not None and self._pool.well
        said = {
            "status": "ok" if well else "failing",
            "version": __version__,
            "generation": generation,
            "workers": self._pool.alive,
            "idle": self._pool.idle,
            "waiting": self._pool.waiting,
        }
        return Response(msgspec.json.encode(said) + b"\n", 200 if well else 503, media_type="application/json")


class Logged:
    """Writes a line for each request."""

    def __init__(self, app: ASGIApp, log: Log) -> None:
        self._app, self._log = app, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        told: MutableMapping[str, Any] = {"status": None, "bytes": 0}
        said: dict[str, Any] = {}
        scope["picograph"] = said

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
            elif message["type"] == "http.response.body":
                told["bytes"] += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            client = scope.get("client")
            self._log(
                "request",
                client=client[0] if client else None,
                method=scope["method"],
                path=scope["path"],
                status=told["status"],
                bytes=told["bytes"],
                seconds=round(time.monotonic() - began, 4),
                **{name: value for name, value in said.items() if name != "begun"},
            )


def _on_request_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return refused(request, error)


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = {404: "there is nothing at this address", 405: f"this address does not take {request.method}"}
    said = RequestError(error.status_code, words.get(error.status_code, error.detail), "", error.headers)
    return refused(request, said)


def _on_unknown(request: Request, error: Exception) -> Response:
    request.scope["picograph"]["error"] = f"{type(error).__name__}: {error}"
    return refused(request, RequestError(500, "picograph met what it does not know", "the log says more"))


def application(pool: Pool, settings: Settings, log: Log) -> Starlette:
    """Make the application."""
    doors = Doors(pool, settings)
    writing = ["PUT", "DELETE"] if settings.writable else []
    routes: Iterable[tuple[str, Callable[..., Any], list[str]]] = [
        ("/", doors.home, ["GET"]),
        ("/sparql", doors.sparql, ["GET", "POST"]),
        ("/sparql/", doors.sparql, ["GET", "POST"]),
        ("/update", doors.update, ["POST"]),
        ("/data", doors.graphs, ["GET", "PUT", "POST", "DELETE"]),
        ("/data/{path:path}", doors.graphs, ["GET", "PUT", "POST", "DELETE"]),
        ("/ask/{name}", doors.ask, ["GET"]),
        ("/study", doors.study, ["GET"]),
        ("/evidence", doors.evidence, ["GET"]),
        ("/.well-known/void", doors.void, ["GET"]),
        ("/health", doors.health, ["GET"]),
    ]
    return Starlette(
        routes=[Route(path, endpoint, methods=methods) for path, endpoint, methods in routes],
        middleware=[
            Middleware(Logged, log=log),
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.origins),
                allow_methods=["GET", "HEAD", "POST", *writing],
                allow_headers=["Accept", "Content-Type", "Authorization"],
                expose_headers=["Retry-After", "Location"],
            ),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
        ],
        exception_handlers={RequestError: _on_request_error, HTTPException: _on_http_error, Exception: _on_unknown},
    )
