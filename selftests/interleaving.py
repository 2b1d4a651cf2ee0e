"""The lines of a history in another order in which a reader may meet them."""

import json


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
