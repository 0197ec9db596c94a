"""Write the index of a vocabulary: one file, in one pass over its concepts, in memory that does not grow with them.

A half-written file is never left behind under the name that is asked for.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from picograph.ontology.concepts import Concept, Mapping, fold
from picograph.ontology.errors import InputError
from picograph.ontology.index import COLUMNS, FORMAT, SCHEMA, SEVERAL, Vocabulary

_CACHE_KB = 64 * 1024
_BATCH = 20_000  # concepts whose rows are made before they are written
# An index is written into a new file and is of no worth until it is whole: a journal would only cost time.
_PRAGMAS = f"""
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = FILE;
PRAGMA page_size = 8192; PRAGMA cache_size = -{_CACHE_KB};
CREATE TEMP TABLE loose (folded TEXT, concept INTEGER);
"""
_INSERT = f"INSERT INTO concept VALUES (?, {', '.join('?' * len(COLUMNS))})"


class IndexWriter:
    """Writes one index.

    :param path: the file to be; it must not be there yet
    :raises OSError: if it cannot be written

    >>> import tempfile
    >>> from picograph.ontology.index import Index
    >>> path = Path(tempfile.mkdtemp()) / "small.sqlite"
    >>> with IndexWriter(path) as writer:
    ...     writer.add([Concept(curie="mesh:D1", label="Liver", vocabulary="small", synonyms=("Livers",))])
    ...     writer.finish(Vocabulary(name="small", title="Small", version="1"))
    >>> [concept.label for concept in Index(path).named("livers")]
    ['Liver']
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._number = 0
        self._names = self._mappings = 0
        self._prefixes: dict[str, None] = {}
        self._kinds: dict[str, str] = {}
        with _as_os_errors():
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.executescript(_PRAGMAS + SCHEMA + "BEGIN;")

    def __enter__(self) -> "IndexWriter":
        return self

    def __exit__(self, *error: object) -> None:
        self._db.close()
        if error[0] is not None:
            self._path.unlink(missing_ok=True)

    @property
    def counts(self) -> dict[str, int]:
        """How many concepts, names that they have, and mappings."""
        return {"concepts": self._number, "names": self._names, "mappings": self._mappings}

    def add(self, concepts: Iterable[Concept]) -> None:
        """Write concepts. They are kept in this order, which is that of their CURIEs where a vocabulary is big."""
        batch: list[Concept] = []
        for each in concepts:
            batch.append(each)
            if len(batch) == _BATCH:
                self._write(batch)
                batch = []
        self._write(batch)

    def _write(self, batch: Sequence[Concept]) -> None:
        first = self._number + 1
        self._number += len(batch)
        self._prefixes.update(dict.fromkeys(each.curie.partition(":")[0] for each in batch))
        numbered = list(enumerate(batch, first))
        self._names += sum(1 + len(each.synonyms) for each in batch)
        with _as_os_errors():
            self._db.executemany(_INSERT, (_row(number, each) for number, each in numbered))
            self._db.executemany(
                "INSERT INTO loose VALUES (?, ?)",
                ((fold(name), number) for number, each in numbered for name in (each.label, *each.synonyms)),
            )
            self._db.executemany(
                "INSERT INTO words (rowid, names) VALUES (?, ?)",
                ((number, "|".join((each.label, *each.synonyms))) for number, each in numbered),
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO tree VALUES (?, ?)",
                ((tree, number) for number, each in numbered for tree in each.tree_numbers),
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO code VALUES (?, ?)",
                ((code.upper(), number) for number, each in numbered for code in each.codes),
            )

    def add_mappings(self, rows: Iterable[Mapping]) -> None:
        """Write mappings, in their order."""
        rows = list(rows)
        self._mappings += len(rows)
        with _as_os_errors():
            self._db.executemany(
                "INSERT INTO mapping VALUES (?, ?, ?, ?, ?, ?)",
                ((row.subject, row.predicate, row.object, row.justification, row.source, row.comment) for row in rows),
            )

    def add_kinds(self, kinds: dict[str, str]) -> None:
        """Say by CURIE what concepts are, where their vocabulary tells several kinds apart."""
        self._kinds |= kinds

    def add_qualifiers(self, allowed: Iterable[tuple[str, Iterable[str]]]) -> None:
        """Write which qualifiers each descriptor of MeSH allows, all by their codes."""
        with _as_os_errors():
            self._db.executemany(
                "INSERT OR REPLACE INTO qualifiers VALUES (?, ?)",
                ((descriptor, " ".join(sorted(codes))) for descriptor, codes in allowed),
            )

    def finish(self, vocabulary: Vocabulary) -> None:
        """Write what is left, and say of which vocabulary this is the index: the file is whole when this ends.

        :raises InputError: if two concepts have one CURIE
        """
        meta = {
            "format": str(FORMAT),
            "vocabulary": msgspec.json.encode(vocabulary).decode(),
            "prefixes": " ".join(self._prefixes),
        }
        with _as_os_errors():
            try:
                self._db.execute("CREATE UNIQUE INDEX concept_curie ON concept (curie)")
            except sqlite3.IntegrityError:
                twice = "SELECT curie FROM concept GROUP BY curie HAVING count(*) > 1 LIMIT 1"
                raise InputError(
                    f"{self._db.execute(twice).fetchone()[0]} is described twice",
                    where=vocabulary.source,
                    remedy="give each file of the vocabulary once",
                ) from None
            self._db.executemany(
                "INSERT INTO kind SELECT number, ? FROM concept WHERE curie = ?",
                ((kind, curie) for curie, kind in self._kinds.items()),
            )
            self._db.create_function("turned", 1, lambda word: word[::-1], deterministic=True)
            for statement in _FINISH:
                self._db.execute(statement)
            self._db.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            self._db.execute("COMMIT")


_FINISH = (
    "INSERT INTO name SELECT DISTINCT folded, concept FROM temp.loose ORDER BY folded, concept",
    "DROP TABLE temp.loose",
    "CREATE INDEX mapping_subject ON mapping (subject)",
    "CREATE INDEX mapping_object ON mapping (object)",
    "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, words, 'row')",
    "INSERT INTO word SELECT term FROM temp.vocabulary",
    "DROP TABLE temp.vocabulary",
    "INSERT INTO backwards SELECT turned(word) AS back FROM word ORDER BY back",
)


def _row(number: int, each: Concept) -> tuple[object, ...]:
    several = (each.synonyms, each.parents, each.tree_numbers, each.roles, each.parts, each.actions, each.codes)
    return (number, each.curie, each.label, *(SEVERAL.join(values) if values else None for values in several))


@contextlib.contextmanager
def _as_os_errors() -> Iterator[None]:
    """Raise what SQLite says of a file that it cannot write as what the system says of others."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OSError(str(error)) from None
