"""Promise: however many processes write an export, its bytes and what it tells of losses are the same."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from picograph.kg.inputs import collected
from picograph.kg.load import load
from picograph.kg.store import Store, open_store
from picograph.kg.store.pinned import PinnedStore
from picograph.queries.exports import export, parts
from picograph.queries.exports.selection import Losses, Selection

HURT = Path(__file__).resolve().parent / "records" / "made-to-hurt.yaml"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("parts") / "store") as opened:
        load(opened, [*collected("hcc")[:6], HURT])
        yield opened


def written(store: Store, target: str, jobs: int) -> tuple[bytes, list[str]]:
    losses = Losses()
    return b"".join(export(target)(Selection(store, jobs=jobs), losses)), losses.lines()


def killed(part: Selection, losses: Losses) -> None:
    signal.raise_signal(signal.SIGKILL)


@pytest.mark.parametrize("target", ["rdfxml", "graphml", "kgx"])
def test_two_processes_write_what_one_writes(store: Store, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("picograph.queries.exports.selection._RECORDS", 2)
    alone = written(store, target, 1)
    assert len(Selection(store).parts()) >= 3
    assert alone[1], "something is lost, and told"
    monkeypatch.setattr(parts, "FEW", 2)
    assert written(store, target, 2) == alone


def test_a_process_that_is_ended_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "FEW", 2)
    with pytest.raises(Exception, match="was ended from outside") as raised:
        list(Selection(store, jobs=2).each(killed, Losses()))
    assert "--jobs 1" in str(raised.value)


def test_losses_of_parts_are_those_of_the_whole() -> None:
    whole, merged = Losses(), Losses()
    for start in range(0, 12, 3):
        part = Losses()
        for number in range(start, start + 3):
            whole.add("odd things", f"study {number}", number)
            part.add("odd things", f"study {number}", number)
        merged.merge(part)
    assert merged.found() == whole.found()
    assert merged.found()[0].examples == tuple(f"study {number}" for number in range(1, 6))


def test_a_pinned_store_reads_the_generation_that_is_held(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    first, *others = collected("hcc")
    with open_store(folder) as held:
        load(held, [first])
        names, generation = Selection(held).names(), held.generation  # type: ignore[attr-defined]
        with open_store(folder) as writer:
            load(writer, others[:1])
        with PinnedStore(str(folder), generation) as pinned:
            assert Selection(pinned).names() == names
        with open_store(folder) as later:
            assert len(Selection(later).names()) == len(names) + 1
