"""Vocabularies in full, from the publishers' own files."""

from typing import TYPE_CHECKING

import click

from picograph.commands.terminal import (
    ROW_FORMATS,
    Bar,
    NearestGroup,
    columns_of,
    default_format,
    format_option,
    open_store,
    print_rows,
    say,
    store_options,
    tell,
)

if TYPE_CHECKING:
    from picograph.kg.vocabularies import Added


@click.group(cls=NearestGroup)
def vocab() -> None:
    """Add a vocabulary in full, or fetch it; list what is at hand; check the mappings."""


@vocab.command()
@click.argument("name")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--version", "version", default="", help="As the publisher writes it.  [default: as the file says]")
@store_options
def add(name: str, files: tuple[str, ...], version: str, store: str | None, update_endpoint: str | None) -> None:
    """Put a vocabulary into the store, from its publisher's file.

    It takes the place of the slice that ships, or of what was added before. MeSH is read from N-Triples or XML; ChEBI,
    MONDO, HP, DOID, NCIt and OAE from OBO Graphs JSON, OBO or OWL; DrugBank, ATC, RxNorm and NCIt from tables; mappings
    from SSSOM. A file may be packed with gzip.
    """
    from pathlib import Path

    from picograph.kg import vocabularies

    total = sum(path.stat().st_size for each in files if (path := Path(each)).is_file())
    done = 0
    with open_store(store, update_endpoint) as opened, Bar(f"Reading {name}") as bar:

        def moved(size: int) -> None:
            nonlocal done
            done += size
            bar.move(min(done, total), total)

        added = vocabularies.add(opened, name, files, version=version, moved=moved)
        opened.settle()
    _tell(added)


@vocab.command()
@click.argument("name")
@click.option("--from", "url", metavar="URL", help="Another address than the publisher's.")
@store_options
def update(name: str, url: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Fetch a vocabulary from its publisher, and put it into the store.

    No other command fetches a vocabulary. The publisher's address is the one in sources.toml. Where the file is
    the one that is in the store, nothing is changed.
    """
    from picograph.kg import vocabularies

    with open_store(store, update_endpoint) as opened, Bar(f"Fetching {name}") as bar:
        added = vocabularies.update(opened, name, url=url, moved=lambda come, size: bar.move(come, size or come))
        if added is not None:
            opened.settle()
    if added is None:
        say(f"{name} is up to date: the publisher's file is the one in the store.")
    else:
        _tell(added)


def _tell(added: "Added") -> None:
    made = added.vocabulary
    counts = ", ".join(f"{count} {what}" for what, count in made.counts.items())
    say(f"Added {made.title}, version {made.version}: {counts}.")
    for caution in added.cautions:
        tell(f"Caution: {caution}.")


@vocab.command("list")
@format_option(*ROW_FORMATS)
@store_options
def list_(form: str | None, store: str | None, update_endpoint: str | None) -> None:
    """List the vocabularies at hand: version, licence, source, counts, checksum."""
    with open_store(store, update_endpoint) as opened:
        rows = [
            {
                "name": each.name,
                "holds": "whole" if each.whole else "slice",
                "version": each.version,
                "concepts": each.counts.get("concepts"),
                "names": each.counts.get("names"),
                "mappings": each.counts.get("mappings"),
                "triples": each.counts.get("triples"),
                "licence": each.licence,
                "source": each.source,
                "checksum": each.checksum,
            }
            for each in opened.words.vocabularies()
        ]
    kinds = dict.fromkeys(("concepts", "names", "mappings", "triples"), "integer")
    print_rows(columns_of(**{name: kinds.get(name, "iri") for name in rows[0]}), rows, default_format(form))


@vocab.command()
@format_option(*ROW_FORMATS)
@store_options
def check(form: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Show the mappings that disagree, each with its source; exit code 1 if there are any."""
    from picograph.kg import vocabularies

    with open_store(store, update_endpoint) as opened:
        rows = list(vocabularies.disagreements(opened.words))
    columns = ("disagreement", "concept", "label", "other", "other_label", "predicate", "justification", "source")
    print_rows(columns_of(**dict.fromkeys(columns, "text")), rows, default_format(form))
    if rows:
        raise SystemExit(1)
    say("No two exact mappings disagree.")
