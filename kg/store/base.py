"""The one interface of every store, and what it gives and takes."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol, Self

from pyoxigraph import NamedNode, Quad, QueryBoolean, QuerySolutions, QueryTriples

from picograph.kg.store.sources import SourceShelf

if TYPE_CHECKING:
    import rdflib

    from picograph.kg.store.columnar import ResultsTable

QueryResults = QuerySolutions | QueryBoolean | QueryTriples
CHECKSUM = NamedNode("https://w3id.org/picograph/ontology/contentChecksum")


class Writer(Protocol):
    """What changes a store. A graph is replaced whole, or not at all."""

    def replace(self, graph: str, quads: Sequence[Quad]) -> None:
        """Make a named graph hold exactly these quads."""

    def remove(self, graph: str) -> None:
        """Take a named graph out."""


class Store(ABC):
    """A dataset of named graphs, one per record and per vocabulary, that answers SPARQL 1.1 queries.

    Queries see the union of all named graphs as the default graph.
    """

    location: str
    sources: SourceShelf

    @abstractmethod
    def query(self, sparql: str) -> QueryResults:
        """Answer a SPARQL 1.1 query.

        :raises UsageError: if it is not SPARQL 1.1
        :raises StoreError: if the store does not answer
        """

    @abstractmethod
    def quads(self, graph: str | None = None) -> Iterator[Quad]:
        """Give the quads of one named graph, or of all of them."""

    @abstractmethod
    def write(self) -> AbstractContextManager[Writer]:
        """Open the store for writing: what is written becomes visible when the block ends without an error.

        :raises StoreError: if somebody else is writing, or nothing can be written there
        """

    @abstractmethod
    def graph(self) -> "rdflib.Dataset":
        """Give an rdflib Dataset over the same data, without a copy."""

    def table(self) -> "ResultsTable | None":
        """Give the results table, which says the same as the quads; None where there is none."""
        return None

    def checksums(self) -> dict[str, str]:
        """Give every named graph that describes itself, with the checksum of its content."""
        rows = self.query(f"SELECT ?graph ?sum WHERE {{ GRAPH ?graph {{ ?graph {CHECKSUM} ?sum }} }} ORDER BY ?graph")
        assert isinstance(rows, QuerySolutions)
        return {row["graph"].value: row["sum"].value for row in rows}

    def close(self) -> None:  # noqa: B027 - most stores hold nothing open
        """Let go of the store."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
