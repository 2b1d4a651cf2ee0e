"""Turns the log of an application, `app.log`, into a history that `deliverycheck check` judges.

    python3 docs/examples/from_log.py docs/examples/app.log > history.jsonl
    deliverycheck check history.jsonl

Standard library only: copy it and change what it reads. Two things matter in your own log.
There is a line *before* each call and one after it, so that a crash between them is seen; and
somebody reads every topic from its start to its end when all is over (here: audit).
"""
# ruff: noqa: INP001 - an example to copy, not a module of ours

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

_LINE = re.compile(r"(\d+):(\d+):(\d+)\.(\d{3}) (\S+) (\S+) ?(.*)")
_PLACE = re.compile(
    r"(?:(?P<message>\S+) )?(?:(?:to|at) )?"
    r"(?P<source>[\w.-]+)/(?P<partition>\d+)(?:@(?P<position>\d+))?"
)
_GROUP = "billing"


def history_of(lines: Iterable[str]) -> Iterator[dict]:
    """The lines of the history, in the order of the log."""
    yield {
        "type": "header",
        "format": "deliverycheck-history",
        "version": 1,
        "execution": "2026-03-02",
        "relies_on": "confirm",
        "groups": {_GROUP: ["orders"]},
    }
    next_op = 0
    started_ns = None
    open_ops: dict[tuple[str, str], int] = {}  # What each process has begun and not ended.
    found: list[dict] = []
    drained = False
    for number, line in enumerate(lines, start=1):
        said = _LINE.fullmatch(line.rstrip())
        if said is None:
            sys.exit(f"line {number} is not understood: {line.rstrip()}")
        hours, minutes, seconds, millis, process, verb, rest = said.groups()
        clock_ns = (
            ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(millis)
        ) * 1_000_000
        started_ns = clock_ns if started_ns is None else started_ns
        ns = clock_ns - started_ns
        if verb in _BEGINS:
            open_ops[process, _BEGINS[verb]] = next_op
            yield {"type": "invoke", "op": next_op, "ns": ns} | _invocation(process, verb, rest)
            next_op += 1
        elif verb in _ENDS:
            action, outcome = _ENDS[verb]
            yield {"type": outcome, "op": open_ops.pop((process, action)), "ns": ns} | _result(
                verb, rest
            )
        elif verb == "found":
            found.append(_place(rest))
        elif verb == "killed":
            yield {"type": "process", "process": process, "what": "killed", "ns": ns}
        elif verb == "idle":
            drained = True
        elif verb == "end":
            yield {
                "type": "ok",
                "op": open_ops.pop((process, "receive")),
                "ns": ns,
                "deliveries": found,
            }
            yield {"type": "phase", "phase": "done", "ns": ns, "drained": drained, "scanned": True}


_BEGINS = {"sends": "publish", "asks": "receive", "charges": "effect", "commits": "commit"}
_ENDS = {
    "confirmed": ("publish", "ok"),
    # A timeout proves nothing: the message may be there or come later. That is `info`, not `fail`.
    "timed-out": ("publish", "info"),
    "received": ("receive", "ok"),
    "charged": ("effect", "ok"),
    "committed": ("commit", "ok"),
}


def _invocation(process: str, verb: str, rest: str) -> dict:
    # A process named scan… is a fresh reader: what it finds is what stands in the log.
    fields = {"process": "scan#1" if process == "audit" else process, "action": _BEGINS[verb]}
    if verb == "sends":
        place = _place(rest)
        return fields | {
            "message": place["message"],
            "target": place["source"],
            "partition": place["partition"],
        }
    if process != "audit":
        fields["group"] = _GROUP
    if verb == "charges":
        fields["deliveries"] = [_place(rest)]
    if verb == "commits":  # As Kafka counts: the position of the next message to read.
        fields["covers"] = [_place(rest)]
    return fields


def _result(verb: str, rest: str) -> dict:
    if verb == "confirmed":
        place = _place(rest)
        return {"partition": place["partition"], "position": place["position"]}
    if verb == "received":
        return {"deliveries": [_place(rest)]}
    return {"error": "timed out"} if verb == "timed-out" else {}


def _place(text: str) -> dict:
    """``order-1 at orders/0@7`` as the format names its parts; what is not said is left out."""
    said = {
        name: part for name, part in _PLACE.fullmatch(text).groupdict().items() if part is not None
    }
    return said | {name: int(said[name]) for name in ("partition", "position") if name in said}


if __name__ == "__main__":
    with Path(sys.argv[1]).open(encoding="utf-8") as log:
        for event in history_of(log):
            sys.stdout.write(json.dumps(event, separators=(",", ":")) + "\n")
