"""Property graphs: GraphML, and the JSON of Cytoscape and Cytoscape.js.

Every part of a record is a node with what it states as attributes; every property that leads to another part, a concept
or a document is an edge. The places that facts were read from stay with their nodes. GraphML: the elements of
graphml.graphdrawing.org's primer, as networkx reads them; Cytoscape: ``elements.nodes`` and ``elements.edges`` with
``data.id, source, target``, as Cytoscape.js's documentation and networkx's ``cytoscape_graph`` have them.
"""

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache, lru_cache, partial
from itertools import groupby
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

import msgspec
from pyoxigraph import Literal, NamedNode, Quad

from picograph.kg.model import PG, Kind, properties
from picograph.ontology.prefixes import compress
from picograph.queries.exports.selection import Losses, Selection

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
_EVIDENCE = PG + "evidence"
_SOURCE = "https://w3id.org/picograph/source/"  # of which every place is another: none is worth remembering
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_MARKUP = re.compile('[&<>"\n\r\t]')
_KINDS = {Kind.INTEGER: "long", Kind.DECIMAL: "double", Kind.BOOLEAN: "boolean"}
_OWN = dict.fromkeys(
    (
        *("type", "label", "evidence", "records"),
        *("documentKey", "reader", "read", "statesIdentifier", "contentChecksum", "inputChecksum", "sha256"),
    ),
    "string",
) | {"characters": "long"}
_CHUNK = 1 << 20

Value = str | int | float | bool


class Node(NamedTuple):
    """A node: its IRI and what it states."""

    name: str
    values: dict[str, Value]


class Written(NamedTuple):
    """Nodes as they stand in a file: several that are of one study alone, or one that other studies may have too."""

    text: bytes
    shared: bytes | None = None  # what it is known by
    losses: Losses | None = None  # of a shared node, to be told if it is kept


class Edge(NamedTuple):
    """An edge: from where, by which property, to where."""

    name: str
    source: str
    target: str
    property: str


@lru_cache(maxsize=4096)
def _short(iri: str) -> str:
    if iri.startswith(PG):
        return iri.removeprefix(PG)
    return "label" if iri == _LABEL else (compress(iri) or iri).replace("rdf:type", "type")


@cache
def attributes() -> dict[str, str]:
    """Give every attribute that a node can have, with its kind in GraphML.

    >>> attributes()["affected"], attributes()["percentReported"], attributes()["term"]
    ('long', 'double', 'string')
    """
    found = {_short(iri): _KINDS.get(field.kind, "string") for _, iri, field in properties()}
    return dict(sorted((found | _OWN).items()))


class _Elements:
    """Makes the nodes and edges of a part, a study at a time; a node that several studies have comes once a part."""

    def __init__(self, part: Selection, losses: Losses, node: Callable[[Node, Losses], bytes]) -> None:
        self._part, self._losses, self._node = part, losses, node
        self._kinds = attributes()
        self._shared: set[bytes] = set()  # of nodes that several studies have: concepts, enumerations

    def studies(self) -> Iterator[tuple[list[Written], list[Edge]]]:
        """Give the nodes and the edges of each study: its records together, or each graph of words."""
        for study, graphs in groupby(self._part.graphs(), key=lambda each: _study_of(*each)):
            yield self._study(study, [quad for _, quads in graphs for quad in quads])

    def _study(self, study: str, quads: list[Quad]) -> tuple[list[Written], list[Edge]]:
        said: dict[str, dict[str, list[str]]] = {}
        edges: dict[str, Edge] = {}
        records = sorted({quad.graph_name.value for quad in quads if isinstance(quad.graph_name, NamedNode)})
        for quad in quads:
            node, property_, value = quad.subject, quad.predicate.value, quad.object
            if not isinstance(node, NamedNode):
                self._losses.add("statements about nodes without a name", study)
                continue
            subject, name = node.value, _short(property_)
            own = said.setdefault(subject, {})
            if isinstance(value, Literal):
                own.setdefault(name, []).append(value.value)
            elif property_ == _EVIDENCE:
                place = value.value  # type: ignore[union-attr]
                own.setdefault(name, []).append(place if place.startswith(_SOURCE) else _short(place))
            elif property_ == _TYPE:
                own.setdefault(name, []).append(_short(value.value))  # type: ignore[union-attr]
            elif isinstance(value, NamedNode):
                target = value.value
                key = hashlib.sha256("\0".join((subject, name, target)).encode()).hexdigest()[:24]
                edges[key] = Edge(key, subject, target, name)
                said.setdefault(target, {})
        nodes = []
        for iri, stated in said.items():
            shared: bytes | None = None
            losses = self._losses
            if not iri.startswith(study):
                shared, losses = hashlib.blake2b(iri.encode(), digest_size=8).digest(), Losses()
                if shared in self._shared:
                    continue
                self._shared.add(shared)
            values = {name: self._value(name, held, iri, losses) for name, held in stated.items()}
            if iri == study:
                values["records"] = " ".join(records)
            if "label" not in values:
                values["label"] = str(
                    values.get("term") or values.get("title") or values.get("variable") or _short(iri)
                )
            text = self._node(Node(iri, values), losses)
            nodes.append(Written(text, shared, losses if shared and losses else None))
        return nodes, list(edges.values())

    def _value(self, name: str, held: list[str], iri: str, losses: Losses) -> Value:
        texts = held if len(held) == 1 else sorted(set(held))
        kind = self._kinds.get(name, "string")
        if kind == "string":
            joined = (" " if name == "evidence" else " | ").join(texts)
            if _CONTROL.search(joined):
                joined = _CONTROL.sub("\ufffd", joined)
                losses.add("characters that XML forbids", iri)
            several = len(texts) > 1 and name not in ("evidence", "type")
            losses.add("values of one property, written as one text with bars", iri, len(texts) if several else 0)
            return joined
        if len(texts) > 1:
            losses.add(f"further values of {name}, on which records differ: the least is kept", iri, len(texts) - 1)
        text = min(texts, key=Decimal) if kind != "boolean" else texts[0]
        if kind == "boolean":
            return text == "true"
        if kind == "long":
            return int(text)
        number = float(text)
        losses.add("numbers with more digits than a double keeps", iri, Decimal(repr(number)) != Decimal(text))
        return number


def _study_of(name: str, quads: list[Quad]) -> str:
    """Give the study of a record's graph, or the graph itself."""
    return next(
        (quad.object.value for quad in quads if quad.predicate.value == PG + "ofStudy" and quad.subject.value == name),  # type: ignore[union-attr]
        name,
    )


def _part(part: Selection, losses: Losses, *, form: str, between: bytes) -> tuple[list[Written], bytes]:
    """Write the nodes and the edges of a part: in few pieces, because they go from process to process."""
    node, edge = _FORMS[form]
    nodes: list[Written] = []
    edges: list[bytes] = []
    for some, links in _Elements(part, losses, node).studies():
        for shared, held in groupby(some, key=lambda each: each.shared is not None):
            run = list(held)
            nodes += run if shared else [Written(between.join([each.text for each in run]))]
        edges += map(edge, links)
    return nodes, b"".join([between + each for each in edges])


def _elements(selection: Selection, losses: Losses, form: str, between: bytes, middle: bytes) -> Iterator[bytes]:
    """Write the nodes as they come, then the edges, which wait in a file.

    :param between: what stands between two of them
    :param middle: what stands between nodes and edges
    """
    shared: set[bytes] = set()
    before = b""
    with tempfile.TemporaryFile() as waiting:
        for nodes, edges in selection.each(partial(_part, form=form, between=between), losses, words=True):
            waiting.write(edges)
            kept = []
            for each in nodes:
                if each.shared is not None:
                    if each.shared in shared:
                        continue
                    shared.add(each.shared)
                if each.losses is not None:
                    losses.merge(each.losses)
                kept.append(each.text)
            if kept:
                yield before + between.join(kept)
                before = between
        yield middle
        waiting.seek(len(between))
        while chunk := waiting.read(_CHUNK):
            yield chunk


def graphml(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write GraphML: every part a node, every link an edge."""
    kinds = attributes()
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for name, key in _keys().items():
        yield f'<key id="{key}" for="node" attr.name={quoteattr(name)} attr.type="{kinds[name]}"/>\n'.encode()
    yield b'<key id="property" for="edge" attr.name="property" attr.type="string"/>\n<graph edgedefault="directed">\n'
    yield from _elements(selection, losses, "graphml", b"", b"")
    yield b"</graph>\n</graphml>\n"


@cache
def _keys() -> dict[str, str]:
    return {name: f"n{number}" for number, name in enumerate(attributes())}


def _xml_node(each: Node, losses: Losses) -> bytes:
    keys = _keys()
    data = "".join(
        f'<data key="{keys[name]}">{escape(_xml(value))}</data>'
        for name, value in sorted(each.values.items())
        if name in keys
    )
    left = [name for name in each.values if name not in keys]
    losses.add("properties that are none of picograph's", each.name, len(left))
    return f"<node id={_quoted(each.name)}>{data}</node>\n".encode()


def _xml_edge(each: Edge) -> bytes:
    ends = f"source={_quoted(each.source)} target={_quoted(each.target)}"
    return f'<edge id="{each.name}" {ends}><data key="property">{escape(each.property)}</data></edge>\n'.encode()


def _quoted(iri: str) -> str:
    return quoteattr(iri) if _MARKUP.search(iri) else f'"{iri}"'


def _xml(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def cytoscape(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write the JSON of Cytoscape and Cytoscape.js: every part a node, every link an edge."""
    yield b'{"data":[],"directed":true,"multigraph":true,"elements":{"nodes":[\n'
    yield from _elements(selection, losses, "cytoscape", b",\n", b'\n],"edges":[\n')
    yield b"\n]}}\n"


def _json_node(each: Node, losses: Losses) -> bytes:
    data: dict[str, Any] = each.values | {"id": each.name, "name": each.values["label"]}
    if "value" in data:
        data["reportedValue"] = data["value"]
    data["value"] = each.name  # networkx takes a node's name from here
    return msgspec.json.encode({"data": data})


def _json_edge(each: Edge) -> bytes:
    data = {
        "id": each.name,
        "key": each.name,
        "source": each.source,
        "target": each.target,
        "interaction": each.property,
    }
    return msgspec.json.encode({"data": data})


_FORMS: dict[str, tuple[Callable[[Node, Losses], bytes], Callable[[Edge], bytes]]] = {
    "graphml": (_xml_node, _xml_edge),
    "cytoscape": (_json_node, _json_edge),
}
