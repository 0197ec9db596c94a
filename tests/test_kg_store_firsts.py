"""Promise: a query whose sub-selects are asked first means what it meant, and only marked ones are asked."""

import pytest
from pyoxigraph import QuerySolutions, RdfFormat, Store

from picograph.kg.store.firsts import MOST, with_first_rows

DATA = """
@prefix : <http://example.org/> .
:a :is "one\\" {", "zwei"@de ; :of :x, :y .
:b :is 3, 4.50 ; :of :y .
:c :of [] .
:g { :a :in :x }
"""
PROLOGUE = "PREFIX : <http://example.org/>\n# SELECT is not yet\n"


class Asked:
    """A store that notes what it is asked."""

    def __init__(self) -> None:
        self.store = Store()
        self.store.load(DATA.encode(), RdfFormat.TRIG)
        self.queries: list[str] = []

    def __call__(self, sparql: str) -> QuerySolutions:
        self.queries.append(sparql)
        rows = self.store.query(sparql)
        assert isinstance(rows, QuerySolutions)
        return rows

    def rows(self, sparql: str) -> list[str]:
        rows = self.store.query(sparql)
        assert isinstance(rows, QuerySolutions)
        return sorted(str([*row]) for row in rows)


@pytest.mark.parametrize(
    ("query", "asked", "written"),
    [
        ("SELECT * { # asked first: few\n { SELECT ?s ?o { ?s :of ?o FILTER isIRI(?o) } } ?s :is ?t }", 1, True),
        # rows that are there twice stay there twice
        ("SELECT * { # asked first\n { SELECT ?s { ?s :is ?t } } ?s :of ?o }", 1, True),
        # two, one of them inside another
        (
            "SELECT * {\n# asked first\n{ SELECT DISTINCT ?s { # asked first: inside\n { SELECT ?s { ?s :of :y } }"
            " ?s :is ?t } } ?s :of ?o }",
            2,
            True,
        ),
        # where a group may stand, and rows alone may not
        ("SELECT * { ?s :of ?o MINUS # asked first\n { SELECT ?s { ?s :is 3 } } }", 1, True),
        ("SELECT * { ?s :of ?o OPTIONAL # asked first\n { SELECT ?s { ?s :is 3 } } }", 1, True),
        ("SELECT * { # asked first\n { SELECT ?s { ?s :is 3 } } UNION { ?s :of :x } }", 1, True),
        # what is not of IRIs alone, or is not there, stays: a text, a blank node, an unbound cell, no row
        ("SELECT * { # asked first\n { SELECT ?s ?t { ?s :is ?t } } ?s :of ?o }", 1, False),
        ("SELECT * { # asked first\n { SELECT ?o { :c :of ?o } } ?s :of ?o }", 1, False),
        ("SELECT * { # asked first\n { SELECT ?s ?t { ?s :of ?o OPTIONAL { ?s :is ?t } } } ?s :of ?o }", 1, False),
        ("SELECT * { ?s :of ?o OPTIONAL { # asked first\n { SELECT ?t { ?t :is :nothing } } } }", 1, False),
        # what would be of other data by itself
        ("SELECT * { GRAPH :g { # asked first\n { SELECT ?s { ?s ?p :x } } } }", 0, False),
        (
            "SELECT * { ?s :of ?o GRAPH ?g { ?s ?p ?o OPTIONAL { # asked first\n { SELECT ?s { ?s ?p :x } } } } }",
            0,
            False,
        ),
        ("SELECT * { GRAPH ?g # asked first\n { SELECT ?s { ?s ?p :x } } }", 0, False),
        ("SELECT * FROM :g { # asked first\n { SELECT ?s { ?s ?p :x } } ?s ?q ?o }", 0, False),
        ("SELECT * { ?s :of ?o FILTER EXISTS { # asked first\n { SELECT ?s { ?s :is 3 } } } }", 0, False),
        # behind a graph, and not inside
        ("SELECT * { GRAPH :g { ?s ?p ?o } # asked first\n { SELECT ?s { ?s :of :x } } }", 1, True),
        # a mark that is none: in a text, behind a word, without a group
        ("SELECT * { ?s :is ?t FILTER (?t != '# asked first\\n{') { SELECT ?s { ?s :of ?o } } }", 0, False),
        ("SELECT * { # not asked first\n { SELECT ?s { ?s :is ?t } } ?s :of ?o }", 0, False),
        ("SELECT * { # asked first\n ?s :of ?o { SELECT ?s { ?s :is ?t } } }", 0, False),
    ],
)
def test_the_rows_are_those_of_the_query_as_it_stands(query: str, asked: int, written: bool) -> None:
    server = Asked()
    found = with_first_rows(PROLOGUE + query, server)
    assert server.rows(found) == server.rows(PROLOGUE + query)
    assert server.rows(found) != []
    assert len(server.queries) == asked
    assert all(each.startswith(PROLOGUE) for each in server.queries)
    assert ("VALUES" in found) is written


@pytest.mark.parametrize(("rows", "written"), [(MOST, True), (MOST + 1, False)])
def test_more_rows_than_a_query_should_hold_stay_where_they_are(rows: int, written: bool) -> None:
    server = Asked()
    server.store.load(
        "\n".join(f"<http://example.org/s{each}> <http://example.org/many> {each} ." for each in range(rows)).encode(),
        RdfFormat.TURTLE,
    )
    query = PROLOGUE + "SELECT (COUNT(*) AS ?n) { # asked first\n { SELECT ?s { ?s :many ?t } } ?s :many ?o }"
    assert ("VALUES" in with_first_rows(query, server)) is written
    assert server.rows(with_first_rows(query, server)) == server.rows(query)


def test_an_unfinished_query_is_left_to_the_server() -> None:
    query = "SELECT * { # asked first\n { SELECT ?s { ?s ?p ?o } "
    assert with_first_rows(query, Asked()) == query
