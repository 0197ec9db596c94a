"""Records that rules or a model read from words, and what of them a question takes.

A person's reading goes before: where a curated record of the same document is in the store, questions leave out what
rules or a model read of it, and say so. `picograph show` shows both. Other rows that were read so stay, with a caution:
nobody has checked them.
"""

import re
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, QuerySolutions

from picograph.kg.model import PG, enum_iri
from picograph.kg.source import Method

if TYPE_CHECKING:
    from picograph.kg.store import Store

_READ = (Method.RULE, Method.MODEL)
_RECORDS = f"""PREFIX pg: <{PG}>
SELECT ?record ?document WHERE {{
  VALUES ?method {{ %s }}
  GRAPH ?record {{ ?record pg:method ?method ; pg:documentKey ?document }}
}}"""
# the graphs of records in a question; those of vocabularies have other names
_GRAPH = re.compile(r"GRAPH (?P<graph>\?(?:record|other|first|second|third|any)) \{")


class Readings:
    """The records of a store that rules or a model read, and those that a person's reading goes before.

    >>> from picograph.kg.store import open_store
    >>> Readings.of(open_store(":memory:")).left_out
    ()
    """

    def __init__(self, read: dict[str, str], curated: set[str]) -> None:
        """Take the named graphs of records that were read so, each with its document, and the curated documents."""
        self.read = read
        self.left_out = tuple(sorted(record for record, document in read.items() if document in curated))

    @classmethod
    def of(cls, store: "Store") -> "Readings":
        """Ask a store which records were read by rules or a model."""
        read = _records(store, _READ)
        return cls(read, set(_records(store, (Method.CURATED,)).values()) if read else set())

    def narrow(self, sparql: str) -> str:
        """Give a question without the records that a person's reading goes before.

        >>> Readings({"http://x/1": "pmid:1"}, {"pmid:1"}).narrow("SELECT * { GRAPH ?record { ?s ?p ?o } }")
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
            records = "1 record" if number == 1 else f"{number} records"
            said.append(f"{records} that rules read are left out: a person has read the same documents.")
        if left := len(self.read) - len(self.left_out):
            records = "1 record that was" if left == 1 else f"{left} records that were"
            said.append(
                f"The store holds {records} read from words by rules or a model and checked by nobody:"
                " picograph show STUDY says how sure each fact is."
            )
        return tuple(said)


def _records(store: "Store", methods: tuple[Method, ...]) -> dict[str, str]:
    if not store.exists():
        return {}
    rows = store.query(_RECORDS % " ".join(str(NamedNode(enum_iri(method))) for method in methods))
    assert isinstance(rows, QuerySolutions)
    found = {}
    for row in rows:
        record, document = row["record"], row["document"]
        if isinstance(record, NamedNode) and isinstance(document, Literal):
            found[record.value] = document.value
    return found
