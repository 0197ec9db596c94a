"""What the YAML of a study file says, with the line of each thing, before any type is known."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, NoReturn

from picograph.kg.source import source_text
from picograph.ontology.errors import InputError

FORMAT = "study 1"
MARK = "picograph"  # the key that names the format
LARGEST = 5_000_000  # bytes; the largest study files in use are a thousand times smaller than this
MOST = 500_000  # values; the time to read a file grows with them
DEEPEST = 24  # levels; the model has eight

Path = tuple[str | int, ...]
_NULL = {"", "~", "null", "Null", "NULL"}


class Scalar(NamedTuple):
    """One value, as it is written."""

    text: str
    plain: bool  # written without quotes
    line: int

    @property
    def empty(self) -> bool:
        return self.plain and self.text in _NULL


class List(NamedTuple):
    """Values one below the other, or in brackets."""

    items: "list[Node]"
    line: int


class Map(NamedTuple):
    """Fields with names."""

    fields: "dict[str, tuple[int, Node]]"  # name -> line of the name, value
    line: int


Node = Scalar | List | Map


def nodes(content: bytes, name: str) -> Map:
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
    if not isinstance(root, Map):
        found = "a list" if isinstance(root, List) else "only words"
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


def _tree(events: Iterable[Any], name: str) -> Node:
    from ruamel.yaml import events as yaml

    def fail(event: Any, what: str, remedy: str) -> NoReturn:
        raise InputError(what, where=f"{name}, line {event.start_mark.line + 1}", remedy=remedy)

    root: Node | None = None
    count = 0
    open_: list[tuple[List | Map, Scalar | None]] = []  # a container, and in a map the name whose value comes next
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
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = Scalar(event.value, event.style is None, line)
        else:
            node = List([], line) if isinstance(event, yaml.SequenceStartEvent) else Map({}, line)
            if len(open_) == DEEPEST:
                fail(event, f"the file is nested more than {DEEPEST} levels deep", "see whether a bracket is too many")

        if not open_:
            root = node
        else:
            container, waiting = open_[-1]
            if isinstance(container, List):
                container.items.append(node)
            elif waiting is not None:
                container.fields[waiting.text] = (waiting.line, node)
                open_[-1] = (container, None)
            elif not isinstance(node, Scalar):
                fail(event, "a list or mapping stands where the name of a field should", "begin the line with a name")
            elif node.text in container.fields:
                first = container.fields[node.text][0]
                fail(event, f"the field {node.text!r} stands twice", f"keep one: the first is in line {first}")
            else:
                open_[-1] = (container, node)
        if not isinstance(node, Scalar):
            open_.append((node, None))
    return root if root is not None else Scalar("", True, 1)


def _walk(node: Node, line: int, path: Path) -> Iterator[tuple[Path, int]]:
    yield path, line
    if isinstance(node, Map):
        for key, (at, value) in node.fields.items():
            yield from _walk(value, at, (*path, key))
    elif isinstance(node, List):
        for index, item in enumerate(node.items):
            yield from _walk(item, item.line, (*path, index))


def lines(content: bytes, name: str = "study file") -> dict[Path, int]:
    """Give the line of every field and every entry of a list, by its path in the study.

    >>> lines(b"picograph: study 1\\nkey: pmid:1\\narms:\\n- {key: a}\\n")[("arms", 0, "key")]
    4
    """
    root = nodes(content, name)
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
    return at_line(name, known[nearest], path)


def at_line(name: str, line: int, path: Path) -> str:
    """Say where something stands: the file, the line, the field.

    >>> at_line("my.yaml", 3, ("arms", 0))
    'my.yaml, line 3 (arms[0])'
    """
    return f"{name}, line {line} ({dotted(path)})" if path else f"{name}, line {line}"
