"""What a SPARQL query gave, in the format asked for, written as it is found: a million rows fit in little memory."""

import io
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec
from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    QuerySolution,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Triple,
    parse_query_results,
    serialize,
)

from picograph.kg.store.base import QueryResults
from picograph.ontology.errors import StoreError, UsageError

ROWS = {
    "csv": QueryResultsFormat.CSV,
    "json": QueryResultsFormat.JSON,
    "tsv": QueryResultsFormat.TSV,
    "xml": QueryResultsFormat.XML,
}
GRAPHS = ("turtle", "trig", "nt", "nq", "jsonld", "rdfxml")
_AS_FOUND = {"nt": RdfFormat.N_TRIPLES, "nq": RdfFormat.N_QUADS}
BATCH = 1000  # rows that a table is laid out for at once
_RESULT = NamedNode("https://w3id.org/picograph/result")  # the graph of a CONSTRUCT, in formats that name graphs
_CHUNK = 1 << 16
_ENGINE = (OSError, RuntimeError)  # what Oxigraph raises where files cannot be read, or are damaged
Out = Callable[[bytes], None]


class _Pipe(io.RawIOBase):
    """A file for an engine to write to. An error of ``out`` is kept: an engine may raise another in its place."""

    def __init__(self, out: Out) -> None:
        self._out = out
        self.error: Exception | None = None
        self.last = b""

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        body = bytes(content)
        if body:
            self.last = body[-1:]
            try:
                self._out(body)
            except Exception as error:
                self.error = error
                raise
        return len(body)


class Limited:
    """The first rows or triples of a result; ``more`` says whether there were others."""

    def __init__(self, results: QueryResults, most: int) -> None:
        self.more = False
        self._most = most
        self.results: QueryResults | Iterator[Triple]
        if isinstance(results, QuerySolutions):
            self.results = self._rows(results)
        elif isinstance(results, QueryTriples):
            self.results = self._first(results)
        else:
            self.results = results

    def _first(self, found: Iterable[Any]) -> Iterator[Any]:
        iterator = iter(found)
        yield from islice(iterator, self._most)
        self.more = next(iterator, None) is not None

    def _rows(self, results: QuerySolutions) -> QuerySolutions:
        """Give the first rows as the engine gives rows, so that all formats are written alike."""
        source: Any = _Source(_json([variable.value for variable in results.variables], self._first(results)))
        again = parse_query_results(source, format=QueryResultsFormat.JSON)
        assert isinstance(again, QuerySolutions)
        return again


class _Source(io.RawIOBase):
    """A file to read from, made of pieces as they are asked for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._left) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._left += piece
        given, self._left = (self._left, b"") if size < 0 else (self._left[:size], self._left[size:])
        return given


def _json(names: list[str], rows: Iterable[QuerySolution]) -> Iterator[bytes]:
    encode = msgspec.json.encode
    yield b'{"head":{"vars":' + encode(names) + b'},"results":{"bindings":['
    comma = b""
    for row in rows:
        bound = {name: _term(row[name]) for name in names if row[name] is not None}
        yield comma + encode(bound)
        comma = b","
    yield b"]}}"


def _term(term: object) -> dict[str, object]:
    match term:
        case NamedNode():
            return {"type": "uri", "value": term.value}
        case BlankNode():
            return {"type": "bnode", "value": term.value}
        case Literal():
            said: dict[str, object] = {"type": "literal", "value": term.value}
            if term.language:
                return said | {"xml:lang": term.language}
            return said | {"datatype": term.datatype.value}
        case Triple():
            parts = {"subject": term.subject, "predicate": term.predicate, "object": term.object}
            return {"type": "triple", "value": {name: _term(each) for name, each in parts.items()}}
    raise NotImplementedError(type(term))


def write(results: "QueryResults | Iterator[Triple]", form: str | None, out: Out, *, where: str = "") -> None:
    """Write results: rows as csv, tsv, json, xml (SPARQL 1.1) or parquet, graphs as an RDF format.

    :param form: None is tsv for rows and Turtle for graphs
    :param out: takes the bytes
    :raises UsageError: if the format is not one for what the query gave
    :raises StoreError: if the store cannot be read to the end
    """
    pipe = _Pipe(out)
    try:
        if isinstance(results, QuerySolutions) or hasattr(results, "__bool__"):
            _rows(results, form or "tsv", pipe)
        else:
            _graph(results, form or "turtle", pipe)
    except _ENGINE as error:
        if pipe.error is not None:
            raise pipe.error from None
        raise StoreError(
            f"the store cannot be read: {error}", where=where, remedy="see whether the folder is whole and readable"
        ) from None


def _graph(results: Iterable[Triple], form: str, pipe: _Pipe) -> None:
    from picograph.queries.exports import export
    from picograph.queries.exports.selection import Given, Losses

    form = "jsonld" if form == "json" else form
    if form not in GRAPHS:
        raise UsageError(
            f"a graph cannot be written as {form}",
            where="picograph query",
            remedy=f"use one of: {', '.join(GRAPHS)}",
        )
    quads = (Quad(triple.subject, triple.predicate, triple.object, _RESULT) for triple in results)
    if form in _AS_FOUND:
        with io.BufferedWriter(pipe, _CHUNK) as buffer:
            serialize(quads if form == "nq" else (quad.triple for quad in quads), output=buffer, format=_AS_FOUND[form])
        return
    # the others are for reading, so they are put in order first
    for chunk in export(form)(Given({_RESULT.value: quads}), Losses()):
        pipe.write(chunk)


def _rows(results: Any, form: str, pipe: _Pipe) -> None:
    rows = isinstance(results, QuerySolutions)
    if form == "parquet" and rows:
        from picograph.queries.parquet import write_rows

        write_rows(results, pipe.write)
        return
    if form not in ROWS:
        what = "rows" if rows else "a yes or no"
        remedy = f"use table or one of: {', '.join([*ROWS, *(['parquet'] if rows else [])])}"
        raise UsageError(f"{what} cannot be written as {form}", where="picograph query", remedy=remedy)
    if not rows and form in ("csv", "tsv"):
        pipe.write(b"true\n" if results else b"false\n")  # SPARQL gives a yes or no no CSV of its own
        return
    with io.BufferedWriter(pipe, _CHUNK) as buffer:
        results.serialize(output=buffer, format=ROWS[form])
        buffer.flush()
        if pipe.last != b"\n":
            buffer.write(b"\n")


def table_lines(results: QueryResults, width: int) -> Iterator[str]:
    """Lay rows out for a terminal; a yes or no is one word. After many rows the table begins anew, with its head.

    :raises UsageError: if the query gave a graph
    """
    from picograph.queries.question import Column
    from picograph.queries.tables import render

    if not isinstance(results, QuerySolutions):
        if not hasattr(results, "__bool__"):
            remedy = f"use one of: {', '.join(GRAPHS)}"
            raise UsageError("a graph is not a table", where="picograph query", remedy=remedy)
        yield "true" if results else "false"
        return
    names = [variable.value for variable in results.variables]
    columns = {name: Column(kind="iri") for name in names}
    first = True
    while batch := list(islice(results, BATCH)):
        if not first:
            yield ""
        first = False
        rows = [{name: getattr(row[name], "value", None) for name in names} for row in batch]
        yield from render(columns, rows, width, whole=True)
