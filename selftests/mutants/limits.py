"""What a process that judges a mutant may use, and that it never outlives its parent."""

import contextlib
import ctypes
import os
import resource
import signal

MEMORY_BYTES_MAX = 2 * 1024**3
# Against a process that waits and does nothing; what works too long is ended by `allow`.
WALL_S_MAX = 1800
_PR_SET_PDEATHSIG = 1


def confine():
    """Quiet, small, and gone with the parent; a mutant may loop or grow for ever."""
    with contextlib.suppress(OSError, AttributeError):  # Linux only; elsewhere the timers end it.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGVTALRM):
        signal.signal(name, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    signal.setitimer(signal.ITIMER_REAL, WALL_S_MAX)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def allow(cpu_s):
    """So much of the processor from now on, 0 for any; then SIGVTALRM ends the process.

    Time of the processor and not of the clock: other programs slow nothing into a kill.
    """
    signal.setitimer(signal.ITIMER_VIRTUAL, cpu_s)
