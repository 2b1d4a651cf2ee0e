"""Settings and situations that several claims of Kafka share."""

from deliverycheck.plans import CommitPolicy, Consumer, Setting, Subject

ONE_MESSAGE_A_BATCH: dict[str, Setting] = {"batch.num.messages": 1, "linger.ms": 0}
"""Several publishes are several batches: some are in flight together, and one can be lost."""

NETWORK = ("lost_reply", "lost_request", "refuse")
IN_HAND = ("consumer_killed_in_hand",)

IDEMPOTENT: dict[str, Setting] = {
    "enable.idempotence": True,
    "max.in.flight.requests.per.connection": 5,
    **ONE_MESSAGE_A_BATCH,
}

RECORDS_GONE = ("records_deleted", "remade_under_member")
"""What nobody can read any more has no effect either: `kafka-records-deleted`. A member that takes
its position from one topic to the next skips what stands before it: `kafka-remade-classic`."""

OUT_OF_ORDER = (
    *("consumer_killed", "member_paused", "lost_unfinished", "commit_refused"),
    *("lost_reply", "lost_request", "black_hole", "stall", "delay", "refuse"),
    *("broker_killed", "broker_paused"),
)
"""Where a member is not asked to give its partitions up, or cannot commit when it is."""

FIRST_WRITE = ("first_write_broker_killed",)
"""librdkafka then confirms what is not in the log: `kafka-first-write`."""

WRITTEN_WHILE_DELETED = ("written_while_deleted",)
"""An idempotent producer then meets a topic that was just created: `kafka-remade-written`."""

GIVEN_UP = ("timed_out_beside_others", "purged")
"""An idempotent producer then sends again what the log has: `kafka-idempotent-timed-out`. What is
purged leaves a gap in its numbers, which a message that is sent much later may meet."""

SPOILT = (*FIRST_WRITE, *GIVEN_UP, *WRITTEN_WHILE_DELETED)
"""What keeps an idempotent producer from its promise, as the claims named above show. The
order in a partition was not seen to suffer where a topic was made again: in 0 of 61 executions,
36 of which lost messages."""


def consuming(
    commit: CommitPolicy,
    settings: dict[str, Setting] | None = None,
    handling_ms: int = 0,
    groups: int = 1,
) -> Subject:
    """Groups that work off what a sound producer writes."""
    return Subject(
        producer={"acks": "all"},
        consumer=Consumer(
            commit=commit, settings=settings or {}, handling_ms=handling_ms, groups=groups
        ),
    )


AFTER = consuming(CommitPolicy.AFTER_EFFECT)
BEFORE = consuming(CommitPolicy.BEFORE_EFFECT)
