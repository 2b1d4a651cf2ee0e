"""The mutants: which broker, which claim it breaks, the smallest plan that shows it."""

from dataclasses import dataclass

import msgspec

from deliverycheck.guarantees import HAZARDS
from deliverycheck.plans import (
    Claim,
    Close,
    CreateTopic,
    Direction,
    FaultKind,
    Inject,
    Kill,
    Pause,
    Plan,
    Publish,
    Step,
    Work,
)
from deliverycheck.plans.kafka import KafkaModel
from properties.kafka.claims import CLAIMS
from properties.kafka.claims.settings import RECORDS_GONE
from selftests.yardstick import group_defects as group
from selftests.yardstick import log_defects as log
from selftests.yardstick.broker import Broker


def _claim(name: str) -> Claim:
    """The claim of the catalogue, whatever happens: a defect asks for no hazard by its name.

    What the harness itself had deleted is no defect of a broker.
    """
    claim = next(claim for claim in CLAIMS if claim.id == name)
    return msgspec.structs.replace(claim, hazards=tuple(HAZARDS), unless=RECORDS_GONE)


AT_LEAST = _claim("kafka-acks-all")
EXACTLY = _claim("kafka-idempotent-exactly-once")
ORDER = _claim("kafka-idempotent-order")
NEW_TOPIC = _claim("kafka-new-topic-answered")
NO_EFFECT_LOST = _claim("kafka-commit-after-effect")
NO_EFFECT_TWICE = _claim("kafka-commit-before-effect-at-most-once")

HELD = (AT_LEAST, EXACTLY, ORDER, NEW_TOPIC, NO_EFFECT_LOST, NO_EFFECT_TWICE)
"""What the correct broker is accused of nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A broker with one planted defect.

    Attributes:
        steps: the fewest steps that convict it where the defect always fires.
    """

    name: str
    broker: type[Broker]
    claim: Claim
    steps: tuple[Step, ...]

    @property
    def plan(self) -> Plan:
        """The smallest plan, of the claim's subject."""
        return KafkaModel().normalise(self.claim.subject, self.steps)

    @property
    def has_copies(self) -> bool:
        """Whether its plan can be run in copies side by side."""
        return any(copied(self.plan) != self.plan for copied in KafkaModel().amplifiers)


_WORK = Work()
_WHOLE_CYCLE = Work(calls=3)


def _fault(fault: FaultKind, lane: str = "p1", direction: Direction | None = None) -> Inject:
    return Inject(lane=f"link {lane}", fault=fault, direction=direction)


def _mutant(name: str, broker: type[Broker], claim: Claim, *steps: Step) -> Mutant:
    return Mutant(name=name, broker=broker, claim=claim, steps=steps)


_UP = Direction.UPSTREAM

MUTANTS = (
    _mutant(
        "loses every third after a crash",
        log.LosesEveryThirdAfterACrash,
        AT_LEAST,
        Publish(),
        Kill(lane="b1"),
        Publish(count=4),
    ),
    _mutant(
        "forgets the last write in a crash",
        log.ForgetsTheLastWriteInACrash,
        AT_LEAST,
        Publish(),
        Kill(lane="b1"),
    ),
    _mutant(
        "loses what it held while stopped",
        log.LosesWhatItHeldWhileStopped,
        EXACTLY,
        Publish(),
        Pause(lane="b1"),
        Publish(),
    ),
    _mutant(
        "takes an heir for its predecessor",
        log.TakesAnHeirForItsPredecessor,
        AT_LEAST,
        Publish(),
        Kill(lane="p1"),
        Publish(),
    ),
    _mutant(
        "confirms what a black hole swallowed",
        log.ConfirmsWhatABlackHoleSwallowed,
        AT_LEAST,
        _fault(FaultKind.BLACK_HOLE, direction=_UP),
        Publish(),
    ),
    _mutant("loses every tenth", log.LosesEveryTenth, EXACTLY, Publish(count=10)),
    _mutant(
        "overwrites with a late one",
        log.OverwritesWithALateOne,
        AT_LEAST,
        _fault(FaultKind.DELAY, direction=_UP),
        Publish(count=2),
    ),
    _mutant(
        "reorders on retry",
        log.ReordersOnRetry,
        ORDER,
        _fault(FaultKind.LOSE_REQUEST),
        Publish(count=2),
    ),
    _mutant(
        "writes a retry twice",
        log.WritesARetryTwice,
        EXACTLY,
        _fault(FaultKind.LOSE_REPLY),
        Publish(),
    ),
    _mutant(
        "replays its last write in a crash",
        log.ReplaysItsLastWriteInACrash,
        EXACTLY,
        Publish(),
        Kill(lane="b1"),
    ),
    _mutant(
        "mangles what met a refusal",
        log.ManglesWhatMetARefusal,
        EXACTLY,
        _fault(FaultKind.REFUSE),
        Publish(),
    ),
    _mutant(
        "resurrects what it refused",
        log.ResurrectsWhatItRefused,
        EXACTLY,
        Publish(),
        Kill(lane="b1"),
        Publish(),
    ),
    _mutant("swaps targets", log.SwapsTargets, EXACTLY, Publish(partition=1), Publish(partition=2)),
    _mutant(
        "takes silence for an answer",
        log.TakesSilenceForAnAnswer,
        EXACTLY,
        _fault(FaultKind.BLACK_HOLE, direction=_UP),
        Publish(),
    ),
    _mutant(
        "loses keyed records of new topics",
        log.LosesKeyedRecordsOfNewTopics,
        NEW_TOPIC,
        CreateTopic(topic="t2"),
        Publish(topic="t2", key="k1"),
    ),
    _mutant(
        "commits early", group.COMMITS_EARLY, NO_EFFECT_LOST, Publish(), _WORK, Kill(lane="c1")
    ),
    _mutant(
        "skips on rebalance",
        group.SKIPS_ON_REBALANCE,
        NO_EFFECT_LOST,
        Publish(count=2),
        _WHOLE_CYCLE,
        Kill(lane="c1"),
    ),
    _mutant(
        "begins at the end",
        group.BEGINS_AT_THE_END,
        NO_EFFECT_LOST,
        Publish(),
        _WORK,
        Kill(lane="c1"),
    ),
    _mutant(
        "lets a zombie commit",
        group.LETS_A_ZOMBIE_COMMIT,
        NO_EFFECT_TWICE,
        Publish(),
        _WORK,
        Work(lane="c2"),
    ),
    _mutant(
        "begins again",
        group.BEGINS_AGAIN,
        NO_EFFECT_TWICE,
        Publish(),
        _WHOLE_CYCLE,
        Close(lane="c1"),
    ),
    _mutant(
        "hands out again",
        group.HANDS_OUT_AGAIN,
        NO_EFFECT_TWICE,
        Publish(),
        _WHOLE_CYCLE,
        _fault(FaultKind.REFUSE, "c1"),
    ),
    _mutant(
        "has two owners",
        group.HAS_TWO_OWNERS,
        NO_EFFECT_TWICE,
        Publish(),
        _WORK,
        Work(lane="c2"),
    ),
    _mutant(
        "forgets commits on creation",
        group.ForgetsCommitsOnCreation,
        NO_EFFECT_TWICE,
        Publish(),
        _WHOLE_CYCLE,
        CreateTopic(topic="t2"),
    ),
)
"""Twenty-three; the smallest plans have one to three steps."""
