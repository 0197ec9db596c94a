"""Folders of BRAT pairs: a text and, beside it, the annotations that people made in it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from picograph.kg.source import source_text
from picograph.ontology.errors import InputError

_ANNOTATION = re.compile(r"T\S*\t(\S+) (\d+ \d+(?:;\d+ \d+)*)(?:\t(.*))?", re.DOTALL)


class Span(NamedTuple):
    """Characters with a label. A discontinuous annotation has more than one piece."""

    label: str
    pieces: tuple[tuple[int, int], ...]  # each from its first character to the one after its last; in order

    @property
    def start(self) -> int:
        """The first character."""
        return self.pieces[0][0]

    @property
    def end(self) -> int:
        """The character after the last."""
        return self.pieces[-1][1]

    def overlaps(self, other: "Span") -> bool:
        """Say whether the two share a character.

        >>> Span("a", ((0, 3), (8, 9))).overlaps(Span("a", ((3, 8),)))
        False
        """
        return any(low < stop and start < high for low, high in self.pieces for start, stop in other.pieces)

    def words(self, text: str) -> str:
        """Give the words of the span."""
        return " … ".join(text[low:high] for low, high in self.pieces)


class Abstract(NamedTuple):
    """A text with its annotations."""

    name: str  # of the files, without their ending: in PICO-Corpus the PMID
    text: str
    spans: tuple[Span, ...]
    complaints: tuple[str, ...] = ()  # annotations that could not be taken, each with its line


def read_pairs(folder: Path) -> Iterator[Abstract]:
    """Give every annotated text of a folder, by name. A text that has no .ann file beside it was not annotated.

    :raises InputError: if there is no such folder, or no pair in it
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}", remedy="give a folder of BRAT pairs, NAME.txt and NAME.ann")
    found = False
    for path in sorted(folder.glob("*.txt")):
        annotations = path.with_suffix(".ann")
        if annotations.is_file():
            found = True
            yield read_pair(path, annotations)
    if not found:
        raise InputError(
            "no text here has its annotations beside it",
            where=str(folder),
            remedy="give a folder of BRAT pairs, NAME.txt and NAME.ann",
        )


def not_annotated(folder: Path) -> list[str]:
    """Name the texts of a folder that have no annotations beside them."""
    return [path.stem for path in sorted(folder.glob("*.txt")) if not path.with_suffix(".ann").is_file()]


def read_pair(path: Path, annotations: Path) -> Abstract:
    """Read a text and its annotations.

    Characters are counted in the text as `source_text` gives it. Where a file has CR LF or a byte-order mark,
    annotations may have been counted in the file as it is: they are taken the way in which more of their own words fit.

    :raises InputError: if a file is not UTF-8 text
    """
    raw = _decoded(path)
    text = source_text(path.read_bytes())
    lines = [line.rstrip("\r") for line in _decoded(annotations).lstrip("\ufeff").split("\n")]
    spans, words, complaints = [], [], []
    for number, line in enumerate(lines, 1):
        if not line.startswith("T"):
            continue  # relations, events, attributes and notes say nothing about characters
        match = _ANNOTATION.fullmatch(line)
        pieces = tuple(sorted(tuple(map(int, piece.split())) for piece in match[2].split(";"))) if match else ()
        if not match or any(low >= high for low, high in pieces):
            complaints.append(f"line {number}: {line[:60]!r} is not an annotation of a span")
            continue
        spans.append(Span(match[1], pieces))  # type: ignore[arg-type]  # pairs, by the expression
        words.append(match[3])
    if raw != text:
        moved = [_moved(span, raw) for span in spans]
        if _fitting(moved, words, text) > _fitting(spans, words, text):
            spans = moved
    inside = [span for span in spans if span.end <= len(text)]
    complaints += [
        f"{span.label} {span.start}-{span.end} lies outside the text" for span in spans if span not in inside
    ]
    return Abstract(
        path.stem, text, tuple(sorted(set(inside), key=lambda span: (span.pieces, span.label))), tuple(complaints)
    )


def _decoded(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"this is not a text: byte {error.start} is not UTF-8", where=str(path), remedy="save it as UTF-8"
        ) from None


def _moved(span: Span, raw: str) -> Span:
    """Count a span of a file as it is in the text without byte-order mark and with LF alone."""

    def at(place: int) -> int:
        before = raw[:place]
        return place - before.startswith("\ufeff") - before.count("\r\n")

    return span._replace(pieces=tuple((at(low), at(high)) for low, high in span.pieces))


def _fitting(spans: list[Span], words: list[str | None], text: str) -> int:
    """Count the spans whose words are those that the annotation repeats."""
    return sum(
        given is not None and " ".join(text[low:high] for low, high in span.pieces).split() == given.split()
        for span, given in zip(spans, words, strict=True)
    )
