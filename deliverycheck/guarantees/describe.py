"""Operations as lines, for those who read why a verdict is what it is."""

from collections import Counter
from collections.abc import Iterable

from deliverycheck.guarantees.sentences import counted, duration, join, place
from deliverycheck.history import Action, Delivery, DeliveryRun, History, Operation, Outcome

_PLACES_SHOWN_MAX = 3


def describe_operation(operation: Operation, *, about: str | None = None) -> str:
    """One line: ``op 2 p1#1 publish p1#1-2 to t1/0 -> ok at position 3, 12.1 ms to 14.0 ms``.

    Of a call with many deliveries the line shows the one of the message `about`.
    """
    parts = [f"op {operation.op}", operation.process, operation.action.value]
    parts += [word for word in (_what(operation, about), _to(operation)) if word]
    return f"{' '.join(parts)} -> {_result(operation)}, {_times(operation)}"


def witness_lines(
    history: History, witnesses: Iterable[int], *, about: str | None = None
) -> tuple[str, ...]:
    """The operations that prove something, one line each, in the order of their invocation."""
    operations = (history.by_op[op] for op in witnesses if op in history.by_op)
    by_time = sorted(operations, key=lambda operation: (operation.invoked_ns, operation.op))
    return tuple(describe_operation(operation, about=about) for operation in by_time)


def _what(operation: Operation, about: str | None) -> str:
    if operation.message is not None:
        bulk = f" and {operation.count - 1} more" if operation.count > 1 else ""
        return operation.message + bulk
    if operation.covers:
        words = "to" if operation.action is Action.SEEK else "up to"
        whence = f" ({operation.whence})" if operation.whence is not None else ""
        places = [place(to.source, to.partition, to.position) for to in operation.covers]
        return f"{words} {join(places)}{whence}"
    return _handed(operation, about)


def _handed(operation: Operation, about: str | None) -> str:
    """What a receive brought or an effect is of: the message asked about, else how many."""
    for delivery in operation.deliveries:
        if delivery.message == about or len(operation.deliveries) == 1:
            rest = operation.deliveries[1:] or operation.delivery_runs
            return _one(delivery) + (" among others" if rest else "")
    for run in operation.delivery_runs:
        if found := _in_run(run, about):
            return f"{found} among others"
    count = len(operation.deliveries) + sum(run.count for run in operation.delivery_runs)
    if not count:
        return "nothing" if operation.action is Action.RECEIVE else ""
    return f"{counted(count, 'message')} from {_sources(operation)}"


def _one(delivery: Delivery) -> str:
    message = delivery.message or "a message that is not ours"
    again = " (redelivered)" if delivery.redelivered else ""
    return f"{message} from {place(delivery.source, delivery.partition, delivery.position)}{again}"


def _in_run(run: DeliveryRun, about: str | None) -> str | None:
    process, _, number = (about or "").rpartition("-")
    step = int(number) - run.first_sequence if number.isdigit() else -1
    if process != run.process or not 0 <= step < run.count:
        return None
    return f"{about} from {place(run.source, run.partition, run.first_position + step)}"


def _sources(operation: Operation) -> str:
    counts = Counter(place(one.source, one.partition) for one in operation.deliveries)
    for run in operation.delivery_runs:
        counts[place(run.source, run.partition)] += run.count
    shown = sorted(counts)[:_PLACES_SHOWN_MAX]
    more = len(counts) - len(shown)
    return ", ".join(shown) + (f" and {counted(more, 'more place')}" if more else "")


def _to(operation: Operation) -> str:
    if operation.target is None:
        return ""
    word = "to" if operation.message is not None else "of"
    return f"{word} {place(operation.target, operation.partition)}"


def _result(operation: Operation) -> str:
    if operation.completed_ns is None:
        return "no answer"
    word = operation.outcome.value
    if operation.outcome is Outcome.INFO and operation.confirmed:
        word = "confirmed, which proves nothing"
    at = "" if operation.position is None else f" at position {operation.position}"
    error = "" if operation.error is None else f" ({operation.error})"
    return word + at + error


def _times(operation: Operation) -> str:
    end = "open" if operation.completed_ns is None else duration(operation.completed_ns)
    back = operation.returned_ns
    returned = "" if back is None else f" (call returned {duration(back)})"
    return f"{duration(operation.invoked_ns)} to {end}{returned}"
