"""What can be loaded: files, streams, and bytes that have a name."""

import contextlib
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from picograph.kg.source import source_text
from picograph.ontology.errors import InputError

_PACKED = 8  # bytes of records in one that is packed, about: PubMed's own files have so many


class Input(NamedTuple):
    """A record to load: its name, for messages, and its bytes."""

    name: str
    content: bytes

    @classmethod
    def from_path(cls, path: str | Path) -> "Input":
        """Read a file.

        :raises InputError: if it cannot be read
        """
        try:
            return cls(str(path), Path(path).read_bytes())
        except (OSError, ValueError) as error:
            raise unreadable(str(path), error) from None


class Stream(NamedTuple):
    """Records to load from a stream, which need not be seekable: its name, for messages, and the stream."""

    name: str
    stream: IO[bytes]


Given = Input | Stream | str | Path


def unreadable(name: str, error: Exception) -> InputError:
    """Say that an input cannot be read."""
    said = getattr(error, "strerror", None) or str(error)
    folder = isinstance(error, IsADirectoryError)
    remedy = f"name the files in it: {name.rstrip('/')}/*" if folder else "see whether the path is right"
    return InputError(f"the file cannot be read: {said}", where=name, remedy=remedy)


@contextlib.contextmanager
def opened(given: Given) -> Iterator[IO[bytes]]:
    """Open an input; a stream is left open.

    :raises InputError: if it cannot be read
    """
    if isinstance(given, Stream):
        yield given.stream
        return
    try:
        stream = io.BytesIO(given.content) if isinstance(given, Input) else Path(given).open("rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        raise unreadable(str(given), error) from None
    with stream:
        yield stream


def name_of(given: Given) -> str:
    """Give what messages call an input."""
    return given.name if isinstance(given, Input | Stream) else str(given)


def size_of(inputs: Iterable[Given]) -> int | None:
    """Give about how many bytes there are to read, unpacked; None where that is not known before they are read.

    >>> size_of([Input("a", b"1234"), Input("b", b"12")]), size_of([Stream("c", io.BytesIO(b"12"))])
    (6, None)
    """
    if not isinstance(inputs, Sequence):
        return None
    found = 0
    for given in inputs:
        match given:
            case Input():
                found += len(given.content)
            case Stream():
                return None
            case _:
                try:
                    size = Path(given).stat().st_size
                except (OSError, ValueError):  # it is told when it is its turn
                    continue
                found += size * _PACKED if str(given).endswith((".gz", ".zip")) else size
    return found


def text_of(given: Input | str | Path) -> tuple[str, str]:
    """Read an input that is a text: its name and its text.

    :raises InputError: if it cannot be read, or is no text
    """
    given = given if isinstance(given, Input) else Input.from_path(given)
    try:
        return given.name, source_text(given.content)
    except InputError as error:
        raise InputError(error.what, where=given.name, remedy=error.remedy) from None


def example() -> Input:
    """Give the study that ships, as something to load."""
    from picograph.kg.records import shipped

    name, content = next(iter(shipped().items()))
    return Input(name, content)


def collected(name: str) -> list[Input]:
    """Give a collection of studies that ships, and the study that ships beside it, as something to load.

    :raises KeyError: if there is no collection of that name
    """
    from picograph.kg.records import collection

    return [example(), *(Input(file, content) for file, content in collection(name).items())]
