"""What a process asks of the system: to end with the one that started it, and to take memory back."""

import contextlib
import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_M_ARENA_MAX = -8


def end_with(parent: int) -> None:
    """End this process when the one that started it ends, in whatever way. Where the system cannot, nothing is done."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        sys.exit(0)


def share_memory() -> None:
    """Have threads share what memory is free. Where the system cannot, nothing is done.

    By itself each of up to 16 threads keeps free pieces of its own, where the threads of the next batch do not find
    them.
    """
    _ask("mallopt", _M_ARENA_MAX, 2)


def give_back() -> None:
    """Give the system memory that was used and is free again. Where it cannot be asked to, nothing is done."""
    _ask("malloc_trim", 0)


def _ask(function: str, *arguments: int) -> None:
    """Ask the C library. Others than GNU's do without these functions."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            getattr(ctypes.CDLL(None), function)(*arguments)
