"""A download that was stopped at any moment goes on from there, and files that are not its own stay as they are."""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from picograph.kg.fetch import files
from picograph.ontology.errors import InputError, PicographError, StoreError
from picograph.tests.registries import Handler, Registry, Reply, Service, files_of, only_whole, says

pytestmark = pytest.mark.usefixtures("nothing_from_outside")


# --- stops ----------------------------------------------------------------------------------------------------


class StopNowError(Exception):
    pass


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_stop_between_pages(service: Service, tmp_path: Path, at: int) -> None:
    calls: list[int] = []

    def stop(done: int, _: int) -> None:
        calls.append(done)
        if len(calls) == at:
            raise StopNowError

    with pytest.raises(StopNowError):
        service.fetch(tmp_path, progress=stop)
    only_whole(tmp_path, service)
    asked = len(service.requests)
    seen: list[int] = []
    fetched = service.fetch(tmp_path, progress=lambda done, _: seen.append(done))
    assert files_of(tmp_path) == service.wanted()
    assert fetched.kept == calls[-1]
    assert seen == [done for done in (3, 6, 7) if done >= calls[-1]] * (at < 3)
    assert len(service.requests) - asked == 3 - at  # nothing is asked for twice


def test_half_a_line_is_cut_off(registry: Registry, tmp_path: Path) -> None:
    registry.odd = deque([None, says(b"", status=403)])
    with pytest.raises(StoreError):
        registry.fetch(tmp_path)
    with (tmp_path / "hcc.jsonl.part").open("ab") as file:
        file.write(b'{"protocolSection":')  # as SIGKILL in the middle of a write leaves it
    registry.fetch(tmp_path)
    assert files_of(tmp_path) == registry.wanted()


CHILD = """
import os, pathlib, signal, sys
from picograph.kg.fetch import Manners, clinicaltrials, pubmed
service, place, url, at = sys.argv[1:]
left = [int(at)]
def killing(function):
    def step(*args):
        left[0] -= 1
        if not left[0]:
            if isinstance(args[0], int):  # the end of what was to be written did not come to the disk
                os.ftruncate(args[0], os.fstat(args[0]).st_size - 5)
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args)
    return step
os.fsync = killing(os.fsync)
pathlib.Path.replace = killing(pathlib.Path.replace)
manners = Manners(interval=0.0)
if service == "Registry":
    clinicaltrials.fetch("liver cancer", place + "/hcc.jsonl", base_url=url, page_size=3, manners=manners)
else:
    pubmed.fetch("liver", place, base_url=url, batch=3, manners=manners)
"""


def _child(service: Service, place: Path, at: int) -> "subprocess.Popen[bytes]":
    arguments = [type(service).__name__, str(place), service.url, str(at)]
    return subprocess.Popen([sys.executable, "-c", CHILD, *arguments], env={**os.environ, "PYTHONWARNINGS": ""})


def test_sigkill_at_every_step_on_the_disk(service: Service, tmp_path: Path) -> None:
    codes = []
    for step in range(2, 40):  # each goes on from what the one before left, and comes further
        codes.append(_child(service, tmp_path, step).wait(20))
        only_whole(tmp_path, service)
        if codes[-1] == 0:
            break
    assert len(codes) > 3
    assert codes == [-signal.SIGKILL] * (len(codes) - 1) + [0]
    assert files_of(tmp_path) == service.wanted()


def test_sigkill_while_the_server_is_asked(service: Service, tmp_path: Path) -> None:
    asked, over = threading.Event(), threading.Event()

    def odd(_: Handler, reply: Reply) -> Reply:
        asked.set()
        over.wait(20)
        return reply

    service.odd = deque([None, None, odd])
    child = _child(service, tmp_path, 0)
    assert asked.wait(20)
    with pytest.raises(StoreError, match="another fetch is writing here"):
        service.fetch(tmp_path)
    child.kill()
    child.wait()
    over.set()
    only_whole(tmp_path, service)
    fetched = service.fetch(tmp_path)
    assert fetched.kept > 0
    assert files_of(tmp_path) == service.wanted()


# --- files that are not ours ----------------------------------------------------------------------------------


def test_files_of_others_are_not_overwritten(service: Service, tmp_path: Path) -> None:
    name = next(iter(service.wanted()))
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(InputError, match="there is a file already, of no fetch that is known"):
        service.fetch(tmp_path)
    assert not service.requests
    assert (tmp_path / name).read_bytes() == b"mine"


def test_files_that_were_changed_are_not_overwritten(service: Service, tmp_path: Path) -> None:
    [first, *_] = service.fetch(tmp_path).files
    asked = len(service.requests)
    Path(first).write_bytes(b"changed")
    with pytest.raises(InputError, match="the file was changed since it was fetched"):
        service.fetch(tmp_path)
    assert len(service.requests) == asked
    assert Path(first).read_bytes() == b"changed"


def test_a_part_that_was_changed_is_not_continued(registry: Registry, tmp_path: Path) -> None:
    registry.odd = deque([None, says(b"", status=403)])
    with pytest.raises(StoreError):
        registry.fetch(tmp_path)
    part = tmp_path / "hcc.jsonl.part"
    part.write_bytes(part.read_bytes().replace(b"NCT00000001", b"NCT00000009"))
    with pytest.raises(InputError, match="the file was changed since the fetch stopped"):
        registry.fetch(tmp_path)
    assert registry.fetch(tmp_path, restart=True).records == 7


@pytest.mark.parametrize("other", [{"query": "lung"}, {"limit": 2}, {"base_url": "http://127.0.0.1:9/x"}])
def test_another_fetch_in_the_same_place(service: Service, tmp_path: Path, other: dict[str, Any]) -> None:
    service.fetch(tmp_path)
    with pytest.raises(InputError, match=f"another fetch was begun here: its {next(iter(other)).replace('_', ' ')} is"):
        service.fetch(tmp_path, **other)
    assert files_of(tmp_path) == service.wanted()


def test_notes_that_are_damaged(service: Service, tmp_path: Path) -> None:
    service.fetch(tmp_path)
    [notes] = [each for each in tmp_path.iterdir() if each.name.endswith(".fetch")]
    notes.write_bytes(notes.read_bytes()[:40])
    with pytest.raises(InputError, match="the notes of an earlier fetch are damaged"):
        service.fetch(tmp_path)


def test_a_disk_that_takes_nothing(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(files.os, "fsync", full)
        with pytest.raises(InputError, match="the file cannot be written: No space left on device"):
            service.fetch(tmp_path)
    only_whole(tmp_path, service)
    service.fetch(tmp_path)
    assert files_of(tmp_path) == service.wanted()


def test_a_place_that_is_none(service: Service, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PicographError, match="cannot be written"):
        service.fetch(tmp_path / "file")
    assert not service.requests
