"""Promise: what a query gives is written as it is found, and the same in every format."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pyoxigraph as ox
import pytest

from picograph.ontology.errors import UsageError
from picograph.queries.results import GRAPHS, ROWS, Limited, table_lines, write

MANY = 20_000  # of which a buffer, or a page of a table, holds a few hundred


class _Counted:
    """Rows or triples that say how many of them were taken."""

    def __init__(self) -> None:
        self.taken = 0

    def numbers(self) -> Iterator[int]:
        for number in range(MANY):
            self.taken += 1
            yield number

    def rows(self) -> ox.QuerySolutions:
        """Give rows as a server sends them: parsed as they come."""
        results = ox.parse_query_results(_Pieces(self._json()), format=ox.QueryResultsFormat.JSON)  # type: ignore[arg-type]
        assert isinstance(results, ox.QuerySolutions)
        return results

    def _json(self) -> Iterator[bytes]:
        yield b'{"head":{"vars":["n","what"]},"results":{"bindings":['
        for number in self.numbers():
            comma = b"," if number else b""
            yield comma + b'{"n":{"type":"literal","value":"%d"},"what":{"type":"uri","value":"urn:x"}}' % number
        yield b"]}}"

    def triples(self) -> Iterator[ox.Triple]:
        for number in self.numbers():
            yield ox.Triple(ox.NamedNode(f"urn:s{number}"), ox.NamedNode("urn:p"), ox.Literal("words"))


class _Pieces:
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, size: int = -1) -> bytes:
        return next(self._pieces, b"")


def _first_written(results: Any, form: str, counted: _Counted) -> int:
    """Give how many were taken when the first bytes were written."""
    taken: list[int] = []
    write(results, form, lambda _: taken.append(counted.taken))
    assert counted.taken == MANY
    return taken[0]


@pytest.mark.parametrize("form", sorted(ROWS))
def test_rows_are_written_before_the_last_is_found(form: str) -> None:
    counted = _Counted()
    assert 0 < _first_written(counted.rows(), form, counted) < MANY / 2


@pytest.mark.parametrize("form", sorted(ROWS))
def test_the_first_rows_are_given_without_the_others_being_found(form: str) -> None:
    counted = _Counted()
    written: list[bytes] = []
    write(Limited(counted.rows(), 5).results, form, written.append)
    assert b"4" in b"".join(written)
    assert counted.taken < MANY / 2


def test_a_table_is_laid_out_before_the_last_row_is_found() -> None:
    counted = _Counted()
    assert len(list(islice(table_lines(counted.rows(), 80), 10))) == 10
    assert counted.taken < MANY / 2


@pytest.mark.parametrize("form", ["nt", "nq"])
def test_triples_are_written_before_the_last_is_found(form: str) -> None:
    counted = _Counted()
    assert 0 < _first_written(counted.triples(), form, counted) < MANY / 2


# --- graphs -------------------------------------------------------------------------------------------------------

_PARSED: dict[str, ox.RdfFormat] = {
    "turtle": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
}
_FACTS = """
@prefix pg: <https://w3id.org/picograph/ontology/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<https://w3id.org/picograph/study/a> a pg:Study ; pg:enrolled 40 , 0 ; pg:percentReported 37.50 ; pg:serious false ;
  <http://www.w3.org/2000/01/rdf-schema#label> "Übelkeit \\"stark\\"\\n< & >"@de , "tab\\there" ;
  pg:evidence <urn:s#char=1,2> .
<urn:b> pg:published "2014-04"^^xsd:gYearMonth ; pg:arm _:one . _:one pg:count 3 .
"""


@pytest.fixture(scope="module")
def small() -> ox.Store:
    store = ox.Store()
    store.load(_FACTS.encode(), format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode("urn:g"))
    return store


def test_every_format_of_a_graph_is_looked_at() -> None:
    assert set(_PARSED) == set(GRAPHS)


@pytest.mark.parametrize("form", sorted(_PARSED))
@pytest.mark.parametrize(
    "query",
    [
        "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }",
        "DESCRIBE <https://w3id.org/picograph/study/a> <urn:b> FROM <urn:g>",
        "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } FILTER (?p = <urn:none>) }",
    ],
    ids=["construct", "describe", "nothing"],
)
def test_a_graph_says_the_same_in_every_format(small: ox.Store, query: str, form: str) -> None:
    found = small.query(query)
    expected = ox.Dataset(ox.Quad(*triple) for triple in list(small.query(query)))  # type: ignore[arg-type,union-attr,misc]
    written: list[bytes] = []
    write(found, form, written.append)
    again = ox.Dataset(ox.Quad(*quad.triple) for quad in ox.parse(b"".join(written), format=_PARSED[form]))
    for each in (expected, again):
        each.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    assert again == expected


@pytest.mark.parametrize(
    ("query", "form"),
    [("ASK {}", "turtle"), ("SELECT * {}", "jsonld"), ("CONSTRUCT {} WHERE {}", "csv"), ("ASK {}", "parquet")],
)
def test_a_format_that_does_not_fit_is_refused(small: ox.Store, query: str, form: str) -> None:
    refuse: Callable[[bytes], None] = pytest.fail  # nothing is written
    with pytest.raises(UsageError, match=f"cannot be written as {form}"):
        write(small.query(query), form, refuse)
