"""Functions that write the parts of a study, compiled once for each class from the types of its fields.

`triples` says how a thing is spelled; what is here only makes quick functions of it. One writes a part as *lines*, each
a predicate and an object as N-Quads spells them, and as a *row* of the results table. Names that depend on the record
stand in lines as marks, so that what a part says does not depend on which record says it.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from picograph.kg.canonical import all_optional
from picograph.kg.columns import column_of, is_list
from picograph.kg.model import Field, Kind, flat_fields, part_path
from picograph.kg.report import Report
from picograph.kg.source import quoted_pointer
from picograph.kg.study import Study

_BESIDE = frozenset({"confidence"})  # how sure a method was is no part of what it read, nor of its name
STUDY, SOURCE, GRAPH = "\x01", "\x02", "\x03"  # marks: no literal holds them, because N-Quads escapes them
Row = dict[str, Any]
Write = Callable[[Any, "Pages", str], str]


class Pages:
    """What is written of one record: the lines of each subject, and its row.

    :param study: IRI of the study
    :param source: IRI of the source
    :param graph: IRI of the graph
    """

    def __init__(self, study: str, source: str, graph: str) -> None:
        self.study, self.source, self.graph = study, source, graph
        self.lines: dict[str, list[str]] = {}
        self.sums: dict[str, str] = {}
        self.rows: dict[str, Row] = {}
        self.irregular = False  # something was said that no row can hold

    def put(
        self,
        subject: str | None,
        path: str,
        lines: list[str],
        row: Row | None,
        inner: Iterable[str] = (),
        beside: Sequence[str] = (),
    ) -> str:
        """Write what a subject says; gives the subject.

        :param subject: None for a part that is named by what it says
        :param path: where such parts stand
        :param inner: the parts inside it
        :param beside: lines that are no part of its name
        """
        lines = sorted(set(lines))
        checksum = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        if subject is None:
            subject = f"<{STUDY}/{path}/{checksum[:16]}>"
        before = self.lines.get(subject)
        if beside:
            lines = sorted({*lines, *beside})
        if before is not None and before != lines:  # a subject that is two things
            self.irregular = True
            lines = sorted({*before, *lines})
        if beside or before is not None:
            checksum = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        self.lines[subject], self.sums[subject] = lines, checksum
        if row is not None:
            name = row["part"] = subject[1:-1].replace(STUDY, self.study)
            self.rows.setdefault(subject, row)
            for each in inner:
                parents = self.rows[each].setdefault("parents", [])
                if name not in parents:
                    parents.append(name)
        return subject

    def checksum(self) -> str:
        """Give a checksum of everything: of each subject and what it says, and of the names that marks stand for."""
        found = hashlib.sha256(f"{self.study} {self.source} {self.graph}".encode())
        for subject in sorted(self.lines):
            found.update(f"\n{subject} {self.sums[subject]}".encode())
        return found.hexdigest()

    def text(self) -> bytes:
        """Give the lines of all subjects as N-Quads."""
        study, source, end = self.study.encode(), self.source.encode(), f" <{self.graph}> .\n"
        pieces = []
        for marked, lines in sorted(self.lines.items()):
            subject = marked.replace(STUDY, self.study).replace(SOURCE, self.source).replace(GRAPH, f"<{self.graph}>")
            piece = f"{subject} " + f"{end}{subject} ".join(lines) + end
            pieces.append(piece.encode().replace(SOURCE.encode(), source).replace(STUDY.encode(), study))
        return b"".join(pieces)  # subject by subject: no piece is so large that the system is asked for its memory


class Spelling(NamedTuple):
    """How things are spelled in N-Quads."""

    tokens: dict[Kind, Callable[[Any], str]]  # of a value, by its kind
    values: dict[Kind, Callable[[Any], Any]]  # in a row, where it is not the value itself; None if no row can hold it
    key: Callable[[str], str]  # in an IRI
    report: Callable[[Report], str | None]  # a report that has a name of its own
    type: str  # predicates
    of_study: str
    evidence: str
    label: str
    predicate: Callable[[str], str]
    class_of: Callable[[str], str]


class _Code:
    """The source of a function, and what it knows."""

    def __init__(self, spelling: Spelling) -> None:
        self.spelling = spelling
        self.lines: list[str] = []
        self.list = "lines"  # where a line goes
        self.known: dict[str, Any] = {"quoted": quoted_pointer, "key": spelling.key, "report": spelling.report}
        self.known |= {f"token_{kind.name}": token for kind, token in spelling.tokens.items()}
        self.known |= {f"value_{kind.name}": value for kind, value in spelling.values.items()}

    def say(self, indent: int, line: str) -> None:
        self.lines.append("    " * indent + line)

    def scalar(self, indent: int, field: Field, value: str, column: str | None) -> None:
        """Write one value, or each of several, and what the row has of it."""
        predicate, kind = self.spelling.predicate(field.property), field.kind.name
        token, cell = f"token_{kind}({{}})", f"value_{kind}({{}})" if field.kind in self.spelling.values else "{}"
        if field.kind is Kind.REFERENCE:
            path = f"/{field.refers[:-1]}/"
            token, cell = f"'<{STUDY}{path}' + key({{}}) + '>'", f"pages.study + {path!r} + key({{}})"
        if field.many:
            self.say(indent, f"{self.list}.extend([{predicate + ' '!r} + {token.format('each')} for each in {value}])")
            cell = f"[{cell.format('each')} for each in dict.fromkeys({value})]"
        else:
            self.say(indent, f"{self.list}.append({predicate + ' '!r} + {token.format(value)})")
            cell = cell.format(value)
        if column is None:
            return
        if is_list(column) and not field.many:
            cell = f"[{cell}]"
        self.say(indent, f"row[{column!r}] = {cell}")


def compiled(cls: type[msgspec.Struct], spelling: Spelling) -> Write:
    """Compile the function that writes a part of this class, or a study, into pages.

    It takes the part, the pages and the path of its IRI, and gives the IRI as N-Quads spells it.
    """
    code = _Code(spelling)
    say, is_study = code.say, cls is Study
    first = [f"{spelling.type} {spelling.class_of(cls.__name__)}"]
    if not is_study:
        first.append(f"{spelling.of_study} <{STUDY}>")
    say(0, "def write(part, pages, path):")
    say(1, f"lines = {first!r}")
    say(1, "add, more = lines.append, lines.extend")
    say(1, f"row = {{'graph': pages.graph, 'class': {cls.__name__!r}, 'study': pages.study}}")
    say(1, "inner = []")
    say(1, "beside = []")
    if is_study:
        say(1, "if part.report.title:")
        say(2, "row['label'] = part.report.title")
        say(2, f"add({spelling.label + ' '!r} + token_TEXT(part.report.title))")
    else:
        say(1, "if part.evidence:")
        fragment = "f'char={place.start},{place.end}' if place.pointer is None else quoted(place.pointer)"
        say(2, f"places = sorted({{{fragment} for place in part.evidence}})")
        say(2, f"more([f'{spelling.evidence} <{SOURCE}#{{each}}>' for each in places])")
        say(2, "row['evidence'] = [f'{pages.source}#{each}' for each in places]")
    for field, parts in flat_fields(cls):
        say(1, f"value = part.{field.name}")
        code.list = "beside" if field.name in _BESIDE else "lines"
        if field.kind is Kind.VALUE:
            test = "value is not None"
            if all_optional(field.type):
                code.known[f"empty_{field.name}"] = field.type()
                test += f" and value != empty_{field.name}"
            say(1, f"if {test}:")
            for each in parts:
                say(2, f"number = value.{each.name}")
                say(2, "if number is not None:")
                code.scalar(3, each, "number", column_of(f"{field.name}_{each.name}"))
            continue
        say(1, "if value:" if field.many else "if value is not None:")
        if field.kind is Kind.PART:
            path = part_path(field.property)
            code.known[f"write_{field.type.__name__}"] = compiled_once(field.type, spelling)
            call = f"write_{field.type.__name__}({{}}, pages, {path!r})"
            many = f"[{call.format('each')} for each in value]"
            say(2, f"found = {many if field.many else '[' + call.format('value') + ']'}")
            say(2, f"more([{spelling.predicate(field.property) + ' '!r} + each for each in found])")
            say(2, "inner += found")
        else:
            code.scalar(2, field, "value", column_of(field.name))
    named = "None"
    if is_study:
        named = f"'<{STUDY}>'"
    elif "key" in cls.__struct_fields__:
        named = f"'<{STUDY}/' + path + '/' + key(part.key) + '>'"
    elif cls is Report:
        named = "report(part)"
    say(1, f"return pages.put({named}, path, lines, row, inner, beside)")
    exec("\n".join(code.lines), code.known)
    write: Write = code.known["write"]
    return write


_compiled: dict[type, Write] = {}


def compiled_once(cls: type[msgspec.Struct], spelling: Spelling) -> Write:
    """Compile the function of a class, the first time that it is asked for."""
    if cls not in _compiled:
        _compiled[cls] = compiled(cls, spelling)
    return _compiled[cls]
