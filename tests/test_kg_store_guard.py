"""Promise: no query asks an address that its user did not name, and none is too deep to be read."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from pyoxigraph import Literal, QuerySolutions

from picograph.kg.store import Store, open_store
from picograph.kg.store.guard import DEEPEST, LONGEST, form_of, refuse_service
from picograph.kg.store.remote import RemoteStore
from picograph.ontology.errors import UsageError
from picograph.tests.loopback import Far, far_away
from picograph.tests.stores import KINDS, ONE, Kind, kind_of, put, quads

# --- SERVICE --------------------------------------------------------------------------------------------------

FAR = "http://127.0.0.1:{port}/sparql"
HIDDEN = [
    "SELECT * WHERE {{ SERVICE <FAR> {{ ?s ?p ?o }} }}",
    "SELECT * WHERE {{ service silent <FAR> {{ ?s ?p ?o }} }}",
    "SELECT * WHERE {{ SeRvIcE<FAR>{{ ?s ?p ?o }} }}",
    "SELECT * WHERE {{ # '''\n SERVICE <FAR> {{ ?s ?p ?o }} # '''\n }}",
    "SELECT * WHERE {{ BIND('it''s' AS ?x) SERVICE <FAR> {{ ?s ?p ?o }} }}",
    'SELECT * WHERE {{ BIND("\\"" AS ?x) SERVICE <FAR> {{ ?s ?p "o" }} }}',
    "SELECT * WHERE {{ BIND('''a''''' AS ?x) SERVICE <FAR> {{ ?s ?p '''o''' }} }}",
    "SELECT * WHERE {{ \\u0053ERVICE <FAR> {{ ?s ?p ?o }} }}",
    "SELECT * WHERE {{ \\U00000053ERV\\u0049CE <FAR> {{ ?s ?p ?o }} }}",
    "SELECT * WHERE {{ BIND('\\u0027 AS ?x) SERVICE <FAR> {{ ?s ?p '' }} }}",
    "PREFIX : <FAR> SELECT * WHERE {{ SERVICE: {{ ?s ?p ?o }} }}",
    "PREFIX : <FAR#> SELECT * WHERE {{ SERVICE:x{{ ?s ?p ?o }} }}",
    "SELECT * WHERE {{ OPTIONAL {{ ?s ?p 1 }} FILTER(1<2)SERVICE#>\n<FAR>{{ ?s ?p ?o }} }}",
    "SELECT * WHERE {{ ?s ?p 1SERVICE <FAR> {{ ?s ?p ?o }} }}",
    "SELECT * WHERE {{ ?s ?p trueSERVICE <FAR> {{ ?s ?p ?o }} }}",
    "SELECT * WHERE {{ ?s ?p 1 SERVICESILENT<FAR>{{ ?s ?p ?o }} }}",
    "PREFIX e: <http://e/> SELECT * WHERE {{ ?s ?p e:.SERVICE<FAR>{{ ?s ?p ?o }} }}",
    "PREFIX e: <http://e/> SELECT * WHERE {{ OPTIONAL {{ ?s ?p e:a\\# }} SERVICE <FAR> {{ ?s ?p ?o }}\n }}",
    "PREFIX e: <http://e/> SELECT * WHERE {{ OPTIONAL {{ ?s ?p e:a\\' }} SERVICE <FAR> {{ ?s ?p 'o' }} }}",
    "SELECT * WHERE {{ ?s ?p ?a FILTER(?a<?b#>'''\n)SERVICE<FAR>{{ ?s ?p ?o }}#'''\n }}",
    "SELECT * WHERE {{ ?s ?p ?a FILTER(?a<'>')SERVICE <FAR> {{ ?s ?p 'o' }} }}",
    "SELECT * WHERE {{ {{ SELECT * WHERE {{ SERVICE <FAR> {{ ?s ?p ?o }} }} }} }}",
    "ASK {{ FILTER EXISTS {{ SERVICE <FAR> {{ ?s ?p ?o }} }} }}",
    "SELECT * WHERE {{ VALUES ?far {{ <FAR> }} SERVICE ?far {{ ?s ?p ?o }} }}",
]
HARMLESS = [
    "SELECT ?service WHERE { ?service ?p 'SERVICE' }",
    "SELECT $SERVICE WHERE { $SERVICE ?p ?o }",
    "SELECT * WHERE { ?s ?p ?o } # SERVICE <http://127.0.0.1/> { }",
    "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> SELECT * WHERE { ?s a sd:Service }",
    'SELECT * WHERE { ?s ?p """ SERVICE <http://127.0.0.1/> { " } """ }',
    "SELECT * WHERE { ?s <http://example.org/(a)/service#x> ?o FILTER(?o<?s && ?s>?o) }",
    "SELECT * WHERE { ?s ?p 'caf\\u00E9' }",
    "PREFIX e: <http://e/> SELECT * WHERE { ?s e:service e:a-service , e:a%20service , e:a\\'service }",
]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    return kind_of(request, tmp_path)


@pytest.fixture
def store(kind: Kind) -> Iterator[Store]:
    with kind.reopened() as opened:
        yield opened


@pytest.fixture(scope="module")
def far() -> Iterator[Far]:
    with far_away() as server:
        yield server


def hidden(template: str, far: Far) -> str:
    return template.replace("FAR", FAR.format(port=far.port)).replace("{{", "{").replace("}}", "}")


def test_the_engine_would_ask_if_it_were_let(far: Far) -> None:
    """Without the guard these queries do reach the other server: so the next test can fail."""
    reached = 0
    for template in HIDDEN:
        before = len(far.asked)
        with contextlib.suppress(SyntaxError, OSError, ValueError, RuntimeError):
            engine = ox.Store()
            engine.extend(quads(ONE, Literal(1), Literal(True)))
            result = engine.query(hidden(template, far), use_default_graph_as_union=True)
            if isinstance(result, QuerySolutions):
                list(result)
        reached += len(far.asked) > before
    assert reached >= 12, f"only {reached} of {len(HIDDEN)} reach the server"


@pytest.mark.parametrize("template", HIDDEN)
def test_no_query_asks_an_address_that_was_not_named(store: Store, far: Far, template: str) -> None:
    before = len(far.asked)
    if not isinstance(store, RemoteStore):
        put(store, one=quads(ONE, Literal(1)))
    with pytest.raises(UsageError, match="SERVICE") as caught:
        store.query(hidden(template, far))
    assert caught.value.exit_code == 2
    assert len(far.asked) == before


@pytest.mark.parametrize("query", HARMLESS)
def test_the_word_alone_is_no_harm(store: Store, query: str) -> None:
    put(store, one=quads(ONE, Literal(1)))
    refuse_service(query)
    assert isinstance(store.query(query), QuerySolutions)


def test_no_sweep_is_empty() -> None:
    assert (len(HIDDEN), len(HARMLESS), len(DEEP)) == (24, 8, 11)


# --- queries that would end the process -----------------------------------------------------------------------


N = 20_000
DEEP = {
    "groups": "SELECT * WHERE " + "{" * N + "}" * N,
    "brackets": "SELECT * WHERE { BIND(" + "(" * N + "1" + ")" * N + " AS ?x) }",
    "unclosed": "SELECT * WHERE " + "{" * N,
    "lists": "SELECT * WHERE { " + "(" * N + "1" + ")" * N + " ?p ?o }",
    "not": "SELECT * WHERE { BIND(" + "!" * N + "1 AS ?x) }",
    "and": "SELECT * WHERE { FILTER(1=1" + " && 1=1" * N + ") }",
    "plus": "SELECT * WHERE { BIND(1" + "+1" * N + " AS ?x) }",
    "path": "SELECT * WHERE { ?s <http://e/p>" + "/<http://e/p>" * N + " ?o }",
    "union": "SELECT * WHERE { {?s ?p ?o}" + " UNION {?s ?p ?o}" * N + " }",
    "filters": "SELECT * WHERE { ?s ?p ?o " + "FILTER(?o=1) " * N + "}",
    "exists": "SELECT * WHERE { " + "FILTER EXISTS {" * N + "?s ?p ?o" + "}" * N + " }",
}


@pytest.mark.parametrize("name", DEEP)
def test_a_query_too_deep_for_the_engine_is_refused_before_it_runs(name: str, tmp_path: Path) -> None:
    """The engine would end this very process, and the test with it."""
    for location in (":memory:", tmp_path / "store"):
        store = open_store(location)
        put(store, one=quads(ONE, Literal(1)))
        with pytest.raises(UsageError, match="are allowed"):
            store.query(DEEP[name])


def test_long_queries_that_are_not_deep_run() -> None:
    store = open_store(":memory:")
    put(store, one=quads(ONE, Literal(1)))
    depth = DEEPEST - 2
    assert len(list(store.query("SELECT * WHERE { " + "{" * depth + "?s ?p ?o" + "}" * depth + " }"))) == 1  # type: ignore[arg-type]
    terms = " ".join(f"({n} 1.5 <http://example.org/a/b-c#d;e>)" for n in range(20 * LONGEST))
    rows = store.query(f"SELECT ?o WHERE {{ VALUES (?o ?b ?c) {{ {terms} }} ?s ?p ?o }}")
    assert len(list(rows)) == 1  # type: ignore[arg-type]
    names = ", ".join(f'"a+b*c!{n}"' for n in range(2 * LONGEST))
    assert len(list(store.query(f"SELECT ?o WHERE {{ ?s ?p ?o FILTER(?o NOT IN ({names})) }}"))) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("PREFIX select: <http://e/ask> ASK { ?s select:x 'CONSTRUCT' }", "ASK"),
        ("# SELECT\nCONSTRUCT WHERE { ?s ?p ?o }", "CONSTRUCT"),
        ("BASE <http://e/DESCRIBE> describe <x>", "DESCRIBE"),
        ("select(1 AS ?ask) {}", "SELECT"),
        ("DROP ALL", None),
    ],
)
def test_the_form_of_a_query_is_known(query: str, form: str | None) -> None:
    assert form_of(query) == form
