"""The one interface of every store, and what it gives and takes."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self, TypeVar

from pyoxigraph import NamedNode, Quad, QueryBoolean, QuerySolutions, QueryTriples

from picograph.kg.store.bulk import Chunk, Mend, refuse
from picograph.kg.store.sources import SourceShelf
from picograph.kg.store.table import RowLines
from picograph.ontology.errors import UsageError
from picograph.ontology.words import SHIPPED, Words

if TYPE_CHECKING:
    import rdflib

    from picograph.kg.store.columnar import ResultsTable

T = TypeVar("T")
QueryResults = QuerySolutions | QueryBoolean | QueryTriples
_PG = "https://w3id.org/picograph/ontology/"
CHECKSUM, INPUT_CHECKSUM = NamedNode(_PG + "contentChecksum"), NamedNode(_PG + "inputChecksum")


class GraphText(NamedTuple):
    """A named graph as it is written in bulk: its name, its lines of N-Quads, its rows of the results table."""

    name: str
    lines: bytes
    rows: RowLines | None  # None: the graph says what no row can hold


class Held(NamedTuple):
    """A record that a store holds: its graph, its study, its source, each by its IRI."""

    graph: str
    study: str
    source: str


class Writer(Protocol):
    """What changes a store. A graph is replaced whole, or not at all."""

    def replace(self, graph: str, quads: Sequence[Quad]) -> None:
        """Make a named graph hold exactly these quads."""

    def put(self, graphs: Iterable[GraphText], threads: int = 1) -> None:
        """Make each of many named graphs hold exactly its lines.

        :param graphs: none is given twice; each is taken once, so that it need not be held by who gives it
        :param threads: how many may be used
        """

    def remove(self, graph: str) -> None:
        """Take a named graph out."""

    def fill(self, graph: str, chunks: Iterable[Chunk], mend: Mend = refuse, also: Sequence[str] = ()) -> None:
        """Make a named graph hold exactly the triples of chunks of N-Triples, of whatever size.

        :param also: further graphs, filled by the chunks that name them
        :param mend: gives the lines of a chunk without those that the engine does not take, or raises
        """

    def rows(self, graph: str, files: Mapping[str, Path], start: str = "") -> None:
        """Have rows of the results table for a graph that `fill` makes: `fill` has begun, or is done.

        :param files: by table, tab-separated values: all columns but the first, which is the graph
        :param start: of the IRI of each concept, left out in the files
        """

    def index(self, name: str) -> Path:
        """Say where to write the index of a vocabulary: it is in use as soon as its graph is."""


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

    @property
    def words(self) -> Words:
        """The vocabularies at hand: those that were added to the store in full, and the slices of the others."""
        return SHIPPED

    def table(self) -> "ResultsTable | None":
        """Give the results table, which says the same as the quads; None where there is none."""
        return None

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """Give what follows from all that is in the store; one that knows when it changes makes it once.

        :param name: of what is made
        """
        return make()

    def exists(self) -> bool:
        """Say whether there is anything to ask: a folder that was never written to is no store yet."""
        return True

    def checksums(self, graphs: Collection[str] | None = None) -> dict[str, str]:
        """Give the named graphs that describe themselves, each with the checksum of its content.

        :param graphs: the names of those that are asked for; None for all of them
        """
        names = "" if graphs is None else f"VALUES ?graph {{ {' '.join(str(NamedNode(name)) for name in graphs)} }}"
        pattern = f"{names} GRAPH ?graph {{ ?graph {CHECKSUM} ?sum }}"
        rows = self.query(f"SELECT ?graph ?sum WHERE {{ {pattern} }} ORDER BY ?graph")
        assert isinstance(rows, QuerySolutions)
        return {row["graph"].value: row["sum"].value for row in rows}

    def held(self, inputs: Collection[str]) -> dict[str, Held]:
        """Say which records are in, by the checksums of what they were made from.

        :param inputs: as the graphs of records state them as ``pg:inputChecksum``
        """
        sums = " ".join(f'"{each}"' for each in inputs)
        pattern = (
            f"VALUES ?sum {{ {sums} }} GRAPH ?graph {{ ?graph {INPUT_CHECKSUM} ?sum ; <{_PG}ofStudy> ?study ; "
            "<http://www.w3.org/ns/prov#wasDerivedFrom> ?source }"
        )
        rows = self.query(f"SELECT ?sum ?graph ?study ?source WHERE {{ {pattern} }} ORDER BY ?graph")
        assert isinstance(rows, QuerySolutions)
        return {row["sum"].value: Held(row["graph"].value, row["study"].value, row["source"].value) for row in rows}

    def settle(self) -> None:  # noqa: B027 - most stores have nothing to put in order
        """Put in order what much writing left behind, where that makes questions quicker."""

    def many_writes(self, *, few: bool = False) -> AbstractContextManager[None]:
        """Have the writes of a block go quicker, where there are many; each is as whole as ever.

        :param few: it is known that they are not so many that questions between them would suffer from files that are
            put in order only at the end, by `settle`
        """
        return nullcontext()

    def reader(self) -> "Store":
        """Give a store to read from that goes on seeing what is in this one now, whatever is written meanwhile."""
        return self

    def hidden(self, graph: str) -> bool:
        """Say whether a graph is the server's own, which it keeps among the user's."""
        return False

    def close(self) -> None:  # noqa: B027 - most stores hold nothing open
        """Let go of the store."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.location}>"


def check_open(store: object) -> None:
    """Refuse the name of a store where a store is needed.

    :raises UsageError: if it is one
    """
    if isinstance(store, str | Path):
        raise UsageError(
            f"{str(store)!r} is the name of a store, and not yet open",
            where="the first argument",
            remedy=f"open it first: picograph.open_store({str(store)!r})",
        )
