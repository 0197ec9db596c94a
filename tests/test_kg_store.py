"""Promise: every kind of store gives back exactly what was put in, whole or not at all, and says plainly what fails.

One suite runs on memory, a folder and a real server, the server spoken to in both ways. A kill, a full disk, a second
writer and damaged files are real ones: processes that die, writes that the system refuses.
"""

import contextlib
import email.utils
import errno
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pyoxigraph as ox
import pytest
from pyoxigraph import Literal, NamedNode, Quad, QueryBoolean, QuerySolutions, QueryTriples

from picograph.kg.load import example, load
from picograph.kg.store import Store, default_folder, embedded, open_store, settled
from picograph.kg.store.guard import DEEPEST, LONGEST, form_of, refuse_service
from picograph.kg.store.remote import RemoteStore
from picograph.kg.store.sources import SourceShelf
from picograph.ontology.errors import PicographError, StoreError, UsageError

KINDS = ("memory", "folder", "remote by graph store", "remote by update")
ONE, TWO = "http://example.org/graph/one", "http://example.org/graph/two%20and%2Fmore"
S, P = NamedNode("http://example.org/s%C3%A9/%2F"), NamedNode("http://example.org/p")
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


def quads(graph: str, *terms: NamedNode | Literal) -> list[Quad]:
    return [Quad(S, P, term, NamedNode(graph)) for term in terms]


def put(store: Store, **graphs: list[Quad]) -> None:
    with store.write() as writer:
        for content in graphs.values():
            writer.replace(content[0].graph_name.value, content)


class Kind(NamedTuple):
    """A kind of store: how one is opened, again and again over the same data."""

    name: str
    reopened: Callable[[], Store]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    if request.param == "memory":
        memory = open_store(":memory:")
        return Kind(request.param, lambda: memory)
    if request.param == "folder":
        return Kind(request.param, lambda: open_store(tmp_path / "store"))
    url = request.getfixturevalue("remote_url")
    update = url.removesuffix("query") + "update" if request.param == "remote by update" else None
    return Kind(request.param, lambda: open_store(url, update_endpoint=update))


@pytest.fixture
def store(kind: Kind) -> Iterator[Store]:
    with kind.reopened() as opened:
        yield opened


# --- every kind of store ----------------------------------------------------------------------------------------


def test_every_kind_is_tried() -> None:
    assert len(KINDS) == len(set(KINDS)) == 4
    assert len(TERMS) == 19


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


# --- SERVICE ----------------------------------------------------------------------------------------------------

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


class _Far(NamedTuple):
    """A server that would be asked, and how often it was."""

    port: int
    asked: list[str]


@contextlib.contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[int]:
    """A server on loopback that does with each request what a test wants; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with contextlib.suppress(OSError):
                answer(self)

        do_GET = do_PUT = do_POST  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def send(
    to: BaseHTTPRequestHandler, body: bytes, media_type: str, status: int = 200, length: int | None = None
) -> None:
    to.send_response(status)
    to.send_header("Content-Type", media_type)
    to.send_header("Content-Length", str(len(body) if length is None else length))
    to.end_headers()
    to.wfile.write(body)


@pytest.fixture(scope="module")
def far() -> Iterator[_Far]:
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        send(request, b'{"head":{"vars":["s"]},"results":{"bindings":[]}}', "application/sparql-results+json")

    with serving(answer) as port:
        yield _Far(port, asked)


def hidden(template: str, far: _Far) -> str:
    return template.replace("FAR", FAR.format(port=far.port)).replace("{{", "{").replace("}}", "}")


def test_the_engine_would_ask_if_it_were_let(far: _Far) -> None:
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
def test_no_query_asks_an_address_that_was_not_named(store: Store, far: _Far, template: str) -> None:
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


def test_both_sweeps_are_not_empty() -> None:
    assert (len(HIDDEN), len(HARMLESS), len(BAD_QUERIES)) == (24, 8, 9)


# --- queries that would end the process -------------------------------------------------------------------------

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


# --- which store ------------------------------------------------------------------------------------------------


def test_the_default_store_is_in_the_users_data_folder(own_home: Path) -> None:
    assert default_folder().is_relative_to(own_home)
    assert open_store().location == str(default_folder())
    assert not default_folder().exists(), "opening makes nothing"


def test_what_is_no_store_at_all_is_refused(tmp_path: Path) -> None:
    for location in ("ftp://127.0.0.1/query", "file:///tmp/x", "s3://bucket"):
        with pytest.raises(StoreError, match="not a kind of store") as caught:
            open_store(location)
        assert caught.value.exit_code == 3


# --- the folder -------------------------------------------------------------------------------------------------


def generations(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("generation-"))


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def numbers(folder: Path) -> set[str]:
    with open_store(folder) as store:
        return {quad.object.value for quad in store.quads()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open_store(tmp_path / "store") as store:
        put(store, one=quads(ONE, Literal(1)))
    return tmp_path / "store"


def test_a_folder_that_is_not_there_says_so_and_is_made_by_the_first_write(tmp_path: Path) -> None:
    store = open_store(tmp_path / "a" / "b")
    assert store.checksums() == {}
    for ask in (lambda: store.query("ASK {}"), store.quads, store.graph):
        with pytest.raises(StoreError, match="no store here yet") as caught:
            ask()
        assert caught.value.exit_code == 3
        assert "picograph load" in caught.value.remedy
    assert not (tmp_path / "a").exists()
    put(store, one=quads(ONE, Literal(1)))
    assert list(store.quads()) == quads(ONE, Literal(1))


def test_an_empty_folder_may_become_a_store(tmp_path: Path) -> None:
    put(open_store(tmp_path), one=quads(ONE, Literal(1)))
    assert numbers(tmp_path) == {"1"}


def test_a_folder_or_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "thesis.txt").write_text("all of it")
    (tmp_path / "file").write_text("x")
    bare = tmp_path / "bare"
    ox.Store(str(bare)).flush()
    assert (bare / "CURRENT").exists(), "a bare Oxigraph folder has a file of the same name as ours"
    for path in (tmp_path / "notes", tmp_path / "file", bare):
        with pytest.raises(StoreError, match="not a picograph store") as caught:
            open_store(path)
        assert caught.value.exit_code == 3
        assert "CURRENT" not in str(caught.value)
    assert (tmp_path / "notes" / "thesis.txt").read_text() == "all of it"


def test_paths_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be written"), open_store(tmp_path / "file" / "store").write():
        pass
    with pytest.raises(StoreError, match="cannot be read"):
        open_store(tmp_path / ("long" * 100))


@pytest.mark.parametrize("content", [b"", b"generation-", b"../../etc", b"\xff\xfe", b"generation-000001 generation-2"])
def test_a_damaged_current_file_is_told_and_not_guessed(folder: Path, content: bytes) -> None:
    (folder / "CURRENT").write_bytes(content)
    before = snapshot(folder)
    with pytest.raises(StoreError, match="CURRENT file names no generation") as caught:
        open_store(folder).query("ASK {}")
    assert "newest generation" in caught.value.remedy
    with pytest.raises(StoreError, match="CURRENT"), open_store(folder).write():
        pass
    assert snapshot(folder).items() >= before.items()
    (folder / "CURRENT").write_text(generations(folder)[-1])
    assert numbers(folder) == {"1"}


def test_a_current_file_that_names_nothing_or_is_a_folder(folder: Path) -> None:
    kept = generations(folder)
    (folder / "CURRENT").write_text("generation-000077\n")
    with pytest.raises(StoreError, match="No such file"):
        open_store(folder).query("ASK {}")
    with pytest.raises(StoreError, match="generation-000077, which is not there"):
        put(open_store(folder), one=quads(ONE, S))
    assert generations(folder) == kept, "nothing is swept while it is not known what is whole"
    (folder / "CURRENT").write_text(kept[0])
    assert numbers(folder) == {"1"}
    (folder / "CURRENT").unlink()
    (folder / "CURRENT").mkdir()
    with pytest.raises(StoreError, match="cannot be read"):
        open_store(folder).query("ASK {}")


def test_generations_are_not_swept_away_when_the_current_file_is_lost(folder: Path) -> None:
    put(open_store(folder), two=quads(TWO, Literal(2)))
    kept = generations(folder)
    (folder / "CURRENT").unlink()
    with pytest.raises(StoreError, match="CURRENT file is missing"), open_store(folder).write():
        pass
    assert generations(folder) == kept
    (folder / "CURRENT").write_text(kept[-1])
    assert numbers(folder) == {"1", "2"}


def test_damaged_data_are_told(folder: Path) -> None:
    tables = list(folder.glob("generation-*/quads/*.sst"))
    assert tables
    for path in tables:
        content = bytearray(path.read_bytes())
        content[len(content) // 3 :] = b"\xff" * (len(content) - len(content) // 3)
        path.write_bytes(content)
    store = open_store(folder)
    for attempt in (
        lambda: store.checksums(),
        lambda: list(store.quads()),
        lambda: store.query("ASK { ?s ?p ?o }"),
        lambda: put(store, one=quads(ONE, S)),
    ):
        with pytest.raises(StoreError, match="cannot be"):
            attempt()


def test_a_reader_keeps_its_generation_and_a_new_one_sees_the_new(folder: Path) -> None:
    early = open_store(folder)
    assert {quad.object.value for quad in early.quads()} == {"1"}
    first = generations(folder)
    put(open_store(folder), one=quads(ONE, Literal(2)))
    assert {quad.object.value for quad in early.quads()} == {"1"}
    assert numbers(folder) == {"2"}
    assert len(generations(folder)) == 2, "the one that is read is kept"
    put(open_store(folder), one=quads(ONE, Literal(3)))
    assert {quad.object.value for quad in early.quads()} == {"1"}
    assert len(generations(folder)) == 2, "the one between, which nobody reads, is swept"
    assert generations(folder)[0] == first[0]
    early.close()
    put(open_store(folder), one=quads(ONE, Literal(4)))
    assert len(generations(folder)) == 1
    assert {quad.object.value for quad in early.quads()} == {"4"}, "after closing it opens the current one"


def test_many_writes_are_each_whole_and_leave_one_generation(folder: Path) -> None:
    store = open_store(folder)
    with store.many_writes():
        put(store, one=quads(ONE, Literal(2)))
        assert numbers(folder) == {"2"}, "each is there when it ends"
        put(store, two=quads(TWO, Literal(3)))
        assert numbers(folder) == {"2", "3"}
        with pytest.raises(TypeError), store.write() as writer:
            writer.replace(ONE, [*quads(ONE, Literal(4)), None])  # type: ignore[list-item]
        assert numbers(folder) == {"2", "3"}, "a failed one leaves nothing, neither now"
        put(store, two=quads(TWO, Literal(5)))
        assert numbers(folder) == {"2", "5"}, "nor with the next one"
        put(open_store(folder), one=quads(ONE, Literal(6)))
        put(store, two=quads(TWO, Literal(7)))
        assert numbers(folder) == {"6", "7"}, "what another writer wrote meanwhile is kept"
        assert {quad.object.value for quad in store.quads()} == {"6", "7"}
    assert len(generations(folder)) == 1
    put(store, one=quads(ONE, Literal(8)))
    assert numbers(folder) == {"8", "7"}


def test_many_writes_that_are_killed_leave_the_last_whole_one(folder: Path) -> None:
    script = """
        with store.many_writes():
            for number in range(2, 4):
                with store.write() as writer:
                    writer.replace("http://example.org/graph/one", quads("http://example.org/graph/one", number))
            with store.write() as writer:
                writer.replace("http://example.org/graph/one", quads("http://example.org/graph/one", 9))
                die()
    """
    with process(script, folder) as killed:
        killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert numbers(folder) == {"3"}
    assert len(generations(folder)) == 3, "the copy that was open, and the one under way, are left"
    put(open_store(folder), two=quads(TWO, Literal(1)))
    assert numbers(folder) == {"3", "1"}
    assert len(generations(folder)) == 1


def test_a_reader_in_another_process_keeps_its_generation(folder: Path) -> None:
    script = """
        store.query("ASK {}")
        print("ready", flush=True)
        sys.stdin.readline()
        print(sorted(quad.object.value for quad in store.quads()))
    """
    with running(script, folder) as reader:
        put(open_store(folder), one=quads(ONE, Literal(2)))
        assert len(generations(folder)) == 2
        said, _ = reader.communicate(b"go on\n", timeout=60)
        assert said.decode().strip() == "['1']"
    put(open_store(folder), one=quads(ONE, Literal(3)))
    assert len(generations(folder)) == 1


def test_what_a_store_wrote_it_reads(folder: Path) -> None:
    with open_store(folder) as store:
        for number in range(2, 5):
            with store.write() as writer:
                writer.replace(ONE, quads(ONE, Literal(number)))
            assert {quad.object.value for quad in store.quads()} == {str(number)}
            assert len(generations(folder)) == 1
        with pytest.raises(ValueError, match="has ended"):
            writer.replace(ONE, quads(ONE, Literal(9)))
    assert numbers(folder) == {"4"}


SCRIPT = """
import os, signal, sys
from pathlib import Path
from pyoxigraph import Literal, NamedNode, Quad
from picograph.kg.store import embedded, open_store

def quads(graph, number):
    s, p = NamedNode("http://example.org/s"), NamedNode("http://example.org/p")
    return [Quad(s, p, Literal(number), NamedNode(graph))]

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

store = open_store(sys.argv[1])
"""


def process(script: str, folder: Path) -> subprocess.Popen[bytes]:
    lines = [line.removeprefix("        ") for line in script.splitlines()]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT + "\n".join(lines), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


@contextlib.contextmanager
def running(script: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has said that it is ready, and is gone afterwards."""
    with process(script, folder) as started:
        try:
            assert started.stdout is not None
            assert started.stdout.readline() == b"ready\n"
            yield started
        finally:
            started.kill()
            started.wait()


def test_a_second_writer_gets_a_clear_error_and_the_first_goes_on(folder: Path) -> None:
    script = f"""
        with store.write() as writer:
            writer.replace("{TWO}", quads("{TWO}", 2))
            print("ready", flush=True)
            sys.stdin.readline()
    """
    with running(script, folder) as first:
        with pytest.raises(StoreError, match="another program is writing") as caught, open_store(folder).write():
            raise AssertionError("two writers at once")
        assert caught.value.exit_code == 3
        assert caught.value.where == str(folder)
        assert numbers(folder) == {"1"}, "reading goes on, and sees nothing half done"
        first.communicate(b"go on\n", timeout=60)
        assert first.returncode == 0
    assert numbers(folder) == {"1", "2"}
    put(open_store(folder), one=quads(ONE, Literal(5)))
    assert numbers(folder) == {"5", "2"}


def test_a_second_writer_in_the_same_program_too(folder: Path) -> None:
    store = open_store(folder)
    with store.write(), pytest.raises(StoreError, match="another program"), store.write():
        raise AssertionError("two writers at once")


BLOCK = f'''
        with store.write() as writer:
            KILL_BEFORE
            writer.replace("{ONE}", quads("{ONE}", 8))
            KILL_BETWEEN
            writer.replace("{TWO}", quads("{TWO}", 9))
            KILL_AFTER
'''
MOMENTS = {
    "before the copy": "embedded.OxigraphWriter.__init__ = die",
    "before the first graph": "KILL_BEFORE",
    "between two graphs": "KILL_BETWEEN",
    "after the last graph": "KILL_AFTER",
    "before CURRENT is written": "embedded.FolderStore._make_current = die",
    "before CURRENT is renamed": "Path.replace = die",
    "after CURRENT is renamed": "embedded.sync_folder = die",
}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a kill that nothing can catch is a thing of POSIX")
@pytest.mark.parametrize("existing", [True, False], ids=["into a store", "into nothing"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_leaves_the_last_whole_generation(folder: Path, moment: str, existing: bool) -> None:
    if not existing:
        shutil.rmtree(folder)
    script = BLOCK
    for name in ("KILL_BEFORE", "KILL_BETWEEN", "KILL_AFTER"):
        script = script.replace(name, "die()" if MOMENTS[moment] == name else "pass")
    if not MOMENTS[moment].startswith("KILL"):
        script = "        " + MOMENTS[moment] + script
    with process(script, folder) as victim:
        assert victim.wait(60) == -signal.SIGKILL
    done = moment == "after CURRENT is renamed"
    if existing or done:
        assert numbers(folder) == ({"8", "9"} if done else {"1"})
    else:
        with pytest.raises(StoreError, match="no store here yet"):
            open_store(folder).query("ASK {}")
    left = generations(folder)
    put(open_store(folder), one=quads(ONE, Literal(5)))
    assert numbers(folder) == ({"5", "9"} if done else {"5"})
    assert len(generations(folder)) == 1, f"the half one is swept: {left}"
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == ["CURRENT", "writer.lock"]


def test_a_block_that_fails_leaves_no_trace(folder: Path) -> None:
    def fail(failure: BaseException) -> None:
        with open_store(folder).write() as writer:
            writer.replace(ONE, quads(ONE, Literal(8)))
            raise failure

    before = snapshot(folder)
    for failure in (ZeroDivisionError(), KeyboardInterrupt(), UsageError("not now")):
        with pytest.raises(type(failure)):
            fail(failure)
        assert generations(folder) == ["generation-000001"]
    assert snapshot(folder) == before


@pytest.mark.parametrize("first", ["CURRENT", "the first write"])
def test_a_full_disk_leaves_the_store_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    before = snapshot(folder)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if first == "CURRENT":
        monkeypatch.setattr(Path, "replace", full)
    else:
        monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(StoreError, match="No space left") as caught, open_store(folder).write() as writer:
        writer.replace(ONE, quads(ONE, Literal(8)))
    assert "as it was before" in caught.value.remedy
    assert snapshot(folder) == before
    monkeypatch.undo()
    put(open_store(folder), one=quads(ONE, Literal(8)))
    assert numbers(folder) == {"8"}


@pytest.mark.skipif(sys.platform == "win32", reason="limits on files are a thing of POSIX")
def test_a_write_that_the_system_refuses_leaves_the_store_as_it_was(folder: Path) -> None:
    """The engine's own files meet a real limit in the middle of a graph."""
    before = snapshot(folder)
    script = f"""
        import resource
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        try:
            with store.write() as writer:
                many = [quad for number in range(20_000) for quad in quads("{TWO}", "x" * 99 + str(number))]
                writer.replace("{TWO}", many)
        except Exception as error:
            print(type(error).__name__, error)
    """
    with process(script, folder) as child:
        said, _ = child.communicate(timeout=60)
    assert said.startswith(b"StoreError the store cannot be written"), said
    assert b"too large" in said
    assert snapshot(folder) == before


def test_readers_never_meet_a_generation_that_is_being_swept(folder: Path) -> None:
    failures: list[str] = []
    seen: set[int] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                with open_store(folder) as store:
                    found = {quad.graph_name.value: quad.object.value for quad in store.quads()}
            except PicographError as error:
                failures.append(str(error))
            else:
                seen.add(int(found[ONE]))
                if len(set(found.values())) != 1:
                    failures.append(f"half a generation: {found}")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for number in range(2, 32):
            put(open_store(folder), one=quads(ONE, Literal(number)), two=quads(TWO, Literal(number)))
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert failures == []
    assert len(seen) > 3


def test_a_reader_goes_on_when_what_it_was_about_to_open_was_swept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(folder)
    assert isinstance(store, embedded.FolderStore)
    swept = generations(folder)[0]
    put(open_store(folder), one=quads(ONE, Literal(2)))
    assert swept not in generations(folder)
    names = iter([swept])
    current = store._current
    monkeypatch.setattr(store, "_current", lambda: next(names, None) or current())
    assert {quad.object.value for quad in store.quads()} == {"2"}


# --- texts ------------------------------------------------------------------------------------------------------


def test_a_damaged_copy_of_a_text_is_not_at_hand_and_is_made_whole(tmp_path: Path) -> None:
    sha256 = SourceShelf(tmp_path).put("Forty patients, é\n")
    path = tmp_path / f"{sha256}.txt"
    assert SourceShelf(tmp_path).get(sha256) == "Forty patients, é\n"
    for damage in (b"", b"Fifty patients", b"\xff\xfe\x00"):
        path.write_bytes(damage)
        assert SourceShelf(tmp_path).get(sha256) is None
        SourceShelf(tmp_path).put("Forty patients, é\n")
        assert SourceShelf(tmp_path).get(sha256) == "Forty patients, é\n"
    assert SourceShelf(tmp_path).get("../../etc/passwd") is None
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_text_that_cannot_be_kept_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StoreError, match="No space left"):
        SourceShelf(tmp_path).put("Forty patients")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be kept"):
        SourceShelf(tmp_path / "file").put("Forty patients")


def test_a_server_does_not_get_the_texts(remote_url: str, own_home: Path) -> None:
    sha256 = open_store(remote_url).sources.put("Forty patients")
    assert [path.is_relative_to(own_home) for path in own_home.rglob(f"{sha256}.txt")] == [True]
    assert open_store(remote_url).sources.get(sha256) == "Forty patients"
    assert list(open_store(remote_url).quads()) == []


# --- servers that fail ------------------------------------------------------------------------------------------

JSON = "application/sparql-results+json"
ROW = b'{"head":{"vars":["s","p","o","g"]},"results":{"bindings":[{"s":{"type":"uri","value":"http://e/"}}'
ANSWERS: dict[str, tuple[Callable[[BaseHTTPRequestHandler], None], str]] = {
    "a page": (lambda to: send(to, b"<!doctype html>\n<p>Welcome", "text/html; charset=utf-8"), "text/html: <!doctype"),
    "a text": (lambda to: send(to, b"Hello there", "text/plain"), "text/plain: Hello there"),
    "bytes": (lambda to: send(to, b"\x00\x01\xff", "application/octet-stream"), "application/octet-stream"),
    "nothing": (lambda to: send(to, b"", JSON), "not whole"),
    "half the length": (lambda to: send(to, ROW, JSON, length=5000), f"ends after {len(ROW)} bytes"),
    "half the rows": (lambda to: send(to, ROW, JSON), "not whole"),
    "no JSON": (lambda to: send(to, b"<html>busy</html>", JSON), "begins with <html>busy"),
    "half a graph": (lambda to: send(to, b"<http://e/s> <http://e/p> <http", "application/n-triples"), "not whole"),
    "a graph for rows": (lambda to: send(to, b"<http://e/s> <http://e/p> 1 .", "text/turtle"), "not what was asked"),
    "a yes for rows": (lambda to: send(to, b'{"head":{},"boolean":true}', JSON), "not what was asked"),
    "error 500": (lambda to: send(to, b"out of memory\ntrace", "text/plain", 500), "out of memory"),
    "error 503": (lambda to: send(to, b"back in an hour", "text/plain", 503), "HTTP 503: back in an hour"),
    "error 401": (lambda to: send(to, b"who are you?", "text/plain", 401), "who are you?"),
    "error 404": (lambda to: send(to, b"no such data set: x", "text/plain", 404), "no such data set: x"),
    "error 418 without words": (lambda to: send(to, b"", "text/plain", 418), "HTTP 418: I'm a Teapot"),
    "no HTTP": (lambda to: to.wfile.write(b"220 smtp.example.org ESMTP\r\n") and None, "220 smtp"),
    "a closed line": (lambda to: to.connection.close(), "closed connection"),
    "too late": (lambda to: time.sleep(2), "timed out"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_server_that_fails_is_quoted(name: str) -> None:
    answer, said = ANSWERS[name]
    with serving(answer) as port:
        url = f"http://127.0.0.1:{port}/query"
        for attempt in (
            lambda store: store.query("SELECT * WHERE { ?s ?p ?o }"),
            lambda store: store.checksums(),
            lambda store: list(store.quads()),
        ):
            with pytest.raises(StoreError) as caught:
                attempt(RemoteStore(url, timeout=0.5))
            error = caught.value
            assert said.lower() in error.what.lower()
            assert (error.where, error.exit_code) == (url, 3)
            assert error.remedy
            assert len(str(error)) < 600


@pytest.mark.parametrize("name", ["error 500", "error 503", "error 404", "a closed line", "too late", "no HTTP"])
@pytest.mark.parametrize("update", [None, "/in"])
def test_a_server_that_fails_to_write_is_quoted(name: str, update: str | None) -> None:
    answer, said = ANSWERS[name]
    with serving(answer) as port:
        base = f"http://127.0.0.1:{port}"
        store = RemoteStore(base + "/query", update_endpoint=update and base + update, timeout=0.5)
        with pytest.raises(StoreError) as caught:
            put(store, one=quads(ONE, Literal(1)))
        assert said.lower() in caught.value.what.lower()
        assert caught.value.where.startswith(base)


def test_a_bad_update_is_the_servers_refusal_and_no_wrong_query_of_the_user() -> None:
    with serving(lambda to: send(to, b"updates are off", "text/plain", 400)) as port:
        base = f"http://127.0.0.1:{port}"
        with pytest.raises(StoreError, match="updates are off"):
            put(RemoteStore(base + "/query", update_endpoint=base + "/in"), one=quads(ONE, S))
        with pytest.raises(UsageError, match="updates are off"):
            RemoteStore(base + "/query").query("SELECT * WHERE { ?s ?p ?o }")


ROWS = b'{"head":{"vars":["o"]},"results":{"bindings":[]}}'


def _busy(asked: list[float], times: int, after: str, status: int = 429) -> Callable[[BaseHTTPRequestHandler], None]:
    """Make an answer: busy so many times, then rows."""

    def answer(to: BaseHTTPRequestHandler) -> None:
        asked.append(time.monotonic())
        if len(asked) > times:
            send(to, ROWS, JSON)
            return
        to.send_response(status)
        to.send_header("Retry-After", after)
        to.send_header("Content-Length", "9")
        to.end_headers()
        to.wfile.write(b"too busy\n")

    return answer


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(status: int) -> None:
    for after in ("1", email.utils.formatdate(time.time() + 4, usegmt=True)):
        asked: list[float] = []
        with serving(_busy(asked, 1, after, status)) as port:
            assert list(RemoteStore(f"http://127.0.0.1:{port}/query").query("SELECT ?o { ?s ?p ?o }")) == []  # type: ignore[call-overload]
        assert len(asked) == 2
        assert asked[1] - asked[0] >= 0.9


def test_a_server_that_stays_busy_is_left_alone() -> None:
    for times, after, said, attempts in ((99, "0", "too busy", 5), (1, "3600", "it asks to wait for 3600 s", 1)):
        asked: list[float] = []
        with serving(_busy(asked, times, after)) as port, pytest.raises(StoreError, match=said) as caught:
            RemoteStore(f"http://127.0.0.1:{port}/query").query("ASK {}")
        assert caught.value.exit_code == 3
        assert len(asked) == attempts


def test_no_other_address_is_asked_on_a_servers_word(far: _Far) -> None:
    def elsewhere(to: BaseHTTPRequestHandler) -> None:
        to.send_response(307)
        to.send_header("Location", f"http://127.0.0.1:{far.port}/query")
        to.send_header("Content-Length", "0")
        to.end_headers()

    before = len(far.asked)
    with serving(elsewhere) as port:
        base = f"http://127.0.0.1:{port}"
        for attempt in (lambda store: store.query("ASK {}"), lambda store: put(store, one=quads(ONE, S))):
            with pytest.raises(StoreError, match=f"sends us on to http://127.0.0.1:{far.port}/query"):
                attempt(RemoteStore(base + "/query"))
    assert len(far.asked) == before


@pytest.mark.parametrize("scheme", ["Basic", "Digest", "Bearer"])
def test_a_name_is_given_where_it_is_asked_for(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICOGRAPH_TOKEN", "s3cret")
    seen: list[str | None] = []

    def answer(to: BaseHTTPRequestHandler) -> None:
        given = to.headers.get("Authorization")
        seen.append(given)
        if given is not None:
            send(to, ROWS, JSON)
            return
        to.send_response(401)
        to.send_header("WWW-Authenticate", f'{scheme} realm="x", qop="auth", nonce="1", algorithm=MD5')
        to.send_header("Content-Length", "0")
        to.end_headers()

    with serving(answer) as port, open_store(f"http://ann:p%40ss@127.0.0.1:{port}/query") as store:
        store.query("SELECT ?o { ?s ?p ?o }")
        store.query("SELECT ?o { ?s ?p ?o }")
        assert store.location == f"http://127.0.0.1:{port}/query"
    expected = {"Basic": "Basic YW5uOnBAc3M=", "Bearer": "Bearer s3cret", "Digest": 'Digest username="ann"'}[scheme]
    assert seen[0] is None, "no name is given unasked"
    given = [each for each in seen if each is not None]
    assert len(given) == 2
    assert all(each.startswith(expected) for each in given)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/query",
        "http://127.0.0.1:99999/query",
        "http://127.0.0.1:port/query",
        "http://127.0.0.1/a b/query",
        "http:///query",
        "http://[::1/query",
        "http://" + "a" * 80 + ".invalid/query",
        "http://127.0.0.1:1/é/query",
    ],
)
def test_an_address_where_nothing_is(url: str) -> None:
    for attempt in (lambda store: store.query("ASK {}"), lambda store: put(store, one=quads(ONE, S))):
        with pytest.raises(StoreError) as caught:
            attempt(open_store(url))
        assert caught.value.exit_code == 3
        assert caught.value.where.startswith(url.removesuffix("/query"))


def test_a_server_whose_update_address_is_not_known() -> None:
    with pytest.raises(StoreError, match="where this server takes updates") as caught:
        put(open_store("http://127.0.0.1:1/repositories/x"), one=quads(ONE, S))
    assert "--update-endpoint" in caught.value.remedy


def test_rows_in_every_format_that_servers_use() -> None:
    bodies = {
        "application/sparql-results+xml": b'<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable '
        b'name="n"/></head><results><result><binding name="n"><literal>a &amp; b</literal></binding></result>'
        b"</results></sparql>",
        "application/json": b'{"head":{"vars":["n"]},"results":{"bindings":[{"n":'
        b'{"type":"literal","value":"a & b"}}]}}',
        "text/tab-separated-values; charset=utf-8": b'?n\n"a & b"\n',
    }
    for media_type, body in bodies.items():
        with serving(lambda to, body=body, media_type=media_type: send(to, body, media_type)) as port:  # type: ignore[misc]
            rows = RemoteStore(f"http://127.0.0.1:{port}/query").query("SELECT ?n WHERE { ?n ?p ?o }")
            assert [row["n"] for row in rows] == [Literal("a & b")]  # type: ignore[union-attr]


def test_no_sweep_is_empty() -> None:
    assert len(MOMENTS) == 7
    assert len(ANSWERS) == 18
    assert len(DEEP) == 11


def test_what_was_written_in_bulk_is_put_in_order_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled, "_FEW", 0)
    with open_store(tmp_path / "store") as store:
        load(store, [example()])
        quads = set(store.quads())
        first = (tmp_path / "store" / "CURRENT").read_text("utf-8").strip()
        assert (tmp_path / "store" / first / "settled").exists()
        store.settle()
        assert (tmp_path / "store" / "CURRENT").read_text("utf-8").strip() == first, "it is in order already"
        load(store, [example()])
        assert set(store.quads()) == quads
