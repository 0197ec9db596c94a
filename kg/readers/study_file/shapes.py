"""What each field of the model may hold, read off its annotation: the one description of the format."""

import re
import types
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct, structs

from picograph.kg.source import Place

# Fields that a load fills, with what they hold.
COMPUTED = {"derived": "derived numbers", "mentions": "links of words"}


class Shape(NamedTuple):
    """What a field may hold, read off its annotation."""

    name: str
    type: Any  # the type of one value: a class, or a tuple of allowed words
    many: bool
    required: bool
    default: Any
    limits: tuple[Meta, ...]  # of one value
    at_least: int  # how many values


@cache
def shapes_of(cls: type[Struct]) -> dict[str, Shape]:
    """Read the fields off a class: its own first, inherited ones last, so that evidence ends a part."""
    own: dict[type, list[str]] = {}
    for base in reversed(cls.__mro__):
        if issubclass(base, Struct) and base is not Struct:
            seen = {name for names in own.values() for name in names}
            own[base] = [name for name in base.__struct_fields__ if name not in seen]
    names = [name for base in reversed(own) for name in own[base]]
    hints = get_type_hints(cls, include_extras=True)
    defaults = {field.name: field for field in structs.fields(cls)}
    shapes = {}
    for name in names:
        inner, many, limits, at_least = hints[name], False, [], 0
        while True:
            origin = get_origin(inner)
            if hasattr(inner, "__metadata__"):
                metas = [meta for meta in inner.__metadata__ if isinstance(meta, Meta)]
                inner = inner.__origin__
                if get_origin(inner) is tuple:
                    at_least = max((meta.min_length or 0 for meta in metas), default=0)
                else:
                    limits += metas
            elif origin in (Union, types.UnionType):
                (inner,) = [arg for arg in get_args(inner) if arg is not type(None)]
            elif origin is tuple:
                many, inner = True, get_args(inner)[0]
            else:
                break
        field = defaults[name]
        kind = get_args(inner) if origin is Literal else inner
        shapes[name] = Shape(name, kind, many, field.required, field.default, tuple(limits), at_least)
    return shapes


def words_of(cls: type) -> str:
    """Say the name of a class in words.

    >>> words_of(Place)
    'place'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cls.__name__).lower()


def with_article(words: str) -> str:
    """Put the article before words.

    >>> with_article("arm"), with_article("report")
    ('an arm', 'a report')
    """
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


EXPECTED: dict[Any, str] = {
    int: "a whole number",
    Decimal: "a number",
    bool: "true or false",
    date: "a date such as 2026-11-24",
    str: "words",
    Place: "a place such as 414-428",
}
