"""Work in a process of its own, which can be ended: at a limit, or when the user presses Ctrl-C.

The engine cannot be stopped while it looks for the next row, and does not see a signal until it has found it.
"""

import multiprocessing
import os
import pickle
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection

from picograph.ontology.errors import StoreError


def run(work: Callable[[], None], timeout: float | None, where: str) -> None:
    """Do some work, with its output, in another process; what it raises is raised here.

    :param timeout: after which it is ended [seconds]; None for no limit
    :param where: the store, for the message
    :raises StoreError: if it took longer, or its process was ended from outside
    """
    if "fork" not in multiprocessing.get_all_start_methods():  # Windows: no limit can be held there
        work()
        return
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(work, sending, os.getpid()))
    process.start()
    sending.close()
    try:
        if not receiving.poll(timeout):
            raise StoreError(
                f"the query was stopped at its limit of {timeout:g} s",
                where=where,
                remedy="ask for less at once, or allow more with --timeout",
            )
        said: BaseException | None = receiving.recv()
    except EOFError:
        raise StoreError(
            "the process that answered was ended from outside", where=where, remedy="see whether memory is short"
        ) from None
    finally:
        process.kill()
        process.join()
        receiving.close()
    if said is not None:
        raise said


def _work(work: Callable[[], None], sending: Connection, parent: int) -> None:
    from picograph.kg.processes import end_with

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with(parent)
    said: BaseException | None = None
    try:
        work()
        sys.stdout.flush()
    except Exception as error:
        said = error
    try:
        pickled = pickle.dumps(said)
    except Exception:
        pickled = pickle.dumps(RuntimeError(f"{type(said).__name__}: {said}"))
    sending.send_bytes(pickled)
    signal.pause()  # all is said and written: who waits ends this process, and its memory is given back at once
