"""A publisher's file as it lies on the disk: plain, gzip or zip, read as a stream, with its checksum and its kind."""

import contextlib
import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Literal, cast

from picograph.kg.store.bulk import LINES, Chunk
from picograph.ontology.errors import InputError

_BLOCK = 16 << 20  # bytes that are read at a time
_HEAD = 1 << 16  # bytes from which the kind is told
Kind = Literal["n-triples", "mesh-xml", "rdf", "turtle", "obo", "json", "rrf", "sssom", "table"]


class SourceFile:
    """One file of a vocabulary.

    :param moved: is told how many bytes of the file as it lies there were read, each time
    :raises InputError: if it cannot be read
    """

    def __init__(self, path: Path, moved: Callable[[int], None] | None = None) -> None:
        self.path, self.name = path, str(path)
        self._moved = moved
        self._digest = hashlib.sha256()
        self.read = 0  # bytes
        with self.open() as file, self.told():
            self.head = file.read(_HEAD)
        self._digest, self.read = hashlib.sha256(), 0
        if not self.head.strip():
            raise InputError("the file is empty", where=self.name, remedy="see whether the download is whole")

    @property
    def size(self) -> int:
        """The size of the file as it lies there [bytes]."""
        return self.path.stat().st_size

    @property
    def checksum(self) -> str:
        """The SHA-256 of the bytes that were read."""
        return self._digest.hexdigest()

    @contextlib.contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the content, unpacked.

        :raises InputError: if the file cannot be read
        """
        with contextlib.ExitStack() as stack:
            try:
                raw = stack.enter_context(self.path.open("rb"))
                start = raw.read(4)
                raw.seek(0)
            except OSError as error:
                raise InputError(
                    f"the file cannot be read: {error.strerror}",
                    where=self.name,
                    remedy="see whether the path is right",
                ) from None
            if start == b"PK\x03\x04":
                yield stack.enter_context(self._in_zip(stack, raw))
            elif start.startswith(b"\x1f\x8b"):
                yield cast(IO[bytes], stack.enter_context(gzip.GzipFile(fileobj=_Counted(raw, self._count))))
            else:
                yield cast(IO[bytes], _Counted(raw, self._count))

    def _in_zip(self, stack: contextlib.ExitStack, raw: IO[bytes]) -> IO[bytes]:
        """Open the one file of a zip archive; how much was read is told at once, because an archive is not a stream."""
        try:
            archive = stack.enter_context(zipfile.ZipFile(raw))
        except (zipfile.BadZipFile, OSError) as error:
            raise self._damaged(f"the zip archive is damaged: {error}") from None
        members = [each for each in archive.infolist() if not each.is_dir()]
        if len(members) != 1:
            raise InputError(
                f"the zip archive has {len(members)} files", where=self.name, remedy="unpack it, and name the right one"
            )
        raw.seek(0)
        while block := raw.read(1 << 20):
            self._count(block)
        return archive.open(members[0])

    def _count(self, block: bytes) -> None:
        self._digest.update(block)
        self.read += len(block)
        if self._moved:
            self._moved(len(block))

    def _damaged(self, what: str) -> InputError:
        return InputError(what, where=self.name, remedy="fetch the file again: the download was cut off or changed")

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Say what is wrong with a file that turns out to be damaged while it is read."""
        try:
            yield
        except EOFError:
            raise self._damaged("the file ends too soon: the gzip stream in it is cut off") from None
        except (gzip.BadGzipFile, zlib.error, zipfile.BadZipFile) as error:
            raise self._damaged(f"the file is damaged: {error}") from None
        except OSError as error:
            raise InputError(
                f"the file cannot be read: {error.strerror or error}", where=self.name, remedy="see whether it is there"
            ) from None

    def chunks(self, size: int = LINES) -> Iterator[Chunk]:
        """Give the content in pieces of whole lines.

        :raises InputError: if the file is damaged
        """
        first, rest = 1, b""
        with self.open() as file:
            while blocks := self._blocks(file, size):
                blocks, rest = [rest, *blocks], b""
                while blocks and not (end := blocks[-1].rfind(b"\n") + 1):
                    rest = blocks.pop() + rest
                if blocks:
                    blocks[-1], rest = blocks[-1][:end], blocks[-1][end:] + rest
                    lines = b"".join(blocks)
                    del blocks
                    yield Chunk(lines, first, self.name)
                    first += lines.count(b"\n")
        if rest.strip():
            yield Chunk(rest + b"\n", first, self.name)

    def _blocks(self, file: IO[bytes], size: int) -> list[bytes]:
        """Read so many bytes, a block at a time, so that whoever is told how far it is hears of each."""
        blocks: list[bytes] = []
        with self.told():
            while size > 0 and (block := file.read(min(size, _BLOCK))):
                blocks.append(block)
                size -= len(block)
        return blocks

    def lines(self) -> Iterator[str]:
        """Give the lines, without their ends.

        :raises InputError: if the file is damaged, or is not UTF-8
        """
        for number, line in enumerate(self._raw_lines(), 1):
            try:
                yield line.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                raise InputError(
                    "the file is not UTF-8", where=f"{self.name}, line {number}", remedy="save it as UTF-8"
                ) from None

    def _raw_lines(self) -> Iterator[bytes]:
        for chunk in self.chunks(_BLOCK):
            yield from io.BytesIO(chunk.lines)

    def content(self) -> bytes:
        """Give the whole content.

        :raises InputError: if the file is damaged
        """
        with self.open() as file, self.told():
            return file.read()

    def kind(self) -> Kind:
        """Tell from the first bytes what sort of file this is."""
        head = self.head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if head.startswith((b"[", b"{")):
            return "json"
        if head.startswith((b"format-version:", b"[Term]")) or b"\n[Term]" in head:
            return "obo"
        if head.startswith(b"@prefix") or head[:6].upper() == b"PREFIX":
            return "turtle"
        if b"RecordSet" in head[:2000] and head.startswith(b"<") and not head.startswith(b"<http"):
            return "mesh-xml"
        if b"<rdf:RDF" in head or (head.startswith(b"<?xml") and b"rdf-syntax-ns#" in head):
            return "rdf"
        first = next((line for line in head.split(b"\n") if line.strip() and not line.startswith(b"#")), b"")
        if first.startswith((b"<", b"_:")) and first.rstrip().endswith(b"."):
            return "n-triples"
        if b"subject_id\t" in head and b"predicate_id" in head:
            return "sssom"
        if self.path.name.upper().removesuffix(".GZ").endswith(".RRF"):
            return "rrf"
        return "table"


class _Counted(io.RawIOBase):
    """A file whose bytes are counted as they are read."""

    def __init__(self, file: IO[bytes], count: Callable[[bytes], None]) -> None:
        self._file, self._count = file, count

    def read(self, size: int | None = -1) -> bytes:
        block = self._file.read(-1 if size is None else size)
        self._count(block)
        return block

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def seekable(self) -> bool:
        return False
