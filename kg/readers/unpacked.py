"""Files of text as readers get them: unpacked, a line at a time, and what is said when one is damaged."""

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from picograph.ontology.errors import InputError

_GZIP = b"\x1f\x8b"


def head_of(head: bytes) -> bytes:
    """Give the first bytes of a file as they are when it is unpacked: gzip is known by its content.

    >>> head_of(gzip.compress(b"PMID- 1")), head_of(b"PMID- 1")
    (b'PMID- 1', b'PMID- 1')
    """
    if not head.startswith(_GZIP):
        return head
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, 65_536)
    except zlib.error:
        return b""


def open_stream(source: IO[bytes] | bytes) -> io.BufferedIOBase:
    """Open bytes or a stream, unpacked if it is gzip; the stream need not be seekable."""
    stream: IO[bytes] = io.BytesIO(source) if isinstance(source, bytes) else source
    buffered = io.BufferedReader(_Raw(stream), 1 << 16)
    return gzip.GzipFile(fileobj=buffered) if buffered.peek(2)[:2] == _GZIP else buffered


class _Raw(io.RawIOBase):
    """Any stream that can be read, as the ground of a buffer."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        found = self._stream.read(len(view))
        view[: len(found)] = found
        return len(found)


BROKEN = (EOFError, zlib.error, OSError)


def broken(error: Exception, where: str) -> InputError:
    """Say that a file cannot be read on."""
    if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
        return InputError(f"the file cannot be read: {error}", where=where, remedy="see whether the disk is in order")
    return InputError(
        "the file ends or is damaged in the middle of its compression", where=where, remedy="download the file again"
    )


class Line(NamedTuple):
    """A line of a text file, without its end."""

    number: int
    words: str


_LONGEST = 1 << 20  # bytes in a line


def lines_of(stream: io.BufferedIOBase, name: str) -> Iterator[Line]:
    """Give the lines of a stream of UTF-8, one at a time.

    :raises InputError: at the line where it is not text, or the stream ends in the middle of its compression
    """
    number = 0
    try:
        while line := stream.readline(_LONGEST):
            number += 1
            if len(line) == _LONGEST:
                raise InputError(
                    f"the line has more than {_LONGEST:,} bytes", where=f"{name}, line {number}",
                    remedy="see whether this is the file that was meant",
                )  # fmt: skip
            words = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            for piece in words.split("\r"):
                yield Line(number, piece)
    except UnicodeDecodeError:
        raise InputError(
            "the line is not UTF-8", where=f"{name}, line {number}", remedy="save the file as UTF-8"
        ) from None
    except BROKEN as error:
        raise broken(error, f"{name}, after line {number}") from None
