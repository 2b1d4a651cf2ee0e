"""Plans of members of groups, and the hazards that they may bring about."""

from deliverycheck.history import Whence
from deliverycheck.plans import (
    ChangeConfig,
    Close,
    CommitPolicy,
    Consumer,
    DeleteRecords,
    PausePartitions,
    Publish,
    ResumePartitions,
    Seek,
    Seeks,
    Subject,
    Unsubscribe,
    Work,
)
from selftests.plan_samples import WITH_GROUP

TWINS = Subject(
    consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, settings={"group.instance.id": "member"})
)
NAMED = Subject(
    consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, settings={"group.instance.id": "m-{lane}"})
)
CHANGING = Subject(topic={"max.message.bytes": 1_048_588})
SMALLER = ChangeConfig(name="max.message.bytes", value=2000)
LATE = Subject(consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, commit_every=4))
SEEKING = Subject(consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, seeks=Seeks.AT_WILL))

REACH_OF_MEMBERS = {
    "member-goes-back": ((Publish(), Work(calls=3), Seek()), SEEKING, {"none", "replayed"}),
    "member-gives-up-what-it-has-not-committed": (
        (Publish(), Work(calls=4), Work(lane="c2")),
        LATE,
        {"none", "partitions_moved", "revoked_uncommitted"},
    ),
    "member-leaves-with-what-it-has-not-committed": (
        (Publish(), Work(calls=4), Close(lane="c1")),
        LATE,
        {"none", "revoked_uncommitted"},
    ),
    "member-asks-with-its-partitions-paused": (
        (Publish(), Work(calls=3), PausePartitions(), Publish(), Work()),
        WITH_GROUP,
        {"none", "partitions_paused"},
    ),
    "member-pauses-its-partitions-and-wants-them-again": (
        (Publish(), Work(calls=3), PausePartitions(), ResumePartitions(), Work()),
        WITH_GROUP,
        {"none"},
    ),
    "member-wants-its-topic-no-more": (
        (Publish(), Work(calls=2), Unsubscribe(), Publish()),
        WITH_GROUP,
        {"none", "unsubscribed"},
    ),
    "member-of-the-same-name-comes": (
        (Publish(), Work(calls=2), Work(lane="c2")),
        TWINS,
        {"none", "partitions_moved", "member_fenced"},
    ),
    "member-of-another-name-comes": (
        (Publish(), Work(calls=2), Work(lane="c2")),
        NAMED,
        {"none", "partitions_moved"},
    ),
    "topic-takes-smaller-messages-from-then-on": (
        (Publish(), SMALLER, Publish(bytes=3000)),
        CHANGING,
        {"none", "config_changed", "definite_failure"},
    ),
    "topic-is-changed-before-anything-is-in-it": (
        (SMALLER, Publish()),
        CHANGING,
        {"none"},
    ),
    "member-goes-to-the-end": (
        (Publish(), Work(calls=3), Seek(to=Whence.END)),
        SEEKING,
        {"none"},
    ),
    "member-goes-back-to-what-is-gone": (
        (Publish(), Work(calls=3), DeleteRecords(), Seek(to=Whence.POSITION)),
        SEEKING,
        {"none", "replayed", "sought_deleted", "read_records_deleted"},
    ),
}
"""By what they do: steps, subject, hazards."""
