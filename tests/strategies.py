"""Strategies that build random studies, as any reader could make them. For hypothesis.

They follow the types of the model, so a new field is covered without a line here. What they promise: keys are
unique and what refers to them exists; no list holds the same part twice; no value object is empty; numbers are in
their normal form (no trailing zeros, no exponent); evidence is in the order of the source, and of one kind in one
study; words are any that XML 1.0, and so every form of RDF, can carry; nothing is computed; what says the same is as
sure, since it has one name.
"""

import string
import types
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from msgspec import Meta, Struct, structs

from picograph.kg.canonical import canonical, content
from picograph.kg.readers.decimals import decimal
from picograph.kg.results import Part, Value
from picograph.kg.source import Method, Place, Record, Source
from picograph.kg.study import Study

T = TypeVar("T")


class Draw(Protocol):
    """How hypothesis hands out examples."""

    def __call__(self, strategy: st.SearchStrategy[T], /) -> T: ...


# Concepts by prefixes that `ontology.prefixes` knows, in the case in which it writes them.
_CONCEPTS = st.one_of(
    st.from_regex(r"mesh:D\d{6}(Q\d{6})?", fullmatch=True),
    st.from_regex(r"(CHEBI|HP|MONDO):\d{7}", fullmatch=True),
    st.from_regex(r"NCIT:C\d{3,6}", fullmatch=True),
    st.from_regex(r"drugbank:DB\d{5}", fullmatch=True),
    st.sampled_from(["pg:CLIP", "pg:ChildPughA", "pg:RECIST11"]),
)
_UNITS = st.sampled_from(
    ["%", "mg", "mg/m2", "Gy", "cm", "a", "mo", "wk", "d", "2/d", "1", "{fraction}", "10*9/L", "[iU]"]
)

keys = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}", fullmatch=True)
# Short, and often of the characters that some syntax gives a meaning to.
texts = st.text(
    st.one_of(
        st.sampled_from(" \t\n-:#,[]{}&*!|>'\"%@`?~0123456789=<>/\\.^$()éß≥µ\x85\u200b\u2028\u202e\ufeff\U0001d4b3"),
        st.characters(codec="utf-8", min_codepoint=0x20, exclude_characters="\ufffe\uffff"),
        st.sampled_from(string.ascii_letters),
    ),
    min_size=1,
    max_size=12,
) | st.sampled_from(["no", "true", "null", "~", "1e3", "0x1F", "2014-04-01", "1:30", "- a", "a: b", "a #b", "=", "<<"])
_DOI = st.text(string.ascii_letters + string.digits + "-._;()/<>:%#?&+[]", min_size=1, max_size=12)
dois = _DOI.map(lambda suffix: "10.1000/" + suffix)
study_keys = st.one_of(
    st.from_regex(r"NCT\d{8}", fullmatch=True).filter(str.isascii),
    dois.map(lambda doi: "doi:" + doi),
    st.integers(1, 10**8).map(lambda number: f"pmid:{number}"),
)


def decimals(low: Decimal | int = -(10**6), high: Decimal | int = 10**6) -> st.SearchStrategy[Decimal]:
    """Numbers in the form that a study file gives them."""
    return st.decimals(low, high, allow_nan=False, allow_infinity=False, places=4).map(
        lambda number: decimal(format(number, "f"))
    )


def places(characters: int | None) -> st.SearchStrategy[Place]:
    """Places in a text of so many characters, or in a JSON document."""
    if characters is None:
        step = st.one_of(
            st.integers(0, 20).map(str),
            st.text(string.ascii_letters + ' é%#?"{}|^`', max_size=5),
            st.sampled_from(["~0", "~1", "a~1b", ""]),
        )
        return st.lists(step, min_size=1, max_size=4).map(lambda steps: Place("/" + "/".join(steps)))
    return st.tuples(st.integers(0, characters - 1), st.integers(1, 60)).map(
        lambda pair: Place(f"{pair[0]}-{min(pair[0] + pair[1], characters)}")
    )


class _Shape(NamedTuple):
    """What a field may hold, read off its annotation."""

    name: str
    kind: Any  # a class, or a Literal
    many: bool
    at_least: int
    required: bool
    default: Any
    bounds: dict[str, Any]
    extra: dict[str, Any]


@cache
def _shapes(cls: type[Struct]) -> tuple[_Shape, ...]:
    hints = get_type_hints(cls, include_extras=True)
    shapes = []
    for field in structs.fields(cls):
        kind, many, least = hints[field.name], False, 0
        bounds: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        while True:
            origin = get_origin(kind)
            if hasattr(kind, "__metadata__"):
                metas = [meta for meta in kind.__metadata__ if isinstance(meta, Meta)]
                kind = kind.__origin__
                for meta in metas:
                    if get_origin(kind) is tuple:
                        least = meta.min_length or 0
                    else:
                        extra |= meta.extra or {}
                        stated = {each: getattr(meta, each) for each in ("ge", "gt", "le", "lt", "pattern")}
                        bounds |= {each: bound for each, bound in stated.items() if bound is not None}
            elif origin in (Union, types.UnionType):
                (kind,) = [arg for arg in get_args(kind) if arg is not type(None)]
            elif origin is tuple:
                many, kind = True, get_args(kind)[0]
            else:
                break
        shapes.append(_Shape(field.name, kind, many, least, field.required, field.default, bounds, extra))
    return tuple(shapes)


@cache
def _matching(pattern: str) -> st.SearchStrategy[str]:
    """Words of a pattern; \\d and $ allow more than is meant, so only ordinary ones."""
    if pattern.startswith("^10"):
        return dois
    return st.from_regex(pattern, fullmatch=True).filter(lambda text: text.isascii() and text.isprintable())


class _Builder:
    """Draws the parts of one study, whose keys and kind of evidence are chosen."""

    def __init__(self, draw: Draw, characters: int | None, known: dict[str, list[str]]) -> None:
        self.draw, self.places, self.known = draw, places(characters), known
        self.sure: dict[bytes, Decimal | None] = {}  # by what a part says

    def struct(self, cls: type[Struct], **given: Any) -> Any:
        values: dict[str, Any] = {}
        optional = []
        for shape in _shapes(cls):
            if shape.name in given or shape.name in {"derived", "mentions"} or not self.possible(shape):
                continue
            if shape.required:
                values[shape.name] = self.field(shape)
            else:
                optional.append(shape)
        if any(shape.name == "evidence" for shape in optional) and self.draw(st.booleans()):
            values["evidence"] = self.field(next(shape for shape in optional if shape.name == "evidence"))
        # A few of the fields that may be absent: every one is met, and studies stay small.
        least = 1 if issubclass(cls, Value) and not values else 0
        names = st.lists(st.sampled_from(optional), min_size=least, max_size=3, unique_by=lambda shape: shape.name)
        filled = self.draw(names) if optional else []
        while True:
            values |= {shape.name: self.field(shape) for shape in filled}
            built = cls(**values, **given)
            # A value object that says nothing is left out of a study.
            if not least or built != cls(**given):
                return self.as_sure(built)

    def as_sure(self, built: Any) -> Any:
        if not isinstance(built, Part):
            return built
        return structs.replace(built, confidence=self.sure.setdefault(content(canonical(built)), built.confidence))

    def possible(self, shape: _Shape) -> bool:
        """Say whether there is anything that the field could refer to."""
        if "refers" in shape.extra:
            return bool(self.known[shape.extra["refers"]])
        if isinstance(shape.kind, type) and issubclass(shape.kind, Struct):
            return all(self.possible(inner) for inner in _shapes(shape.kind) if inner.required)
        return True

    def field(self, shape: _Shape) -> Any:
        if not shape.many:
            return self.one(shape)
        found: list[Any] = []
        for _ in range(self.draw(st.integers(max(1, shape.at_least), max(2, shape.at_least)))):
            item = self.one(shape)
            while item in found and len(found) < shape.at_least:
                item = self.one(shape)
            if item not in found:
                found.append(item)
        if shape.kind is Place:
            found.sort(key=lambda place: (place.order, str(place)))
        return tuple(found)

    def one(self, shape: _Shape) -> Any:
        kind = shape.kind
        if isinstance(kind, type) and issubclass(kind, Struct):
            return self.struct(kind)
        return self.draw(self.places if kind is Place else self.leaf(shape))

    def leaf(self, shape: _Shape) -> st.SearchStrategy[Any]:
        kind, bounds = shape.kind, shape.bounds
        if get_origin(kind) is Literal:
            return st.sampled_from(get_args(kind))
        if "refers" in shape.extra:
            return st.sampled_from(self.known[shape.extra["refers"]])
        if shape.extra.get("kind") == "concept":
            return _CONCEPTS
        if shape.extra.get("kind") == "unit":
            return _UNITS
        if kind is str:
            return _matching(bounds["pattern"]) if "pattern" in bounds else texts
        if kind is int:
            return st.integers(bounds.get("ge", -1000), bounds.get("le", 10**6))
        if kind is Decimal:
            low = bounds.get("ge", bounds.get("gt", -(10**6)))
            high = bounds.get("le", bounds.get("lt", 10**6))
            return decimals(low, high).filter(lambda number: number not in (bounds.get("gt"), bounds.get("lt")))
        if kind is bool:
            return st.booleans()
        assert issubclass(kind, Enum), f"no strategy for {kind}"
        return st.sampled_from(list(kind))


@st.composite
def studies(draw: Draw) -> Study:
    """Build any study that a reader could make."""
    characters = draw(st.none() | st.integers(1, 5000))
    known = {field: draw(st.lists(keys, max_size=2, unique=True)) for field in _KEYED}
    builder = _Builder(draw, characters, known)
    given: dict[str, Any] = {
        "key": draw(study_keys),
        "record": Record(
            document=draw(study_keys),
            source=Source(sha256=draw(_SHA256), characters=characters),
            method=draw(st.sampled_from(Method)),
            reader=draw(st.just("") | texts),
            read=draw(st.none() | st.dates(date(1990, 1, 1), date(2040, 1, 1))),
        ),
    }
    for shape in _shapes(Study):
        if shape.name in _KEYED:
            given[shape.name] = tuple(builder.struct(shape.kind, key=key) for key in known[shape.name])
    return cast(Study, builder.struct(Study, **given))


_KEYED = ("arms", "interventions", "epochs", "outcomes")
_SHA256 = st.text("0123456789abcdef", min_size=64, max_size=64)
