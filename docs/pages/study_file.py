"""The page of the study file, from the types of the model and the remarks that stand beside their fields."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Literal, get_args, get_origin

import msgspec

from picograph.kg import model
from picograph.kg.readers import study_file
from picograph.kg.results import Part, Value
from picograph.kg.study import Study

from .markdown import page, short, table


def notes(cls: type) -> dict[str, str]:
    """Give the remarks that stand beside the fields of a class in its source."""
    lines = inspect.getsource(cls).splitlines()
    tree = ast.parse(textwrap.dedent("\n".join(lines))).body[0]
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            _, mark, remark = lines[(node.end_lineno or 1) - 1].partition("  # ")
            if mark:
                found[node.target.id] = remark.strip()
    return found


def field_kind(field: model.Field) -> str:
    """Say what a field of the study file holds."""
    if get_origin(field.type) is Literal:
        text = ", ".join(f"`{each}`" for each in get_args(field.type))
    elif field.kind in (model.Kind.PART, model.Kind.VALUE):
        text = f"[{field.type.__name__}](#{field.type.__name__.lower()})"
    elif field.kind is model.Kind.ENUM:
        text = ", ".join(f"`{member.value}`" for member in field.type)
    elif field.kind is model.Kind.REFERENCE:
        text = f"key of one of `{field.refers}`"
    else:
        names = {"decimal": "number", "integer": "whole number", "boolean": "`true` or `false`", "concept": "CURIE"}
        text = names.get(field.kind.value, field.kind.value)
    return ("list: " if field.many else "") + text


def told(field: msgspec.structs.FieldInfo, remarks: Mapping[str, str]) -> str:
    """Give what the source says of a field: its remark, else the description in its type."""
    if field.name in remarks:
        return remarks[field.name]
    annotation = field.type
    while arguments := get_args(annotation):
        for meta in getattr(annotation, "__metadata__", ()):
            if meta.description:
                return str(meta.description)
        annotation = arguments[0]
    members = getattr(annotation, "__members__", {})
    return ", ".join(f"`{member.value}`" for member in members.values())


def field_notes(cls: type[msgspec.Struct], *, of_enums: bool) -> dict[str, str]:
    """Give, for each field of a class in the order in which a person reads them, what must be known of it."""
    remarks: dict[str, str] = {}
    order: list[str] = []
    for base in cls.__mro__:
        if issubclass(base, msgspec.Struct) and base not in (msgspec.Struct, Part, Value):
            remarks = notes(base) | remarks
            order += [name for name in base.__annotations__ if name not in order]
    described = {}
    for field in msgspec.structs.fields(cls):
        text = told(field, remarks)
        if text.startswith("`") and not of_enums:
            text = ""
        described[field.name] = "; ".join(filter(None, ("required" if field.required else "", text)))
    return {name: described[name] for name in order}


def struct_lines(cls: type[msgspec.Struct]) -> Iterator[str]:
    """Describe one class of the model by its fields in the study file."""
    yield from (f"## {cls.__name__}", "", prose(cls.__doc__), "")
    about = field_notes(cls, of_enums=False)
    plan = {field.name: field for field in model.fields(cls)}
    rows = []
    for name, text in about.items():
        if cls is Study and name == "record":
            rows.append(("`record`", "[Record](#record)", "", text))
        if name not in plan or name in {"derived", "mentions"}:  # computed when a file is loaded
            continue
        field = plan[name]
        spread = field.kind is model.Kind.VALUE
        rows.append((f"`{name}`", field_kind(field), f"`{short(field.property)}{'…' if spread else ''}`", text))
    if issubclass(cls, Value):
        yield from table(("field", "what it holds", "notes"), ((name, kind, text) for name, kind, _, text in rows))
    else:
        yield from table(("field", "what it holds", "in RDF", "notes"), rows)


def prose(docstring: str | None) -> str:
    """Write a docstring as Markdown."""
    text = inspect.cleandoc(docstring or "").replace("``", "`")
    return re.sub(r"\[(`\w+`)\]\[[\w.]+\]", r"\1", text)


def study_file_page() -> str:
    """Write the page of the study file."""
    from picograph.kg.source import Record, Source

    body = [prose(study_file.__doc__), ""]
    body += [
        "A part may also have `evidence`: a place such as `414-428` (characters, counted from 0, the end not included) "
        "or a JSON pointer, or a list of places. `kg/records/study.schema.json` is the same as a JSON Schema.",
        "",
    ]
    values: dict[str, type[msgspec.Struct]] = {}
    parts = [Study, *model.part_classes().values()]
    for cls in parts:
        for field in model.fields(cls):
            if field.kind is model.Kind.VALUE:
                values.setdefault(field.type.__name__, field.type)
    body += struct_lines(Study)
    for record in (Record, Source):
        body += [f"## {record.__name__}", "", prose(record.__doc__), ""]
        about = field_notes(record, of_enums=True)
        body += table(("field", "notes"), ((f"`{name}`", text) for name, text in about.items()))
    for _, cls in sorted(model.part_classes().items()):
        if cls.__name__ not in {"Derived", "Mention", "RejectedReading"}:
            body += struct_lines(cls)
    for _, value in sorted(values.items()):
        body += struct_lines(value)
    return page("Study file", "the types in kg/study.py, kg/report.py, kg/results.py and kg/source.py", body)
