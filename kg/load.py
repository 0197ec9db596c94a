"""The pipeline: record -> Study -> linked, derived, checked -> triples -> store.

Records are read and checked before anything is written. A bad one is refused with its reasons, the good ones beside it
are stored; each record becomes one named graph, replaced whole, and left alone where nothing in it has changed.

Any number of records may be given: they are read, mapped and written a batch at a time, and a batch is written whole or
not at all. What a kill leaves is every batch before the one under way; loading again goes on from there, because a
record that is in, made from the same bytes by the same program, is not mapped again.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from picograph.kg import mapping, readers
from picograph.kg.batches import MOST_THREADS, Batch, Loaded, move, refusal, write
from picograph.kg.filing import Filing
from picograph.kg.inputs import Given, Input, Stream, example, name_of, opened, size_of, text_of, unreadable
from picograph.kg.joining import alone
from picograph.kg.linking import make_ready
from picograph.kg.mapping import Refused, Result, Waiting, pieces_of
from picograph.kg.processes import share_memory
from picograph.kg.readers import Damaged, Piece
from picograph.kg.source import Source
from picograph.kg.splits import Splits
from picograph.kg.store import Store
from picograph.kg.store.base import check_open
from picograph.kg.study import Study, rekey
from picograph.kg.triples import source_sha256, study_key
from picograph.kg.waiting import Queue
from picograph.ontology.errors import PicographError

__all__ = ["Given", "Input", "Loaded", "Progress", "Stream", "example", "load", "load_each", "read_study"]

Progress = Callable[[int], None]  # told at each record how many bytes more have been read

CHUNK_RECORDS, CHUNK_BYTES = 32, 1 << 20  # what is mapped at once


_GROWS = 8  # bytes of N-Quads for one of a record, about: 10 for one of the registry, 5 for an article
_FEW = 1 << 30  # bytes of N-Quads that the engine puts in order at the end


class _Load:
    """One load: what it has met, and what is waiting to be written."""

    def __init__(
        self,
        store: Store,
        sources: Iterable[Input | str | Path],
        jobs: int,
        progress: Progress | None,
        splits: Splits | None,
        extract: bool = False,
    ) -> None:
        self.store, self.jobs, self.progress, self.extract = store, jobs, progress, extract
        self.filing = Filing(store, splits)
        self.reader = store.reader()  # sees the store as it was before
        self.threads = min(jobs, MOST_THREADS)
        self.batch = Batch()
        given = {}
        for source in sources:
            name, text = text_of(source)
            given[store.sources.offer(text)] = name
        self.lexicon = make_ready(self.reader.words)
        self.queue = Queue(store, given, self.lexicon)

    def run(self, inputs: Iterable[Given]) -> Iterator[Loaded]:
        """Load; gives each record when it is written or refused."""
        share_memory()
        try:
            size = size_of(inputs)
            with self.store.many_writes(few=size is not None and size * _GROWS < _FEW):
                yield from self._run_all(inputs)
        finally:
            self.reader.close()
            self.queue.close()

    def _run_all(self, inputs: Iterable[Given]) -> Iterator[Loaded]:
        yield from map(move, self.filing.resplit())
        with ExitStack() as stack:
            yield from self._run(inputs, stack)
        for number, waiting in self.queue.records():
            result = self.queue.map(waiting)
            if isinstance(result, Refused):
                yield refusal(number, result)
                continue
            self.batch.add(number, result)
            if self.batch.is_full():
                yield from self._write()
        yield from self._write()
        self.store.settle()

    def _run(self, inputs: Iterable[Given], stack: ExitStack) -> Iterator[Loaded]:
        """Load what waits for nothing. With several jobs a batch is written while the next ones are read and mapped."""
        writer = stack.enter_context(ThreadPoolExecutor(1)) if self.jobs > 1 else None
        written: Future[list[Loaded]] | None = None
        for number, result in self._mapped(inputs, stack):
            if isinstance(result, Loaded):
                yield result
            elif isinstance(result, Refused):
                self.queue.met(result.source)
                yield refusal(number, result)
            elif isinstance(result, Waiting):
                self.queue.met(result.record.source)
                self.queue.put(number, result)
            else:
                self.queue.met(result.source)
                self.batch.add(number, result)
            if not self.batch.is_full():
                continue
            if writer is None:
                yield from self._write()
                continue
            if written is not None:
                yield from written.result()
            written = writer.submit(write, self.store, self.filing, self.batch, self.threads)
            self.batch = Batch()
        self.reader.close()  # or the generation that it sees stays on disk until somebody writes again
        if written is not None:
            yield from written.result()
        yield from self._write()

    def _write(self) -> list[Loaded]:
        """Write what is waiting to be written."""
        batch, self.batch = self.batch, Batch()
        return write(self.store, self.filing, batch, self.threads)

    # Reading and mapping ----------------------------------------------------------------------------------------------

    def _mapped(self, inputs: Iterable[Given], stack: ExitStack) -> Iterator[tuple[int, Result | Loaded]]:
        chunks = self._chunks(enumerate(self._pieces(inputs)))
        if self.jobs == 1:
            for done, pieces in chunks:
                yield from done
                for index, piece in pieces:
                    yield index, mapping.map_piece(piece, self.store.sources.get, self.lexicon)
            return
        from picograph.kg.workers import Workers

        workers = stack.enter_context(Workers(self.jobs, self.store.sources.folder, self.lexicon))
        apart = (((done, [index for index, _ in pieces]), [piece for _, piece in pieces]) for done, pieces in chunks)
        for (done, indexes), results in workers.map(apart):
            yield from done
            yield from zip(indexes, results, strict=True)

    def _pieces(self, inputs: Iterable[Given]) -> Iterator[Piece | Damaged]:
        """Give every record of every input, or what is wrong with it: a file may hold many."""
        for each in inputs:
            name, before = name_of(each), 0
            try:
                with opened(each) as stream:
                    for piece in pieces_of(stream, name, extract=self.extract):
                        yield piece
                        if self.progress:
                            now = stream.tell() if stream.seekable() else 0
                            self.progress(now - before)
                            before = now
            except PicographError as error:
                yield Damaged(name, error)
            except OSError as error:
                yield Damaged(name, unreadable(name, error))

    def _chunks(
        self, pieces: Iterable[tuple[int, Piece | Damaged]]
    ) -> Iterator[tuple[list[tuple[int, Refused | Loaded]], list[tuple[int, Piece]]]]:
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
        self, chunk: list[tuple[int, Piece]], done: list[tuple[int, Refused | Loaded]]
    ) -> tuple[list[tuple[int, Refused | Loaded]], list[tuple[int, Piece]]]:
        """Take out of a chunk the records that are in, made from the same bytes, with their texts at hand."""
        sums = {index: mapping.input_checksum(piece, self.lexicon) for index, piece in chunk}
        held = self.reader.held(list(sums.values())) if chunk else {}
        left = []
        for index, piece in chunk:
            record = held.get(sums[index])
            if record is None or not self.store.sources.holds(sha256 := source_sha256(record.source)):
                left.append((index, piece))
                continue
            self.queue.met(Source(sha256=sha256))
            study = study_key(record.study)
            known = Loaded(
                number=index,
                name=piece.name,
                outcome="unchanged",
                study=study,
                record=record.graph,
                source_at_hand=True,
                mapped=False,
            )
            done.append((index, known))
        return done, left


def load_each(
    store: Store,
    inputs: Iterable[Given],
    *,
    sources: Iterable[Input | str | Path] = (),
    jobs: int = 1,
    splits: Splits | None = None,
    progress: Progress | None = None,
    extract: bool = False,
) -> Iterator[Loaded]:
    """Load any number of records, in memory that does not grow with it; gives each when it is written or refused.

    :param inputs: files, streams, or named bytes; the format is told from the content
    :param sources: texts that study files refer to, where they are not loaded themselves
    :param jobs: how many processes read and map
    :param splits: what is not one study, from now on; None: what the store remembers of earlier loads
    :param progress: told how much of each input has been read
    :param extract: read the words of abstracts too, each into a record of its own beside the one of its fields
    :raises StoreError: if the store cannot be written; it then holds what was given before, and nothing else
    """
    check_open(store)
    yield from _Load(store, sources, jobs, progress, splits, extract).run(inputs)


def load(
    store: Store,
    inputs: Iterable[Given],
    *,
    sources: Iterable[Input | str | Path] = (),
    jobs: int = 1,
    splits: Splits | None = None,
    extract: bool = False,
) -> list[Loaded]:
    """Load records into a store.

    :param inputs: files, streams, or named bytes; the format is told from the content
    :param sources: texts that study files refer to, where they are not loaded themselves
    :param jobs: how many processes read and map
    :param splits: what is not one study, from now on; None: what the store remembers of earlier loads
    :param extract: read the words of abstracts too, each into a record of its own beside the one of its fields
    :returns: one line for each record of each input, in their order; a refused one carries its error. Then one for each
        record of the store that is of another study from now on
    :raises StoreError: if the store cannot be written

    >>> from picograph.kg.store import open_store
    >>> [loaded] = load(open_store(":memory:"), [example()])
    >>> loaded.outcome, loaded.study
    ('added', 'doi:10.1016/j.ijrobp.2014.01.017')
    """
    done = load_each(store, inputs, sources=sources, jobs=jobs, splits=splits, extract=extract)
    return sorted(done, key=lambda each: each.number)


def read_study(path: str | Path) -> Study:
    """Read one record into a typed study, linked and with its derived numbers, without a store.

    :raises InputError: if it is not a record, or its facts cannot all be true
    """
    given = Input.from_path(path)
    piece = Piece(given.name, given.content, readers.detect(given.content, given.name))
    study, text = readers.read_piece(piece)
    study = mapping.prepare(piece, study, text, as_stored=piece.format == "rdf")[0]
    return rekey(study, alone(study))
