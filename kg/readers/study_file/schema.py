"""The JSON Schema of study files, read off the same types as the reader."""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from msgspec import Struct

from picograph.kg.readers.study_file.nodes import FORMAT, MARK
from picograph.kg.readers.study_file.shapes import COMPUTED, Shape, shapes_of
from picograph.kg.results import Value
from picograph.kg.source import Place
from picograph.kg.study import Study


def schema() -> dict[str, Any]:
    """Give the JSON Schema of study files, for editors and for other programs.

    It is read off the same types as the reader, so it cannot say anything else; `kg/records/study.schema.json` holds
    it, and a test keeps that file current.

    >>> schema()["properties"]["picograph"]
    {'const': 'study 1'}
    """
    found: dict[str, dict[str, Any]] = {}
    top = _object(Study, found)
    top["properties"] = {MARK: {"const": FORMAT}, **top["properties"]}
    top["required"] = [MARK, *top["required"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://w3id.org/picograph/study.schema.json",
        "title": "picograph study file",
        **top,
        "$defs": dict(sorted(found.items())),
    }


def _object(cls: type[Struct], found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    properties = {}
    for shape in shapes_of(cls).values():
        if shape.name in COMPUTED:
            continue
        one = _one(shape, found)
        if shape.many:
            many: dict[str, Any] = {"type": "array", "items": one}
            if shape.at_least:
                many["minItems"] = shape.at_least
            one = many if "$ref" in one else {"anyOf": [one, many]}
        properties[shape.name] = one
    summary = (cls.__doc__ or "").strip().split("\n")[0]
    written: dict[str, Any] = {"description": summary, "type": "object", "properties": properties}
    if required := [shape.name for shape in shapes_of(cls).values() if shape.required]:
        written["required"] = required
    if issubclass(cls, Value):
        written["minProperties"] = 1
    written["additionalProperties"] = False
    return written


def _one(shape: Shape, found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    kind = shape.type
    if isinstance(kind, tuple):
        return {"enum": list(kind)}
    if issubclass(kind, Struct):
        if kind.__name__ not in found:
            found[kind.__name__] = {}  # marks it as begun
            found[kind.__name__].update(_object(kind, found))
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if issubclass(kind, Enum):
        found[kind.__name__] = {
            "description": (kind.__doc__ or "").strip().split("\n")[0],
            "enum": [str(member.value) for member in kind],
        }
        # An enumeration is no object, so a single word may stand for the list: the reference is wrapped to say so.
        return {"allOf": [{"$ref": f"#/$defs/{kind.__name__}"}]} if shape.many else {"$ref": f"#/$defs/{kind.__name__}"}
    if kind is Place:
        found["Place"] = {
            "description": "characters START-END of a text, counted from 0, END not included; or a JSON pointer",
            "type": "string",
            "pattern": r"^(\d+-\d+|(/([^~/]|~[01])*)+)$",
        }
        return {"allOf": [{"$ref": "#/$defs/Place"}]}
    if kind is date:
        return {"type": "string", "format": "date"}
    # YAML reads an unquoted volume or year as a number; the reader takes its digits as the words they are.
    json_type = {str: ["string", "number"], int: "integer", Decimal: "number", bool: "boolean"}[kind]
    written: dict[str, Any] = {"type": json_type}
    names = {"pattern": "pattern", "min_length": "minLength", "description": "description"}
    names |= {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
    for meta in shape.limits:
        for limit, keyword in names.items():
            if getattr(meta, limit) is not None:
                written[keyword] = getattr(meta, limit)
    return written
