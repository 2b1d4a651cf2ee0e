"""What the harness's memory does over hours: the C library gives back what is free in it.

Each execution takes some hundred KB and frees them, on a dozen threads, beside objects that
stay. Left alone the heap grows by its holes too: 63 MB of it were free after 700 executions,
and 18 MB where they are given back (`docs/search.md` has what hours take). Nothing is done
where the C library is not glibc.
"""

import ctypes
import gc

_ARENA_MAX, _MMAP_THRESHOLD = -8, -3  # Of glibc's <malloc.h>.
_BIG_BYTES = 64 * 1024


def keep_memory_together() -> None:
    """Threads share two arenas, and big blocks go back to the system as soon as they are free.

    Else dozens of threads may keep arenas of their own, and the size from which a block counts
    as big grows with the blocks that were freed.
    """
    try:
        library = ctypes.CDLL(None)
        library.mallopt(_ARENA_MAX, 2)
        library.mallopt(_MMAP_THRESHOLD, _BIG_BYTES)
    except (OSError, AttributeError):
        return


def give_back_free_memory() -> None:
    """What only knows itself is gone, and whole pages that are free go back to the system.

    Errors and futures of the client library stand in cycles with their traces. Left to itself the
    collector looks at old ones when they are a quarter of all that lives, so beside a night's
    plans thousands gather; here it takes some 0.2 s, and freeing pages 15 ms at 150 MB.
    """
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        return
