"""The embedded store: a folder of generations, or memory.

A folder holds ``CURRENT`` (the name of the current generation), ``generation-N/quads`` (an Oxigraph store) with
``generation-N/table`` (the results table, made of the same quads) and ``generation-N/words`` (the indexes of full
vocabularies), ``sources`` and a lock file. Writing works in a copy of the current generation made of hard links; one
rename of ``CURRENT`` makes it the current one. So a kill at any moment leaves the last whole generation, and whoever is
reading keeps the one that they opened.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Triple
from pyoxigraph import Store as Oxigraph

from picograph.kg.store import settled
from picograph.kg.store.base import GraphText, Held, QueryResults, Store, Writer
from picograph.kg.store.bulk import Chunk, Mend, copy_without, fill, is_big, refuse
from picograph.kg.store.guard import names_dataset, refuse_deep, refuse_load, refuse_service, short
from picograph.kg.store.sources import SourceShelf
from picograph.kg.store.table import TableWriter, read_state
from picograph.kg.store.words import link_indexes
from picograph.ontology.errors import PicographError, StoreError, UsageError
from picograph.ontology.words import SHIPPED, SUFFIX, Words

if TYPE_CHECKING:
    import rdflib

    from picograph.kg.store.columnar import ResultsTable

try:
    import fcntl
except ImportError:  # Windows keeps open files from being deleted, which is all that the lock is for
    fcntl = None  # type: ignore[assignment]

_GENERATION = re.compile(r"generation-([0-9]{6,15})")
_ENGINE = (OSError, RuntimeError)  # what Oxigraph raises where files cannot be read or written, or are damaged
_BULK = 1 << 21  # bytes of N-Quads from which bulk loading is quicker than a transaction
_REMADE = 300_000  # quads; the table of a larger store is not made again by an update
_MAKE_NEW = "see whether the folder is whole and readable; load the records into a new folder if it is not"


@contextlib.contextmanager
def _as_os_errors() -> Iterator[None]:
    """Raise what Oxigraph says of damaged files as what the system says of others."""
    try:
        yield
    except RuntimeError as error:
        raise OSError(str(error)) from None


class OxigraphWriter:
    """Writes into a copy; of no more use when its block has ended.

    :param before: the results table of the generation before
    :param apart: the copy is not in the generation, which gets what it holds when all is written
    """

    def __init__(
        self, oxigraph: Oxigraph, generation: Path | None = None, before: Path | None = None, *, apart: bool = False
    ) -> None:
        self._copy: Oxigraph | None = oxigraph
        self._generation, self._apart = generation, apart
        self._folder = generation / "table" if generation else None
        self._table = TableWriter(before, self._folder) if self._folder else None

    def oxigraph(self) -> Oxigraph:
        """Give the copy that is written."""
        if self._copy is None:
            raise ValueError("this writer's block has ended")
        return self._copy

    def replace(self, graph: str, quads: Sequence[Quad]) -> None:
        with _as_os_errors():
            known = self.oxigraph().contains_named_graph(NamedNode(graph))
            if known:
                self.oxigraph().remove_graph(NamedNode(graph))
            self.oxigraph().extend(quads)
        if self._table:
            self._table.replace(graph, quads, known=known)

    def put(self, graphs: Sequence[GraphText], threads: int = 1) -> None:
        """Write past transactions: what a kill leaves behind is a generation that never becomes the current one."""
        with _as_os_errors():
            from concurrent.futures import ThreadPoolExecutor

            oxigraph = self.oxigraph()
            known = {graph.name for graph in graphs if oxigraph.contains_named_graph(NamedNode(graph.name))}
            for name in known:
                oxigraph.remove_graph(NamedNode(name))
            if sum(len(graph.lines) for graph in graphs) < _BULK:
                oxigraph.load(b"".join(graph.lines for graph in graphs), format=RdfFormat.N_QUADS)
                self._put_rows(graphs, known)
                return
            with ThreadPoolExecutor(threads) as pool:
                parts = [pool.submit(_bulk_load, oxigraph, graphs[part::threads]) for part in range(threads)]
                self._put_rows(graphs, known)
                if self._table and threads > 1:
                    self._table.end_batch()  # while the others load
                for part in parts:
                    part.result()

    def _put_rows(self, graphs: Sequence[GraphText], known: Collection[str]) -> None:
        if self._table:
            for graph in graphs:
                self._table.put(graph.name, graph.rows, known=graph.name in known)

    def remove(self, graph: str) -> None:
        with _as_os_errors():
            self._take_out(graph)
        if self._table:
            self._table.remove(graph)

    def fill(self, graph: str, chunks: Iterable[Chunk], mend: Mend = refuse) -> None:
        with _as_os_errors():
            self._take_out(graph)
            fill(self.oxigraph(), graph, chunks, mend)
        if self._table:
            self._table.remove(graph)

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

    def rows(self, graph: str, files: Mapping[str, Path]) -> None:
        if self._table:
            self._table.put_files(graph, files)

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
            raise UsageError(
                f"this is not SPARQL 1.1: {short(str(error))}",
                where="the update",
                remedy="correct it at that line and column",
            ) from None
        if len(self.oxigraph()) <= _REMADE:
            self.rebuild()
        else:
            self.drop_table()

    def replace_default(self, triples: Sequence[Triple]) -> None:
        """Make the default graph hold exactly these triples. Records are never there."""
        with _as_os_errors():
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
            with _as_os_errors():
                quads = self.oxigraph().quads_for_pattern(None, None, None, graph)
                self._table.replace(graph.value, quads, known=False)

    def settle(self) -> None:
        """Put the files in order."""
        with _as_os_errors():
            self.oxigraph().optimize()

    def flush(self) -> None:
        with _as_os_errors():
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


def _bulk_load(oxigraph: Oxigraph, graphs: Sequence[GraphText]) -> None:
    oxigraph.bulk_load(b"".join(graph.lines for graph in graphs), format=RdfFormat.N_QUADS)


class _OxigraphStore(Store):
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
            raise UsageError(
                f"this is not SPARQL 1.1: {short(str(error))}",
                where="the query",
                remedy="correct it at that line and column",
            ) from None
        except _ENGINE as error:
            raise self._damaged(error) from None

    def quads(self, graph: str | None = None) -> Iterator[Quad]:
        found = self._oxigraph().quads_for_pattern(None, None, None, NamedNode(graph) if graph else None)
        return self._whole(found)

    def _whole(self, quads: Iterator[Quad]) -> Iterator[Quad]:
        try:
            yield from quads
        except _ENGINE as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> StoreError:
        return StoreError(f"the store cannot be read: {error}", where=self.location, remedy=_MAKE_NEW)

    def graph(self) -> "rdflib.Dataset":
        from picograph.kg.store.datasets import embedded_dataset

        return embedded_dataset(self._oxigraph(), self)


class _Workshop(NamedTuple):
    """A copy that stays open over several writes, so that the engine can put its files in order meanwhile.

    Where each write has a copy of its own, what the engine has begun to put in order is lost each time. It lies in a
    folder like that of a generation, which is never the current one: a kill leaves it to be swept.
    """

    folder: Path
    oxigraph: Oxigraph
    in_use: IO[bytes]
    says: str  # the generation that it has been the last copy of


class MemoryStore(_OxigraphStore):
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


class FolderStore(_OxigraphStore):
    """A store in a folder. Opening it reads nothing; a folder that does not exist is made by the first write.

    :raises StoreError: if the path is there and is not a picograph store
    """

    def __init__(self, folder: Path) -> None:
        self.location = str(folder)
        self._folder = folder
        self._open: Oxigraph | None = None
        self._in_use: IO[bytes] | None = None
        self._generation: Path | None = None  # the one that is open
        self._table: ResultsTable | None = None
        self._words: Words | None = None
        self._many = False
        self._workshop: _Workshop | None = None
        self.sources = SourceShelf(folder / "sources")
        if not self._may_be_ours():
            raise StoreError(
                "this is not a picograph store",
                where=str(folder),
                remedy="give --store a folder made by picograph load, an empty one, or one that does not exist yet",
            )

    def exists(self) -> bool:
        return self._current() is not None

    def checksums(self, graphs: Collection[str] | None = None) -> dict[str, str]:
        return super().checksums(graphs) if self.exists() else {}

    def held(self, inputs: Collection[str]) -> dict[str, Held]:
        return super().held(inputs) if self.exists() else {}

    def reader(self) -> Store:
        return FolderStore(self._folder)

    def _may_be_ours(self) -> bool:
        """Say whether this is a store, an empty folder, or nothing. A bare Oxigraph folder has a CURRENT file too."""
        try:
            names = {path.name for path in self._folder.iterdir()}
        except FileNotFoundError:
            return True
        except NotADirectoryError:
            return not self._folder.exists()  # a file further up is found when something is written
        except OSError as error:
            raise self._unreadable(error) from None
        names -= {"sources", "writer.lock", "CURRENT.new"}
        return not names or any(_GENERATION.fullmatch(name) for name in names)

    def _unreadable(self, error: OSError) -> StoreError:
        said = error.strerror or str(error)
        return StoreError(
            f"the store cannot be read: {said}", where=self.location, remedy="see whether the path is right and yours"
        )

    def _current(self) -> str | None:
        try:
            name = (self._folder / "CURRENT").read_text("utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._unreadable(error) from None
        except UnicodeDecodeError:
            name = ""
        if not _GENERATION.fullmatch(name):
            raise self._lost("the store's CURRENT file names no generation")
        return name

    def _lost(self, what: str) -> StoreError:
        return StoreError(
            what,
            where=str(self._folder / "CURRENT"),
            remedy="write the name of the newest generation folder into that file",
        )

    def _oxigraph(self) -> Oxigraph:
        if self._open is None:
            self._open = self._opened()
        return self._open

    def _opened(self) -> Oxigraph:
        """Open the current generation; a later one, where a writer swept it away before it was held."""
        for last in (False,) * 9 + (True,):
            path = self._hold()
            if path is None:
                raise StoreError(
                    "there is no store here yet",
                    where=self.location,
                    remedy="load a record first: picograph load FILE --store FOLDER; or try: picograph demo",
                )
            try:
                return Oxigraph.read_only(str(path / "quads"))
            except _ENGINE as error:
                self.close()
                if last or self._current() == path.name:
                    raise StoreError(
                        f"the store cannot be opened: {error}", where=str(path), remedy=_MAKE_NEW
                    ) from None
        raise AssertionError("not reached")

    def _hold(self) -> Path | None:
        """Hold the current generation, so that no writer sweeps it away; None where there is no store yet."""
        while self._generation is None:
            name = self._current()
            if name is None:
                return None
            try:
                if fcntl is not None:
                    self._in_use = (self._folder / name / "in-use").open("rb")
                    fcntl.flock(self._in_use, fcntl.LOCK_SH)
                self._generation = self._folder / name
            except OSError as error:
                self.close()
                if self._current() == name:
                    path = self._folder / name
                    raise StoreError(
                        f"the store cannot be opened: {error}", where=str(path), remedy=_MAKE_NEW
                    ) from None
        return self._generation

    @property
    def words(self) -> Words:
        if self._words is None:
            held = self._hold()
            self._words = Words(held / "words") if held else SHIPPED
        return self._words

    def current(self) -> str | None:
        """Give the name of the current generation; None where there is none yet.

        :raises StoreError: if the store is damaged
        """
        return self._current()

    @property
    def generation(self) -> str:
        """The name of the generation that is read.

        :raises StoreError: if there is none
        """
        self._oxigraph()
        assert self._generation is not None
        return self._generation.name

    def refresh(self) -> None:
        """Move over to the current generation, if it is another than the one that is open."""
        if self._generation is not None and self._current() != self._generation.name:
            self.close()

    def table(self) -> "ResultsTable | None":
        self._oxigraph()  # the generation that is read is held
        if self._table is None and self._generation is not None:
            state = read_state(self._generation / "table")
            if state is not None and not state.irregular:
                from picograph.kg.store.columnar import ResultsTable

                self._table = ResultsTable(self._generation / "table", state)
        return self._table

    def close(self) -> None:
        self._open = self._generation = self._words = None
        if self._table is not None:
            self._table.close()
            self._table = None
        if self._in_use is not None:
            self._in_use.close()
            self._in_use = None

    def __del__(self) -> None:
        self.close()

    @contextlib.contextmanager
    def write(self) -> Iterator[Writer]:
        from filelock import FileLock, Timeout  # readers do without it

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._folder / "writer.lock", timeout=0)
            with lock:
                yield from self._new_generation()
        except Timeout:
            raise StoreError(
                "another program is writing to this store",
                where=self.location,
                remedy="wait until it has ended, or load into another folder",
            ) from None
        except PicographError:
            raise
        except OSError as error:
            raise StoreError(
                f"the store cannot be written: {error}",
                where=self.location,
                remedy="see whether the disk is full and the folder yours; the store is as it was before",
            ) from None

    def _new_generation(self) -> Iterator[Writer]:
        current = self._current()
        # Nothing is swept before it is sure which generation is whole. Only the first can be cut off before CURRENT.
        if current is None and self._last() > 1:
            raise self._lost("the store's CURRENT file is missing")
        if current is not None and not (self._folder / current).is_dir():
            raise self._lost(f"the store's CURRENT file names {current}, which is not there")
        self._sweep(keep={current})
        path = self._folder / f"generation-{self._last() + 1:06d}"
        path.mkdir()
        try:
            (path / "in-use").touch()
            with contextlib.closing(self._copy(current, path)) as writer:
                yield writer
                writer.flush()
            self._make_current(path.name)
        except BaseException:
            self._close_workshop()
            if self._current_or_none() != path.name:
                shutil.rmtree(path, ignore_errors=True)
            raise
        if self._workshop is not None:
            self._workshop = self._workshop._replace(says=path.name)
        self.close()
        self._sweep(keep={path.name})

    @contextlib.contextmanager
    def many_writes(self) -> Iterator[None]:
        self._many = fcntl is not None
        try:
            yield
        finally:
            self._many = False
            self._close_workshop()

    def _workshop_of(self, current: str) -> Oxigraph:
        """Give the copy of the current generation that stays open."""
        assert fcntl is not None
        if self._workshop is None or self._workshop.says != current:  # somebody else has written meanwhile
            self._close_workshop()
            folder = self._folder / f"generation-{self._last() + 1:06d}"
            folder.mkdir()
            in_use = (folder / "in-use").open("wb")
            fcntl.flock(in_use, fcntl.LOCK_SH)
            Oxigraph.read_only(str(self._folder / current / "quads")).backup(str(folder / "quads"))
            self._workshop = _Workshop(folder, Oxigraph(str(folder / "quads")), in_use, current)
        return self._workshop.oxigraph

    def _close_workshop(self) -> None:
        workshop, self._workshop = self._workshop, None
        if workshop is not None:
            folder, in_use = workshop.folder, workshop.in_use
            del workshop  # and with it the engine's last hold on its files
            in_use.close()
            shutil.rmtree(folder, ignore_errors=True)

    def size(self) -> int:
        """Give the number of quads."""
        return len(self._oxigraph())

    def has_graph(self, name: str) -> bool:
        """Say whether there is a named graph."""
        return self._current() is not None and self._oxigraph().contains_named_graph(NamedNode(name))

    def in_graph(self, name: NamedNode | DefaultGraph) -> Iterator[Quad]:
        """Give the quads of a graph, the default one too."""
        if self._current() is None:
            return iter(())
        return self._whole(self._oxigraph().quads_for_pattern(None, None, None, name))

    @contextlib.contextmanager
    def change(self) -> Iterator["OxigraphWriter"]:
        """Open the store for any change: like `write`, with updates."""
        with self.write() as writer:
            assert isinstance(writer, OxigraphWriter)
            yield writer

    def rebuild(self) -> None:
        """Make the results table again, from the quads.

        :raises StoreError: if there is no store, or it cannot be written
        """
        self._oxigraph()
        with self.write() as writer:
            assert isinstance(writer, OxigraphWriter)
            writer.rebuild()

    def settle(self) -> None:
        current = self._current()
        if current is not None and settled.is_unsettled(self._folder / current):
            with self.change() as writer:
                writer.settle()
            settled.note(self._folder / str(self._current()))

    def _copy(self, current: str | None, path: Path) -> OxigraphWriter:
        with _as_os_errors():
            if not current:
                return OxigraphWriter(Oxigraph(str(path / "quads")), path)
            before = self._folder / current
            link_indexes(before / "words", path / "words")
            settled.hand_on(before, path)
            if self._many:
                return OxigraphWriter(self._workshop_of(current), path, before / "table", apart=True)
            Oxigraph.read_only(str(before / "quads")).backup(str(path / "quads"))
            return OxigraphWriter(Oxigraph(str(path / "quads")), path, before / "table")

    def _last(self) -> int:
        """Give the highest number of a generation, or 0."""
        found = (_GENERATION.fullmatch(path.name) for path in self._folder.iterdir())
        return max((int(match[1]) for match in found if match), default=0)

    def _make_current(self, name: str) -> None:
        """Make a generation the current one, by one rename."""
        new = self._folder / "CURRENT.new"
        try:
            with new.open("w", encoding="utf-8") as file:
                file.write(name + "\n")
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._folder / "CURRENT")
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        _sync_folder(self._folder)

    def _current_or_none(self) -> str | None:
        try:
            return self._current()
        except StoreError:
            return None

    def _sweep(self, keep: set[str | None]) -> None:
        """Delete generations that nobody reads: older ones, and halves that a kill left behind."""
        for path in self._folder.iterdir():
            if not _GENERATION.fullmatch(path.name) or path.name in keep:
                continue
            with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
                if fcntl is not None and (path / "in-use").exists():
                    in_use = stack.enter_context((path / "in-use").open("rb"))
                    fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where the system lets a folder be synced."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
