"""RDF files: Turtle, TriG, N-Triples, N-Quads, RDF/XML, as the engine writes them."""

import re
from collections.abc import Mapping

from pyoxigraph import Quad, RdfFormat, serialize

from picograph.ontology.errors import UsageError
from picograph.ontology.prefixes import PREFIXES
from picograph.queries.exports import Exported, quads_sorted

_BASE = {
    "study": "https://w3id.org/picograph/study/",
    "record": "https://w3id.org/picograph/record/",
    "source": "https://w3id.org/picograph/source/",
}
_XML_NAME = re.compile(r"[^\W\d][\w.-]*$")  # what the end of a property's IRI must be
_USED = ("pg", "prov", "rdf", "rdfs", "skos", "xsd", "dcterms", "mesh", "meshv")


def prefixes() -> dict[str, str]:
    """Give the prefixes that our files declare."""
    return _BASE | {name: PREFIXES[name] for name in _USED if name in PREFIXES}


def _merged(graphs: Mapping[str, list[Quad]], form: RdfFormat) -> Exported:
    """Write the triples of all graphs together: for formats that know no graphs."""
    triples = dict.fromkeys(quad.triple for quad in quads_sorted(graphs))
    losses: tuple[str, ...] = ()
    if len(graphs) > 1:
        names = (
            f"the {len(graphs)} named graphs are merged: which record said what is not kept (trig, nq, jsonld keep it)"
        )
        losses = (names,)
    declared = None if form == RdfFormat.N_TRIPLES else prefixes()
    return Exported([serialize(triples, format=form, prefixes=declared) or b""], losses)


def turtle(graphs: Mapping[str, list[Quad]]) -> Exported:
    """Write Turtle."""
    return _merged(graphs, RdfFormat.TURTLE)


def nt(graphs: Mapping[str, list[Quad]]) -> Exported:
    """Write N-Triples."""
    return _merged(graphs, RdfFormat.N_TRIPLES)


def rdfxml(graphs: Mapping[str, list[Quad]]) -> Exported:
    """Write RDF/XML.

    :raises UsageError: if a property has an IRI of which XML can make no name
    """
    for quads in graphs.values():
        for quad in quads:
            if not _XML_NAME.search(quad.predicate.value):
                raise UsageError(
                    f"RDF/XML has no name for the property {quad.predicate.value}",
                    where="rdfxml",
                    remedy="write turtle, trig, nt, nq or jsonld",
                )
    exported = _merged(graphs, RdfFormat.RDF_XML)
    return exported._replace(chunks=[*exported.chunks, b"\n"])


def trig(graphs: Mapping[str, list[Quad]]) -> Exported:
    """Write TriG."""
    return Exported([serialize(quads_sorted(graphs), format=RdfFormat.TRIG, prefixes=prefixes()) or b""])


def nq(graphs: Mapping[str, list[Quad]]) -> Exported:
    """Write N-Quads."""
    return Exported([serialize(quads_sorted(graphs), format=RdfFormat.N_QUADS) or b""])
