"""Files of JSON records: a page, JSON lines, a list, or a zip of such files, taken apart a record at a time."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from picograph.kg.readers import json_record, streams
from picograph.kg.readers.json_record import SPACE, MisfitError
from picograph.ontology.errors import InputError

_CHUNK = 1 << 18  # bytes that are read at a time


def split(stream: BinaryIO, name: str, begins: bytes, page: bytes) -> Iterator[tuple[str, bytes | InputError]]:
    """Take a file of records apart: one record, JSON lines, a list, a page of them, or a zip of such files.

    No more than one record is held at a time. Where a record is cut off or damaged, it is given as an error, and the
    records beside it as they are; what is wrong inside a record that ends where it should is for its reader to say.

    :param begins: how a record begins at the start of a line, such as ``{"protocolSection"``: where to go on after
        damage
    :param page: the name of the list of records in a page
    :returns: for each record its name, for messages, and its bytes

    >>> import io
    >>> page = io.BytesIO(b'{"total": 2, "studies": [{"a": 1}, {"a": [2]}]}')
    >>> list(split(page, "page.json", b'{"a"', b"studies"))
    [('page.json, record 1', b'{"a": 1}'), ('page.json, record 2', b'{"a": [2]}')]
    """
    head, whole = streams.peek(stream, 4)
    if head != b"PK\x03\x04":
        yield from _numbered(_Scanner(whole, b"", begins, page), name)
        return
    try:
        with zipfile.ZipFile(streams.seekable(whole)) as archive:
            for info in archive.infolist():
                if info.is_dir() or info.filename.startswith("__MACOSX/"):
                    continue
                member = f"{name}, {info.filename}"
                try:
                    with archive.open(info) as opened:
                        yield from _numbered(_Scanner(opened, b"", begins, page), member)
                except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
                    what = f"this file cannot be unpacked: {str(error)[:80] or 'it is cut off'}"
                    yield member, InputError(what, where=member, remedy="make or download the zip again")
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError):
        yield (
            name,
            InputError(
                "this zip is damaged: it has no list of its files", where=name, remedy="make or download it again"
            ),
        )


def _numbered(scanner: "_Scanner", name: str) -> Iterator[tuple[str, bytes | InputError]]:
    """Name the records of a file: the only one as the file, several with their number."""
    first: bytes | MisfitError | None = None
    index = 0
    for index, piece in enumerate(scanner.pieces(), start=1):
        if index == 1:
            first = piece
            continue
        if first is not None:
            yield _named(first, f"{name}, record 1")
            first = None
        yield _named(piece, f"{name}, record {index}")
    if first is not None:
        yield _named(first, name)
    elif index == 0:
        misfit = MisfitError("", "there is no record in it", "see whether the download or the copy was complete")
        yield name, misfit.error(name)


def _named(piece: bytes | MisfitError, name: str) -> tuple[str, bytes | InputError]:
    return name, piece.error(name) if isinstance(piece, MisfitError) else piece


class _Scanner:
    """Finds where records begin and end by their brackets, strings skipped. What is in a record its reader checks."""

    def __init__(self, stream: Any, head: bytes, begins: bytes, page: bytes) -> None:
        self.stream, self.buffer, self.ended = stream, head, False
        self.line = b"\n" + begins
        # Up to the next bracket; or to a quote that is not closed in its line; or to a line that begins like a record.
        between = rb'(?:[^"{}\[\]\n]++|\n(?!%s)|"(?:[^"\\\n]++|\\.)*+")*+' % re.escape(begins)
        self.step = re.compile(between + rb'([{}\[\]"\n])')
        self.page = re.compile(rb'"%s"\s*:\s*\[\Z' % re.escape(page))

    def more(self, keep: int) -> None:
        """Read on, and forget what stands before a position."""
        chunk = self.stream.read(_CHUNK)
        self.ended = not chunk
        self.buffer = self.buffer[keep:] + chunk

    def skip(self, at: int) -> bool:
        """Go on to the next line that begins like a record; False where there is none."""
        while (found := self.buffer.find(self.line, at)) < 0:
            if self.ended:
                return False
            self.more(max(len(self.buffer) - len(self.line), at))
            at = 0
        self.buffer = self.buffer[found:]
        return True

    def goes_on(self, match: re.Match[bytes]) -> bool:
        """Say whether what was found near the end of the buffer may be something else once more is read."""
        if match[1] == b'"':
            return self.buffer.find(b"\n", match.end()) < 0
        return match.end() + len(self.line) > len(self.buffer)

    def stray(self, at: int, end: int) -> bool:
        return bool(self.buffer[at:end].strip(SPACE))

    def pieces(self) -> Iterator[bytes | MisfitError]:
        cut = MisfitError("", "a record is cut off or damaged", "see whether the download or the copy was complete")
        large = MisfitError("", f"a record has more than the {json_record.LARGEST} bytes that are allowed", cut.remedy)
        depth = base = at = 0  # how many brackets are open; at how many a record begins; where to read on
        start, tail = -1, False  # where the record begins that is being read; whether the list of a page is over
        while True:
            match = self.step.match(self.buffer, at)
            if match is None or (not self.ended and self.goes_on(match)):
                if self.ended:
                    break
                keep = start if start >= 0 else at
                self.more(keep)
                at, start = at - keep, 0 if start >= 0 else -1
                if len(self.buffer) > json_record.LARGEST + _CHUNK:
                    yield large
                    if not self.skip(at):
                        return
                    at, start, depth = 0, -1, base
                continue
            begun, at = match.start(), match.end()
            match match[1]:
                case b"{" | b"[" as sign:
                    if depth == 0 and self.stray(begun, at - 1):
                        yield cut
                    if sign == b"{" and depth == base and not tail:
                        start = at - 1
                    elif sign == b"[" and depth == 0:
                        base = 1
                    elif sign == b"[" and depth == 1 and start >= 0 and base == 0 and self.is_page(begun, at):
                        base, start = 2, -1
                    depth += 1
                case b"}" | b"]":
                    depth -= 1
                    if depth == base and start >= 0:
                        yield self.buffer[start:at]
                        start = -1
                    elif start < 0 and depth < base:
                        base, tail = 0, depth > 0
                    if depth <= 0:
                        if depth < 0:
                            yield cut
                        depth, tail = 0, False
                case b"\n":
                    if start >= 0 or (depth == 0 and self.stray(begun, at)):
                        yield cut
                        start, depth = -1, base
                case _:
                    yield cut
                    if not self.skip(at):
                        return
                    at, start, depth = 0, -1, base
        if depth > 0 or self.stray(at, len(self.buffer)):
            yield cut

    def is_page(self, begun: int, at: int) -> bool:
        return self.page.search(self.buffer, begun, at) is not None
