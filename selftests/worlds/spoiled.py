"""Histories of a world with fields, lines and whole operations that went wrong: almost right ones
come further into a checker than random ones do."""

from hypothesis import strategies as st
from msgspec import structs

from deliverycheck.history import Fail, FaultEvent, Header, Info, Invoke, Ok
from selftests.worlds.anything import (
    COMPLETED,
    DELIVERY,
    GROUPS,
    INVOKED,
    MESSAGES,
    PROCESSES,
    SOURCES,
    Bytes,
    with_sense,
)

SPOILS_MAX = 4


def spoiled(events, data):
    """The events with a few defects, each of which a reader accepts."""
    choices = Bytes(data)
    for _ in range(choices.count(SPOILS_MAX)):
        places = [n for n, event in enumerate(events) if not isinstance(event, Header)]
        if places:
            place = choices.of(places)
            events = choices.of(SPOILS)(events, place, choices)
    return with_sense(events)


def without_operation(events, place, _):
    op = getattr(events[place], "op", None)
    return [event for event in events if op is None or getattr(event, "op", None) != op]


def without_line(events, place, _):
    """An operation without its completion is unknown; one without its call is none."""
    if isinstance(events[place], Invoke):
        return events
    return [*events[:place], *events[place + 1 :]]


def ended_otherwise(events, place, choices):
    event = events[place]
    if not isinstance(event, (Ok, Fail, Info)):
        return events
    ending = choices.of((Ok, Fail, Info))
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    kept = {name: value for name, value in fields.items() if name in ending.__struct_fields__}
    return _with(events, place, ending(**kept))


def other_field(events, place, choices):
    event = events[place]
    fields = INVOKED if isinstance(event, Invoke) else COMPLETED
    if isinstance(event, (Invoke, Ok, Fail, Info)):
        name = choices.of(tuple(name for name in fields if hasattr(event, name)))
        made = fields[name](choices) if callable(fields[name]) else choices.of(fields[name])
        return _with(events, place, structs.replace(event, **{name: made}))
    return events


def other_process(events, place, choices):
    event = events[place]
    if isinstance(event, Invoke):
        return _with(events, place, structs.replace(event, process=choices.of(PROCESSES)))
    return events


def other_delivery(events, place, choices):
    """A delivery is another, stands twice, or went missing."""
    event = events[place]
    found = getattr(event, "deliveries", ())
    if not found:
        return events
    number = choices.count(len(found) - 1)
    one = found[number]
    instead = choices.of(
        (
            (),
            (one, one),
            (structs.replace(one, message=choices.of(MESSAGES)),),
            (structs.replace(one, source=choices.of(SOURCES)),),
            (structs.replace(one, **choices.some(DELIVERY, usual=("position",))),),
        )
    )
    changed = (*found[:number], *instead, *found[number + 1 :])
    return _with(events, place, structs.replace(event, deliveries=changed))


def other_group(events, place, choices):
    event = events[place]
    if isinstance(event, Invoke):
        return _with(events, place, structs.replace(event, group=choices.of(GROUPS)))
    return events


def other_time(events, place, choices):
    event = events[place]
    if isinstance(event, FaultEvent) or hasattr(event, "ns"):
        return _with(events, place, structs.replace(event, ns=choices.ns()))
    return events


SPOILS = (
    without_line,
    without_operation,
    ended_otherwise,
    other_field,
    other_process,
    other_delivery,
    other_group,
    other_time,
)


def _with(events, place, event):
    return [*events[:place], event, *events[place + 1 :]]


def spoiled_worlds(worlds):
    """Spoiled runs of these worlds."""
    spoils = st.binary(min_size=40, max_size=80)
    return st.tuples(worlds, spoils).map(lambda both: spoiled(both[0].events, both[1]))
