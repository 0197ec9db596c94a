"""What SPARQL servers do otherwise than the standard says, in one place. docs/decisions/engines.md tells the story.

A server is known by the headers of its answers; where it takes updates and graphs, by the end of its query address.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from picograph.kg.store.wire import Spool

_VIRTUOSO_BOOLEAN = re.compile(rb'(#boolean", "value": )"([01])"')
_TRUTH = {b"0": b'"false"', b"1": b'"true"'}
_VIRTUOSO_XML_BOOLEAN = re.compile(rb'(#boolean">)(?:true|false)?([01])<')
_XML_TRUTH = {b"0": b"false<", b"1": b"true<"}
_FIRST_SPACE = re.compile(rb"(<literal[^>]*>)([ \t\n])")
_VIRTUOSO_ERROR = re.compile(rb"Virtuoso [0-9A-Z]{5} Error [^\n]*")
_PIECE = 1 << 20  # bytes of an answer that are mended together
_ROW_END, _ANSWER_END = b"</result>", b"</sparql>"

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
    sooner: Callable[[str], str] = lambda url: ""  # stands before a SELECT at an address; its rows come sooner, as XML
    xml_rows: Callable[[bytes], bytes] | None = None  # mends some rows of XML results
    ask_column: str | None = None  # a yes or no comes as one row with this column
    cut: Callable[[Mapping[str, str]], str | None] = lambda headers: None  # why an answer is not all of it
    own_graphs: re.Pattern[str] | None = None  # graphs that are the server's, not the user's


def _virtuoso_line(line: bytes) -> bytes:
    line = _VIRTUOSO_BOOLEAN.sub(lambda found: found[1] + _TRUTH[found[2]], line)
    return line.replace(b'"type": "bnode", "value": "nodeID://', b'"type": "bnode", "value": "')


def _virtuoso_sooner(url: str) -> str:
    """Have rows written in C, each when it is found; JSON is written cell by cell, by a program in its own language.

    Where the address has a time limit, rows that come so would not tell that they are not all.
    """
    return "" if "timeout=" in url else 'DEFINE output:format "HTTP+XML application/sparql-results+xml" '


def _virtuoso_rows(rows: bytes) -> bytes:
    rows = rows.replace(b"\r", b"&#xD;")  # its own line ends have none
    # what reads XML takes space at the ends of a text for layout
    rows = _FIRST_SPACE.sub(lambda found: b"%b&#%d;" % (found[1], found[2][0]), rows)
    for space in b" \t\n":  # one after the other: five times as fast as a pattern
        rows = rows.replace(b"%c</literal>" % space, b"&#%d;</literal>" % space)
    rows = _VIRTUOSO_XML_BOOLEAN.sub(lambda found: found[1] + _XML_TRUTH[found[2]], rows)
    return rows.replace(b"<bnode>nodeID://", b"<bnode>")


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
    sooner=_virtuoso_sooner,
    xml_rows=_virtuoso_rows,
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


def may_be_virtuoso(query: str) -> bool:
    """Tell by the address whether a server may be one that is to be known before it is asked for rows.

    >>> may_be_virtuoso("http://localhost:8890/sparql"), may_be_virtuoso("http://localhost:7878/query")
    (True, False)
    """
    return query.partition("?")[0].endswith(("/sparql", "/sparql-auth", "/sparql/"))


def mended_rows(body: Spool, rows: Callable[[bytes], bytes]) -> tuple[Spool, str | None]:
    """Mend an answer in XML some rows at a time; gives also what the server says where it stopped before the end."""
    into, rest = Spool(), b""
    while piece := body.read(_PIECE):
        before, end, rest = (rest + piece).rpartition(_ROW_END)
        into.write(rows(before + end))
    into.write(rest)
    into.seek(0)
    body.close()
    if rest.rstrip().endswith(_ANSWER_END):
        return into, None
    said = _VIRTUOSO_ERROR.search(rest)
    return into, said[0].decode("utf-8", "replace") if said else "it ends before all is said"


def mended(body: Spool, line: Callable[[bytes], bytes]) -> Spool:
    """Mend an answer line by line."""
    into = Spool()
    for each in body:
        into.write(line(each))
    body.close()
    into.seek(0)
    return into
