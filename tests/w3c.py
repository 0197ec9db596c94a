"""The W3C's tests of protocols: manifests in RDF, each entry a list of HTTP requests and what must come back."""

import http.client
import re
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import rdflib
from rdflib.collection import Collection
from rdflib.compare import isomorphic
from rdflib.namespace import RDF, RDFS

SUITES = Path(__file__).resolve().parents[2] / "shared" / "w3c-sparql"
MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = rdflib.Namespace("http://www.w3.org/2011/http#")
CNT = rdflib.Namespace("http://www.w3.org/2011/content#")
UT = rdflib.Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
STATUS = {"OK": 200, "Created": 201, "NoContent": 204, "NotFound": 404}


class Request(NamedTuple):
    """One request, and what must come back."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    statuses: tuple[str, ...]
    boolean: bool | None
    format: str | None
    content: tuple[str, str] | None  # RDF: its text and media type
    media_type: str | None
    location: str | None  # a word that stands for the address that comes back


class Entry(NamedTuple):
    """A test of a manifest."""

    name: str
    data: tuple[tuple[str, Path], ...]  # graphs that must be there: name and file
    requests: tuple[Request, ...]


class Response(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


def entries(manifest: Path) -> list[Entry]:
    """Read a manifest."""
    graph = rdflib.Graph().parse(manifest, format="turtle")
    found = []
    for head in graph.objects(None, MF.entries):
        for entry in Collection(graph, head):
            action = graph.value(entry, MF.action)
            data = tuple(
                (str(graph.value(each, RDFS.label)), manifest.parent / Path(str(graph.value(each, UT.graph))).name)
                for each in graph.objects(entry, UT.graphData)
            )
            requests = graph.value(action, HT.requests)
            assert requests is not None, entry
            read = tuple(_request(graph, each) for each in Collection(graph, requests))
            found.append(Entry(str(entry).rpartition("#")[2], data, read))
    return sorted(found)


def _headers(graph: rdflib.Graph, node: Any) -> dict[str, str]:
    head = graph.value(node, HT.headers)
    fields = Collection(graph, head) if head is not None else ()
    return {str(graph.value(each, HT.fieldName)).lower(): str(graph.value(each, HT.fieldValue)) for each in fields}


def _request(graph: rdflib.Graph, node: Any) -> Request:
    response = graph.value(node, HT.resp)
    assert (response, RDF.type, HT.Response) in graph
    body, answer = graph.value(node, HT.body), graph.value(response, HT.body)
    text = None if body is None else str(graph.value(body, CNT.chars))
    encoding = "utf-8" if body is None else str(graph.value(body, CNT.characterEncoding))
    boolean, form = graph.value(response, MF.expectedBoolean), graph.value(response, MF.expectedFormat)
    media_type = _headers(graph, response).get("content-type")
    location = graph.value(response, MF.expectedLocation)
    return Request(
        method=str(graph.value(node, HT.methodName)),
        path=str(graph.value(node, HT.absolutePath)),
        headers=_headers(graph, node),
        body=None if text is None else text.encode(encoding),
        statuses=tuple(str(each).rpartition("#")[2] for each in graph.objects(response, MF.expectedStatus)),
        boolean=None if boolean is None else bool(boolean.toPython()),  # type: ignore[attr-defined]
        format=None if form is None else str(form),
        content=None if answer is None else (str(graph.value(answer, CNT.chars)), str(media_type)),
        media_type=media_type,
        location=None if location is None else str(location),
    )


def send(base: str, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Response:
    """Send a request as it is: no header is added that is not needed."""
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=60)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Response(response.status, fields, response.read())
    finally:
        connection.close()


def is_status(status: int, expected: tuple[str, ...]) -> bool:
    """Say whether a status is one of those named: of a class, as StatusCode4xx, or a single one."""
    classes = {f"StatusCode{status // 100}xx"}
    names = {name for name, code in STATUS.items() if code == status}
    unknown = {each for each in expected if not re.fullmatch(r"StatusCode[1-5]xx", each) and each not in STATUS}
    assert not unknown, unknown
    return bool((classes | names) & set(expected))


def hold(request: Request, response: Response) -> None:
    """Hold what came back against what must."""
    assert is_status(response.status, request.statuses), (response, request.statuses)
    media_type = response.headers.get("content-type", "")
    if request.media_type is not None:
        assert media_type == request.media_type
    if request.format == "boolean" or request.format == "tabular":
        import json

        assert media_type == "application/sparql-results+json"
        said = json.loads(response.body)
        assert ("boolean" in said) == (request.format == "boolean")
        assert request.boolean is None or said["boolean"] is request.boolean
    elif request.format == "RDF":
        rdflib.Graph().parse(data=response.body, format=media_type.partition(";")[0])
    if request.content is not None:
        expected = rdflib.Graph().parse(data=request.content[0], format=request.content[1].partition(";")[0])
        got = rdflib.Graph().parse(data=response.body, format=media_type.partition(";")[0])
        assert isomorphic(got, expected), got.serialize(format="nt")
