"""Commands and events survive the pipe, and the table of PROTOCOL.md is the code's."""

import re
from pathlib import Path

import msgspec
import pytest

from deliverycheck import clients
from deliverycheck.clients import commands, protocol
from deliverycheck.clients.commands import address_of, decode_command, encode_command, verb_of
from deliverycheck.clients.protocol import (
    FailEvent,
    InfoEvent,
    OkEvent,
    Reply,
    completion_of,
    decode_line,
    encode_line,
)
from deliverycheck.history import Delivery, Fail, Info, Ok, Position, PublishRun
from deliverycheck.plans import HoldPoint

PAGE = (Path(clients.__file__).parent / "PROTOCOL.md").read_text(encoding="utf-8")

COMMANDS = [
    commands.Publish(
        execution="e",
        messages=(
            commands.Message(op=1, message="p1#1-1", topic="t", key="k", headers={"a": "b"}),
        ),
    ),
    commands.Commit(op=2, covers=(Position(source="t", partition=0, position=7),)),
    commands.Effect(op=3, deliveries=(Delivery(message="p1#1-1", source="t"),)),
    commands.Arm(point=HoldPoint.ON_REVOKE),
    commands.Send(
        execution="e",
        messages=(
            commands.Letter(
                op=1,
                message="p1#1-1",
                exchange="x1",
                key="a.b",
                headers=(("a", 1), ("b", "1"), ("c", True), ("d", None)),
                mandatory=False,
                expires_ms=0,
            ),
        ),
    ),
    commands.Settle(op=4, covers=(), how=commands.Settlement.NACK, requeue=True, multiple=True),
    commands.Idle(),
]


@pytest.mark.parametrize("command", COMMANDS, ids=verb_of)
def test_command_comes_out_of_the_pipe_as_it_went_in(command):
    line = encode_command(17, command)
    assert line.endswith(b"}\n")
    assert address_of(line) == commands.Address(id=17, do=verb_of(command))
    assert decode_command(line) == command


def test_unknown_command_still_says_whom_to_answer():
    assert address_of(b'{"id":4,"do":"dance","fast":true}').id == 4


@pytest.mark.parametrize(
    "line",
    [
        OkEvent(op=1, confirmed=True, partition=0, position=5),
        InfoEvent(op=1, error="_MSG_TIMED_OUT"),
        OkEvent(op=2, runs=(PublishRun(first_sequence=1, partition=0, first_position=0, count=9),)),
        FailEvent(op=1, returned_unroutable=True),
        protocol.ConfirmedAgainEvent(op=1),
        Reply(re=3, assigned=()),
        Reply(re=3, unsupported=True),
    ],
    ids=repr,
)
def test_event_comes_out_of_the_pipe_as_it_went_in(line):
    assert decode_line(encode_line(line)) == line


def test_member_without_a_group_differs_from_a_member_without_partitions():
    assert decode_line(encode_line(Reply(re=1, assigned=()))).assigned == ()
    assert decode_line(encode_line(Reply(re=1))).assigned is None


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (OkEvent(op=1, remaining=2), Ok(op=1, ns=9, remaining=2)),
        (FailEvent(op=1, error="_QUEUE_FULL"), Fail(op=1, ns=9, error="_QUEUE_FULL")),
        (InfoEvent(op=1, confirmed=True), Info(op=1, ns=9, confirmed=True)),
    ],
    ids=["ok", "fail", "info"],
)
def test_completion_enters_the_history_under_the_time_it_was_read(event, expected):
    assert completion_of(event, ns=9) == expected


def words_of(table, heading):
    """The names in the first column of the table under `heading`."""
    part = table.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    first_cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return {word for cell in first_cells[1:] for word in re.findall(r"`(\w+)`", cell)}


def test_page_lists_exactly_the_commands_that_exist():
    known = {verb_of_type(kind) for kind in commands.Command.__args__}
    assert words_of(PAGE, "Commands") == known


def test_page_lists_exactly_the_events_that_exist():
    known = {verb_of_type(kind) for kind in protocol.WorkerEvent.__args__}
    assert words_of(PAGE, "Events") == known


def test_examples_on_the_page_are_lines_of_the_protocol():
    lines = re.findall(r"^([←→]) (.+)$", PAGE, re.MULTILINE)
    assert len(lines) == 7
    for direction, line in lines:
        data = line.replace(",…", "").encode()
        (decode_line if direction == "←" else decode_command)(data)


def verb_of_type(kind):
    return msgspec.inspect.type_info(kind).tag
