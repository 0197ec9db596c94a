"""A store as an rdflib Dataset, over the same data: what `Store.graph` gives. Imported only where rdflib is wanted."""

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any, Protocol, cast

import rdflib
from oxrdflib import OxigraphStore
from pyoxigraph import Store as Oxigraph
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from rdflib.query import Result
from rdflib.term import Node

from picograph.kg.store.guard import refuse_deep, refuse_service

Triple = tuple[Node, Node, Node]
Pattern = tuple[Node | None, Node | None, Node | None]


_SPO = tuple(rdflib.Variable(name) for name in "spo")
_G = rdflib.Variable("g")


class Ask(Protocol):
    """How an endpoint is asked: a query, and the graph that is its default graph, or None for the union of all."""

    def __call__(self, sparql: str, *, default_graph: str | None) -> tuple[bytes, str]:
        """Give the body of the answer and its media type."""


def _plain(term: Any) -> Any:
    """Write a text as rdflib's own readers do: without a data type."""
    return rdflib.Literal(str(term)) if getattr(term, "datatype", None) == rdflib.XSD.string else term


class _Embedded(OxigraphStore):
    """Oxigraph in rdflib, with the same guard as `Store.query`."""

    holder: object = None

    def query(self, query: Any, *arguments: Any, **named: Any) -> Result:
        refuse_service(str(query))
        refuse_deep(str(query))
        result: Any = super().query(query, *arguments, **named)
        if result.type == "SELECT":
            plain = Result("SELECT")
            plain.vars = result.vars
            plain.bindings = (
                {rdflib.Variable(name): _plain(term) for name, term in row.asdict().items()} for row in result
            )
            return plain
        if result.type == "CONSTRUCT":
            found, result.graph = result.graph, rdflib.Graph()
            for s, p, o in found:
                result.graph.add((s, p, _plain(o)))
        return cast(Result, result)

    def triples(self, pattern: Any, context: Any = None) -> Iterator[tuple[Triple, Iterator[Any]]]:
        for (s, p, o), graphs in super().triples(pattern, context):
            yield (s, p, _plain(o)), graphs

    def add_graph(self, graph: rdflib.Graph) -> None:
        """Do nothing: rdflib asks for its default graph when it lists the graphs of a store that is only read."""


class _Endpoint(SPARQLStore):
    """An endpoint in rdflib: its union is what is asked, and triples come with the graphs that they stand in."""

    def __init__(self, url: str, ask: Ask, hidden: Callable[[str], bool]) -> None:
        super().__init__(url)
        self._ask = ask
        self._hidden = hidden

    def _query(self, query: str, default_graph: str | None = None, **_: Any) -> Result:
        body, media_type = self._ask(query, default_graph=default_graph)
        if media_type == "application/n-triples":
            result = Result("CONSTRUCT")
            result.graph = rdflib.Graph().parse(data=body, format="nt")
            return result
        return Result.parse(BytesIO(body), content_type=media_type)

    def triples(  # type: ignore[override]
        self, pattern: Pattern, context: rdflib.Graph | None = None
    ) -> Iterator[tuple[Triple, Iterator[rdflib.Graph]]]:
        if context is not None and context.identifier == DATASET_DEFAULT_GRAPH_ID:
            return  # every triple stands in a named graph
        graph = _G if context is None else context.identifier
        terms = [name if term is None else term for name, term in zip(_SPO, pattern, strict=True)]
        for row in self._rows("*", terms, graph):
            if graph is _G and self._hidden(str(row[_G])):
                continue
            s, p, o = (row.get(term, term) for term in terms)
            yield (s, p, o), iter((self._graph(row.get(_G, graph)),))

    def contexts(self, triple: Pattern | None = None) -> Iterator[rdflib.Graph]:  # type: ignore[override]
        pattern = triple or (None, None, None)
        terms = [name if term is None else term for name, term in zip(_SPO, pattern, strict=True)]
        for row in self._rows("DISTINCT ?g", terms, _G):
            if not self._hidden(str(row[_G])):
                yield self._graph(row[_G])

    def _rows(self, what: str, terms: list[Any], graph: Node) -> Iterable[Any]:
        s, p, o, g = (self.node_to_sparql(term) for term in (*terms, graph))
        return self._query(f"SELECT {what} WHERE {{ GRAPH {g} {{ {s} {p} {o} }} }}").bindings

    def _graph(self, name: Any) -> rdflib.Graph:
        return rdflib.Graph(self, name)

    def add_graph(self, graph: rdflib.Graph) -> None:
        """Do nothing: rdflib asks for its default graph when it lists the graphs of a store that is only read."""

    def __len__(self, context: rdflib.Graph | None = None) -> int:
        graph = self.node_to_sparql(_G if context is None else context.identifier)
        distinct = f"SELECT DISTINCT ?s ?p ?o WHERE {{ GRAPH {graph} {{ ?s ?p ?o }} }}"
        (row,) = self._query(f"SELECT (COUNT(*) AS ?n) WHERE {{ {{ {distinct} }} }}").bindings
        return int(row[rdflib.Variable("n")])


def embedded_dataset(oxigraph: Oxigraph, holder: object) -> rdflib.Dataset:
    """Give an embedded store as a Dataset, without a copy.

    :param holder: what keeps the files from being swept away; it lives as long as the Dataset
    """
    store = _Embedded(store=oxigraph)
    store.holder = holder
    return rdflib.Dataset(store=store, default_union=True)


def endpoint_dataset(url: str, ask: Ask, hidden: Callable[[str], bool]) -> rdflib.Dataset:
    """Give an endpoint as a Dataset: each look-up is a query.

    :param hidden: whether a graph is the server's own
    """
    return rdflib.Dataset(store=_Endpoint(url, ask, hidden), default_union=True)
