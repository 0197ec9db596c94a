"""Promise: what `export` writes as RDF and `load` reads again is the same store: the same bytes, the same answers."""

import gzip
import random
from pathlib import Path

import pytest

from picograph.kg.load import Input, load
from picograph.kg.store import open_store
from picograph.kg.store.base import Store
from picograph.queries.ask import ask
from picograph.queries.catalog import names, question
from picograph.queries.exports import export
from picograph.queries.exports.selection import Losses, Selection

ROOT = Path(__file__).resolve().parents[1]
GRAPH = b"<https://w3id.org/picograph/record/NCT00465816/registry>"


def dump(store: Store, form: str = "nq", studies: list[str] | None = None) -> bytes:
    return b"".join(export(form)(Selection(store, studies=studies), Losses()))


@pytest.fixture(scope="module")
def store(shared: Path) -> Store:
    """Every real record, a curated one, what a machine read of an abstract, and a pair that is one study."""
    made = open_store(":memory:")
    paths = [
        *sorted(shared.glob("clinicaltrials/*.json")),
        *sorted(shared.glob("pubmed/*.xml")),
        shared / "seed" / "sorafenib-radiotherapy-hcc.txt",
        ROOT / "kg" / "records" / "sorafenib-radiotherapy-hcc.yaml",
        *sorted(ROOT.glob("tests/records/worked-pair.*")),
    ]
    assert len(paths) >= 13
    assert not [each.error for each in load(made, paths, extract=True) if each.error]
    return made


@pytest.fixture(scope="module")
def small(shared: Path) -> Store:
    made = open_store(":memory:")
    load(made, [shared / "clinicaltrials" / f"{key}.json" for key in ("NCT00465816", "NCT03418623")])
    return made


def test_there_and_back_is_the_same_bytes(store: Store) -> None:
    again, content = open_store(":memory:"), dump(store)
    done = load(again, [Input("dump", content)])
    assert {each.outcome for each in done} == {"added"}, [each.error for each in done if each.error]
    assert len(done) == len(Selection(store).names()) >= 14
    assert dump(again) == content
    assert {each.outcome for each in load(again, [Input("dump", content)])} == {"unchanged"}


@pytest.mark.parametrize("form", ["trig", "jsonld"])
def test_other_formats_with_graphs_say_the_same(form: str, small: Store) -> None:
    again, content = open_store(":memory:"), dump(small, form)
    assert [each.outcome for each in load(again, [Input("dump", content)])] == ["added"] * 2
    assert dump(again, form) == content
    assert dump(again) == dump(small)


def test_answers_are_the_same(store: Store) -> None:
    again = open_store(":memory:")
    load(again, [Input("dump", dump(store))])
    asked = 0
    for name in names():
        if any(parameter.required for parameter in question(name).parameters.values()):
            continue
        one, other = ask(store, name), ask(again, name)
        assert one.rows == other.rows, name
        asked += bool(one.rows)
    assert asked >= 15


def test_order_and_packing_do_not_matter(small: Store) -> None:
    lines = dump(small).splitlines(keepends=True)
    random.Random(5).shuffle(lines)
    again = open_store(":memory:")
    load(again, [Input("dump.gz", gzip.compress(b"".join(lines)))])
    assert dump(again) == dump(small)


def test_the_record_itself_is_known_after_its_dump(small: Store, shared: Path) -> None:
    again = open_store(":memory:")
    load(again, [Input("dump", dump(small))])
    assert {each.outcome for each in load(again, [shared / "clinicaltrials" / "NCT03418623.json"])} == {"unchanged"}
    assert dump(again) == dump(small)


@pytest.mark.parametrize("form", ["turtle", "nt"])
def test_a_format_without_graphs_is_read_where_nothing_was_merged(form: str, store: Store) -> None:
    studies = [f"https://w3id.org/picograph/study/{key}" for key in ("NCT00465816", "NCT02210780")]
    again = open_store(":memory:")
    done = load(again, [Input("dump", dump(store, form, studies))])
    assert [each.outcome for each in done] == ["added", "added"], [each.error for each in done]
    assert dump(again) == dump(store, studies=studies)


def test_what_was_merged_is_refused(store: Store) -> None:
    """Two records of one study in one graph: which of them said what is not known, and neither is guessed."""
    pair = Selection(store, studies=["https://w3id.org/picograph/study/NCT00000004"])
    assert len(pair.names()) >= 2
    done = load(open_store(":memory:"), [Input("dump", b"".join(export("turtle")(pair, Losses())))])
    assert len(done) == len(pair.names())
    for each in done:
        assert each.error
        assert "merged" in each.error.what
        assert "nq" in each.error.remedy


def test_what_no_study_can_say_is_refused(small: Store) -> None:
    content = dump(small)
    cases = {
        "says what no study can say": content + b'<http://a/b> <http://a/c> "d" %s .\n' % GRAPH,
        "not RDF": content + b"<http://a/b> <http://a/c .\n",
        "holds one pg:": b"".join(
            line for line in content.splitlines(keepends=True) if not (GRAPH in line and b"#type" in line)
        ),
    }
    whole = set(content.splitlines())
    for what, damaged in cases.items():
        again = open_store(":memory:")
        errors = [each.error for each in load(again, [Input("dump", damaged)]) if each.error]
        assert len(errors) == 1, what
        assert what in errors[0].what
        assert not set(dump(again).splitlines()) - whole if again.checksums() else what == "not RDF"


def test_a_dump_that_was_changed_is_a_new_version(small: Store, shared: Path) -> None:
    """It is not taken for what the record's own bytes give."""
    content = dump(small)
    assert content.count(b'"Primary Study to Demonstrate..."') >= 1
    again = open_store(":memory:")
    load(again, [Input("dump", content.replace(b"Primary Study to Demonstrate...", b"Another title"))])
    assert dump(again) != content
    (done,) = load(again, [shared / "clinicaltrials" / "NCT00465816.json"])
    assert done.outcome == "replaced"
    assert dump(again) == content
