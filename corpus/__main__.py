"""``python -m picograph.corpus``: score the reading of abstracts, make the models, write the table of figures."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from picograph.corpus import report
from picograph.corpus.brat import Abstract, Span, not_annotated, read_pairs
from picograph.corpus.division import held_back
from picograph.corpus.scoring import Score, score
from picograph.ontology.errors import InputError, PicographError

MODEL = Path(__file__).parent.parent / "kg" / "extraction" / "model" / "weights"  # ships; learnt from all abstracts
LEARNING = Path(__file__).parent / "weights"  # stays here; learnt from the learning part alone
TABLE = Path(__file__).parent.parent / "docs" / "reading-score.md"


class Scored(NamedTuple):
    """The score of a folder."""

    score: Score
    texts: dict[str, str]  # by the name of the abstract
    learnt: int  # how many of them the model learnt from: figures of those say nothing of abstracts never seen


def score_folder(folder: Path, part: str = "all") -> Scored:
    """Score the reading of a folder.

    :param part: ``all`` abstracts, by the model that ships; or those ``held-back`` by the division of the corpus, by
        the model that learnt from the others
    """
    from picograph.corpus.making import digest, learnt_from, spans
    from picograph.kg.extraction.model.reader import weights_in

    place = MODEL if part == "all" else LEARNING
    weights = weights_in(place)
    texts: dict[str, str] = {}

    def pairs() -> Iterator[tuple[Abstract, Sequence[Span]]]:
        for abstract in read_pairs(folder):
            if part == "all" or held_back(abstract.name):
                for complaint in abstract.complaints:
                    click.echo(f"{abstract.name}: {complaint}", err=True)
                texts[abstract.name] = abstract.text
                yield abstract, spans(abstract.text, weights)

    found = score(pairs())
    if not texts:
        raise InputError(f"no abstract of this folder is in the part {part}", where=str(folder))
    known = set(learnt_from(place)["texts"])
    return Scored(found, texts, sum(digest(text) in known for text in texts.values()))


@click.group()
def main() -> None:
    """Reading abstracts: scores, and the model."""


@main.command("score")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--part",
    type=click.Choice(["all", "held-back"]),
    default="all",
    help="all: by the model that ships. held-back: of its corpus, by a model that learnt from the rest.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def score_command(folder: Path, part: str, form: str) -> None:
    """Score the reading of FOLDER: BRAT pairs, NAME.txt and NAME.ann."""
    alone = not_annotated(folder) if folder.is_dir() else []
    if alone:
        click.echo(f"not annotated, so not scored: {len(alone)} texts ({', '.join(alone[:5])}…)", err=True)
    found, texts, learnt = score_folder(folder, part)
    if form == "json":
        import json

        click.echo(json.dumps({**report.record(found), "learnt_from": learnt}, indent=1))
        return
    if learnt:
        click.echo(f"The model learnt from {learnt} of these abstracts: this says nothing of abstracts never seen.")
    for line in report.lines(found, texts):
        click.echo(line)


@main.command("model")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--to", "place", type=click.Path(path_type=Path), default=MODEL, help="Where the model that ships goes.")
@click.option("--learning", type=click.Path(path_type=Path), default=LEARNING, help="And that of the learning part.")
def model_command(folder: Path, place: Path, learning: Path) -> None:
    """Learn a model from the learning part of FOLDER, and the one that ships from all of it."""
    from picograph.corpus.making import make_model

    def say(line: str) -> None:
        click.echo(line, err=True)

    make_model(folder, learning, say, whole=False)
    make_model(folder, place, say, whole=True)


@main.command("table")
@click.argument("folder", type=click.Path(path_type=Path))
def table_command(folder: Path) -> None:
    """Write the page of figures: of the abstracts held back, and of the cross-validation over all."""
    from picograph.corpus.making import learnt_from, score_of

    held = score_folder(folder, "held-back").score
    learnt = learnt_from(MODEL)
    across = score_of(learnt["figures"], len(learnt["texts"]))
    TABLE.write_text(report.page(held, across), encoding="utf-8")
    for name, each in (("held back", held), ("across folds", across)):
        click.echo(f"{each.abstracts} abstracts {name}:", err=True)
        for line in report.last_lines(each):
            click.echo(line, err=True)


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
