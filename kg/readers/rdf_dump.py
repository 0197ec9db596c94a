"""A dump of a store, read back: records in N-Quads, TriG or JSON-LD; in Turtle or N-Triples where that can be.

The dump goes into a store of its own on disk first, whatever the order of its quads, and graphs are taken from there
one by one; so memory does not grow with it. Graphs that are no record (vocabularies, splits) are left out. Turtle and
N-Triples do not say which record said what: a record is put together from what is said of its study, and taken only
where the checksum that it states proves that nothing is missing and nothing is too much.

A graph says what is true of a record only if a typed study can say it: what else stands in it refuses it. It is taken
as it is: it was linked, and its derived numbers made, when it was stored.
"""

import re
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple, cast

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, parse, serialize
from pyoxigraph import Store as Oxigraph

from picograph.kg.model import PG
from picograph.kg.readers.unpacked import BROKEN, broken, head_of, open_stream
from picograph.kg.recovery import study_of
from picograph.kg.study import Study
from picograph.kg.triples import BASE, names_of, write
from picograph.ontology.errors import InputError

_RECORD = BASE.encode() + b"record/"
_STATEMENT = re.compile(rb"^<[^>\s]+> <[^>\s]+> .* \.[ \t]*\r?$", re.MULTILINE)
_PREFIX = re.compile(rb"^@?prefix\s+\w*:\s*<" + re.escape(BASE.encode()) + rb"record/>", re.MULTILINE | re.IGNORECASE)
_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_CHECKSUM, _INPUT_CHECKSUM = NamedNode(PG + "contentChecksum"), NamedNode(PG + "inputChecksum")
_OF_STUDY, _DERIVED_FROM = NamedNode(PG + "ofStudy"), NamedNode("http://www.w3.org/ns/prov#wasDerivedFrom")
_AGAIN = "export it again, or load the records themselves"
_OURS = BASE.encode()
_HEAD = 65_536


class Stored(NamedTuple):
    """A record as a store had it."""

    study: Study
    whole: bool  # whether it says what it said when it was stored
    made_from: str  # the checksum of what it was made from, where it is whole


def sniff(head: bytes) -> bool:
    """Say whether a file begins like a dump of records, packed by gzip or not.

    >>> sniff(b"@prefix record: <https://w3id.org/picograph/record/> .\\n"), sniff(b"@prefix ex: <http://a/> .")
    (True, False)
    """
    return _format(head_of(head)) is not None


def _format(head: bytes) -> RdfFormat | None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if _OURS not in head:
        return None
    if start[:1] in (b"{", b"["):
        return RdfFormat.JSON_LD if b'"@context"' in head or b'"@graph"' in head or b'"@id"' in head else None
    if _PREFIX.search(head):
        return RdfFormat.TRIG  # Turtle is TriG without graphs, as N-Triples are N-Quads
    return RdfFormat.N_QUADS if _STATEMENT.match(start) else None


def records(stream: IO[bytes], name: str) -> Iterator[tuple[str, bytes | InputError]]:
    """Take a dump apart: the graph of each record as N-Quads."""
    from picograph.kg.readers import streams

    head, whole = streams.peek(stream, _HEAD)
    with tempfile.TemporaryDirectory() as folder:
        store = Oxigraph(folder)
        try:
            unpacked = cast(IO[bytes], open_stream(whole))
            store.bulk_load(unpacked, format=_format(head_of(head)) or RdfFormat.N_QUADS)
        except (SyntaxError, ValueError) as error:
            yield name, _not_rdf(str(error), name)
            return
        except BROKEN as error:
            yield name, broken(error, name)
            return
        found = 0
        for graph, record in _graphs(store, name):
            found += 1
            yield f"{name}, {graph.removeprefix(BASE)}", record
        if not found:
            yield name, InputError("the dump holds no record", where=name, remedy="export records: picograph export nq")
        del store


def _not_rdf(said: str, name: str) -> InputError:
    return InputError(f"this is not RDF as it says: {said}", where=name, remedy=_AGAIN)


def _graphs(store: Oxigraph, name: str) -> Iterator[tuple[str, bytes | InputError]]:
    """Give the graphs of records, then the records of the default graph, each with the name of its graph."""
    named = (graph for graph in store.named_graphs() if isinstance(graph, NamedNode))
    for graph in sorted((each for each in named if each.value.startswith(BASE + "record/")), key=str):
        yield graph.value, _lines(store.quads_for_pattern(None, None, None, graph))
    merged = store.quads_for_pattern(None, _TYPE, NamedNode(PG + "Record"), DefaultGraph())
    for record in sorted((quad.subject for quad in merged if isinstance(quad.subject, NamedNode)), key=str):
        lines, where = _lines(_about(store, record)), f"{name}, {record.value.removeprefix(BASE)}"
        try:
            whole = read_stored(lines, where).whole
        except InputError:
            whole = False
        yield (
            record.value,
            lines
            if whole
            else InputError(
                "it cannot be told what this record says: several were merged, or it was changed",
                where=where,
                remedy="export nq or trig, which say which record said what",
            ),
        )


def _lines(quads: Iterable[Quad]) -> bytes:
    return serialize(quads, format=RdfFormat.N_QUADS) or b""


def _about(store: Oxigraph, record: NamedNode) -> Iterator[Quad]:
    """Give what the default graph says of a record, its source, its study and its parts, as quads of its graph."""
    about = {record}
    for quad in store.quads_for_pattern(record, None, None, DefaultGraph()):
        if quad.predicate in (_OF_STUDY, _DERIVED_FROM) and isinstance(quad.object, NamedNode):
            about.add(quad.object)
            if quad.predicate == _OF_STUDY:
                parts = store.quads_for_pattern(None, _OF_STUDY, quad.object, DefaultGraph())
                about |= {part.subject for part in parts if isinstance(part.subject, NamedNode)}
    for subject in about:
        for quad in store.quads_for_pattern(subject, None, None, DefaultGraph()):
            yield Quad(quad.subject, quad.predicate, quad.object, record)


def read(content: bytes, name: str) -> Study:
    """Read the graph of one record.

    :raises InputError: if it is no record's graph, or says what no study can say
    """
    return read_stored(content, name).study


def read_stored(content: bytes, name: str) -> Stored:
    """Read the graph of one record, and from what it was made.

    :raises InputError: if it is no record's graph, or says what no study can say
    """
    try:
        quads = list(parse(content, format=RdfFormat.N_QUADS))
    except (SyntaxError, ValueError) as error:
        raise _not_rdf(str(error), name) from None
    try:
        study = study_of(quads)
    except InputError as error:
        raise InputError(error.what, where=name, remedy=_AGAIN) from None
    if {quad.graph_name for quad in quads} != {NamedNode(names_of(study).record)}:
        raise InputError("the graph does not have the name of its record", where=name, remedy=_AGAIN)
    sums = {quad.predicate: quad.object.value for quad in quads if quad.predicate in (_CHECKSUM, _INPUT_CHECKSUM)
            and isinstance(quad.object, Literal)}  # fmt: skip
    written = write(study)
    says = set(parse(written.lines, format=RdfFormat.N_QUADS))
    said = {quad for quad in quads if quad.predicate not in (_CHECKSUM, _INPUT_CHECKSUM)}
    if strange := sorted(map(str, said - says)):
        what = f"the graph says what no study can say ({len(strange)} triples), such as {strange[0][:200]}"
        raise InputError(what, where=name, remedy=_AGAIN)
    whole = sums.get(_CHECKSUM) == written.checksum
    return Stored(study, whole, sums.get(_INPUT_CHECKSUM, "") if whole else "")
