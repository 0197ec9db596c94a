"""RDF files: Turtle, TriG, N-Triples, N-Quads, RDF/XML, as the engine writes them."""

import re
import tempfile
from collections.abc import Iterable, Iterator

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
_CHUNK = 1 << 16
_IN_MEMORY = 8 << 20


def prefixes() -> dict[str, str]:
    """Give the prefixes that our files declare."""
    return _BASE | {name: PREFIXES[name] for name in _USED if name in PREFIXES}


def _written(statements: Iterable[Quad] | Iterable[Triple], form: RdfFormat) -> Iterator[bytes]:
    """Have the engine write statements as they come, into a file where they are many."""
    declared = None if form in (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS) else prefixes()
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        serialize(statements, output=spool, format=form, prefixes=declared)
        spool.seek(0)
        while chunk := spool.read(_CHUNK):
            yield chunk


def _quads(selection: Selection) -> Iterator[Quad]:
    for _, quads in selection.graphs():
        yield from quads


def _merged(selection: Selection, losses: Losses, form: RdfFormat, *, named: bool = False) -> Iterator[bytes]:
    """Write the triples of all graphs together: for formats that know no graphs."""
    graphs = 0

    def triples() -> Iterator[Triple]:
        nonlocal graphs
        for name, quads in selection.graphs():
            graphs += 1
            for quad in quads:
                if named and not _XML_NAME.search(quad.predicate.value):
                    raise UsageError(
                        f"RDF/XML has no name for the property {quad.predicate.value}",
                        where=f"rdfxml, {name}",
                        remedy="write turtle, trig, nt, nq or jsonld",
                    )
                yield quad.triple

    yield from _written(triples(), form)
    if graphs > 1:
        losses.add("named graphs, merged: which record said what is not kept (trig, nq, jsonld keep it)", count=graphs)


def turtle(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write Turtle."""
    return _merged(selection, losses, RdfFormat.TURTLE)


def nt(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write N-Triples."""
    return _merged(selection, losses, RdfFormat.N_TRIPLES)


def rdfxml(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write RDF/XML.

    :raises UsageError: if a property has an IRI of which XML can make no name
    """
    yield from _merged(selection, losses, RdfFormat.RDF_XML, named=True)
    yield b"\n"


def trig(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write TriG."""
    return _written(_quads(selection), RdfFormat.TRIG)


def nq(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write N-Quads."""
    return _written(_quads(selection), RdfFormat.N_QUADS)
