"""Records that wait for a text: a study file's places count in a text that another record may bring.

They wait on disk, so that any number of them may wait, until all else is loaded.
"""

import pickle
import tempfile
from collections.abc import Iterator
from typing import IO

from pyoxigraph import Literal, QuerySolutions

from picograph.kg import mapping, readers
from picograph.kg.mapping import Mapped, Refused, Waiting
from picograph.kg.model import PG
from picograph.kg.readers import Piece
from picograph.kg.records import known_sources
from picograph.kg.source import Source
from picograph.kg.store import Store
from picograph.ontology.errors import EvidenceError, PicographError


class Queue:
    """Records that wait, and the texts that were given as sources and that no record refers to.

    :param given: the names of such texts, by SHA-256
    :param lexicon: whose names are linked, as `picograph.kg.linking.make_ready` gives it
    """

    def __init__(self, store: Store, given: dict[str, str], lexicon: str = "") -> None:
        self._store, self._lexicon = store, lexicon
        self._file: IO[bytes] | None = None
        self._spare: dict[str, str] | None = given  # None: it is not known to which texts all records refer

    def met(self, source: Source | None) -> None:
        """Note that a record refers to a source. Of a record that could not be read that is not known."""
        if source is None:
            self._spare = None
        elif self._spare:
            self._spare.pop(source.sha256, None)

    def put(self, number: int, waiting: Waiting) -> None:
        """Have a record wait."""
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        pickle.dump((number, waiting), self._file)

    def records(self) -> Iterator[tuple[int, Waiting]]:
        """Give the records that wait."""
        if self._file is None:
            return
        self._file.seek(0)
        while True:
            try:
                yield pickle.load(self._file)
            except EOFError:
                return

    def close(self) -> None:
        """Forget them."""
        if self._file is not None:
            self._file.close()

    def map(self, waiting: Waiting) -> Mapped | Refused:
        """Map a record whose text may have come with another record, or not at all."""
        piece, record = waiting.piece, waiting.record
        try:
            text = mapping.text_for(piece, record, self._store.sources.get)
            if text is None:
                self._refuse_strange(piece, record.document, record.source.sha256)
            study, _ = readers.read_piece(piece)
            return mapping.map_study(piece, study, text, lexicon=self._lexicon)
        except PicographError as error:
            return Refused(name=piece.name, error=error, source=record.source)

    def _refuse_strange(self, piece: Piece, document: str, sha256: str) -> None:
        """Refuse a record whose text is not at hand while another text of its document is, or while one was given.

        :raises EvidenceError: then
        """
        where = mapping.where(piece, ("record", "source", "sha256"))
        others = _known_texts(self._store, document) | known_sources().get(document, frozenset())
        if others and sha256 not in others:
            raise EvidenceError(
                f"the checksum {sha256[:12]}… is of no text known for {document}",
                where=where,
                remedy=f"the text known has {min(others)}: take the positions from it, or give your text with --source",
            )
        if self._spare:
            given, name = min(self._spare.items())
            raise EvidenceError(
                f"the text given as source has the checksum {given[:12]}…, and the file says {sha256[:12]}…",
                where=f"{name}; {where}",
                remedy=f"give the text that the positions were counted in, or write sha256: {given}",
            )


_TEXTS_OF = f"""
SELECT DISTINCT ?sum WHERE {{
  GRAPH ?record {{
    ?record <{PG}documentKey> %s ; <http://www.w3.org/ns/prov#wasDerivedFrom> ?source .
    ?source <{PG}sha256> ?sum ; <{PG}characters> ?length .
  }}
}}"""


def _known_texts(store: Store, document: str) -> set[str]:
    """Give the checksums of the texts of a document that are at hand."""
    if not store.exists():
        return set()
    rows = store.query(_TEXTS_OF % Literal(document))
    assert isinstance(rows, QuerySolutions)
    found = {row["sum"].value for row in rows if isinstance(row["sum"], Literal)}
    return {sha256 for sha256 in found if store.sources.get(sha256)}
