"""How a question is answered: what runs, with its parameters bound, and how many rows each step gives in what time."""

import re
from collections.abc import Iterator, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from pyoxigraph import QuerySolutions

from picograph.ontology.words import SHIPPED, Words
from picograph.queries import catalog, ways
from picograph.queries.ask import ask, sparql, terms_of
from picograph.queries.question import Question, closing
from picograph.queries.readings import Readings

if TYPE_CHECKING:
    from picograph.kg.store import Store

_SUB_SELECT = re.compile(r"\{((?:\s*#[^\n]*\n)*)\s*(?=SELECT\b)")
_COMMENT_BEFORE = re.compile(r"#\s*([^\n]*)\n(?:\s*#[^\n]*\n)*\s*$")
_BELOW = """SELECT (COUNT(DISTINCT ?below) AS ?rows) WHERE {
  VALUES ?above { %s }
  GRAPH ?vocabulary { ?below <http://www.w3.org/2004/02/skos/core#broaderTransitive> ?above }
}"""


class Plan(Struct, frozen=True, kw_only=True):
    """What runs for a question: the terms that its parameters became, the records that are left out, the query."""

    question: str
    summary: str
    parameters: dict[str, Any]
    terms: dict[str, tuple[str, ...]]
    left_out: tuple[str, ...]
    sparql: str


class Step(Struct, frozen=True, kw_only=True):
    """One step of an answer: what it chooses or looks up, the rows that it gives by itself, and its time."""

    step: str
    rows: int
    milliseconds: float


def plan(store: "Store", question: Question | str, parameters: Mapping[str, Any]) -> Plan:
    """Say what runs, and run nothing of it.

    :raises UsageError: if a parameter does not exist or does not fit

    >>> from picograph.kg.store import open_store
    >>> plan(open_store(":memory:"), "studies", {"study": "NCT00105443"}).terms
    {'study': ('<https://w3id.org/picograph/study/NCT00105443>',)}
    """
    asked = catalog.question(question) if isinstance(question, str) else question
    given = {name: value for name, value in parameters.items() if value is not None}
    readings = Readings.of(store)
    text = readings.narrow(sparql(asked, given, store.words))  # which refuses what does not fit
    return Plan(
        question=asked.name,
        summary=asked.summary,
        parameters=given,
        terms={
            name: tuple(terms_of(name, asked.parameters[name], value, store.words)) for name, value in given.items()
        },
        left_out=readings.left_out,
        sparql=text.rstrip() + "\n",
    )


def plan_lines(plan: Plan, words: Words = SHIPPED) -> Iterator[str]:
    """Write a plan as a query that runs, with what is known of it in comments.

    >>> from picograph.kg.store import open_store
    >>> next(plan_lines(plan(open_store(":memory:"), "unmatched", {})))
    '# unmatched: Which words were not linked to any concept, most frequent first?'
    """
    yield f"# {plan.question}: {plan.summary}"
    for name, terms in plan.terms.items():
        told = " ".join(f"{plan.parameters[name]}".split())
        yield f"# --{name.replace('_', '-')} {told}: {', '.join(_named(term, words) for term in terms)}"
    for record in plan.left_out:
        yield f"# left out, because a person read the same document: <{record}>"
    # the front matter is told above
    yield from (line for line in plan.sparql.split("\n") if not line.startswith("#+"))


def _named(term: str, words: Words) -> str:
    """Write a term for a comment, with its name where it is a concept that we know."""
    from picograph.ontology.prefixes import compress

    if not term.startswith("<"):
        return term
    curie = compress(term[1:-1])
    name = words.label(curie) if curie else None
    return f"{curie} ({name})" if name else curie or term


def explain(store: "Store", question: Question | str, parameters: Mapping[str, Any]) -> list[Step]:
    """Run a question step by step: each choice in it by itself, the innermost first, then the whole.

    A step's time holds the steps inside it, so that times are not to be added up.

    :raises UsageError: if a parameter does not exist or does not fit
    :raises StoreError: if the store does not answer
    """
    asked = catalog.question(question) if isinstance(question, str) else question
    planned = plan(store, asked, parameters)
    steps = []
    for name, terms in planned.terms.items():
        iris = [term for term in terms if term.startswith("<")]
        if iris and asked.parameters[name].kind not in ("study", "arm"):
            option = "--" + name.replace("_", "-")
            steps.append(_counted(store, f"concepts at or below {option}", _BELOW % " ".join(iris)))
    for what, text in _choices(planned.sparql):
        steps.append(_counted(store, what, text))
    start = perf_counter()
    answer = ask(store, asked, **parameters)
    whole = "the whole answer" + (
        ", from the results table" if ways.answering_table(store, asked, planned.parameters) else ""
    )
    steps.append(Step(step=whole, rows=len(answer), milliseconds=_since(start)))
    return steps


def _choices(text: str) -> Iterator[tuple[str, str]]:
    """Give the sub-selects of a query, the innermost first, each as a query that counts its rows."""
    head = text[: re.search(r"^SELECT\b", text, re.MULTILINE).start()]  # type: ignore[union-attr]
    prefixes = "\n".join(line for line in head.splitlines() if line.startswith("PREFIX"))
    found = []
    for start in _SUB_SELECT.finditer(text):
        end = closing(text, start.end())
        before = _COMMENT_BEFORE.search(text, 0, start.start())
        said = start[1].strip().lstrip("# ") or (before[1] if before else "")
        variables = " ".join(dict.fromkeys(re.findall(r"\?\w+", text[start.end() : text.index("WHERE", start.end())])))
        what = said.splitlines()[0] if said else f"choose {variables}"
        body = text[start.end() : end]
        found.append((end, what, f"{prefixes}\nSELECT (COUNT(*) AS ?rows) WHERE {{ {{ {body} }} }}"))
    for _, what, query in sorted(found, key=lambda each: each[0]):
        yield what, query


def _counted(store: "Store", what: str, text: str) -> Step:
    start = perf_counter()
    results = store.query(text)
    assert isinstance(results, QuerySolutions)
    [row] = list(results)
    return Step(step=what, rows=int(row["rows"].value), milliseconds=_since(start))


def _since(start: float) -> float:
    return round(1000 * (perf_counter() - start), 1)
