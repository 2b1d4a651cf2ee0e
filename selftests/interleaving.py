"""The lines of a history in another order in which a reader may meet them."""

import json

from deliverycheck.history import encode, history_of


def lane_of(line, lanes):
    """Lines of a process keep their order, and so do those of the harness."""
    event = json.loads(line)
    if event["type"] == "invoke":
        lanes[event["op"]] = event["process"]
    if "op" in event and event["type"] != "process":
        return lanes[event["op"]]
    return event.get("process", event["type"])


def backwards(data):
    """The lines of a history with the processes one after the other, from the last."""
    header, *lines = data.splitlines(keepends=True)
    lanes, told = {}, {}
    for line in lines:
        told.setdefault(lane_of(line, lanes), []).append(line)
    return header + b"".join(line for lane in reversed(told) for line in told[lane])


def interleaved(events, choices):
    """The history with the processes mixed by these numbers, the lines of each in their order."""
    header, *lines = [encode(event) for event in events]
    queues, lanes = {}, {}
    for line in lines:
        queues.setdefault(lane_of(line, lanes), []).append(line)
    told = [header]
    for choice in choices:
        if queues:
            lane = sorted(queues)[choice % len(queues)]
            told.append(queues[lane].pop(0))
            if not queues[lane]:
                del queues[lane]
    rest = [line for lane in sorted(queues, reverse=True) for line in queues[lane]]
    return history_of(b"".join([*told, *rest]))
