"""From an HTTP request to a task: the SPARQL 1.1 Protocol and the Graph Store HTTP Protocol."""

import asyncio
import email.parser
import email.policy
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import ClientDisconnect, Request

from picograph.web.tasks import Part, Query, ReadGraph, Update, WriteGraph

FORM, QUERY, UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
LONGEST_QUERY = 16 << 20  # bytes
LONGEST_GRAPH = 256 << 20
_PATIENCE = 60.0  # seconds in which a body must come


class RequestError(Exception):
    """A request that cannot be taken as it is."""

    def __init__(self, status: int, what: str, remedy: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(what)
        self.status, self.what, self.remedy, self.headers = status, what, remedy, dict(headers or {})


async def body_of(request: Request, longest: int) -> bytes:
    """Read the body of a request.

    :raises RequestError: if it is too long, or does not come
    """
    chunks, size = [], 0
    try:
        async with asyncio.timeout(_PATIENCE):
            async for chunk in request.stream():
                size += len(chunk)
                if size > longest:
                    raise RequestError(413, f"the body is longer than {longest >> 20} MiB", "send it in parts")
                chunks.append(chunk)
    except TimeoutError:
        raise RequestError(408, f"the body did not come within {_PATIENCE:g} s") from None
    except ClientDisconnect:
        raise RequestError(400, "the body is not whole") from None
    return b"".join(chunks)


def media_type_of(header: str | None) -> tuple[str, str]:
    """Give the media type and the character set of a header Content-Type.

    >>> media_type_of('text/turtle; charset="UTF-8"')
    ('text/turtle', 'utf-8')
    """
    message = email.message_from_string(f"Content-Type: {header}\n\n", policy=email.policy.default)
    charset = str(message.get_param("charset", "utf-8")).lower()
    return (message.get_content_type() if header else ""), charset


def _text(body: bytes, charset: str) -> str:
    if charset not in ("utf-8", "utf8"):
        raise RequestError(415, f"{charset} is not read", "send UTF-8")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(400, f"byte {error.start} of the body is not UTF-8", "send UTF-8") from None


def _fields(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100_000)
    except ValueError as error:
        raise RequestError(400, f"the parameters cannot be read: {error}", "encode them as UTF-8") from None


def parameters_of(request: Request) -> dict[str, str]:
    """Give the parameters of a request's address, each once.

    :raises RequestError: if one is given twice, or they are not UTF-8
    """
    given: dict[str, str] = {}
    for name, value in _fields(request.url.query):
        if name in given:
            raise RequestError(400, f"{name} is given twice", "give it once")
        given[name] = value
    return given


async def operation(request: Request, base: str) -> Query | Update | None:
    """Give the query or update of a request to the SPARQL endpoint; None for one that has neither.

    :param base: what relative IRIs are relative to
    :raises RequestError: if it is none that the SPARQL 1.1 Protocol knows
    """
    fields = _fields(request.url.query)
    if request.method == "POST":
        media_type, charset = media_type_of(request.headers.get("content-type"))
        body = await body_of(request, LONGEST_QUERY)
        if media_type == FORM:
            fields += _fields(_text(body, charset))
        elif media_type == QUERY:
            fields.append(("query", _text(body, charset)))
        elif media_type == UPDATE:
            fields.append(("update", _text(body, charset)))
        else:
            raise RequestError(
                415, f"{media_type or 'a body of no media type'} is not read", f"send {FORM}, {QUERY} or {UPDATE}"
            )
    given: dict[str, list[str]] = {}
    for name, value in fields:
        given.setdefault(name, []).append(value)
    asked = [(name, value) for name in ("query", "update") for value in given.get(name, ())]
    if len(asked) > 1:
        raise RequestError(400, f"the request has {len(asked)} queries or updates", "send one")
    if not asked:
        if request.method == "POST":
            raise RequestError(400, "the request has no query and no update", "send one, as the parameter query")
        return None
    ((kind, text),) = asked
    if kind == "update":
        if request.method != "POST":
            raise RequestError(
                405, f"an update does not come by {request.method}", "send it by POST", {"Allow": "POST"}
            )
        return Update(text, base, given.get("using-graph-uri", []), given.get("using-named-graph-uri", []))
    default, named = given.get("default-graph-uri"), given.get("named-graph-uri")
    form = given.get("format", [None])[-1]
    return Query(text, base, request.headers.get("accept", ""), form or None, default, named)


def graph_named(request: Request, place: str) -> str | None:
    """Give the graph of a request to the graph store; None for the default graph, "" for one of a name to be made.

    :param place: the address of the graph store
    :raises RequestError: if it names none, or two
    """
    given = dict(_fields(request.url.query))
    path = urlsplit(str(request.url)).path
    direct = path.rstrip("/") != urlsplit(place).path.rstrip("/")
    named = [name for name in ("graph", "default") if name in given]
    if direct + len(named) > 1:
        raise RequestError(
            400, "the request names more than one graph", "name one: ?graph=IRI, ?default, or its address"
        )
    if direct:
        return place + path.removeprefix(urlsplit(place).path)
    if named == ["graph"]:
        if not given["graph"]:
            raise RequestError(400, "the graph has no name", "give ?graph=IRI")
        return given["graph"]
    if named == ["default"]:
        return None
    if request.method == "POST":
        return ""
    raise RequestError(400, "the request names no graph", "give ?graph=IRI or ?default")


async def graph_operation(request: Request, place: str) -> ReadGraph | WriteGraph:
    """Give the task of a request to the graph store.

    :raises RequestError: if it is none that the Graph Store HTTP Protocol knows
    """
    graph = graph_named(request, place)
    if request.method in ("GET", "HEAD"):
        form = dict(_fields(request.url.query)).get("format")
        return ReadGraph(graph, request.headers.get("accept", ""), form)
    if request.method == "DELETE":
        return WriteGraph("DELETE", graph, place)
    header = request.headers.get("content-type")
    media_type, charset = media_type_of(header)
    body = await body_of(request, LONGEST_GRAPH)
    if media_type == "multipart/form-data":
        return WriteGraph(request.method, graph, place, _parts(header or "", body))
    if charset not in ("utf-8", "utf8"):
        raise RequestError(415, f"{charset} is not read", "send UTF-8")
    return WriteGraph(request.method, graph, place, [Part(media_type, body)])


def _parts(header: str, body: bytes) -> list[Part]:
    """Take a form apart: each file is RDF of its own media type."""
    whole = b"Content-Type: " + header.encode("latin-1", "replace") + b"\r\n\r\n" + body
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(whole)
    parts = [
        Part(part.get_content_type(), bytes(part.get_payload(decode=True) or b"")) for part in message.iter_parts()
    ]
    if not parts:
        raise RequestError(400, "the form has no file", "send each graph as a file of the form")
    return parts
