"""Promise: behind Virtuoso a store keeps its word: what is stored comes back, no answer is cut off, no query writes."""

import urllib.parse
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pyoxigraph as ox
import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, QueryBoolean, QuerySolutions, QueryTriples

from picograph.kg.store import open_store
from picograph.kg.store.remote import RemoteStore
from picograph.kg.store.wire import Reply, Wire
from picograph.ontology.errors import StoreError, UsageError
from picograph.tests.servers import Virtuoso

ONE, TWO = NamedNode("http://example.org/graph/one"), NamedNode("http://example.org/graph/two%20and%2Fmore")
S, P = NamedNode("http://example.org/s%C3%A9/%2F"), NamedNode("http://example.org/p")
XSD = "http://www.w3.org/2001/XMLSchema#"
TERMS = [
    Literal("plain"),
    Literal(""),
    Literal(" spaces at both ends "),
    Literal('one "quote", \'\'\'apostrophes\'\'\' and """quotes"""'),
    Literal("\n a line end and spaces before, a tab behind \t"),
    Literal("rings \x07"),
    Literal("a line\nand another\r\nand\rone more\tand a tab"),
    Literal("back\\slash, \\n as two characters, and a last one \\"),
    Literal("é ß ≥ µ \u200b\u2028 \U0001d4b3 e\u0301"),
    Literal('"datatype": "http://www.w3.org/2001/XMLSchema#boolean", "value": "1"'),
    Literal("𝒳" * 3000),
    Literal("Niere", language="de"),
    Literal(400),
    Literal(-3),
    Literal("37.5", datatype=NamedNode(XSD + "decimal")),
    Literal("2014-04-01", datatype=NamedNode(XSD + "date")),
    Literal(True),
    Literal(False),
    NamedNode("https://doi.org/10.1002/(SICI)1097-0258(19980815)17:15%3C1661::AID-SIM968%3E3.0.CO;2-2"),
    NamedNode("http://example.org/é?a=b&c=d#char=1,2"),
]


def quads(graph: NamedNode, *terms: Literal | NamedNode) -> list[Quad]:
    return [Quad(S, P, term, graph) for term in terms]


@pytest.fixture
def store(empty_virtuoso: Virtuoso) -> Iterator[RemoteStore]:
    with open_store(empty_virtuoso.url) as opened:
        assert isinstance(opened, RemoteStore)
        yield opened


def put(store: RemoteStore, *graphs: list[Quad]) -> None:
    with store.write() as writer:
        for content in graphs:
            writer.replace(content[0].graph_name.value, content)


def test_every_term_comes_back_as_it_was(store: RemoteStore) -> None:
    put(store, quads(ONE, *TERMS))
    assert set(store.quads(ONE.value)) == set(quads(ONE, *TERMS))
    constructed = store.query(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {ONE} {{ ?s ?p ?o }} }}")
    assert isinstance(constructed, QueryTriples)
    assert {triple.object for triple in constructed} == set(TERMS)
    put(store, [Quad(BlankNode("b"), P, Literal(1), TWO)])
    [quad] = store.quads(TWO.value)
    assert isinstance(quad.subject, BlankNode)


def test_graphs_are_replaced_and_taken_out_and_only_ours_are_seen(store: RemoteStore) -> None:
    put(store, quads(ONE, Literal(1), Literal(2)), quads(TWO, Literal(2)))
    put(store, quads(ONE, Literal(3)))
    assert set(store.quads()) == {*quads(ONE, Literal(3)), *quads(TWO, Literal(2))}
    with store.write() as writer:
        writer.remove(ONE.value)
        writer.remove("http://example.org/graph/that-is-not-there")
    assert list(store.quads()) == quads(TWO, Literal(2))
    import rdflib

    found = {(str(s), str(o), str(g)) for s, _, o, g in store.graph().quads((None, None, None, None))}
    assert found == {(S.value, "2", TWO.value)}
    assert rdflib.URIRef(TWO.value) in {graph.identifier for graph in store.graph().graphs()}


def test_a_yes_or_no_is_one(store: RemoteStore) -> None:
    put(store, quads(ONE, Literal(1)))
    for object_, expected in (("1", True), ("2", False)):
        said = store.query(f"ASK {{ GRAPH {ONE} {{ ?s ?p {object_} }} }}")
        assert isinstance(said, QueryBoolean)
        assert bool(said) is expected


def test_the_data_set_that_a_query_names_is_the_one_it_has(store: RemoteStore) -> None:
    put(store, quads(ONE, Literal(1)), quads(TWO, Literal(2)))
    rows = store.query(f"SELECT ?o FROM {TWO} WHERE {{ ?s {P} ?o }}")
    assert isinstance(rows, QuerySolutions)
    assert [row["o"] for row in rows] == [Literal(2)]


def test_no_query_writes_although_this_address_takes_updates(store: RemoteStore) -> None:
    put(store, quads(ONE, Literal(1)))
    for text in (
        "DROP ALL",
        f"CLEAR GRAPH {ONE}",
        f"INSERT DATA {{ GRAPH {ONE} {{ {S} {P} 2 }} }}",
        f"INSERT {{ GRAPH {ONE} {{ ?s ?p 2 }} }} WHERE {{ SELECT ?s ?p {{ GRAPH {ONE} {{ ?s ?p ?o }} }} }}",
        "LOAD <http://127.0.0.1/file>",
        'DEFINE get:soft "soft" SELECT * FROM <http://127.0.0.1/file> WHERE { ?s ?p ?o }',
    ):
        with pytest.raises(UsageError, match=r"this is not SPARQL 1\.1"):
            store.query(text)
    assert list(store.quads()) == quads(ONE, Literal(1))


def test_an_answer_that_the_server_cuts_off_is_refused(empty_virtuoso: Virtuoso, tmp_path: Path) -> None:
    """Virtuoso gives the rows that it has by its time limit, with status 200: only a header says so."""
    file = tmp_path / "many.nq"
    lines = (f"<urn:s:{n}> <urn:p> <urn:o:{n % 50}> <urn:g> .\n" for n in range(20_000))
    file.write_text("".join(lines), "utf-8")
    empty_virtuoso.load(file)
    join = "?a <urn:p> ?o . ?b <urn:p> ?o . ?c <urn:p> ?o . FILTER (STR(?a) > STR(?c))"
    with (
        open_store(empty_virtuoso.query_url + "?timeout=1000") as store,
        pytest.raises(StoreError, match="not whole: it stopped at its own time limit") as caught,
    ):
        store.query(f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <urn:g> {{ {join} }} }}")
    assert caught.value.exit_code == 3


def test_what_stops_an_answer_after_its_beginning_is_told(store: RemoteStore) -> None:
    """Rows come as they are found, with status 200: what ends them is said where the next row would be."""
    with pytest.raises(StoreError, match=r"Error SR084: Division by 0") as caught:
        store.query("SELECT (STR(1/0) AS ?none) WHERE { }")
    assert caught.value.exit_code == 3


def test_who_may_write_is_asked_by_name(empty_virtuoso: Virtuoso) -> None:
    wrong = empty_virtuoso.url.replace("dba:dba@", "dba:wrong@")
    for url in (wrong, empty_virtuoso.url.replace("dba:dba@", ""), empty_virtuoso.query_url):
        with open_store(url) as store, pytest.raises(StoreError) as caught, store.write() as writer:
            writer.replace(ONE.value, quads(ONE, Literal(1)))
        assert "wrong" not in str(caught.value)
    # the plain query address is enough for who has a name: the others are known
    with open_store(empty_virtuoso.url.removesuffix("-auth")) as store:
        with store.write() as writer:
            writer.replace(ONE.value, quads(ONE, Literal(1)))
        assert "dba" not in store.location
        assert list(store.quads()) == quads(ONE, Literal(1))


def test_a_store_that_was_asked_before_is_written_at_the_same_address(empty_virtuoso: Virtuoso) -> None:
    with open_store(empty_virtuoso.url.removesuffix("-auth")) as store:
        assert list(store.quads()) == []
        with store.write() as writer:
            writer.replace(ONE.value, quads(ONE, Literal(1)))
        assert list(store.quads()) == quads(ONE, Literal(1))


def test_the_bulk_loader_of_the_tests_gives_the_same_graph(empty_virtuoso: Virtuoso, tmp_path: Path) -> None:
    file = tmp_path / "one.nq"
    file.write_bytes(ox.serialize(quads(ONE, *TERMS), format=ox.RdfFormat.N_QUADS))
    empty_virtuoso.load(file)
    with open_store(empty_virtuoso.query_url) as store:
        assert set(store.quads()) == set(quads(ONE, *TERMS))


def test_rows_too_long_for_it_to_sort_come_in_order(store: RemoteStore) -> None:
    things = [NamedNode(f"http://example.org/{'long' * 10}/{number}") for number in range(200)]
    put(store, [Quad(thing, P, Literal(number % 3), ONE) for number, thing in enumerate(things)])
    rows = store.query(
        f"SELECT ?n (COUNT(?s) AS ?of) (GROUP_CONCAT(STR(?s); SEPARATOR = ' ') AS ?all) WHERE {{ GRAPH {ONE} "
        f"{{ ?s {P} ?n }} }} GROUP BY ?n ORDER BY DESC(?n)"
    )
    found = [(row["n"].value, row["of"].value, len(row["all"].value.split())) for row in rows]  # type: ignore[union-attr]
    assert found == [("2", "66", 66), ("1", "67", 67), ("0", "67", 67)]


def test_what_is_marked_is_asked_first(store: RemoteStore, remote_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows stand in the query, and the answer is the same; a server that needs no such help is asked once."""
    things = [NamedNode(f"http://example.org/{number}") for number in range(5)]
    query = (
        f"SELECT ?s ?o WHERE {{\n# asked first: few\n{{ SELECT ?s WHERE {{ GRAPH ?g {{ ?s {P} {things[2]} }} }} }}\n"
        f"GRAPH {ONE} {{ ?s {P} ?o }} }}"
    )
    sent: list[str] = []
    ask = Wire.ask

    def noted(wire: Wire, method: str, url: str, body: bytes, headers: dict[str, str]) -> Reply:
        sent.append(urllib.parse.unquote_plus(body.decode()))
        return ask(wire, method, url, body=body, headers=headers)

    with open_store(remote_url) as other:
        assert isinstance(other, RemoteStore)
        for each in (store, other):
            put(each, [Quad(thing, P, thing_after, ONE) for thing, thing_after in pairwise(things)])
            with monkeypatch.context() as patch:
                patch.setattr(Wire, "ask", noted)
                rows = each.query(query)
            assert [(row["s"], row["o"]) for row in rows] == [(things[1], things[2])]  # type: ignore[union-attr]
    virtuoso_first, virtuoso_then, oxigraph = [text for text in sent if "SELECT" in text]
    assert "LIMIT" in virtuoso_first
    assert f"VALUES (?s) {{ ({things[1]}) }}" in virtuoso_then
    assert "# asked first" in oxigraph
