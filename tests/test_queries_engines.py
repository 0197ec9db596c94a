"""Promise: every question gives the same answer on every engine: embedded, rdflib, Oxigraph server, Virtuoso.

Worked answers say what the answer is (test_queries_answers); here each is asked of the other engines. `make engines`
prints the table of question and engine.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pyoxigraph as ox
import pytest
from pyoxigraph import NamedNode, Quad, QuerySolutions

from picograph.kg.load import load
from picograph.kg.store import Store, open_store
from picograph.queries import catalog
from picograph.queries.answer import Row
from picograph.queries.ask import ask
from picograph.tests.servers import Virtuoso
from picograph.tests.test_queries_answers import CASES, ELSEWHERE, RECORDS
from picograph.tests.test_queries_quality import CASES as FAULTS
from picograph.tests.test_queries_quality import HEAD

SERVERS = ("oxigraph server", "virtuoso")
STORED = [*RECORDS, *ELSEWHERE]
FEW = 2  # worked answers of a question that each server is asked in a short run; a long one asks all
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def embedded() -> Iterator[Store]:
    with open_store(":memory:") as store:
        load(store, STORED)
        yield store


@pytest.fixture(scope="module")
def oxigraph_url(sparql_server: str, embedded: Store) -> str:
    url = sparql_server + "/query"
    with open_store(url) as store:
        load(store, STORED)
    return url


@pytest.fixture(scope="module")
def virtuoso_url(virtuoso_server: Virtuoso) -> str:
    virtuoso_server.empty()
    with open_store(virtuoso_server.url) as store:
        assert [each.outcome for each in load(store, STORED)] == ["added"] * len(STORED)
    return virtuoso_server.query_url


@pytest.fixture
def remote(request: pytest.FixtureRequest, engine: str) -> Iterator[Store]:
    url = request.getfixturevalue("virtuoso_url" if engine == "virtuoso" else "oxigraph_url")
    with open_store(url) as store:
        yield store


def _cases(name: str) -> list[dict[str, Any]]:
    return [case["parameters"] for asked, _, case in CASES if asked == name]


def _alike(embedded: Store, remote: Store, name: str, cases: list[dict[str, Any]]) -> int:
    rows = 0
    for parameters in cases:
        expected: list[Row] = ask(embedded, name, **parameters).rows
        assert ask(remote, name, **parameters).rows == expected, parameters
        rows += len(expected)
    return rows


@pytest.mark.parametrize("engine", SERVERS)
@pytest.mark.parametrize("name", catalog.names())
def test_a_question_has_one_answer(
    embedded: Store, remote: Store, engine: str, name: str, record_property: Record
) -> None:
    record_property("engines", [name, engine])
    asked = _cases(name)[:FEW]
    assert asked, "a question without a worked answer"
    _alike(embedded, remote, name, asked)


@pytest.mark.long
@pytest.mark.parametrize("engine", SERVERS)
def test_all_worked_answers_are_the_same(embedded: Store, remote: Store, engine: str) -> None:
    rows = sum(_alike(embedded, remote, name, _cases(name)) for name in catalog.names())
    assert rows > len(catalog.names()) > 30


FAULTY = [triples for pair in FAULTS.values() for kind in pair for triples in kind]


@pytest.fixture
def faulty(embedded: Store, engine: str, request: pytest.FixtureRequest) -> Iterator[tuple[Store, Store]]:
    """The two stores, with graphs each of which breaks a rule, or nearly does."""
    server = request.getfixturevalue("virtuoso_server" if engine == "virtuoso" else "oxigraph_url")
    request.getfixturevalue("virtuoso_url" if engine == "virtuoso" else "oxigraph_url")
    names = [f"https://w3id.org/picograph/record/NCT00000002/{number}" for number in range(len(FAULTY))]
    with open_store(server.url if engine == "virtuoso" else server) as remote:
        for store in (embedded, remote):
            with store.write() as writer:
                for name, triples in zip(names, FAULTY, strict=True):
                    # a study each: what one graph says of its arms does not mend what another says
                    text = (HEAD + triples).replace("NCT00000002", f"NCT1{names.index(name):07}")
                    found = ox.parse(text, format=ox.RdfFormat.TURTLE)
                    writer.replace(name, [Quad(*quad.triple, NamedNode(name)) for quad in found])
        yield embedded, remote
        for store in (embedded, remote):
            with store.write() as writer:
                for name in names:
                    writer.remove(name)


@pytest.mark.parametrize("engine", SERVERS)
def test_a_quality_question_has_one_answer(faulty: tuple[Store, Store], engine: str) -> None:
    found_by = {}
    for name in catalog.names("quality"):
        question = catalog.question(name, "quality")
        answers = [list(_texts(store.query(question.text), list(question.columns))) for store in faulty]
        assert answers[0] == answers[1], name
        found_by[name] = len(answers[0])
    assert len(found_by) >= 11
    assert all(found_by.values()), found_by


def _texts(rows: object, columns: list[str]) -> Iterator[list[str | None]]:
    """Give each cell as the text that an answer is made of; lists in an order of their own."""
    assert isinstance(rows, QuerySolutions)
    for row in rows:
        cells = [getattr(row[column], "value", None) or None for column in columns]
        yield [" ".join(sorted(cell.split())) if cell and " http" in cell else cell for cell in cells]
