"""Sub-selects that a server does once for each row of what stands beside them are asked by themselves, first.

A sub-select means the same wherever it stands, so its rows may stand in its place, as `VALUES`. A question says with a
comment that few rows are to be expected: `# asked first` before the group. Servers that need no help read a comment.
"""

import re
from collections.abc import Callable
from itertools import islice

from pyoxigraph import BlankNode, QuerySolutions

from picograph.kg.store.guard import TOKEN

MOST = 1_000  # rows that are written into a query; with more it is asked as it stands
_HINT = re.compile(r"#[ \t]*asked first\b[^\n\r]*[\n\r]\s*(?=\{)")
_SELECT = re.compile(r"\bSELECT\b", re.IGNORECASE)
_BRACES = re.compile(r"[{}]")


def with_first_rows(sparql: str, ask: Callable[[str], QuerySolutions]) -> str:
    """Put rows where a query has sub-selects that are to be asked first; the innermost first, if there are several.

    A sub-select stays where it is if it has more rows than `MOST`, or none, or one that cannot be written down.

    :param ask: what the server answers to a query

    >>> from pyoxigraph import Store
    >>> query = "SELECT ?x ?y { # asked first: few\\n { SELECT ?x { VALUES ?x { 2 3 } } } ?x ?y ?z }"
    >>> with_first_rows(query, Store().query).replace('"^^<http://www.w3.org/2001/XMLSchema#integer>', '"')
    'SELECT ?x ?y { VALUES (?x) { ("2") ("3") } ?x ?y ?z }'
    """
    while places := _last_marked(sparql):
        hint, low, high = places
        select = _SELECT.search(_bare(sparql))
        prologue = sparql[: select.start()] if select else ""
        rows = ask(prologue + sparql[low + 1 : high - 1])
        names = [variable.value for variable in rows.variables]
        found = [[*row] for row in islice(rows, MOST + 1)]
        terms = [term for row in found for term in row]
        if not 0 < len(found) <= MOST or None in terms or BlankNode in {term.__class__ for term in terms}:
            sparql = sparql[:hint] + sparql[low:]
            continue
        lines = " ".join(f"({' '.join(map(str, row))})" for row in found)
        listed = " ".join(f"?{name}" for name in names)
        sparql = f"{sparql[:hint]}VALUES ({listed}) {{ {lines} }}{sparql[high:]}"
    return sparql


def _bare(sparql: str) -> str:
    """Give a query with spaces for its texts, IRIs and comments."""
    return TOKEN.sub(lambda found: " " * len(found[0]), sparql)


def _last_marked(sparql: str) -> tuple[int, int, int] | None:
    """Find the last mark, and the group behind it: where the mark begins, where the group does, where it ends."""
    comments = {found.start() for found in TOKEN.finditer(sparql) if found[0].startswith("#")}
    marks = [found for found in _HINT.finditer(sparql) if found.start() in comments]
    if not marks:
        return None
    depth = 0
    for brace in _BRACES.finditer(_bare(sparql), marks[-1].end()):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return marks[-1].start(), marks[-1].end(), brace.end()
    return None
