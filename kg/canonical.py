"""The one form of a study: equal studies are the same in every letter, and their graphs too."""

from collections.abc import Callable
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, TypeVar

import msgspec

from picograph.kg.model import Kind, flat_fields
from picograph.kg.results import Part
from picograph.kg.source import Place
from picograph.ontology.errors import UsageError
from picograph.ontology.prefixes import compress, expand

_S = TypeVar("_S", bound=msgspec.Struct)


def _encode(value: object) -> object:
    if isinstance(value, Place):
        return str(value)
    raise NotImplementedError(type(value))


_json = msgspec.json.Encoder(enc_hook=_encode, decimal_format="string", order="deterministic")


def content(part: Part) -> bytes:
    """Give what a part says as bytes: its class and its JSON, fields in order, nothing that is absent.

    How sure a method was is no part of what it read.
    """
    return type(part).__name__.encode() + _json.encode(_without_confidence(part))


def _without_confidence(part: Part) -> Part:
    changes: dict[str, Any] = {} if part.confidence is None else {"confidence": None}
    for name in _part_fields(type(part)):
        if value := getattr(part, name):
            inner = tuple(_without_confidence(each) for each in value) if isinstance(value, tuple) else value
            changes |= {} if inner == value else {name: inner}
    return msgspec.structs.replace(part, **changes) if changes else part


@cache
def _part_fields(cls: Any) -> tuple[str, ...]:
    return tuple(field.name for field, _ in flat_fields(cls) if field.kind is Kind.PART)


@lru_cache(maxsize=65_536)
def plain_number(value: Decimal) -> Decimal:
    """Drop trailing zeros: SPARQL engines keep the value of a decimal, not its spelling. No digit is rounded away.

    >>> plain_number(Decimal("32.50")), plain_number(Decimal("1E+2"))
    (Decimal('32.5'), Decimal('100'))
    """
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return Decimal("0" if text in ("-0", "") else text)


def _place_order(place: Place) -> tuple[Any, ...]:
    return (place.order, str(place))  # /1 and /01 are two places of one order


@lru_cache(maxsize=65_536)
def plain_concept(curie: str) -> str:
    """Write a concept as its IRI is read back."""
    try:
        return compress(expand(curie)) or curie
    except UsageError:  # of no known prefix: refused where it is written
        return curie


def _source_order(part: Part) -> tuple[Any, ...]:
    return (_place(part), content(part))


def _place(part: Part) -> tuple[Any, ...]:
    return part.evidence[0].order if part.evidence else (2,)


def _in_order(parts: list[Part]) -> list[Part]:
    """Put parts in the order of the source; what they say is written out only where two stand at one place."""
    places = set(map(_place, parts))
    return sorted(parts, key=_place if len(places) == len(parts) else _source_order)


def canonical(thing: _S) -> _S:
    """Put a study, or a part, in the one form that its graph gives back.

    Parts and places stand in the order of the source, repeated ones once; a value object without any value is
    absent; decimals have no trailing zeros; concepts have the prefix that picograph writes.
    """
    changes: dict[str, Any] = {}
    for field, _ in flat_fields(type(thing)):
        value = getattr(thing, field.name)
        if value is None or value == ():
            continue
        if field.many:
            members = [_one_form[field.kind](each) for each in value] if field.kind in _one_form else list(value)
            members = list(dict.fromkeys(members))
            changes[field.name] = tuple(_in_order(members) if field.kind is Kind.PART else sorted(members))
        elif field.kind in (Kind.PART, Kind.VALUE):
            inner = canonical(value)
            empty = field.kind is Kind.VALUE and all_optional(field.type) and inner == type(inner)()
            changes[field.name] = None if empty else inner
        elif field.kind in _one_form:
            changes[field.name] = _one_form[field.kind](value)
    if isinstance(thing, Part) and len(thing.evidence) > 1:
        changes["evidence"] = tuple(sorted(dict.fromkeys(thing.evidence), key=_place_order))
    for name, default in _defaults(type(thing)):
        # msgspec leaves a default out by its identity: an equal text that was read would stay, and change its bytes
        if changes.get(name, getattr(thing, name)) == default:
            changes[name] = default
    return msgspec.structs.replace(thing, **changes)


_one_form: dict[Kind, Callable[[Any], Any]] = {
    Kind.PART: canonical,
    Kind.DECIMAL: plain_number,
    Kind.CONCEPT: plain_concept,
}


@cache
def _defaults(cls: Any) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, field.default) for field in msgspec.structs.fields(cls) if isinstance(field.default, str))


@cache
def all_optional(cls: Any) -> bool:
    """Say whether a value object can be without any value."""
    return not any(field.required for field in msgspec.structs.fields(cls))
