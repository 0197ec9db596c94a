"""``python -m picograph.corpus``: score the reading of abstracts, make the model, write the table of figures."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from picograph.corpus import report
from picograph.corpus.brat import Abstract, Span, not_annotated, read_pairs
from picograph.corpus.division import held_back
from picograph.corpus.labels import labels
from picograph.corpus.scoring import Score, score
from picograph.ontology.errors import InputError, PicographError

MODEL = Path(__file__).parent.parent / "kg" / "extraction" / "model" / "weights"
TABLE = Path(__file__).parent.parent / "docs" / "reading-score.md"


def read_spans(abstract: Abstract) -> list[Span]:
    """Read an abstract with the shipped model, and say what was found in the labels of the corpus."""
    from picograph.kg.extraction.model.reader import findings

    table = labels()
    return [Span(table[each.label].corpus, ((each.start, each.end),)) for each in findings(abstract.text)]


def score_folder(folder: Path, part: str = "all") -> tuple[Score, dict[str, str]]:
    """Score the shipped model on a folder, and give the texts too.

    :param part: ``all`` abstracts, or by the division of the corpus those ``held-back`` or those ``learnt`` from
    """
    texts: dict[str, str] = {}

    def pairs() -> Iterator[tuple[Abstract, Sequence[Span]]]:
        for abstract in read_pairs(folder):
            if part == "all" or held_back(abstract.name) == (part == "held-back"):
                for complaint in abstract.complaints:
                    click.echo(f"{abstract.name}: {complaint}", err=True)
                texts[abstract.name] = abstract.text
                yield abstract, read_spans(abstract)

    found = score(pairs())
    if not texts:
        raise InputError(f"no abstract of this folder is in the part {part}", where=str(folder))
    return found, texts


@click.group()
def main() -> None:
    """Reading abstracts: scores, and the model."""


@main.command("score")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--part", type=click.Choice(["all", "held-back", "learnt"]), default="all", help="Of the corpus learnt from."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def score_command(folder: Path, part: str, form: str) -> None:
    """Score the reading of FOLDER: BRAT pairs, NAME.txt and NAME.ann."""
    alone = not_annotated(folder) if folder.is_dir() else []
    if alone:
        click.echo(f"not annotated, so not scored: {len(alone)} texts ({', '.join(alone[:5])}…)", err=True)
    found, texts = score_folder(folder, part)
    if form == "json":
        import json

        click.echo(json.dumps(report.record(found), indent=1))
        return
    for line in report.lines(found, texts):
        click.echo(line)


@main.command("model")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--to", "place", type=click.Path(path_type=Path), default=MODEL, help="Where the model goes.")
def model_command(folder: Path, place: Path) -> None:
    """Learn the model from the learning part of FOLDER."""
    from picograph.corpus.making import make_model

    for line in make_model(folder, place):
        click.echo(line, err=True)


@main.command("table")
@click.argument("folder", type=click.Path(path_type=Path))
def table_command(folder: Path) -> None:
    """Write the table of figures of the abstracts held back."""
    found, _ = score_folder(folder, "held-back")
    TABLE.write_text(report.page(found), encoding="utf-8")
    click.echo(f"{TABLE.name}: {found.abstracts} abstracts", err=True)


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except PicographError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Abort:
        sys.exit(130)
