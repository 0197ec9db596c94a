"""SPARQL from the command line."""

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
@format_option(*ROW_FORMATS, "xml", *GRAPH_FORMATS)
@store_options
def query(
    sparql: str | None, path: str | None, form: str | None, store: str | None, update_endpoint: str | None
) -> None:
    """Run a SPARQL 1.1 query.

    SPARQL - is standard input. Rows come as table, csv, tsv, json or xml, graphs as turtle, trig, nt, nq, jsonld or
    rdfxml. The default graph is the union of the named graphs. SERVICE is off.
    """
    from picograph.queries.results import serialize, table_lines

    if (sparql is None) == (path is None):
        raise UsageError("give a query, or a file with one", where="picograph query", remedy="picograph query -f FILE")
    if path is not None or sparql == "-":
        sparql = read_text(path or "-")
    assert sparql is not None
    with open_store(store, update_endpoint) as opened:
        results = opened.query(sparql)
        if form == "table" or (form is None and on_terminal() and hasattr(results, "variables")):
            lines = list(table_lines(results, width()))
            for line in lines:
                out(line)
            if not lines:
                say("No rows.")
        else:
            for chunk in serialize(results, form):
                out(chunk)
