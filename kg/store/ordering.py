"""Rows are put in order here where a server cannot: Virtuoso sorts no row that has more than some 4,000 letters in it.

A total with the list of its studies is such a row. The query is asked without its order, and its rows are sorted by the
embedded engine, as the standard says. Such a query is known by what it selects: the server would do all the work, and
then refuse.
"""

import re
from collections.abc import Iterable

from pyoxigraph import BlankNode, QuerySolutions, Store

from picograph.kg.store.guard import TOKEN, blanked

_ORDER = re.compile(r"\bORDER\s+BY\b", re.IGNORECASE)
_CUTS = re.compile(r"\b(?:LIMIT|OFFSET|VALUES)\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Z_]+")
_VARIABLE = re.compile(r"[?$](\w+)")


def lists_what_it_counts(sparql: str) -> bool:
    """Tell whether rows are totals with a list of what is in them, which may have many letters.

    >>> lists_what_it_counts("SELECT (COUNT(?x) AS ?n) (GROUP_CONCAT(STR(?x)) AS ?all) WHERE { ?x ?p ?y }")
    True
    >>> lists_what_it_counts("SELECT (SUM(?n) AS ?all) (GROUP_CONCAT(?some) AS ?listed) WHERE { ?x ?p ?n, ?some }")
    True
    >>> lists_what_it_counts("SELECT ?x WHERE { SELECT ?x (COUNT(?y) AS ?n) (GROUP_CONCAT(?y) AS ?all) { ?x ?p ?y } }")
    False
    """
    bare = blanked(sparql)
    words = {*_WORD.findall(bare.partition("{")[0].upper())}
    return "GROUP_CONCAT" in words and not words.isdisjoint({"COUNT", "SUM"})


def without_order(sparql: str) -> tuple[str, str] | None:
    """Take the order off a query; gives both. None where there is none, or where it decides which rows there are.

    >>> without_order("SELECT ?x WHERE { ?x ?p 'ORDER BY' } ORDER BY DESC(?x)")
    ("SELECT ?x WHERE { ?x ?p 'ORDER BY' } ", 'ORDER BY DESC(?x)')
    >>> without_order("SELECT ?x WHERE { ?x ?p ?y } ORDER BY ?x LIMIT 3") is None
    True
    """
    bare = blanked(sparql)
    places = [
        each for each in _ORDER.finditer(bare) if bare.count("{", 0, each.start()) == bare.count("}", 0, each.start())
    ]
    if not places or _CUTS.search(bare, places[-1].end()):
        return None
    return sparql[: places[-1].start()], sparql[places[-1].start() :]


def in_order(rows: QuerySolutions, order: str) -> QuerySolutions | None:
    """Sort rows; None where the order is by what they do not have, or where they cannot be written down.

    :param order: the clause, with ``ORDER BY``
    """
    names = [variable.value for variable in rows.variables]
    if not {*_VARIABLE.findall(TOKEN.sub(_variables_only, order))} <= {*names}:
        return None
    found = [[*row] for row in rows]
    if BlankNode in {term.__class__ for row in found for term in row}:
        return None
    listed = " ".join(f"?{name}" for name in names)
    lines = "\n".join(_line(row) for row in found)
    sorted_ = Store().query(f"SELECT {listed} WHERE {{ VALUES ({listed}) {{\n{lines}\n}} }} {order}")
    assert isinstance(sorted_, QuerySolutions)
    return sorted_


def _variables_only(token: re.Match[str]) -> str:
    return token[0] if token[0][0] in "?$" else " "


def _line(row: Iterable[object]) -> str:
    return f"({' '.join('UNDEF' if term is None else str(term) for term in row)})"
