"""Records for another tool."""

import click

from picograph.commands.terminal import open_store, out, say, store_options


@click.command()
@click.argument("target")
@click.option("-o", "--output", metavar="FILE", help="Where to write.  [default: standard output]")
@click.option("--study", metavar="KEY", help="One study only.")
@click.option("--words", is_flag=True, help="The ontology and the vocabularies too.")
@store_options
def export(
    target: str, output: str | None, study: str | None, words: bool, store: str | None, update_endpoint: str | None
) -> None:
    """Write the records of the store for another tool.

    TARGET is turtle, trig, nt, nq, jsonld, rdfxml or csv. What the target could not express is told on standard error.
    """
    from picograph.kg.triples import graphs_of, names_of
    from picograph.queries.exports import export as exporter
    from picograph.queries.exports import write_whole
    from picograph.queries.retractions import Retractions

    function = exporter(target)
    with open_store(store, update_endpoint) as opened:
        if study is not None:
            from picograph.kg.store.records import records

            names = [names_of(each).record for each in records(opened, study)]
            graphs = {name: list(opened.quads(name)) for name in names}
        else:
            graphs = graphs_of(opened.quads(), records_only=not words)
        exported = function(graphs)
        cautions = Retractions.of(opened).of_graphs(graphs)
        if output is None:
            for chunk in exported.chunks:
                out(chunk)
        else:
            write_whole(output, exported.chunks)
    for caution in cautions:
        say(f"Caution: {caution}")
    for loss in exported.losses:
        say(f"Not expressed in {target}: {loss}.")
