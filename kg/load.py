"""The pipeline: record -> Study -> linked, derived, checked -> triples -> store.

Records are read and checked before anything is written. A bad one is refused with its reasons, the good ones beside it
are stored; each record becomes one named graph, replaced whole, and left alone where nothing in it has changed.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from picograph.kg import readers
from picograph.kg.derivation import derive
from picograph.kg.linking import link, unmatched
from picograph.kg.model import PG, Kind, fields
from picograph.kg.readers import study_file
from picograph.kg.records import known_sources
from picograph.kg.results import Part
from picograph.kg.source import source_of, source_text
from picograph.kg.store import Store
from picograph.kg.study import Study
from picograph.kg.triples import names_of, quads_of
from picograph.kg.validation import Problem, check, path_text
from picograph.ontology.errors import EvidenceError, InputError, PicographError, RecordError
from pyoxigraph import Quad, QuerySolutions


class Input(NamedTuple):
    """A record to load: its name, for messages, and its bytes."""

    name: str
    content: bytes

    @classmethod
    def from_path(cls, path: str | Path) -> "Input":
        """Read a file.

        :raises InputError: if it cannot be read
        """
        try:
            return cls(str(path), Path(path).read_bytes())
        except OSError as error:
            raise InputError(
                f"the file cannot be read: {error.strerror}", where=str(path), remedy="see whether the path is right"
            ) from None


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one record."""

    name: str
    outcome: Literal["added", "replaced", "unchanged", "refused"]
    study: str | None = None
    record: str | None = None  # the named graph
    facts: dict[str, int] = {}  # parts by their class
    triples: int = 0
    places: int = 0
    source_at_hand: bool = False
    unmatched: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    error: PicographError | None = None


class _Prepared(NamedTuple):
    study: Study
    quads: list[Quad]
    problems: list[Problem]
    at_hand: bool


def _where(study: Study, given: Input, path: tuple[str | int, ...]) -> str:
    if study.record.reader.startswith("curated") or readers.detect(given.content, given.name) == "study-file":
        return study_file.where(given.content, given.name, path)
    return f"{given.name}, {path_text(path)}"


def _source_text(study: Study, given: Input, store: Store, texts: dict[str, set[str]]) -> str | None:
    """Find the text that a study's places refer to.

    :raises EvidenceError: if texts of that document are known, and none has the checksum that the record states
    """
    record = study.record
    if (text := store.sources.get(record.source.sha256)) is not None:
        if record.source.characters not in (None, len(text)):
            raise EvidenceError(
                f"the text has {len(text)} characters, and the file says {record.source.characters}",
                where=study_file.where(given.content, given.name, ("record", "source", "characters")),
                remedy=f"write characters: {len(text)}",
            )
        return text
    known = texts.get(record.document, set()) | known_sources().get(record.document, frozenset())
    if known and record.source.sha256 not in known:
        raise EvidenceError(
            f"the checksum {record.source.sha256[:12]}… is of no text known for {record.document}",
            where=study_file.where(given.content, given.name, ("record", "source", "sha256")),
            remedy=f"the text known has {min(known)}: take the positions from it, or give your text with --source",
        )
    return None


def _prepare(given: Input, store: Store, texts: dict[str, set[str]]) -> _Prepared:
    study = readers.read_record(given.content, given.name)
    text = _source_text(study, given, store, texts)
    study = link(study)
    problems = check(study, text)
    refused = [
        InputError(problem.what, where=_where(study, given, problem.path), remedy=problem.remedy)
        for problem in problems
        if problem.severity == "error"
    ]
    if refused:
        raise RecordError(list(refused))
    return _Prepared(study, quads_of(derive(study)), problems, text is not None)


def count_facts(study: Study) -> dict[str, int]:
    """Count the parts of a study by their class, those inside other parts included."""
    counts: Counter[str] = Counter()

    def walk(thing: msgspec.Struct) -> None:
        for field in fields(type(thing)):
            if field.kind is Kind.PART and (value := getattr(thing, field.name)) is not None:
                for part in value if field.many else (value,):
                    counts[type(part).__name__] += 1
                    walk(part)

    walk(study)
    return dict(counts)


def _places(study: Study) -> int:
    found = set()

    def walk(thing: msgspec.Struct) -> None:
        if isinstance(thing, Part):
            found.update(thing.evidence)
        for field in fields(type(thing)):
            if field.kind is Kind.PART and (value := getattr(thing, field.name)) is not None:
                for part in value if field.many else (value,):
                    walk(part)

    walk(study)
    return len(found)


def words_graphs() -> dict[str, list[Quad]]:
    """Give the graphs that every store holds besides records: the ontology and the vocabularies that ship."""
    from picograph.ontology import concepts, terms

    graph, quads = terms.ontology_quads()
    return {graph: quads, **concepts.vocabulary_quads()}


def _checksum(graph: str, quads: Sequence[Quad]) -> str:
    """Give the checksum that a graph states of itself."""
    for quad in quads:
        if quad.predicate.value == PG + "contentChecksum" and str(quad.subject) == f"<{graph}>":
            return quad.object.value  # type: ignore[union-attr]
    return hashlib.sha256("\n".join(sorted(map(str, quads))).encode()).hexdigest()


def _texts_of(inputs: Iterable[Input], sources: Iterable[Input], store: Store) -> dict[str, set[str]]:
    """Have every text among the inputs at hand, and say which document each one is of."""
    texts: dict[str, set[str]] = {}
    for source in sources:
        store.sources.offer(source_text(source.content))
    for given in inputs:
        try:
            if readers.detect(given.content, given.name) == "study-file":
                continue
            study = readers.read_record(given.content, given.name)
        except PicographError:
            continue  # it is refused, with its reason, when its turn comes
        if study.record.source.characters is not None:
            sha256 = store.sources.offer(source_text(given.content))
            texts.setdefault(study.record.document, set()).add(sha256)
    return texts


_KNOWN_TEXTS = f"""
SELECT DISTINCT ?document ?sum WHERE {{
  GRAPH ?record {{
    ?record <{PG}documentKey> ?document ; <http://www.w3.org/ns/prov#wasDerivedFrom> ?source .
    ?source <{PG}sha256> ?sum ; <{PG}characters> ?length .
  }}
}}"""


def load(
    store: Store, inputs: Iterable[Input | str | Path], *, sources: Iterable[Input | str | Path] = ()
) -> list[Loaded]:
    """Load records into a store.

    :param inputs: files, or named bytes; the format is told from the content
    :param sources: texts that study files refer to, where they are not loaded themselves
    :returns: one line for each input, in their order; a refused one carries its error
    :raises StoreError: if the store cannot be written; it is then as it was before

    >>> from picograph.kg.records import shipped
    >>> from picograph.kg.store import open_store
    >>> [(name, content)] = shipped().items()
    >>> [loaded] = load(open_store(":memory:"), [Input(name, content)])
    >>> loaded.outcome, loaded.study
    ('added', 'doi:10.1016/j.ijrobp.2014.01.017')
    """
    done: list[Loaded] = []
    given: list[Input] = []
    for each in inputs:
        try:
            given.append(each if isinstance(each, Input) else Input.from_path(each))
        except InputError as error:
            done.append(Loaded(name=str(each), outcome="refused", error=error))
    texts_given = [each if isinstance(each, Input) else Input.from_path(each) for each in sources]
    texts = _texts_of(given, texts_given, store)
    held = _held(store)
    if held:
        rows = store.query(_KNOWN_TEXTS)
        assert isinstance(rows, QuerySolutions)
        for row in rows:
            if store.sources.get(row["sum"].value) is not None:
                texts.setdefault(row["document"].value, set()).add(row["sum"].value)
    prepared: list[tuple[Input, _Prepared]] = []
    for each in given:
        try:
            prepared.append((each, _prepare(each, store, texts)))
        except PicographError as error:
            done.append(Loaded(name=each.name, outcome="refused", error=error))
    changes: dict[str, list[Quad]] = {}
    if prepared:
        changes = {
            graph: quads for graph, quads in words_graphs().items() if held.get(graph) != _checksum(graph, quads)
        }
    for each, (study, quads, problems, at_hand) in prepared:
        record = names_of(study).record
        checksum = _checksum(record, quads)
        outcome: Literal["added", "replaced", "unchanged"] = "added"
        if record in held:
            outcome = "unchanged" if held[record] == checksum else "replaced"
        if outcome != "unchanged":
            changes[record] = quads
            held[record] = checksum
        done.append(
            Loaded(
                name=each.name,
                outcome=outcome,
                study=study.key,
                record=record,
                facts=count_facts(study),
                triples=len(quads),
                places=_places(study),
                source_at_hand=at_hand,
                unmatched=tuple(unmatched(study)),
                cautions=tuple(
                    f"{problem.what} ({_where(study, each, problem.path)})"
                    for problem in problems
                    if problem.severity == "caution"
                ),
            )
        )
    if changes:
        with store.write() as writer:
            for graph, quads in changes.items():
                writer.replace(graph, quads)
    _keep_texts(given, texts_given, prepared, store)
    order = {str(each.name if isinstance(each, Input) else each): index for index, each in enumerate(given)}
    return sorted(done, key=lambda loaded: order.get(loaded.name, -1))


def _held(store: Store) -> dict[str, str]:
    """Give what the store holds, by graph; a store that is not there yet holds nothing."""
    from picograph.kg.store.embedded import FolderStore

    if isinstance(store, FolderStore) and store.is_new():
        return {}
    return store.checksums()


def _keep_texts(
    given: Sequence[Input], sources: Sequence[Input], prepared: Sequence[tuple[Input, _Prepared]], store: Store
) -> None:
    """Keep the texts that stored records refer to."""
    wanted = {each.study.record.source.sha256 for _, each in prepared}
    for each in (*given, *sources):
        try:
            text = source_text(each.content)
        except InputError:
            continue
        if source_of(text).sha256 in wanted:
            store.sources.put(text)


def read_study(path: str | Path) -> Study:
    """Read one record into a typed study, linked and with its derived numbers, without a store.

    :raises InputError: if it is not a record, or its facts cannot all be true
    """
    given = Input.from_path(path)
    study = link(readers.read_record(given.content, given.name))
    text = source_text(given.content) if study.record.source.characters and not _is_study_file(given) else None
    refused = [
        InputError(problem.what, where=_where(study, given, problem.path), remedy=problem.remedy)
        for problem in check(study, text)
        if problem.severity == "error"
    ]
    if refused:
        raise RecordError(list(refused))
    return derive(study)


def _is_study_file(given: Input) -> bool:
    return readers.detect(given.content, given.name) == "study-file"


def example() -> Input:
    """Give the study that ships, as something to load."""
    from picograph.kg.records import shipped

    name, content = next(iter(shipped().items()))
    return Input(name, content)
