"""Promise: a load killed at any moment loses the batch under way; the same again gives what a clean one gives."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from picograph.kg.store import open_store

_LOAD = """
import sys
from picograph.kg import batches
from picograph.kg.load import load_each
from picograph.kg.store import open_store

batches.MOST_RECORDS = 5
if __name__ == "__main__":
    with open_store(sys.argv[2]) as store:
        for loaded in load_each(store, [sys.argv[1]], jobs=int(sys.argv[3])):
            print(loaded.outcome, flush=True)
"""


def records(path: Path, shared: Path, count: int) -> Path:
    """Write small records with numbers of their own."""
    original = (shared / "clinicaltrials" / "NCT00973089.json").read_bytes().replace(b"\n", b" ")
    lines = [original.replace(b"NCT00973089", b"NCT%08d" % (70_000_000 + number)) for number in range(count)]
    path.write_bytes(b"\n".join(lines))
    return path


def graphs(folder: Path) -> set[str]:
    with open_store(folder) as store:
        return set(map(str, store.quads()))


def start(path: Path, folder: Path, jobs: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", _LOAD, str(path), str(folder), str(jobs)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)


def check(kills: int, shared: Path, folder: Path) -> None:
    path = records(folder / "records.jsonl", shared, 40)
    began = time.monotonic()
    clean = start(path, folder / "clean", 1)
    assert clean.communicate()[0].split() == [b"added"] * 40
    took = time.monotonic() - began
    wanted = graphs(folder / "clean")
    chance, ended = random.Random(1), 0
    for number in range(kills):
        store = folder / f"store-{number // 5}"  # killed five times on its way
        program = start(path, store, 1 + number % 2)
        time.sleep(chance.uniform(0.1, 1.0) * took)
        os.killpg(program.pid, signal.SIGKILL)
        program.communicate()
        ended += program.returncode == 0
        if number % 5 == 4:
            program = start(path, store, 1)
            said = program.communicate()[0].split()
            assert program.returncode == 0
            assert len(said) == 40
            assert graphs(store) == wanted, f"after kill {number}"
            assert (
                len(list((store / "sources").glob("*.txt"))) == 40
            )  # a kill may leave a half of one, with another name
    assert ended < kills, "some were killed before they ended"


def test_five_kills(shared: Path, tmp_path: Path) -> None:
    check(5, shared, tmp_path)


@pytest.mark.long
def test_fifty_kills(shared: Path, tmp_path: Path) -> None:
    check(50, shared, tmp_path)
