"""By which path what a study has is of what was asked for: a drug of a class, a condition below another.

A question names in its front matter the parameters whose paths are told (``paths: [condition, drug]``); its answer then
has a column ``path``. The steps are those of `picograph.ontology.joined`, by the vocabularies at hand: ``is_a`` upwards
in a hierarchy, ``role`` (ChEBI) and ``pharmacological action`` (MeSH) to what a substance can do, ``=`` a stored exact
match. None of them says what a study gave a substance for.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from picograph.kg.model import PG
from picograph.ontology.drugs import identifiers
from picograph.ontology.prefixes import compress
from picograph.ontology.words import SHIPPED, Words
from picograph.queries.question import Column

if TYPE_CHECKING:
    from picograph.kg.store import Store
    from picograph.queries.answer import Row

COLUMN = "path"
COLUMNS = {COLUMN: Column(kind="list")}
_AT_ONCE = 200  # studies in one query
_HAVING = f"""PREFIX pg: <{PG}>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT DISTINCT ?study ?concept ?asked WHERE {{
  VALUES ?study {{ %s }}
  VALUES ?asked {{ %s }}
  VALUES ?kind {{ pg:Condition pg:Intervention }}
  GRAPH ?record {{ ?part pg:ofStudy ?study ; a ?kind ; pg:concept ?concept }}
  GRAPH ?hierarchy {{ ?concept skos:broaderTransitive ?asked }}
}}"""
_STARTED, _ENDED, _JOINED, _AGAIN = range(4)  # how far a way has come: see `way`


def way(start: str, goal: str, words: Words = SHIPPED) -> tuple[tuple[str, str], ...] | None:
    """Give a shortest way from a concept to a class, each step with what it is; None where there is none.

    As in `picograph.ontology.joined`: a way that left its own vocabulary at its first step may leave the other one too;
    one that went up first ends with a match.

    >>> for step, curie in way("mesh:D000077157", "mesh:D047428"):
    ...     print(step, curie)
    = CHEBI:50924
    role CHEBI:38637
    is_a CHEBI:37699
    = mesh:D047428
    >>> way("mesh:D000077157", "mesh:D000900") is None
    True
    """
    ways: list[tuple[str, int, bool, tuple[tuple[str, str], ...]]] = [(start, _STARTED, True, ())]
    seen = {(start, _STARTED)}
    for curie, phase, fresh, steps in ways:  # grows while it is read: breadth first
        if curie == goal:
            return steps
        onward: list[tuple[str, str, int, bool]] = []
        if phase != _ENDED and (found := words.get(curie)):
            for step, above in (
                ("pharmacological action", found.actions),
                ("role", found.roles),
                ("is_a", found.parents),
            ):
                onward += [(step, each, phase, False) for each in above]
        if phase == _STARTED:
            onward += [("=", each, _JOINED if fresh else _ENDED, True) for each in _same(curie, words)]
        elif phase == _JOINED and not fresh:
            onward += [("=", each, _AGAIN, True) for each in _same(curie, words)]
        for step, each, next_phase, is_fresh in onward:
            if (each, next_phase) not in seen:
                seen.add((each, next_phase))
                ways.append((each, next_phase, is_fresh, (*steps, (step, each))))
    return None


def _same(curie: str, words: Words) -> list[str]:
    return [each for found in identifiers(curie, words).values() for each in found if each != curie]


def told(start: str, goal: str, words: Words = SHIPPED) -> str:
    """Write the way from a concept to a class; nothing where both are the same thing.

    >>> told("mesh:D006528", "mesh:D008113")
    'mesh:D006528 (Carcinoma, Hepatocellular), is_a mesh:D008113 (Liver Neoplasms)'
    """
    steps = way(start, goal, words)
    if steps is None:
        return f"{_named(start, words)}, by the vocabularies of the store, {_named(goal, words)}"
    if all(step == "=" for step, _ in steps):
        return ""
    return _named(start, words) + "".join(
        f" = {_named(each, words)}" if step == "=" else f", {step} {_named(each, words)}" for step, each in steps
    )


def _named(curie: str, words: Words) -> str:
    label = words.label(curie)
    return f"{curie} ({label})" if label else curie


def mark(
    store: "Store",
    rows: Sequence["Row"],
    asked: Mapping[str, Sequence[str]],
    known: dict[tuple[str | None, str | None], str],
) -> None:
    """Say in each row by which paths its study has what was asked for.

    :param rows: each with its study
    :param asked: by parameter the concepts that were asked for, as SPARQL writes them
    :param known: the ways that were walked for rows before
    """
    terms = [term for each in asked.values() for term in each]
    studies = list(dict.fromkeys(str(row["study"]) for row in rows))
    words = store.words
    found: defaultdict[str, set[str]] = defaultdict(set)
    for at in range(0, len(studies) if terms else 0, _AT_ONCE):
        some = " ".join(f"<{each}>" for each in studies[at : at + _AT_ONCE])
        for solution in store.query(_HAVING % (some, " ".join(terms))):  # type: ignore[union-attr]
            study, concept, goal = (solution[name].value for name in ("study", "concept", "asked"))
            pair = (compress(concept), compress(goal))
            if pair not in known:
                known[pair] = told(pair[0], pair[1], words) if pair[0] and pair[1] else ""
            found[study].add(known[pair])
    for row in rows:
        row[COLUMN] = tuple(sorted(filter(None, found[str(row["study"])]))) or None
