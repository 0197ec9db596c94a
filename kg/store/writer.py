"""What writes into a copy of an Oxigraph store: graphs, rows of the results table, indexes of vocabularies."""

import contextlib
import io
import shutil
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Triple
from pyoxigraph import Store as Oxigraph

from picograph.kg.store.base import GraphText
from picograph.kg.store.bulk import Chunk, Mend, copy_without, fill, is_big, merge_later, refuse
from picograph.kg.store.guard import not_sparql, refuse_deep, refuse_load, refuse_service
from picograph.kg.store.table import RowLines, TableWriter
from picograph.ontology.errors import UsageError
from picograph.ontology.words import SUFFIX

_BULK = 1 << 21  # bytes of N-Quads from which bulk loading is quicker than a transaction
_REMADE = 300_000  # quads; the table of a larger store is not made again by an update


@contextlib.contextmanager
def as_os_errors() -> Iterator[None]:
    """Raise what Oxigraph says of damaged files as what the system says of others."""
    try:
        yield
    except RuntimeError as error:
        raise OSError(str(error)) from None


class OxigraphWriter:
    """Writes into a copy; of no more use when its block has ended.

    :param before: the results table of the generation before
    :param apart: the copy is not in the generation, which gets what it holds when all is written
    :param many: it is one of many, and the store will be settled after the last
    :param few: of not so many: the engine need not merge its files meanwhile
    """

    def __init__(
        self,
        oxigraph: Oxigraph,
        generation: Path | None = None,
        before: Path | None = None,
        *,
        apart: bool = False,
        many: bool = False,
        few: bool = False,
    ) -> None:
        self._copy: Oxigraph | None = oxigraph
        self._generation, self._apart, self._many, self._few = generation, apart, many, few
        self._folder = generation / "table" if generation else None
        self._table = TableWriter(before, self._folder) if self._folder else None

    def oxigraph(self) -> Oxigraph:
        """Give the copy that is written."""
        if self._copy is None:
            raise ValueError("this writer's block has ended")
        return self._copy

    def replace(self, graph: str, quads: Sequence[Quad]) -> None:
        with as_os_errors():
            known = self.oxigraph().contains_named_graph(NamedNode(graph))
            if known:
                self.oxigraph().remove_graph(NamedNode(graph))
            self.oxigraph().extend(quads)
        if self._table:
            self._table.replace(graph, quads, known=known)

    def put(self, graphs: Iterable[GraphText], threads: int = 1) -> None:
        """Write past transactions: what a kill leaves behind is a generation that never becomes the current one."""
        with as_os_errors():
            oxigraph = self.oxigraph()
            parts = [io.BytesIO() for _ in range(threads)]
            rows: deque[_Rows] = deque()
            for number, graph in enumerate(graphs):
                known = oxigraph.contains_named_graph(NamedNode(graph.name))
                if known:
                    oxigraph.remove_graph(NamedNode(graph.name))
                parts[number % threads].write(graph.lines)
                rows.append(_Rows(graph.name, graph.rows, known))
            if sum(part.tell() for part in parts) < _BULK:
                oxigraph.load(b"".join(part.getvalue() for part in parts), format=RdfFormat.N_QUADS)
                self._put_rows(rows)
            else:
                self._put_in_bulk(parts, rows)

    def _put_in_bulk(self, parts: Sequence[io.BytesIO], rows: deque["_Rows"]) -> None:
        """Load each part in a thread, and see to the rows meanwhile."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(len(parts)) as pool:
            loads = [pool.submit(_bulk_load, self.oxigraph(), part, self._few) for part in parts]
            if self._table and len(parts) > 1 and self._many:
                self._table.leave_lines()
            self._put_rows(rows)
            if self._table and len(parts) > 1:
                self._table.end_batch()
            for load in loads:
                load.result()

    def _put_rows(self, rows: deque["_Rows"]) -> None:
        while rows:
            graph, lines, known = rows.popleft()
            if self._table:
                self._table.put(graph, lines, known=known)

    def remove(self, graph: str) -> None:
        with as_os_errors():
            self._take_out(graph)
        if self._table:
            self._table.remove(graph)

    def fill(self, graph: str, chunks: Iterable[Chunk], mend: Mend = refuse, also: Sequence[str] = ()) -> None:
        with as_os_errors():
            for each in (graph, *also):
                self.remove(each)
            fill(self.oxigraph(), graph, chunks, mend)

    def _take_out(self, graph: str) -> None:
        """Take a graph out; a big one by writing all others anew, which is quicker than to mark each of its quads."""
        if self._apart or not is_big(self.oxigraph(), graph):
            self.oxigraph().remove_graph(NamedNode(graph))
            return
        folder = self._generation / "quads" if self._generation else None
        new = folder.with_name("quads.new") if folder else None
        rest = Oxigraph(str(new)) if new else Oxigraph()
        copy_without(self.oxigraph(), graph, rest)
        if folder and new:
            rest.flush()
            del rest
            self._copy = None
            shutil.rmtree(folder)
            new.rename(folder)
            rest = Oxigraph(str(folder))
        self._copy = rest

    def rows(self, graph: str, files: Mapping[str, Path], start: str = "") -> None:
        if self._table:
            self._table.put_files(graph, files, start)

    def index(self, name: str) -> Path:
        if self._generation is None:
            raise UsageError(
                "a store in memory has no place for a full vocabulary",
                where=":memory:",
                remedy="give a folder: --store FOLDER",
            )
        folder = self._generation / "words"
        folder.mkdir(exist_ok=True)
        path = folder / f"{name}{SUFFIX}"
        path.unlink(missing_ok=True)  # a second name of what the generation before reads
        return path

    def update(self, sparql: str, base: str, hosts: Collection[str] = ()) -> None:
        """Run a SPARQL 1.1 update, all or nothing. Which graphs it changes is not known: the table is made again.

        :raises UsageError: if it is not SPARQL 1.1, or asks an address that it may not
        """
        refuse_service(sparql, hosts)
        refuse_load(sparql, hosts)
        refuse_deep(sparql)
        try:
            self.oxigraph().update(sparql, base_iri=base)
        except SyntaxError as error:
            raise not_sparql(error, sparql, "the update") from None
        if len(self.oxigraph()) <= _REMADE:
            self.rebuild()
        else:
            self.drop_table()

    def replace_default(self, triples: Sequence[Triple]) -> None:
        """Make the default graph hold exactly these triples. Records are never there."""
        with as_os_errors():
            self.oxigraph().clear_graph(DefaultGraph())
            self.oxigraph().extend(Quad(*triple) for triple in triples)

    def drop_table(self) -> None:
        """Leave the results table out: the quads alone answer, until `FolderStore.rebuild`."""
        self.close_table()
        self._table = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def rebuild(self) -> None:
        """Make the results table again, from the quads."""
        assert self._folder is not None
        self.close_table()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._table = TableWriter(None, self._folder)
        for graph in self.oxigraph().named_graphs():
            with as_os_errors():
                quads = self.oxigraph().quads_for_pattern(None, None, None, graph)
                self._table.replace(graph.value, quads, known=False)

    def settle(self, *, files: bool = True) -> None:
        """Put the engine's files in order, which takes it one thread; pack the rows that were left as lines meanwhile.

        :param files: False where they are in order already
        """
        from concurrent.futures import ThreadPoolExecutor

        with as_os_errors(), ThreadPoolExecutor(1) as pool:
            packed = pool.submit(self._table.pack_lines) if self._table else None
            if files:
                self.oxigraph().optimize()
            if packed:
                packed.result()

    def flush(self) -> None:
        with as_os_errors():
            if self._apart and self._generation:
                self.oxigraph().backup(str(self._generation / "quads"))
            else:
                self.oxigraph().flush()
        if self._table:
            self._table.finish()

    def close(self) -> None:
        """Let go of the copy: Oxigraph closes its files when nothing refers to it, and our caller keeps this writer."""
        self._copy = None
        self.close_table()

    def close_table(self) -> None:
        if self._table:
            self._table.close()


class _Rows(NamedTuple):
    """The rows of a graph that is put."""

    graph: str
    lines: RowLines | None
    known: bool  # whether the store had the graph before


def _bulk_load(oxigraph: Oxigraph, lines: io.BytesIO, few: bool) -> None:
    oxigraph.bulk_load(lines.getvalue(), format=RdfFormat.N_QUADS)  # not a copy: what was written into it
    if few:
        merge_later()
