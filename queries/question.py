"""One question: a ``.rq`` file with front matter. Read it, and bind its slots."""

import re
from collections.abc import Container, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from picograph.ontology.errors import UsageError

ParameterKind = Literal[
    "concept", "term", "outcome", "event", "property", "study", "arm", "integer", "grade", "decimal", "date", "text"
]
ColumnKind = Literal[
    "study", "arm", "concept", "iri", "integer", "decimal", "boolean", "text", "list", "date", "evidence"
]
_NAME = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")]


class Parameter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a question can be given.

    A ``concept`` takes a name, a CURIE or an IRI and means that concept and all below it; a ``term`` takes the same,
    or words as a report has them, and an ``outcome``, an ``event`` and a ``property`` at entry are terms. An ``arm``
    is named as STUDY/arm/NAME, a ``date`` is a year, a month or a day.
    """

    kind: ParameterKind
    required: bool = True
    example: str | int | None = None
    unit: str | None = None
    low: int | None = None
    high: int | None = None
    help: str | None = None


class Column(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a cell of an answer is, and its unit.

    A unit or a sign that differs from row to row stands in a column of its own, which ``unit_in`` and ``sign_in`` name.
    """

    kind: ColumnKind
    unit: str | None = None
    unit_in: str | None = None
    sign_in: str | None = None
    aside: bool = False  # for programs: left out of a table on a terminal


class Question(Struct, frozen=True, kw_only=True):
    """A question over the graph; ``text`` runs unchanged on any SPARQL 1.1 engine."""

    name: str
    summary: str
    question: str
    text: str
    tags: tuple[str, ...] = ()
    parameters: dict[_NAME, Parameter] = {}
    columns: dict[_NAME, Column]
    caution: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()  # parameters of which the answer says by which path a study has them
    table: str | None = None  # the same question in SQL, for the results table; ``text`` says what it means
    table_says: int = 1  # what rows must say for it: `SAYS` of kg.store.table; the quads answer where they say less
    by_study: bool = False  # a row of the table is told by the records of one study, and rows are in order of studies
    by_quads: tuple[str, ...] = ()  # parameters with which it is a look-up, answered sooner from the quads

    def described(self) -> dict[str, Any]:
        """Give what a program needs to ask it."""
        return {
            "name": self.name,
            "summary": self.summary,
            "tags": self.tags,
            "parameters": self.parameters,
            "columns": self.columns,
        }

    def bind(self, values: Mapping[str, Sequence[str]]) -> str:
        """Put terms into the slots ``VALUES ?name { UNDEF }``, and take out what asks for a value that is not given.

        :param values: for each parameter the terms, already written as SPARQL writes them
        :raises UsageError: if a parameter is not the question's, or a required one is missing
        """
        for name in values:
            if name not in self.parameters:
                raise UsageError(
                    f"{self.name} has no parameter {name!r}",
                    where=f"ask {self.name}",
                    remedy=f"use one of: {', '.join(self.parameters) or '(it takes none)'}",
                )
        for name, parameter in self.parameters.items():
            if parameter.required and name not in values:
                option = "--" + name.replace("_", "-")
                raise UsageError(
                    f"{self.name} needs {option}",
                    where=f"ask {self.name}",
                    remedy=f"for example: {option} {parameter.example!r}",
                )

        def fill(slot: re.Match[str]) -> str:
            one, first, second = slot.groups()
            terms = values.get(one or first)
            if terms is None:
                return ""
            if one:
                return f"VALUES ?{one} {{ {' '.join(terms)} }}"
            return f"VALUES (?{first} ?{second}) {{ {' '.join(f'({term} {term})' for term in terms)} }}"

        # one pass over the file's own text, so that nothing is ever looked for inside a value
        return _BLANK.sub("\n", _SLOT.sub(fill, self._chosen(values)))

    def _chosen(self, given: Container[str]) -> str:
        """Leave one branch of each optional block: engines plan a union as a wall, and the other branch is empty."""
        text = self.text
        while block := _BLOCK.search(text):
            name, start = block[1], block.end()
            end = closing(text, start)
            branches = [f"VALUES ?{name} {{ UNDEF }}{text[start:end]}"]
            while more := _BRANCH.match(text, end):
                start, end = more.end(), closing(text, more.end())
                branches.append(text[start:end])
            union = " UNION ".join(f"{{ {each} }}" for each in branches) if branches[1:] else branches[0]
            text = text[: block.start()] + (union if name in given else "") + text[end + 1 :]
        return text


# VALUES ?x { UNDEF }, and VALUES (?x ?y) { (UNDEF UNDEF) }, where ?y is the same as ?x
_SLOT = re.compile(
    r"VALUES\s+(?:\?(\w+)\s*\{\s*UNDEF\s*\}|\(\s*\?(\w+)\s+\?(\w+)\s*\)\s*\{\s*\(\s*UNDEF\s+UNDEF\s*\)\s*\})"
)
# { VALUES ?x { UNDEF } FILTER (!BOUND(?x)) } UNION { { VALUES ?x { UNDEF } FILTER (BOUND(?x)) } … }
_BLOCK = re.compile(
    r"\{\s*VALUES\s+\?(\w+)\s*\{\s*UNDEF\s*\}\s*FILTER\s*\(\s*!\s*BOUND\s*\(\s*\?\1\s*\)\s*\)\s*\}\s*UNION\s*"
    r"\{\s*\{\s*VALUES\s+\?\1\s*\{\s*UNDEF\s*\}\s*FILTER\s*\(\s*BOUND\s*\(\s*\?\1\s*\)\s*\)\s*\}"
)
_BRANCH = re.compile(r"\}\s*UNION\s*\{")
_BLANK = re.compile(r"\n(?:[ \t]*\n)+")
_BRACE = re.compile(r"[{}]|\"[^\"\n]*\"|<[^>\s]*>|#[^\n]*")


def closing(text: str, start: int) -> int:
    """Find the brace that closes the group whose inside begins at a position."""
    depth = 1
    for found in _BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.start()
    raise ValueError("a group that is not closed")


def parse_question(name: str, text: str) -> Question:
    """Read a question from the text of its file.

    :raises ValueError: if its front matter is not as it must be, or a parameter has no slot

    >>> text = '''#+ summary: How many records are there?
    ... #+ question: How many?
    ... #+ columns:
    ... #+   records: {kind: integer}
    ... SELECT (COUNT(*) AS ?records) WHERE { ?record a <https://w3id.org/picograph/ontology/Record> }'''
    >>> parse_question("records", text).columns["records"].kind
    'integer'
    """
    from ruamel.yaml import YAML

    front = "\n".join(line[3:] for line in text.splitlines() if line.startswith("#+ "))
    fields: dict[str, Any] = YAML(typ="safe", pure=True).load(front) or {}
    caution = fields.pop("caution", ())
    fields["caution"] = [caution] if isinstance(caution, str) else caution
    try:
        question = msgspec.convert({"name": name, "text": text, **fields}, Question)
    except msgspec.ValidationError as error:
        raise ValueError(f"{name}.rq: {error}") from None
    slots = {one or first for one, first, _ in _SLOT.findall(text)}
    for parameter in question.parameters:
        if parameter not in slots:
            raise ValueError(f"{name}.rq: no slot VALUES ?{parameter} {{ UNDEF }}")
    for column in question.columns.values():
        if not {column.unit_in, column.sign_in} - {None} <= question.columns.keys():
            raise ValueError(f"{name}.rq: no column {column.unit_in or column.sign_in}")
    return question
