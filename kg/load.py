"""The pipeline: record -> Study -> linked, derived, checked -> triples -> store.

Records are read and checked before anything is written. A bad one is refused with its reasons, the good ones beside it
are stored; each record becomes one named graph, replaced whole, and left alone where nothing in it has changed.

Any number of records may be given: they are read, mapped and written a batch at a time, and a batch is written whole or
not at all. What a kill leaves is every batch before the one under way; loading again goes on from there, because a
record that is in, made from the same bytes by the same program, is not even read.
"""

import hashlib
import io
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path as FilePath
from typing import IO, NamedTuple
from typing import Literal as OneOf

import msgspec
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions

from picograph.kg import mapping, readers
from picograph.kg.filing import Filing, Moved
from picograph.kg.joining import alone
from picograph.kg.mapping import Mapped, Refused, Result, Waiting
from picograph.kg.model import PG
from picograph.kg.readers import Damaged, Piece
from picograph.kg.records import known_sources
from picograph.kg.source import Source, source_text
from picograph.kg.splits import Splits
from picograph.kg.store import Store
from picograph.kg.study import Study, rekey
from picograph.kg.triples import source_sha256, study_key
from picograph.ontology.errors import EvidenceError, InputError, PicographError


class Input(NamedTuple):
    """A record to load: its name, for messages, and its bytes."""

    name: str
    content: bytes

    @classmethod
    def from_path(cls, path: str | FilePath) -> "Input":
        """Read a file.

        :raises InputError: if it cannot be read
        """
        try:
            return cls(str(path), FilePath(path).read_bytes())
        except (OSError, ValueError) as error:
            raise _unreadable(str(path), error) from None


class Stream(NamedTuple):
    """Records to load from a stream, which need not be seekable: its name, for messages, and the stream."""

    name: str
    stream: IO[bytes]


Given = Input | Stream | str | FilePath


def _unreadable(name: str, error: Exception) -> InputError:
    said = getattr(error, "strerror", None) or str(error)
    return InputError(f"the file cannot be read: {said}", where=name, remedy="see whether the path is right")


Outcome = OneOf["added", "replaced", "unchanged", "refused", "moved"]


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one record."""

    name: str
    outcome: Outcome
    study: str | None = None
    record: str | None = None  # the named graph
    facts: dict[str, int] = {}  # parts by their class
    triples: int = 0
    places: int = 0
    source_at_hand: bool = False
    unmatched: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    error: PicographError | None = None
    was: str | None = None  # of a record of the store that moved: the study that it was of until now
    mapped: bool = True  # False: it is in, made from the same bytes, and was not looked at again


Progress = Callable[[str, int], None]  # the name of an input, and how many bytes of it have been read

CHUNK_RECORDS, CHUNK_BYTES = 64, 1 << 20  # what is mapped at once
BATCH_RECORDS, BATCH_BYTES, BATCH_SECONDS = 5_000, 1 << 26, 30  # what is written at once: records, N-Quads, waiting


def words_graphs() -> dict[str, list[Quad]]:
    """Give the graphs that every store holds besides records: the ontology and the vocabularies that ship."""
    from picograph.ontology import concepts, terms

    graph, quads = terms.ontology_quads()
    return {graph: [*quads, _stated_checksum(graph, quads)], **concepts.vocabulary_quads()}


def _stated_checksum(graph: str, quads: Sequence[Quad]) -> Quad:
    node = NamedNode(graph)
    checksum = hashlib.sha256("\n".join(sorted(map(str, quads))).encode()).hexdigest()
    return Quad(node, NamedNode(PG + "contentChecksum"), Literal(checksum), node)


def checksum_of(graph: str, quads: Sequence[Quad]) -> str | None:
    """Give the checksum that a graph states of itself."""
    for quad in quads:
        if quad.predicate.value == PG + "contentChecksum" and quad.subject == NamedNode(graph):
            return quad.object.value if isinstance(quad.object, Literal) else None
    return None


class _Batch:
    """Records that are to be written together."""

    def __init__(self) -> None:
        self.records: list[tuple[int, Mapped]] = []
        self.size = 0
        self.since = time.monotonic()

    def add(self, index: int, mapped: Mapped) -> None:
        self.records.append((index, mapped))
        self.size += len(mapped.graph.lines)

    def is_full(self) -> bool:
        waited = time.monotonic() - self.since
        return self.size >= BATCH_BYTES or len(self.records) >= BATCH_RECORDS or waited >= BATCH_SECONDS


class _Load:
    """One load: what it has met, and what is waiting to be written."""

    def __init__(
        self,
        store: Store,
        sources: Iterable[Input | str | FilePath],
        jobs: int,
        progress: Progress | None,
        splits: Splits | None,
    ) -> None:
        self.store, self.jobs, self.progress = store, jobs, progress
        self.filing = Filing(store, splits)
        self.reader = store.reader()  # sees the store as it was before
        self.batch = _Batch()
        self.waiting: IO[bytes] | None = None  # records that wait for a text, on disk
        self.given: dict[str, str] = {}  # texts that were given as sources, by SHA-256
        self.spare: dict[str, str] | None = {}  # their names, where no record refers to them; None: that is not known
        for source in map(_input, sources):
            text = _source(source)
            self.given[sha256 := store.sources.offer(text)] = text
            self.spare[sha256] = source.name

    def run(self, inputs: Iterable[Given]) -> Iterator[tuple[int, "Loaded"]]:
        """Load; gives each record with its number, when it is written or refused."""
        try:
            yield from map(_moved, self.filing.resplit())
            with ExitStack() as stack:
                yield from self._run(inputs, stack)
            yield from self._write_all()
            for index, waiting in self._waited():
                result = self._map_waiting(waiting)
                if isinstance(result, Refused):
                    yield index, Loaded(name=result.name, outcome="refused", error=result.error)
                    continue
                self.batch.add(index, result)
                if self.batch.is_full():
                    yield from self._write_all()
            yield from self._write_all()
        finally:
            self.reader.close()
            if self.waiting is not None:
                self.waiting.close()

    def _run(self, inputs: Iterable[Given], stack: ExitStack) -> Iterator[tuple[int, "Loaded"]]:
        """Load what waits for nothing. With several jobs a batch is written while the next ones are read and mapped."""
        writer = stack.enter_context(ThreadPoolExecutor(1)) if self.jobs > 1 else None
        written: Future[list[tuple[int, Loaded]]] | None = None
        for index, result in self._mapped(inputs, stack):
            if isinstance(result, Loaded):
                yield index, result
            elif isinstance(result, Refused):
                self._met(result.source)
                yield index, Loaded(name=result.name, outcome="refused", error=result.error)
            elif isinstance(result, Waiting):
                self._met(result.record.source)
                self._wait(index, result)
            else:
                self._met(result.source)
                self.batch.add(index, result)
            if not self.batch.is_full():
                continue
            if writer is None:
                yield from self._write_all()
                continue
            if written is not None:
                yield from written.result()
            written = writer.submit(self._write, self.batch)
            self.batch = _Batch()
        if written is not None:
            yield from written.result()

    # Reading and mapping ----------------------------------------------------------------------------------------------

    def _mapped(self, inputs: Iterable[Given], stack: ExitStack) -> Iterator[tuple[int, "Result | Loaded"]]:
        chunks = self._chunks(enumerate(self._pieces(inputs)))
        if self.jobs == 1:
            for done, pieces in chunks:
                yield from done
                for index, piece in pieces:
                    yield index, mapping.map_piece(piece, self.store.sources.get)
            return
        from picograph.kg.workers import Workers

        workers = stack.enter_context(Workers(self.jobs, self.store.sources.folder))
        apart = (((done, [index for index, _ in pieces]), [piece for _, piece in pieces]) for done, pieces in chunks)
        for (done, indexes), results in workers.map(apart):
            yield from done
            yield from zip(indexes, results, strict=True)

    def _pieces(self, inputs: Iterable[Given]) -> Iterator[Piece | Damaged]:
        """Give every record of every input, or what is wrong with it: a file may hold many."""
        for each in inputs:
            name = each.name if isinstance(each, Input | Stream) else str(each)
            try:
                with _opened(each) as stream:
                    for piece in readers.pieces(stream, name):
                        yield piece
                        if self.progress:
                            self.progress(name, stream.tell() if stream.seekable() else 0)
            except PicographError as error:
                yield Damaged(name, error)
            except OSError as error:
                yield Damaged(name, _unreadable(name, error))

    def _chunks(
        self, pieces: Iterable[tuple[int, Piece | Damaged]]
    ) -> Iterator[tuple[list[tuple[int, "Refused | Loaded"]], list[tuple[int, Piece]]]]:
        """Give records in chunks: what is known of some without mapping them, and those that are to be mapped."""
        chunk: list[tuple[int, Piece]] = []
        done: list[tuple[int, Refused | Loaded]] = []
        size = 0
        for index, piece in pieces:
            if isinstance(piece, Damaged):
                done.append((index, Refused(name=piece.name, error=piece.error)))
            else:
                chunk.append((index, piece))
                size += len(piece.content)
            if size >= CHUNK_BYTES or len(chunk) + len(done) >= CHUNK_RECORDS:
                yield self._without_held(chunk, done)
                chunk, done, size = [], [], 0
        if chunk or done:
            yield self._without_held(chunk, done)

    def _without_held(
        self, chunk: list[tuple[int, Piece]], done: list[tuple[int, "Refused | Loaded"]]
    ) -> tuple[list[tuple[int, "Refused | Loaded"]], list[tuple[int, Piece]]]:
        """Take out of a chunk the records that are in, made from the same bytes, with their texts at hand."""
        sums = {index: mapping.input_checksum(piece) for index, piece in chunk}
        held = self.reader.held(list(sums.values())) if chunk else {}
        left = []
        for index, piece in chunk:
            record = held.get(sums[index])
            if record is None or not self.store.sources.holds(sha256 := source_sha256(record.source)):
                left.append((index, piece))
                continue
            self._met(Source(sha256=sha256))
            study = study_key(record.study)
            known = Loaded(
                name=piece.name,
                outcome="unchanged",
                study=study,
                record=record.graph,
                source_at_hand=True,
                mapped=False,
            )
            done.append((index, known))
        return done, left

    # Records that wait for a text -------------------------------------------------------------------------------------

    def _met(self, source: Source | None) -> None:
        """Note that a record refers to a source. Of a record that could not be read that is not known."""
        if source is None:
            self.spare = None
        elif self.spare:
            self.spare.pop(source.sha256, None)

    def _wait(self, index: int, waiting: Waiting) -> None:
        if self.waiting is None:
            self.waiting = tempfile.TemporaryFile()  # noqa: SIM115 - `run` closes it
        pickle.dump((index, waiting), self.waiting)

    def _waited(self) -> Iterator[tuple[int, Waiting]]:
        if self.waiting is None:
            return
        self.waiting.seek(0)
        while True:
            try:
                yield pickle.load(self.waiting)
            except EOFError:
                return

    def _map_waiting(self, waiting: Waiting) -> Mapped | Refused:
        """Map a record whose text may have come with another record, or not at all."""
        piece, record = waiting.piece, waiting.record
        try:
            text = mapping.text_for(piece, record, self.store.sources.get)
            if text is None:
                self._refuse_strange(piece, record.document, record.source.sha256)
            study, _ = readers.read_piece(piece)
            return mapping.map_study(piece, study, text)
        except PicographError as error:
            return Refused(name=piece.name, error=error, source=record.source)

    def _refuse_strange(self, piece: Piece, document: str, sha256: str) -> None:
        """Refuse a record whose text is not at hand while another text of its document is, or while one was given.

        :raises EvidenceError: then
        """
        where = mapping.where(piece, ("record", "source", "sha256"))
        others = _known_texts(self.store, document) | known_sources().get(document, frozenset())
        if others and sha256 not in others:
            raise EvidenceError(
                f"the checksum {sha256[:12]}… is of no text known for {document}",
                where=where,
                remedy=f"the text known has {min(others)}: take the positions from it, or give your text with --source",
            )
        if self.spare:
            given, name = min(self.spare.items())
            raise EvidenceError(
                f"the text given as source has the checksum {given[:12]}…, and the file says {sha256[:12]}…",
                where=f"{name}; {where}",
                remedy=f"give the text that the positions were counted in, or write sha256: {given}",
            )

    # Writing ----------------------------------------------------------------------------------------------------------

    def _write_all(self) -> list[tuple[int, "Loaded"]]:
        """Write what is waiting to be written."""
        batch, self.batch = self.batch, _Batch()
        return self._write(batch)

    def _write(self, batch: _Batch) -> list[tuple[int, "Loaded"]]:
        """Write a batch, whole or not at all; gives what became of its records.

        :raises StoreError: if the store cannot be written
        """
        if not batch.records:
            return []
        words = words_graphs()
        held = self.store.checksums([*{mapped.graph.name for _, mapped in batch.records}, *words])
        filed = self.filing.file([mapped for _, mapped in batch.records])
        changes = {each.rekey.record: each.graph for each in filed.moved}
        inputs: dict[str, str] = {}
        done = []
        for (index, _), mapped in zip(batch.records, filed.records, strict=True):
            record = mapped.graph.name
            outcome: Outcome = "added" if record not in held else "replaced"
            if held.get(record) == mapped.checksum:
                outcome = "unchanged"
            # a record made again from other bytes, or by another program, is known by them from now on
            if outcome != "unchanged" or (mapped.made_from and inputs.get(record) != mapped.made_from):
                changes[record] = mapped.graph
                inputs[record] = mapped.made_from
                held[record] = mapped.checksum
            done.append((index, _loaded(mapped, outcome)))
        for _, mapped in batch.records:  # texts are kept before the records that refer to them
            if mapped.text is not None:
                self.store.sources.put(mapped.text)
        new_words = {graph: quads for graph, quads in words.items() if held.get(graph) != checksum_of(graph, quads)}
        if changes or new_words:
            with self.store.write() as writer:
                for graph, quads in new_words.items():
                    writer.replace(graph, quads)
                writer.put(list(changes.values()), self.jobs)
        return done + list(map(_moved, filed.moved))


def load_each(
    store: Store,
    inputs: Iterable[Given],
    *,
    sources: Iterable[Input | str | FilePath] = (),
    jobs: int = 1,
    splits: Splits | None = None,
    progress: Progress | None = None,
) -> Iterator[Loaded]:
    """Load any number of records, in memory that does not grow with it; gives each when it is written or refused.

    :param inputs: files, streams, or named bytes; the format is told from the content
    :param sources: texts that study files refer to, where they are not loaded themselves
    :param jobs: how many processes read and map
    :param splits: what is not one study, from now on; None: what the store remembers of earlier loads
    :param progress: told how much of each input has been read
    :raises StoreError: if the store cannot be written; it then holds what was given before, and nothing else
    """
    for _, loaded in _Load(store, sources, jobs, progress, splits).run(inputs):
        yield loaded


def load(
    store: Store,
    inputs: Iterable[Given],
    *,
    sources: Iterable[Input | str | FilePath] = (),
    jobs: int = 1,
    splits: Splits | None = None,
) -> list[Loaded]:
    """Load records into a store.

    :param inputs: files, streams, or named bytes; the format is told from the content
    :param sources: texts that study files refer to, where they are not loaded themselves
    :param jobs: how many processes read and map
    :param splits: what is not one study, from now on; None: what the store remembers of earlier loads
    :returns: one line for each record of each input, in their order; a refused one carries its error. Then one for each
        record of the store that is of another study from now on
    :raises StoreError: if the store cannot be written

    >>> from picograph.kg.store import open_store
    >>> [loaded] = load(open_store(":memory:"), [example()])
    >>> loaded.outcome, loaded.study
    ('added', 'doi:10.1016/j.ijrobp.2014.01.017')
    """
    done = list(_Load(store, sources, jobs, None, splits).run(inputs))
    return [loaded for _, loaded in sorted(done, key=lambda each: each[0])]


_TEXTS_OF = f"""
SELECT DISTINCT ?sum WHERE {{
  GRAPH ?record {{
    ?record <{PG}documentKey> %s ; <http://www.w3.org/ns/prov#wasDerivedFrom> ?source .
    ?source <{PG}sha256> ?sum ; <{PG}characters> ?length .
  }}
}}"""


def _known_texts(store: Store, document: str) -> set[str]:
    """Give the checksums of the texts of a document that are at hand."""
    if not store.checksums():
        return set()
    rows = store.query(_TEXTS_OF % Literal(document))
    assert isinstance(rows, QuerySolutions)
    found = {row["sum"].value for row in rows if isinstance(row["sum"], Literal)}
    return {sha256 for sha256 in found if store.sources.get(sha256)}


def _opened(given: Given) -> IO[bytes]:
    """Open an input.

    :raises InputError: if it cannot be read
    """
    if isinstance(given, Input):
        return io.BytesIO(given.content)
    if isinstance(given, Stream):
        return given.stream
    try:
        return FilePath(given).open("rb")
    except (OSError, ValueError) as error:
        raise _unreadable(str(given), error) from None


def _source(given: Input) -> str:
    try:
        return source_text(given.content)
    except InputError as error:
        raise InputError(error.what, where=given.name, remedy=error.remedy) from None


def _input(given: Input | str | FilePath) -> Input:
    return given if isinstance(given, Input) else Input.from_path(given)


def _loaded(mapped: Mapped, outcome: Outcome) -> Loaded:
    return Loaded(
        name=mapped.name,
        outcome=outcome,
        study=mapped.study,
        record=mapped.graph.name,
        facts=mapped.facts,
        triples=mapped.triples,
        places=mapped.places,
        source_at_hand=mapped.text is not None,
        unmatched=mapped.unmatched,
        cautions=mapped.cautions,
    )


_LAST = sys.maxsize  # the number of what is told after all records


def _moved(each: Moved) -> tuple[int, Loaded]:
    """Say what became of a record of the store that is of another study from now on."""
    document, old, new = each.rekey.document, each.rekey.old, each.rekey.new
    loaded = Loaded(
        name=document, outcome="moved", study=new, was=old, record=each.graph.name, triples=each.triples, mapped=False
    )
    return _LAST, loaded


def read_study(path: str | FilePath) -> Study:
    """Read one record into a typed study, linked and with its derived numbers, without a store.

    :raises InputError: if it is not a record, or its facts cannot all be true
    """
    given = Input.from_path(path)
    piece = Piece(given.name, given.content, readers.detect(given.content, given.name))
    study, text = readers.read_piece(piece)
    study = mapping.prepare(piece, study, text)[0]
    return rekey(study, alone(study))


def example() -> Input:
    """Give the study that ships, as something to load."""
    from picograph.kg.records import shipped

    name, content = next(iter(shipped().items()))
    return Input(name, content)
