"""Abstracts into study files."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from picograph.commands.terminal import Format, columns_of, debug_option, out, print_rows, say, width
from picograph.ontology.errors import InputError, PicographError, UsageError

if TYPE_CHECKING:
    from picograph.kg.extraction.records import Method, Read
    from picograph.kg.source import Place

FORMATS = ("yaml", "json", "table", "tsv", "csv")
METHODS = ("rule", "model", "llm")


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--into", metavar="FOLDER", help="Write study files there; needed for more than one abstract.")
@click.option(
    "--format",
    "form",
    type=Format(FORMATS),
    default="yaml",
    help="A study file, or its facts as rows.  [default: yaml]",
)
@click.option(
    "--method",
    type=Format(METHODS),
    default="rule",
    help="What reads: rules, the model that ships, or a language model (llm).  [default: rule]",
)
@click.option("--endpoint", metavar="URL", help="The OpenAI-compatible server of the model: http://HOST/v1.")
@click.option("--model", metavar="NAME", help="The model, as the server calls it.")
@click.option("--timeout", type=float, metavar="SECONDS", help="For one answer of the model.  [default: 120]")
@debug_option
def extract(
    files: tuple[str, ...],
    into: str | None,
    form: str,
    method: str,
    endpoint: str | None,
    model: str | None,
    timeout: float | None,
) -> None:
    """Read the facts of an abstract into a study file, each with its places, ready to correct.

    FILE is a record of PubMed (XML, NBIB, or its text), or the abstract as plain text; - is standard input. Each fact
    has its places and says how sure it is; what the words leave open keeps its readings. Correct the file, write
    `method: curated` into it, and load it with its text: picograph load STUDY.yaml --source FILE.

    With --method model the facts are those that a model, learnt from annotated abstracts, is sure of; it takes what
    picograph[model] installs. With --method llm the text is sent to the server that --endpoint names, and to no
    other, and must bear out every fact that comes back; the key is in the environment variable PICOGRAPH_LLM_KEY.
    """
    refused = 0
    found = _studies(files, _reading(method, endpoint, model, timeout))
    first = next(found, None)
    second = next(found, None) if into is None and form in ("yaml", "json") else None
    if second is not None:
        raise UsageError(
            "there is more than one abstract, and a study file holds one study",
            where="picograph extract",
            remedy="name a folder for the study files: --into FOLDER",
        )
    folder = _folder(into) if into is not None else None
    printed: list[Read] = []
    while first is not None:
        if isinstance(first, PicographError):
            say(f"Error: {first}")
            refused = max(refused, first.exit_code)
            first = next(found, None)
            continue
        say(*(f"{first.name}: {note}" for note in first.notes))
        if folder is not None:
            _write(folder, first, form)
        elif form in ("yaml", "json"):
            out(_written(first, form).removesuffix("\n"))
        else:
            printed.append(first)
        first = next(found, None)
    if printed:
        _print(printed, form)
    sys.exit(refused)


def _reading(method: str, endpoint: str | None, model: str | None, timeout: float | None) -> "Method":
    """Give what reads an abstract."""
    if method == "llm":
        from picograph.kg.extraction.llm import Model

        return Model.named(endpoint, model, timeout).read_with_notes
    for name, value in (("--endpoint", endpoint), ("--model", model), ("--timeout", timeout)):
        if value is not None:
            raise UsageError(f"{name} is for a model", where="picograph extract", remedy="add --method llm")
    if method == "model":
        from picograph.kg.extraction.model import study as learnt

        return learnt.read_with_notes
    from picograph.kg.extraction.build import read_with_notes

    return read_with_notes


def _studies(files: tuple[str, ...], method: "Method") -> "Iterator[Read | PicographError]":
    """Read every abstract of every file; what is wrong with one is given as its error."""
    from picograph.kg.extraction.records import Read, studies
    from picograph.kg.load import Input

    for name in files:
        try:
            given = Input("standard input", sys.stdin.buffer.read()) if name == "-" else Input.from_path(name)
            for each in studies(given.content, given.name, method):
                yield each if isinstance(each, Read) else each.error
        except PicographError as error:
            yield error


def _folder(name: str) -> Path:
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder cannot be made: {error.strerror}", where=name, remedy="name another") from None
    return folder


def _written(read: "Read", form: str) -> str:
    from picograph.kg.readers import study_file

    if form == "yaml":
        return study_file.write(read.study)
    import msgspec

    return msgspec.json.format(msgspec.json.encode(read.study, enc_hook=str), indent=2).decode() + "\n"


def _write(folder: Path, read: "Read", form: str) -> None:
    """Write a study file under a name made of the study's key, and say which."""
    from picograph.kg.extraction.places import slug
    from picograph.queries.exports import write_whole

    ending = form if form in ("yaml", "json") else "yaml"
    path = folder / f"{slug(read.study.record.document)}.{ending}"
    write_whole(str(path), [_written(read, ending).encode()])
    out(str(path))


def _print(reads: "list[Read]", form: str) -> None:
    from picograph.queries import show

    texts = {read.study.record.source.sha256: read.text for read in reads}

    def words(sha256: str, place: "Place") -> str | None:
        return place.words(texts[sha256])

    shown = [(read.study, show.lines(read.study)) for read in reads]
    if form != "table":
        print_rows(columns_of(**dict.fromkeys(show.COLUMNS, "text")), list(show.rows(shown, words)), form)
        return
    for index, (study, lines) in enumerate(shown):
        out("\n" * bool(index) + "\n".join(show.heading(study, width())))
        for line in show.text(lines, width(), words):
            out(line)
