"""What is in a store, and which versions made it."""

import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, QuerySolutions

from picograph.kg.model import PG

if TYPE_CHECKING:
    from picograph.kg.store import Store

_PARTS = f"""
SELECT ?what (COUNT(DISTINCT ?part) AS ?count) WHERE {{
  GRAPH ?record {{ ?record a <{PG}Record> . ?part a ?what }}
}} GROUP BY ?what ORDER BY ?what"""
_MANY = 20  # records
_TRIPLES = "SELECT ?what (COUNT(*) AS ?count) WHERE { GRAPH ?what { ?s ?p ?o } } GROUP BY ?what ORDER BY ?what"


def _counts(store: "Store", sparql: str) -> Iterator[tuple[str, str]]:
    rows = store.query(sparql)
    assert isinstance(rows, QuerySolutions)
    for row in rows:
        what, count = row["what"], row["count"]
        if isinstance(what, NamedNode) and isinstance(count, Literal):
            yield what.value, count.value


def versions() -> Iterator[tuple[str, str]]:
    """Give the versions of the software, the ontology and the vocabularies at hand."""
    from picograph import __version__
    from picograph.ontology import concepts, terms

    yield "picograph", __version__
    yield "python", sys.version.split()[0]
    yield "pyoxigraph", version("pyoxigraph")
    yield "ontology", terms.version_iri()
    for name, source in concepts.sources().items():
        yield f"vocabulary {name}", str(source["version"])


def contents(store: "Store") -> Iterator[tuple[str, str]]:
    """Give the number of parts of each class in the records, and of triples in each graph.

    Many records are told in one line: what each of them has, a query says.
    """
    from picograph.kg.triples import BASE
    from picograph.queries.wording import counted

    for name, count in _counts(store, _PARTS):
        yield name.removeprefix(PG), count
    graphs = {name: int(count) for name, count in _counts(store, _TRIPLES) if not store.hidden(name)}
    records = [name for name in graphs if name.startswith(BASE + "record/")]
    if len(records) > _MANY:
        yield f"triples in {counted(len(records), 'record')}", str(sum(graphs.pop(name) for name in records))
    for name, triples in graphs.items():
        yield f"triples in {name}", str(triples)
