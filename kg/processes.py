"""What a process asks of the system: to end with the one that started it, and to take memory back."""

import contextlib
import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """End this process when the one that started it ends, in whatever way. Where the system cannot, nothing is done."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        sys.exit(0)


def give_back() -> None:
    """Give the system memory that was used and is free again. Where it cannot be asked to, nothing is done.

    Threads that write a batch leave free pieces in places of their own, where the next one does not find them.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # other C libraries than GNU's do without it
            ctypes.CDLL(None).malloc_trim(0)
