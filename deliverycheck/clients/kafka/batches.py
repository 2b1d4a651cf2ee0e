"""Messages taken several at a time, by one call of the library."""

from deliverycheck.clients.commands import Handing, Receive
from deliverycheck.clients.kafka.consuming import SLICE_S, Consuming
from deliverycheck.clients.kafka.library import KafkaException
from deliverycheck.clients.kafka.library import Message as Received
from deliverycheck.clients.protocol import Reply
from deliverycheck.clients.worker_loop import Deadline


def receive(consuming: Consuming, identity: int, command: Receive) -> Reply:
    """What came is told: one message after the other, or what one call brought."""
    if command.by is Handing.POLL:
        return consuming.receive(identity, command)
    deadline = Deadline(command.timeout_ms)
    taken = consuming.take_kept(command.max)
    while not taken:
        taken = _consume(consuming, command.max, min(SLICE_S, deadline.left_s()))
        if not taken and (deadline.passed() or consuming.is_over(command.until)):
            break
    return consuming.hand_over(identity, command.op, taken)


def _consume(consuming: Consuming, count_max: int, timeout_s: float) -> list[Received]:
    try:
        found = consuming.consumer.consume(count_max, timeout_s)
    except KafkaException as error:  # A fatal one: told, not thrown.
        consuming.client_error(error.args[0])
        return []
    return [one for one in found if consuming.note(one)]
