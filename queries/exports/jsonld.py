"""JSON-LD with its context inline, so that nobody has to fetch one."""

from collections.abc import Mapping
from typing import Any

import msgspec
from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from picograph.queries.exports import Exported, quads_sorted
from picograph.queries.exports.rdf import prefixes

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_STRING = "http://www.w3.org/2001/XMLSchema#string"


def _short(iri: str, declared: Mapping[str, str]) -> str:
    """Write an IRI with a prefix where what is left cannot be misread as another IRI."""
    for prefix, namespace in declared.items():
        rest = iri.removeprefix(namespace)
        if rest != iri and rest and not rest.startswith("//"):
            return f"{prefix}:{rest}"
    return iri


def _node(term: object, declared: Mapping[str, str]) -> str:
    if isinstance(term, BlankNode):
        return f"_:{term.value}"
    assert isinstance(term, NamedNode)
    return _short(term.value, declared)


def _value(term: object, declared: Mapping[str, str]) -> dict[str, str]:
    if isinstance(term, Literal):
        if term.language:
            return {"@value": term.value, "@language": term.language}
        if term.datatype.value == _STRING:
            return {"@value": term.value}
        return {"@value": term.value, "@type": _short(term.datatype.value, declared)}
    return {"@id": _node(term, declared)}


def jsonld(graphs: Mapping[str, list[Quad]]) -> Exported:
    """Write JSON-LD 1.1: one named graph after the other, values with their types spelled out."""
    declared = prefixes()
    written: dict[str, dict[str, dict[str, Any]]] = {}
    for quad in quads_sorted(graphs):
        nodes = written.setdefault(_node(quad.graph_name, declared), {})
        subject = _node(quad.subject, declared)
        node = nodes.setdefault(subject, {"@id": subject})
        if quad.predicate.value == _TYPE and isinstance(quad.object, NamedNode):
            node.setdefault("@type", []).append(_short(quad.object.value, declared))
        else:
            node.setdefault(_short(quad.predicate.value, declared), []).append(_value(quad.object, declared))
    document = {
        "@context": {
            "@version": 1.1,
            **{name: {"@id": namespace, "@prefix": True} for name, namespace in declared.items()},
        },
        "@graph": [{"@id": name, "@graph": list(nodes.values())} for name, nodes in written.items()],
    }
    return Exported([msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"])
