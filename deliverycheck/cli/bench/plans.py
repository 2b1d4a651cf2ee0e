"""The committed mix of plans of each class.

`main` draws what is missing, from the seed below. A mix that was drawn anew gives figures that
compare with earlier ones no more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from deliverycheck.cli.systems import content_of
from deliverycheck.plans import (
    Claim,
    CommitTransaction,
    Inject,
    Kill,
    Pause,
    Plan,
    Publish,
    Send,
    Step,
    Work,
    lane_of,
    plan_of,
)
from deliverycheck.plans.kafka_state import NODE
from deliverycheck.plans.model import Model
from deliverycheck.search import plans_for, reaching

FOLDER = Path(__file__).parent.parent / "bench_plans"
SEED, POOL = 0, 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanClass:
    """A kind of executions that cost about the same.

    Attributes:
        claims: whose subjects the plans are for, in equal shares.
        count: plans in the mix.
        hazards: one of them is in reach of each plan, as of each that a campaign chooses.
    """

    name: str
    claims: tuple[str, ...]
    count: int
    fits: Callable[[Plan], bool]
    hazards: frozenset[str]
    system: str = "kafka"


def _disturbs(plan: Plan) -> bool:
    return any(isinstance(step, (Inject, Kill, Pause)) for step in plan.steps)


def _kills(step: Step) -> bool:
    return isinstance(step, Kill) and lane_of(step) != NODE


def _is_quiet(plan: Plan) -> bool:
    publishes = any(isinstance(step, (Publish, Send)) for step in plan.steps)
    return publishes and not _disturbs(plan)


def _is_quiet_group(plan: Plan) -> bool:
    return _is_quiet(plan) and any(isinstance(step, Work) for step in plan.steps)


def _is_quiet_transaction(plan: Plan) -> bool:
    return _is_quiet(plan) and any(isinstance(step, CommitTransaction) for step in plan.steps)


def _disturbs_links(plan: Plan) -> bool:
    others = any(isinstance(step, (Kill, Pause)) for step in plan.steps)
    return not others and any(isinstance(step, Inject) for step in plan.steps)


def _crashes(plan: Plan) -> bool:
    others = any(isinstance(step, (Inject, Pause)) or lane_of(step) == NODE for step in plan.steps)
    return not others and any(_kills(step) for step in plan.steps)


def _kills_broker(plan: Plan) -> bool:
    faults = [step for step in plan.steps if isinstance(step, (Inject, Kill, Pause))]
    return [type(step) for step in faults] == [Kill] and lane_of(faults[0]) == NODE


CLASSES = (
    PlanClass(
        name="none",
        claims=("kafka-acks-all", "kafka-idempotent-exactly-once"),
        count=60,
        fits=_is_quiet,
        hazards=frozenset({"none"}),
    ),
    PlanClass(
        name="group",
        claims=("kafka-commit-after-effect", "kafka-commit-before-effect-at-most-once"),
        count=30,
        fits=_is_quiet_group,
        hazards=frozenset({"none"}),
    ),
    PlanClass(
        name="transactions",
        claims=("kafka-read-committed",),
        count=20,
        fits=_is_quiet_transaction,
        hazards=frozenset({"none"}),
    ),
    PlanClass(
        name="network",
        claims=("kafka-idempotent-exactly-once", "kafka-acks-all"),
        count=30,
        fits=_disturbs_links,
        hazards=frozenset({"lost_reply", "lost_request", "refuse", "black_hole"}),
    ),
    PlanClass(
        name="crash",
        claims=("kafka-acks-all", "kafka-commit-after-effect"),
        count=30,
        fits=_crashes,
        hazards=frozenset({"producer_killed", "consumer_killed"}),
    ),
    PlanClass(
        name="broker_kill",
        claims=("kafka-idempotent-exactly-once", "kafka-acks-all"),
        count=3,
        fits=_kills_broker,
        hazards=frozenset({"broker_killed"}),
    ),
    PlanClass(
        name="queue_none",
        claims=("rabbitmq-confirms-classic", "rabbitmq-ack-after-effect"),
        count=60,
        fits=_is_quiet,
        hazards=frozenset({"none"}),
        system="rabbitmq",
    ),
    PlanClass(
        name="queue_broker_kill",
        claims=("rabbitmq-confirms-classic", "rabbitmq-confirms-quorum"),
        count=4,
        fits=_kills_broker,
        hazards=frozenset({"broker_killed_holding"}),
        system="rabbitmq",
    ),
)


def mix(name: str) -> tuple[Plan, ...]:
    """The committed plans of a class.

    Raises:
        PlanFormatError: the file holds something else.
    """
    path = FOLDER / f"{name}.json"
    entries = msgspec.json.decode(path.read_bytes(), type=list[msgspec.Raw])
    return tuple(
        plan_of(bytes(entry), name=f"{path}, plan {n}") for n, entry in enumerate(entries, 1)
    )


def _draw(
    chosen: PlanClass, claims: Sequence[Claim], pool: Sequence[Sequence[Step]], model: Model
) -> list[Plan]:
    """The first plans of the pool that fit, equally many for each subject."""
    subjects = [one.subject for one in claims if one.id in chosen.claims]
    share = -(-chosen.count // len(subjects))
    drawn: dict[str, Plan] = {}
    for subject in subjects:
        plans = reaching(plans_for(subject, pool, model), chosen.hazards, model)
        drawn |= {plan.digest: plan for plan in islice(filter(chosen.fits, plans), share)}
    return list(drawn.values())[: chosen.count]


def main() -> None:
    """Classes without a file get one, with the mix as drawn now; remove a file to draw it anew."""
    FOLDER.mkdir(exist_ok=True)
    for chosen in [each for each in CLASSES if not (FOLDER / f"{each.name}.json").exists()]:
        content = content_of(chosen.system)
        pool = content.make_pool(SEED, POOL)
        plans = _draw(chosen, content.claims, pool, content.model)
        assert len(plans) == chosen.count, f"{chosen.name}: the pool has only {len(plans)}"  # noqa: S101
        lines = b",\n".join(plan.to_json() for plan in plans)
        (FOLDER / f"{chosen.name}.json").write_bytes(b"[\n" + lines + b"\n]\n")
