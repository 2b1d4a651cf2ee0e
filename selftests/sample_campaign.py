"""A campaign as a real one looks, made by hand: 17 claims, 8 convictions, the figures invented."""

from pathlib import Path

import msgspec

from deliverycheck.guarantees import check, explain
from deliverycheck.history import (
    CampaignFolder,
    ExecutionFolder,
)
from deliverycheck.plans import (
    Claim,
    CreateTopic,
    Direction,
    FaultKind,
    Inject,
    Kill,
    Publish,
    Stance,
    Subject,
    Work,
    lane_of,
)
from deliverycheck.plans.campaign import (
    Campaign,
    Cell,
    ClaimResult,
    ClaimState,
    StepLine,
    Tally,
    Target,
    Violation,
)
from deliverycheck.plans.describe import describe_step
from selftests.sample_stories import (
    black_holed,
    consumed,
    just_created,
    killed_unflushed,
    overtaken,
    reply_lost,
)

TARGET = Target(
    system="kafka",
    broker="Kafka 4.3.1",
    backend="process, 1 node",
    client="confluent-kafka 2.16.1",
    proxy="Toxiproxy 2.12.0",
    runtime="Python 3.12.4, Java 25",
    machine="2 cores, 8 GB, Linux 6.8",
    deviations=("group.initial.rebalance.delay.ms=0", "num.network.threads=1"),
)
LOG = ("none", "lost_reply", "lost_request", "black_hole", "refuse", "broker_killed")
CRASH = ("none", "consumer_killed_in_hand")


def claim(name, setting, guarantee, stance, hazards, **fields):
    """A claim with what the sample does not care about filled in."""
    return Claim(
        id=name,
        system="kafka",
        setting=setting,
        subject=Subject(),
        guarantee=guarantee,
        stance=Stance(stance),
        hazards=hazards,
        pair="",
        promise=fields.get("promise", ""),
        source=fields.get("source", "Kafka 4.3, producer configs"),
    )


def held(one, *counts, needed=3, **fields):
    """A holding claim: a count of valid executions for each of its hazards."""
    cells = tuple(
        Cell(
            hazard=hazard,
            state=ClaimState.HELD if count >= needed else ClaimState.NOT_EXERCISED,
            valid=count,
            reachable=bool(count) or fields.get("reachable", True),
        )
        for hazard, count in zip(one.hazards, counts, strict=True)
    )
    state = ClaimState.HELD if any(counts) else ClaimState.NOT_EXERCISED
    return ClaimResult(
        claim=one,
        state=state,
        cells=cells,
        executions=sum(counts),
        valid=sum(counts),
        needed=needed,
        note=fields.get("note"),
    )


def convicted(one, by, violation, *, quiet=0, state=ClaimState.FOUND):
    """A claim with a violation under the hazard `by`, and valid executions without fault."""
    cells = tuple(
        Cell(hazard=hazard, state=state, invalid=3)
        if hazard == by
        else Cell(
            hazard=hazard,
            state=ClaimState.HELD if quiet else ClaimState.NOT_EXERCISED,
            valid=quiet,
        )
        for hazard in one.hazards
    )
    return ClaimResult(
        claim=one,
        state=state,
        cells=cells,
        executions=quiet + 12,
        valid=quiet,
        invalid=3,
        generated=4,
        corpus=Tally(convictions=1, executions=1, low=0.21, high=1.0),
        violation=violation,
    )


IDEMPOTENT = "idempotent producer, 5 in flight"
PLAIN = "plain producer (enable.idempotence=false)"
CLAIMS = {
    one.id: one
    for one in (
        claim(
            "acks-all",
            "acks=all, flushed, relies on the confirm",
            "at_least_once_in_log",
            "holds",
            LOG,
        ),
        claim(
            "one-in-flight",
            "idempotent, linger.ms=0, max in flight 1, topic just created",
            "at_least_once_in_log",
            "holds",
            ("none", "topic_just_created"),
        ),
        claim(
            "acks-0",
            "acks=0, requests black-holed",
            "at_least_once_in_log",
            "breaks",
            ("none", "black_hole"),
        ),
        claim(
            "not-flushed",
            "call_returned relied on, queue not flushed",
            "at_least_once_in_log",
            "breaks",
            ("none", "producer_killed_unflushed"),
        ),
        claim(
            "new-topic",
            "idempotent, linger.ms=0, writing at once to a topic just created",
            "at_least_once_in_log",
            "breaks",
            ("topic_just_created",),
        ),
        claim(
            "idempotent-once", IDEMPOTENT, "exactly_once_in_log", "holds", (*LOG, "broker_paused")
        ),
        claim("plain-twice", PLAIN, "exactly_once_in_log", "breaks", ("none", "lost_reply")),
        claim("idempotent-order", IDEMPOTENT, "per_partition_order", "holds", LOG),
        claim(
            "plain-order",
            PLAIN + ", 2 batches in flight",
            "per_partition_order",
            "breaks",
            ("none", "lost_reply"),
        ),
        claim("commit-after", "commit after the effect", "at_least_once_in_effect", "holds", CRASH),
        claim(
            "store-after",
            "auto-commit, offset stored after the effect",
            "at_least_once_in_effect",
            "holds",
            CRASH,
        ),
        claim(
            "auto-commit",
            "auto-commit as librdkafka has it by default",
            "at_least_once_in_effect",
            "breaks",
            CRASH,
        ),
        claim(
            "commit-before", "commit before the effect", "at_least_once_in_effect", "breaks", CRASH
        ),
        claim(
            "before-sync",
            "commit before the effect, synchronously",
            "at_most_once_in_effect",
            "holds",
            CRASH,
        ),
        claim("after-twice", "commit after the effect", "at_most_once_in_effect", "breaks", CRASH),
    )
}


def steps_of(*steps, results=()):
    """Steps as the campaign has them: numbered, in words, with what became of each."""
    results = (*results, *("" for _ in steps))
    return tuple(
        StepLine(
            number=number,
            lane=lane_of(step) or "",
            text=describe_step(step),
            result=results[number - 1],
        )
        for number, step in enumerate(steps, start=1)
    )


BLACK_HOLE = Inject(lane="link p1", fault=FaultKind.BLACK_HOLE, direction=Direction.UPSTREAM)
LOSE_REPLY = Inject(lane="link p1", fault=FaultKind.LOSE_REPLY, direction=Direction.DOWNSTREAM)
STORIES = {
    "acks-0": (
        black_holed,
        ("black_hole",),
        "acks=0 loses messages the application relied on",
        (Publish(), BLACK_HOLE, Publish()),
        ("done", "", "done, as far as p1 can know"),
        "acks=0 promises nothing; the application relied on the call.",
        "acks=all, flushed (29 executions of the same plans)",
    ),
    "not-flushed": (
        killed_unflushed,
        ("producer_killed_unflushed",),
        "a producer killed before its flush loses messages",
        (Publish(count=3), Kill(lane="p1")),
        ("returned", ""),
        "A message counts as sent when its delivery report is there, not when the call returns.",
        "acks=all, flushed (30 executions of the same plans)",
    ),
    "new-topic": (
        just_created,
        ("topic_just_created",),
        "an idempotent producer loses confirmed messages in a new topic",
        (CreateTopic(topic="t2"), Publish(topic="t2", count=5)),
        ("answered in 3.0 ms", "5 confirmed, 2 of them without an offset"),
        "With enable.idempotence a message is written exactly once.",
        "max in flight 1, or waiting for the topic (40 executions of the same plans)",
    ),
    "plain-twice": (
        reply_lost,
        ("lost_reply",),
        "a plain producer repeats messages",
        (Publish(), LOSE_REPLY, Publish()),
        ("done", "", "confirmed after the heal"),
        "Without idempotence a retry may write a message twice.",
        "enable.idempotence=true (34 executions of the same plans)",
    ),
    "plain-order": (
        overtaken,
        ("lost_reply",),
        "a plain producer with two batches in flight reorders messages",
        (LOSE_REPLY, Publish(count=2)),
        ("", "confirmed after the heal"),
        "With more than one request in flight and retries, batches may change places.",
        "enable.idempotence=true (34 executions of the same plans)",
    ),
    "auto-commit": (
        lambda: consumed("commit"),
        ("consumer_killed_in_hand",),
        "librdkafka's default auto-commit loses messages in effect",
        (Publish(count=2), Work(calls=2), Kill(lane="c1")),
        ("2 confirmed", "received, committed in the background", ""),
        "The offset is stored before the application sees the message.",
        "offset stored after the effect (30 executions of the same plans)",
    ),
    "commit-before": (
        lambda: consumed("commit"),
        ("consumer_killed_in_hand",),
        "commit before the effect loses messages in effect",
        (Publish(count=2), Work(calls=2), Kill(lane="c1")),
        ("2 confirmed", "received, committed", ""),
        "What is committed is not delivered again.",
        "commit after the effect (30 executions of the same plans)",
    ),
    "after-twice": (
        lambda: consumed("effect", again=True),
        ("consumer_killed_in_hand",),
        "commit after the effect repeats messages",
        (Publish(count=2), Work(calls=2), Kill(lane="c1")),
        ("2 confirmed", "received, effect done", ""),
        "What is not committed is delivered again.",
        "commit before the effect, synchronously (30 executions of the same plans)",
    ),
}


def violation(name, folder, *, rate=(10, 10)):
    """A violation told from its story, whose history goes to `folder`."""
    tell, hazards, title, steps, results, promise, instead = STORIES[name]
    story = tell()
    one = CLAIMS[name]
    verdict = check(story.history(), [one.guarantee])[0]
    told = explain(verdict, story.history())
    place = ExecutionFolder(root=folder / "violations" / name).create()
    place.history.write_bytes(b"".join(story.lines()))
    evidence = (
        ("On disk the first batch of t/0 has base sequence 2.",) if name == "new-topic" else ()
    )
    return Violation(
        id=name,
        claim=name,
        guarantee=one.guarantee,
        anomaly=told.anomalies[0].name,
        hazards=hazards,
        title=title,
        sentences=tuple(anomaly.sentence for anomaly in told.anomalies),
        steps=steps_of(*steps, results=results),
        plan_steps=steps,
        operations=tuple(dict.fromkeys(w for a in told.anomalies for w in a.witnesses)),
        folder=f"violations/{name}",
        plan_file=f"corpus/kafka-{name}/7f3a91c0.json",
        rate=Tally(convictions=rate[0], executions=rate[1], low=rate[0] / rate[1] * 0.72, high=1.0),
        found_after=4,
        promise=promise,
        source=one.source,
        replay=f"deliverycheck replay corpus/kafka-{name}/7f3a91c0.json --times 10",
        instead=instead,
        evidence=evidence,
    )


def sample(folder: Path, *, alarm=False) -> Campaign:
    """Write the sample into `folder`; with `alarm`, a setting that must hold is violated."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {name: violation(name, folder) for name in STORIES}
    results = [
        held(CLAIMS["acks-all"], 20, 34, 31, 29, 30, 12),
        held(CLAIMS["one-in-flight"], 12, 40),
        held(CLAIMS["idempotent-once"], 20, 34, 31, 29, 30, 2, 0, reachable=False),
        held(CLAIMS["idempotent-order"], 20, 34, 31, 29, 30, 12),
        held(CLAIMS["commit-after"], 22, 30),
        held(CLAIMS["store-after"], 21, 30),
        held(CLAIMS["before-sync"], 0, 0, note="not reached in the time that was given"),
        *(
            convicted(CLAIMS[name], hazards[0], name, quiet=20)
            for name, (_, hazards, *_) in STORIES.items()
        ),
    ]
    if alarm:
        results[2] = convicted(
            CLAIMS["idempotent-once"], "lost_reply", "alarm", quiet=31, state=ClaimState.VIOLATED
        )
        found["alarm"] = msgspec.structs.replace(
            found["plain-twice"],
            id="alarm",
            claim="idempotent-once",
            title="an idempotent producer repeats messages",
            instead=None,
            promise="With enable.idempotence a message is written exactly once.",
            rate=Tally(convictions=2, executions=10, low=0.057, high=0.51),
        )
    campaign = Campaign(
        id="2026-11-21T10-04-11-demo",
        profile="demo",
        seed=0,
        started="2026-11-21T10:04:11Z",
        duration_s=61.2,
        target=TARGET,
        executions=412,
        inconclusive=2,
        results=tuple(results),
        violations=tuple(found.values()),
        exit_code=1 if alarm else 0,
        notes=("2 executions were inconclusive: the proxy took more than 5 s to heal a link.",),
        options={"profile": "demo", "seed": "0", "jobs": "6"},
    )
    save(campaign, folder)
    return campaign


def save(campaign: Campaign, folder: Path) -> None:
    """Write `campaign.json` as the engine does."""
    data = msgspec.json.encode(campaign)
    CampaignFolder(root=folder).create().campaign.write_bytes(data)
