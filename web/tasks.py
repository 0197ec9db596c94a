"""What the server asks of a worker process, and how the answer comes back: frames over a pipe.

A frame is a letter, the length of what follows (4 bytes, big-endian), and that: ``H`` the head of an answer, ``D`` some
bytes of it, ``E`` its end, ``F`` a failure in its place. An answer without an end is not whole.
"""

import struct
from typing import BinaryIO

import msgspec
from msgspec import Struct


class Query(Struct, frozen=True, tag=True):
    """A SPARQL query; None for the store's own data set."""

    text: str
    base: str
    accept: str
    format: str | None = None
    default_graphs: list[str] | None = None
    named_graphs: list[str] | None = None


class Update(Struct, frozen=True, tag=True):
    """A SPARQL update."""

    text: str
    base: str
    using: list[str] = []
    using_named: list[str] = []


class ReadGraph(Struct, frozen=True, tag=True):
    """A graph by the Graph Store Protocol; None for the default graph."""

    graph: str | None
    accept: str
    format: str | None = None


class Part(Struct, frozen=True):
    """RDF in one media type."""

    media_type: str
    body: bytes


class WriteGraph(Struct, frozen=True, tag=True):
    """A graph to replace, extend or delete; None for the default graph."""

    method: str
    graph: str | None
    base: str
    parts: list[Part] = []


class Ask(Struct, frozen=True, tag=True):
    """A question of the catalogue, with its parameters as they came."""

    name: str
    parameters: dict[str, str]
    accept: str
    format: str | None = None
    run: bool = True  # False: its form alone


class Describe(Struct, frozen=True, tag=True):
    """The description of the service, the data (VoID) or the list of questions."""

    what: str  # service, void, home
    base: str
    accept: str
    writable: bool = False


class Behind(Struct, frozen=True, tag=True):
    """What stands behind an answer: a study by its key, or a place in a source by its IRI."""

    study: str | None = None
    place: str | None = None


Reading = Query | ReadGraph | Ask | Describe | Behind
Writing = Update | WriteGraph
Task = Reading | Writing


class Head(Struct, frozen=True):
    """What an answer is."""

    media_type: str
    status: int = 200
    headers: dict[str, str] = {}


class Failure(Struct, frozen=True):
    """Why there is no answer."""

    status: int
    what: str
    where: str = ""
    remedy: str = ""


encode = msgspec.msgpack.encode
decode_task = msgspec.msgpack.Decoder(Task).decode
decode_head = msgspec.msgpack.Decoder(Head).decode
decode_failure = msgspec.msgpack.Decoder(Failure).decode
LENGTH = struct.Struct(">I")
FRAME = struct.Struct(">cI")


def read_task(source: BinaryIO) -> Task | None:
    """Read the next task; None when there will be no more."""
    size = source.read(LENGTH.size)
    if len(size) < LENGTH.size:
        return None
    task: Task = decode_task(source.read(LENGTH.unpack(size)[0]))
    return task


def frame(kind: bytes, content: bytes = b"") -> bytes:
    """Give a frame.

    >>> frame(b"E")
    b'E\\x00\\x00\\x00\\x00'
    """
    return FRAME.pack(kind, len(content)) + content
