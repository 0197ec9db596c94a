"""Sub-selects that a server does once for each row of what stands beside them are asked by themselves, first.

A sub-select means the same wherever it stands, so its rows may stand in its place, as `VALUES`. A question says with a
comment that few rows are to be expected: `# asked first` before the group. Servers that need no help read a comment.
"""

import re
from collections.abc import Callable

from pyoxigraph import NamedNode, QuerySolutions

from picograph.kg.store.guard import blanked, comments, names_dataset

MOST = 1_000  # rows that are written into a query; with more it is asked as it stands
_MARK = re.compile(r"#[ \t]*asked first\b[^\n\r]*[\n\r]\s*(?=\{)")
_SELECT = re.compile(r"\bSELECT\b", re.IGNORECASE)
_BRACES = re.compile(r"[{}]")
_ELSEWHERE = re.compile(r"\b(?:GRAPH|SERVICE|EXISTS)\b[^{}]*$", re.IGNORECASE)  # before a brace: its group is of that


def with_first_rows(sparql: str, ask: Callable[[str], QuerySolutions]) -> str:
    """Put rows where a query has sub-selects that are to be asked first; the innermost first, if there are several.

    A sub-select stays where it is if it has more rows than `MOST`, or none, or one that holds more than IRIs: those
    alone are the same to every server. It does so too where it would be of other data if it were asked by itself:
    inside `GRAPH`, `SERVICE` and `EXISTS`, and where the query names its data set.

    :param ask: what the server answers to a query

    >>> from pyoxigraph import Store
    >>> query = "SELECT * { # asked first: few\\n { SELECT ?x { VALUES ?x { <http://a/2> <http://a/3> } } } ?x ?y ?z }"
    >>> with_first_rows(query, Store().query)
    'SELECT * { { VALUES (?x) { (<http://a/2>) (<http://a/3>) } } ?x ?y ?z }'
    """
    dataset = names_dataset(sparql)
    while places := _last_marked(sparql):
        mark, low, high = places
        group = sparql[low:high]
        if not dataset and not _of_other_data(blanked(sparql[:low])):
            group = _written(group, sparql, ask)
        sparql = sparql[:mark] + group + sparql[high:]
    return sparql


def _written(group: str, sparql: str, ask: Callable[[str], QuerySolutions]) -> str:
    """Give the rows of a group as a group of its own, or the group where they are not to be written."""
    select = _SELECT.search(blanked(sparql))
    prologue = sparql[: select.start()] if select else ""
    rows = ask(f"{prologue}SELECT * WHERE {{ {group} }} LIMIT {MOST + 1}")
    names = " ".join(f"?{variable.value}" for variable in rows.variables)
    found = [[*row] for row in rows]
    if not 0 < len(found) <= MOST or {term.__class__ for row in found for term in row} != {NamedNode}:
        return group
    lines = " ".join(f"({' '.join(map(str, row))})" for row in found)
    return f"{{ VALUES ({names}) {{ {lines} }} }}"


def _of_other_data(before: str) -> bool:
    """Say by what stands before a group, blanked, whether one that it is in is of a graph or of another server."""
    opened: list[int] = []
    for brace in _BRACES.finditer(before):
        if brace[0] == "{":
            opened.append(brace.start())
        elif opened:
            opened.pop()
    return any(_ELSEWHERE.search(before[:at]) for at in (*opened, len(before)))


def _last_marked(sparql: str) -> tuple[int, int, int] | None:
    """Find the last mark, and the group behind it: where the mark begins, where the group does, where it ends."""
    written = comments(sparql)
    marks = [found for found in _MARK.finditer(sparql) if found.start() in written]
    depth = 0
    for brace in _BRACES.finditer(blanked(sparql), marks[-1].end()) if marks else ():
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return marks[-1].start(), marks[-1].end(), brace.end()
    return None
