"""Parts: what a worker of a cluster makes of one file. The graphs of its records, and what each of them says of itself.

A part is written whole or not at all, beside the others, wherever fsspec can write. It is finished when it is known of
which study each of its records is.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import msgspec
from pyoxigraph import RdfFormat, parse

from picograph.kg import mapping
from picograph.kg.filing import rekeyed
from picograph.kg.joining import Entry
from picograph.kg.mapping import Mapped, Refused, Waiting
from picograph.kg.readers import Damaged
from picograph.kg.store.base import GraphText
from picograph.ontology.errors import PicographError, StoreError

if TYPE_CHECKING:
    from picograph.kg.store import Store

_AT_ONCE = 200  # graphs that are sent together
_CHUNK = 1 << 20
_PART = re.compile(r"part-[0-9]{5,}\.nq")
_WORK = "mapped"  # the folder of what is not finished
CHECK_PATH = "see whether the path is right"  # what to try


class Fault(msgspec.Struct, frozen=True):
    """An error, as a part's list has it."""

    what: str
    where: str
    remedy: str
    pointer: str | None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a part, without its lines."""

    name: str
    fault: Fault | None = None
    entry: Entry | None = None
    study: str = ""
    checked: bool = False  # whether its places were held against its text
    checksum: str = ""
    size: int = 0  # bytes of its graph, which follow those of the records before
    facts: dict[str, int] = {}
    triples: int = 0
    places: int = 0
    unmatched: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()


class Part(NamedTuple):
    """What a worker made of a file: where it is, without its ending, and what its records are."""

    path: str  # empty where the file could not be read
    lines: list[Line]


class Change(NamedTuple):
    """What is to be done with the graphs of a part, by their place in it."""

    keys: dict[int, str]  # studies that have another key
    left_out: frozenset[int]


_encode = msgspec.json.Encoder().encode
_lines = msgspec.json.Decoder(list[Line])


def _open(url: str) -> Any:
    import fsspec

    return fsspec.open(url, "rb").open()


def write_whole(url: str, chunks: Iterable[bytes]) -> None:
    """Write a file whole or not at all."""
    from fsspec.core import url_to_fs

    system, path = url_to_fs(url)
    system.makedirs(system._parent(path), exist_ok=True)
    file = system.open(path, "wb", autocommit=False)
    try:
        for chunk in chunks:
            file.write(chunk)
        file.close()
        file.commit()
    except BaseException:
        if not file.closed:
            file.close()
        file.discard()
        raise


def _made_from(url: str, extract: bool) -> str:
    found = hashlib.sha256(f"{mapping.stamp()} {extract} {url}\n".encode())
    with _open(url) as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def map_file(url: str, folder: str, extract: bool) -> Part:
    """Map the records of one file into a part.

    :raises StoreError: if the part cannot be written
    """
    from fsspec.core import url_to_fs

    try:
        part = f"{folder}/{_WORK}/{_made_from(url, extract)}"
    except (OSError, ValueError) as error:
        return Part("", [_unreadable(url, error)])
    system, path = url_to_fs(part)
    if system.exists(f"{path}.json"):  # it is written last
        return Part(part, _lines.decode(system.cat_file(f"{path}.json")))
    found: list[Line] = []
    try:
        write_whole(f"{part}.nq", _mapped(url, extract, found.append))
        write_whole(f"{part}.json", [_encode(found)])
    except OSError as error:
        raise unwritten(folder, error) from None
    return Part(part, found)


def _mapped(url: str, extract: bool, told: Callable[[Line], None]) -> Iterator[bytes]:
    """Map the records of a file: gives the graph of each, and tells what it is."""
    try:
        with _open(url) as stream:
            for piece in mapping.pieces_of(stream, url, extract=extract):
                if isinstance(piece, Damaged):
                    told(_fault(piece.name, piece.error))
                    continue
                result = mapping.map_piece(piece, _no_text)
                if isinstance(result, Waiting):  # its text is in another file, on another worker
                    result = mapping.map_alone(piece)
                if isinstance(result, Refused):
                    told(_fault(result.name, result.error))
                else:
                    assert isinstance(result, Mapped)
                    told(_line(result))
                    yield result.graph.lines
    except PicographError as error:
        told(_fault(url, error))
    except OSError as error:
        told(_unreadable(url, error))


def _unreadable(url: str, error: Exception) -> Line:
    return Line(name=url, fault=Fault(f"the file cannot be read: {said(error)}", url, CHECK_PATH, None))


def _no_text(sha256: str) -> None:
    return None


def _line(mapped: Mapped) -> Line:
    return Line(
        name=mapped.name,
        entry=mapped.entry,
        study=mapped.study,
        checked=mapped.text is not None,
        checksum=mapped.checksum,
        size=len(mapped.graph.lines),
        facts=mapped.facts,
        triples=mapped.triples,
        places=mapped.places,
        unmatched=mapped.unmatched,
        cautions=mapped.cautions,
    )


def _fault(name: str, error: PicographError) -> Line:
    return Line(name=name, fault=Fault(error.what, error.where, error.remedy, error.pointer))


def _graphs(part: str, found: Sequence[Line], change: Change) -> Iterator[GraphText]:
    """Give the graphs of a part as they are to be."""
    with _open(f"{part}.nq") as file:
        graphs = [line for line in found if line.entry]
        for place, line in enumerate(graphs):
            lines = _exactly(file, line.size)
            if place in change.left_out:
                continue
            assert line.entry
            graph = GraphText(line.entry.record, lines, None)
            if key := change.keys.get(place):
                graph, _ = rekeyed(parse(lines, format=RdfFormat.N_QUADS), key)
            yield graph


def _exactly(file: IO[bytes], size: int) -> bytes:
    content = file.read(size)
    if len(content) != size:
        raise OSError("a part is shorter than it was written")
    return content


def finish_part(part: str, found: Sequence[Line], change: Change, to: str) -> int:
    """Write a part as it is to be; gives how many graphs it has.

    :raises StoreError: if it cannot be written
    """
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        for graph in _graphs(part, found, change):
            count += 1
            yield graph.lines

    try:
        write_whole(to, lines())
    except OSError as error:
        raise unwritten(to, error) from None
    return count


class Endpoint(NamedTuple):
    """Where a SPARQL server takes graphs; a name and a password may stand in it."""

    location: str
    update: str | None = None

    def store(self) -> "Store":
        """Open it."""
        from picograph.kg.store import open_store

        return open_store(self.location, update_endpoint=self.update)


def send_part(part: str, found: Sequence[Line], change: Change, endpoint: Endpoint) -> int:
    """Send the graphs of a part to an endpoint; gives how many.

    :raises StoreError: if it does not take them
    """
    count = 0
    held: list[GraphText] = []
    with endpoint.store() as store, store.write() as writer:
        for graph in _graphs(part, found, change):
            held.append(graph)
            if len(held) >= _AT_ONCE:
                writer.put(held)
                count, held = count + len(held), []
        writer.put(held)
    return count + len(held)


def clear(folder: str, parts: set[str] | None) -> None:
    """Take away what was not finished, and parts of an earlier run that this one did not write."""
    from fsspec.core import url_to_fs

    system, path = url_to_fs(folder)
    if system.exists(f"{path}/{_WORK}"):
        system.rm(f"{path}/{_WORK}", recursive=True)
    if parts is not None:
        for each in system.ls(path, detail=False):
            if _PART.fullmatch(name := each.rpartition("/")[2]) and name not in parts:
                system.rm(each)


def said(error: Exception) -> str:
    """Give what the system says of an error."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def unwritten(where: str, error: OSError) -> StoreError:
    """Say that parts cannot be written."""
    return StoreError(
        f"the parts cannot be written: {said(error)}",
        where=where,
        remedy="name a folder with --parts that every worker can write",
    )
