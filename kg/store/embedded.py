"""The embedded store: a folder of generations, or memory.

A folder holds ``CURRENT`` (the name of the current generation), ``generation-N/quads`` (an Oxigraph store),
``sources`` and a lock file. Writing works in a copy of the current generation made of hard links; one rename of
``CURRENT`` makes it the current one. So a kill at any moment leaves the last whole generation, and whoever is reading
keeps the one that they opened.
"""

import contextlib
import gc
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from filelock import FileLock, Timeout
from picograph.kg.store.base import QueryResults, Store, Writer
from picograph.kg.store.guard import refuse_service
from picograph.kg.store.sources import SourceShelf
from picograph.ontology.errors import PicographError, StoreError, UsageError
from pyoxigraph import NamedNode, Quad
from pyoxigraph import Store as Oxigraph

if TYPE_CHECKING:
    import rdflib

try:
    import fcntl
except ImportError:  # Windows keeps open files from being deleted, which is all that the lock is for
    fcntl = None  # type: ignore[assignment]

_GENERATION = re.compile(r"generation-(\d{6,})")


class _OxigraphWriter:
    def __init__(self, oxigraph: Oxigraph) -> None:
        self._oxigraph = oxigraph

    def replace(self, graph: str, quads: Sequence[Quad]) -> None:
        self.remove(graph)
        self._oxigraph.extend(quads)

    def remove(self, graph: str) -> None:
        self._oxigraph.remove_graph(NamedNode(graph))


class _OxigraphStore(Store):
    """What memory and folder share: one Oxigraph store that answers."""

    def _oxigraph(self) -> Oxigraph:
        raise NotImplementedError

    def query(self, sparql: str) -> QueryResults:
        refuse_service(sparql)
        try:
            return self._oxigraph().query(sparql, use_default_graph_as_union=True)
        except SyntaxError as error:
            raise UsageError(
                f"this is not SPARQL 1.1: {error}", where="the query", remedy="correct it at that line and column"
            ) from None

    def quads(self, graph: str | None = None) -> Iterator[Quad]:
        return self._oxigraph().quads_for_pattern(None, None, None, NamedNode(graph) if graph else None)

    def graph(self) -> "rdflib.Dataset":
        import rdflib
        from oxrdflib import OxigraphStore

        return rdflib.Dataset(store=OxigraphStore(store=self._oxigraph()), default_union=True)


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
        yield _OxigraphWriter(copy)
        self._store = copy


class FolderStore(_OxigraphStore):
    """A store in a folder. Opening it reads nothing; a folder that does not exist is made by the first write.

    :raises StoreError: if the path is there and is not a picograph store
    """

    def __init__(self, folder: Path) -> None:
        self.location = str(folder)
        self._folder = folder
        self.sources = SourceShelf(folder / "sources")
        self._open: Oxigraph | None = None
        self._in_use: IO[bytes] | None = None
        if folder.exists() and not (folder.is_dir() and (self._current() or not self._strangers())):
            raise StoreError(
                "this is not a picograph store",
                where=str(folder),
                remedy="give --store a folder made by picograph load, an empty one, or one that does not exist yet",
            )

    def checksums(self) -> dict[str, str]:
        return {} if self._current() is None else super().checksums()

    def _strangers(self) -> list[Path]:
        ours = {"sources", "writer.lock", "CURRENT.new"}
        return [path for path in self._folder.iterdir() if path.name not in ours and not _GENERATION.match(path.name)]

    def _current(self) -> str | None:
        try:
            name = (self._folder / "CURRENT").read_text("utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(
                "the store cannot be read", where=self.location, remedy=os.strerror(error.errno or 0)
            ) from None
        except UnicodeDecodeError:
            name = ""
        if not _GENERATION.fullmatch(name):
            raise StoreError(
                "the store's CURRENT file names no generation",
                where=str(self._folder / "CURRENT"),
                remedy="write the name of the newest generation folder into it",
            )
        return name

    def _oxigraph(self) -> Oxigraph:
        if self._open is None:
            name = self._current()
            if name is None:
                raise StoreError(
                    "there is no store here yet",
                    where=self.location,
                    remedy="load a record first: picograph load FILE --store FOLDER; or try: picograph demo",
                )
            path = self._folder / name
            try:
                if fcntl is not None:
                    self._in_use = (path / "in-use").open("rb")
                    fcntl.flock(self._in_use, fcntl.LOCK_SH)
                self._open = Oxigraph.read_only(str(path / "quads"))
            except OSError as error:
                self.close()
                raise StoreError(
                    f"the store cannot be opened: {error}",
                    where=str(path),
                    remedy="see whether the folder is whole and readable; loading the records again makes a new one",
                ) from None
        return self._open

    def close(self) -> None:
        self._open = None
        if self._in_use is not None:
            self._in_use.close()
            self._in_use = None

    @contextlib.contextmanager
    def write(self) -> Iterator[Writer]:
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
        self._sweep(keep={current})
        number = int(_GENERATION.fullmatch(current)[1]) + 1 if current else 1  # type: ignore[index]
        path = self._folder / f"generation-{number:06d}"
        path.mkdir()
        try:
            (path / "in-use").touch()
            if current:
                Oxigraph.read_only(str(self._folder / current / "quads")).backup(str(path / "quads"))
            oxigraph: Oxigraph | None = Oxigraph(str(path / "quads"))
            yield _OxigraphWriter(oxigraph)  # type: ignore[arg-type]
            oxigraph.flush()
        except BaseException:
            oxigraph = None
            gc.collect()
            shutil.rmtree(path, ignore_errors=True)
            raise
        del oxigraph
        gc.collect()  # Oxigraph closes its files when it is collected
        new = self._folder / "CURRENT.new"
        with new.open("w", encoding="utf-8") as file:
            file.write(path.name + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._folder / "CURRENT")
        _sync_folder(self._folder)
        self.close()
        self._sweep(keep={path.name})

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
