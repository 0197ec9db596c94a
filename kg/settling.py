"""Settle with a store which records are one study: what hangs together with new records, and what moves.

A store is asked for the records that state the same identifiers, and for what those state, until nothing new comes: as
a rule one question for a batch of records, however many records the store holds.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions

from picograph.kg import splits as splits_room
from picograph.kg.identity import IN_ABSTRACT, Said
from picograph.kg.joining import Entry, Index, Rekey, Settled, entry, settle, ties
from picograph.kg.model import PG
from picograph.kg.splits import Splits
from picograph.kg.triples import study_key

if TYPE_CHECKING:
    from picograph.kg.store.base import QueryResults

_AT_ONCE = 200  # identifiers, or records, in one query


class Asked(Protocol):
    """What can be asked: a store, or what is being written to one."""

    def query(self, sparql: str) -> "QueryResults":
        """Answer a SPARQL 1.1 query."""

    def quads(self, graph: str | None = None) -> Iterator[Quad]:
        """Give the quads of one named graph."""


_STATING = f"""
SELECT DISTINCT ?record WHERE {{
  VALUES ?identifier {{ %s }}
  GRAPH ?record {{ ?record <{PG}statesIdentifier> ?identifier }}
}}"""
_SHARED = f"""
SELECT ?identifier WHERE {{
  GRAPH ?record {{ ?record <{PG}statesIdentifier> ?identifier }}
}}
GROUP BY ?identifier HAVING (COUNT(DISTINCT ?record) > 1) ORDER BY ?identifier"""
_STATED = f"""
PREFIX pg: <{PG}>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?record ?study ?document ?where ?value WHERE {{
  VALUES ?record {{ %s }}
  GRAPH ?record {{
    ?record a pg:Record ; pg:ofStudy ?study ; pg:documentKey ?document .
    OPTIONAL {{
      {{ ?study pg:report/pg:doi ?value . BIND ("doi" AS ?where) }}
      UNION {{ ?study pg:report/pg:pmid ?value . BIND ("pmid" AS ?where) }}
      UNION {{ ?study pg:report/pg:registryId ?value . BIND ("registry_id" AS ?where) }}
      UNION {{ ?study pg:identifier ?value . BIND ("numbers" AS ?where) }}
      UNION {{
        ?study pg:secondaryIdentifier ?other . ?other rdfs:label ?value .
        OPTIONAL {{ ?other pg:identifierKind ?kind }}
        BIND (IF (BOUND (?kind) && ?kind = "{IN_ABSTRACT}", "abstract", "others") AS ?where)
      }}
    }}
  }}
}}"""


def _rows(asked: Asked, sparql: str, terms: Sequence[str] | None = None) -> Iterator[tuple[str, ...]]:
    """Ask with some terms at a time; give the texts of each row, \"\" for what is not bound."""
    batches = [()] if terms is None else [terms[at : at + _AT_ONCE] for at in range(0, len(terms), _AT_ONCE)]
    for batch in batches:
        rows = asked.query(sparql % " ".join(batch) if batch else sparql)
        assert isinstance(rows, QuerySolutions)
        names = rows.variables
        yield from (tuple(getattr(row[name], "value", "") for name in names) for row in rows)


def entries_of(asked: Asked, records: Iterable[str] | None = None) -> list[Entry]:
    """Give what records of a store say of themselves, sorted by record.

    :param records: the named graphs; None: all of the store
    """
    found: dict[tuple[str, str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    if records is None:
        rows = _rows(asked, _STATED.replace("VALUES ?record { %s }", ""))
    else:
        rows = _rows(asked, _STATED, [str(NamedNode(each)) for each in sorted(records)])
    for record, study, document, where, value in rows:
        found[record, study, document][where].add(value)
    return [entry(record, study_key(study), _read_back(document, stated))
            for (record, study, document), stated in sorted(found.items())]  # fmt: skip


def _read_back(document: str, stated: Mapping[str, set[str]]) -> Said:
    doi, pmid, registry_id = (min(stated.get(name, ()), default=None) for name in ("doi", "pmid", "registry_id"))
    numbers, others, abstract = (tuple(sorted(stated.get(name, ()))) for name in ("numbers", "others", "abstract"))
    return Said(document, doi, pmid, registry_id, numbers, others, abstract)


def neighbours(asked: Asked, identifiers: Iterable[str], besides: Iterable[str] = ()) -> list[Entry]:
    """Give the records of a store that hang together with identifiers, directly or by others.

    :param besides: records that are taken too, whatever they state: earlier versions of those that are loaded
    """
    seen, todo = set(identifiers), sorted(identifiers)
    found: dict[str, Entry] = {}
    asked_for = set(besides)
    while todo or asked_for:
        asked_for |= {record for (record,) in _rows(asked, _STATING, [str(Literal(each)) for each in todo])}
        new = entries_of(asked, asked_for - found.keys())
        found |= {each.record: each for each in new}
        asked_for = set()
        reached = frozenset[str]().union(*map(ties, new)) - seen
        seen |= reached
        todo = sorted(reached)
    return list(found.values())


def settle_with(
    asked: Asked | None, entries: Sequence[Entry], splits: Splits | None = None, *, changed: Iterable[str] = ()
) -> Settled:
    """Say which study each of some records is of, given the records of a store.

    :param asked: the store, as it will be without these records; None: there is none yet
    :param entries: of the records that are loaded, in place of any version of them in the store
    :param splits: what may not be joined
    :param changed: identifiers about which the splits have changed
    :returns: the study of each record, and which records of the store have to be written anew under another key
    """
    start = frozenset(changed).union(*map(ties, entries))
    known = neighbours(asked, start, [each.record for each in entries]) if asked else []
    return settle(entries, Index(known, splits), changed=changed)


def settle_all(asked: Asked, splits: Splits | None = None) -> Iterator[Rekey]:
    """Say which records of a store have to be written anew, after records came in past `load`.

    Only what is stated by two records can join them; every other record is of the study that follows from it alone.
    """
    shared = [identifier for (identifier,) in _rows(asked, _SHARED)]
    done: set[str] = set()
    for at in range(0, len(shared), _AT_ONCE):
        some = [each for each in shared[at : at + _AT_ONCE] if each not in done]
        known = neighbours(asked, some)
        done |= frozenset[str]().union(*map(ties, known))
        yield from settle((), Index(known, splits), changed=done & set(some)).rekeys


def remembered(asked: Asked) -> Splits:
    """Give the splits that a store remembers."""
    return splits_room.splits_of(asked.quads(splits_room.GRAPH))


def changed_by(old: Splits, new: Splits) -> set[str]:
    """Give the identifiers about which two files of splits do not say the same."""
    return {side for pair in set(old.pairs) ^ set(new.pairs) for side in pair}


def unmet(asked: Asked, splits: Splits) -> list[str]:
    """Give what stands in the splits and no record of a store states: most likely written wrong."""
    sides = {side for pair in splits.pairs for side in pair}
    stating = _STATING.replace("DISTINCT ?record", "DISTINCT ?identifier")
    return sorted(sides - {found for (found,) in _rows(asked, stating, [str(Literal(side)) for side in sorted(sides)])})
