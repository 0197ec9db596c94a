"""One module per target: store -> file. Each says what its format could not express."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from picograph.ontology.errors import InputError, UsageError

if TYPE_CHECKING:
    from pyoxigraph import Quad

# target -> module:function; imported when asked for
EXPORTS = {
    "csv": "picograph.queries.exports.extraction:csv",
    "jsonld": "picograph.queries.exports.jsonld:jsonld",
    "nq": "picograph.queries.exports.rdf:nq",
    "nt": "picograph.queries.exports.rdf:nt",
    "rdfxml": "picograph.queries.exports.rdf:rdfxml",
    "trig": "picograph.queries.exports.rdf:trig",
    "turtle": "picograph.queries.exports.rdf:turtle",
}
GROUP = "picograph.exports"


class Exported(NamedTuple):
    """What an export writes, piece by piece, and what it could not express."""

    chunks: Iterable[bytes]
    losses: tuple[str, ...] = ()


class Export(Protocol):
    """A function that writes named graphs for a target."""

    def __call__(self, graphs: Mapping[str, "list[Quad]"]) -> Exported:
        """Write the graphs.

        :param graphs: quads by the name of their graph
        """


@cache
def targets() -> dict[str, str]:
    """Give every target with its function: those that ship, and those that other packages add.

    >>> "turtle" in targets()
    True
    """
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=GROUP)} | EXPORTS


def export(target: str) -> Export:
    """Give the function of a target.

    :raises UsageError: if there is none of that name
    """
    known = EXPORTS if target in EXPORTS else targets()
    if target not in known:
        from difflib import get_close_matches

        near = get_close_matches(target, known, 1)
        raise UsageError(
            f"there is no export {target!r}",
            where="export",
            remedy=f"did you mean {near[0]}?" if near else f"use one of: {', '.join(sorted(known))}",
        )
    module, _, name = known[target].partition(":")
    function: Export = getattr(import_module(module), name)
    return function


def partial_of(path: str) -> Path:
    """Give the file to write before it takes the place of another: itself for a device, a pipe, and behind a link.

    >>> partial_of("/dev/stdout"), partial_of("new.nq") == Path("new.nq")
    (PosixPath('/dev/stdout'), False)
    """
    target = Path(path)
    if target.is_symlink() or (target.exists() and not target.is_file()):
        return target
    return Path(f"{path}.{os.getpid()}.part")


def write_whole(path: str, chunks: Iterable[bytes]) -> None:
    """Write a file whole or not at all; a device, a pipe, and what a link leads to is written as it is.

    :raises InputError: if it cannot be written
    """
    target, partial = Path(path), partial_of(path)
    try:
        with partial.open("wb") as file:
            file.writelines(chunks)
        if partial != target:
            partial.replace(target)
    except OSError as error:
        raise InputError(
            f"the file cannot be written: {error.strerror}", where=path, remedy="see whether the folder is there"
        ) from None
    finally:
        if partial != target:
            with contextlib.suppress(OSError):
                partial.unlink()


def quads_sorted(graphs: "Mapping[str, list[Quad]]") -> "Iterator[Quad]":
    """Give all quads in one order, so that the same store gives the same bytes."""
    for name in sorted(graphs):
        yield from sorted(graphs[name], key=str)
