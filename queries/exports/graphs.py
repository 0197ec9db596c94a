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
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_KINDS = {Kind.INTEGER: "long", Kind.DECIMAL: "double", Kind.BOOLEAN: "boolean"}
_OWN = dict.fromkeys(
    (
        *("type", "label", "evidence", "records"),
        *("documentKey", "reader", "read", "statesIdentifier", "contentChecksum", "inputChecksum", "sha256"),
    ),
    "string",
) | {"characters": "long"}
_CHUNK = 1 << 16

Value = str | int | float | bool


class Node(NamedTuple):
    """A node: its IRI and what it states."""

    name: str
    values: dict[str, Value]


class Edge(NamedTuple):
    """An edge: from where, by which property, to where."""

    name: str
    source: str
    target: str
    property: str


def _short(iri: str) -> str:
    if iri.startswith(PG):
        return iri.removeprefix(PG)
    return "label" if iri == _LABEL else (compress(iri) or iri).replace("rdf:type", "type")


def attributes() -> dict[str, str]:
    """Give every attribute that a node can have, with its kind in GraphML.

    >>> attributes()["affected"], attributes()["percentReported"], attributes()["term"]
    ('long', 'double', 'string')
    """
    found = {_short(iri): _KINDS.get(field.kind, "string") for _, iri, field in properties()}
    return dict(sorted((found | _OWN).items()))


class _Elements:
    """Makes the nodes and edges of a selection, a study at a time."""

    def __init__(self, selection: Selection, losses: Losses) -> None:
        self._selection, self._losses = selection, losses
        self._kinds = attributes()
        self._shared: set[bytes] = set()  # of nodes that several studies have: concepts, enumerations

    def studies(self) -> Iterator[tuple[list[Node], list[Edge]]]:
        """Give the nodes and the edges of each study: its records together, or each graph of words."""
        for study, graphs in groupby(self._selection.graphs(), key=lambda each: _study_of(*each)):
            yield self._study(study, [quad for _, quads in graphs for quad in quads])

    def _study(self, study: str, quads: list[Quad]) -> tuple[list[Node], list[Edge]]:
        said: dict[str, dict[str, list[Literal | str]]] = {}
        edges: dict[str, Edge] = {}
        records = sorted({quad.graph_name.value for quad in quads if isinstance(quad.graph_name, NamedNode)})
        for quad in quads:
            if not isinstance(quad.subject, NamedNode):
                self._losses.add("statements about nodes without a name", study)
                continue
            subject, name = quad.subject.value, _short(quad.predicate.value)
            own = said.setdefault(subject, {})
            if isinstance(quad.object, Literal):
                own.setdefault(name, []).append(quad.object)
            elif quad.predicate.value in (_TYPE, _EVIDENCE):
                own.setdefault(name, []).append(_short(quad.object.value))  # type: ignore[union-attr]
            elif isinstance(quad.object, NamedNode):
                target = quad.object.value
                key = hashlib.sha256("\0".join((subject, name, target)).encode()).hexdigest()[:24]
                edges[key] = Edge(key, subject, target, name)
                said.setdefault(target, {})
        nodes = []
        for iri, stated in said.items():
            if not iri.startswith(study) and self._seen(iri):
                continue
            values: dict[str, Value] = {name: self._value(name, held, iri) for name, held in stated.items()}
            if iri == study:
                values["records"] = " ".join(records)
            if "label" not in values:
                values["label"] = str(
                    values.get("term") or values.get("title") or values.get("variable") or _short(iri)
                )
            nodes.append(Node(iri, values))
        return nodes, list(edges.values())

    def _seen(self, iri: str) -> bool:
        key = hashlib.blake2b(iri.encode(), digest_size=8).digest()
        if key in self._shared:
            return True
        self._shared.add(key)
        return False

    def _value(self, name: str, held: list[Literal | str], iri: str) -> Value:
        texts = sorted({each.value if isinstance(each, Literal) else each for each in held})
        kind = self._kinds.get(name, "string")
        if kind == "string":
            joined = " | ".join(texts) if name != "evidence" else " ".join(texts)
            clean = _CONTROL.sub("\ufffd", joined)
            self._losses.add("characters that XML forbids", iri, clean != joined)
            several = len(texts) > 1 and name not in ("evidence", "type")
            self._losses.add("values of one property, written as one text with bars", iri, len(texts) if several else 0)
            return clean
        if len(texts) > 1:
            self._losses.add(
                f"further values of {name}, on which records differ: the least is kept", iri, len(texts) - 1
            )
        text = min(texts, key=Decimal) if kind != "boolean" else texts[0]
        if kind == "boolean":
            return text == "true"
        if kind == "long":
            return int(text)
        number = float(text)
        self._losses.add("numbers with more digits than a double keeps", iri, Decimal(repr(number)) != Decimal(text))
        return number


def _study_of(name: str, quads: list[Quad]) -> str:
    """Give the study of a record's graph, or the graph itself."""
    return next(
        (quad.object.value for quad in quads if quad.predicate.value == PG + "ofStudy" and quad.subject.value == name),  # type: ignore[union-attr]
        name,
    )


def _chunks(
    selection: Selection, losses: Losses, node: Callable[[Node], bytes], edge: Callable[[Edge], bytes], between: bytes
) -> Iterator[bytes]:
    """Write the nodes as they come, then the edges, which wait in a file."""
    first = True
    with tempfile.TemporaryFile() as waiting:
        for nodes, edges in _Elements(selection, losses).studies():
            waiting.writelines(map(edge, edges))
            yield b"".join(map(node, nodes))
        yield between
        waiting.seek(0)
        while chunk := waiting.read(_CHUNK):
            yield chunk[1:] if first and between.endswith(b"[") else chunk
            first = False


def graphml(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write GraphML: every part a node, every link an edge."""
    kinds = attributes()
    keys = {name: f"n{number}" for number, name in enumerate(kinds)}
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for name, key in keys.items():
        yield f'<key id="{key}" for="node" attr.name={quoteattr(name)} attr.type="{kinds[name]}"/>\n'.encode()
    yield b'<key id="property" for="edge" attr.name="property" attr.type="string"/>\n<graph edgedefault="directed">\n'

    def node(each: Node) -> bytes:
        data = "".join(
            f'<data key="{keys[name]}">{escape(_xml(value))}</data>'
            for name, value in sorted(each.values.items())
            if name in keys
        )
        left = [name for name in each.values if name not in keys]
        losses.add("properties that are none of picograph's", each.name, len(left))
        return f"<node id={quoteattr(each.name)}>{data}</node>\n".encode()

    def edge(each: Edge) -> bytes:
        ends = f"source={quoteattr(each.source)} target={quoteattr(each.target)}"
        return f'<edge id="{each.name}" {ends}><data key="property">{escape(each.property)}</data></edge>\n'.encode()

    yield from _chunks(selection, losses, node, edge, b"")
    yield b"</graph>\n</graphml>\n"


def _xml(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def cytoscape(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write the JSON of Cytoscape and Cytoscape.js: every part a node, every link an edge."""
    yield b'{"data":[],"directed":true,"multigraph":true,"elements":{"nodes":['
    before = b"\n"

    def node(each: Node) -> bytes:
        nonlocal before
        data: dict[str, Any] = each.values | {"id": each.name, "name": each.values["label"]}
        if "value" in data:
            data["reportedValue"] = data["value"]
        data["value"] = each.name  # networkx takes a node's name from here
        written = before + msgspec.json.encode({"data": data})
        before = b",\n"
        return written

    def edge(each: Edge) -> bytes:
        data = {
            "id": each.name,
            "key": each.name,
            "source": each.source,
            "target": each.target,
            "interaction": each.property,
        }
        return b",\n" + msgspec.json.encode({"data": data})

    yield from _chunks(selection, losses, node, edge, b'\n],"edges":[')
    yield b"\n]}}\n"
