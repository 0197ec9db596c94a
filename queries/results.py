"""What a SPARQL query gave, as bytes in the format asked for."""

from collections.abc import Iterable, Iterator

from pyoxigraph import NamedNode, Quad, QueryResultsFormat, QuerySolutions, QueryTriples

from picograph.kg.store.base import QueryResults
from picograph.ontology.errors import UsageError

ROWS = {
    "csv": QueryResultsFormat.CSV,
    "json": QueryResultsFormat.JSON,
    "tsv": QueryResultsFormat.TSV,
    "xml": QueryResultsFormat.XML,
}
GRAPHS = ("turtle", "trig", "nt", "nq", "jsonld", "rdfxml")
_RESULT = NamedNode("https://w3id.org/picograph/result")  # the graph of a CONSTRUCT, in formats that name graphs


def serialize(results: QueryResults, form: str | None) -> Iterable[bytes]:
    """Write results: rows as csv, tsv, json or xml (SPARQL 1.1), graphs as an RDF format.

    :param form: None is tsv for rows and Turtle for graphs
    :raises UsageError: if the format is not one for what the query gave
    """
    if isinstance(results, QueryTriples):
        from picograph.queries.exports import export
        from picograph.queries.exports.selection import Given, Losses

        form = "jsonld" if form == "json" else form or "turtle"
        if form not in GRAPHS:
            raise UsageError(
                f"a graph cannot be written as {form}",
                where="picograph query",
                remedy=f"use one of: {', '.join(GRAPHS)}",
            )
        quads = [Quad(triple.subject, triple.predicate, triple.object, _RESULT) for triple in results]
        return export(form)(Given({_RESULT.value: quads}), Losses())
    form = form or "tsv"
    if form not in ROWS:
        what = "rows" if isinstance(results, QuerySolutions) else "a yes or no"
        raise UsageError(
            f"{what} cannot be written as {form}",
            where="picograph query",
            remedy=f"use table or one of: {', '.join(ROWS)}",
        )
    if not isinstance(results, QuerySolutions) and form in ("csv", "tsv"):
        return [b"true\n" if results else b"false\n"]  # SPARQL gives a yes or no no CSV of its own
    body = results.serialize(format=ROWS[form]) or b""
    return [body if body.endswith(b"\n") else body + b"\n"]


def table_lines(results: QueryResults, width: int) -> Iterator[str]:
    """Lay rows out for a terminal; a yes or no is one word.

    :raises UsageError: if the query gave a graph
    """
    from picograph.queries.question import Column
    from picograph.queries.tables import render

    if isinstance(results, QueryTriples):
        raise UsageError("a graph is not a table", where="picograph query", remedy=f"use one of: {', '.join(GRAPHS)}")
    if not isinstance(results, QuerySolutions):
        yield "true" if results else "false"
        return
    names = [variable.value for variable in results.variables]
    rows = [{name: getattr(row[name], "value", None) for name in names} for row in results]
    yield from render({name: Column(kind="iri") for name in names}, rows, width, whole=True)
