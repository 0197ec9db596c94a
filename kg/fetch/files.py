"""Files that grow piece by piece, and what is noted beside them: a stop at any moment leaves whole pieces.

A piece is written and flushed to the disk first, then noted in the state file; what was written and not noted is cut
off, or written again, by the next run. The state file's name begins with a dot, so that ``load folder/*`` passes it by.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from filelock import FileLock, Timeout

from picograph.ontology.errors import InputError, StoreError

_T = TypeVar("_T")
Progress = Callable[[int, int], None]  # records on disk, records in all
Told = Callable[[str], None]  # a line for people
RESTART = "start anew with --restart, or write to another place"


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What a fetch left on disk."""

    service: str
    query: str
    files: dict[str, int]  # with the number of records in each; none, where nothing matches
    records: int
    kept: int = 0  # of the records, those that were on disk already
    matching: int = 0  # records that match the query, as the server says
    requests: int = 0
    understood: str = ""  # the query as the server read it, where it says so
    missing: tuple[str, ...] = ()  # records that match and were not given
    cautions: tuple[str, ...] = ()


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what goes wrong with a file into an error for people.

    :raises InputError: if the file cannot be read or written
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            f"the file cannot be written: {error.strerror or error}",
            where=str(error.filename or path),
            remedy="see whether the folder can be written to and the disk has room",
        ) from None


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep other fetches away from a place.

    :raises StoreError: if another one is at work there
    """
    lock = FileLock(hidden(path, "lock"))
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise StoreError(
                "another fetch is writing here", where=str(path), remedy="wait for it, or write to another place"
            ) from None
    try:
        yield
    finally:
        lock.release()


def hidden(path: Path, kind: str) -> Path:
    """Name a file that belongs to another one.

    >>> hidden(Path("trials/hcc.jsonl"), "fetch").name
    '.hcc.jsonl.fetch'
    """
    return path.with_name(f".{path.name}.{kind}")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and see it to the disk.

    :raises InputError: if it cannot be written
    """
    partial = hidden(path, "part")
    with writing(path):
        try:
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def remove(path: Path) -> None:
    """Take a file away, if it is there.

    :raises InputError: if it cannot be removed
    """
    with writing(path):
        path.unlink(missing_ok=True)


def read_state(path: Path, kind: type[_T], same: dict[str, Any]) -> _T | None:
    """Read what an earlier run noted.

    :param same: what must be as it is now, such as the query
    :returns: None if there was no earlier run
    :raises InputError: if it cannot be read, or is of another fetch
    """
    if not path.exists():
        return None
    with writing(path):
        content = path.read_bytes()
    try:
        state = msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"the notes of an earlier fetch are damaged: {error}", where=str(path), remedy=RESTART
        ) from None
    for name, now in same.items():
        if (then := getattr(state, name)) != now:
            raise InputError(
                f"another fetch was begun here: its {name.replace('_', ' ')} is {then!r}, not {now!r}",
                where=str(path),
                remedy=RESTART,
            )
    return state


def write_state(path: Path, state: msgspec.Struct) -> None:
    """Note how far a fetch has come."""
    write_whole(path, msgspec.json.format(msgspec.json.encode(state), indent=1) + b"\n")


def sha256_of(path: Path) -> str | None:
    """Give the SHA-256 of a file; None if there is none."""
    with writing(path):
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return None


class Growing:
    """A file that grows by whole pieces.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "lines.part")
    ...     with Growing(path) as file:
    ...         file.append(b"one\\n")
    ...         size, sha256 = file.size, file.sha256
    ...     _ = path.write_bytes(b"one\\ntw")  # as a stop in the middle of a line leaves it
    ...     with Growing(path, size, sha256) as file:
    ...         file.append(b"two\\n")
    ...     path.read_bytes()
    b'one\\ntwo\\n'
    """

    def __init__(self, path: Path, size: int = 0, sha256: str = "") -> None:
        """Open a file at the end of its last noted piece; what follows it is cut off.

        :param size: bytes that were noted; 0 begins anew
        :param sha256: the checksum of those bytes
        :raises InputError: if those bytes are not what was noted
        """
        self.path, self.size = path, 0
        self._sum = hashlib.sha256()
        with writing(path):
            self._file = path.open("r+b" if size else "w+b")
            try:
                while self.size < size and (chunk := self._file.read(min(1 << 20, size - self.size))):
                    self._sum.update(chunk)
                    self.size += len(chunk)
                if size and self.sha256 != sha256:
                    raise InputError("the file was changed since the fetch stopped", where=str(path), remedy=RESTART)
                self._file.truncate(self.size)
            except BaseException:
                self._file.close()
                raise

    @property
    def sha256(self) -> str:
        """The checksum of what is in the file."""
        return self._sum.hexdigest()

    def __enter__(self) -> "Growing":
        return self

    def __exit__(self, *_: object) -> None:
        with writing(self.path):
            try:
                self._file.truncate(self.size)  # a piece of which only a part was written
            finally:
                self._file.close()

    def lines(self) -> Iterator[bytes]:
        """Give the lines that are in the file."""
        self._file.seek(0)
        yield from self._file

    def holds(self, offset: int, piece: bytes) -> bool:
        """Say whether a piece is in the file at a place."""
        self._file.seek(offset)
        return self._file.read(len(piece)) == piece

    def append(self, piece: bytes) -> None:
        """Add a piece, and see it to the disk.

        :raises InputError: if it cannot be written; the file is then cut back when it is closed
        """
        with writing(self.path):
            self._file.seek(self.size)
            self._file.write(piece)
            self._file.flush()
            os.fsync(self._file.fileno())
        self.size += len(piece)
        self._sum.update(piece)
