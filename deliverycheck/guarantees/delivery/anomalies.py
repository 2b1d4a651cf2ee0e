"""What is found between delivery and effect."""

from deliverycheck.guarantees.kinds import AnomalyKind, Severity

_REDELIVERED_AFTER_ACK = AnomalyKind(
    name="redelivered_after_ack",
    meaning="A message came again although its acknowledgement had taken effect.",
    breaks=("settlement",),
    severity=Severity.REPETITION,
    sentences={
        "after_ack": (
            "Message {message} of {place} was handed to {first_to} at {first_ns:s}, and the ack of "
            "{acked_by} was done at {acked_ns:s}; {again_to}, which began to read after that, was "
            "handed it at {again_ns:s}."
        ),
    },
    source="queue protocols: an acknowledged message is settled and leaves the queue",
    example="c1 is handed a and acks it (ok); c2 starts and is handed a.",
)
_UNFLAGGED_REDELIVERY = AnomalyKind(
    name="unflagged_redelivery",
    meaning="A second handing of a message claims to be the first.",
    breaks=("settlement",),
    severity=Severity.REPETITION,
    sentences={
        "unflagged": (
            "Message {message} of {place} was handed to {first_to} at {first_ns:s} and again to "
            "{again_to} at {again_ns:s}; the second time the broker said that it was not handed "
            "out before."
        ),
    },
    source="queue protocols: the redelivered flag of a delivery",
    example="c1 is handed a and killed; c2 starts and is handed a with redelivered: false.",
)
_SHARED_RECORD = AnomalyKind(
    name="shared_record",
    meaning="One delivery of a record was handed out twice, or one that a member was done with.",
    breaks=("record_lock",),
    severity=Severity.CORRUPTION,
    sentences={
        "one_count": (
            "Message {message} in {place} was handed to {first_to} at {first_ns:s} and to "
            "{again_to} at {again_ns:s}, each time as delivery number {count}."
        ),
        "after_settled": (
            "Message {message} in {place} was handed to {first_to} at {first_ns:s}, which settled "
            "it for good; {again_to} was handed it at {again_ns:s}, after that, as delivery "
            "number {count}."
        ),
    },
    source="KIP-932: an acquired record is one member's, an acknowledged or archived one nobody's",
    example="c1 is handed a as its first delivery; c2 is handed a as its first delivery too.",
)
_COMMIT_AHEAD = AnomalyKind(
    name="commit_ahead",
    meaning="A group committed past a message that it had been handed and not worked on yet.",
    breaks=("commit_follows_effect",),
    severity=Severity.LOSS,
    sentences={
        "before_effect": (
            "Message {message} in {place} was handed to {handed_to} at {handed_ns:s}; "
            "{committed_by} had committed past it, up to {committed}, by {committed_ns:s}, and "
            "group {group} had not begun its effect."
        ),
    },
    details={
        "effect_by": "{effect_by} began it at {effect_ns:s}.",
        "never": "It has none in this history.",
    },
    source="consumers of logs: the position is saved before the work is done",
    example="c1 is handed a, commits past it, and only then has its effect.",
)
_COMMIT_REGRESSED = AnomalyKind(
    name="commit_regressed",
    meaning="What a group had committed went back.",
    breaks=("commits_move_forward",),
    severity=Severity.REPETITION,
    sentences={
        "within": (
            "{behind_by} committed {behind} of {place} for group {group} at {behind_ns:s}, "
            "although it had committed {committed} at {committed_ns:s} and was neither moved by "
            "the group nor by a seek."
        ),
        "on_joining": (
            "{behind_by} committed {behind} of {place} for group {group} at {behind_ns:s}; before "
            "it was there, at {committed_ns:s}, {committed_by} had committed {committed}."
        ),
    },
    source="consumers of logs: committed offsets that go back",
    example="c1 commits 5 and then 3, and nothing moved it.",
)
_STALE_COMMIT = AnomalyKind(
    name="stale_commit",
    meaning="The group took a commit of a member that was not the owner any more.",
    breaks=("commits_move_forward",),
    severity=Severity.CORRUPTION,
    sentences={
        "after_assignment": (
            "{committed_by} committed {committed} of {place} for group {group} at "
            "{committed_ns:s}. It had been told at {told_ns:s} that it has that partition no "
            "more, and {owner} had it at {owner_ns:s}."
        ),
        "after_commit": (
            "{committed_by} committed {committed} of {place} for group {group} at "
            "{committed_ns:s}, after a commit of {owner} at {owner_ns:s}; it had been told nothing "
            "new of its partitions since {told_ns:s}, so one of the two was not the owner."
        ),
    },
    source="group membership with generations: who was replaced is fenced",
    example="c1 is paused, c2 takes over and commits; c1 goes on, and its commit is taken too.",
)
_OVERLAP = AnomalyKind(
    name="overlap",
    meaning="Two members of a group owned one partition at once.",
    breaks=("single_owner",),
    severity=Severity.CORRUPTION,
    sentences={
        "other_assigned": (
            "{owner} had {place} in group {group} from {owned_ns:s} on. {other}, which joined "
            "later, was assigned it by {other_ns:s}; yet the group took a commit of {owner} at "
            "{committed_ns:s}, which had been told of nothing."
        ),
        "other_committed": (
            "{owner} had {place} in group {group} from {owned_ns:s} on. The group took a commit "
            "of {other}, which had it too, at {other_ns:s}, and then one of {owner} at "
            "{committed_ns:s}, which had been told of nothing."
        ),
    },
    source="group membership: a partition is assigned to one member of a group",
    example="c1 is assigned t/0; c2 joins and is assigned t/0; c1 goes on and commits.",
)
_REPEATED_DELIVERY = AnomalyKind(
    name="repeated_delivery",
    meaning="A group was handed a message again without a reason.",
    breaks=("single_delivery_in_group",),
    severity=Severity.REPETITION,
    sentences={
        "to_one_member": (
            "Message {message} in {place} was handed to {first_to} of group {group} at "
            "{first_ns:s} and again at {again_ns:s}, while nothing moved it to another position."
        ),
        "after_commit": (
            "Message {message} in {place} was handed to {first_to} of group {group} at "
            "{first_ns:s}, and {committed_by} committed past it, up to {committed}, at "
            "{committed_ns:s}; {again_to}, which came after that, was handed it at {again_ns:s}."
        ),
    },
    source="consumers of logs: a member begins where its group has committed",
    example="c1 is handed a and commits past it; c2 joins and is handed a.",
)
_SOUGHT_ELSEWHERE = AnomalyKind(
    name="sought_elsewhere",
    meaning="A reader was put to another place than it asked for.",
    breaks=("replay",),
    severity=Severity.CORRUPTION,
    sentences={
        "before_the_position": (
            "{process} went to {asked} at {sought_ns:s} and was handed what stands before it "
            "first, at {ns:s}: {place}."
        ),
        "before_the_end": (
            "{process} went to {asked} at {sought_ns:s} and was handed what had stood there before "
            "first, at {ns:s}: {place}."
        ),
        "behind_the_time": (
            "{process} asked for {asked} at {sought_ns:s}, and was put behind that message: to "
            "{place}."
        ),
    },
    source="consumers of logs: a reader chooses the position from which it reads",
    example="a, b, c stand at 0, 1, 2; c1 seeks to 1 and is handed a.",
)
_HANDED_WHILE_PAUSED = AnomalyKind(
    name="handed_while_paused",
    meaning="A process was handed a message of a partition that it had paused.",
    breaks=("paused_partitions",),
    severity=Severity.DISORDER,
    sentences={
        "paused": (
            "{process} had paused its partition at {paused_ns:s}, and was handed message "
            "{message} of it at {ns:s}, {place}, with no resumption between."
        ),
    },
    source="consumers of logs: a paused partition is not fetched from",
    example="c1 pauses t/0 and is handed a from there.",
)

ANOMALIES: tuple[AnomalyKind, ...] = (
    _REDELIVERED_AFTER_ACK,
    _UNFLAGGED_REDELIVERY,
    _SHARED_RECORD,
    _COMMIT_AHEAD,
    _COMMIT_REGRESSED,
    _STALE_COMMIT,
    _OVERLAP,
    _REPEATED_DELIVERY,
    _SOUGHT_ELSEWHERE,
    _HANDED_WHILE_PAUSED,
)
