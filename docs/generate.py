"""Write the pages of `docs/reference` from the code, so that they say what the code does.

python docs/generate.py            write them
python docs/generate.py --check    write nothing; exit code 1 if a page is not what would be written
"""

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
import msgspec
import pyoxigraph as ox

from picograph.cli import cli
from picograph.kg import model
from picograph.kg.readers import study_file
from picograph.kg.results import Part, Value
from picograph.kg.study import Study
from picograph.ontology import terms
from picograph.queries import catalog
from picograph.queries.question import Question

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py (make docs) from {source}. Change that, not this page. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Write a Markdown table; nothing where there are no rows."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    if lines:
        yield from ("| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines, "")


def page(title: str, source: str, body: Iterable[str]) -> str:
    """Join the lines of a page."""
    return "\n".join([NOTE.format(source=source), "", f"# {title}", "", *body]).rstrip("\n") + "\n"


# --- commands -------------------------------------------------------------------------------------------------


def option_name(option: click.Option) -> str:
    """Write an option as it is typed."""
    kind = option.metavar or option.type.name.upper()
    if isinstance(option.type, click.Choice):
        kind = "|".join(option.type.choices)
    names = (*option.opts, *option.secondary_opts)
    return ", ".join(f"`{name}`" if option.is_flag else f"`{name} {kind}`" for name in names)


def option_rows(options: Iterable[click.Option]) -> Iterator[tuple[str, str]]:
    """Describe options, one a row."""
    for each in options:
        told = [each.help or ""]
        if each.multiple:
            told.append("May be given several times.")
        if each.envvar:
            told.append(f"Also taken from the environment: `{each.envvar}`.")
        if not each.is_flag and isinstance(each.default, str | int):
            told.append(f"Default: {each.default}.")
        yield option_name(each), " ".join(" ".join(filter(None, told)).split())


def options_of(command: click.Command) -> list[click.Option]:
    """Give the options of a command."""
    return [each for each in command.params if isinstance(each, click.Option)]


def command_lines(name: str, command: click.Command, common: set[str]) -> Iterator[str]:
    """Describe one command."""
    words = ["[NAME]"] if isinstance(command, click.Group) else []
    for each in command.params:
        if isinstance(each, click.Argument):
            word = each.metavar or (each.name or "").upper()
            words.append(word if each.required else f"[{word}]")
    yield from (f"## {name}", "", f"    picograph {' '.join([name, *words, '[OPTIONS]'])}", "")
    yield from (inspect.cleandoc(command.help or ""), "")
    own = [each for each in options_of(command) if each.opts[-1] not in common]
    yield from table(("option", "what it does"), option_rows(own))


def commands() -> str:
    """Write the page of the commands: each of them, and those inside a group but the questions."""
    context = click.Context(cli, info_name="picograph")
    known = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    found = {name: command for name, command in known.items() if command is not None}
    for name, command in list(found.items()):
        if isinstance(command, click.Group) and name != "ask":
            found |= {f"{name} {inner}": each for inner, each in command.commands.items()}
    common = {"--debug"}
    first = found["show"]
    stores = {"--store", "--update-endpoint"}
    body = [
        inspect.cleandoc(cli.help or ""),
        "",
        "Data goes to standard output, messages to standard error. Exit codes: 0, done (an empty answer too); 1, "
        "rejected input, or something does not hold; 2, wrong usage; 3, a store that cannot be reached.",
        "",
        "Every command takes `--debug`, and every one that works on a store takes these:",
        "",
        *table(("option", "what it does"), option_rows(each for each in options_of(first) if each.opts[-1] in stores)),
    ]
    for name, command in sorted(found.items()):
        body += command_lines(name, command, common | stores)
        if name == "ask":
            body += ["Each question has options of its own: see [questions](questions.md).", ""]
    return page("Commands", "commands/", body)


# --- questions ------------------------------------------------------------------------------------------------


def question_lines(question: Question) -> Iterator[str]:
    """Describe one question of the catalogue."""
    yield from (f"## {question.name}", "", question.summary, "")
    yield from (f"For example: {question.question}", "")
    if question.tags:
        yield from (f"Tags: {', '.join(question.tags)}.", "")
    yield from table(
        ("option", "kind", "what it asks for"),
        (
            (
                f"`--{name.replace('_', '-')}`",
                parameter.kind + (f", {parameter.unit}" if parameter.unit else ""),
                "; ".join(
                    filter(
                        None,
                        (
                            "required" if parameter.required else "",
                            parameter.help or "",
                            f"such as {parameter.example}" if parameter.example is not None else "",
                            f"{parameter.low} to {parameter.high}" if parameter.low is not None else "",
                        ),
                    )
                ),
            )
            for name, parameter in question.parameters.items()
        ),
    )
    yield from table(
        ("column", "kind", "unit"),
        (
            (f"`{name}`", column.kind, column.unit or (f"see `{column.unit_in}`" if column.unit_in else ""))
            for name, column in question.columns.items()
        ),
    )
    for caution in question.caution:
        yield f"- Caution: {caution}"
    if question.caution:
        yield ""


def questions() -> str:
    """Write the page of the catalogue."""
    body = [
        "`picograph ask NAME` asks one of these. A `concept` is a name, a CURIE or an IRI, and means that concept and "
        "all below it; an `outcome`, an `event` and a `property` are the same, or words as a report has them. A "
        "`study` is a key or an IRI, an `arm` STUDY/arm/NAME, a `date` a year, a month or a day. An option that is not "
        "given asks for everything. Columns of kind `evidence` hold the places where the row was read.",
        "",
    ]
    for name in catalog.names():
        body += question_lines(catalog.question(name))
    body += ["# Integrity questions", "", "`picograph validate` asks these: each row is an offender.", ""]
    rows = ((f"`{name}`", catalog.question(name, "quality").summary) for name in catalog.names("quality"))
    body += table(("rule", "what it finds"), rows)
    return page("Questions", "queries/evidence and queries/quality", body)


def asked() -> str:
    """Write the page that leads from the questions that users ask to what answers them."""
    lines = (Path(__file__).parent / "asked.tsv").read_text("utf-8").splitlines()
    rows = [dict(zip(lines[0].split("\t"), line.split("\t"), strict=True)) for line in lines[1:]]
    body = [
        "Which command answers which of the questions that users ask, by their numbers. `STUDY` is a key such as "
        "`NCT00105443` or `doi:10.1016/j.ijrobp.2014.01.017`; a value such as `sorafenib` stands for your own. "
        "Integrity questions are asked by `picograph validate`, each by the rule that is named.",
        "",
    ]
    for section in dict.fromkeys(row["section"] for row in rows):
        body += [f"## {section}", ""]
        body += table(
            ("number", "question", "command", "see also" if section != "Integrity" else "rule"),
            (
                (row["number"], row["question"], f"`picograph {row['command']}`", row["see"])
                for row in rows
                if row["section"] == section
            ),
        )
    return page("Questions that users ask", "docs/asked.tsv", body)


# --- ontology -------------------------------------------------------------------------------------------------

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_OWL = "http://www.w3.org/2002/07/owl#"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_SOURCE = "http://purl.org/dc/terms/source"


class Ontology:
    """The ontology's file, for looking things up in it."""

    def __init__(self) -> None:
        self.store = ox.Store()
        self.store.load(terms.ontology_text().encode(), format=ox.RdfFormat.TURTLE)

    def objects(self, subject: Any, predicate: str) -> list[Any]:
        """Give what a subject has for a predicate, sorted."""
        found = self.store.quads_for_pattern(subject, ox.NamedNode(predicate), None)
        return sorted((quad.object for quad in found), key=str)

    def texts(self, iri: str, predicate: str) -> list[str]:
        """Give the texts that a term has for a predicate."""
        return [term.value for term in self.objects(ox.NamedNode(iri), predicate)]

    def of_type(self, type_: str) -> list[str]:
        """Give our own terms of a type, sorted by their label."""
        found = self.store.quads_for_pattern(None, ox.NamedNode(_RDF + "type"), ox.NamedNode(type_))
        iris = [quad.subject.value for quad in found if isinstance(quad.subject, ox.NamedNode)]
        return sorted((iri for iri in iris if iri.startswith(terms.PG)), key=lambda iri: (short(iri).lower(), iri))

    def items(self, node: Any) -> list[str]:
        """Give the named members of an RDF list, in its order."""
        found = []
        while isinstance(node, ox.BlankNode):
            first = self.objects(node, _RDF + "first")
            found += [each.value for each in first if isinstance(each, ox.NamedNode)]
            node = self.objects(node, _RDF + "rest")[0]
        return found

    def classes(self, iri: str, predicate: str) -> list[str]:
        """Give the classes or datatypes that a domain or range names, those in a union included."""
        found = []
        for each in self.objects(ox.NamedNode(iri), predicate):
            if isinstance(each, ox.NamedNode):
                found.append(each.value)
            for union in self.objects(each, _OWL + "unionOf"):
                found += self.items(union)
        return found

    def members(self, iri: str) -> list[str]:
        """Give the members of an enumeration, in the order of the file; none for another class."""
        for each in self.objects(ox.NamedNode(iri), _OWL + "equivalentClass"):
            for one_of in self.objects(each, _OWL + "oneOf"):
                return self.items(one_of)
        return []


def short(iri: str) -> str:
    """Write an IRI with the prefix that people know."""
    for long, brief in ((terms.PG, "pg:"), (_RDFS, "rdfs:"), (_OWL, "owl:"), ("http://www.w3.org/ns/prov#", "prov:")):
        iri = iri.replace(long, brief)
    return iri.replace("http://www.w3.org/2001/XMLSchema#", "xsd:")


def code(iris: Iterable[str]) -> str:
    """Write IRIs as code."""
    return ", ".join(f"`{short(iri)}`" for iri in iris)


@cache
def mappings() -> Mapping[str, list[str]]:
    """Give the mappings of our terms to other ontologies."""
    from importlib.resources import files

    found: dict[str, list[str]] = {}
    text = (files("picograph.ontology") / "mappings" / "picograph.sssom.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    for row in rows[1:]:
        cells = dict(zip(rows[0], row, strict=False))
        predicate = cells["predicate_id"].removeprefix("skos:").removesuffix("Match")
        words = f"{predicate}: {cells['object_id']} ({cells['object_label']})"
        found.setdefault(cells["subject_id"].replace("pg:", terms.PG), []).append(words)
    return found


def class_lines(ontology: Ontology, iri: str) -> Iterator[str]:
    """Describe one class."""
    yield from (f"### {terms.label(iri)}", "", f"`{short(iri)}`", "")
    yield from ("\n".join(ontology.texts(iri, _SKOS + "definition")), "")
    facts = [f"- Example: {text}" for text in ontology.texts(iri, _SKOS + "example")]
    parents = ontology.classes(iri, _RDFS + "subClassOf")
    facts += [f"- Is a: {code(sorted(parents))}"] if parents else []
    facts += [f"- Mapped to: {'; '.join(mappings()[iri])}"] if iri in mappings() else []
    facts += [f"- Source of the definition: {text}" for text in ontology.texts(iri, _SOURCE)]
    yield from (*facts, "")


def individual_rows(ontology: Ontology, iris: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Describe individuals, one a row."""
    for iri in iris:
        definition = " ".join(ontology.texts(iri, _SKOS + "definition"))
        yield str(terms.label(iri)), f"`{short(iri)}`", definition, "; ".join(mappings().get(iri, []))


def ontology_page() -> str:
    """Write the page of the ontology."""
    ontology = Ontology()
    classes = ontology.of_type(_OWL + "Class")
    enumerations = [iri for iri in classes if ontology.members(iri)]
    defined = [
        iri
        for iri in classes
        if iri not in enumerations and ontology.objects(ox.NamedNode(iri), _OWL + "equivalentClass")
    ]
    stated = [iri for iri in classes if iri not in enumerations and iri not in defined]
    body = [
        f"Version `{terms.version_iri()}`. The prefix `pg:` stands for `{terms.PG}`. Every term has a definition; the "
        "mappings to other ontologies are in `ontology/mappings/picograph.sssom.tsv`.",
        "",
        "## Classes",
        "",
    ]
    for iri in stated:
        body += class_lines(ontology, iri)
    body += ["## Classes that a reasoner fills", ""]
    for iri in defined:
        body += class_lines(ontology, iri)
    body += ["## Enumerations", "", "The label of a member is what a study file says.", ""]
    head = ("label", "term", "definition", "mapped to")
    for iri in enumerations:
        body += [f"### {terms.label(iri)}", "", *ontology.texts(iri, _SKOS + "definition"), ""]
        body += table(head, individual_rows(ontology, ontology.members(iri)))
    body += ["## Scales", "", "Levels stand in their order, lowest rank first.", ""]
    versions = terms.individuals("ScaleVersion")
    for iri in terms.individuals("Scale"):
        body += [f"### {terms.label(iri)}", "", f"`{short(iri)}`", "", *ontology.texts(iri, _SKOS + "definition"), ""]
        body += table(head, individual_rows(ontology, terms.levels(iri)))
        of_this = [each for each in versions if iri in ontology.texts(each, terms.PG + "versionOf")]
        body += [f"Versions: {code(of_this)}", ""] if of_this else []
    others = [("Criteria", "Criteria")]
    for heading, cls in others:
        if terms.label(cls) is not None:
            body += [f"## {heading}", "", *table(head, individual_rows(ontology, terms.individuals(cls)))]
    body += ["## Properties", ""]
    properties = ontology.of_type(_OWL + "ObjectProperty") + ontology.of_type(_OWL + "DatatypeProperty")
    body += table(
        ("property", "of", "to", "definition", "mapped to"),
        (
            (
                f"`{short(iri)}`",
                code(ontology.classes(iri, _RDFS + "domain")),
                code(ontology.classes(iri, _RDFS + "range")),
                " ".join(ontology.texts(iri, _SKOS + "definition")),
                "; ".join(mappings().get(iri, [])),
            )
            for iri in sorted(properties, key=lambda iri: (short(iri).lower(), iri))
        ),
    )
    return page("Ontology", "ontology/picograph.ttl", body)


# --- study file -----------------------------------------------------------------------------------------------


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
    return page("Study file", "the types in kg/study.py, kg/results.py and kg/source.py", body)


PAGES: Mapping[str, Callable[[], str]] = {
    "asked.md": asked,
    "commands.md": commands,
    "ontology.md": ontology_page,
    "questions.md": questions,
    "study-file.md": study_file_page,
}


def stale() -> list[str]:
    """Give the pages that are not what would be written, and those that nothing writes."""
    there = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}
    return sorted({name for name in {*PAGES, *there} if name not in PAGES or there.get(name) != PAGES[name]()})


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or check them."""
    if "--check" in arguments:
        found = stale()
        for name in found:
            print(f"docs/reference/{name} is not what the code says: run make docs", file=sys.stderr)
        return 1 if found else 0
    FOLDER.mkdir(exist_ok=True)
    for name, write in PAGES.items():
        (FOLDER / name).write_text(write(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
