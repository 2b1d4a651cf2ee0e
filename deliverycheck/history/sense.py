"""What a line must say beyond the types of its fields, so that its silence accuses nobody."""

from collections.abc import Collection, Mapping
from operator import attrgetter
from typing import Any

from deliverycheck.history.bad_line import expected_one_of
from deliverycheck.history.events import Event, Header, Invoke
from deliverycheck.history.operation import Action

NEEDED: Mapping[Action, tuple[str, ...]] = {
    Action.PUBLISH: ("message", "target"),
    Action.EFFECT: ("group",),
    Action.DELETE: ("target",),
}
"""Fields without which an action says nothing that could be judged."""
_needed = {action: attrgetter(*fields, "op") for action, fields in NEEDED.items()}  # A tuple each.
HEADER_WORDS: Mapping[str, tuple[str, ...]] = {
    "clock": ("monotonic_ns",),
    "relies_on": ("confirm", "call_returned"),
    "error_means": ("unknown", "absent"),
}
SOURCE_WORDS: Mapping[str, tuple[str, ...]] = {
    "kind": ("log", "queue", "stream"),
    "overflow": ("drop_head", "reject_publish"),
    "requeue": ("original", "back"),
}
ISOLATIONS = ("read_uncommitted", "read_committed", "strict_serializable")
CAN_BE_NONSENSE = frozenset({Header, Invoke})
"""The kinds of lines that are looked at here."""
BULK_MESSAGES_MAX = 3_000_000
"""In `count`, `runs` and `delivery_runs` of one file; about 0.5 kB of memory each."""
_DIGITS_MAX = 18  # As `History` counts on.


def nonsense_in(event: Event) -> str | None:
    """What is wrong with a line whose fields all have the right types; ``None`` if nothing is."""
    if isinstance(event, Invoke):
        return _of_invoke(event)
    return _of_header(event) if isinstance(event, Header) else None


def _of_invoke(event: Invoke) -> str | None:
    """Most lines are these: what only some have is looked at only there."""
    if (needed := _needed.get(event.action)) is not None:
        given = needed(event)
        if None in given or given[0] == "":
            return _missing(event)
        if event.action == "effect" and event.message is not None and not event.deliveries:
            return "field 'deliveries': missing; an effect names there what was worked on"
    if event.count > 1 and not _can_be_counted_on(event.message or ""):
        return (
            f"field 'message': expected an id that ends in - and a number, such as p1#1-7, of a "
            f"publish with count {event.count}; got {event.message!r}"
        )
    if event.isolation is not None:
        return _no_word("isolation", event.isolation, ISOLATIONS)
    return None


def _missing(event: Invoke) -> str:
    """A target may be empty, as the default exchange is; a name to find something by may not."""
    first, *others = NEEDED[event.action]
    missing = [field for field in others if getattr(event, field) is None]
    field = missing[0] if getattr(event, first) else first
    empty = "empty" if getattr(event, field) == "" else "missing"
    return f"field {field!r}: {empty}; an invoke of {str(event.action)!r} needs it"


def _can_be_counted_on(message: str) -> bool:
    _, dash, number = message.rpartition("-")
    plain = number.isascii() and number.isdigit() and len(number) <= _DIGITS_MAX
    return bool(dash) and plain and number == str(int(number))


def _of_header(header: Header) -> str | None:
    words: list[tuple[str, Any, Collection[str]]] = [
        (field, getattr(header, field), known) for field, known in HEADER_WORDS.items()
    ]
    words += [
        (f"sources.{name}.{field}", getattr(source, field), known)
        for name, source in header.sources.items()
        for field, known in SOURCE_WORDS.items()
    ]
    found = (_no_word(*word) for word in words)
    return next((problem for problem in found if problem), None)


def _no_word(field: str, got: str | None, known: Collection[str]) -> str | None:
    if got is None or got in known:
        return None
    return f"field {field!r}: {expected_one_of(known, got)}"
