"""Nanopublications: one for each result, with a Trusty URI: what it says, where it was read, and what made it.

The four graphs (Head, assertion, provenance, pubinfo) are those of the nanopublication guidelines and of the nanopub
library; the identifier is a Trusty URI of module RA (Kuhn and Dumontier, ESWC 2014): the SHA-256 of the statements in
their order, with a blank for the hash itself. They are not signed and have no date: who publishes them does both.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from operator import itemgetter
from typing import NamedTuple, Self

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
_ABOUT = frozenset((PG + "method", PG + "reader", PG + "read", _PROV + "hadPrimarySource"))
_PARTS = tuple(_OWN + "#" + each for each in ("Head", "assertion", "provenance", "pubinfo"))


class _Target(NamedTuple):
    """What a statement points at, once for all statements that do."""

    order: tuple[object, ...]  # as Trusty URIs put targets in order: letters of UTF-8 stand in the order of code points
    text: str  # as it is hashed
    iri: str  # empty for a literal
    term: NamedNode | Literal | None  # None: an IRI that holds the hash

    @classmethod
    def of(cls, target: str | Literal) -> Self:
        """Make one of an IRI or of a literal."""
        if isinstance(target, str):
            return cls((False, target), target, target, None if _OWN in target else NamedNode(target))
        words = target.value.replace("\\", "\\\\").replace("\n", "\\n")
        kind, language = target.datatype.value, target.language
        text = f"@{language.lower()} {words}" if language else f"^{kind} {words}"
        return cls((True, target.value, language is not None, kind, language or ""), text, "", target)


_Statement = tuple[str, str, str, tuple[object, ...]]  # graph, subject, predicate, and what puts the target in order
_Statements = dict[_Statement, _Target]


def _trusty(ordered: list[tuple[_Statement, _Target]]) -> str:
    """Give the artefact code of a nanopublication whose own identifier is still a blank."""
    text = "".join(f"{graph}\n{subject}\n{name}\n{target.text}\n" for (graph, subject, name, _), target in ordered)
    return "RA" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def _final(statements: _Statements) -> Iterator[Quad]:
    ordered = sorted(statements.items(), key=itemgetter(0))
    identifier = BASE + _trusty(ordered)

    @cache
    def own(text: str) -> NamedNode:
        return NamedNode(text.replace(_OWN, identifier, 1))

    for (graph, subject, predicate, _), target in ordered:
        yield Quad(
            own(subject) if _OWN in subject else _node(subject),
            _node(predicate),
            target.term or own(target.iri),
            own(graph),
        )


_node = lru_cache(maxsize=1 << 12)(NamedNode)


class _Record:
    """The statements of one record by their subject."""

    def __init__(self, name: str, quads: Iterable[Quad]) -> None:
        self.name = name
        self.said: dict[str, list[tuple[str, _Target]]] = {}
        self.kinds: dict[str, set[str]] = {}
        known: dict[str | Literal, _Target] = {}
        for quad in quads:
            target = quad.object if isinstance(quad.object, Literal) else quad.object.value  # type: ignore[union-attr]
            if (found := known.get(target)) is None:
                found = known[target] = _Target.of(target)
            subject, predicate = quad.subject.value, quad.predicate.value  # type: ignore[union-attr]
            self.said.setdefault(subject, []).append((predicate, found))
            if predicate == _TYPE:
                self.kinds.setdefault(subject, set()).add(found.iri)

    def results(self) -> list[str]:
        """Give the results, in one order."""
        return sorted(subject for subject, kinds in self.kinds.items() if kinds & _RESULTS)

    def nanopub(self, result: str, version: str) -> _Statements:
        """Make the nanopublication of one result."""
        told: _Statements = {}

        def say(graph: str, subject: str, predicate: str, target: _Target) -> None:
            told[graph, subject, predicate, target.order] = target

        head, assertion, provenance, pubinfo = _PARTS
        waiting = [result]
        while waiting:
            subject = waiting.pop()
            for predicate, target in self.said.get(subject, ()):
                if predicate == _EVIDENCE:
                    say(provenance, assertion, _PROV + "wasDerivedFrom", target)
                    continue
                say(assertion, subject, predicate, target)
                if predicate in _INSIDE and target.iri:
                    waiting.append(target.iri)
                if predicate in _NAMED and target.iri:
                    for name, label in self.said.get(target.iri, ()):
                        if name == _LABEL:
                            say(assertion, target.iri, _LABEL, label)
        for predicate, target in self.said.get(self.name, ()):
            if predicate in _ABOUT:
                say(provenance, assertion, predicate, target)
        say(head, _OWN, _TYPE, _target(_NP + "Nanopublication"))
        say(head, _OWN, _NP + "hasAssertion", _target(assertion))
        say(head, _OWN, _NP + "hasProvenance", _target(provenance))
        say(head, _OWN, _NP + "hasPublicationInfo", _target(pubinfo))
        say(pubinfo, _OWN, _PAV + "createdWith", _target(Literal(f"picograph {version}")))
        say(pubinfo, _OWN, _PROV + "wasDerivedFrom", _target(self.name))
        return told


_target = lru_cache(maxsize=1 << 10)(_Target.of)


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
    for name in part.names():  # in any order: statements are put in theirs
        record = _Record(name, part.store.quads(name))
        results = record.results()
        for each in results:
            made += _final(record.nanopub(each, __version__))
        typed = sum(bool(kinds - _WITHIN) for kinds in record.kinds.values())
        losses.add(
            "parts that are no results (arms, outcomes, the report…), named where a result needs them",
            name,
            typed - len(results),
        )
        losses.add("nanopublications without a signature and a date: who publishes them signs them", name, len(results))
    return body(serialize(made, format=RdfFormat.TRIG, prefixes=_declared()) or b"", RdfFormat.TRIG)
