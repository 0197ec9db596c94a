"""The worker processes: who is free takes the next task; who takes too long, or too much, is ended and replaced."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import NamedTuple, Self

from picograph.web.tasks import FRAME, LENGTH, Failure, Head, Task, decode_failure, decode_head, encode

_READ_AHEAD = 1 << 18  # bytes of an answer that wait for the client, for each worker
_PATIENCE = 30.0  # seconds in which a worker must be ready
_OUT_OF_MEMORY = b"memory allocation of"


class FailedError(Exception):
    """A task without an answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.what)
        self.failure = failure


class BusyError(Exception):
    """Too many wait already."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"busy; again in {retry_after} s")
        self.retry_after = retry_after  # seconds


class Limits(NamedTuple):
    """What a task may take."""

    workers: int = 2
    timeout: float = 30.0  # seconds, from when a worker has it until its answer is sent
    memory: int = 1024  # MiB, for each worker
    queue: int = 32  # tasks that wait


Log = Callable[..., None]


class Worker:
    """One process. It has one task at a time."""

    def __init__(self, process: asyncio.subprocess.Process, log: Log) -> None:
        self.process = process
        self._log = log
        self._greedy = False  # it asked for more memory than it may have
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, folder: str, limits: Limits, hosts: list[str], log: Log) -> Self:
        """Start a process; returns when it is ready."""
        arguments = [folder, str(limits.timeout), str(limits.memory), str(os.getpid()), *hosts]
        environment = {**os.environ, "RUST_BACKTRACE": "0"}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "picograph.web.worker",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_READ_AHEAD,
            env=environment,
        )
        worker = cls(process, log)
        try:
            async with asyncio.timeout(_PATIENCE):
                await worker.read()
        except BaseException:
            await worker.end()
            raise
        return worker

    async def _listen(self) -> None:
        assert self.process.stderr is not None
        with contextlib.suppress(ValueError):
            async for line in self.process.stderr:
                self._greedy = self._greedy or line.startswith(_OUT_OF_MEMORY)
                self._log("worker", pid=self.process.pid, said=line.decode("utf-8", "replace").rstrip()[:1000])

    def send(self, task: Task) -> None:
        """Give it a task."""
        assert self.process.stdin is not None
        body = encode(task)
        self.process.stdin.write(LENGTH.pack(len(body)) + body)

    async def read(self) -> tuple[bytes, bytes]:
        """Read the next frame.

        :raises FailedError: if the process has ended
        """
        assert self.process.stdout is not None
        try:
            kind, size = FRAME.unpack(await self.process.stdout.readexactly(FRAME.size))
            return kind, await self.process.stdout.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise FailedError(await self._why()) from None

    async def _why(self) -> Failure:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self.process.wait()
                await self._listener
        if self._greedy:
            return Failure(503, "the query needs more memory than there is for one", remedy="ask for less at once")
        return Failure(500, "the process that answered has ended", remedy="ask for less at once")

    async def end(self) -> None:
        """End the process, whatever it does; its memory is given back when this returns."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        self._listener.cancel()
        # asyncio closes a pipe only when what was read ahead is read
        transport = getattr(self.process, "_transport", None)
        if transport is not None:
            transport.close()


class Run:
    """A task with a worker: its head first, then its bytes. Left early, the worker is ended."""

    def __init__(self, pool: "Pool", task: Task) -> None:
        self._pool, self._task = pool, task
        self._worker: Worker | None = None
        self._done = False
        self._deadline = 0.0
        self.waited = 0.0  # seconds in the queue
        self.began = 0.0

    async def __aenter__(self) -> Self:
        self._worker, self.waited = await self._pool.lease()
        self.began = time.monotonic()
        self._deadline = asyncio.get_running_loop().time() + self._pool.limits.timeout
        self._worker.send(self._task)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._worker is not None
        self._pool.give_back(self._worker, whole=self._done, took=time.monotonic() - self.began)

    async def _next(self) -> tuple[bytes, bytes]:
        assert self._worker is not None
        try:
            async with asyncio.timeout_at(self._deadline):
                kind, content = await self._worker.read()
        except TimeoutError:
            limit = self._pool.limits.timeout
            raise FailedError(
                Failure(503, f"the query was stopped at its limit of {limit:g} s", remedy="ask for less at once")
            ) from None
        if kind in (b"E", b"F"):
            self._done = True
        if kind == b"F":
            raise FailedError(decode_failure(content))
        return kind, content

    async def head(self) -> Head:
        """Give what the answer is.

        :raises FailedError: if there is none
        """
        _, content = await self._next()
        return decode_head(content)

    async def bytes(self) -> AsyncIterator[bytes]:
        """Give the answer as it comes.

        :raises FailedError: if there is no more of it, and it is not whole
        """
        while True:
            kind, content = await self._next()
            if kind == b"E":
                return
            yield content


class Pool:
    """Workers over one folder.

    :param hosts: which other endpoints a query may ask
    """

    def __init__(self, folder: str, limits: Limits, hosts: list[str], log: Log) -> None:
        self.limits = limits
        self._folder, self._hosts, self._log = folder, hosts, log
        self._idle: list[Worker] = []
        self._waiting: list[asyncio.Future[Worker]] = []
        self._alive: set[Worker] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._mean = 0.1  # seconds that a task takes, of late
        self._closed = False
        self._failing = False  # the last one did not start

    async def open(self) -> None:
        """Start the processes.

        :raises FailedError: if they do not start
        """
        await asyncio.gather(*(self._start() for _ in range(self.limits.workers)))

    async def close(self) -> None:
        """End all processes."""
        self._closed = True
        for starting in self._starting:
            starting.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        for waiting in self._waiting:
            waiting.cancel()
        await asyncio.gather(*(worker.end() for worker in self._alive))
        self._alive.clear()

    def run(self, task: Task) -> Run:
        """Prepare to run a task: ``async with pool.run(task) as run``."""
        return Run(self, task)

    @property
    def well(self) -> bool:
        """Say whether there are processes, or will be in a moment."""
        return bool(self._alive) or not self._failing

    @property
    def alive(self) -> int:
        """How many processes there are."""
        return len(self._alive)

    @property
    def idle(self) -> int:
        """How many processes wait for a task."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """How many tasks wait for a process."""
        return len(self._waiting)

    async def lease(self) -> tuple[Worker, float]:
        """Wait for a free worker; gives it and how long that took [seconds].

        :raises BusyError: if too many wait already, or it takes too long
        """
        began = time.monotonic()
        while self._idle:
            worker = self._idle.pop(0)  # in turn, so that each moves over to a new generation before long
            if worker.process.returncode is None:
                return worker, 0.0
            self.give_back(worker, whole=False)
        if len(self._waiting) >= self.limits.queue:
            raise BusyError(self._retry_after())
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        got = False
        try:
            async with asyncio.timeout(self.limits.timeout):
                worker = await waiting
                got = True
        except TimeoutError:
            raise BusyError(self._retry_after()) from None
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            elif not got and waiting.done() and not waiting.cancelled():  # it came as we left
                self._free(waiting.result())
        return worker, time.monotonic() - began

    def _retry_after(self) -> int:
        """Give the seconds in which the queue should be worked off."""
        return max(1, round(self._mean * (len(self._waiting) + 1) / self.limits.workers))

    def give_back(self, worker: Worker, *, whole: bool, took: float | None = None) -> None:
        """Take a worker back; it is ended and replaced if it has not done all."""
        if whole:
            if took is not None:
                self._mean += 0.05 * (took - self._mean)
            self._free(worker)
        elif not self._closed:
            replacing = asyncio.create_task(self._replace(worker))
            self._starting.add(replacing)
            replacing.add_done_callback(self._starting.discard)

    def _free(self, worker: Worker) -> None:
        while self._waiting:
            waiting = self._waiting.pop(0)
            if not waiting.done():
                waiting.set_result(worker)
                return
        self._idle.append(worker)

    async def _replace(self, worker: Worker) -> None:
        await worker.end()
        self._alive.discard(worker)
        self._log("worker ended", pid=worker.process.pid)
        pause = 0.1
        while not self._closed:
            try:
                await self._start()
                return
            except (FailedError, OSError, TimeoutError) as error:
                self._failing = True
                self._log("worker does not start", error=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10.0)

    async def _start(self) -> None:
        worker = await Worker.start(self._folder, self.limits, self._hosts, self._log)
        self._alive.add(worker)
        self._failing = False
        self._free(worker)
