"""Steps on queues: what is published to an exchange, taken from a queue, settled, declared.

Other steps are those of `steps`: `Work` is a consumer's next calls, `Close` its orderly end.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec.structs import replace

from deliverycheck.plans.step import BYTES_MAX, Count, Step, Wait
from deliverycheck.plans.subject import Setting
from deliverycheck.plans.topology import Binding, Headers, Queue

CYCLES_MAX = 30
"""The greatest delivery limit that a broker has by itself is 20."""

PRIORITY_MAX = 255


class Settlement(StrEnum):
    """What a consumer says of a delivery."""

    ACK = "ack"
    NACK = "nack"
    REJECT = "reject"


class Pick(StrEnum):
    """Which of the deliveries in hand, and in which order."""

    ALL = "all"
    FIRST = "first"
    LAST = "last"
    EVERY_SECOND = "every_second"
    BACKWARDS = "backwards"
    UP_TO_LAST = "up_to_last"


class Send(Step, frozen=True, kw_only=True, tag="send", omit_defaults=True):
    """A publisher hands over `count` messages to an exchange, a call each.

    One whose channel is transactional begins a transaction first, if none is open. Whether they
    are persistent and mandatory the subject's settings say.

    Attributes:
        exchange: ``""`` is the default exchange, whose key is the name of a queue.
        headers: name and value of each.
        expires_ms: how long each may wait in a queue.
        bytes: each body has at least as many.
    """

    lane: str = "p1"
    exchange: str = ""
    key: str = "q1"
    count: Count = 1
    headers: Headers = ()
    expires_ms: Annotated[int, msgspec.Meta(ge=0)] | None = None
    priority: Annotated[int, msgspec.Meta(ge=0, le=PRIORITY_MAX)] | None = None
    bytes: Annotated[int, msgspec.Meta(ge=0, le=BYTES_MAX)] = 0
    wait: Wait = Wait.RETURNED


class Take(Step, frozen=True, kw_only=True, tag="take", omit_defaults=True):
    """A consumer takes up to `count` messages and keeps them in hand, unsettled."""

    lane: str = "c1"
    count: Count = 1


class Settle(Step, frozen=True, kw_only=True, tag="settle", omit_defaults=True):
    """A consumer settles deliveries in hand; what it acks has its effect first, if it works so.

    Attributes:
        requeue: whether what it refuses is to come again.
        pick: ``up_to_last`` is all of them in one call.
    """

    lane: str = "c1"
    how: Settlement = Settlement.ACK
    requeue: bool = False
    pick: Pick = Pick.ALL


class CloseChannel(Step, frozen=True, kw_only=True, tag="close_channel", omit_defaults=True):
    """A worker closes its channel in order and opens another one; its connection goes on."""

    lane: str


class BreakChannel(Step, frozen=True, kw_only=True, tag="break_channel", omit_defaults=True):
    """A client makes a call for which the broker closes its channel; the connection goes on."""

    lane: str


class Starve(Step, frozen=True, kw_only=True, tag="starve", omit_defaults=True):
    """A node may use no memory, and takes nothing from who publishes, until it resumes."""

    lane: str = "b1"


class Silence(StrEnum):
    """What keeps a client's heartbeats from the broker."""

    STOPPED = "stopped"
    STALLED = "stalled"


class MissHeartbeats(Step, frozen=True, kw_only=True, tag="miss_heartbeats", omit_defaults=True):
    """A worker is stopped, or its way to the broker held up, until its heartbeats are missed."""

    lane: str = "c1"
    by: Silence = Silence.STOPPED


class CrashLoop(Step, frozen=True, kw_only=True, tag="crash_loop", omit_defaults=True):
    """A consumer takes a message and is killed with it in hand, `cycles` times."""

    lane: str = "c1"
    cycles: Annotated[int, msgspec.Meta(ge=1, le=CYCLES_MAX)] = 1


class Declare(Step, frozen=True, kw_only=True, tag="declare", omit_defaults=True):
    """Declare a further queue, with bindings to it; the subject says whether it must settle."""

    queue: Queue
    bindings: tuple[Binding, ...] = ()
    lane: str = "admin"


class Bind(Step, frozen=True, kw_only=True, tag="bind", omit_defaults=True):
    """A binding is made."""

    binding: Binding
    lane: str = "admin"


class Unbind(Step, frozen=True, kw_only=True, tag="unbind", omit_defaults=True):
    """A binding is taken away."""

    binding: Binding
    lane: str = "admin"


class SetPolicy(Step, frozen=True, kw_only=True, tag="set_policy", omit_defaults=True):
    """A queue in use gets other limits, or another place for its dead; over once it has them.

    Attributes:
        definition: by the fields of `Queue` that a policy may set.
    """

    queue: str = "q1"
    definition: dict[str, Setting] = {}  # noqa: RUF012  # msgspec copies it, as in `Subject`
    lane: str = "admin"

    def limited(self, declared: Queue) -> Queue:
        """The queue with this policy, beside what it was declared with.

        Of two limits the lower one counts, and its own place for the dead overrules another one.
        RabbitMQ 4.3, Queue Length Limit; Time-To-Live and Expiration; Dead Letter Exchanges.
        """
        usual = Queue(name=declared.name)
        both = {
            name: _of_both(getattr(declared, name), getattr(usual, name), value)
            for name, value in self.definition.items()
        }
        return replace(declared, **both)


def _of_both(own: Setting | None, usual: Setting | None, value: Setting) -> Setting:
    """What counts; `usual` is the field of a queue that leaves it to the broker."""
    if own is None or own == usual:
        return value if usual is None else type(usual)(value)
    return min(own, value) if isinstance(own, int) and isinstance(value, int) else own


class Request(Step, frozen=True, kw_only=True, tag="request", omit_defaults=True):
    """A publisher with a reply address asks `count` times, and takes what is replied by then.

    Who works off the queue replies to each request once it has had its effect.
    """

    lane: str = "p1"
    queue: str = "q1"
    count: Count = 1
    wait: Wait = Wait.RETURNED

    @property
    def sending(self) -> Send:
        """The same as far as the queue is concerned."""
        return Send(lane=self.lane, key=self.queue, count=self.count, wait=self.wait)
