"""A sound history of any size, written as fast as the disk takes it.

Producers, partitions and keys follow from a message's number, so that nothing is held in memory.
"""

from collections.abc import Iterator
from pathlib import Path

PRODUCERS = 7
PARTITIONS = 12  # Coprime with the producers: each writes to each.
KEYS_A_PARTITION = 80
DELIVERIES_A_RECEIVE = 500
UNKNOWN_EVERY = 1000  # Of so many publishes one ends `info`, and is found.
CONSUMED_SHARE = 10  # One partition in so many is read by the application's own consumer too.
BYTES_A_MESSAGE = 310
"""Of a publish, its confirm and its delivery; an upper bound up to 10^8 messages,
for who looks for room on a disk: 294 were measured."""

_CHUNK = PARTITIONS * DELIVERIES_A_RECEIVE


def write_big_history(path: Path, messages: int) -> int:
    """Publishes and deliveries of a history of `messages`; the file appears when it is whole."""
    unfinished = path.with_name(f"{path.name}.part")
    with unfinished.open("w", encoding="ascii", newline="\n") as file:
        for chunk in _chunks(messages):
            file.write(chunk)
    unfinished.replace(path)
    return messages + _deliveries(messages)


def _deliveries(messages: int) -> int:
    return messages + sum(1 for _ in range(0, messages, PARTITIONS))


def _chunks(messages: int) -> Iterator[str]:
    yield (
        '{"type":"header","format":"deliverycheck-history","version":1,"execution":"big"}\n'
        '{"type":"phase","phase":"workload","ns":0}\n'
    )
    for first in range(0, messages, _CHUNK):
        yield "".join(map(_published, range(first, min(first + _CHUNK, messages))))
    op = messages
    for process, partitions in (("c1#1", 1), ("scan#1", PARTITIONS)):
        phase = "drain" if process == "c1#1" else "scan"
        yield f'{{"type":"phase","phase":"{phase}","ns":{op}000}}\n'
        for partition in range(partitions):
            for first in range(partition, messages, _CHUNK):
                numbers = range(first, min(first + _CHUNK, messages), PARTITIONS)
                yield _received(op, process, numbers)
                op += 1
    yield f'{{"type":"phase","phase":"done","ns":{op}000,"drained":true,"scanned":true}}\n'


def _published(number: int) -> str:
    """The call and its answer: message `number` of all, the next of its producer."""
    sequence, producer = divmod(number, PRODUCERS)
    position, partition = divmod(number, PARTITIONS)
    key = position % KEYS_A_PARTITION * PARTITIONS + partition
    call = (
        f'{{"type":"invoke","op":{number},"process":"p{producer + 1}#1","action":"publish",'
        f'"ns":{number + 1}000,"message":"p{producer + 1}#1-{sequence + 1}","target":"t",'
        f'"key":"k{key}"}}\n'
    )
    if number % UNKNOWN_EVERY == 1:
        return f'{call}{{"type":"info","op":{number},"ns":{number + 1}900,"error":"timed_out"}}\n'
    return (
        f'{call}{{"type":"ok","op":{number},"ns":{number + 1}900,"partition":{partition},'
        f'"position":{position}}}\n'
    )


def _received(op: int, process: str, numbers: range) -> str:
    group = ',"group":"g"' if process == "c1#1" else ""
    handed = ",".join(map(_delivered, numbers))
    return (
        f'{{"type":"invoke","op":{op},"process":"{process}","action":"receive",'
        f'"ns":{op}000{group}}}\n'
        f'{{"type":"ok","op":{op},"ns":{op}900,"deliveries":[{handed}]}}\n'
    )


def _delivered(number: int) -> str:
    sequence, producer = divmod(number, PRODUCERS)
    position, partition = divmod(number, PARTITIONS)
    return (
        f'{{"message":"p{producer + 1}#1-{sequence + 1}","source":"t","partition":{partition},'
        f'"position":{position}}}'
    )
