"""Promise: a folder is a store whole or not at all; what is damaged is told and not guessed."""

from pathlib import Path

import pyoxigraph as ox
import pytest
from pyoxigraph import Literal

from picograph.kg.store import open_store
from picograph.ontology.errors import StoreError
from picograph.tests.stores import ONE, TWO, S, filled, generations, numbers, put, quads, snapshot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return filled(tmp_path / "store")


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
