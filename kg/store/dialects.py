"""What SPARQL servers do otherwise than the standard says, in one place. docs/decisions/engines.md tells the story.

A server is known by the headers of its answers; where it takes updates and graphs, by the end of its query address.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from picograph.kg.store.wire import Spool

_VIRTUOSO_BOOLEAN = re.compile(rb'(#boolean", "value": )"([01])"')
_TRUTH = {b"0": b'"false"', b"1": b'"true"'}


_CANNOT_SORT = re.compile(r"Virtuoso 22026 Error SR(?:319|478)")  # a row too long for the table that it sorts in


def cannot_sort(said: str) -> bool:
    """Tell by what a server says whether it could not put its rows in order.

    >>> cannot_sort("HTTP 500: Virtuoso 22026 Error SR478: Value of ANY type column too long")
    True
    """
    return _CANNOT_SORT.search(said) is not None


def cannot_group(said: str) -> bool:
    """Tell whether a server could not make groups: Virtuoso, of letters beyond Latin-1, without an order.

    >>> cannot_group("HTTP 500: Virtuoso 22023 Error SR445: Value type (rdf) not suitable for use in a hash index")
    True
    """
    return "Virtuoso 22023 Error SR445" in said


class Endpoints(NamedTuple):
    """The addresses of one server."""

    query: str
    update: str | None
    graphs: str | None


_CONVENTIONS = (  # end of the query address -> ends of the update and of the graph store address
    ("/query", "/update", "/store"),  # Oxigraph
    ("/sparql-auth", "/sparql-auth", "/sparql-graph-crud-auth"),  # Virtuoso
    ("/sparql", "/update", "/data"),  # picograph serve, Fuseki
)


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


class Dialect(NamedTuple):
    """What is done for one kind of server."""

    name: str
    json_line: Callable[[bytes], bytes] | None = None  # mends a line of JSON results
    ask_column: str | None = None  # a yes or no comes as one row with this column
    cut: Callable[[Mapping[str, str]], str | None] = lambda headers: None  # why an answer is not all of it
    own_graphs: re.Pattern[str] | None = None  # graphs that are the server's, not the user's


def _virtuoso_line(line: bytes) -> bytes:
    line = _VIRTUOSO_BOOLEAN.sub(lambda found: found[1] + _TRUTH[found[2]], line)
    return line.replace(b'"type": "bnode", "value": "nodeID://', b'"type": "bnode", "value": "')


def _virtuoso_cut(headers: Mapping[str, str]) -> str | None:
    if most := headers.get("X-SPARQL-MaxRows"):
        return f"it gives no more than {most} rows (ResultSetMaxRows in its virtuoso.ini)"
    if headers.get("X-SQL-State") == "S1TAT":
        return "it stopped at its own time limit and gave what it had (MaxQueryExecutionTime in its virtuoso.ini)"
    return None


STANDARD = Dialect("SPARQL 1.1")
VIRTUOSO = Dialect(
    "Virtuoso",
    json_line=_virtuoso_line,
    ask_column="__ASK_RETVAL",
    cut=_virtuoso_cut,
    own_graphs=re.compile(
        r"http://www\.openlinksw\.com/schemas/.*|http://www\.w3\.org/ns/ldp#|http://localuriqaserver/.*"
        r"|http://www\.w3\.org/2002/07/owl#|urn:virtuoso:.*|urn:rules\..*|https?://[^/]+/DAV/.*"
    ),
)


def dialect_of(headers: Mapping[str, str]) -> Dialect:
    """Tell a server by the headers of an answer.

    >>> dialect_of({"Server": "Virtuoso/07.20.3229 (Linux)"}).name
    'Virtuoso'
    """
    return VIRTUOSO if headers.get("Server", "").startswith("Virtuoso/") else STANDARD


def mended(body: Spool, line: Callable[[bytes], bytes]) -> Spool:
    """Mend an answer line by line."""
    into = Spool()
    for each in body:
        into.write(line(each))
    body.close()
    into.seek(0)
    return into
