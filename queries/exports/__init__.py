"""One module per target: what is selected of a store -> a file. Each says what its format could not express.

A target is a line in `EXPORTS` and a function ``write(selection, losses)`` that gives bytes, piece by piece, and tells
`Losses` whatever it leaves out or changes. Other packages add targets through the entry-point group
`picograph.exports`.
"""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache, wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from picograph.ontology.errors import InputError, UsageError

if TYPE_CHECKING:
    from picograph.queries.exports.selection import Losses, Selection

# target -> module:function; imported when asked for
EXPORTS = {
    "cinema": "picograph.queries.exports.networks:cinema",
    "cinema-contrast": "picograph.queries.exports.networks:cinema_contrast",
    "csl-json": "picograph.queries.exports.references:csl_json",
    "csv": "picograph.queries.exports.extraction:csv",
    "cytoscape": "picograph.queries.exports.graphs:cytoscape",
    "fhir": "picograph.queries.exports.fhir:fhir",
    "graphml": "picograph.queries.exports.graphs:graphml",
    "jsonld": "picograph.queries.exports.jsonld:jsonld",
    "kgx": "picograph.queries.exports.kgx:kgx",
    "kgx-jsonl": "picograph.queries.exports.kgx:kgx_jsonl",
    "metafor": "picograph.queries.exports.meta:metafor",
    "nanopub": "picograph.queries.exports.nanopub:nanopub",
    "netmeta": "picograph.queries.exports.networks:netmeta",
    "netmeta-contrast": "picograph.queries.exports.networks:netmeta_contrast",
    "nq": "picograph.queries.exports.rdf:nq",
    "nt": "picograph.queries.exports.rdf:nt",
    "parquet": "picograph.queries.exports.extraction:parquet",
    "rdfxml": "picograph.queries.exports.rdf:rdfxml",
    "revman": "picograph.queries.exports.revman:revman",
    "ris": "picograph.queries.exports.references:ris",
    "ro-crate": "picograph.queries.exports.crate:ro_crate",
    "trig": "picograph.queries.exports.rdf:trig",
    "turtle": "picograph.queries.exports.rdf:turtle",
    "void": "picograph.queries.exports.void:void",
    "xlsx": "picograph.queries.exports.workbook:xlsx",
}
GROUP = "picograph.exports"
_REMEDIES = {
    errno.EISDIR: "name a file in that folder",
    errno.ENOENT: "make the folder first",
    errno.EACCES: "see whether the folder is yours, or write elsewhere",
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "make room, or write elsewhere"),
}


class Export(Protocol):
    """A function that writes what is selected for a target."""

    def __call__(self, selection: "Selection", losses: "Losses") -> Iterator[bytes]:
        """Write it, piece by piece.

        :param selection: what is exported
        :param losses: where what could not be expressed is told
        """


@cache
def targets() -> dict[str, str]:
    """Give every target with its function: those that ship, and those that other packages add.

    >>> "turtle" in targets()
    True
    """
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=GROUP)} | EXPORTS


def summaries() -> dict[str, str]:
    """Give every target with the first sentence of its docstring; of one that cannot be used, why.

    >>> summaries()["ris"]
    'RIS, UTF-8, a reference for each document.'
    """
    found = {}
    for name in sorted(targets()):
        try:
            words = (export(name).__doc__ or "").strip().partition("\n")[0]
        except UsageError as error:
            words = error.what
        found[name] = words.removeprefix("Write ")
    return found


def export(target: str) -> Export:
    """Give the function of a target.

    :raises UsageError: if there is none of that name, or what it needs is not installed
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
    try:
        function: Export = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        if target in EXPORTS:
            raise
        raise UsageError(
            f"the export {target!r} of another package cannot be used: {error}",
            where=f"{known[target]} ({GROUP})",
            remedy="update or remove the package that brings it",
        ) from error
    return _with_what_follows(function)


def _with_what_follows(function: Export) -> Export:
    """Have the head of a file come with what follows it: where the first record is refused, nothing is written."""

    @wraps(function)
    def whole(selection: "Selection", losses: "Losses") -> Iterator[bytes]:
        chunks = iter(function(selection, losses))
        head = next(chunks, None)
        if head is not None:
            yield head + next(chunks, b"")
            yield from chunks

    return whole


def partial_of(path: str) -> Path:
    """Give the file to write before it takes the place of another: itself for a device, a pipe, and behind a link.

    >>> partial_of("/dev/stdout"), partial_of("new.nq") == Path("new.nq")
    (PosixPath('/dev/stdout'), False)
    """
    target = Path(path)
    if target.is_symlink() or (target.exists() and not target.is_file()):
        return target
    return Path(f"{path}.{os.getpid()}.part")


def spooled(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Give chunks as they come; what of them waits in temporary files may find no place there.

    :raises InputError: if it finds none
    """
    try:
        yield from chunks
    except OSError as error:
        raise InputError(
            f"what waits to be written finds no place: {error.strerror}",
            where=tempfile.gettempdir(),
            remedy="make room there, or name another folder: TMPDIR=FOLDER",
        ) from None


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
        remedy = _REMEDIES.get(error.errno or 0, "see whether the folder is there")
        raise InputError(f"the file cannot be written: {error.strerror}", where=path, remedy=remedy) from None
    finally:
        if partial != target:
            with contextlib.suppress(OSError):
                partial.unlink()
