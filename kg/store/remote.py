"""A store behind a SPARQL 1.1 endpoint: the SPARQL Protocol for queries, the Graph Store Protocol for graphs.

Where only the query address is given, the others follow the convention of the server that it looks like; an update
address that the user names is used instead of the Graph Store Protocol.
"""

import contextlib
import tempfile
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pyoxigraph import (
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
    serialize,
)
from pyoxigraph import Store as Oxigraph

from picograph.kg.store.base import GraphText, QueryResults, Store, Writer
from picograph.kg.store.bulk import Chunk, Mend, refuse
from picograph.kg.store.dialects import (
    STANDARD,
    VIRTUOSO,
    Dialect,
    Endpoints,
    cannot_group,
    cannot_sort,
    dialect_of,
    endpoints,
    may_be_virtuoso,
    mended,
    mended_rows,
)
from picograph.kg.store.firsts import with_first_rows
from picograph.kg.store.guard import form_of, names_dataset, refuse_deep, refuse_other, refuse_service, short
from picograph.kg.store.ordering import in_order, lists_what_it_counts, without_order
from picograph.kg.store.protocol import EITHER, FORMS, XML, protocol_request
from picograph.kg.store.sources import SourceShelf
from picograph.kg.store.wire import Reply, Wire, WireError, without_user
from picograph.ontology.errors import StoreError, UsageError
from picograph.ontology.words import SHIPPED, SUFFIX, Words

if TYPE_CHECKING:
    import rdflib

_LINES = 20_000  # of N-Triples in one update
_TEXT = ("text/plain",)  # what a server calls any message; the formats that once used the name have better ones


class RemoteStore(Store):
    """A store behind a SPARQL 1.1 endpoint.

    :param url: of its query endpoint; a user's name and password may stand in it
    :param words: the folder of the indexes of full vocabularies; None where none is kept
    :param timeout: for which the server may keep silent [seconds]
    """

    def __init__(
        self,
        url: str,
        *,
        update_endpoint: str | None = None,
        sources: SourceShelf | None = None,
        words: Path | None = None,
        timeout: float = 60,
    ) -> None:
        self.location = without_user(url)
        self.sources = sources or SourceShelf(None)
        self._endpoints = endpoints(self.location, update_endpoint and without_user(update_endpoint))
        self._wire = Wire(url, timeout)
        self._dialect: Dialect | None = None  # not known before it answers
        self._word_folder = words
        self._words: Words | None = None
        self._written: list[Path] = []

    def close(self) -> None:
        self._wire.close()

    # --- reading ---

    def _asked(self, sparql: str, default_graph: str | None = None) -> Reply:
        """Ask; give the whole answer, in the standard's words."""
        refuse_service(sparql)
        refuse_deep(sparql)
        refuse_other(sparql)
        name = form_of(sparql)
        form = FORMS.get(name or "")
        dialect = self._known() if name == "SELECT" else None
        sooner = dialect.sooner(self._endpoints.query) if dialect else ""
        try:
            asked = protocol_request(
                self._endpoints.query,
                sooner + sparql,
                accept=XML if sooner else form.accept if form else EITHER,
                default_graph=default_graph,
                union=default_graph is None and not names_dataset(sparql),
            )
            reply = self._wire.ask(*asked)
        except WireError as error:
            if error.status == 400:
                raise UsageError(
                    f"this is not SPARQL 1.1 to the server: {error.said.partition(': ')[2]}",
                    where=self.location,
                    remedy="correct the query",
                ) from None
            raise self._failure(self.location, error.said) from None
        except ValueError as error:  # an address that is none
            raise self._failure(self.location, str(error)) from None
        self._dialect = dialect_of(reply.headers)
        if why := self._dialect.cut(reply.headers):
            reply.body.close()
            raise self._failure(self.location, f"its answer is not whole: {why}")
        if self._dialect.json_line and reply.media_type.endswith("json"):
            reply = reply._replace(body=mended(reply.body, self._dialect.json_line))
        if sooner and self._dialect.xml_rows and reply.media_type == XML:
            body, said = mended_rows(reply.body, self._dialect.xml_rows)
            if said:
                body.close()
                raise self._failure(self.location, said)
            reply = reply._replace(body=body)
        return reply

    def _known(self) -> Dialect | None:
        """Give the server's dialect, where it has to be known before it is asked for rows; else what is known of it."""
        if self._dialect is None and may_be_virtuoso(self._endpoints.query):
            self._asked("ASK { }").body.close()
        return self._dialect

    def _failure(self, endpoint: str, said: str) -> StoreError:
        return StoreError(
            f"the SPARQL endpoint does not answer: {said}",
            where=endpoint,
            remedy="see whether the server runs and the address is that of its query endpoint",
        )

    def query(self, sparql: str) -> QueryResults:
        virtuoso = form_of(sparql) == "SELECT" and self._known() is VIRTUOSO
        if virtuoso:
            sparql = with_first_rows(sparql, self._rows)
        if virtuoso and lists_what_it_counts(sparql):
            try:
                if (ordered := self._ordered_here(sparql)) is not None:
                    return ordered
            except StoreError as error:
                if not cannot_group(error.what):  # an end of time, say, is not to be waited for twice
                    raise
        try:
            reply = self._asked(sparql)
        except StoreError as error:
            ordered = self._ordered_here(sparql) if cannot_sort(error.what) else None
            if ordered is None:
                raise
            return ordered
        results = self._results(reply)
        form = FORMS.get(form_of(sparql) or "")
        if form is not None and form.results is QueryBoolean and isinstance(results, QuerySolutions):
            results = self._as_boolean(results)
        if form is None or isinstance(results, form.results):
            return results
        del results  # an error may end in another thread, where Oxigraph's results must not
        said = f"it answers {reply.media_type}, which is not what was asked: {_first_line(reply.beginning())}"
        raise self._failure(self.location, said)

    def _rows(self, sparql: str) -> QuerySolutions:
        rows = self.query(sparql)
        assert isinstance(rows, QuerySolutions)
        return rows

    def _ordered_here(self, sparql: str) -> QueryResults | None:
        """Ask without an order, and make it here; None where that cannot be."""
        parts = without_order(sparql)
        rows = self._results(self._asked(parts[0])) if parts else None
        return in_order(rows, parts[1]) if parts and isinstance(rows, QuerySolutions) else None

    def _as_boolean(self, rows: QuerySolutions) -> QueryResults:
        column = (self._dialect or STANDARD).ask_column
        if [variable.value for variable in rows.variables] != [column]:
            return rows
        yes = any(row[0] is not None and row[0].value not in ("0", "false") for row in rows)
        body = b'{"head":{},"boolean":%s}' % (b"true" if yes else b"false")
        return parse_query_results(body, format=QueryResultsFormat.JSON)

    def _results(self, reply: Reply) -> QueryResults:
        body, media_type = reply.body, reply.media_type
        answer = None
        try:
            if media_type not in _TEXT and (results := QueryResultsFormat.from_media_type(media_type)) is not None:
                answer = parse_query_results(body, format=results)
                if not isinstance(answer, QuerySolutions):
                    return answer
                for _ in answer:  # rows are parsed as they are taken: an answer cut off is to be found here, not there
                    pass
                body.seek(0)
                return parse_query_results(body, format=results)
            if media_type not in _TEXT and (rdf := RdfFormat.from_media_type(media_type)) is not None:
                return _query_triples(quad.triple for quad in parse(body, format=rdf))
        except (SyntaxError, ValueError) as error:
            answer = None  # an error may end in another thread, where Oxigraph's results must not
            raise self._failure(
                self.location, f"its answer is not whole: {error}; it begins with {_first_line(reply.beginning())}"
            ) from None
        raise self._failure(self.location, f"it answers {media_type}: {_first_line(reply.beginning())}")

    def quads(self, graph: str | None = None) -> Iterator[Quad]:
        if graph is not None:
            rows = self.query(f"SELECT ?s ?p ?o WHERE {{ GRAPH {NamedNode(graph)} {{ ?s ?p ?o }} }}")
            return (Quad(row["s"], row["p"], row["o"], NamedNode(graph)) for row in rows)  # type: ignore[union-attr]
        rows = self.query("SELECT ?s ?p ?o ?g WHERE { GRAPH ?g { ?s ?p ?o } }")
        return (
            Quad(row["s"], row["p"], row["o"], row["g"])
            for row in rows  # type: ignore[union-attr]
            if not self.hidden(row["g"].value)
        )

    def hidden(self, graph: str) -> bool:
        own = (self._dialect or STANDARD).own_graphs
        return own is not None and own.fullmatch(graph) is not None

    def graph(self) -> "rdflib.Dataset":
        from picograph.kg.store.datasets import endpoint_dataset

        def ask(sparql: str, *, default_graph: str | None) -> tuple[bytes, str]:
            reply = self._asked(sparql, default_graph)
            return reply.body.read(), reply.media_type

        return endpoint_dataset(self._endpoints.query, ask, self.hidden)

    # --- writing ---

    @contextlib.contextmanager
    def write(self) -> Iterator[Writer]:
        """Open for writing. Each graph is replaced in one request, whole or not at all, as soon as it is given."""
        self._learn_addresses()
        if not (self._endpoints.update or self._endpoints.graphs):
            raise StoreError(
                "it is not known where this server takes updates",
                where=self.location,
                remedy="name the address with --update-endpoint URL",
            )
        written, self._written = [], []
        try:
            yield self
            written = self._written
        finally:
            for path in self._written:
                if path in written:
                    path.replace(path.with_suffix(""))
                path.unlink(missing_ok=True)
            self._words = None

    @property
    def words(self) -> Words:
        if self._words is None:
            self._words = Words(self._word_folder) if self._word_folder else SHIPPED
        return self._words

    def fill(self, graph: str, chunks: Iterable[Chunk], mend: Mend = refuse, also: Sequence[str] = ()) -> None:
        """Make each graph hold exactly its triples, in one request; without a graph store, by one move."""
        with contextlib.ExitStack() as stack:
            spools = {each: stack.enter_context(tempfile.TemporaryFile()) for each in (graph, *also)}
            for chunk in chunks:
                spools[chunk.graph or graph].write(_taken(chunk, mend))
            for each, spool in spools.items():
                spool.seek(0)
                self._put(each, spool)

    def _put(self, graph: str, spool: IO[bytes]) -> None:
        if self._endpoints.graphs:
            url = f"{self._endpoints.graphs}?{urllib.parse.urlencode({'graph': graph})}"
            self._write("PUT", url, spool, "application/n-triples")
            return
        name, new = NamedNode(graph), NamedNode(graph + "/new")
        self._update(f"DROP SILENT GRAPH {new}")
        while lines := b"".join(islice(spool, _LINES)):
            self._update(f"INSERT DATA {{ GRAPH {new} {{\n{lines.decode()}}} }}")
        self._update(f"MOVE GRAPH {new} TO {name}")

    def rows(self, graph: str, files: Mapping[str, Path], start: str = "") -> None:
        """A server has no results table."""

    def index(self, name: str) -> Path:
        """Say where to write an index: a server keeps graphs only, so it is on the user's disk."""
        folder = self._word_folder or Path(tempfile.mkdtemp(prefix="picograph-"))
        self._word_folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}{SUFFIX}.new"
        path.unlink(missing_ok=True)
        self._written.append(path)
        return path

    def _learn_addresses(self) -> None:
        """Ask who it is, where the address alone may mislead: several kinds of server answer at ``/sparql``."""
        if not self._endpoints.query.endswith("/sparql") or not self._endpoints.graphs:
            return
        if self._known() is VIRTUOSO:
            ending = "-auth" if self._wire.has_user else ""
            stem = self._endpoints.query.removesuffix("/sparql")
            addresses = (f"{stem}/sparql{ending}", f"{stem}/sparql-graph-crud{ending}")
            self._endpoints = Endpoints(self._endpoints.query, *addresses)

    def replace(self, graph: str, quads: Sequence[Quad]) -> None:
        """Make a named graph hold exactly these quads, in one request."""
        triples = serialize((quad.triple for quad in quads), format=RdfFormat.N_TRIPLES) or b""
        if self._endpoints.graphs:
            url = f"{self._endpoints.graphs}?{urllib.parse.urlencode({'graph': graph})}"
            self._write("PUT", url, triples, "application/n-triples")
        else:
            name = NamedNode(graph)
            self._update(f"DROP SILENT GRAPH {name} ;\nINSERT DATA {{ GRAPH {name} {{\n{triples.decode()}}} }}")

    def put(self, graphs: Iterable[GraphText], threads: int = 1) -> None:
        """Make each of many named graphs hold exactly its lines, one request for each."""
        for graph in graphs:
            self.replace(graph.name, list(parse(graph.lines, format=RdfFormat.N_QUADS)))

    def remove(self, graph: str) -> None:
        """Take a named graph out."""
        self._update(f"DROP SILENT GRAPH {NamedNode(graph)}")

    def _update(self, sparql: str) -> None:
        assert self._endpoints.update is not None
        self._write("POST", self._endpoints.update, sparql.encode(), "application/sparql-update")

    def _write(self, method: str, url: str, body: bytes | IO[bytes], media_type: str) -> None:
        try:
            self._wire.ask(method, url, body=body, headers={"Content-Type": media_type}).body.close()
        except WireError as error:
            raise self._failure(url, error.said) from None


def _taken(chunk: Chunk, mend: Mend) -> bytes:
    """Give the lines of a chunk that are N-Triples."""
    try:
        for _ in parse(chunk.lines, format=RdfFormat.N_TRIPLES):
            pass
    except SyntaxError as error:
        return mend(chunk, error.msg)
    return chunk.lines


def _query_triples(triples: Iterator[Triple]) -> QueryTriples:
    """Give triples in the type that an embedded store answers with."""
    memory = Oxigraph()
    memory.extend(Quad(*triple) for triple in triples)
    results = memory.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")
    assert isinstance(results, QueryTriples)
    return results


def _first_line(said: object) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return short(text)
