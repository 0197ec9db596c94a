"""The embedded store: a folder of generations.

A folder holds ``CURRENT`` (the name of the current generation), ``generation-N/quads`` (an Oxigraph store) with
``generation-N/table`` (the results table, made of the same quads) and ``generation-N/words`` (the indexes of full
vocabularies), ``sources`` and a lock file. Writing works in a copy of the current generation made of hard links; one
rename of ``CURRENT`` makes it the current one. So a kill at any moment leaves the last whole generation, and whoever is
reading keeps the one that they opened.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pyoxigraph import DefaultGraph, NamedNode, Quad
from pyoxigraph import Store as Oxigraph

from picograph.kg.store import settled
from picograph.kg.store.base import Held, Store, T, Writer
from picograph.kg.store.generations import GENERATION, LOCKS, Workshop, hold, last_number, sweep, sync_folder
from picograph.kg.store.memory import ENGINE, MAKE_NEW, OxigraphStore
from picograph.kg.store.sources import SourceShelf
from picograph.kg.store.table import has_lines, read_state
from picograph.kg.store.words import link_indexes
from picograph.kg.store.writer import OxigraphWriter, as_os_errors
from picograph.ontology.errors import PicographError, StoreError
from picograph.ontology.words import SHIPPED, Words

if TYPE_CHECKING:
    from picograph.kg.store.columnar import ResultsTable


class FolderStore(OxigraphStore):
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
        self._kept: dict[str, Any] = {}  # of the generation that is open
        self._many = self._few = False
        self._workshop: Workshop | None = None
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
        return not names or any(GENERATION.fullmatch(name) for name in names)

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
        if not GENERATION.fullmatch(name):
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
            except ENGINE as error:
                self.close()
                if last or self._current() == path.name:
                    raise StoreError(f"the store cannot be opened: {error}", where=str(path), remedy=MAKE_NEW) from None
        raise AssertionError("not reached")

    def _hold(self) -> Path | None:
        """Hold the current generation, so that no writer sweeps it away; None where there is no store yet."""
        while self._generation is None:
            name = self._current()
            if name is None:
                return None
            try:
                self._in_use = hold(self._folder / name)
                self._generation = self._folder / name
            except OSError as error:
                self.close()
                if self._current() == name:
                    path = self._folder / name
                    raise StoreError(f"the store cannot be opened: {error}", where=str(path), remedy=MAKE_NEW) from None
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
        oxigraph = self._oxigraph()  # the generation that is read is held
        if self._table is None and self._generation is not None:
            state = read_state(self._generation / "table")
            if state is not None and not state.irregular:
                from picograph.kg.store.columnar import ResultsTable

                self._table = ResultsTable(self._generation / "table", state, oxigraph.quads_for_pattern)
        return self._table

    def kept(self, name: str, make: Callable[[], T]) -> T:
        if self._hold() is None:
            return make()
        if name not in self._kept:
            self._kept[name] = make()
        found: T = self._kept[name]
        return found

    def close(self) -> None:
        self._open = self._generation = self._words = None
        self._kept = {}
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
        if current is None and last_number(self._folder) > 1:
            raise self._lost("the store's CURRENT file is missing")
        if current is not None and not (self._folder / current).is_dir():
            raise self._lost(f"the store's CURRENT file names {current}, which is not there")
        sweep(self._folder, keep={current})
        path = self._next()
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
            self._workshop.says = path.name
        self.close()
        sweep(self._folder, keep={path.name})

    @contextlib.contextmanager
    def many_writes(self, *, few: bool = False) -> Iterator[None]:
        self._many, self._few = LOCKS, few
        try:
            yield
        finally:
            self._many = self._few = False
            self._close_workshop()

    def _workshop_of(self, current: str) -> Oxigraph:
        """Give the copy of the current generation that stays open."""
        if self._workshop is None or self._workshop.says != current:  # somebody else has written meanwhile
            self._close_workshop()
            self._workshop = Workshop(self._next(), self._folder / current)
        return self._workshop.oxigraph

    def _close_workshop(self) -> None:
        workshop, self._workshop = self._workshop, None
        if workshop is not None:
            workshop.close()

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
        if current is None:
            return
        files = settled.is_unsettled(self._folder / current)
        if files or has_lines(self._folder / current / "table"):
            with self.change() as writer:
                writer.settle(files=files)
            if files:
                settled.note(self._folder / str(self._current()))

    def _copy(self, current: str | None, path: Path) -> OxigraphWriter:
        with as_os_errors():
            if not current:
                return OxigraphWriter(Oxigraph(str(path / "quads")), path, many=self._many, few=self._few)
            before = self._folder / current
            link_indexes(before / "words", path / "words")
            settled.hand_on(before, path)
            if self._many:
                workshop = self._workshop_of(current)
                return OxigraphWriter(workshop, path, before / "table", apart=True, many=True, few=self._few)
            Oxigraph.read_only(str(before / "quads")).backup(str(path / "quads"))
            return OxigraphWriter(Oxigraph(str(path / "quads")), path, before / "table")

    def _next(self) -> Path:
        """Give the folder of the next generation."""
        return self._folder / f"generation-{last_number(self._folder) + 1:06d}"

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
        sync_folder(self._folder)

    def _current_or_none(self) -> str | None:
        try:
            return self._current()
        except StoreError:
            return None
