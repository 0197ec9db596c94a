"""Downloads from registries."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from picograph.commands.terminal import (
    ROW_FORMATS,
    Bar,
    NearestGroup,
    columns_of,
    debug_option,
    default_format,
    format_option,
    print_json,
    print_rows,
    tell,
)

if TYPE_CHECKING:
    from picograph.kg.fetch import Fetched

_F = TypeVar("_F", bound=Callable[..., Any])


def _fetch_options(command: _F) -> _F:
    options = (
        debug_option,
        format_option(*ROW_FORMATS),
        click.option("--restart", is_flag=True, help="Begin anew, whatever an earlier fetch left there."),
        click.option("--base-url", metavar="URL", help="Ask this address instead of the public one."),
        click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Fetch no more than the first N."),
    )
    for option in options:
        command = option(command)
    return command


@click.group(cls=NearestGroup)
def fetch() -> None:
    """Download records politely, into files that load reads.

    May be stopped at any moment: the same command goes on from there. What is on disk is not asked for again.
    """


@fetch.command("clinicaltrials")
@click.argument("query")
@click.option(
    "-o", "--output", default="clinicaltrials.jsonl", show_default=True, metavar="FILE|FOLDER", help="Where to write."
)
@_fetch_options
def fetch_clinicaltrials(
    query: str, output: str, limit: int | None, base_url: str | None, restart: bool, form: str | None
) -> None:
    """Download the studies of ClinicalTrials.gov that match QUERY, as JSON lines.

    The address may stand in PICOGRAPH_CLINICALTRIALS_URL too.
    """
    from picograph.kg.fetch import clinicaltrials

    with Bar("studies") as bar:
        fetched = clinicaltrials.fetch(
            query, output, base_url=base_url, limit=limit, restart=restart, progress=bar.move, told=bar.say
        )
    _print_fetched(fetched, form)


@fetch.command("pubmed")
@click.argument("query")
@click.option("-o", "--output", default="pubmed", show_default=True, metavar="FOLDER", help="Where to write.")
@click.option("--api-key", envvar="NCBI_API_KEY", metavar="KEY", help="Yours at NCBI: 10 requests a second, not 3.")
@click.option("--email", metavar="ADDRESS", help="Where NCBI may write to you.")
@click.option("--compress", is_flag=True, help="Write .xml.gz.")
@_fetch_options
def fetch_pubmed(
    query: str,
    output: str,
    api_key: str | None,
    email: str | None,
    compress: bool,
    limit: int | None,
    base_url: str | None,
    restart: bool,
    form: str | None,
) -> None:
    """Download the records of PubMed that match QUERY, as XML files of up to 200 records.

    The address may stand in PICOGRAPH_EUTILS_URL, the key in NCBI_API_KEY.
    """
    from picograph.kg.fetch import pubmed

    with Bar("records") as bar:
        fetched = pubmed.fetch(
            query, output, base_url=base_url, limit=limit, restart=restart, api_key=api_key, email=email,
            compress=compress, progress=bar.move, told=bar.say,
        )  # fmt: skip
    _print_fetched(fetched, form)


def _print_fetched(fetched: "Fetched", form: str | None) -> None:
    if form == "json":
        print_json(fetched)
    else:
        rows = [{"file": file, "records": records} for file, records in fetched.files.items()]
        print_rows(columns_of(file="text", records="integer"), rows, default_format(form))
    for caution in fetched.cautions:
        tell(f"Caution: {caution}")
    from picograph.queries.wording import counted

    if fetched.missing:
        named = ", ".join(fetched.missing[:10]) + ("…" if len(fetched.missing) > 10 else "")
        missing = counted(len(fetched.missing), "record matches and was", "records match and were")
        tell(f"Caution: {missing} not given: {named}")
    files = counted(len(fetched.files), "file")
    tell(
        f"{fetched.records:,} of {counted(fetched.matching, 'matching record')} in {files}; "
        f"{fetched.kept:,} on disk already; {counted(fetched.requests, 'request')}."
    )
