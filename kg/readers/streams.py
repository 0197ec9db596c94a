"""Streams of bytes: looked at before they are read, rewound where that can be done, spooled where it must be."""

import gzip
import io
import shutil
import tempfile
import zlib
from typing import IO, Any

from picograph.ontology.errors import InputError

_CHUNK = 1 << 20


class _Chained(io.RawIOBase):
    """What was read already, then the rest of a stream that cannot be rewound."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        found = self._head[: len(view)] or self._rest.read(len(view))
        self._head = self._head[len(found) :]
        view[: len(found)] = found
        return len(found)


def peek(stream: IO[bytes], size: int) -> tuple[bytes, IO[bytes]]:
    """Give the first bytes of a stream, and a stream that begins with them.

    >>> head, whole = peek(io.BytesIO(b"PMID- 1"), 4)
    >>> head, whole.read()
    (b'PMID', b'PMID- 1')
    """
    if stream.seekable():
        start = stream.tell()
        head = stream.read(size)
        stream.seek(start)
        return head, stream
    pieces = []
    while size > 0 and (piece := stream.read(size)):  # a pipe may give less than it was asked for
        pieces.append(piece)
        size -= len(piece)
    head = b"".join(pieces)
    return head, io.BufferedReader(_Chained(head, stream))


def check_gzip(stream: IO[bytes], name: str) -> None:
    """Look whether what is packed by gzip is what was packed, where that can be done before it is read.

    A stream that ends too soon is sound as far as it goes.

    :raises InputError: if it is damaged inside
    """
    if not stream.seekable():
        return
    start = stream.tell()
    try:
        with gzip.GzipFile(fileobj=stream) as unpacked:
            while unpacked.read(_CHUNK):
                pass
    except EOFError:
        pass
    except (gzip.BadGzipFile, zlib.error):
        raise InputError(
            "the file is damaged inside its compression", where=name, remedy="download the file again"
        ) from None
    finally:
        stream.seek(start)


def seekable(stream: IO[bytes]) -> IO[bytes]:
    """Give a stream that can be rewound: a copy on disk of one that cannot."""
    if stream.seekable():
        return stream
    copy: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
    shutil.copyfileobj(stream, copy)
    copy.seek(0)
    return copy
