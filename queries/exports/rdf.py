"""RDF files: Turtle, TriG, N-Triples, N-Quads, RDF/XML, as the engine writes them."""

import re
from collections.abc import Iterator
from functools import partial

from pyoxigraph import Quad, RdfFormat, Triple, serialize

from picograph.ontology.errors import UsageError
from picograph.ontology.prefixes import PREFIXES
from picograph.queries.exports.selection import Losses, Selection

_BASE = {
    "study": "https://w3id.org/picograph/study/",
    "record": "https://w3id.org/picograph/record/",
    "source": "https://w3id.org/picograph/source/",
}
_XML_NAME = re.compile(r"[^\W\d][\w.-]*$")  # what the end of a property's IRI must be
_USED = ("pg", "prov", "rdf", "rdfs", "skos", "xsd", "dcterms", "mesh", "meshv")
_XML = RdfFormat.RDF_XML
_XML_END = b"</rdf:RDF>"


def prefixes() -> dict[str, str]:
    """Give the prefixes that our files declare."""
    return _BASE | {name: PREFIXES[name] for name in _USED if name in PREFIXES}


def _part(part: Selection, losses: Losses, *, ending: str, merged: bool) -> tuple[int, bytes]:
    """Have the engine write the graphs of a part; without what stands once in a file, before and after them.

    :returns: the number of graphs, and what was written
    """
    graphs = 0
    form = _form(ending)

    def statements() -> Iterator[Quad | Triple]:
        nonlocal graphs
        for name, quads in part.graphs():
            graphs += 1
            for quad in quads:
                if form == _XML and not _XML_NAME.search(quad.predicate.value):
                    raise UsageError(
                        f"RDF/XML has no name for the property {quad.predicate.value}",
                        where=f"rdfxml, {name}",
                        remedy="write turtle, trig, nt, nq or jsonld",
                    )
                yield quad.triple if merged else quad

    written = serialize(statements(), format=form, prefixes=_declared(form))  # type: ignore[arg-type]
    return graphs, body(written or b"", form)


def _form(ending: str) -> RdfFormat:
    form = RdfFormat.from_extension(ending)
    assert form is not None
    return form


def _declared(form: RdfFormat) -> dict[str, str] | None:
    return None if form in (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS) else prefixes()


def body(written: bytes, form: RdfFormat) -> bytes:
    """Take off what stands once in a file: declarations before the first statement, the end of an XML document."""
    if form == _XML:
        return written[_head(written) :].removesuffix(_XML_END)
    start = 0
    while written.startswith(b"@prefix", start):
        start = written.index(b"\n", start) + 1
    return written[start:]


def _head(written: bytes) -> int:
    """Give the length of the declaration and the first tag of an XML document."""
    return written.index(b"\n", written.index(b"\n") + 1) + 1


def _file(selection: Selection, losses: Losses, ending: str, *, merged: bool) -> Iterator[bytes]:
    """Write all graphs, a part at a time.

    :param ending: of the names of such files: other processes cannot be given the format itself
    :param merged: as triples together, for formats that know no graphs
    """
    graphs, form = 0, _form(ending)
    if form == _XML:
        empty = serialize([], format=form, prefixes=prefixes())
        assert empty is not None
        yield empty[: _head(empty)]
    elif declared := _declared(form):
        yield "".join(f"@prefix {name}: <{space}> .\n" for name, space in sorted(declared.items())).encode()
    work = partial(_part, ending=ending, merged=merged)
    for count, written in selection.each(work, losses, words=True):
        graphs += count
        yield written
    if form == _XML:
        yield _XML_END + b"\n"
    if merged and graphs > 1:
        losses.add("named graphs, merged: which record said what is not kept (trig, nq, jsonld keep it)", count=graphs)


def turtle(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write Turtle."""
    return _file(selection, losses, "ttl", merged=True)


def nt(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write N-Triples."""
    return _file(selection, losses, "nt", merged=True)


def rdfxml(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write RDF/XML.

    :raises UsageError: if a property has an IRI of which XML can make no name
    """
    return _file(selection, losses, "rdf", merged=True)


def trig(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write TriG."""
    return _file(selection, losses, "trig", merged=False)


def nq(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write N-Quads."""
    return _file(selection, losses, "nq", merged=False)
