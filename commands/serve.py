"""A SPARQL endpoint and pages over a store."""

import os
from pathlib import Path

import click

from picograph.commands.terminal import debug_option, read_text
from picograph.ontology.errors import StoreError, UsageError


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), metavar="N", help="0 takes a free one."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes that answer.  [default: one for each core, at most 4]",
)
@click.option(
    "--timeout",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0.1),
    metavar="SECONDS",
    help="A query is stopped after so many seconds.",
)
@click.option(
    "--memory",
    default=1024,
    show_default=True,
    type=click.IntRange(64),
    metavar="MIB",
    help="A query that takes more MiB is stopped.",
)
@click.option(
    "--queue",
    default=32,
    show_default=True,
    type=click.IntRange(0),
    metavar="N",
    help="So many wait; who comes then is told 429.",
)
@click.option("--writable", is_flag=True, help="Take updates and graphs from who has the token.")
@click.option("--token-file", metavar="PATH", help="A file with the token.  [default: PICOGRAPH_TOKEN]")
@click.option("--allow-host", "hosts", multiple=True, metavar="HOST", help="SERVICE and LOAD may ask this host.")
@click.option(
    "--cors-origin", "origins", multiple=True, metavar="ORIGIN", help="Pages of this site may ask.  [default: any]"
)
@debug_option
@click.option("--store", envvar="PICOGRAPH_STORE", metavar="PATH", help="A folder.  [default: a folder of the user's]")
def serve(
    host: str,
    port: int,
    workers: int | None,
    timeout: float,
    memory: int,
    queue: int,
    writable: bool,
    token_file: str | None,
    hosts: tuple[str, ...],
    origins: tuple[str, ...],
    store: str | None,
) -> None:
    """Serve a SPARQL 1.1 endpoint and pages; read only unless told otherwise.

    /sparql takes queries, /data graphs, / shows the questions. A query that takes too long or too much memory is
    stopped. Each line on standard error is a JSON object. Ctrl-C or SIGTERM ends it.
    """
    from importlib.util import find_spec

    missing = [name for name in ("uvicorn", "starlette", "httptools", "jinja2", "mimeparse") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"serving needs {', '.join(missing)}", where="picograph serve", remedy="pip install 'picograph[serve]'"
        )
    from picograph.kg.store import open_store
    from picograph.kg.store.embedded import FolderStore
    from picograph.web.app import Settings
    from picograph.web.pool import Limits
    from picograph.web.server import run

    opened = open_store(store)
    if not isinstance(opened, FolderStore):
        raise UsageError(
            "only a folder can be served", where=opened.location, remedy="a SPARQL server is asked at its own address"
        )
    if not writable and opened.current() is None:
        raise StoreError(
            "there is no store here yet",
            where=opened.location,
            remedy="load a record first: picograph load FILE --store FOLDER; or serve it with --writable",
        )
    if opened.current() is None:
        with opened.write():
            pass  # an empty store, which answers too
    limits = Limits(workers or min(4, os.cpu_count() or 1), timeout, memory, queue)
    settings = Settings(opened, writable, _token(token_file) if writable else None, origins or ("*",))
    run(host, port, limits, settings, hosts)


def _token(path: str | None) -> str:
    """Give the token: it never stands on the command line, which everybody on the machine can read."""
    token = (read_text(str(Path(path))) if path else os.environ.get("PICOGRAPH_TOKEN", "")).strip()
    if len(token) < 8 or not token.isascii() or not token.isprintable():
        raise UsageError(
            "--writable needs a token of at least 8 characters",
            where=path or "PICOGRAPH_TOKEN",
            remedy="for example: PICOGRAPH_TOKEN=$(openssl rand -hex 16) picograph serve --writable",
        )
    return token
