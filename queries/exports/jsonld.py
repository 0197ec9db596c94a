"""JSON-LD with its context inline, so that nobody has to fetch one."""

from collections.abc import Mapping
from typing import Any

import msgspec
from picograph.queries.exports import Exported, quads_sorted
from picograph.queries.exports.rdf import prefixes
from pyoxigraph import Literal, NamedNode, Quad

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_STRING = "http://www.w3.org/2001/XMLSchema#string"


def _short(iri: str, declared: Mapping[str, str]) -> str:
    """Write an IRI with a prefix where what is left cannot be misread as another IRI."""
    for prefix, namespace in declared.items():
        rest = iri.removeprefix(namespace)
        if rest != iri and rest and not rest.startswith("//"):
            return f"{prefix}:{rest}"
    return iri


def _value(term: object, declared: Mapping[str, str]) -> dict[str, str]:
    if isinstance(term, Literal):
        if term.language:
            return {"@value": term.value, "@language": term.language}
        if term.datatype.value == _STRING:
            return {"@value": term.value}
        return {"@value": term.value, "@type": _short(term.datatype.value, declared)}
    assert isinstance(term, NamedNode)
    return {"@id": _short(term.value, declared)}


def jsonld(graphs: Mapping[str, list[Quad]]) -> Exported:
    """Write JSON-LD 1.1: one named graph after the other, values with their types spelled out."""
    declared = prefixes()
    written: dict[str, dict[str, dict[str, Any]]] = {}
    for quad in quads_sorted(graphs):
        assert isinstance(quad.graph_name, NamedNode)
        assert isinstance(quad.subject, NamedNode)
        nodes = written.setdefault(quad.graph_name.value, {})
        node = nodes.setdefault(quad.subject.value, {"@id": _short(quad.subject.value, declared)})
        if quad.predicate.value == _TYPE and isinstance(quad.object, NamedNode):
            node.setdefault("@type", []).append(_short(quad.object.value, declared))
        else:
            node.setdefault(_short(quad.predicate.value, declared), []).append(_value(quad.object, declared))
    document = {
        "@context": {
            "@version": 1.1,
            **{name: {"@id": namespace, "@prefix": True} for name, namespace in declared.items()},
        },
        "@graph": [{"@id": _short(name, declared), "@graph": list(nodes.values())} for name, nodes in written.items()],
    }
    return Exported([msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"])
