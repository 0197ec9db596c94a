"""Nanopublications: one for each result, with a Trusty URI: what it says, where it was read, and what made it.

The four graphs (Head, assertion, provenance, pubinfo) are those of the nanopublication guidelines and of the nanopub
library; the identifier is a Trusty URI of module RA (Kuhn and Dumontier, ESWC 2014): the SHA-256 of the statements in
their order, with a blank for the hash itself. They are not signed and have no date: who publishes them does both.
"""

import base64
import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, serialize

from picograph.kg.model import PG
from picograph.queries.exports.rdf import body, prefixes
from picograph.queries.exports.selection import Losses, Selection

BASE = "https://w3id.org/picograph/nanopub/"
_OWN = BASE + " "  # the identifier before it is known
_NP = "http://www.nanopub.org/nschema#"
_PROV = "http://www.w3.org/ns/prov#"
_PAV = "http://purl.org/pav/"
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
_EVIDENCE = PG + "evidence"
_RESULTS = frozenset(PG + name for name in ("Estimate", "AdverseEventResult", "Baseline", "Disposition", "Association"))
_INSIDE = frozenset(PG + name for name in ("ambiguity", "reading", "derived"))
_WITHIN = frozenset(PG + name for name in ("Ambiguity", "Reading", "Derived"))
_NAMED = frozenset(PG + name for name in ("inArm", "comparator", "inEpoch", "ofOutcome"))


class _Statement(NamedTuple):
    graph: str
    subject: str
    predicate: str
    target: str | Literal

    @property
    def order(self) -> tuple[object, ...]:
        target = self.target
        if isinstance(target, str):
            last: tuple[object, ...] = (False, target.encode())
        else:
            last = (
                True,
                target.value.encode(),
                target.language is not None,
                target.datatype.value,
                target.language or "",
            )
        return self.graph.encode(), self.subject.encode(), self.predicate.encode(), last

    @property
    def text(self) -> str:
        target = self.target
        if isinstance(target, Literal):
            words = target.value.replace("\\", "\\\\").replace("\n", "\\n")
            target = f"@{target.language.lower()} {words}" if target.language else f"^{target.datatype.value} {words}"
        return f"{self.graph}\n{self.subject}\n{self.predicate}\n{target}\n"


def _trusty(statements: set[_Statement]) -> str:
    """Give the artefact code of a nanopublication whose own identifier is still a blank."""
    text = "".join(each.text for each in sorted(statements, key=lambda each: each.order))
    return "RA" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def _final(statements: set[_Statement]) -> Iterator[Quad]:
    identifier = BASE + _trusty(statements)

    def node(text: str) -> NamedNode:
        return NamedNode(text.replace(_OWN, identifier, 1))

    for each in sorted(statements, key=lambda each: each.order):
        target = node(each.target) if isinstance(each.target, str) else each.target
        yield Quad(node(each.subject), node(each.predicate), target, node(each.graph))


class _Record:
    """The statements of one record by their subject."""

    def __init__(self, name: str, quads: list[Quad]) -> None:
        self.name = name
        self.said: dict[str, list[tuple[str, str | Literal]]] = {}
        for quad in quads:
            target = quad.object if isinstance(quad.object, Literal) else quad.object.value  # type: ignore[union-attr]
            self.said.setdefault(quad.subject.value, []).append((quad.predicate.value, target))  # type: ignore[union-attr]

    def results(self) -> list[str]:
        """Give the results, in one order."""
        return sorted(
            subject
            for subject, said in self.said.items()
            if any(predicate == _TYPE and target in _RESULTS for predicate, target in said)
        )

    def nanopub(self, result: str, version: str) -> set[_Statement]:
        """Make the nanopublication of one result."""
        assertion, places = set(), set()
        waiting = [result]
        while waiting:
            subject = waiting.pop()
            for predicate, target in self.said.get(subject, ()):
                if predicate == _EVIDENCE:
                    places.add(target)
                    continue
                assertion.add(_Statement(_OWN + "#assertion", subject, predicate, target))
                if predicate in _INSIDE and isinstance(target, str):
                    waiting.append(target)
                if predicate in _NAMED and isinstance(target, str):
                    labels = [value for name, value in self.said.get(target, ()) if name == _LABEL]
                    assertion |= {_Statement(_OWN + "#assertion", target, _LABEL, each) for each in labels}
        about = [
            (predicate, target)
            for predicate, target in self.said.get(self.name, ())
            if predicate in (PG + "method", PG + "reader", PG + "read", _PROV + "hadPrimarySource")
        ]
        head, provenance, pubinfo = (_OWN + "#" + each for each in ("Head", "provenance", "pubinfo"))
        told = {
            _Statement(head, _OWN, _TYPE, _NP + "Nanopublication"),
            _Statement(head, _OWN, _NP + "hasAssertion", _OWN + "#assertion"),
            _Statement(head, _OWN, _NP + "hasProvenance", provenance),
            _Statement(head, _OWN, _NP + "hasPublicationInfo", pubinfo),
            _Statement(pubinfo, _OWN, _PAV + "createdWith", Literal(f"picograph {version}")),
            _Statement(pubinfo, _OWN, _PROV + "wasDerivedFrom", self.name),
        }
        told |= {_Statement(provenance, _OWN + "#assertion", predicate, target) for predicate, target in about}
        told |= {_Statement(provenance, _OWN + "#assertion", _PROV + "wasDerivedFrom", place) for place in places}
        return assertion | told


def nanopub(selection: Selection, losses: Losses) -> Iterator[bytes]:
    """Write nanopublications (TriG): one for each result, with its places and a Trusty URI."""
    heading = "".join(f"@prefix {name}: <{namespace}> .\n" for name, namespace in sorted(_declared().items()))
    yield heading.encode()
    yield from selection.each(_part, losses, words=True)


def _declared() -> dict[str, str]:
    return prefixes() | {"np": _NP, "pav": _PAV, "prov": _PROV}


def _part(part: Selection, losses: Losses) -> bytes:
    from picograph import __version__

    made: list[Quad] = []
    for name, quads in part.graphs():
        record = _Record(name, quads)
        results = record.results()
        for each in results:
            made += _final(record.nanopub(each, __version__))
        typed = sum(
            any(predicate == _TYPE and target not in _WITHIN for predicate, target in said)
            for said in record.said.values()
        )
        losses.add(
            "parts that are no results (arms, outcomes, the report…), named where a result needs them",
            name,
            typed - len(results),
        )
        losses.add("nanopublications without a signature and a date: who publishes them signs them", name, len(results))
    return body(serialize(made, format=RdfFormat.TRIG, prefixes=_declared()) or b"", RdfFormat.TRIG)
