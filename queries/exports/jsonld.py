"""JSON-LD with its context inline, so that nobody has to fetch one."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from picograph.queries.exports.rdf import prefixes
from picograph.queries.exports.selection import Losses, Selection

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


def jsonld(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write JSON-LD 1.1: one named graph after the other, values with their types spelled out."""
    declared = prefixes()
    context = {"@version": 1.1} | {name: {"@id": namespace, "@prefix": True} for name, namespace in declared.items()}
    yield b'{"@context": ' + msgspec.json.encode(context) + b',\n"@graph": ['
    between = b"\n"
    for written in selection.each(_part, losses, words=True):
        for each in written:
            yield between + each
            between = b",\n"
    yield b"\n]}\n"


def _part(part: Selection, losses: Losses) -> list[bytes]:
    declared = prefixes()
    return [
        msgspec.json.format(
            msgspec.json.encode({"@id": _short(name, declared), "@graph": _nodes(quads, declared)}), indent=1
        )
        for name, quads in part.graphs()
    ]


def _nodes(quads: Iterable[Quad], declared: Mapping[str, str]) -> list[dict[str, Any]]:
    nodes: dict[str, dict[str, Any]] = {}
    for quad in quads:
        subject = _node(quad.subject, declared)
        node = nodes.setdefault(subject, {"@id": subject})
        if quad.predicate.value == _TYPE and isinstance(quad.object, NamedNode):
            node.setdefault("@type", []).append(_short(quad.object.value, declared))
        else:
            node.setdefault(_short(quad.predicate.value, declared), []).append(_value(quad.object, declared))
    return list(nodes.values())
