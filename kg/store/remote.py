"""A store behind a SPARQL 1.1 endpoint: Query and Update through SPARQLWrapper, graphs by the Graph Store Protocol.

Where only the query address is given, the others follow the convention of the server that it looks like; an update
address that the user names is used instead of the Graph Store Protocol.
"""

import ast
import contextlib
import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from pyoxigraph import (
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
    serialize,
)
from pyoxigraph import Store as Oxigraph

from picograph.kg.store.base import GraphText, QueryResults, Store, Writer
from picograph.kg.store.guard import form_of, refuse_service, short
from picograph.kg.store.sources import SourceShelf
from picograph.ontology.errors import StoreError, UsageError

if TYPE_CHECKING:
    import rdflib

_CONVENTIONS = (  # end of the query address -> ends of the update and of the graph store address
    ("/query", "/update", "/store"),  # Oxigraph
    ("/sparql-auth", "/sparql-auth", "/sparql-graph-crud-auth"),  # Virtuoso
    ("/sparql", "/update", "/data"),  # Fuseki
)
_TEXT = ("text/plain",)  # what a server calls any message; the formats that once used the name have better ones
_RESULTS: dict[str, type] = {
    "SELECT": QuerySolutions,
    "ASK": QueryBoolean,
    "CONSTRUCT": QueryTriples,
    "DESCRIBE": QueryTriples,
}
_FAILURES = (OSError, ValueError, OverflowError, http.client.HTTPException)
_ACCEPT = "application/sparql-results+json, application/n-triples;q=0.9, text/turtle;q=0.8"


class Endpoints(NamedTuple):
    """The addresses of one server."""

    query: str
    update: str | None
    graphs: str | None


def endpoints(query: str, update: str | None = None) -> Endpoints:
    """Find the addresses of a server from that of its query endpoint.

    >>> endpoints("http://127.0.0.1:7878/query").graphs
    'http://127.0.0.1:7878/store'
    >>> endpoints("http://localhost/sparql", update="http://localhost/in")
    Endpoints(query='http://localhost/sparql', update='http://localhost/in', graphs=None)
    """
    if update:
        return Endpoints(query, update, None)
    base, mark, parameters = query.partition("?")
    for ending, update_ending, graphs_ending in _CONVENTIONS:
        if base.endswith(ending):
            stem = base.removesuffix(ending)
            return Endpoints(query, stem + update_ending + mark + parameters, stem + graphs_ending)
    return Endpoints(query, None, None)


class RemoteStore(Store):
    """A store behind a SPARQL 1.1 endpoint."""

    def __init__(
        self, url: str, *, update_endpoint: str | None = None, sources: SourceShelf | None = None, timeout: float = 60
    ) -> None:
        self.location = url
        self.sources = sources or SourceShelf(None)
        self._endpoints = endpoints(url, update_endpoint)
        self._timeout = timeout  # seconds

    # --- reading ---

    def _request(
        self, endpoint: str, sparql: str, *, update: bool = False, default_graph: str | None = None
    ) -> tuple[bytes, str]:
        """Ask; give the body of the answer and its media type."""
        from SPARQLWrapper import POST, POSTDIRECTLY, SPARQLWrapper
        from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

        wrapper: Any = SPARQLWrapper(endpoint, updateEndpoint=endpoint, agent="picograph")
        wrapper.queryString = sparql  # setQuery guesses the type from the text, and warns where it cannot
        wrapper.queryType = "INSERT" if update else "SELECT"
        wrapper.setMethod(POST)
        wrapper.timeout = self._timeout  # setTimeout makes 0 of half a second, which is another thing
        if update:
            wrapper.setRequestMethod(POSTDIRECTLY)
        else:
            wrapper.addCustomHttpHeader("Accept", _ACCEPT)
            if default_graph is not None:
                wrapper.addDefaultGraph(default_graph)
            else:
                wrapper.addParameter("union-default-graph", "true")  # Oxigraph's; other servers do not mind
        try:
            with wrapper.query().response as response:
                return response.read(), response.headers.get_content_type()
        except SPARQLWrapperException as error:
            said = _first_line(_body(error))
            if type(error).__name__ == "QueryBadFormed" and not update:
                raise UsageError(
                    f"this is not SPARQL 1.1 to the server: {said}", where=endpoint, remedy="correct the query"
                ) from None
            raise self._failure(endpoint, f"{_words(type(error).__name__)}: {said}") from None
        except _FAILURES as error:
            raise self._failure(endpoint, _said(error)) from None

    def _failure(self, endpoint: str, said: str) -> StoreError:
        return StoreError(
            f"the SPARQL endpoint does not answer: {said}",
            where=endpoint,
            remedy="see whether the server runs and the address is that of its query endpoint",
        )

    def query(self, sparql: str) -> QueryResults:
        refuse_service(sparql)
        body, media_type = self._request(self._endpoints.query, sparql)
        results = self._results(body, media_type)
        expected = _RESULTS.get(form_of(sparql) or "")
        if expected is None or isinstance(results, expected):
            return results
        del results  # an error may end in another thread, where Oxigraph's results must not
        said = f"it answers {media_type}, which is not what was asked: {_first_line(body)}"
        raise self._failure(self._endpoints.query, said)

    def _results(self, body: bytes, media_type: str) -> QueryResults:
        answer = None
        try:
            if media_type not in _TEXT and (results := QueryResultsFormat.from_media_type(media_type)) is not None:
                answer = parse_query_results(body, format=results)
                if not isinstance(answer, QuerySolutions):
                    return answer
                for _ in answer:  # rows are parsed as they are taken: an answer cut off is to be found here, not there
                    pass
                return parse_query_results(body, format=results)
            if media_type not in _TEXT and (rdf := RdfFormat.from_media_type(media_type)) is not None:
                return _query_triples(quad.triple for quad in parse(body, format=rdf))
        except (SyntaxError, ValueError) as error:
            answer = None  # an error may end in another thread, where Oxigraph's results must not
            raise self._failure(
                self._endpoints.query, f"its answer is not whole: {error}; it begins with {_first_line(body)}"
            ) from None
        raise self._failure(self._endpoints.query, f"it answers {media_type}: {_first_line(body)}")

    def quads(self, graph: str | None = None) -> Iterator[Quad]:
        if graph is None:
            rows = self.query("SELECT ?s ?p ?o ?g WHERE { GRAPH ?g { ?s ?p ?o } }")
            return (Quad(row["s"], row["p"], row["o"], row["g"]) for row in rows)  # type: ignore[union-attr]
        rows = self.query(f"SELECT ?s ?p ?o WHERE {{ GRAPH {NamedNode(graph)} {{ ?s ?p ?o }} }}")
        return (Quad(row["s"], row["p"], row["o"], NamedNode(graph)) for row in rows)  # type: ignore[union-attr]

    def graph(self) -> "rdflib.Dataset":
        from picograph.kg.store.datasets import endpoint_dataset

        def ask(sparql: str, *, default_graph: str | None) -> tuple[bytes, str]:
            refuse_service(sparql)
            return self._request(self._endpoints.query, sparql, default_graph=default_graph)

        return endpoint_dataset(self._endpoints.query, ask)

    # --- writing ---

    @contextlib.contextmanager
    def write(self) -> Iterator[Writer]:
        """Open for writing. Each graph is replaced in one request, whole or not at all, as soon as it is given."""
        if not (self._endpoints.update or self._endpoints.graphs):
            raise StoreError(
                "it is not known where this server takes updates",
                where=self.location,
                remedy="name the address with --update-endpoint URL",
            )
        yield self

    def replace(self, graph: str, quads: Sequence[Quad]) -> None:
        """Make a named graph hold exactly these quads, in one request."""
        triples = serialize((quad.triple for quad in quads), format=RdfFormat.N_TRIPLES) or b""
        if self._endpoints.graphs:
            self._graph_store("PUT", graph, triples)
        else:
            name = NamedNode(graph)
            self._update(f"DROP SILENT GRAPH {name} ;\nINSERT DATA {{ GRAPH {name} {{\n{triples.decode()}}} }}")

    def put(self, graphs: Sequence[GraphText]) -> None:
        """Make each of many named graphs hold exactly its lines, one request for each."""
        for graph in graphs:
            self.replace(graph.name, list(parse(graph.lines, format=RdfFormat.N_QUADS)))

    def remove(self, graph: str) -> None:
        """Take a named graph out."""
        self._update(f"DROP SILENT GRAPH {NamedNode(graph)}")

    def _update(self, sparql: str) -> None:
        assert self._endpoints.update is not None
        self._request(self._endpoints.update, sparql, update=True)

    def _graph_store(self, method: str, graph: str, body: bytes) -> None:
        url = f"{self._endpoints.graphs}?{urllib.parse.urlencode({'graph': graph})}"
        headers = {"Content-Type": "application/n-triples", "User-Agent": "picograph"}
        try:
            request = urllib.request.Request(url, data=body, method=method, headers=headers)
            with urllib.request.urlopen(request, timeout=self._timeout):
                pass
        except _FAILURES as error:
            raise self._failure(url, _said(error)) from None


def _query_triples(triples: Iterator[Triple]) -> QueryTriples:
    """Give triples in the type that an embedded store answers with."""
    memory = Oxigraph()
    memory.extend(Quad(*triple) for triple in triples)
    results = memory.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")
    assert isinstance(results, QueryTriples)
    return results


def _said(error: Exception) -> str:
    """Give the words of an error: those of the server, where it said any."""
    if isinstance(error, urllib.error.HTTPError):
        with error:
            try:
                body = error.read()
            except (OSError, http.client.HTTPException):
                body = b""
            return f"HTTP {error.code}: {_first_line(body or error.reason)}"
    if isinstance(error, http.client.IncompleteRead):
        return f"its answer ends after {len(error.partial)} bytes"
    if isinstance(error, http.client.HTTPException):
        return f"{_words(type(error).__name__)}: {_first_line(error)}"
    return str(getattr(error, "reason", error))


def _body(error: Exception) -> bytes | str:
    """Give what the server said from an error of SPARQLWrapper, which keeps it in its message alone."""
    said = str(error.args[0]) if error.args else ""
    _, mark, body = said.partition("Response:\n")
    try:
        return cast(bytes, ast.literal_eval(body)) if mark else said
    except (SyntaxError, ValueError):
        return body


def _words(name: str) -> str:
    """Write the name of an error's class as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _first_line(said: object) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return short(text)
