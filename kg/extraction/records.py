"""Records with an abstract -> studies read from its words: for `picograph extract`, and for `load --extract`.

A record of a bibliography gives two studies: what its reader takes from its fields, and what is read from the words of
its abstract. They are two records of one document, each with its own named graph, because the second can be wrong.
"""

import io
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

from msgspec import structs

from picograph.kg import readers
from picograph.kg.extraction.build import read_study, read_with_notes
from picograph.kg.readers import Damaged, Piece
from picograph.kg.report import Report
from picograph.kg.source import source_text
from picograph.kg.study import Study
from picograph.ontology.errors import InputError, PicographError

FORMATS = ("pubmed-xml", "nbib", "ris", "pubmed-text")  # of records that may have an abstract
WORDS = "words of "  # before the name of a format: the abstract of such a record
BARE = WORDS + "a text"  # that is in no format: the abstract itself
Method = Callable[[str, Study | None, str], tuple[Study, list[str]]]  # text, what the reader took, its name


class Read(NamedTuple):
    """A study that was read from an abstract, and the text that its places count in."""

    name: str  # what messages call it
    study: Study
    text: str
    notes: tuple[str, ...] = ()  # what was left out, or is less sure, and why


def pieces(stream: IO[bytes], name: str) -> Iterator[Piece | Damaged]:
    """Take a stream apart as `readers.pieces` does: beside each record that may have an abstract stands its words.

    A text in no format that picograph knows is an abstract.

    :raises InputError: if it is neither

    >>> [each.format for each in pieces(io.BytesIO(b"PMID- 1\\nTI  - One.\\n"), "my.nbib")]
    ['nbib', 'words of nbib']
    >>> [each.format for each in pieces(io.BytesIO(b"Forty patients were treated."), "my.txt")]
    ['words of a text']
    """
    for piece in readers.pieces(stream, name, BARE):
        yield piece
        if isinstance(piece, Piece) and piece.format in FORMATS:
            yield Piece(f"{piece.name}, its words", piece.content, WORDS + piece.format)


def read_words(piece: Piece) -> tuple[Study, str]:
    """Read the words of a record that `pieces` gave, without what its reader takes from its fields.

    :raises InputError: if its reader refuses the record, or if nothing is read in a bare text
    """
    if piece.format == BARE:
        read = _plain(piece.content, piece.name, read_with_notes)
        if not _says_something(read.study):
            raise InputError(
                "the file is in no format that picograph reads, and no fact was found in it as a text",
                where=piece.name,
                remedy="see whether it is the abstract of a study",
            )
        return read.study, read.text
    base, text = _record(piece._replace(format=piece.format.removeprefix(WORDS)))
    study = read_study(text, base, piece.name)
    report = base.report
    bare = Report(doi=report.doi, pmid=report.pmid, pmcid=report.pmcid, evidence=report.evidence)
    return structs.replace(study, report=bare), text


def _record(piece: Piece) -> tuple[Study, str]:
    base, text = readers.read_piece(piece)
    if text is None:
        raise InputError("the record has no text of its own", where=piece.name, remedy="give the record, not its facts")
    return base, text


def studies(content: bytes, name: str, method: Method = read_with_notes) -> Iterator[Read | Damaged]:
    """Read every abstract of a file, one at a time; a bad record is given as its error.

    A file of no format that picograph knows is taken for the abstract itself.

    :raises InputError: if the file holds no abstract: a study file, a record of a registry, no text

    >>> abstract = b"METHODS: Forty patients were treated. RESULTS: Grade 3 diarrhea occurred in 3 of 40 patients."
    >>> [read.study.adverse_events[0].term for read in studies(abstract, "x")]
    ['diarrhea']
    """
    try:
        format_name = readers.detect(content, name)
    except InputError:
        yield _plain(content, name, method)
        return
    if format_name not in FORMATS:
        raise InputError(
            f"a file of format {format_name} has no abstract to read",
            where=name,
            remedy="load it as it is: picograph load FILE",
        )
    for piece in readers.pieces(io.BytesIO(content), name):
        if isinstance(piece, Damaged):
            yield piece
            continue
        try:
            base, text = _record(piece)
            study, notes = method(text, base, piece.name)
            yield Read(piece.name, study, text, tuple(notes))
        except InputError as error:
            yield Damaged(piece.name, error)


def _says_something(study: Study) -> bool:
    """Say whether a study has any fact beside its names and its record."""
    unnamed = structs.replace(study, identifiers=(), secondary_identifiers=())
    return unnamed != Study(key=study.key, record=study.record)


def _plain(content: bytes, name: str, method: Method) -> Read:
    try:
        text = source_text(content)
    except PicographError as error:
        raise InputError(error.what, where=name, remedy="give the abstract as a text file in UTF-8") from None
    if not text.strip():
        raise InputError("the file is empty", where=name, remedy="give the text of the abstract")
    study, notes = method(text, None, name)
    return Read(name, study, text, tuple(notes))
