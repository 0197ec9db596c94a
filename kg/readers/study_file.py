"""The study file: one study in YAML, with the places of its facts, that a person can read and write.

A file says `picograph: study 1` (the format and its version) and then the fields of
[`Study`][picograph.kg.study.Study] by their names:

    picograph: study 1
    key: doi:10.1000/example
    record:
      document: doi:10.1000/example
      source: {sha256: …, characters: 3016}
      method: curated
    population: {enrolled: 40, evidence: 414-428}

- Evidence is a place or a list of places. One value may stand wherever a list of values may.
- What the source does not state is left out; an empty value is an error, because it could mean two things.
- `derived` and `mentions` are computed when a file is loaded, so they never stand in one.
- It is YAML 1.2 without anchors, aliases and tags: `no` and `on` are words, and a number is exactly what is written.

The types of the model are the only description of the format: the reader, the writer and the JSON Schema follow them.
"""

import re
import types
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Literal, NamedTuple, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import NODEFAULT, Meta, Struct, structs

from picograph.kg.results import Value
from picograph.kg.source import Place, source_text
from picograph.kg.study import Study
from picograph.ontology.errors import InputError

# Fields that a load fills, with what they hold.
_COMPUTED = {"derived": "derived numbers", "mentions": "links of words"}
FORMAT = "study 1"
MARK = "picograph"  # the key that names the format
LARGEST = 5_000_000  # bytes; the largest study files in use are a thousand times smaller than this
MOST = 500_000  # values; the time to read a file grows with them
DEEPEST = 24  # levels; the model has eight
WIDTH = 110  # columns that a flow collection may fill

Path = tuple[str | int, ...]
S = TypeVar("S", bound=Struct)

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")
_NOT_A_NUMBER = re.compile(r"[-+]?\.?(?:nan|inf|infinity)", re.IGNORECASE)
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0, so RDF/XML, cannot hold
_DIGITS = 18  # places before and after the point that every RDF store keeps exactly


def sniff(head: bytes) -> bool:
    """Say whether a file begins like a study file.

    >>> sniff(b"# a comment\\npicograph: study 1\\n"), sniff(b"title: x")
    (True, False)
    """
    if b"picograph:" not in head:
        return False
    return re.search(rb"^(?:\xef\xbb\xbf)?picograph:", head, re.MULTILINE) is not None


def decimal(text: str) -> Decimal:
    """Read a number exactly, in the one form that equal numbers share: no exponent, no trailing zeros.

    `55.0` and `55` are the same number, and an RDF store gives back `55` for both, so a study that went through a
    store must equal the one that was read. How many digits the source printed can be seen at the number's place.

    :raises ValueError: if the text is no finite number, or has more digits than a store keeps exactly

    >>> decimal("55.0"), decimal("1.50e1"), decimal("-0.0")
    (Decimal('55'), Decimal('15'), Decimal('0'))
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    number = Decimal(text)
    if not number:
        return Decimal(0)
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # the pattern lets no NaN and no infinity through
    while len(digits) > 1 and digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    if len(digits) + exponent > _DIGITS or exponent < -_DIGITS:
        raise ValueError(f"{text} has more than {_DIGITS} digits before or after the point")
    if exponent > 0:
        digits, exponent = digits + (0,) * exponent, 0
    return Decimal((sign, digits, exponent))


# Nodes: what YAML says, with the line of each thing, before any type is known ----------------------------------------


class _Scalar(NamedTuple):
    text: str
    plain: bool  # written without quotes
    line: int

    @property
    def empty(self) -> bool:
        return self.plain and self.text in _NULL


class _List(NamedTuple):
    items: "list[_Node]"
    line: int


class _Map(NamedTuple):
    fields: "dict[str, tuple[int, _Node]]"  # name -> line of the name, value
    line: int


_Node = _Scalar | _List | _Map


def _nodes(content: bytes, name: str) -> _Map:
    """Read YAML into nodes.

    It follows the parser's events, so that an alias is refused before it could be expanded, and depth is bounded
    before it could exhaust the stack.
    """
    if len(content) > LARGEST:
        raise InputError(
            f"a study file of {len(content)} bytes is larger than the {LARGEST} that are allowed",
            where=name,
            remedy="give each study a file of its own",
        )
    try:
        text = source_text(content)
    except InputError as error:
        raise InputError(error.what, where=name, remedy=error.remedy) from None
    if not text.strip():
        raise InputError("the file is empty", where=name, remedy=f"begin it with the line `{MARK}: {FORMAT}`")

    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        root = _tree(YAML(typ="safe", pure=True).parse(text), name)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}, line {mark.line + 1}" if mark else name
        what, remedy = _explain(error.problem or "it cannot be read")
        raise InputError(what, where=where, remedy=remedy) from None
    except YAMLError as error:
        position = getattr(error, "position", None)
        line = f", line {text.count(chr(10), 0, position) + 1}" if isinstance(position, int) else ""
        raise InputError(
            "the file holds a character that YAML does not allow",
            where=name + line,
            remedy="remove the control character, or write it as an escape in double quotes",
        ) from None
    if not isinstance(root, _Map):
        found = "a list" if isinstance(root, _List) else "only words"
        raise InputError(
            f"a study file holds fields with names at its top, and this one holds {found}",
            where=f"{name}, line {root.line}",
            remedy=f"begin with `{MARK}: {FORMAT}`, then `key: …` and `record: …`; one study a file",
        )
    return root


def _explain(problem: str) -> tuple[str, str]:
    """Say what a complaint of the YAML parser means to a person, and what to try."""
    if "'\\t'" in problem:
        return "a tab stands where only spaces may", "indent with spaces"
    if "mapping values are not allowed" in problem:
        return (
            "a second colon stands in a line that already has one",
            "put words that hold a colon in double quotes, or check the indentation",
        )
    if "<document start>" in problem:
        return "something stands after the end of the YAML document", "remove it, and lines such as --- and %YAML"
    if "end of stream" in problem or "stream end" in problem:
        return f"this is not YAML: {problem}", "close the quote or bracket that is still open"
    return f"this is not YAML: {problem}", "check indentation, quotes and brackets in this line and the one above it"


def _tree(events: Iterable[Any], name: str) -> _Node:
    from ruamel.yaml import events as yaml

    def fail(event: Any, what: str, remedy: str) -> NoReturn:
        raise InputError(what, where=f"{name}, line {event.start_mark.line + 1}", remedy=remedy)

    root: _Node | None = None
    count = 0
    open_: list[tuple[_List | _Map, _Scalar | None]] = []  # a container, and in a map the name whose value comes next
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                fail(event, "the file holds more than one YAML document", "give each study a file of its own")
            if event.version or event.tags:
                fail(event, "a study file has no YAML directives", "remove the lines that begin with %")
        if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            open_.pop()
        if not isinstance(event, yaml.NodeEvent):
            continue
        if isinstance(event, yaml.AliasEvent):
            fail(event, f"the alias *{event.anchor} is not allowed in a study file", "write the value out")
        if event.anchor:
            fail(event, f"the anchor &{event.anchor} is not allowed in a study file", "remove it, and write values out")
        if (tag := getattr(event, "tag", None)) is not None:
            fail(event, f"the tag {tag} is not allowed in a study file", "remove it: types are known by field")
        if (count := count + 1) > MOST:
            fail(event, f"the file holds more than {MOST} values", "give each study a file of its own")
        line = event.start_mark.line + 1
        node: _Node
        if isinstance(event, yaml.ScalarEvent):
            node = _Scalar(event.value, event.style is None, line)
        else:
            node = _List([], line) if isinstance(event, yaml.SequenceStartEvent) else _Map({}, line)
            if len(open_) == DEEPEST:
                fail(event, f"the file is nested more than {DEEPEST} levels deep", "see whether a bracket is too many")

        if not open_:
            root = node
        else:
            container, waiting = open_[-1]
            if isinstance(container, _List):
                container.items.append(node)
            elif waiting is not None:
                container.fields[waiting.text] = (waiting.line, node)
                open_[-1] = (container, None)
            elif not isinstance(node, _Scalar):
                fail(event, "a list or mapping stands where the name of a field should", "begin the line with a name")
            elif node.text in container.fields:
                first = container.fields[node.text][0]
                fail(event, f"the field {node.text!r} stands twice", f"keep one: the first is in line {first}")
            else:
                open_[-1] = (container, node)
        if not isinstance(node, _Scalar):
            open_.append((node, None))
    return root if root is not None else _Scalar("", True, 1)


# Lines ---------------------------------------------------------------------------------------------------------------


def _walk(node: _Node, line: int, path: Path) -> Iterator[tuple[Path, int]]:
    yield path, line
    if isinstance(node, _Map):
        for key, (at, value) in node.fields.items():
            yield from _walk(value, at, (*path, key))
    elif isinstance(node, _List):
        for index, item in enumerate(node.items):
            yield from _walk(item, item.line, (*path, index))


def lines(content: bytes, name: str = "study file") -> dict[Path, int]:
    """Give the line of every field and every entry of a list, by its path in the study.

    >>> lines(b"picograph: study 1\\nkey: pmid:1\\narms:\\n- {key: a}\\n")[("arms", 0, "key")]
    4
    """
    root = _nodes(content, name)
    return dict(_walk(root, root.line, ()))


def dotted(path: Path) -> str:
    """Write a path the way a person would.

    >>> dotted(("adverse_events", 2, "grade", "low"))
    'adverse_events[2].grade.low'
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def where(content: bytes, name: str, path: Path) -> str:
    """Say where a field stands in a study file; a field that is not there is looked for at its holder.

    >>> where(b"picograph: study 1\\narms:\\n- {key: a}\\n", "my.yaml", ("arms", 0, "enrolled"))
    'my.yaml, line 3 (arms[0].enrolled)'
    """
    known = lines(content, name)
    nearest = next(path[:length] for length in range(len(path), -1, -1) if path[:length] in known)
    return _where(name, known[nearest], path)


def _where(name: str, line: int, path: Path) -> str:
    return f"{name}, line {line} ({dotted(path)})" if path else f"{name}, line {line}"


# Types ---------------------------------------------------------------------------------------------------------------


class _Shape(NamedTuple):
    """What a field may hold, read off its annotation."""

    name: str
    type: Any  # the type of one value: a class, or a tuple of allowed words
    many: bool
    required: bool
    default: Any
    limits: tuple[Meta, ...]  # of one value
    at_least: int  # how many values


@cache
def _shapes(cls: type[Struct]) -> dict[str, _Shape]:
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
        shapes[name] = _Shape(name, kind, many, field.required, field.default, tuple(limits), at_least)
    return shapes


def _words(cls: type) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cls.__name__).lower()


def _a(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


_EXPECTED: dict[Any, str] = {
    int: "a whole number",
    Decimal: "a number",
    bool: "true or false",
    date: "a date such as 2026-11-24",
    str: "words",
    Place: "a place such as 414-428",
}


# Reading -------------------------------------------------------------------------------------------------------------


class _Reader:
    """Build the typed study from nodes; every complaint says which line."""

    def __init__(self, name: str) -> None:
        self.name = name

    def fail(self, what: str, line: int, path: Path, remedy: str) -> NoReturn:
        raise InputError(what, where=_where(self.name, line, path), remedy=remedy)

    def struct(self, cls: type[S], node: _Node, line: int, path: Path, extra: tuple[str, ...] = ()) -> S:
        if not isinstance(node, _Map):
            found = "a list" if isinstance(node, _List) else repr(node.text)
            example = next(iter(_shapes(cls)))
            self.fail(
                f"{_a(_words(cls))} has fields with names, and here stands {found}",
                line,
                path,
                f"write fields such as `{example}: …`",
            )
        shapes = _shapes(cls)
        values = {}
        for name, (at, value) in node.fields.items():
            if name in extra:
                continue
            if name not in shapes or name in _COMPUTED:
                self.unknown(cls, name, at, (*path, name))
            values[name] = self.field(shapes[name], value, at, (*path, name))
        for shape in shapes.values():
            if shape.required and shape.name not in values:
                self.fail(
                    f"the {_words(cls)} has no `{shape.name}`",
                    line,
                    path,
                    f"add `{shape.name}: …`, {self.expected(shape)}",
                )
        if issubclass(cls, Value) and not values:
            self.fail(f"`{path[-1]}` says nothing", line, path, "fill it, or leave it out if the source says nothing")
        return cls(**values)

    def unknown(self, cls: type[Struct], name: str, line: int, path: Path) -> NoReturn:
        if name in _COMPUTED:
            self.fail(
                f"{_COMPUTED[name]} do not stand in a study file",
                line,
                path,
                f"remove `{name}`: it is computed when the file is loaded",
            )
        if name == "<<":
            self.fail("the merge key << is not allowed in a study file", line, path, "write the fields out")
        known = [each for each in _shapes(cls) if each not in _COMPUTED]
        near = _nearest(name, known)
        remedy = f"did you mean `{near[0]}`?" if near else "its fields are: " + ", ".join(known)
        self.fail(f"{_a(_words(cls))} has no field {name!r}", line, path, remedy)

    def field(self, shape: _Shape, node: _Node, line: int, path: Path) -> Any:
        if isinstance(node, _Scalar) and node.empty:
            self.fail(
                f"`{shape.name}` has no value",
                line,
                path,
                "leave the field out if the source does not state it; put the word null in quotes if it is meant",
            )
        if not shape.many:
            return self.value(shape, node, line, path)
        if isinstance(node, _List):
            items = [self.value(shape, item, item.line, (*path, at)) for at, item in enumerate(node.items)]
        elif isinstance(node, _Scalar) and not (isinstance(shape.type, type) and issubclass(shape.type, Struct)):
            items = [self.value(shape, node, line, path)]
        else:
            self.fail(f"`{shape.name}` is a list", line, path, "begin each entry with a dash, even a single one")
        if len(items) < shape.at_least:
            self.fail(
                f"`{shape.name}` has {len(items)} of at least {shape.at_least} entries", line, path, "add the others"
            )
        return tuple(items)

    def expected(self, shape: _Shape) -> str:
        for meta in shape.limits:
            if meta.description:
                return meta.description
        if isinstance(shape.type, tuple):
            return "one of " + ", ".join(shape.type)
        if issubclass(shape.type, Struct):
            return "with its own fields" if not shape.many else "a list"
        if issubclass(shape.type, Enum):
            return "such as " + next(str(member.value) for member in shape.type)
        return _EXPECTED[shape.type]

    def value(self, shape: _Shape, node: _Node, line: int, path: Path) -> Any:
        kind = shape.type
        if isinstance(kind, type) and issubclass(kind, Struct):
            return self.struct(kind, node, line, path)
        if not isinstance(node, _Scalar):
            found = "a list" if isinstance(node, _List) else "fields with names"
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
            self.fail(f"`{shape.name}` is {text!r}, not {_EXPECTED[kind]}", line, path, f"write {_EXPECTED[kind]}")
        for meta in shape.limits:
            if complaint := _complaint(meta, result):
                said = f"{text!r}, not {meta.description}" if meta.description else complaint
                remedy = "correct it, or leave it out if the source does not state it"
                self.fail(f"`{shape.name}` is {said}", line, path, remedy)
        return result

    def number(self, shape: _Shape, node: _Scalar, line: int, path: Path) -> int | Decimal | None:
        text = node.text
        if _NOT_A_NUMBER.fullmatch(text):
            self.fail(
                f"`{shape.name}` is {text}, which is not a number that a study can report",
                line,
                path,
                "leave the field out; `absence: not reported` says why there is no number",
            )
        if not node.plain and _NUMBER.fullmatch(text):
            self.fail(f"`{shape.name}` is a number in quotes", line, path, f"write {text} without quotes")
        if not _NUMBER.fullmatch(text):
            return None
        try:
            exact = decimal(text)
        except ValueError as error:
            self.fail(f"`{shape.name}`: {error}", line, path, "round it to the digits that the source prints")
        if shape.type is Decimal:
            return exact
        return int(text) if _INTEGER.fullmatch(text) else None

    def word(self, shape: _Shape, text: str, line: int, path: Path) -> Any:
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
    root = _nodes(content, name)
    if MARK not in root.fields:
        raise InputError(
            f"the file has no field `{MARK}`, so it is not a study file",
            where=f"{name}, line {root.line}",
            remedy=f"begin it with the line `{MARK}: {FORMAT}`",
        )
    at, mark = root.fields[MARK]
    if not isinstance(mark, _Scalar) or mark.text != FORMAT:
        found = repr(mark.text) if isinstance(mark, _Scalar) else "not a name"
        raise InputError(
            f"the format of this study file is {found}, and this version of picograph reads {FORMAT!r}",
            where=_where(name, at, (MARK,)),
            remedy=f"write `{MARK}: {FORMAT}`, or install the version of picograph that wrote the file",
        )
    return _Reader(name).struct(Study, root, root.line, (), extra=(MARK,))


# Writing -------------------------------------------------------------------------------------------------------------

_IN_FLOW = re.compile(r"[^\W_](?:[\w %/().;+*'<>=≥≤–&-]|:(?=\S))*(?<! )|/[\w/.~-]+")
_IN_BLOCK = re.compile(r"[^\W_](?:[\w %/().;+*'<>=≥≤–&,-]|:(?=\S))*(?<! )|/[\w/.~-]+")


def written(content: bytes, name: str) -> tuple[Study, None]:
    """Read a study file; the text that its places count in is another file.

    :raises InputError: as `read` does
    """
    return read(content, name), None


_ESCAPED = re.compile(
    "[^\x20-\x7e\xa0-\u200a\u2010-\u2027\u2030-\u205f\u2070-\ud7ff\ue000-\ufdff\ufe70-\ufefe\uff00-\uffef]"
)
_RESOLVED = re.compile(
    r"[-+]?[.\d][\d_,.:]*(?:[eE][-+]?\d+)?|0[xob].*|\d{4}-\d\d?-\d\d?.*"
    r"|y|n|yes|no|on|off|true|false|null|[-+]?\.?(?:nan|inf|infinity)",
    re.IGNORECASE,
)


def _quote(text: str, pattern: re.Pattern[str]) -> str:
    """Write words without quotes where every reader of YAML, 1.1 ones too, takes them for these words."""
    if pattern.fullmatch(text) and not _RESOLVED.fullmatch(text) and not text.endswith(":"):
        return text

    def escape(match: re.Match[str]) -> str:
        code = ord(match[0])
        return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code) or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")

    return '"' + _ESCAPED.sub(escape, text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _plain(value: Any) -> Any:
    """Take a value apart into dicts, lists and finished scalars (a pair of how it looks in flow and in block)."""
    if isinstance(value, Struct):
        fields = {}
        for shape in _shapes(type(value)).values():
            each = getattr(value, shape.name)
            if shape.name in _COMPUTED or (shape.default is not NODEFAULT and each == shape.default):
                continue
            fields[shape.name] = _plain(each)
        return fields
    if isinstance(value, tuple):
        items = [_plain(each) for each in value]
        return items[0] if len(items) == 1 and isinstance(items[0], str | _Text) else items
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(decimal(format(value, "f")), "f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Place) and value.pointer is None:
        return str(value)
    return _Text(str(value.value) if isinstance(value, Enum) else str(value))


class _Text(NamedTuple):
    words: str


def _flow(data: Any) -> str:
    if isinstance(data, dict):
        return "{" + ", ".join(f"{name}: {_flow(value)}" for name, value in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(_flow(item) for item in data) + "]"
    return _quote(data.words, _IN_FLOW) if isinstance(data, _Text) else str(data)


def _short(data: Any, room: int) -> str | None:
    """Write in flow style what reads well on one line: few fields, nothing deeper than a list or one mapping."""
    if isinstance(data, str | _Text):
        return _quote(data.words, _IN_BLOCK) if isinstance(data, _Text) else data
    if isinstance(data, list) and any(isinstance(item, dict) for item in data):
        return None
    if isinstance(data, dict) and any(isinstance(item, dict) for item in data.values()):
        return None
    written = _flow(data)
    return written if len(written) <= room else None


def _block(data: Any, indent: int) -> Iterator[str]:
    space = " " * indent
    if isinstance(data, dict):
        for name, value in data.items():
            if (short := _short(value, WIDTH - indent - len(name) - 2)) is not None:
                yield f"{space}{name}: {short}"
            elif not value:
                yield f"{space}{name}: {_flow(value)}"
            else:
                yield f"{space}{name}:"
                yield from _block(value, indent + 2)
        return
    for item in data:
        few = not isinstance(item, dict) or len(item) <= 4
        short = _short(item, WIDTH - indent - 2) if few else None
        if short is not None or not item:
            yield f"{space}- {short if short is not None else _flow(item)}"
        else:
            first, *rest = _block(item, indent + 2)
            yield f"{space}- {first.lstrip()}"
            yield from rest


def write(study: Study) -> str:
    """Write a study as a study file: reading it again gives an equal study.

    Fields stand in the model's order, a part's own before those that all parts have, and so evidence last. What is
    at its default is left out, and so are `derived` and `mentions`, which are computed again when the file is loaded.

    >>> from picograph.kg.source import Method, Record, Source
    >>> from picograph.kg.study import Population
    >>> record = Record(document="pmid:1", source=Source(sha256="0" * 64), method=Method.CURATED)
    >>> people = Population(enrolled=40, evidence=(Place("414-428"),))
    >>> print(write(Study(key="pmid:1", record=record, population=people)).replace("0" * 64, "000…"))
    picograph: study 1
    key: pmid:1
    record:
      document: pmid:1
      source: {sha256: "000…"}
      method: curated
    population: {enrolled: 40, evidence: 414-428}
    <BLANKLINE>
    """
    return "\n".join([f"{MARK}: {FORMAT}", *_block(_plain(study), 0)]) + "\n"


# The schema ----------------------------------------------------------------------------------------------------------


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
    for shape in _shapes(cls).values():
        if shape.name in _COMPUTED:
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
    if required := [shape.name for shape in _shapes(cls).values() if shape.required]:
        written["required"] = required
    if issubclass(cls, Value):
        written["minProperties"] = 1
    written["additionalProperties"] = False
    return written


def _one(shape: _Shape, found: dict[str, dict[str, Any]]) -> dict[str, Any]:
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
