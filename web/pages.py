"""Pages for people, made from the catalogue: they work without JavaScript, and ask for nothing from elsewhere."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

import jinja2
from pyoxigraph import NamedNode, QueryBoolean, QuerySolutions

from picograph.kg.model import PG
from picograph.kg.store.embedded import FolderStore
from picograph.ontology.errors import PicographError, UsageError
from picograph.ontology.words import Words
from picograph.queries import catalog
from picograph.queries.answer import Answer, Cell
from picograph.queries.question import Column, Parameter, Question
from picograph.queries.tables import cell_text, short
from picograph.queries.wording import counted
from picograph.web.tasks import Ask

SHOWN = 500  # rows of a page; the other formats have all of them
_CONTEXT = 160  # characters around the words of a place
_PLACES = 6  # of a cell; the other formats have all of them
_DOWNLOADS = (("CSV", "csv"), ("TSV", "tsv"), ("JSON", "json"))


class Text(NamedTuple):
    """A part of a cell, perhaps with a link."""

    text: str
    link: str = ""


class Heading(NamedTuple):
    """The head of a column."""

    name: str
    unit: str = ""
    kind: str = ""  # number or places


@cache
def _templates() -> jinja2.Environment:
    loader = jinja2.PackageLoader("picograph.web", "templates")
    return jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _page(name: str, root: str, **values: Any) -> str:
    return _templates().get_template(name).render(root=root, **values)


def error_page(what: str, where: str = "", remedy: str = "") -> str:
    """Give the page of an error."""
    return _page("error.html", "/", what=what, where=where, remedy=remedy)


def home_page(store: FolderStore) -> str:
    """Give the first page: what there is, and the questions by what they are about."""
    from picograph.web.describing import counts

    found = counts(store)
    groups: dict[str, list[Question]] = {}
    for name in catalog.names():
        question = catalog.question(name)
        groups.setdefault((question.tags or ("other",))[0].capitalize(), []).append(question)
    return _page(
        "home.html",
        "./",
        studies=counted(found["Study"], "study", "studies"),
        records=counted(found["Record"], "record"),
        groups=sorted(groups.items()),
    )


# --- a question and its answer ----------------------------------------------------------------------------------


def answer_page(store: FolderStore, task: Ask) -> tuple[int, str]:
    """Give the status and the page of a question: its form, and its answer where it is asked."""
    from picograph.queries.ask import ask

    question = catalog.question(task.name)
    given = {name: value for name, value in task.parameters.items() if value.strip()}
    values: dict[str, Any] = {"error": None, "answer": None, "status": 200}
    if task.run:
        try:
            values |= _answer(question, ask(store, question, **given), given, store.words)
        except PicographError as error:
            values |= {"error": error, "status": 400 if error.exit_code != 3 else 503}
    fields = [_field(name, each, task.parameters.get(name, "")) for name, each in question.parameters.items()]
    wording = _wording(question, given)
    status: int = values.pop("status")
    return status, _page("question.html", "../", question=question, wording=wording, fields=fields, **values)


def _field(name: str, parameter: Parameter, value: str) -> dict[str, object]:
    unit = parameter.unit if parameter.unit and parameter.unit not in (parameter.help or "") else None
    span = f"{parameter.low} to {parameter.high}" if parameter.low is not None and parameter.high is not None else None
    return {
        "key": name,
        "name": name.replace("_", " "),
        "value": value,
        "required": parameter.required,
        "number": parameter.kind in ("integer", "grade", "decimal"),
        "example": "" if parameter.example is None else f"e.g. {parameter.example}",
        "help": ", ".join(filter(None, (parameter.help, unit, span))),
    }


def _answer(question: Question, answer: Answer, given: Mapping[str, str], words: Words) -> dict[str, object]:
    joined = {name for column in answer.columns.values() for name in (column.unit_in, column.sign_in)}
    rows = answer.rows[:SHOWN]
    names = [
        name
        for name, column in answer.columns.items()
        if name not in joined and not column.aside and any(row[name] is not None for row in rows)
    ]
    links = [(label, f"?{urlencode({**given, 'format': form})}") for label, form in _DOWNLOADS]
    links.append(("SPARQL", f"../sparql?{urlencode({'edit': _sparql(question, given, words)})}"))
    return {
        "answer": answer,
        "cautions": answer.cautions if answer.rows else (),
        "count": counted(len(answer), "row") if answer.rows else "No rows",
        "total": len(answer),
        "shown_rows": len(rows),
        "formats": links,
        "heads": [_heading(name, answer.columns[name]) for name in names],
        "rows": [[_shown(name, answer.columns, row) for name in names] for row in rows],
    }


def _sparql(question: Question, given: Mapping[str, str], words: Words) -> str:
    """Give the query without its front matter: it goes into an address, and proxies take no long ones."""
    from picograph.queries.ask import sparql

    return "".join(line for line in sparql(question, given, words).splitlines(keepends=True) if line[:2] != "#+")


def _heading(name: str, column: Column) -> Heading:
    unit = column.unit if column.unit and column.unit != "%" and column.unit not in name else ""
    kind = {"integer": "number", "decimal": "number", "evidence": "places"}.get(column.kind, "")
    return Heading(name.replace("_", " "), unit or "", kind)


def _shown(name: str, columns: Mapping[str, Column], row: Mapping[str, Cell]) -> list[Text]:
    kind, value = columns[name].kind, row[name]
    if value is None:
        return []
    if kind == "evidence" and isinstance(value, tuple):
        return list(_places(value))
    if kind == "study":
        key = short("study", value)
        return [Text(key, f"../study?{urlencode({'key': key})}")]
    return [Text(cell_text(name, columns, row))]


def _wording(question: Question, given: Mapping[str, str]) -> list[tuple[str, bool]]:
    """Give a question's words; its parameters apart, with what they are given."""
    words = re.split(r"\{(\w+)\}", question.question)
    return [
        (given.get(word, word.replace("_", " ")) if at % 2 else word, bool(at % 2)) for at, word in enumerate(words)
    ]


def _places(evidence: Sequence[str]) -> Iterator[Text]:
    for iri in evidence[:_PLACES]:
        yield Text(short("evidence", (iri,)), f"../evidence?{urlencode({'place': iri})}")
    if len(evidence) > _PLACES:
        yield Text(f"and {len(evidence) - _PLACES} more")


# --- SPARQL -----------------------------------------------------------------------------------------------------


def query_page(
    query: str, results: QuerySolutions | QueryBoolean | None = None, error: UsageError | None = None
) -> str:
    """Give the page of a query, with the first of its rows."""
    values: dict[str, object] = {"answered": results is not None}
    if isinstance(results, QueryBoolean):
        values |= {"count": "yes" if results else "no", "rows": [], "heads": []}
    elif results is not None:
        heads = [Heading(variable.value) for variable in results.variables]
        rows: list[list[list[Text]]] = []
        more = False
        for row in results:
            if len(rows) == SHOWN:
                more = True
                break
            rows.append([[Text(str(getattr(term, "value", term)))] if term is not None else [] for term in row])
        said = f"The first {SHOWN} rows" if more else counted(len(rows), "row") if rows else "No rows"
        values |= {"count": said + ".", "rows": rows, "heads": heads}
    formats = [(label, f"?{urlencode({'query': query, 'format': form})}") for label, form in _DOWNLOADS]
    return _page("rows.html", "./", query=query, formats=formats, error=error, **values)


# --- what stands behind ------------------------------------------------------------------------------------------


def study_page(store: FolderStore, key: str) -> str:
    """Give the page of a study: every fact with its places.

    :raises UsageError: if there is no such study
    """
    from picograph.kg.store.records import records
    from picograph.kg.triples import place_iri
    from picograph.queries import show
    from picograph.queries.wording import places

    shown = []
    for study, lines in show.fresh(records(store, key)):
        sections: dict[str, list[tuple[str, str, list[tuple[str, str]]]]] = {}
        for line in lines:
            links = [
                (places([place]), f"evidence?{urlencode({'place': place_iri(line.source, place)})}")
                for place in line.evidence
            ]
            sections.setdefault(line.section, []).append((line.name, line.value, links))
        shown.append((show.heading(study, 200), list(sections.items())))
    return _page("study.html", "./", key=key, records=shown)


def evidence_page(store: FolderStore, iri: str) -> str:
    """Give the page of a place: which records were read there, and its words where the source is at hand.

    :raises UsageError: if it is not the IRI of a place
    """
    from picograph.kg.triples import split_place
    from picograph.queries.wording import places

    sha256, place = split_place(iri)
    text = store.sources.get(sha256)
    words = before = after = None
    if text is not None:
        words = place.words(text)
        if place.pointer is None:
            before, after = text[max(0, place.start - _CONTEXT) : place.start], text[place.end : place.end + _CONTEXT]
    return _page(
        "evidence.html",
        "./",
        where=places([place]),
        kind="Characters" if place.pointer is None else "Field",
        sha256=sha256,
        records=list(_read_there(store, sha256)),
        words=words,
        before=before or "",
        after=after or "",
    )


def _read_there(store: FolderStore, sha256: str) -> Iterable[tuple[str, str, str]]:
    from pyoxigraph import Literal

    pattern = (
        f"?source <{PG}sha256> {Literal(sha256)} . ?record a <{PG}Record> ; <{PG}ofStudy> ?study ; "
        f"<{PG}documentKey> ?document ; <{PG}method> ?method ."
    )
    rows = store.query(
        f"SELECT ?study ?document ?method WHERE {{ GRAPH ?g {{ {pattern} }} }} ORDER BY ?study ?document ?method"
    )
    assert isinstance(rows, QuerySolutions)
    for row in rows:
        study, document, method = row["study"], row["document"], row["method"]
        assert isinstance(study, NamedNode)
        yield short("study", study.value), str(getattr(document, "value", "")), _method(method)


def _method(term: object) -> str:
    return str(getattr(term, "value", "")).removeprefix(PG).lower()
