"""What keeps a store in order."""

import click

from picograph.commands.terminal import NearestGroup, open_store, say, store_options
from picograph.ontology.errors import UsageError


@click.group(cls=NearestGroup)
def store() -> None:
    """Keep a store in order."""


@store.command()
@store_options
def rebuild(store: str | None, update_endpoint: str | None) -> None:
    """Make the results table again, from the graph.

    Questions that add up or scan many studies read the table. A load keeps it; one that another version of picograph
    wrote is not used, and this makes a new one.
    """
    from picograph.kg.store.embedded import FolderStore

    with open_store(store, update_endpoint) as opened:
        if not isinstance(opened, FolderStore):
            raise UsageError("only a folder has a results table", where=opened.location, remedy="give --store a folder")
        opened.rebuild()
        table = opened.table()
        say(f"{table.rows:,} rows." if table else "The graph says what no row can hold: questions go to the graph.")
