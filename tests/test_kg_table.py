"""Promise: the results table says what the quads say, also where a row cannot, and whatever is killed when."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad

from picograph.kg import columns
from picograph.kg.model import Field, Kind, enum_iri, flat_fields, parts_of
from picograph.kg.results import Part
from picograph.kg.store import open_store, table
from picograph.kg.study import Study
from picograph.kg.triples import canonical, content, names_of, quads_of
from picograph.ontology.prefixes import expand
from picograph.tests.strategies import studies
from picograph.tests.table_rows import PG, WORDS, _plain, fresh, put, rows, study, words

# --- a row says what the study says ---------------------------------------------------------------------------


def _cell(field: Field, value: Any, study: str) -> Any:
    if field.kind is Kind.ENUM:
        return enum_iri(value)
    if field.kind is Kind.CONCEPT:
        return expand(value)
    if field.kind is Kind.REFERENCE:
        return f"{study}/{field.refers[:-1]}/{quote(value)}"
    return str(value.normalize() + 0) if isinstance(value, Decimal) else value


def _expected(part: Part, study: str) -> str:
    """Give the row of a part as a text, read off the typed study and not off its quads."""
    row: dict[str, Any] = {"class": type(part).__name__}
    if part.evidence:
        row["evidence"] = len(part.evidence)
    for field, inner in flat_fields(type(part)):
        value = getattr(part, field.name)
        named = [(f"{field.name}_{each.name}", each, getattr(value, each.name, None)) for each in inner]
        for column, each, stated in named or [(field.name, field, value)]:
            if stated is None or stated == () or column not in columns.columns():
                continue
            cells = [_cell(each, one, study) for one in (stated if each.many else (stated,))]
            row[column] = sorted(cells) if columns.columns()[column].endswith("[]") else cells[0]
    return json.dumps(row, sort_keys=True)


def _given(row: dict[str, Any]) -> str:
    row = {name: _plain(value) for name, value in row.items() if name not in ("graph", "part", "study", "parents")}
    if "evidence" in row:
        row["evidence"] = len(row["evidence"])
    return json.dumps(row, sort_keys=True)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(studies())
def test_a_row_has_every_value_of_its_part(drawn: Study) -> None:
    drawn = canonical(drawn)
    names = names_of(drawn)
    found = [row for name, row in columns.rows_of(names.record, quads_of(drawn)) if name == "parts"]
    given = Counter(_given(row) for row in found if row["class"] not in ("Study", "Record"))
    parts = {content(part): part for part in parts_of(drawn)}  # a part that several say alike is one
    assert given == Counter(_expected(part, names.study) for part in parts.values())
    [of_study] = [row for row in found if row["class"] == "Study"]
    assert (of_study["part"], of_study["key"]) == (names.study, drawn.key)
    assert {row["study"] for row in found} == {names.study}
    assert {row["graph"] for row in found} == {names.record}


_STEP = st.lists(st.tuples(st.integers(1, 5), st.none() | st.integers(0, 2)), min_size=1, max_size=4)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(writes=st.lists(_STEP, min_size=1, max_size=6), small=st.booleans())
def test_any_writes_leave_the_rows_of_the_quads(
    tmp_path_factory: pytest.TempPathFactory, writes: list[list[tuple[int, int | None]]], small: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if small:  # so that few rows are many: batches are packed, and joined
            for name, value in {"_BIG": 6, "_LARGEST": 8, "_MOST_BATCHES": 2, "_MOST_REPLACED": 2}.items():
                patch.setattr(table, name, value)
        folder = tmp_path_factory.mktemp("table")
        store = open_store(folder / "store")
        for step in writes:
            with store.write() as writer:
                for number, affected in step:
                    made = study(number, affected or 0)
                    if affected is None:
                        writer.remove(names_of(made).record)
                    else:
                        writer.replace(names_of(made).record, quads_of(made))
                writer.replace(WORDS, words(("a", "a"), (f"b{step[0][0]}", "a")))
        assert rows(store) == fresh(store, folder / "fresh")
        assert len(rows(store)["broader"]) == len(rows(store)["labels"]) == 2
        store.close()


def test_rows_made_elsewhere_are_the_same(tmp_path: Path) -> None:
    irregular = _altered(("affected", Literal(4)))
    graphs = [(names_of(study(number)).record, quads_of(study(number))) for number in range(1, 5)]
    ways = []
    for way in ("quads", "lines"):
        writer = table.TableWriter(None, tmp_path / way)
        for graph, quads in [*graphs, (WORDS, words(("a", "b"))), graphs[1], (graphs[2][0], irregular)]:
            if way == "lines":
                writer.put(graph, table.lines_of(graph, quads))
            else:
                writer.replace(graph, quads)
        writer.finish()
        ways.append(table.read_state(tmp_path / way))
    assert ways[0] is not None
    assert ways[0].irregular == ways[1].irregular == (graphs[2][0],)  # type: ignore[union-attr]
    assert ways[0].replaced == ways[1].replaced  # type: ignore[union-attr]
    for name in ("parts-000001.jsonl", "broader-000001.jsonl"):
        assert (tmp_path / "quads" / name).read_bytes() == (tmp_path / "lines" / name).read_bytes()


def test_a_small_load_imports_no_columnar_engine(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from picograph.kg.store import open_store\n"
        "from picograph.kg.load import example, load\n"
        "from picograph.queries.ask import ask\n"
        f"store = open_store({str(tmp_path / 'store')!r})\n"
        "load(store, [example()])\n"
        "assert store.table().rows > 60\n"
        "assert len(ask(store, 'adverse-events')) == 4\n"
        "sys.exit('duckdb' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


# --- what rows cannot hold ------------------------------------------------------------------------------------


def _altered(*more: tuple[str, NamedNode | Literal]) -> list[Quad]:
    made = study(1)
    quads = quads_of(made)
    part = next(quad.subject for quad in quads if quad.object == NamedNode(PG + "AdverseEventResult"))
    return quads + [Quad(part, NamedNode(PG + name), value, NamedNode(names_of(made).record)) for name, value in more]


@pytest.mark.parametrize(
    "more",
    [
        ("affected", Literal(4)),
        ("fatal", Literal("one")),
        ("fatal", Literal(2**63)),
        ("percentReported", Literal("1.0", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#double"))),
        (
            "percentReported",
            Literal("0.0000000000000000001", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#decimal")),
        ),
        ("attribution", Literal("related")),
        ("scale", Literal("CTCAE")),
        ("organSystem", Literal("Leber", language="de")),
        ("count", Literal(3)),
        ("ofStudy", NamedNode("https://w3id.org/picograph/study/pmid:2")),
    ],
    ids=lambda more: more[0],
)
def test_a_graph_that_no_row_can_hold_turns_the_table_off_until_it_is_replaced(
    tmp_path: Path, more: tuple[str, NamedNode | Literal]
) -> None:
    with open_store(tmp_path / "store") as store:
        with store.write() as writer:
            writer.replace(names_of(study(1)).record, _altered(more))
            writer.replace(names_of(study(2)).record, quads_of(study(2)))
        assert store.table() is None
        put(store, study(3))
        assert store.table() is None
        put(store, study(1))
        assert len(rows(store)["parts"]) == 3 * 5


def test_a_table_of_other_columns_is_left_alone_until_it_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path / "store")
    put(store, study(1), study(2))
    before = rows(store)
    monkeypatch.setattr(table, "columns_checksum", lambda: "of another version")
    store.close()
    assert store.table() is None
    put(store, study(3))
    assert store.table() is None, "what was there before is in no table"
    store.rebuild()  # type: ignore[attr-defined]
    after = rows(store)
    assert len(after["parts"]) == len(before["parts"]) + 5
    assert after == fresh(store, tmp_path / "fresh")
    store.close()


def test_a_reader_keeps_the_table_that_it_opened(tmp_path: Path) -> None:
    reader = open_store(tmp_path / "store")
    put(reader, study(1))
    before = rows(reader)
    with open_store(tmp_path / "store") as writer:
        put(writer, study(1, affected=7), study(2))
        assert rows(reader) == before
        assert len(rows(writer)["parts"]) == 10
    reader.close()
    assert len(rows(reader)["parts"]) == 10
    reader.close()


_KILLED = """
import sys
from picograph.kg.store import embedded, open_store, table
from picograph.tests.table_rows import study
from picograph.kg.triples import names_of, quads_of
table._BIG, table._LARGEST = 40, 60
store = open_store(sys.argv[1])
turn = 0
while True:
    turn += 1
    with store.write() as writer:
        for number in range(1, 30):
            made = study(number, turn % 40)
            writer.replace(names_of(made).record, quads_of(made))
    print(turn, flush=True)
"""


def test_a_kill_at_any_moment_leaves_quads_and_rows_of_one_moment(tmp_path: Path) -> None:
    for turn, wait in enumerate((0.0, 0.013, 0.031, 0.07)):
        child = subprocess.Popen([sys.executable, "-c", _KILLED, tmp_path / "store"], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        with open_store(tmp_path / "store") as store:
            assert len(rows(store)["parts"]) == 29 * 5
            assert rows(store) == fresh(store, tmp_path / f"fresh-{turn}")
