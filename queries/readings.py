"""Records that rules or a model read from words, and what of them a question takes.

A person's reading goes before: where a curated record of the same document is in the store, questions leave out what
rules or a model read of it, and say so. `picograph show` shows both. Other rows that were read so stay, with a caution:
nobody has checked them.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, QuerySolutions

from picograph.kg.model import PG, enum_iri
from picograph.kg.source import Method

if TYPE_CHECKING:
    from picograph.kg.store import Store

_READ = f"{NamedNode(enum_iri(Method.RULE))} {NamedNode(enum_iri(Method.MODEL))}"
# how many were read so, from one index; none in most stores, and then nothing else is asked
_NUMBER = f"""PREFIX pg: <{PG}>
SELECT (COUNT(*) AS ?number) WHERE {{
  VALUES ?method {{ {_READ} }}
  GRAPH ?record {{ ?record pg:method ?method }}
}}"""
# from the curated records, which are few, to the others of their documents: by the key, by the text, by a DOI or PMID
# that both state or that a third record states together (an index has both)
_DOCUMENT = '(STRSTARTS({0}, "doi:") || STRSTARTS({0}, "pmid:"))'
_LEFT_OUT = f"""PREFIX pg: <{PG}> PREFIX prov: <http://www.w3.org/ns/prov#>
SELECT DISTINCT ?record WHERE {{
  GRAPH ?curated {{ ?curated pg:method {NamedNode(enum_iri(Method.CURATED))} }}
  {{
    GRAPH ?curated {{ ?curated pg:documentKey ?document }}
    GRAPH ?record {{ ?record pg:documentKey ?document ; pg:method ?method }}
  }} UNION {{
    GRAPH ?curated {{ ?curated pg:statesIdentifier ?stated }} FILTER {_DOCUMENT.format("?stated")}
    GRAPH ?index {{ ?index pg:statesIdentifier ?stated , ?named }} FILTER {_DOCUMENT.format("?named")}
    GRAPH ?record {{ ?record pg:statesIdentifier ?named ; pg:method ?method }}
  }} UNION {{
    GRAPH ?curated {{ ?curated prov:wasDerivedFrom ?text }}
    GRAPH ?record {{ ?record prov:wasDerivedFrom ?text ; pg:method ?method }}
  }}
  FILTER (?method IN ({_READ.replace(" ", ", ")}))
}}"""
# the variables of a question whose graphs are vocabularies; every other graph is a record's
OF_VOCABULARIES = frozenset({
    "actions", "diseases", "drugs", "drugs_against", "events", "hierarchy", "measures", "outcomes", "own", "plain",
    "properties", "roles", "steps", "treatments", "vocabulary", "words",
})  # fmt: skip
_GRAPH = re.compile(rf"GRAPH (?P<graph>\?(?!(?:{'|'.join(sorted(OF_VOCABULARIES))}) )[a-z_]+) \{{")


class Readings:
    """The records of a store that rules or a model read, and those that a person's reading goes before.

    >>> from picograph.kg.store import open_store
    >>> Readings.of(open_store(":memory:")).left_out
    ()
    """

    def __init__(self, number: int, left_out: Iterable[str]) -> None:
        """Take how many named graphs were read so, and those of them whose document a person has read."""
        self.number = number
        self.left_out = tuple(sorted(left_out))

    @classmethod
    def of(cls, store: "Store") -> "Readings":
        """Ask a store which records were read by rules or a model."""
        return store.kept("readings", lambda: cls._of(store))

    @classmethod
    def _of(cls, store: "Store") -> "Readings":
        number = int(next(_terms(store, _NUMBER)).value) if store.exists() else 0
        return cls(number, (record.value for record in _terms(store, _LEFT_OUT)) if number else ())

    def narrow(self, sparql: str) -> str:
        """Give a question without the records that a person's reading goes before.

        >>> Readings(1, ["http://x/1"]).narrow("SELECT * { GRAPH ?record { ?s ?p ?o } }")
        'SELECT * { FILTER (?record NOT IN (<http://x/1>)) GRAPH ?record { ?s ?p ?o } }'
        """
        if not self.left_out:
            return sparql
        graphs = ", ".join(str(NamedNode(record)) for record in self.left_out)
        return _GRAPH.sub(lambda match: f"FILTER ({match['graph']} NOT IN ({graphs})) {match[0]}", sparql)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Say for people what was left out, and what nobody has checked."""
        said = []
        if self.left_out:
            number = len(self.left_out)
            records = "1 record that was" if number == 1 else f"{number} records that were"
            said.append(
                f"{records} read by rules or a model, and by a person too: the person's facts stand alone here."
            )
        if left := self.number - len(self.left_out):
            records = "1 record that was" if left == 1 else f"{left} records that were"
            said.append(
                f"The store holds {records} read from words by rules or a model and checked by nobody:"
                " picograph show STUDY says how sure each fact is."
            )
        return tuple(said)


def _terms(store: "Store", sparql: str) -> Iterator[NamedNode | Literal]:
    rows = store.query(sparql)
    assert isinstance(rows, QuerySolutions)
    for row in rows:
        assert isinstance(row[0], NamedNode | Literal)
        yield row[0]
