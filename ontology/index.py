"""The index of one full vocabulary: a file of SQLite beside the graph, read where names and places are asked for.

``indexing.py`` writes it when a vocabulary is added. A concept is a row; the names of all concepts are sorted in a
table of their own, in one case; their words are in a full-text index, and every different word is kept forwards and
backwards, so that a word with a typing error is found by the half of it that is right.
"""

import re
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from picograph.ontology.concepts import Concept, Mapping
from picograph.ontology.errors import InputError

FORMAT = 1
SEVERAL = "\x1f"  # stands between values in one column; in no name, because control characters are taken out
COLUMNS = ("curie", "label", "synonyms", "parents", "tree_numbers", "roles", "parts", "actions", "codes")
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE concept (
  number INTEGER PRIMARY KEY, curie TEXT, label TEXT,
  synonyms TEXT, parents TEXT, tree_numbers TEXT, roles TEXT, parts TEXT, actions TEXT, codes TEXT
);
CREATE TABLE name (folded TEXT, concept INTEGER, PRIMARY KEY (folded, concept)) WITHOUT ROWID;
CREATE TABLE code (code TEXT, concept INTEGER, PRIMARY KEY (code, concept)) WITHOUT ROWID;
CREATE TABLE tree (number TEXT PRIMARY KEY, concept INTEGER) WITHOUT ROWID;
CREATE TABLE kind (concept INTEGER PRIMARY KEY, kind TEXT);
CREATE TABLE qualifiers (descriptor TEXT PRIMARY KEY, allowed TEXT) WITHOUT ROWID;
CREATE TABLE mapping (
  subject TEXT, predicate TEXT, object TEXT, justification TEXT, source TEXT, comment TEXT
);
CREATE VIRTUAL TABLE words USING fts5 (
  names, content = '', detail = none, columnsize = 0, tokenize = 'unicode61'
);
CREATE TABLE word (word TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE backwards (word TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_WORD = re.compile(r"[^\W_]+")
_MANY = 4000  # candidates that are looked at; more would not be quick
_FEW = 200  # candidates, among which a name that was meant may be missing
_SOME = 1000  # candidates for each word that is left out
_ENOUGH = 40  # words that one wrong word may stand for
_LAST = "\U0010ffff"


def _all_of(words: Sequence[Sequence[str]]) -> str:
    """Write a full-text query for names that have, of each word, one of its spellings."""
    return " AND ".join(f"({' OR '.join(each)})" for each in words)


class Vocabulary(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said of a vocabulary as a whole."""

    name: str
    title: str
    version: str
    publisher: str = ""
    licence: str = ""
    source: str = ""  # the files that it was read from; for a slice: the publisher's page
    graph: str = ""
    checksum: str = ""  # SHA-256 of the files
    whole: bool = False  # False: a slice that ships
    counts: dict[str, int] = {}  # concepts, names, mappings; triples and closure where the graph was made of a file


def shipped_vocabularies() -> list[Vocabulary]:
    """Describe the slices that ship.

    >>> [each.name for each in shipped_vocabularies()]
    ['mesh', 'chebi', 'drugbank', 'clinical', 'mappings']
    """
    from hashlib import sha256

    from picograph.ontology import concepts

    found = []
    for name, source in concepts.sources().items():
        items = list(concepts.concepts(name))
        counts = {"concepts": len(items), "names": sum(1 + len(each.synonyms) for each in items)}
        if name == "mappings":
            counts = {"mappings": len(concepts.mappings())}
        found.append(
            Vocabulary(
                name=name,
                title=source["title"],
                version=source["version"],
                publisher=source["publisher"],
                licence=source["licence"],
                source=source["homepage"],
                graph=source["graph"],
                checksum=sha256("".join(map(concepts.read_slice, source["files"])).encode()).hexdigest(),
                counts=counts,
            )
        )
    return found


def words_of(folded: str) -> list[str]:
    """Give the words of a name as the full-text index has them: letters and digits, without accents.

    >>> words_of("beta-sitosterol, (3β)-crème")
    ['beta', 'sitosterol', '3β', 'creme']
    """
    if not folded.isascii():
        folded = "".join(each for each in unicodedata.normalize("NFD", folded) if not unicodedata.combining(each))
    return _WORD.findall(folded)


class Index:
    """The concepts of one vocabulary, read from its index.

    :raises InputError: if the file is not an index that this version reads
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # nobody changes the file: a vocabulary that is replaced gets a new one
            self._db = sqlite3.connect(f"file:{_quoted(path)}?mode=ro&immutable=1", uri=True, check_same_thread=False)
            meta = dict(self._db.execute("SELECT key, value FROM meta"))
        except sqlite3.Error as error:
            raise self._damaged(error) from None
        if meta.get("format") != str(FORMAT):
            raise InputError(
                "the index of the vocabulary is of another version of picograph",
                where=str(path),
                remedy="add the vocabulary again: picograph vocab add NAME FILE…",
            )
        import msgspec

        self.vocabulary = msgspec.json.decode(meta["vocabulary"], type=Vocabulary)
        self.prefixes = tuple(meta.get("prefixes", "").split())
        self.get = lru_cache(maxsize=65_536)(self._get)

    def _damaged(self, error: sqlite3.Error) -> InputError:
        return InputError(
            f"the index of the vocabulary cannot be read: {error}",
            where=str(self.path),
            remedy="add the vocabulary again: picograph vocab add NAME FILE…",
        )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _rows(self, sql: str, *given: object) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._db.execute(sql, given)
        except sqlite3.Error as error:
            raise self._damaged(error) from None

    def _concept(self, row: Sequence[Any]) -> Concept:
        several = {
            column: tuple(cell.split(SEVERAL)) for column, cell in zip(COLUMNS[2:], row[2:], strict=True) if cell
        }
        return Concept(curie=row[0], label=row[1], vocabulary=self.vocabulary.name, **several)

    def _concepts(self, where: str, *given: object) -> Iterator[Concept]:
        for row in self._rows(f"SELECT {_COLUMNS} FROM concept {where}", *given):
            yield self._concept(row)

    # --- what is asked by identifier ---

    def _get(self, curie: str) -> Concept | None:
        return next(self._concepts("WHERE curie = ?", curie), None)

    def concepts(self) -> Iterator[Concept]:
        """Go through all concepts, in the order of their CURIEs."""
        return self._concepts("ORDER BY number")

    def structure(self, leaves: bool) -> Iterator[Concept]:
        """Go through the places of concepts, without their names: those of MeSH's supplementary concepts, or others."""
        columns = "curie, '', NULL, parents, tree_numbers, roles, parts, actions, NULL"
        kind = "" if leaves else "NOT "
        for row in self._rows(f"SELECT {columns} FROM concept WHERE {kind}(curie >= 'mesh:C' AND curie < 'mesh:D')"):
            yield self._concept(row)

    def with_code(self, code: str) -> list[Concept]:
        """Give the concepts with a code: their own identifier without its prefix, or a registry's number."""
        by_own = (found for prefix in self.prefixes if (found := self.get(f"{prefix}:{code}")))
        others = self._concepts("JOIN code ON concept = number WHERE code = ?", code)
        return list({each.curie: each for each in (*by_own, *others)}.values())

    def at_tree(self, number: str) -> list[Concept]:
        """Give the concepts at a tree number of MeSH."""
        return list(self._concepts("JOIN tree ON concept = concept.number WHERE tree.number = ?", number))

    def allowed_qualifiers(self, descriptor: str) -> frozenset[str] | None:
        """Give the codes of the qualifiers that a descriptor allows; None where that is not known."""
        row = next(self._rows("SELECT allowed FROM qualifiers WHERE descriptor = ?", descriptor), None)
        return None if row is None else frozenset(row[0].split())

    def kind(self, curie: str) -> str:
        """Say what a concept is, in words of its vocabulary, such as a brand name; empty where it does not say it."""
        kinds = "SELECT 1 FROM sqlite_master WHERE name = 'kind'"  # an index of an earlier version has none
        sql = "SELECT kind FROM concept JOIN kind ON concept = number WHERE curie = ?"
        return next((row[0] for _ in self._rows(kinds) for row in self._rows(sql, curie)), "")

    def mappings(self, curie: str | None = None) -> Iterator[Mapping]:
        """Give the mappings, or those of one concept, whichever end it is."""
        columns = "subject, predicate, object, justification, source, comment"
        if curie is None:
            rows = self._rows(f"SELECT {columns} FROM mapping ORDER BY rowid")
        else:
            rows = self._rows(
                f"SELECT {columns} FROM mapping WHERE subject = ?1 UNION ALL"
                f" SELECT {columns} FROM mapping WHERE object = ?1 AND subject <> ?1",
                curie,
            )
        for row in rows:
            yield Mapping(
                subject=row[0], predicate=row[1], object=row[2], justification=row[3], source=row[4], comment=row[5]
            )

    # --- what is asked by name ---

    def named(self, folded: str) -> list[Concept]:
        """Give the concepts with exactly this name, in the spelling of `fold`."""
        return list(self._concepts("JOIN name ON concept = number WHERE folded = ?", folded))

    def beginning(self, folded: str) -> list[Concept]:
        """Give concepts with a name that begins with a text, or that has a word which does."""
        numbers = self._numbers(
            "SELECT concept FROM name WHERE folded >= ? AND folded < ? ORDER BY length(folded) LIMIT ?",
            folded,
            folded + _LAST,
            _MANY // 8,
        )
        if len(numbers) < _MANY // 8 and (parts := words_of(folded)):
            *whole, last = (f'"{part}"' for part in parts)
            numbers |= self._matching(" ".join((*whole, last + "*")), _MANY // 8)
        return self._numbered(numbers)

    def alike(self, folded: str) -> list[Concept]:
        """Give concepts with a name that may be meant by one with typing errors: candidates, to be compared."""
        numbers: set[int] = set()
        if parts := words_of(folded):
            spelled = [self._spellings(part) for part in dict.fromkeys(parts)]
            known = [each for each in spelled if each]
            if known:
                numbers |= self._matching(_all_of(known), _MANY)
            if len(known) > 1 and len(numbers) < _FEW:  # an error may have made another word, or parted one
                for place in range(len(known)):
                    numbers |= self._matching(_all_of(known[:place] + known[place + 1 :]), _SOME)
        if not numbers or len(numbers) < _MANY:
            numbers |= self._halves(folded)
        return self._numbered(numbers)

    def _spellings(self, part: str) -> list[str]:
        """Give the words that a part of what was typed may stand for: itself, and those that are spelled alike."""
        found = [part] if self._count("SELECT count(*) FROM word WHERE word = ?", part) else []
        if len(part) > 2:
            from rapidfuzz.distance import OSA

            most = 1 if len(part) < 8 else 2
            near = [(OSA.distance(part, each, score_cutoff=most), each) for each in self._near(part)]
            found += [each for distance, each in sorted(near) if 0 < distance <= most][:_ENOUGH]
        return [f'"{each}"' for each in found]

    def _near(self, part: str) -> set[str]:
        """Give the words that share half of this one: with one error, one half is right."""
        half = max(1, len(part) // 2)
        around = (len(part) - 2, len(part) + 2)
        rows = self._rows(
            "SELECT word FROM word WHERE word >= ? AND word < ? AND length(word) BETWEEN ? AND ?",
            part[:half], part[:half] + _LAST, *around,
        )  # fmt: skip
        back = part[::-1][:half]
        backwards = self._rows(
            "SELECT word FROM backwards WHERE word >= ? AND word < ? AND length(word) BETWEEN ? AND ?",
            back, back + _LAST, *around,
        )  # fmt: skip
        return {row[0] for row in rows} | {row[0][::-1] for row in backwards}

    def _halves(self, folded: str) -> set[int]:
        """Give the concepts with a name of about this length that begins as this one does."""
        start = folded[: max(3, len(folded) // 2)]
        return self._numbers(
            "SELECT concept FROM name WHERE folded >= ? AND folded < ? AND length(folded) BETWEEN ? AND ? LIMIT ?",
            start, start + _LAST, len(folded) - 3, len(folded) + 3, _MANY,
        )  # fmt: skip

    def _matching(self, query: str, most: int) -> set[int]:
        return self._numbers("SELECT rowid FROM words WHERE words MATCH ? LIMIT ?", query, most)

    def _count(self, sql: str, *given: object) -> int:
        return next(int(row[0]) for row in self._rows(sql, *given))

    def _numbers(self, sql: str, *given: object) -> set[int]:
        return {row[0] for row in self._rows(sql, *given)}

    def _numbered(self, numbers: set[int]) -> list[Concept]:
        found: list[Concept] = []
        order = sorted(numbers)
        for start in range(0, len(order), 500):
            some = order[start : start + 500]
            found += self._concepts(f"WHERE number IN ({','.join(map(str, some))}) ORDER BY number")
        return found


_COLUMNS = ", ".join(f"concept.{column}" if column == "number" else column for column in COLUMNS)


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.resolve()))
