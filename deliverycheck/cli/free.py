"""The free campaign: settings and steps without a claim, judged by what the settings promise."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import cycle
from pathlib import Path

import msgspec

from deliverycheck import content
from deliverycheck.cli.promised_claims import OF_CONSUMERS, OF_TRANSACTIONS, promised_claim
from deliverycheck.cli.run_options import RunOptions
from deliverycheck.cli.systems import Content, UsageError, content_of
from deliverycheck.cli.target import TargetOptions
from deliverycheck.guarantees import GUARANTEES
from deliverycheck.history import CampaignFolder
from deliverycheck.plans import (
    Claim,
    CommitPolicy,
    Connection,
    Consumer,
    Plan,
    Seeks,
    Setting,
    Step,
    Subject,
    lane_of,
)
from deliverycheck.plans.describe_queues import describe_queue
from deliverycheck.search import Profile, save_pool

BROKER_WIDE_SHARE_MAX = 0.1
"""A plan that disturbs the broker costs as much as ten others, and tells of one subject too."""

_DIGITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A subject, and what is judged of it.

    Attributes:
        unless: by the guarantee that is promised, situations that the promise does not speak of.
        reached: by guarantee, hazards that plans of the pool may bring about.
    """

    subject: Subject
    unless: Mapping[str, frozenset[str]]
    reached: dict[str, set[str]]

    def takes(self, reach: frozenset[str]) -> bool:
        """Whether a plan of this reach says something of the subject; its hazards are noted."""
        spoken_of = [name for name, known in self.unless.items() if reach.isdisjoint(known)]
        for guarantee in spoken_of:
            self.reached[guarantee] |= reach
        return bool(reach and spoken_of)


def free_options(  # noqa: PLR0913  # Each is an option of the command.
    count: int,
    target: TargetOptions,
    *,
    profile: Profile,
    seed: int,
    out: Path,
    say: Callable[[str], None],
) -> RunOptions:
    """A campaign over so many drawn subjects; its pool lies in `out`.

    Raises:
        UsageError: there is no such system, or nothing is promised to what was drawn.
    """
    known = content_of(target.system)
    say(f"drawing {count} subjects, and {profile.pool} plans for each")
    drawn = known.draw_subjects(seed, count, lambda one: bool(judged_of(known, one).unless))
    subjects = [judged_of(known, one) for one in drawn]
    if not subjects:
        msg = f"--free {count}: nothing is promised to what was drawn; take more, or another --seed"
        raise UsageError(msg)
    whole = known.make_pool_of([one.subject for one in subjects], seed, profile.pool)
    pool = free_pool(known, subjects, whole)
    claims = tuple(claim for one in subjects for claim in claims_of(known, one))
    folder = CampaignFolder(root=out)
    folder.create()
    save_pool(folder.pool, pool)
    return RunOptions(
        profile=profile,
        target=target,
        claims=tuple(claim.id for claim in claims),
        own=claims,
        seed=seed,
        out=out,
        corpus=content.folder("corpus"),
    )


def judged_of(known: Content, subject: Subject) -> Judged:
    """What is promised to the subject, if it has what the promise speaks of."""
    promised = [
        name
        for name in GUARANTEES
        if _fits(name, subject) and known.promised(subject, name)[0] is not None
    ]
    return Judged(
        subject=subject,
        unless={name: frozenset(known.unless(subject, name)) for name in promised},
        reached={name: set() for name in promised},
    )


def _fits(guarantee: str, subject: Subject) -> bool:
    if guarantee in OF_TRANSACTIONS:
        return subject.consumer is not None and subject.is_transactional
    return guarantee not in OF_CONSUMERS or subject.consumer is not None


def free_pool(
    known: Content, subjects: Sequence[Judged], whole: Sequence[Sequence[Step]]
) -> list[tuple[Step, ...]]:
    """The step lists of the subjects, which take turns; an empty one where a turn says nothing."""
    pool: list[tuple[Step, ...]] = []
    taken, wide = 0, 0
    for judged, steps in zip(cycle(subjects), whole, strict=False):
        may_be_wide = wide + 1 <= BROKER_WIDE_SHARE_MAX * (taken + 1)
        plan = _plan(known, judged.subject, steps, may_be_wide=may_be_wide)
        says_something = judged.takes(known.model.hazards_in_reach(plan))
        taken += says_something
        wide += says_something and known.model.broker_wide(plan)
        pool.append(plan.steps if says_something else ())
    return pool


def _plan(known: Content, subject: Subject, steps: Sequence[Step], *, may_be_wide: bool) -> Plan:
    if not may_be_wide:
        steps = [step for step in steps if lane_of(step) not in known.model.nodes]
    return known.model.normalise(subject, steps)


def claims_of(known: Content, judged: Judged) -> Iterator[Claim]:
    """A claim for each promise that some plan of the pool puts to the test."""
    encoded = msgspec.json.encode(judged.subject, order="sorted")
    digest = sha256(encoded).hexdigest()[:_DIGITS]
    for guarantee, unless in judged.unless.items():
        if judged.reached[guarantee]:
            claim = promised_claim(
                known,
                judged.subject,
                guarantee,
                name=f"free-{digest}-{guarantee}",
                setting=f"drawn settings {digest}",
                hazards=tuple(sorted(judged.reached[guarantee])),
                unless=tuple(sorted(unless)),
            )
            promise = f"{claim.promise}; drawn was {in_words(judged.subject)}"
            yield msgspec.structs.replace(claim, promise=promise)


def in_words(subject: Subject) -> str:
    """Every setting of the subject, on one line."""
    told = [
        f"a producer with {_listed(subject.producer) or 'its defaults'}",
        f"relies on {subject.relies_on.value}",
        f"error means {subject.error_means.value}, after error {subject.after_error.value}",
        f"partitions {subject.partitions}, topic {subject.topic_ready.value}",
    ]
    if subject.topic:
        told.append(f"topics with {_listed(subject.topic)}, which may change")
    if subject.topology is not None:
        told[-1] = f"queues {', '.join(map(describe_queue, subject.topology.queues))}"
        told += ["one connection for all"] if subject.connection is Connection.SHARED else []
    if (consumer := subject.consumer) is not None:
        with_ = _listed(consumer.settings) or "its defaults"
        told.append(f"groups {consumer.groups}, which commit {consumer.commit.value}, with {with_}")
        if consumer.handling_ms:
            told.append(f"handling {consumer.handling_ms} ms")
        if consumer.seeks is Seeks.AT_WILL:
            told.append("members go back at will")
        told += [f"{name} {value}" for name, value in _manners(consumer)]
        if consumer.output is not None:
            told.append(f"output of the {consumer.member.value} with {_listed(consumer.output)}")
    return "; ".join(told)


def _manners(consumer: Consumer) -> Iterator[tuple[str, object]]:
    """The fields that say how members read and commit, where they are not as by default."""
    usual = Consumer(commit=CommitPolicy.AFTER_EFFECT)
    for name in ("subscribes", "batch", "commit_mode", "covers", "commit_every", "on_revoke"):
        value = getattr(consumer, name)
        if value != getattr(usual, name):
            yield name, value


def _listed(settings: Mapping[str, Setting]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())
