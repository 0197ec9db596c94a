"""Records into the store."""

import contextlib
import sys
from typing import TYPE_CHECKING

import click

from picograph.commands.terminal import (
    ROW_FORMATS,
    default_format,
    format_option,
    open_store,
    say,
    store_options,
)
from picograph.ontology.errors import UsageError

if TYPE_CHECKING:
    from picograph.kg.load import Given

MOST_MESSAGES = 20  # of each kind


@click.command()
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option("--source", "sources", multiple=True, metavar="FILE", help="A text that a study file refers to.")
@click.option(
    "--jobs", type=click.IntRange(1, 256), default=1, metavar="N", help="How many processes read records.  [default: 1]"
)
@click.option("--rejects", metavar="FILE", help="Write refused records with their reasons: JSON lines.")
@click.option("--splits", metavar="FILE", help="What is not one study: two identifiers a line. The store remembers it.")
@click.option("--extract/--no-extract", default=False, help="Read the words of abstracts too.  [default: no-extract]")
@click.option("--engine", type=click.Choice(["local", "dask"]), default="local", help="What maps.  [default: local]")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler; without it --jobs workers of this machine.")
@click.option("--parts", metavar="FOLDER", help="With dask: where N-Quads parts are written; a URL may be given.")
@click.option("--explain", is_flag=True, help="Say of which study each record is, and why.")
@format_option(*ROW_FORMATS)
@store_options
def load(
    files: tuple[str, ...],
    sources: tuple[str, ...],
    jobs: int,
    rejects: str | None,
    splits: str | None,
    extract: bool,
    engine: str,
    scheduler: str | None,
    parts: str | None,
    explain: bool,
    form: str | None,
    store: str | None,
    update_endpoint: str | None,
) -> None:
    """Read records, check them, and store them.

    FILE - is standard input. The format is told from the content. A bad record is refused with its reasons, the good
    ones are kept. Loading a record again changes nothing; a newer version replaces exactly that record.

    Any number of records may be loaded: they are written in batches, each of them whole or not at all. What stops a
    load loses the batch under way; the same command goes on from there.

    With --extract, what is read from the words of an abstract is stored too, in a record of its own with the method
    rule: the facts with their places and how sure they are. Where a person has read the same document, questions take
    the person's facts. A text in no format that is known is then an abstract, and a study under its checksum.

    Records of one trial are one study: by a number of a registry, a DOI or a PMID. With --splits, what a line of the
    file has is kept apart from now on, in what the store holds too; FILE may then be left out.

    With --engine dask the workers of a cluster read the files (paths or URLs: s3://, gs://, http://) and write N-Quads
    parts into --parts, which any store bulk-loads; or they send them to the endpoint that --store names.
    """
    if not files and splits is None:
        raise UsageError(
            "there is nothing to load", where="picograph load", remedy="name a file, or - for standard input"
        )
    if engine == "dask":
        if sources or explain:
            raise UsageError(
                "--source and --explain need the store that is written",
                where="load --engine dask",
                remedy="load the parts, then explain",
            )
        _on_cluster(files, scheduler, jobs, parts, rejects, splits, extract, form, store, update_endpoint)
        return
    if scheduler or parts:
        raise UsageError("--scheduler and --parts are of a cluster", where="picograph load", remedy="add --engine dask")
    from picograph.commands import loaded_rows
    from picograph.kg.linking import make_ready
    from picograph.kg.load import Stream, load_each
    from picograph.kg.splits import read_splits
    from picograph.queries import report

    inputs: list[Given] = [Stream("standard input", sys.stdin.buffer) if name == "-" else name for name in files]
    apart = read_splits(splits) if splits is not None else None
    messages, worst = report.Messages(MOST_MESSAGES), 0
    ending: list[str] = []
    with open_store(store, update_endpoint) as opened, contextlib.ExitStack() as stack:
        make_ready(opened.words, say)
        rows = loaded_rows.Rows(default_format(form), (lambda done: report.why(opened, done)) if explain else None)
        stack.callback(lambda: say(*messages.lines(), *rows.reasons, *ending))
        stack.push(rows)
        refuse = stack.enter_context(loaded_rows.rejects(rejects)) if rejects is not None else None
        progress = stack.enter_context(loaded_rows.progress(files))
        try:
            loading = load_each(
                opened, inputs, sources=sources, jobs=jobs, splits=apart, progress=progress, extract=extract
            )
            for each in loading:
                worst = max(worst, loaded_rows.tell(each, messages, rows, refuse))
        except KeyboardInterrupt:
            ending.append("What is told here is in the store: the same command goes on from there.")
            raise
        if splits is not None:
            ending.extend(report.unmet(opened))
    if worst:
        sys.exit(worst)


def _on_cluster(
    files: tuple[str, ...],
    scheduler: str | None,
    jobs: int,
    parts: str | None,
    rejects: str | None,
    splits: str | None,
    extract: bool,
    form: str | None,
    store: str | None,
    update_endpoint: str | None,
) -> None:
    """Map files on a Dask cluster."""
    import tempfile
    from pathlib import Path

    from picograph.commands import loaded_rows
    from picograph.kg.cluster import Cluster, expand, load_files
    from picograph.kg.parts import Endpoint
    from picograph.kg.splits import read_splits
    from picograph.queries import report

    is_endpoint = (store or "").startswith(("http://", "https://"))
    if is_endpoint == (parts is not None) and (not is_endpoint or scheduler is None):
        raise UsageError(
            "it is not said where the graphs go" if parts is None else "the graphs can go to one place only",
            where="load --engine dask",
            remedy="write N-Quads with --parts FOLDER, and load them; or send them with --store URL, of an endpoint",
        )
    if is_endpoint and scheduler is not None and parts is None:
        raise UsageError(
            "the workers need a place for what is not sent yet",
            where="load --engine dask --scheduler",
            remedy="name a folder with --parts that every worker can write",
        )
    if "-" in files:
        raise UsageError("a cluster cannot read standard input", where="load -", remedy="name files")
    endpoint = Endpoint(store, update_endpoint) if is_endpoint and store else None
    apart = read_splits(splits) if splits is not None else None
    messages, worst = report.Messages(MOST_MESSAGES), 0
    with contextlib.ExitStack() as stack:
        rows = loaded_rows.Rows(default_format(form), None)
        stack.callback(lambda: say(*messages.lines()))
        stack.push(rows)
        refuse = stack.enter_context(loaded_rows.rejects(rejects)) if rejects is not None else None
        folder = parts or stack.enter_context(tempfile.TemporaryDirectory())
        if "://" not in folder:
            folder = str(Path(folder).resolve())
        names = [name if "://" in name else str(Path(name).resolve()) for name in files]
        cluster = stack.enter_context(Cluster(scheduler, jobs))
        for each in load_files(cluster, expand(names), folder, endpoint=endpoint, splits=apart, extract=extract):
            worst = max(worst, loaded_rows.tell(each, messages, rows, refuse))
    if worst:
        sys.exit(worst)
