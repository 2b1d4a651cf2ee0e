"""One handing of a message from a queue to a process, and between what bounds it happened."""

from dataclasses import dataclass

from deliverycheck.history import Action, Delivery, Operation, Outcome, Publication

Copy = tuple[str, int]
"""What a queue holds once: a message and the attempt that brought it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """A delivery from a queue, with the operations around it. All times in nanoseconds.

    Attributes:
        place: the operation's number and the place in it: the order within a process.
        pushed: the receive named no queue: it brought what had been sent ahead.
        handed_ns: when the receive was complete; the queue had sent it before.
        taken_after_ns: the queue surely sent it not before; 0 if nothing is known.
        tag: the position, if it names this delivery of the process and no other.
        settlements: what the process said of this delivery, in the order of its calls.
    """

    place: tuple[int, int]
    process: str
    delivery: Delivery
    pushed: bool
    handed_ns: int
    taken_after_ns: int
    tag: int | None
    settlements: tuple[Operation, ...]

    @property
    def op(self) -> int:
        """The receive that brought it."""
        return self.place[0]

    @property
    def copy(self) -> Copy:
        """What was handed."""
        return (self.delivery.message, self.delivery.attempt)

    @property
    def is_fresh(self) -> bool:
        """The broker says that it was handed to nobody before; silence says nothing."""
        return self.delivery.redelivered is False and self.delivery.deliveries in {None, 1}

    @property
    def acked(self) -> Operation | None:
        """The ack that surely took effect."""
        one = self._settled()
        return one if one and one.action is Action.ACK else None

    @property
    def returned(self) -> Operation | None:
        """The nack or reject that surely gave it back to the queue."""
        one = self._settled()
        return one if one and one.action is not Action.ACK and one.requeue is True else None

    @property
    def rejected(self) -> Operation | None:
        """The nack or reject that surely gave it up."""
        one = self._settled()
        return one if one and one.action is not Action.ACK and one.requeue is False else None

    def _settled(self) -> Operation | None:
        """The only thing said of it, if that took effect."""
        sure = len(self.settlements) == 1 and self.settlements[0].outcome is Outcome.OK
        return self.settlements[0] if sure else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentHanding(Handing):
    """A handing of which it is sure from which publish it comes."""

    publication: Publication

    @property
    def confirmed_ns(self) -> int | None:
        """When its publish was confirmed; ``None`` if that is not known to have happened."""
        sent = self.publication
        return sent.completed_ns if sent.outcome is Outcome.OK else None
