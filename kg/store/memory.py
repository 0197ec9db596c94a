"""What every Oxigraph store answers, and the one in memory."""

import contextlib
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode, Quad
from pyoxigraph import Store as Oxigraph

from picograph.kg.store.base import QueryResults, Store, Writer
from picograph.kg.store.guard import names_dataset, not_sparql, refuse_deep, refuse_service
from picograph.kg.store.sources import SourceShelf
from picograph.kg.store.writer import OxigraphWriter
from picograph.ontology.errors import StoreError

if TYPE_CHECKING:
    import rdflib

ENGINE = (OSError, RuntimeError)  # what Oxigraph raises where files cannot be read or written, or are damaged
MAKE_NEW = "see whether the folder is whole and readable; load the records into a new folder if it is not"


class OxigraphStore(Store):
    """What memory and folder share: one Oxigraph store that answers."""

    def _oxigraph(self) -> Oxigraph:
        raise NotImplementedError

    def query(
        self,
        sparql: str,
        *,
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
        hosts: Collection[str] = (),
        base: str | None = None,
    ) -> QueryResults:
        """Answer a SPARQL 1.1 query.

        :param default_graphs: the data set, which goes before the query's own; neither given: the store's
        :param hosts: which other endpoints it may ask
        :param base: what its relative IRIs are relative to
        """
        refuse_service(sparql, hosts)
        refuse_deep(sparql)
        named = default_graphs is not None or named_graphs is not None
        try:
            if named:
                return self._oxigraph().query(
                    sparql,
                    base_iri=base,
                    default_graph=[NamedNode(name) for name in default_graphs or ()],
                    named_graphs=[NamedNode(name) for name in named_graphs or ()],
                )
            # a query that names its data set has that one: Oxigraph would ignore the names for the union's sake
            union = not names_dataset(sparql)
            return self._oxigraph().query(sparql, base_iri=base, use_default_graph_as_union=union)
        except SyntaxError as error:
            raise not_sparql(error, sparql) from None
        except ENGINE as error:
            raise self._damaged(error) from None

    def quads(self, graph: str | None = None) -> Iterator[Quad]:
        found = self._oxigraph().quads_for_pattern(None, None, None, NamedNode(graph) if graph else None)
        return self._whole(found)

    def _whole(self, quads: Iterator[Quad]) -> Iterator[Quad]:
        try:
            yield from quads
        except ENGINE as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> StoreError:
        return StoreError(f"the store cannot be read: {error}", where=self.location, remedy=MAKE_NEW)

    def graph(self) -> "rdflib.Dataset":
        from picograph.kg.store.datasets import embedded_dataset

        return embedded_dataset(self._oxigraph(), self)


class MemoryStore(OxigraphStore):
    """A store in memory, gone when the program ends.

    >>> store = MemoryStore()
    >>> bool(store.query("ASK { ?s ?p ?o }"))
    False
    """

    def __init__(self) -> None:
        self.location = ":memory:"
        self.sources = SourceShelf(None)
        self._store = Oxigraph()

    def _oxigraph(self) -> Oxigraph:
        return self._store

    @contextlib.contextmanager
    def write(self) -> Iterator[Writer]:
        copy = Oxigraph()
        copy.bulk_extend(iter(self._store))
        with contextlib.closing(OxigraphWriter(copy)) as writer:
            yield writer
            self._store = writer.oxigraph()
