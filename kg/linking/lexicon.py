"""Every name of every concept, ready to be found in a text: a trie of names, and beside it what each name stands for.

Measured on 1.1 million names (docs/decisions/linking.md): a MARISA trie takes 9 MB, is read in place by the operating
system, so that it opens at once, and finds the names of an abstract in half a millisecond.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from picograph.kg.linking.spelling import key_of
from picograph.ontology.concepts import Concept
from picograph.ontology.kinds import Kinds

LONGEST = 150  # characters of a name: longer ones are systematic names of chemistry, which no text spells out
_TRIE, _TABLE = "names.marisa", "names.sqlite"
_SCHEMA = """
CREATE TABLE concept (number INTEGER PRIMARY KEY, curie TEXT, kinds TEXT, sense TEXT);
CREATE TABLE name (key INTEGER, place INTEGER, concept INTEGER, preferred INTEGER, name TEXT, PRIMARY KEY (key, place))
  WITHOUT ROWID;
"""


class Reading(NamedTuple):
    """One concept that a name may stand for."""

    curie: str
    name: str  # as the vocabulary writes it
    preferred: bool  # the concept's own name; else one of its others
    kinds: tuple[str, ...]
    sense: str  # concepts of several vocabularies that exact mappings join have one sense


class Lexicon:
    """Names and what they stand for, in memory or in a folder."""

    def __init__(self, trie: Any, table: Mapping[int, tuple[Reading, ...]] | sqlite3.Connection) -> None:
        self._trie = trie
        self._table = table
        self.readings = lru_cache(maxsize=65_536)(self._readings)

    def __len__(self) -> int:
        return len(self._trie)

    def names_at(self, form: str, start: int) -> list[str]:
        """Give the names that a form has at a place, the shortest first."""
        found: list[str] = self._trie.prefixes(form[start : start + LONGEST])
        return found

    def _readings(self, key: str) -> tuple[Reading, ...]:
        """Give what a name, in its form, may stand for."""
        number = self._trie.get(key)
        if number is None:
            return ()
        if not isinstance(self._table, sqlite3.Connection):
            return self._table[number]
        rows = self._table.execute(
            "SELECT curie, name, preferred, kinds, sense FROM name JOIN concept ON concept = number WHERE key = ?"
            " ORDER BY place",
            (number,),
        )
        return tuple(
            Reading(curie, name, bool(own), tuple(kinds.split()), sense) for curie, name, own, kinds, sense in rows
        )

    @classmethod
    def build(
        cls, concepts: Iterable[Concept], senses: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> "Lexicon":
        """Make a lexicon of concepts.

        :param concepts: in the order in which they are preferred, all else being equal
        :param senses: by CURIE, a name for the sense of concepts that exact mappings join
        :param folder: where to keep it; None: in memory

        >>> from picograph.ontology.concepts import concepts
        >>> lexicon = Lexicon.build(concepts())
        >>> [reading.curie for reading in lexicon.readings("liver neoplasm")]
        ['mesh:D008113']
        """
        import marisa_trie

        known = {each.curie: each for each in concepts}
        kinds = Kinds(known.get)
        held: defaultdict[str, list[tuple[int, bool, str]]] = defaultdict(list)
        for number, each in enumerate(known.values()):
            seen = set()
            for place, name in enumerate((each.label, *each.synonyms)):
                if len(name) > LONGEST or (key := key_of(name)) is None:
                    continue
                # MedDRA writes "Dermatitis atopic" what MeSH writes "Dermatitis, Atopic"
                for one in (key, key.replace(",", " ")) if key.count(",") == 1 else (key,):
                    if one not in seen:
                        seen.add(one)
                        held[one].append((number, place == 0, name))
        trie = marisa_trie.Trie(held)
        rows = [(curie, " ".join(kinds.of(each)), (senses or {}).get(curie, curie)) for curie, each in known.items()]
        if folder is None:
            table = {
                trie[key]: tuple(
                    Reading(rows[number][0], name, own, tuple(rows[number][1].split()), rows[number][2])
                    for number, own, name in names
                )
                for key, names in held.items()
            }
            return cls(trie, table)
        folder.mkdir(parents=True, exist_ok=True)
        trie.save(str(folder / _TRIE))
        (folder / _TABLE).unlink(missing_ok=True)
        connection = sqlite3.connect(folder / _TABLE)
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
        connection.executemany("INSERT INTO concept VALUES (?, ?, ?, ?)", ((n, *row) for n, row in enumerate(rows)))
        # in the order of the table's own key, so that each row is written after the one before
        connection.executemany(
            "INSERT INTO name VALUES (?, ?, ?, ?, ?)",
            (
                (key_number, place, number, own, name)
                for key_number, key in sorted((trie[key], key) for key in held)
                for place, (number, own, name) in enumerate(held[key])
            ),
        )
        connection.commit()
        connection.close()
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> "Lexicon":
        """Open a lexicon that was built into a folder."""
        import marisa_trie

        connection = sqlite3.connect(f"file:{folder / _TABLE}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        return cls(marisa_trie.Trie().mmap(str(folder / _TRIE)), connection)
