"""Steps in words: what a reader of a plan sees beside the lane that performs it."""

from collections.abc import Callable

from deliverycheck.history import Whence
from deliverycheck.plans.describe_queues import QUEUE_WORDS
from deliverycheck.plans.step import Wait
from deliverycheck.plans.steps import (
    AbortTransaction,
    AddPartitions,
    Arm,
    Await,
    Call,
    ChangeConfig,
    Chooser,
    Close,
    CommitTransaction,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
    Direction,
    Flush,
    Heal,
    Hold,
    Inject,
    Kill,
    Pause,
    PausePartitions,
    Publish,
    Purge,
    Purged,
    Release,
    Restart,
    Resume,
    ResumePartitions,
    Seek,
    Settling,
    Step,
    Subscribe,
    Unsubscribe,
    Work,
)

MAIN_TOPIC = "t1"
"""The topic that every plan has; a step names its place only where it is another one."""

_WAITING = {
    Wait.RETURNED: "",
    Wait.SENT: ", go on at once",
    Wait.CONFIRMED: ", wait for the confirm",
}


def describe_step(step: Step) -> str:
    """The step without its lane: ``publish 3 messages to t2/0``, ``black hole, upstream``."""
    return _WORDS[type(step)](step) + _WAITING[getattr(step, "wait", Wait.RETURNED)]


def _publish(step: Publish) -> str:
    one, many = ("tombstone", "tombstones") if step.tombstone else ("message", "messages")
    messages = f"1 {one}" if step.count == 1 else f"{step.count} {many}"
    keyed = "" if step.key is None else f" with key {step.key}"
    with_ = [f"{step.bytes} bytes each"] if step.bytes else []
    with_ += [f"header {name}={value}" for name, value in step.headers]
    with_ += [f"timestamp {step.timestamp_shift_ms:+} ms"] if step.timestamp_shift_ms else []
    with_ += ["in one call"] if step.call is Call.BATCH else []
    more = f" ({', '.join(with_)})" if with_ else ""
    return f"publish {messages}{_destination(step)}{keyed}{more}"


def _destination(step: Publish) -> str:
    """Where to, unless it is the first partition of the plan's own topic."""
    if step.chosen_by is Chooser.PARTITIONER and step.key is None:
        place = "where the partitioner says"
        return f" {place}" if step.topic == MAIN_TOPIC else f" to {step.topic} {place}"
    if step.by_partitioner:
        return "" if step.topic == MAIN_TOPIC else f" to {step.topic}"
    elsewhere = step.topic != MAIN_TOPIC or step.partition != 0
    return f" to {step.topic}/{step.partition}" if elsewhere else ""


def _work(step: Work) -> str:
    calls = "next call" if step.calls == 1 else f"next {step.calls} calls"
    return f"work: {calls}{_SETTLING[step.settling]}"


_SETTLING = {
    Settling.ACCEPT: "",
    Settling.RELEASE: ", give back what comes",
    Settling.REJECT: ", give up what comes",
}


def _inject(step: Inject) -> str:
    fault = step.fault.value.replace("_", " ")
    if step.direction is None:
        return fault
    both = step.direction is Direction.BOTH
    return f"{fault}, both directions" if both else f"{fault}, {step.direction.value}"


_PURGED = {
    Purged.QUEUE: "forget what is queued",
    Purged.IN_FLIGHT: "forget what is in flight",
    Purged.ALL: "forget what has no confirm",
}


def _add_partitions(step: AddPartitions) -> str:
    more = "1 partition" if step.count == 1 else f"{step.count} partitions"
    return f"add {more}{'' if step.topic == MAIN_TOPIC else f' to {step.topic}'}"


def _delete_records(step: DeleteRecords) -> str:
    elsewhere = step.topic != MAIN_TOPIC or step.partition != 0
    where = f" of {step.topic}/{step.partition}" if elsewhere else ""
    but = f" but the last {step.keep}" if step.keep else ""
    return f"delete all records{where}{but}"


def _change_config(step: ChangeConfig) -> str:
    where = "" if step.topic == MAIN_TOPIC else f" of {step.topic}"
    return f"set {step.name}{where} to {step.value}"


def _seek(step: Seek) -> str:
    last = f"{step.back} before the last one" if step.back else "the last one"
    where = {
        Whence.BEGINNING: "from the beginning",
        Whence.POSITION: f"from {last}",
        Whence.TIME: f"from the time of {last}",
        Whence.END: "from the end",
    }
    return f"seek: read on {where[step.to]}"


def _say(words: str) -> Callable[[Step], str]:
    return lambda _: words


_WORDS: dict[type, Callable[..., str]] = {
    Publish: _publish,
    Flush: _say("flush: wait for all confirms"),
    Purge: lambda step: f"purge: {_PURGED[step.what]}",
    CommitTransaction: _say("commit the transaction"),
    AbortTransaction: _say("abort the transaction"),
    Work: _work,
    Seek: _seek,
    PausePartitions: _say("pause its partitions"),
    ResumePartitions: _say("resume its partitions"),
    Unsubscribe: _say("unsubscribe"),
    Subscribe: _say("subscribe again"),
    Close: _say("close"),
    Kill: _say("SIGKILL"),
    Pause: _say("SIGSTOP"),
    Resume: _say("SIGCONT"),
    Restart: _say("start again"),
    Inject: _inject,
    Heal: _say("heal"),
    Hold: lambda step: f"let {step.ms} ms pass",
    CreateTopic: lambda step: f"create topic {step.topic}",
    DeleteTopic: lambda step: f"delete topic {step.topic}",
    AddPartitions: _add_partitions,
    DeleteRecords: _delete_records,
    ChangeConfig: _change_config,
    Arm: lambda step: f"stop when in {step.point.value}",
    Release: _say("go on"),
    Await: _say("wait for the call in flight"),
    **QUEUE_WORDS,
}
