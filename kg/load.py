"""The pipeline: record -> Study -> linked, derived, checked -> triples -> store.

Records are read and checked before anything is written. A bad one is refused with its reasons, the good ones beside it
are stored; each record becomes one named graph, replaced whole, and left alone where nothing in it has changed.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path as FilePath
from typing import Literal as OneOf
from typing import NamedTuple

import msgspec
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions

from picograph.kg import readers
from picograph.kg.derivation import derive
from picograph.kg.linking import link, unmatched
from picograph.kg.model import PG, parts_of
from picograph.kg.readers import study_file
from picograph.kg.records import known_sources
from picograph.kg.source import source_text
from picograph.kg.store import Store
from picograph.kg.store.sources import SourceShelf
from picograph.kg.study import Study
from picograph.kg.triples import names_of, quads_of
from picograph.kg.validation import Path, Problem, check, errors, path_text
from picograph.ontology.errors import EvidenceError, InputError, PicographError, RecordError


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
        except OSError as error:
            raise InputError(
                f"the file cannot be read: {error.strerror}", where=str(path), remedy="see whether the path is right"
            ) from None


Outcome = OneOf["added", "replaced", "unchanged", "refused"]


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


class _Read(NamedTuple):
    """An input that was read: its study, and whether its positions refer to another file, a text."""

    given: Input
    study: Study
    is_study_file: bool

    def where(self, path: Path) -> str:
        """Say where in the input a path of the study stands."""
        if self.is_study_file:
            return study_file.where(self.given.content, self.given.name, path)
        return f"{self.given.name}, {path_text(path)}"


class _Prepared(NamedTuple):
    read: _Read
    study: Study  # linked, with derived numbers
    quads: list[Quad]
    cautions: tuple[str, ...]
    at_hand: bool


class _Known(NamedTuple):
    """The texts that are known of each document, by SHA-256."""

    texts: dict[str, set[str]]

    def add(self, document: str, sha256: str) -> None:
        self.texts.setdefault(document, set()).add(sha256)

    def of(self, document: str) -> set[str]:
        return self.texts.get(document, set()) | known_sources().get(document, frozenset())


def _read(given: Input) -> _Read:
    is_study_file = readers.detect(given.content, given.name) == "study-file"
    return _Read(given, readers.read_record(given.content, given.name), is_study_file)


def _text_of(read: _Read, shelf: SourceShelf, known: _Known, spare: dict[str, str]) -> str | None:
    """Find the text that the places of a record refer to.

    :param spare: texts that were given as sources and are of no record, by SHA-256, with their names
    :raises EvidenceError: if it has another length than the record says; or if it is not at hand while other texts
        of that document are known, or were given
    """
    record = read.study.record
    source = ("record", "source")
    if (text := shelf.get(record.source.sha256)) is not None:
        if record.source.characters is not None and record.source.characters != len(text):
            raise EvidenceError(
                f"the text has {len(text)} characters, and the file says {record.source.characters}",
                where=read.where((*source, "characters")),
                remedy=f"write characters: {len(text)}",
            )
        return text
    if record.source.characters is None:
        return None
    others = known.of(record.document)
    if others and record.source.sha256 not in others:
        raise EvidenceError(
            f"the checksum {record.source.sha256[:12]}… is of no text known for {record.document}",
            where=read.where((*source, "sha256")),
            remedy=f"the text known has {min(others)}: take the positions from it, or give your text with --source",
        )
    if spare:
        sha256, name = min(spare.items())
        raise EvidenceError(
            f"the text given as source has the checksum {sha256[:12]}…, and the file says {record.source.sha256[:12]}…",
            where=f"{name}; {read.where((*source, 'sha256'))}",
            remedy=f"give the text that the positions were counted in, or write sha256: {sha256}",
        )
    return None


def _refuse(read: _Read, problems: list[Problem]) -> None:
    refused: list[PicographError] = [
        InputError(problem.what, where=read.where(problem.path), remedy=problem.remedy) for problem in errors(problems)
    ]
    if refused:
        raise RecordError(refused)


def _prepare(read: _Read, shelf: SourceShelf, known: _Known, spare: dict[str, str]) -> _Prepared:
    text = _text_of(read, shelf, known, spare)
    study = link(read.study)
    problems = check(study, text)
    _refuse(read, problems)
    cautions = tuple(
        f"{problem.what} ({read.where(problem.path)})" for problem in problems if problem.severity == "caution"
    )
    study = derive(study)
    return _Prepared(read, study, quads_of(study), cautions, text is not None)


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


_KNOWN_TEXTS = f"""
SELECT DISTINCT ?document ?sum WHERE {{
  GRAPH ?record {{
    ?record <{PG}documentKey> ?document ; <http://www.w3.org/ns/prov#wasDerivedFrom> ?source .
    ?source <{PG}sha256> ?sum ; <{PG}characters> ?length .
  }}
}}"""


def _known(store: Store, held: dict[str, str], texts: Iterable[_Read]) -> _Known:
    """Say which texts are known of which document: those read now, and those at hand from earlier loads."""
    known = _Known({})
    for read in texts:
        known.add(read.study.record.document, read.study.record.source.sha256)
    if held:
        rows = store.query(_KNOWN_TEXTS)
        assert isinstance(rows, QuerySolutions)
        for row in rows:
            document, sha256 = row["document"], row["sum"]
            if isinstance(document, Literal) and isinstance(sha256, Literal) and store.sources.get(sha256.value):
                known.add(document.value, sha256.value)
    return known


def _inputs(given: Iterable[Input | str | FilePath]) -> Iterator[tuple[str, Input | PicographError]]:
    """Give every record of every input, or what is wrong with it: a file may hold many."""
    for each in given:
        name = each.name if isinstance(each, Input) else str(each)
        try:
            for where, record in readers.records(_input(each).content, name):
                yield where, record if isinstance(record, InputError) else Input(where, record)
        except PicographError as error:
            yield name, error


def load(
    store: Store, inputs: Iterable[Input | str | FilePath], *, sources: Iterable[Input | str | FilePath] = ()
) -> list[Loaded]:
    """Load records into a store.

    :param inputs: files, or named bytes; the format is told from the content
    :param sources: texts that study files refer to, where they are not loaded themselves
    :returns: one line for each record of each input, in their order; a refused one carries its error
    :raises StoreError: if the store cannot be written; it is then as it was before

    >>> from picograph.kg.store import open_store
    >>> [loaded] = load(open_store(":memory:"), [example()])
    >>> loaded.outcome, loaded.study
    ('added', 'doi:10.1016/j.ijrobp.2014.01.017')
    """
    texts: dict[str, str] = {}  # by SHA-256
    given_sums: dict[str, str] = {}
    for source in map(_input, sources):
        text = _source(source)
        texts[sha256 := store.sources.offer(text)] = text
        given_sums[sha256] = source.name
    done: dict[int, Loaded] = {}
    reads: dict[int, _Read] = {}
    for index, (name, given) in enumerate(_inputs(inputs)):
        try:
            if isinstance(given, PicographError):
                raise given
            reads[index] = read = _read(given)
            if not read.is_study_file:
                text = readers.source_text_of(given.content, name)
                texts[store.sources.offer(text)] = text
        except PicographError as error:
            done[index] = Loaded(name=name, outcome="refused", error=error)
    used = {read.study.record.source.sha256 for read in reads.values()}
    # what a record that could not be read refers to is not known: then no text is called nobody's
    spare = {} if done else {sha256: name for sha256, name in given_sums.items() if sha256 not in used}
    held = store.checksums()
    known = _known(store, held, (read for read in reads.values() if not read.is_study_file))
    changes: dict[str, list[Quad]] = {}
    wanted: set[str] = set()
    for index, read in reads.items():
        try:
            prepared = _prepare(read, store.sources, known, spare)
        except PicographError as error:
            done[index] = Loaded(name=read.given.name, outcome="refused", error=error)
            continue
        record, quads = names_of(prepared.study).record, prepared.quads
        outcome: Outcome = "added" if record not in held else "replaced"
        if held.get(record) == checksum_of(record, quads):
            outcome = "unchanged"
        else:
            changes[record] = quads
            held[record] = checksum_of(record, quads) or ""
        wanted.add(read.study.record.source.sha256)
        done[index] = _loaded(prepared, record, outcome)
    if wanted:
        words = words_graphs().items()
        changes |= {graph: quads for graph, quads in words if held.get(graph) != checksum_of(graph, quads)}
    for sha256, text in texts.items():  # those that stored records refer to are kept, and before the records are
        if sha256 in wanted:
            store.sources.put(text)
    if changes:
        with store.write() as writer:
            for graph, quads in changes.items():
                writer.replace(graph, quads)
    return [done[index] for index in sorted(done)]


def _source(given: Input) -> str:
    try:
        return source_text(given.content)
    except InputError as error:
        raise InputError(error.what, where=given.name, remedy=error.remedy) from None


def _input(given: Input | str | FilePath) -> Input:
    return given if isinstance(given, Input) else Input.from_path(given)


def _loaded(prepared: _Prepared, record: str, outcome: Outcome) -> Loaded:
    parts = list(parts_of(prepared.study))
    return Loaded(
        name=prepared.read.given.name,
        outcome=outcome,
        study=prepared.study.key,
        record=record,
        facts=dict(Counter(type(part).__name__ for part in parts)),
        triples=len(prepared.quads),
        places=len({place for part in parts for place in part.evidence}),
        source_at_hand=prepared.at_hand,
        unmatched=tuple(unmatched(prepared.study)),
        cautions=prepared.cautions,
    )


def read_study(path: str | FilePath) -> Study:
    """Read one record into a typed study, linked and with its derived numbers, without a store.

    :raises InputError: if it is not a record, or its facts cannot all be true
    """
    read = _read(Input.from_path(path))
    shelf = SourceShelf(None)
    if not read.is_study_file:
        shelf.offer(readers.source_text_of(read.given.content, read.given.name))
    return _prepare(read, shelf, _Known({}), {}).study


def example() -> Input:
    """Give the study that ships, as something to load."""
    from picograph.kg.records import shipped

    name, content = next(iter(shipped().items()))
    return Input(name, content)
