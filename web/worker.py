"""A process that answers, and can be ended: no query can be stopped in any other way.

It reads tasks from its standard input and writes frames to what was its standard output. Before each task it moves over
to the current generation of the store. It ends when its input does, and with whoever started it.
"""

import contextlib
import io
import os
import resource
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from picograph.kg.processes import end_with
from picograph.kg.store.embedded import FolderStore
from picograph.ontology.errors import InputError, PicographError, StoreError, UsageError
from picograph.web import answering, writing
from picograph.web.negotiation import NotAcceptableError
from picograph.web.tasks import Failure, Head, Task, Writing, encode, frame, read_task

_CHUNK = 1 << 16


class Reply(io.RawIOBase):
    """What an answer is written to: its head goes out with the first bytes, or at the end where there are none."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._head: Head | None = None
        self._begun = False
        self._buffer = io.BufferedWriter(self, _CHUNK)

    def begin(self, head: Head) -> BinaryIO:
        """Say what the answer is; gives what its bytes are written to."""
        self._head = head
        return self._buffer

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, content: object) -> int:
        """Send some bytes."""
        body = bytes(content)  # type: ignore[call-overload]
        if body:
            self._send(self._heading() + frame(b"D", body))
        return len(body)

    def end(self) -> None:
        """Say that the answer is whole."""
        self._buffer.flush()
        self._send(self._heading() + frame(b"E"))

    def fail(self, failure: Failure) -> None:
        """Say that there is no answer, or no more of it."""
        self._send(frame(b"F", encode(failure)))

    def _heading(self) -> bytes:
        if self._begun:
            return b""
        assert self._head is not None
        self._begun = True
        return frame(b"H", encode(self._head))

    def _send(self, content: bytes) -> None:
        left = memoryview(content)
        while left:
            left = left[os.write(self._descriptor, left) :]


def failure_of(error: Exception) -> Failure:
    """Give the status and the words for what went wrong."""
    if not isinstance(error, PicographError):
        return Failure(500, f"picograph met what it does not know: {type(error).__name__}: {error}")
    status = 400 if isinstance(error, UsageError | InputError) else 503 if isinstance(error, StoreError) else 500
    if isinstance(error, NotAcceptableError):
        status = 406
    status = getattr(error, "status", status)
    return Failure(status, error.what, error.where, error.remedy)


def perform(store: FolderStore, task: Task, reply: Reply, hosts: frozenset[str]) -> None:
    """Do a task; what goes wrong is told in its place."""
    try:
        store.refresh()
        if isinstance(task, Writing):
            writing.write(store, task, reply.begin, hosts)
        else:
            answering.answer(store, task, reply.begin, hosts)
        reply.end()
    except BrokenPipeError:
        raise
    except Exception as error:
        reply.fail(failure_of(error))


def limit_memory(mebibytes: int) -> None:
    """Let this process take no more memory than this beyond what it has now; the system ends it if it asks for more."""
    used = 0
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
        used = int(next(line.split()[1] for line in lines if line.startswith("VmData:"))) << 10
    most = used + (mebibytes << 20)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(folder: str, timeout: float, memory: int, hosts: Iterable[str], parent: int) -> None:
    """Answer tasks until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all: who started this one ends it
    end_with(parent)
    descriptor = os.dup(1)
    os.dup2(2, 1)  # what any library prints is a message
    store = FolderStore(Path(folder))
    answering.warm(store)
    limit_memory(memory)
    allowed = frozenset(hosts)
    os.write(descriptor, frame(b"E"))  # ready
    while (task := read_task(sys.stdin.buffer)) is not None:
        # whoever waits ends this process at the limit; the system does where nobody waits any more
        signal.setitimer(signal.ITIMER_REAL, timeout + 2)
        perform(store, task, Reply(descriptor), allowed)
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        serve(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[5:], int(sys.argv[4]))
