"""One record -> what a store takes of it: read, linked, derived, checked, and written in N-Quads.

What is here needs no store and holds nothing between two records, so that any number of processes can do it: `load`
calls it in its own process, in others, or on other machines, and it is the same code everywhere.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import IO, Any

import msgspec

from picograph.kg import readers
from picograph.kg.contradictions import Path, Problem, path_text
from picograph.kg.derivation import derive
from picograph.kg.identity import with_stated_key
from picograph.kg.joining import Entry, entry_of, key_alone, stored_entry
from picograph.kg.linking import fingerprint, link, open_linker, unmatched
from picograph.kg.linking.doubts import doubts
from picograph.kg.readers import Damaged, Piece, study_file
from picograph.kg.source import Place, Record, Source
from picograph.kg.store.base import GraphText
from picograph.kg.study import Study, rekey
from picograph.kg.triples import Written, names_of, write
from picograph.kg.validation import check, errors
from picograph.ontology.errors import EvidenceError, InputError, PicographError, RecordError

FindText = Callable[[str], str | None]  # by SHA-256


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """A record that was read and may be stored."""

    name: str  # what messages call it
    graph: GraphText
    checksum: str  # of the graph's content
    study: str
    entry: Entry  # what it says of itself
    source: Source
    text: str | None  # of the source, where it is at hand and is still to be kept
    text_kept: bool = False
    facts: dict[str, int]  # parts by their class
    triples: int
    made_from: str  # the checksum of what it was made from; empty where that is more than the record
    places: int
    unmatched: tuple[str, ...]
    cautions: tuple[str, ...]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A record that refers to a text which is not at hand: it may come with another record."""

    piece: Piece
    record: Record


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A record that was not taken, and why."""

    name: str
    error: PicographError
    source: Source | None = None  # None: it could not be read that far


Result = Mapped | Waiting | Refused


@cache
def stamp() -> str:
    """Give the checksum of what maps: of this program's own code and vocabularies.

    A record that another version mapped is mapped again, so that nothing old is taken for what this one would say.
    """
    found = hashlib.sha256()

    def walk(folder: Any) -> None:
        for each in sorted(folder.iterdir(), key=lambda each: each.name):
            if each.is_dir():
                walk(each)
            elif each.name.endswith((".py", ".tsv", ".ttl", ".toml")):
                found.update(each.name.encode() + each.read_bytes())

    for room in ("kg", "ontology"):
        walk(files("picograph") / room)
    return found.hexdigest()


def input_checksum(piece: Piece, lexicon: str = "") -> str:
    """Know what a graph is made from: the bytes of the record, its format, and what maps it.

    :param lexicon: whose names are linked, as `picograph.kg.linking.make_ready` gives it
    """
    found = hashlib.sha256(f"{stamp()} {piece.format} {fingerprint(lexicon)}\n".encode())
    found.update(piece.content)
    return found.hexdigest()


def where(piece: Piece, path: Path) -> str:
    """Say where in a record a path of its study stands."""
    if piece.format == "study-file":
        return study_file.where(piece.content, piece.name, path)
    return f"{piece.name}, {path_text(path)}"


def text_for(piece: Piece, record: Record, find_text: FindText) -> str | None:
    """Find the text that the places of a record refer to.

    :raises EvidenceError: if it has another length than the record says
    """
    text = find_text(record.source.sha256)
    if text is not None and record.source.characters not in (None, len(text)):
        raise EvidenceError(
            f"the text has {len(text)} characters, and the file says {record.source.characters}",
            where=where(piece, ("record", "source", "characters")),
            remedy=f"write characters: {len(text)}",
        )
    return text


def _place(study: Study, path: Path) -> Place | None:
    """Find where in the source a path of a study was read: at the place that has the field's name, if one has."""
    thing: Any = study
    places: tuple[Place, ...] = ()
    for step in path:
        thing = thing[step] if isinstance(step, int) else getattr(thing, step, None)
        places = getattr(thing, "evidence", ()) or places
    name = next((step for step in reversed(path) if isinstance(step, str)), "").replace("_", "")
    named = (place for place in places if place.pointer and place.pointer.casefold().endswith(name))
    return next(named, places[0] if places else None)


def _refuse(piece: Piece, study: Study, problems: list[Problem]) -> None:
    refused: list[PicographError] = []
    for problem in errors(problems):
        told, place = where(piece, problem.path), _place(study, problem.path)
        if place is not None and place.pointer is not None and piece.format != "study-file":  # which says its line
            told = f"{piece.name} (#{place})"
        pointer = None if place is None else str(place)
        refused.append(InputError(problem.what, where=told, remedy=problem.remedy, pointer=pointer))
    if refused:
        raise RecordError(refused)


def prepare(
    piece: Piece, study: Study, text: str | None, *, as_stored: bool = False, lexicon: str = ""
) -> tuple[Study, tuple[str, ...]]:
    """Link a study, check it, and add its derived numbers; gives it with what to be cautious of.

    :param as_stored: only check it: it was stored before, linked and with its derived numbers
    :param lexicon: whose names are linked, as `picograph.kg.linking.make_ready` gives it
    :raises RecordError: if its facts cannot all be true
    """
    study = study if as_stored else link(with_stated_key(study), open_linker(lexicon))
    problems = check(study, text)
    _refuse(piece, study, problems)
    cautions = tuple(
        f"{problem.what} ({where(piece, problem.path)})" for problem in problems if problem.severity == "caution"
    )
    cautions += tuple(f"{doubt.what} ({where(piece, doubt.path)})" for doubt in doubts(study))
    return (study if as_stored else derive(study)), cautions


def graph_text(study: Study, made_from: str = "") -> tuple[GraphText, Written]:
    """Write the graph of a study as it is stored; gives it with what else was found in writing."""
    written = write(study, made_from)
    rows = None if written.rows is None else {"parts": written.rows}
    return GraphText(names_of(study).record, written.lines, rows), written


def map_study(
    piece: Piece, study: Study, text: str | None, made_from: str = "", *, as_stored: bool = False, lexicon: str = ""
) -> Mapped:
    """Map a study that was read.

    :param text: what its places refer to, where it is at hand
    :param made_from: the `input_checksum`, where the record alone decides what its graph says
    :param as_stored: it was stored before: linked, with its derived numbers, under a key that others may have given it
    :raises RecordError: if its facts cannot all be true
    """
    study, cautions = prepare(piece, study, text, as_stored=as_stored, lexicon=lexicon)
    own = stored_entry(study) if as_stored else entry_of(study)
    study = rekey(study, key_alone(own))  # which it is of as a rule: `filing` sees to the others
    graph, written = graph_text(study, made_from)
    return Mapped(
        name=piece.name,
        graph=graph,
        checksum=written.checksum,
        study=study.key,
        entry=own,
        source=study.record.source,
        text=text,
        facts=written.facts,
        triples=written.triples,
        made_from=made_from,
        places=written.places,
        unmatched=tuple(unmatched(study)),
        cautions=cautions,
    )


def pieces_of(stream: IO[bytes], name: str, *, extract: bool = False) -> Iterator[Piece | Damaged]:
    """Take a stream apart into what is to be mapped: records, and with ``extract`` the words of their abstracts too.

    :raises InputError: if it is of no known format
    """
    if not extract:
        return readers.pieces(stream, name)
    from picograph.kg.extraction.records import pieces

    return pieces(stream, name)


def _read(piece: Piece) -> tuple[Study, str | None]:
    """Read a record, or the words of its abstract."""
    if not piece.format.startswith("words of "):
        return readers.read_piece(piece)
    from picograph.kg.extraction.records import read_words

    return read_words(piece)


def _map_stored(piece: Piece, find_text: FindText) -> Mapped:
    """Map a record from a dump."""
    from picograph.kg.readers.rdf_dump import read_stored

    stored = read_stored(piece.content, piece.name)
    text = text_for(piece, stored.study.record, find_text)
    return map_study(piece, stored.study, text, stored.made_from, as_stored=True)


def map_piece(piece: Piece, find_text: FindText, lexicon: str = "") -> Result:
    """Map one record. Whatever is wrong with it is what is given back.

    :param find_text: gives the texts that are at hand, for records that refer to another file
    :param lexicon: whose names are linked, as `picograph.kg.linking.make_ready` gives it
    """
    source = None
    try:
        if piece.format == "rdf":
            return _map_stored(piece, find_text)
        study, text = _read(piece)
        source = study.record.source
        if text is not None:
            return map_study(piece, study, text, input_checksum(piece, lexicon), lexicon=lexicon)
        text = text_for(piece, study.record, find_text)
        if text is None and source.characters is not None:
            return Waiting(piece=piece, record=study.record)
        return map_study(piece, study, text, lexicon=lexicon)
    except PicographError as error:
        return Refused(name=piece.name, error=error, source=source)
    except Exception as error:  # one record that we fail on must not end the load of the others
        said = f"{type(error).__name__}: {error}"
        what = f"picograph fails on this record, which is a mistake of picograph ({said[:200]})"
        fault = InputError(what, where=piece.name, remedy="report it, with the record")
        return Refused(name=piece.name, error=fault, source=source)


def map_alone(piece: Piece) -> Mapped | Refused:
    """Map a record whose text is not at hand, and will not be: its places are not looked up in it."""
    try:
        study, text = readers.read_piece(piece)
        return map_study(piece, study, text)
    except PicographError as error:
        return Refused(name=piece.name, error=error)


def map_all(pieces: Iterable[Piece], find_text: FindText, lexicon: str = "") -> list[Result]:
    """Map many records, in their order."""
    return [map_piece(piece, find_text, lexicon) for piece in pieces]
