"""From the nodes of a study file to the typed study; every complaint says which line."""

import re
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, NoReturn, TypeVar

from msgspec import Meta, Struct

from picograph.kg.readers.decimals import NUMBER, decimal
from picograph.kg.readers.study_file.nodes import FORMAT, MARK, List, Map, Node, Path, Scalar, at_line, nodes
from picograph.kg.readers.study_file.shapes import COMPUTED, EXPECTED, Shape, shapes_of, with_article, words_of
from picograph.kg.results import Value
from picograph.kg.source import Place
from picograph.kg.study import Study
from picograph.ontology.errors import InputError

S = TypeVar("S", bound=Struct)

_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NOT_A_NUMBER = re.compile(r"[-+]?\.?(?:nan|inf|infinity)", re.IGNORECASE)
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0, so RDF/XML, cannot hold


class _Reader:
    """Build the typed study from nodes; every complaint says which line."""

    def __init__(self, name: str) -> None:
        self.name = name

    def fail(self, what: str, line: int, path: Path, remedy: str) -> NoReturn:
        raise InputError(what, where=at_line(self.name, line, path), remedy=remedy)

    def struct(self, cls: type[S], node: Node, line: int, path: Path, extra: tuple[str, ...] = ()) -> S:
        if not isinstance(node, Map):
            found = "a list" if isinstance(node, List) else repr(node.text)
            example = next(iter(shapes_of(cls)))
            self.fail(
                f"{with_article(words_of(cls))} has fields with names, and here stands {found}",
                line,
                path,
                f"write fields such as `{example}: …`",
            )
        shapes = shapes_of(cls)
        values = {}
        for name, (at, value) in node.fields.items():
            if name in extra:
                continue
            if name not in shapes or name in COMPUTED:
                self.unknown(cls, name, at, (*path, name))
            values[name] = self.field(shapes[name], value, at, (*path, name))
        for shape in shapes.values():
            if shape.required and shape.name not in values:
                self.fail(
                    f"the {words_of(cls)} has no `{shape.name}`",
                    line,
                    path,
                    f"add `{shape.name}: …`, {self.expected(shape)}",
                )
        if issubclass(cls, Value) and not values:
            self.fail(f"`{path[-1]}` says nothing", line, path, "fill it, or leave it out if the source says nothing")
        return cls(**values)

    def unknown(self, cls: type[Struct], name: str, line: int, path: Path) -> NoReturn:
        if name in COMPUTED:
            self.fail(
                f"{COMPUTED[name]} do not stand in a study file",
                line,
                path,
                f"remove `{name}`: it is computed when the file is loaded",
            )
        if name == "<<":
            self.fail("the merge key << is not allowed in a study file", line, path, "write the fields out")
        known = [each for each in shapes_of(cls) if each not in COMPUTED]
        near = _nearest(name, known)
        remedy = f"did you mean `{near[0]}`?" if near else "its fields are: " + ", ".join(known)
        self.fail(f"{with_article(words_of(cls))} has no field {name!r}", line, path, remedy)

    def field(self, shape: Shape, node: Node, line: int, path: Path) -> Any:
        if isinstance(node, Scalar) and node.empty:
            self.fail(
                f"`{shape.name}` has no value",
                line,
                path,
                "leave the field out if the source does not state it; put the word null in quotes if it is meant",
            )
        if not shape.many:
            return self.value(shape, node, line, path)
        if isinstance(node, List):
            items = [self.value(shape, item, item.line, (*path, at)) for at, item in enumerate(node.items)]
        elif isinstance(node, Scalar) and not (isinstance(shape.type, type) and issubclass(shape.type, Struct)):
            items = [self.value(shape, node, line, path)]
        else:
            self.fail(f"`{shape.name}` is a list", line, path, "begin each entry with a dash, even a single one")
        if len(items) < shape.at_least:
            self.fail(
                f"`{shape.name}` has {len(items)} of at least {shape.at_least} entries", line, path, "add the others"
            )
        return tuple(items)

    def expected(self, shape: Shape) -> str:
        for meta in shape.limits:
            if meta.description:
                return meta.description
        if isinstance(shape.type, tuple):
            return "one of " + ", ".join(shape.type)
        if issubclass(shape.type, Struct):
            return "with its own fields" if not shape.many else "a list"
        if issubclass(shape.type, Enum):
            return "such as " + next(str(member.value) for member in shape.type)
        return EXPECTED[shape.type]

    def value(self, shape: Shape, node: Node, line: int, path: Path) -> Any:
        kind = shape.type
        if isinstance(kind, type) and issubclass(kind, Struct):
            return self.struct(kind, node, line, path)
        if not isinstance(node, Scalar):
            found = "a list" if isinstance(node, List) else "fields with names"
            self.fail(
                f"`{shape.name}` takes one value, and here stands {found}",
                line,
                path,
                f"write {self.expected(shape)}" + ("; words in brackets need quotes" if kind is str else ""),
            )
        text = node.text
        if node.empty:
            self.fail("an entry of the list is empty", line, path, "remove the entry")
        if bad := _ILLEGAL.search(text):
            self.fail(
                f"the words hold the control character U+{ord(bad[0]):04X}",
                line,
                path,
                "remove it: RDF cannot carry it",
            )
        if isinstance(kind, tuple) or issubclass(kind, Enum):
            return self.word(shape, text, line, path)
        if kind is Place:
            try:
                return Place(text)
            except InputError as error:
                self.fail(error.what, line, path, error.remedy)
        if kind is str:
            result: Any = text
        elif kind is date:
            try:
                result = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
            except ValueError:
                result = None
        elif kind is bool:
            result = _BOOL.get(text) if node.plain else None
        else:
            result = self.number(shape, node, line, path)
        if result is None:
            self.fail(f"`{shape.name}` is {text!r}, not {EXPECTED[kind]}", line, path, f"write {EXPECTED[kind]}")
        for meta in shape.limits:
            if complaint := _complaint(meta, result):
                said = f"{text!r}, not {meta.description}" if meta.description else complaint
                remedy = "correct it, or leave it out if the source does not state it"
                self.fail(f"`{shape.name}` is {said}", line, path, remedy)
        return result

    def number(self, shape: Shape, node: Scalar, line: int, path: Path) -> int | Decimal | None:
        text = node.text
        if _NOT_A_NUMBER.fullmatch(text):
            self.fail(
                f"`{shape.name}` is {text}, which is not a number that a study can report",
                line,
                path,
                "leave the field out; `absence: not reported` says why there is no number",
            )
        if not node.plain and NUMBER.fullmatch(text):
            self.fail(f"`{shape.name}` is a number in quotes", line, path, f"write {text} without quotes")
        if not NUMBER.fullmatch(text):
            return None
        try:
            exact = decimal(text)
        except ValueError as error:
            self.fail(f"`{shape.name}`: {error}", line, path, "round it to the digits that the source prints")
        if shape.type is Decimal:
            return exact
        return int(text) if _INTEGER.fullmatch(text) else None

    def word(self, shape: Shape, text: str, line: int, path: Path) -> Any:
        if isinstance(shape.type, tuple):
            allowed = {str(each): each for each in shape.type}
        else:
            allowed = {str(member.value): member for member in shape.type}
        if text in allowed:
            return allowed[text]
        near = _nearest(text, list(allowed)) or list(allowed)
        what = f"`{shape.name}` is {text!r}, which is not one of its values"
        return self.fail(what, line, path, "write " + " or ".join(f"`{each}`" for each in near))


def _nearest(word: str, known: list[str]) -> list[str]:
    from difflib import get_close_matches

    folded = {each.casefold(): each for each in known}
    return [folded[each] for each in get_close_matches(word.casefold(), folded, n=3, cutoff=0.6)]


def _complaint(meta: Meta, value: Any) -> str:
    """Say how a value breaks a limit, or nothing."""
    if isinstance(value, str):
        if meta.min_length is not None and len(value) < meta.min_length:
            return "empty"
        if meta.pattern is not None and not re.search(meta.pattern, value):
            return f"{value!r}, which is not of the form {meta.pattern}"
    elif isinstance(value, int | Decimal):
        if meta.ge is not None and value < meta.ge:
            return f"{value}, and must be {meta.ge} or more"
        if meta.gt is not None and value <= meta.gt:
            return f"{value}, and must be more than {meta.gt}"
        if meta.le is not None and value > meta.le:
            return f"{value}, and must be {meta.le} or less"
        if meta.lt is not None and value >= meta.lt:
            return f"{value}, and must be less than {meta.lt}"
    return ""


def read(content: bytes, name: str) -> Study:
    """Read a study file.

    :param content: the bytes of the file
    :param name: what errors call it
    :raises InputError: if it is not a study file, with the line and the field

    >>> study = read(b'''
    ... picograph: study 1
    ... key: pmid:1
    ... record: {document: pmid:1, source: {sha256: %s}, method: curated}
    ... population: {enrolled: 40, evidence: 414-428}
    ... ''' % (b"0" * 64), "example.yaml")
    >>> study.population.enrolled, study.population.evidence
    (40, (Place('414-428'),))
    """
    root = nodes(content, name)
    if MARK not in root.fields:
        raise InputError(
            f"the file has no field `{MARK}`, so it is not a study file",
            where=f"{name}, line {root.line}",
            remedy=f"begin it with the line `{MARK}: {FORMAT}`",
        )
    at, mark = root.fields[MARK]
    if not isinstance(mark, Scalar) or mark.text != FORMAT:
        found = repr(mark.text) if isinstance(mark, Scalar) else "not a name"
        raise InputError(
            f"the format of this study file is {found}, and this version of picograph reads {FORMAT!r}",
            where=at_line(name, at, (MARK,)),
            remedy=f"write `{MARK}: {FORMAT}`, or install the version of picograph that wrote the file",
        )
    return _Reader(name).struct(Study, root, root.line, (), extra=(MARK,))
