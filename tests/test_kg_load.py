"""Promise: a record is loaded whole or not at all, twice is as once, and what is to be known of it is told."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import BlankNode

from picograph.kg import batches
from picograph.kg import load as loading
from picograph.kg.inputs import size_of
from picograph.kg.load import Input, Loaded, example, load, read_study
from picograph.kg.recovery import study_of
from picograph.kg.store import open_store
from picograph.kg.store import writer as writing
from picograph.kg.words import checksum_of, words_graphs
from picograph.ontology.errors import InputError, RecordError
from picograph.tests.made_up_study import GOOD, SHA, TEXT, at, edited, given, graphs, outcomes
from picograph.tests.stores import snapshot

# --- text and study file --------------------------------------------------------------------------------------

ORDERS: dict[str, list[list[str]]] = {
    "text first": [["text", "file"]],
    "file first": [["file", "text"]],
    "text, then file": [["text"], ["file"]],
    "file, then text": [["file"], ["text"]],
    "twice in one call": [["text", "file", "file", "text"]],
}


@pytest.mark.parametrize("order", ORDERS)
def test_a_text_and_its_study_file_in_any_order(
    order: str, tmp_path: Path, seed_text: Path, seed_study_file: Path
) -> None:
    paths = {"text": seed_text, "file": seed_study_file}
    done: list[Loaded] = []
    for call in ORDERS[order]:
        with open_store(tmp_path / "store") as store:
            done += load(store, [paths[each] for each in call])
    assert outcomes(done)[:2] == ["added", "added"]
    assert set(outcomes(done)[2:]) <= {"unchanged"}
    with open_store(tmp_path / "store") as store:
        held = graphs(store)
        checksums = store.checksums()
        records = sorted(each.record or "" for each in done[:2])
        assert records[0] == "https://w3id.org/picograph/record/doi:10.1016%2Fj.ijrobp.2014.01.017/curated"
        assert records[1] > records[0]
        assert set(held) == set(checksums) == {each.record for each in done} | set(words_graphs())
        assert {study_of(held[each.record or ""]).key for each in done} == {"doi:10.1016/j.ijrobp.2014.01.017"}
        assert sum(each.triples for each in done[:2]) == sum(len(held[each.record or ""]) for each in done[:2])
        assert store.sources.get("3e0cba882f8ffb404f06790a16cb688f58464ad79a068e08e76112de6528b8e1")


def test_what_was_loaded_is_told(seed_text: Path, seed_study_file: Path) -> None:
    text, curated = load(open_store(":memory:"), [seed_text, seed_study_file])
    assert curated.source_at_hand
    assert text.source_at_hand
    assert curated.facts["AdverseEventResult"] == 4
    assert curated.places > 50
    assert curated.error is None
    (alone,) = load(open_store(":memory:"), [seed_study_file])
    assert not alone.source_at_hand
    assert alone.triples == curated.triples


def test_a_second_load_changes_nothing(tmp_path: Path, seed_text: Path, seed_study_file: Path) -> None:
    folder = tmp_path / "store"
    load(open_store(folder), [seed_text, seed_study_file])
    before = snapshot(folder)
    done = load(open_store(folder), [seed_text, seed_study_file, example()])
    assert outcomes(done) == ["unchanged"] * 3
    assert snapshot(folder) == before, "not even a new generation"


def test_a_changed_version_replaces_its_own_graph_alone(tmp_path: Path, seed_text: Path, seed_study_file: Path) -> None:
    folder = tmp_path / "store"
    load(open_store(folder), [seed_text, seed_study_file, given()], sources=[Input("text", TEXT.encode())])
    with open_store(folder) as store:
        before, sums = graphs(store), store.checksums()
    content = seed_study_file.read_text("utf-8")
    assert content.count("    count: 33\n") == 1
    newer = Input("newer.yaml", content.replace("    count: 33\n", "    count: 34\n").encode())
    (done,) = load(open_store(folder), [newer])
    assert done.outcome == "replaced"
    assert done.record
    with open_store(folder) as store:
        after = graphs(store)
        assert set(after) == set(before)
        assert {name for name in after if after[name] != before[name]} == {done.record}
        assert {name for name, value in store.checksums().items() if value != sums[name]} == {done.record}
        gone, new = before[done.record] - after[done.record], after[done.record] - before[done.record]
        assert {quad.object.value for quad in new if quad.predicate.value.endswith("/count")} == {"34"}
        assert {quad.object.value for quad in gone if quad.predicate.value.endswith("/count")} == {"33"}
        (record,) = (q.object.value for q in after[done.record] if q.predicate.value.endswith("contentChecksum"))
        assert record == checksum_of(done.record, list(after[done.record]))
    assert outcomes(load(open_store(folder), [seed_study_file])) == ["replaced"]
    with open_store(folder) as store:
        assert graphs(store) == before


def test_the_same_on_a_server(remote_url: str, seed_text: Path, seed_study_file: Path) -> None:
    store = open_store(remote_url)
    assert outcomes(load(store, [seed_text, seed_study_file])) == ["added", "added"]
    assert outcomes(load(store, [seed_study_file, seed_text])) == ["unchanged", "unchanged"]
    memory = open_store(":memory:")
    load(memory, [seed_text, seed_study_file])
    there, here = graphs(store), graphs(memory)
    assert {name: len(quads) for name, quads in there.items()} == {name: len(quads) for name, quads in here.items()}
    named = {name for name, quads in here.items() if not any(isinstance(q.subject, BlankNode) for q in quads)}
    assert len(named) > 4
    assert all(there[name] == here[name] for name in named)


def test_the_text_may_be_given_as_a_source(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    (done,) = load(store, [given()], sources=[Input("text", TEXT.encode())])
    assert (done.outcome, done.source_at_hand, done.cautions) == ("added", True, ())
    assert open_store(tmp_path / "store").sources.get(SHA) == TEXT, "it is kept with the store"
    (again,) = load(open_store(tmp_path / "store"), [given()])
    assert (again.outcome, again.source_at_hand) == ("unchanged", True)


def test_the_same_text_with_other_line_ends_is_the_same_text() -> None:
    windows = "\ufeff" + TEXT.replace("\n", "\r\n")
    (done,) = load(open_store(":memory:"), [given()], sources=[Input("text", windows.encode())])
    assert (done.outcome, done.source_at_hand) == ("added", True)


def test_without_the_text_a_record_is_let_in_and_said_to_be_without() -> None:
    (done,) = load(open_store(":memory:"), [given()])
    assert (done.outcome, done.source_at_hand) == ("added", False)


def test_derived_numbers_and_unmatched_words() -> None:
    (done,) = load(open_store(":memory:"), [edited("term: rash", "term: rush of blood")])
    assert done.unmatched == ("drug", "rush of blood"), "nausea and survival are concepts"
    assert done.facts["Derived"] == 1, "2 of 44 is 5 %; 25 % is given with its count"


# --- cautions -------------------------------------------------------------------------------------------------


CAUTIONS: list[tuple[str, str, str]] = [
    ("percent: 25\n", "percent: 35\n", "11 of 44 is 25.0 %, and 35 % is reported"),
    ("enrolled: 44, evidence", "enrolled: 40, evidence", ""),
    ("    comparator: none\n", "", "needs two arms"),
]


@pytest.mark.parametrize(("old", "new", "said"), CAUTIONS)
def test_a_caution_lets_a_record_in_and_is_told(old: str, new: str, said: str) -> None:
    (done,) = load(open_store(":memory:"), [edited(old, new)])
    assert done.outcome == "added"
    assert len(done.cautions) == (1 if said else 0)
    assert said in "".join(done.cautions)
    if said:
        assert re.search(r"\(my\.yaml, line \d+", done.cautions[0])


# --- what fails on the way ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda path: path, lambda path: path / "nothing", lambda path: path / "broken"])
def test_a_path_that_cannot_be_read_is_refused(make: Callable[[Path], Path], tmp_path: Path) -> None:
    (tmp_path / "broken").symlink_to(tmp_path / "gone")
    (done,) = load(open_store(":memory:"), [make(tmp_path)])
    assert done.outcome == "refused"
    assert isinstance(done.error, InputError)
    assert str(tmp_path) in done.error.where
    with pytest.raises(InputError):
        load(open_store(":memory:"), [given()], sources=[make(tmp_path)])


def test_a_source_that_is_no_text_is_an_input_error() -> None:
    with pytest.raises(InputError, match="not a text") as caught:
        load(open_store(":memory:"), [given()], sources=[Input("scan.png", b"\x89PNG\r\n\x1a\n\0\0")])
    assert caught.value.where == "scan.png"


def test_nothing_to_load_makes_nothing(tmp_path: Path) -> None:
    assert load(open_store(tmp_path / "store"), []) == []
    assert list(tmp_path.iterdir()) == []


def test_a_load_in_several_batches_leaves_one_generation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_RECORDS", 2)
    with open_store(tmp_path / "store") as store:
        for numbers in (range(1), range(1, 4)):
            records = [Input(f"{number}.nbib", b"PMID- %d\nTI  - A trial\n" % (number + 1)) for number in numbers]
            assert [each.outcome for each in load(store, records)] == ["added"] * len(numbers)
    assert len(list((tmp_path / "store").glob("generation-*"))) == 1


@pytest.mark.parametrize(("size", "later"), [(1000, True), (1 << 30, False), (None, False)])
def test_the_engine_merges_its_files_at_the_end_of_a_load_that_is_not_long(
    size: int | None, later: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[bool] = []
    monkeypatch.setattr(writing, "_BULK", 0)
    monkeypatch.setattr(writing, "merge_later", lambda: called.append(True))
    monkeypatch.setattr(loading, "size_of", lambda inputs: size)
    with open_store(tmp_path / "store") as store:
        load(store, [example()])
    assert called == [True] * later


def test_how_much_there_is_to_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"1234")
    (tmp_path / "b.xml.gz").write_bytes(b"12")
    given: list[str | Path] = [tmp_path / "a.json", str(tmp_path / "b.xml.gz"), tmp_path / "none.json"]
    assert size_of(given) == 4 + 2 * 8
    assert size_of(iter(given)) is None


def test_a_study_read_without_a_store_is_the_one_that_is_stored(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(GOOD, "utf-8")
    store = open_store(":memory:")
    (done,) = load(store, [tmp_path / "my.yaml"])
    stored = study_of(store.quads(done.record))
    assert stored.adverse_events == read_study(tmp_path / "my.yaml").adverse_events
    (tmp_path / "bad.yaml").write_text(GOOD.replace("affected: 11", "affected: 80"), "utf-8")
    with pytest.raises(RecordError, match="80 participants"):
        read_study(tmp_path / "bad.yaml")


# --- large and strange ----------------------------------------------------------------------------------------


def test_thousands_of_results() -> None:
    row = "  - {{term: event {n}, affected: {n}, at_risk: 3000, arm: drug, evidence: {place}}}\n"
    rows = "".join(row.format(n=number, place=at("Nausea")) for number in range(3000))
    (done,) = load(open_store(":memory:"), [given(GOOD.rstrip() + "\n" + rows)])
    assert done.outcome == "added"
    assert done.facts["AdverseEventResult"] == 3002
    (bad,) = load(open_store(":memory:"), [given(GOOD.rstrip() + "\n" + rows + row.format(n=3001, place=at("Nausea")))])
    assert bad.error
    assert f"line {GOOD.count(chr(10)) + 3001}" in bad.error.where


def test_a_file_beyond_all_bounds_is_refused_at_once() -> None:
    huge = GOOD + "# " + "x" * 6_000_000
    (done,) = load(open_store(":memory:"), [given(huge)])
    assert done.outcome == "refused"
    deep = GOOD + "conclusions: " + "[" * 50_000 + "]" * 50_000
    (done,) = load(open_store(":memory:"), [given(deep)])
    assert done.outcome == "refused"


@pytest.mark.parametrize("key", ["doi:10.1000/<a>\"{}|^'`é%zz#?[]", "doi:10.1000/../../x", "ISRCTN:𝒳\u0301\u202e"])
def test_a_key_of_strange_characters_keeps_its_record(key: str, tmp_path: Path) -> None:
    content = GOOD.replace("pmid:77", "'" + key.replace("'", "''") + "'")
    store = open_store(tmp_path / "store")
    (done,) = load(store, [given(content)])
    assert done.outcome == "added", done.error
    assert study_of(store.quads(done.record)).key == key
    assert outcomes(load(store, [given(content)])) == ["unchanged"]


@pytest.mark.parametrize("words", ["é" * 500, "\U0001d4b3\u0301" * 50, "‮abc‬", "a'b''\"c\\d", "{[<!--"])
def test_words_of_every_script_come_back(words: str, tmp_path: Path) -> None:
    quoted = "'" + words.replace("'", "''") + "'"
    store = open_store(tmp_path / "store")
    (done,) = load(store, [edited("term: nausea", f"term: {quoted}")])
    assert done.outcome == "added", done.error
    assert words in {each.term for each in study_of(store.quads(done.record)).adverse_events}
