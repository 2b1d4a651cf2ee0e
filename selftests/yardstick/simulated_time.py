"""Simulated time: what is to happen in its order, and the driver's way to wait for it."""

import heapq
from itertools import count
from math import ceil
from types import SimpleNamespace

MS = 1_000_000
"""Nanoseconds."""

LOOK_NS = 1_000
"""Whoever looks at the clock finds it a microsecond later: no two lines have one time."""


class SimulatedTime:
    """A clock that stands still until somebody waits; it is its own selector."""

    def __init__(self):
        self._ns = 0
        self._order = count()
        self._coming = []
        self._watched = {}
        self._talking = set()

    def now_ns(self):
        self._ns += LOOK_NS
        return self._ns

    @property
    def ms(self):
        return self._ns / MS

    def after(self, ms, do):
        """`do` is called so much later, behind what was planned for that moment before."""
        heapq.heappush(self._coming, (self._ns + int(ms * MS), next(self._order), do))

    def pass_ms(self, ms):
        """What is to happen within that time has happened."""
        end_ns = self._ns + int(ms * MS)
        while self._happens(end_ns):
            pass

    def _happens(self, end_ns):
        """The next event has happened, if there is one by then; else it is then."""
        if self._coming and self._coming[0][0] <= end_ns:
            ns, _, do = heapq.heappop(self._coming)
            self._ns = max(self._ns, ns)
            do()
            return True
        self._ns = max(self._ns, end_ns)
        return False

    # As the driver's selector.

    def selector(self):
        return self

    def register(self, fileno, _events, data):
        self._watched[fileno] = SimpleNamespace(data=data)

    def unregister(self, fileno):
        del self._watched[fileno]

    def close(self):
        pass

    def is_talking(self, fileno):
        self._talking.add(fileno)

    def is_silent(self, fileno):
        self._talking.discard(fileno)

    def select(self, timeout_s):
        end_ns = self._ns + max(1, ceil(timeout_s * 1e9))
        while True:
            ready = [self._watched[one] for one in self._watched if one in self._talking]
            if ready:
                return [(key, 1) for key in ready]
            if not self._happens(end_ns):
                return []
