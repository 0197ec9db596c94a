"""Retracted reports: which there are in a store, and which rows of an answer use one.

A report is retracted where a record of it says so: PubMed's, by its publication type or its notice, or a curated file.
Every record of the same publication is then one of a retracted report, whatever it says itself: known by DOI and PMID.
A row uses a retracted report where its evidence lies in the source of such a record. Numbers that a registry gives of
the same trial are its own, and are not marked.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pyoxigraph import Literal, NamedNode, QuerySolutions

from picograph.kg.identifiers import is_registry_number, node_of
from picograph.kg.model import PG
from picograph.queries.question import Column

if TYPE_CHECKING:
    from picograph.kg.store import Store
    from picograph.queries.answer import Cell, Row

COLUMN = "retracted"
COLUMNS = {COLUMN: Column(kind="list")}
_PREFIXES = f"PREFIX pg: <{PG}>\nPREFIX prov: <http://www.w3.org/ns/prov#>\n"
# asked first and by itself: as a rule it finds nothing, and engines then look at one index only
_SAYING = f"""{_PREFIXES}
SELECT DISTINCT ?saying WHERE {{
  GRAPH ?saying {{ ?report pg:retracted ?so }}
  FILTER (STR(?so) IN ("true", "1"))
}}"""
_PUBLICATIONS = f"""{_PREFIXES}
SELECT DISTINCT ?document ?doi ?pmid ?notice ?citation WHERE {{
  VALUES ?saying {{ %s }}
  GRAPH ?saying {{
    ?saying pg:documentKey ?document ; pg:ofStudy/pg:report ?report .
    OPTIONAL {{ ?report pg:doi ?doi }}
    OPTIONAL {{ ?report pg:pmid ?pmid }}
    OPTIONAL {{
      ?report pg:relatedReport ?related .
      ?related pg:relation "RetractionIn" .
      OPTIONAL {{ ?related pg:pmid ?notice }}
      OPTIONAL {{ ?related pg:citation ?citation }}
    }}
  }}
}}
ORDER BY ?document ?doi ?pmid ?notice ?citation"""
_OF_PUBLICATION = f"""{_PREFIXES}
SELECT DISTINCT ?identifier ?record ?study ?document ?source WHERE {{
  VALUES ?identifier {{ %s }}
  GRAPH ?record {{
    ?record pg:statesIdentifier ?identifier ; pg:ofStudy ?study ; pg:documentKey ?document ;
      prov:wasDerivedFrom ?source .
  }}
}}"""
_AT_ONCE = 200  # terms in one query


class Retracted(NamedTuple):
    """A record of a retracted report."""

    record: str  # the named graph
    study: str  # IRI
    document: str
    source: str  # IRI
    notice: str = ""  # the notice of retraction, where a record names it


class Retractions:
    """The retracted reports of a store.

    >>> from picograph.kg.store import open_store
    >>> bool(Retractions.of(open_store(":memory:")))
    False
    """

    def __init__(self, found: Iterable[Retracted]) -> None:
        """Take the records of retracted reports."""
        self.found = sorted(found)
        self._of_source: dict[str, list[str]] = {}
        self._of_study: dict[str, list[str]] = {}
        for each in self.found:
            for known, iri in ((self._of_source, each.source), (self._of_study, each.study)):
                known.setdefault(iri, []).append(each.document)

    @classmethod
    def of(cls, store: "Store") -> "Retractions":
        """Ask a store for its retracted reports."""
        return store.kept("retractions", lambda: cls._of(store))

    @classmethod
    def _of(cls, store: "Store") -> "Retractions":
        notices: dict[str, str] = {}  # by the identifiers of retracted publications
        saying = [str(NamedNode(record)) for (record,) in _rows(store, [], _SAYING)] if store.exists() else []
        for document, doi, pmid, notice, citation in _rows(store, saying, _PUBLICATIONS):
            told = ", ".join(filter(None, (citation, notice and f"PMID {notice}")))
            for text in (document, doi and f"doi:{doi}", pmid and f"pmid:{pmid}"):
                if text and not is_registry_number(known := node_of(text)):
                    notices[known] = notices.get(known) or told
        found: dict[tuple[str, str, str, str], str] = {}
        identifiers = [str(Literal(each)) for each in sorted(notices)]
        for known, record, study, document, source in _rows(store, identifiers, _OF_PUBLICATION):
            key = (record, study, document, source)
            found[key] = found.get(key) or notices[known]
        return cls(Retracted(*record, notice) for record, notice in found.items())

    def __bool__(self) -> bool:
        return bool(self.found)

    def of_record(self, record: str) -> Retracted | None:
        """Give the retracted report that a record, a named graph, is of."""
        return next((each for each in self.found if each.record == record), None)

    def of_graphs(self, records: Collection[str]) -> tuple[str, ...]:
        """Say for people which of some records, named graphs, are of retracted reports."""
        documents = sorted({each.document for each in self.found if each.record in records})
        return (f"retracted: {self._told(documents)}",) if documents else ()

    def used_by(self, row: "Row", columns: Mapping[str, Column]) -> tuple[str, ...]:
        """Give the documents of the retracted reports that a row uses: by its evidence, else by its study."""
        by_evidence = [name for name, column in columns.items() if column.kind == "evidence"]
        known = self._of_source if by_evidence else self._of_study
        names = by_evidence or [name for name, column in columns.items() if column.kind in ("study", "list")]
        iris = {iri.partition("#")[0] for name in names for iri in _texts(row.get(name))}
        return tuple(sorted({document for iri in iris for document in known.get(iri, ())}))

    def mark(self, rows: "Sequence[Row]", columns: Mapping[str, Column]) -> None:
        """Write into each row which retracted reports it uses; None where it uses none."""
        for row in rows:
            row[COLUMN] = (self.used_by(row, columns) if self.found else ()) or None

    def cautions(
        self, rows: int, using: int, documents: Collection[str], columns: Mapping[str, Column]
    ) -> tuple[str, ...]:
        """Say for people which retracted reports some rows use.

        :param rows: how many there are
        :param using: how many of them use one
        :param documents: of the retracted reports that they use
        """
        if not self.found or not rows:
            return ()
        if documents:
            uses = f"{using} of {rows} rows {'uses' if using == 1 else 'use'} a retracted report"
            return (f"{uses}: {self._told(sorted(documents))}.",)
        if any(column.kind in ("evidence", "study") for column in columns.values()):
            return ()
        told = self._told(sorted({each.document for each in self.found}))
        return (f"The store holds retracted reports, which these rows may count: {told}.",)

    def _told(self, documents: Sequence[str]) -> str:
        notices = {each.document: each.notice for each in self.found if each.notice}
        told = [f"{each} (notice: {notices[each]})" if each in notices else each for each in documents[:_NAMED]]
        more = f" and {len(documents) - _NAMED} more" if len(documents) > _NAMED else ""
        return "; ".join(told) + more


_NAMED = 5  # retracted reports that a caution names


def _rows(store: "Store", terms: Sequence[str], sparql: str) -> Iterator[tuple[str, ...]]:
    """Ask with some terms at a time, where a query has a place for them; give the texts of each row."""
    for start in range(0, len(terms), _AT_ONCE) if "%s" in sparql else (0,):
        results = store.query(sparql.replace("%s", " ".join(terms[start : start + _AT_ONCE])))
        assert isinstance(results, QuerySolutions)
        names = results.variables
        yield from (tuple(getattr(row[name], "value", "") for name in names) for row in results)


def _texts(cell: "Cell") -> tuple[str, ...]:
    if cell is None:
        return ()
    return cell if isinstance(cell, tuple) else (str(cell),)
