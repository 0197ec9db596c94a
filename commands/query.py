"""SPARQL from the command line."""

from typing import Any

import click

from picograph.commands.terminal import (
    GRAPH_FORMATS,
    ROW_FORMATS,
    format_option,
    on_terminal,
    open_store,
    out,
    read_text,
    say,
    store_options,
    width,
)
from picograph.ontology.errors import UsageError


@click.command()
@click.argument("sparql", required=False)
@click.option("-f", "--file", "path", metavar="FILE", help="Read the query from a file; - reads standard input.")
@click.option("--timeout", type=click.FloatRange(0.1), metavar="SECONDS", help="Stop the query after so many seconds.")
@click.option("--limit", type=click.IntRange(0), metavar="N", help="Give no more than N rows or triples.")
@format_option(*ROW_FORMATS, "xml", "parquet", *GRAPH_FORMATS)
@store_options
def query(
    sparql: str | None,
    path: str | None,
    timeout: float | None,
    limit: int | None,
    form: str | None,
    store: str | None,
    update_endpoint: str | None,
) -> None:
    """Run a SPARQL 1.1 query.

    SPARQL - is standard input. Rows come as table, csv, tsv, json, xml or parquet, graphs as turtle, trig, nt, nq,
    jsonld or rdfxml, each as it is found. The default graph is the union of the named graphs. SERVICE is off.
    """
    from picograph.commands.bounded import run

    if (sparql is None) == (path is None):
        raise UsageError("give a query, or a file with one", where="picograph query", remedy="picograph query -f FILE")
    if path is not None or sparql == "-":
        sparql = read_text(path or "-")
    assert sparql is not None
    if not sparql.strip():
        raise UsageError(
            "the query is empty", where=path or "picograph query", remedy="for example: SELECT * { ?s ?p ?o }"
        )
    text = sparql
    if form == "parquet" and on_terminal():
        raise UsageError("Parquet is not for a terminal", where="picograph query", remedy="… --format parquet > FILE")

    def work() -> None:
        with open_store(store, update_endpoint, timeout=timeout) as opened:
            _print(opened.query(text), form, limit, opened.location)

    with open_store(store, update_endpoint) as opened:
        location = opened.location
    run(work, timeout, location)


def _print(results: Any, form: str | None, limit: int | None, location: str) -> None:
    from picograph.queries.results import Limited, table_lines, write

    limited = None if limit is None else Limited(results, limit)
    given: Any = results if limited is None else limited.results
    if form == "table" or (form is None and on_terminal() and hasattr(given, "variables")):
        empty = True
        for line in table_lines(given, width()):
            out(line)
            empty = False
        if empty:
            say("No rows.")
    else:
        write(given, form, out, where=location)
    if limited is not None and limited.more:
        say(f"There are more: these are the first {limit}.")
