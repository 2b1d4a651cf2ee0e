"""A simulated link: requests up, replies down, and what the faults of the catalogue do to them."""

from deliverycheck.plans import Direction, FaultKind

WAY_MS = 0.3
DELAY_MS = 140
TIMEOUT_MS = 200
"""The catalogue's delay and the socket timeout of the fast client profile, five times as fast."""

_CUTS = {
    FaultKind.LOSE_REQUEST: Direction.UPSTREAM,
    FaultKind.TORN_REQUEST: Direction.UPSTREAM,
    FaultKind.LOSE_REPLY: Direction.DOWNSTREAM,
}


class Request:
    """One request: `serve` runs at the broker, then `answer` or `fail` at the client."""

    __slots__ = ("answer", "connection", "fail", "fault", "is_over", "serve")

    def __init__(self, serve, answer, fail):
        self.serve, self.answer, self.fail = serve, answer, fail
        self.connection = None
        self.is_over = False
        self.fault = None


class Link:
    """One client's way to the broker; bytes keep their order, and a cut fails all that is open.

    Attributes:
        healed: the fault before the last heal, and when that was.
    """

    def __init__(self, time, node):
        self._time = time
        self._node = node
        self.fault = self.direction = self.healed = None
        self.healed_ms = 0
        self.connection = 0
        self._open = []
        self._held = []
        self._swallowed = False

    @property
    def is_quiet(self):
        """Whether heartbeats pass."""
        return self.fault in (None, FaultKind.DELAY)

    def send(self, serve, answer, fail):
        request = Request(serve, answer, fail)
        request.connection, request.fault = self.connection, self.fault
        self._open.append(request)
        if self.fault is FaultKind.REFUSE or self._node.state == "down":
            self._time.after(WAY_MS, self.cut)
            return
        self._time.after(TIMEOUT_MS, lambda: request.is_over or self.cut())
        self._travel(Direction.UPSTREAM, request, lambda: self._arrive(request))

    def _travel(self, direction, request, arrive):
        fault = self._fault_towards(direction)
        if fault in _CUTS:
            self._time.after(WAY_MS, self.cut)
        elif fault is FaultKind.BLACK_HOLE:
            self._swallowed = True
        elif fault in (FaultKind.STALL, FaultKind.DELAY):
            self._hold(arrive, fault)
        else:
            unless_cut = lambda: request.connection == self.connection and arrive()  # noqa: E731
            self._time.after(WAY_MS, unless_cut)

    def _fault_towards(self, direction):
        if self.fault in _CUTS:
            return self.fault if _CUTS[self.fault] is direction else None
        return self.fault if self.direction in (direction, Direction.BOTH) else None

    def _hold(self, arrive, fault):
        self._held.append(arrive)
        if fault is FaultKind.DELAY:
            self._time.after(DELAY_MS, lambda: self._let_go(arrive))

    def _let_go(self, arrive):
        if arrive in self._held:
            self._held.remove(arrive)
            arrive()

    def _arrive(self, request):
        """At the broker; a stopped one leaves it where it is."""
        if self._node.state == "paused":
            self._node.waiting.append(lambda: self._arrive(request))
        elif self._node.state == "up":
            reply = request.serve()
            self._travel(Direction.DOWNSTREAM, request, lambda: self._answer(request, reply))

    def _answer(self, request, reply):
        if not request.is_over:
            request.is_over = True
            self._open.remove(request)
            request.answer(reply)

    def cut(self):
        """The connection is gone: what is open has failed, what is on its way is lost."""
        self.connection += 1
        failed, self._open = self._open, []
        for request in failed:
            request.is_over = True
        for request in failed:
            request.fail()

    def inject(self, fault, direction):
        self.fault, self.direction = fault, direction
        if fault is FaultKind.REFUSE:
            self.cut()

    def heal(self):
        self.healed, self.healed_ms = self.fault, self._time.ms
        self.fault = self.direction = None
        held, self._held = self._held, []
        for arrive in held:
            self._time.after(WAY_MS, arrive)
        if self._swallowed:
            self._swallowed = False
            self.cut()
