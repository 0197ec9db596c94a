"""Promise: every kind of store gives back exactly what was put in, whole or not at all, and says plainly what fails.

One suite runs on memory, a folder and a real server, the server spoken to in both ways.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QueryBoolean, QuerySolutions, QueryTriples

from picograph.kg.store import Store, default_folder, open_store
from picograph.ontology.errors import StoreError, UsageError
from picograph.tests.stores import KINDS, ONE, TWO, Kind, P, S, kind_of, put, quads

HAS = NamedNode("https://w3id.org/picograph/ontology/contentChecksum")
TEXTS = [
    "plain",
    "",
    " spaces at both ends ",
    'one "quote", three \'\'\'apostrophes\'\'\' and """quotes"""',
    "a line\nand another\r\nand\rone more\tand a tab",
    "back\\slash, \\n as two characters, \\u0041 as six, and a last one \\",
    "é ß ≥ µ \u200b\u2028\x85 \U0001d4b3 e\u0301",
    "<http://example.org/> # not a comment { } ?x $y SERVICE",
    "𝒳" * 3000,
]
TERMS = [
    *map(Literal, TEXTS),
    Literal("Niere", language="de"),
    Literal("kidney", language="en-gb"),
    Literal(400),
    Literal(-3),
    Literal(2**70),
    Literal("0.000000000000000001", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#decimal")),
    Literal("2014-04-01", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#date")),
    Literal(True),
    NamedNode("https://doi.org/10.1002/(SICI)1097-0258(19980815)17:15%3C1661::AID-SIM968%3E3.0.CO;2-2"),
    NamedNode("http://example.org/é?a=b&c=d#char=1,2"),
]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    return kind_of(request, tmp_path)


@pytest.fixture
def store(kind: Kind) -> Iterator[Store]:
    with kind.reopened() as opened:
        yield opened


# --- every kind of store --------------------------------------------------------------------------------------


def test_every_kind_is_tried() -> None:
    assert len(KINDS) == len(set(KINDS)) == 4
    assert len(TERMS) == 19
    assert len(BAD_QUERIES) == 9


def test_every_term_comes_back_as_it_was(store: Store, kind: Kind) -> None:
    put(store, one=quads(ONE, *TERMS))
    assert set(store.quads(ONE)) == set(quads(ONE, *TERMS))
    assert set(kind.reopened().quads(ONE)) == set(quads(ONE, *TERMS))


def test_select_ask_construct_and_describe(store: Store) -> None:
    put(store, one=quads(ONE, Literal(1), Literal(2)))
    rows = store.query("SELECT ?o WHERE { ?s ?p ?o } ORDER BY DESC(?o)")
    assert isinstance(rows, QuerySolutions)
    assert [row["o"] for row in rows] == [Literal(2), Literal(1)]
    yes, no = store.query("ASK { ?s ?p 1 }"), store.query("ASK { ?s ?p 3 }")
    assert isinstance(yes, QueryBoolean)
    assert isinstance(no, QueryBoolean)
    assert (bool(yes), bool(no)) == (True, False)
    for query in ("CONSTRUCT { ?o ?o ?s } WHERE { ?s ?p ?o }", f"CONSTRUCT {{ ?s {P} ?o }} WHERE {{ ?s ?p ?o }}"):
        triples = store.query(query)
        assert isinstance(triples, QueryTriples)
        assert len(list(triples)) == (0 if "?o ?o" in query else 2)
    described = store.query(f"DESCRIBE {S}")
    assert isinstance(described, QueryTriples)
    assert {triple.object for triple in described} == {Literal(1), Literal(2)}


def test_the_default_graph_is_the_union(store: Store) -> None:
    put(store, one=quads(ONE, Literal(1)), two=quads(TWO, Literal(2)))
    rows = store.query("SELECT ?a ?b WHERE { ?s ?p ?a, ?b FILTER(?a < ?b) }")
    assert [(row["a"], row["b"]) for row in rows] == [(Literal(1), Literal(2))]  # type: ignore[union-attr]
    rows = store.query("SELECT ?g ?o WHERE { GRAPH ?g { ?s ?p ?o } } ORDER BY ?o")
    assert [(row["g"].value, row["o"]) for row in rows] == [(ONE, Literal(1)), (TWO, Literal(2))]  # type: ignore[union-attr]


@pytest.mark.parametrize("clause", ["FROM <{one}>", "FROM<{one}>", "from <{one}>", "FROM g:one", "FROM NAMED <{two}>"])
def test_a_query_has_the_data_set_that_it_names(store: Store, clause: str) -> None:
    """Oxigraph ignores FROM where it is told that the default graph is the union."""
    put(store, one=quads(ONE, Literal(1)), two=quads(TWO, Literal(2)))
    prefix = "PREFIX g: <http://example.org/graph/> # from all\n"
    rows = store.query(f"{prefix} SELECT (?o AS ?from) {clause.format(one=ONE, two=TWO)} WHERE {{ ?s ?p ?o }}")
    expected = [] if "NAMED" in clause else [Literal(1)]
    assert [row["from"] for row in rows] == expected  # type: ignore[union-attr]
    rows = store.query("PREFIX from: <http://from/> SELECT ?o { ?s ?p ?o FILTER (?o != 'FROM') } ORDER BY ?o")
    assert [row["o"] for row in rows] == [Literal(1), Literal(2)]  # type: ignore[union-attr]


def test_a_graph_is_replaced_whole_and_the_other_stays(store: Store, kind: Kind) -> None:
    put(store, one=quads(ONE, Literal(1), Literal(2)), two=quads(TWO, Literal(2)))
    put(store, one=quads(ONE, Literal(2), Literal(3)))
    after = set(quads(ONE, Literal(2), Literal(3))) | set(quads(TWO, Literal(2)))
    assert set(store.quads()) == set(kind.reopened().quads()) == after
    put(store, one=quads(ONE, Literal(2), Literal(3)))
    assert sorted(map(str, store.quads())) == sorted(map(str, after))


def test_a_graph_is_taken_out(store: Store) -> None:
    put(store, one=quads(ONE, Literal(1)), two=quads(TWO, Literal(2)))
    with store.write() as writer:
        writer.remove(ONE)
        writer.remove("http://example.org/graph/that-is-not-there")
    assert list(store.quads()) == quads(TWO, Literal(2))
    assert list(store.quads(ONE)) == []


def test_a_graph_can_be_made_empty(store: Store) -> None:
    put(store, one=quads(ONE, Literal(1)))
    with store.write() as writer:
        writer.replace(ONE, [])
    assert list(store.quads()) == []


def test_checksums_are_those_that_graphs_state_of_themselves(store: Store) -> None:
    def stated(graph: str, about: str, checksum: str) -> list[Quad]:
        return [Quad(NamedNode(about), HAS, Literal(checksum), NamedNode(graph)), *quads(graph, Literal(1))]

    assert store.checksums() == {}
    put(store, one=stated(ONE, ONE, "a1"), two=stated(TWO, ONE, "b2"))
    assert store.checksums() == {ONE: "a1"}
    put(store, two=stated(TWO, TWO, "c3"))
    assert store.checksums() == {ONE: "a1", TWO: "c3"}


def test_a_block_that_fails_leaves_an_embedded_store_as_it_was(store: Store, kind: Kind) -> None:
    put(store, one=quads(ONE, Literal(1)))
    with contextlib.suppress(ZeroDivisionError), store.write() as writer:
        writer.replace(TWO, quads(TWO, Literal(2)))
        _ = 1 / 0
    left = set(kind.reopened().quads())
    if kind.name in ("memory", "folder"):
        assert left == set(quads(ONE, Literal(1)))
    else:  # each graph is a request of its own; no graph is half there
        assert left == set(quads(ONE, Literal(1))) | set(quads(TWO, Literal(2)))


def test_rdflib_reads_the_same_data(store: Store, kind: Kind) -> None:
    import rdflib

    put(store, one=quads(ONE, Literal(1), Literal("two")), two=quads(TWO, Literal(1)))
    dataset = store.graph()
    s, p = rdflib.URIRef(S.value), rdflib.URIRef(P.value)
    found = {(str(s), str(o), str(g)) for s, _, o, g in dataset.quads((None, None, None, None))}
    assert found == {(S.value, "1", ONE), (S.value, "two", ONE), (S.value, "1", TWO)}
    assert {str(graph.identifier) for graph in dataset.graphs()} >= {ONE, TWO}
    assert set(dataset.objects(s, p)) == {rdflib.Literal(1), rdflib.Literal("two")}
    assert set(dataset.subjects(p, rdflib.Literal("two"))) == {s}
    assert (s, p, rdflib.Literal(1)) in dataset
    assert (s, p, rdflib.Literal(3)) not in dataset
    assert set(dataset.graph(TWO).objects(s, p)) == {rdflib.Literal(1)}
    assert len(dataset.graph(ONE)) == 2
    assert len(dataset) == 2
    rows = dataset.query("SELECT ?o ?g WHERE { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g ?o")
    assert [(str(row.o), str(row.g)) for row in rows] == [("1", ONE), ("two", ONE), ("1", TWO)]
    assert len(dataset.query("SELECT DISTINCT ?o WHERE { ?s ?p ?o }")) == 2
    assert dataset.query("ASK { ?s ?p 'two' }").askAnswer is True
    assert len(dataset.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }").graph) == 2
    with pytest.raises(UsageError, match="SERVICE"):
        dataset.query("SELECT * WHERE { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }")
    put(store, one=quads(ONE, Literal(5)))
    again = kind.reopened().graph()
    assert set(again.graph(ONE).objects(s, p)) == {rdflib.Literal(5)}


BAD_QUERIES = [
    "",
    "SELECT",
    "SELECT * WHERE { ?s ?p",
    "what is known about sorafenib?",
    "SELECT ?x WHERE { ?s ex:p ?x }",
    "INSERT DATA { <http://example.org/s> <http://example.org/p> 1 }",
    "DROP ALL",
    "LOAD <http://127.0.0.1/file>",
    "SELECT * WHERE { ?s ?p ?o } ; DROP ALL",
]


@pytest.mark.parametrize("query", BAD_QUERIES)
def test_what_is_no_query_is_refused_and_changes_nothing(store: Store, query: str) -> None:
    put(store, one=quads(ONE, Literal(1)))
    with pytest.raises(UsageError, match="this is not SPARQL") as caught:
        store.query(query)
    assert caught.value.exit_code == 2
    assert caught.value.where
    assert caught.value.remedy
    assert len(str(caught.value)) < 500
    assert list(store.quads()) == quads(ONE, Literal(1))


# --- which store ----------------------------------------------------------------------------------------------


def test_the_default_store_is_in_the_users_data_folder(own_home: Path) -> None:
    assert default_folder().is_relative_to(own_home)
    assert open_store().location == str(default_folder())
    assert not default_folder().exists(), "opening makes nothing"


def test_what_is_no_store_at_all_is_refused(tmp_path: Path) -> None:
    for location in ("ftp://127.0.0.1/query", "file:///tmp/x", "s3://bucket"):
        with pytest.raises(StoreError, match="not a kind of store") as caught:
            open_store(location)
        assert caught.value.exit_code == 3
