"""A free campaign: subjects at large, claims of just what they are promised, plans for each."""

import sys
from collections import Counter
from itertools import cycle

import msgspec
import pytest

from deliverycheck.cli import main
from deliverycheck.cli.free import (
    BROKER_WIDE_SHARE_MAX,
    claims_of,
    free_options,
    free_pool,
    in_words,
    judged_of,
)
from deliverycheck.cli.promised_claims import OF_CONSUMERS, OF_TRANSACTIONS
from deliverycheck.cli.run_options import load_options
from deliverycheck.cli.systems import UsageError, content_of
from deliverycheck.cli.target import TargetOptions
from deliverycheck.clients import SettingError, client_program
from deliverycheck.guarantees import GUARANTEES, HAZARDS
from deliverycheck.history import CampaignFolder
from deliverycheck.plans import (
    AfterError,
    CommitMode,
    CommitPolicy,
    Consumer,
    Covers,
    ErrorMeans,
    Kill,
    Member,
    Pause,
    Publish,
    ReliesOn,
    Stance,
    Subject,
)
from deliverycheck.plans.kafka_state import NODE
from deliverycheck.plans.kafka_topic import CHANGES
from deliverycheck.search import FREE, ExitCode, load_pool
from deliverycheck.search.rest import each_in_turn
from properties.kafka import draw_subjects, promised, unless_of
from properties.kafka.subjects import (
    MANNERS,
    MANNERS_OF_LATE_COMMITS,
    MANNERS_OF_OWN_COMMITS,
)

KNOWN = content_of("kafka")
COUNT, SMALL = 60, 8
AFTER = Consumer(commit=CommitPolicy.AFTER_EFFECT)
GROUP = Subject(producer={"acks": "all"}, consumer=AFTER)
IDEMPOTENT = Subject(producer={"enable.idempotence": True})
WRITING = Subject(
    producer={"acks": "all"},
    consumer=Consumer(commit=CommitPolicy.IN_TRANSACTION, output={"transactional.id": "o"}),
)


def anything(_subject):
    return True


@pytest.fixture(scope="module")
def drawn():
    return draw_subjects(0, COUNT, anything)


@pytest.fixture(scope="module")
def judged(drawn):
    return [one for one in (judged_of(KNOWN, subject) for subject in drawn) if one.unless]


@pytest.fixture(scope="module")
def pool(judged):
    whole = KNOWN.make_pool_of([one.subject for one in judged], 0, 6)
    return free_pool(KNOWN, judged, whole)


@pytest.fixture(scope="module")
def claims(judged, pool):
    assert pool  # Drawing it notes what it reaches.
    return [claim for one in judged for claim in claims_of(KNOWN, one)]


# Subjects


def test_same_seed_draws_the_same_subjects_and_another_seed_others():
    first = draw_subjects(0, SMALL, anything)
    assert draw_subjects(0, SMALL, anything) == first
    assert draw_subjects(1, SMALL, anything) != first


def test_so_many_different_subjects_are_drawn_as_were_asked_for(drawn):
    assert len({msgspec.json.encode(subject, order="sorted") for subject in drawn}) == COUNT


def test_library_takes_every_subject(drawn):
    for subject in drawn:
        client_program("kafka").check_settings(subject)


def test_what_the_library_refuses_is_left_out(monkeypatch):
    def refuses(_subject):
        raise SettingError

    program = type("Program", (), {"check_settings": staticmethod(refuses)})
    monkeypatch.setattr("properties.drawing.subjects.client_program", lambda _system: program)
    assert draw_subjects(0, SMALL, anything) == ()


def test_subjects_differ_in_every_kind_of_setting(drawn):
    consumers = [subject.consumer for subject in drawn if subject.consumer is not None]
    assert len(consumers) > COUNT / 2
    assert {one.commit for one in consumers} == set(CommitPolicy)
    assert {subject.relies_on for subject in drawn} == set(ReliesOn)
    assert {subject.error_means for subject in drawn} == set(ErrorMeans)
    assert {subject.after_error for subject in drawn} == set(AfterError)
    assert {subject.partitions for subject in drawn} == set(range(1, 7))
    assert {one.output is None for one in consumers} == {True, False}
    assert {subject.is_transactional for subject in drawn} == {True, False}
    sent = {name for subject in drawn for name in subject.producer}
    read = {name for one in consumers for name in one.settings}
    assert {"acks", "retries", "compression.type", "partitioner", "linger.ms"} <= sent
    assert {"group.protocol", "group.instance.id", "isolation.level"} <= read


def test_members_differ_in_how_they_read_and_commit_and_topics_in_what_may_change():
    many = draw_subjects(1, 200, anything)
    members = [subject.consumer for subject in many if subject.consumer is not None]
    for name, values in {**MANNERS, **MANNERS_OF_OWN_COMMITS, **MANNERS_OF_LATE_COMMITS}.items():
        assert {getattr(one, name) for one in members} == set(values)
    assert {name for subject in many for name in subject.topic} == set(CHANGES)


# Promises


def test_claims_are_of_all_that_is_promised_and_of_nothing_else(judged, claims):
    by_subject = Counter(repr(claim.subject) for claim in claims)
    for claim in claims:
        assert claim.stance is Stance.HOLDS
        assert promised(claim.subject, claim.guarantee)[0] is not None
    for one in judged:
        assert set(one.unless) == {
            name
            for name in GUARANTEES
            if promised(one.subject, name)[0] is not None
            and (name not in OF_CONSUMERS | OF_TRANSACTIONS or one.subject.consumer)
            and (name not in OF_TRANSACTIONS or one.subject.is_transactional)
        }
        assert by_subject[repr(one.subject)] <= len(one.unless)
    assert len({claim.id for claim in claims}) == len(claims)


def test_what_speaks_of_consumers_or_transactions_is_not_judged_without_them():
    assert not OF_CONSUMERS & judged_of(KNOWN, IDEMPOTENT).unless.keys()
    assert not OF_TRANSACTIONS & judged_of(KNOWN, GROUP).unless.keys()
    both = msgspec.structs.replace(GROUP, producer={"transactional.id": "t"})
    assert judged_of(KNOWN, both).unless.keys() >= OF_TRANSACTIONS


@pytest.mark.parametrize(
    ("subject", "guarantee"),
    [
        (
            Subject(producer=IDEMPOTENT.producer, after_error=AfterError.SEND_AGAIN),
            "exactly_once_in_log",
        ),
        (Subject(relies_on=ReliesOn.CALL_RETURNED, consumer=AFTER), "at_least_once_in_effect"),
        (Subject(error_means=ErrorMeans.ABSENT, consumer=AFTER), "genuine_deliveries"),
        (
            Subject(
                consumer=Consumer(
                    commit=CommitPolicy.AFTER_EFFECT, settings={"auto.offset.reset": "latest"}
                )
            ),
            "at_least_once_in_effect",
        ),
        (
            Subject(
                consumer=Consumer(
                    commit=CommitPolicy.IN_TRANSACTION,
                    output={"transactional.id": "o"},
                    member=Member.NOBODY,
                )
            ),
            "exactly_once_in_effect",
        ),
        (Subject(consumer=Consumer(commit=CommitPolicy.AUTO)), "commit_follows_effect"),
        (
            Subject(
                consumer=Consumer(
                    commit=CommitPolicy.AFTER_EFFECT, commit_mode=CommitMode.ASYNCHRONOUS
                )
            ),
            "commits_move_forward",
        ),
        (
            Subject(
                consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, covers=Covers.HANDED, batch=3)
            ),
            "at_least_once_in_effect",
        ),
        (
            Subject(consumer=Consumer(commit=CommitPolicy.BEFORE_EFFECT, covers=Covers.OWN)),
            "at_most_once_in_effect",
        ),
    ],
    ids=[
        "sends-again",
        "relies-on-the-call",
        "takes-an-error-for-absence",
        "begins-at-the-end",
        "in-nobodys-name",
        "commits-by-itself",
        "commits-without-waiting",
        "commits-what-was-handed-over",
        "commits-the-messages-own-position",
    ],
)
def test_what_takes_a_promise_away_is_known(subject, guarantee):
    promise, missing = promised(subject, guarantee)
    assert promise is None
    assert missing


def test_what_a_group_is_promised_hangs_on_no_producer():
    careless = Subject(
        producer={"acks": 0},
        consumer=AFTER,
        relies_on=ReliesOn.CALL_RETURNED,
        error_means=ErrorMeans.ABSENT,
    )
    assert promised(careless, "single_owner")[0] is not None
    assert promised(careless, "at_least_once_in_log")[0] is None


def test_a_transactional_producer_is_idempotent_without_saying_so():
    assert promised(Subject(producer={"transactional.id": "t"}), "exactly_once_in_log")[0]


# What is known to break them


def test_what_our_claims_do_not_speak_of_the_drawn_ones_do_not_either():
    assert "first_write_broker_killed" in unless_of(IDEMPOTENT, "exactly_once_in_log")
    assert {"stall", "delay", "broker_paused"} <= set(unless_of(WRITING, "exactly_once_in_effect"))
    assert not {"stall", "lost_reply"} & set(unless_of(IDEMPOTENT, "exactly_once_in_log"))


def test_what_a_finding_tells_of_is_known_whatever_is_claimed():
    for guarantee in GUARANTEES:
        assert {"topic_just_created", "first_write_broker_killed"} <= set(
            unless_of(GROUP, guarantee)
        )


def test_each_claim_has_its_exceptions_and_hazards_beside_them(claims):
    for claim in claims:
        assert set(claim.unless) == set(unless_of(claim.subject, claim.guarantee))
        assert claim.hazards
        assert set(claim.hazards) <= set(HAZARDS) - set(claim.unless)


# Plans


def test_plans_are_spread_over_the_subjects(judged, pool, claims):
    first, _ = each_in_turn(pool, claims, KNOWN.model)
    of_each = Counter(repr(plan.subject) for plan in first)
    assert len(of_each) == len(judged)
    assert max(of_each.values()) <= 6
    assert sum(of_each.values()) >= 0.65 * 6 * len(judged)


def test_at_most_a_tenth_of_the_plans_disturbs_the_broker_at_any_time(pool, claims):
    first, _ = each_in_turn(pool, claims, KNOWN.model)
    wide = 0
    for number, plan in enumerate(first, start=1):
        wide += KNOWN.model.broker_wide(plan)
        assert wide <= BROKER_WIDE_SHARE_MAX * number + 1
    assert wide


def test_a_plan_that_may_not_disturb_the_broker_is_run_without_that():
    one = judged_of(KNOWN, GROUP)
    for fault in (Kill, Pause):
        (steps,) = free_pool(KNOWN, [one], [(Publish(), fault(lane=NODE), Publish())])
        assert steps == (Publish(), Publish())


def test_a_turn_that_says_nothing_is_empty():
    apart = judged_of(KNOWN, IDEMPOTENT)
    after_ten = [(Publish(),)] * 9
    first_write = (Publish(), Kill(lane=NODE), Publish())
    assert free_pool(KNOWN, [apart], [*after_ten, first_write])[-1] == ()
    assert "broker_killed" not in apart.reached["exactly_once_in_log"]


# The command


def test_options_and_pool_lie_in_the_folder_so_that_it_can_be_gone_on_with(tmp_path):
    folder = CampaignFolder(root=tmp_path / "out")
    said = []
    options = free_options(
        3, TargetOptions(), profile=FREE, seed=1, out=folder.root, say=said.append
    )
    assert said == [f"drawing 3 subjects, and {FREE.pool} plans for each"]
    assert options.claims == tuple(claim.id for claim in options.own)
    subjects = {repr(claim.subject) for claim in options.own}
    assert len(subjects) == 3
    assert len(load_pool(folder.pool)) == 3 * FREE.pool
    options.save(folder)
    assert load_options(folder.root) == options


def test_hundred_subjects_are_worth_1500_executions():
    assert FREE.pool * 100 * 0.65 >= 1500


def test_where_nothing_is_promised_nothing_is_run(tmp_path, monkeypatch):
    monkeypatch.setattr("deliverycheck.cli.free.judged_of", lambda *_: judged_of(KNOWN, NOTHING))
    with pytest.raises(UsageError, match="--free 2: nothing is promised to what was drawn"):
        free_options(
            2, TargetOptions(), profile=FREE, seed=0, out=tmp_path / "out", say=lambda _: None
        )
    assert not (tmp_path / "out").exists()


NOTHING = Subject(producer={"acks": 0})


def test_words_of_a_subject_have_every_setting_of_it(drawn):
    for subject in drawn:
        told = in_words(subject)
        consumer = subject.consumer or AFTER
        for name, value in {**subject.producer, **subject.topic, **consumer.settings}.items():
            assert f"{name}={value}" in told
        for name in (*MANNERS, *MANNERS_OF_OWN_COMMITS, *MANNERS_OF_LATE_COMMITS):
            value = getattr(consumer, name)
            assert (f"{name} {value}" in told) == (value != getattr(AFTER, name))


def test_claims_follow_the_subjects_so_that_the_pool_is_dealt_to_whom_it_was_drawn_for(
    judged, pool, claims
):
    subjects = list(dict.fromkeys(repr(claim.subject) for claim in claims))
    assert subjects == [repr(one.subject) for one in judged]
    for one, steps in zip(cycle(judged), pool, strict=False):
        assert KNOWN.model.normalise(one.subject, steps).steps == steps


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--claim", "kafka-acks-all"), "--free and --claim: a free campaign draws all"),
        (("--own", "claims.toml"), "--free and --own"),
        (("--profile", "ci"), "--free and --profile"),
        (("--shard", "1/2"), "--free and --shard"),
        (("--system", "rabbit"), "no system 'rabbit'"),
    ],
)
def test_what_does_not_go_with_it_is_told(arguments, complaint, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    wanted = ["deliverycheck", "campaign", "--free", "3", "--out", str(out), *arguments]
    monkeypatch.setattr(sys, "argv", wanted)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == ExitCode.USAGE
    assert complaint in capsys.readouterr().err
    assert not out.exists()
