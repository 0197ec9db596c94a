"""Promise: a kill, a full disk and a second writer leave the last whole store, and no reader meets a half.

They are real ones: processes that die, writes that the system refuses.
"""

import contextlib
import errno
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Literal

from picograph.kg.load import example, load
from picograph.kg.store import embedded, open_store, settled
from picograph.ontology.errors import PicographError, StoreError, UsageError
from picograph.tests.stores import ONE, TWO, filled, generations, numbers, put, quads, snapshot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return filled(tmp_path / "store")


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


def test_the_sweep_of_moments_is_not_empty() -> None:
    assert len(MOMENTS) == 7


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
