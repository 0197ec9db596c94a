"""Promise: batches of the results table are packed and joined in bounded memory, and say what they said one by one."""

import subprocess
import sys
from pathlib import Path

import pytest

from picograph.kg.mapping import graph_text
from picograph.kg.store import open_store, table
from picograph.kg.store import writer as writing
from picograph.tests.table_rows import fresh, put, rows, study


def test_batches_are_packed_and_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_BIG", 8)
    monkeypatch.setattr(table, "_MOST_BATCHES", 3)
    with open_store(tmp_path / "store") as store:
        sizes = []
        for number in range(1, 8):
            put(store, study(number), study(number + 20))
            sizes.append(len(list((tmp_path / "store").glob("*/table/parts-*.parquet"))))
        assert max(sizes) == 3, "joined when there are more"
        assert sizes[-1] == 2, "a large one is not written again for a few small ones"
        assert len(rows(store)["parts"]) == 14 * 5
        put(store, study(9))
        kinds = {path.suffix for path in (tmp_path / "store").glob("*/table/parts-*")}
        assert kinds == {".parquet", ".jsonl"}, "a small batch needs no columnar engine"
        assert len(rows(store)["parts"]) == 15 * 5


_PACKED = """
import sys
from pathlib import Path
from picograph.kg.mapping import graph_text
from picograph.kg.store import table
from picograph.kg.store.packing import pack
from picograph.tests.table_rows import study
table._BIG = 0
folder, count = Path(sys.argv[1]), int(sys.argv[2])
writer = table.TableWriter(None, folder)
for number in range(100):
    made = graph_text(study(number))[0]
    writer.put(made.name, made.rows)
writer.finish()
[one] = writer._batches
batches = [table.Batch(number=number, rows=one.rows, graphs=100, parquet=True) for number in range(10, 10 + count)]
for each in batches:
    table.path_of(folder, each, "parts").hardlink_to(table.path_of(folder, one, "parts"))
replaced = {graph_text(study(number))[0].name: 9 + count for number in range(20)}
found = pack(folder, batches, replaced, 1000)
[peak] = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(found.rows["parts"], int(peak) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the system says what a process takes")
def test_ten_times_the_batches_are_packed_in_as_much_memory(tmp_path: Path) -> None:
    peaks = {}
    for count in (6, 60):
        command = [sys.executable, "-c", _PACKED, tmp_path / str(count) / "table", str(count)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        rows, peaks[count] = map(int, done.stdout.split())
        assert rows == count * 500 - (count - 1) * 100, "what was replaced is in the last batch alone"
    print(f"{peaks[6]} MB for 6 batches, {peaks[60]} MB for 60")
    assert peaks[60] < peaks[6] + 120, "each column of each of the 60 files takes some memory once, 31 times 600 MB"


def test_what_is_joined_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_FULL", 100)

    def batches(*sizes: int) -> list[table.Batch]:
        return [table.Batch(number=1, rows={"parts": size}, graphs=1, parquet=True) for size in sizes]

    def sizes(chosen: list[table.Batch]) -> list[int]:
        return [each.total for each in chosen]

    assert sizes(table._of_a_size(batches(5, 5, 5, 90, 5, 5))) == [5] * 5, "what is far larger is left as it is"
    assert sizes(table._of_a_size(batches(*[30] * 20))) == [30] * 4, "no more than make a full one"
    assert sizes(table._of_a_size(batches(*[99] * 9))) == [99] * 2
    assert list(map(sizes, table._shares(batches(*[40] * 7)))) == [[40] * 3, [40] * 3, [40]]
    assert list(map(sizes, table._shares(batches(300, 10, 10)))) == [[300], [10, 10]]


def test_two_threads_write_what_one_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_BULK", 0)
    monkeypatch.setattr(table, "_BIG", 8)
    said = []
    for threads in (1, 2):
        with open_store(tmp_path / f"store-{threads}") as store:
            for numbers, affected in ((range(1, 8), 3), (range(5, 12), 4)):
                with store.write() as writer:
                    writer.put([graph_text(study(number, affected))[0] for number in numbers], threads)
                    writer.put([graph_text(study(30 + affected))[0]], threads)  # the table goes on after it was packed
            assert rows(store) == fresh(store, tmp_path / f"fresh-{threads}")
            said.append((set(store.quads()), rows(store)))
    assert said[0] == said[1]
    assert len(said[0][1]["parts"]) == 13 * 5


def test_rows_stay_lines_until_they_are_many_or_the_store_is_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_BULK", 0)
    monkeypatch.setattr(table, "_BIG", 8)
    monkeypatch.setattr(table, "_MOST_LINES", 40)
    folder = tmp_path / "store"

    def kinds() -> list[str]:
        current = folder / (folder / "CURRENT").read_text("utf-8").strip()
        return sorted(path.suffix for path in (current / "table").glob("parts-*"))

    with open_store(folder) as store:
        found = []
        with store.many_writes():
            for numbers in (range(1, 5), range(3, 9), range(9, 12)):
                with store.write() as writer:
                    writer.put((graph_text(study(number))[0] for number in numbers), 2)
                found.append(kinds())
                assert len(rows(store)["parts"]) == 5 * numbers[-1], "what stays lines is read as well"
            store.settle()
        assert found == [[".jsonl"], [".jsonl"] * 2, [".jsonl", ".parquet"]]
        assert kinds() == [".parquet", ".parquet"]
        current = store.generation
        store.settle()
        assert store.current() == current, "there is nothing left to do"
        assert rows(store) == fresh(store, tmp_path / "fresh")
        with store.many_writes(), store.write() as writer:  # the load ends here: it was killed
            writer.put([graph_text(study(number, 4))[0] for number in range(3, 9)], 2)
        assert ".jsonl" in kinds()
        put(store, study(30))
        assert kinds() == [".parquet"] * 3, "whoever writes next packs what was left"
        assert rows(store) == fresh(store, tmp_path / "fresh-again")
