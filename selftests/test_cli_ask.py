"""A question is understood: settings in files, guarantees and faults in words; and answered."""

import pytest

from deliverycheck.cli.ask.mending import TIMES, Mending, smallest_mending
from deliverycheck.cli.ask.properties_file import load_settings
from deliverycheck.cli.ask.question import (
    FAULTS,
    USUAL,
    claims_of,
    faults_of,
    guarantees_of,
    only,
)
from deliverycheck.cli.ask.systems import Asked, asking_of
from deliverycheck.cli.subject_changes import changed
from deliverycheck.cli.systems import UsageError, content_of
from deliverycheck.clients.kafka.java_names import (
    OF_THE_PLACE,
    TRANSLATED,
    WITHOUT_COUNTERPART,
    consumer_defaults,
    producer_defaults,
)
from deliverycheck.clients.kafka.setting_names import COMMON, CONSUMER, PRODUCER
from deliverycheck.guarantees import GUARANTEES, HAZARDS
from deliverycheck.plans import (
    CommitPolicy,
    Consumer,
    ErrorMeans,
    FaultKind,
    Heal,
    Inject,
    Kill,
    Pause,
    Publish,
    ReliesOn,
    Resume,
    Subject,
)
from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.plans.kafka_state import NODE
from deliverycheck.search.judgement import Ruling
from properties.kafka import promised
from properties.kafka.promises import PROMISES

LOG = Subject(producer={"acks": 1})
FAMILIES, CHANGES = asking_of("kafka").families, asking_of("kafka").changes
GROUP = Subject(producer={"acks": "all"}, consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT))


@pytest.fixture
def said(tmp_path):
    """The settings of a file with this text."""

    def settings(text, defaults=producer_defaults):
        path = tmp_path / "x.properties"
        path.write_text(text)
        return load_settings(path, defaults)

    return settings


# Files


def test_settings_are_read_with_comments_blanks_colons_and_lines_that_go_on(said):
    found = said("# ours\n\n! old\nacks = all\nlinger.ms: 5\ncompression.type=\\\n  zstd\n")
    assert found.values == {"acks": "all", "linger.ms": 5, "compression.type": "zstd"}
    assert (found.notes, found.is_java) == ([], False)


def test_names_of_the_java_client_are_translated_and_its_defaults_meant(said):
    found = said("buffer.memory=33554432\npartitioner.class=org.x.RoundRobinPartitioner\nacks=1")
    assert found.is_java
    assert found.values["queue.buffering.max.kbytes"] == 32768
    assert found.values["partitioner"] == "random"
    assert (found.values["acks"], found.values["enable.idempotence"]) == (1, False)
    assert "buffer.memory=33554432 is queue.buffering.max.kbytes=32768 here" in found.notes


def test_what_has_no_counterpart_is_named_and_left_out(said):
    found = said("max.poll.records=1\nacks=all", consumer_defaults)
    assert "max.poll.records" not in found.values
    assert any(note.startswith("max.poll.records: left out") for note in found.notes)
    assert found.values["isolation.level"] == "read_uncommitted"


def test_where_and_as_whom_an_application_connects_is_never_kept(said):
    found = said("sasl.password=secret\nssl.key.location=/k\nbootstrap.servers=h:1\ngroup.id=g")
    assert found.values == {}
    assert not any("secret" in note for note in found.notes)


@pytest.mark.parametrize(
    ("settings", "idempotent"),
    [
        ({}, True),
        ({"acks": "all"}, True),
        ({"acks": -1}, True),
        ({"acks": 1}, False),
        ({"retries": 0}, False),
        ({"retries": 1}, True),
        ({"max.in.flight.requests.per.connection": 5}, True),
        ({"max.in.flight.requests.per.connection": 6}, False),
    ],
    ids=str,
)
def test_java_producer_is_idempotent_unless_something_conflicts(settings, idempotent):
    assert producer_defaults(settings)["enable.idempotence"] is idempotent


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("acks=all\nnonsense", r"x\.properties:2: expected name=value, got 'nonsense'"),
        ("a\\\nb", r"x\.properties:1: expected name=value, got 'ab'"),
        ("=5", r"x\.properties:1: expected name=value"),
        ("buffer.memory=much", r"x\.properties:1: buffer\.memory=much: invalid literal"),
        (
            "key.serializer=x\nmax.in.flight.requests.per.connection=many",
            r"x\.properties: invalid literal for int.*'many'",
        ),
    ],
    ids=["no-value", "over-two-lines", "no-name", "no-number", "no-number-beside-defaults"],
)
def test_line_that_is_no_setting_is_named(said, text, complaint):
    with pytest.raises(UsageError, match=complaint):
        said(text)


def test_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.properties: cannot be read"):
        load_settings(tmp_path / "gone.properties", producer_defaults)


def test_assignors_are_said_as_librdkafka_says_them(said):
    java = "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"
    for value in (java, f"{java},org.apache.kafka.clients.consumer.RangeAssignor"):
        found = said(f"partition.assignment.strategy={value}", consumer_defaults)
        assert found.values["partition.assignment.strategy"] == "cooperative-sticky"
        assert found.is_java
    assert not said("partition.assignment.strategy=range", consumer_defaults).is_java


def test_names_on_the_lists_are_the_librarys_or_are_not():
    known = COMMON | PRODUCER | CONSUMER
    assert {here for here, _ in TRANSLATED.values()} <= known
    # librdkafka has the one for share consumers alone.
    assert WITHOUT_COUNTERPART & known == {"max.poll.records"}
    assert all(any(name.startswith(one) for name in known) for one in OF_THE_PLACE)
    assert {*producer_defaults({}), *consumer_defaults({})} <= known


# Words


def test_short_form_stands_for_its_family_as_far_as_somebody_consumes():
    assert guarantees_of(["at-least-once"], GROUP, FAMILIES) == FAMILIES["at-least-once"]
    assert guarantees_of(["at-least-once"], LOG, FAMILIES) == ("at_least_once_in_log",)
    assert guarantees_of(["order", "per_partition_order"], LOG, FAMILIES) == (
        "per_partition_order",
    )
    assert {name for names in FAMILIES.values() for name in names} <= set(GUARANTEES)


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("at-least-onc", "did you mean 'at-least-once'"),
        ("at-most-once", "it is about consumers; add --consumer"),
        ("single_owner", "it is about consumers"),
    ],
)
def test_guarantee_that_cannot_be_asked_for_is_named(word, complaint):
    with pytest.raises(UsageError, match=complaint):
        guarantees_of([word], LOG, FAMILIES)


def test_faults_are_the_usual_ones_or_those_that_are_named():
    assert faults_of(None) == USUAL
    assert faults_of("kill:broker, stall") == ("kill:broker", "stall")
    assert {hazard for hazards in FAULTS.values() for hazard in hazards} <= set(HAZARDS)
    with pytest.raises(UsageError, match=r"'kill:brokr': did you mean 'kill:broker'"):
        faults_of("kill:brokr")


def test_only_the_faults_that_were_asked_for_are_left():
    refuse = Inject(lane="link p1", fault=FaultKind.REFUSE)
    steps = (
        Publish(),
        refuse,
        Heal(lane="link p1"),
        Kill(lane="c1"),
        Kill(lane=NODE),
        Pause(lane="c1"),
        Pause(lane=NODE),
        Resume(lane="c1"),
    )
    kept = {
        "refuse": {refuse},
        "kill:worker": {Kill(lane="c1")},
        "kill:broker": {Kill(lane=NODE)},
        "pause:worker": {Pause(lane="c1")},
        "pause:broker": {Pause(lane=NODE)},
        "stall": set(),
    }
    harmless = {Publish(), Heal(lane="link p1"), Resume(lane="c1")}
    for fault, left in kept.items():
        assert set(only(steps, [fault], (NODE,))) == harmless | left


def test_claim_is_about_the_hazards_that_its_plans_can_bring_about():
    pool = [(Publish(), Kill(lane="p1"), Publish())]
    (claim,) = claims_of(content_of("kafka"), LOG, ["at_least_once_in_log"], USUAL, pool, {})
    assert claim.hazards == ("producer_killed", "producer_killed_unflushed")
    assert (claim.guarantee, claim.subject) == ("at_least_once_in_log", LOG)
    assert claim.promise == "not promised: acks is 1, not all"


# What is documented


@pytest.mark.parametrize(
    ("subject", "guarantee", "missing"),
    [
        (GROUP, "at_least_once_in_log", ()),
        (GROUP, "at_least_once_in_effect", ()),
        (Subject(producer={"acks": -1}), "at_least_once_in_log", ()),
        (Subject(), "at_least_once_in_log", ()),
        (LOG, "at_least_once_in_log", ("acks is 1, not all",)),
        (Subject(), "exactly_once_in_log", ("enable.idempotence is false, not true",)),
        (
            GROUP,
            "at_most_once_in_effect",
            ("the commit comes after_effect, not before_effect or in_transaction",),
        ),
        (
            Subject(relies_on=ReliesOn.CALL_RETURNED),
            "at_least_once_in_log",
            ("the application relies on the call, not on the confirm",),
        ),
        (
            Subject(error_means=ErrorMeans.ABSENT, producer={"enable.idempotence": True}),
            "exactly_once_in_log",
            ("the application takes an error for absence",),
        ),
    ],
)
def test_what_keeps_settings_from_a_promise_is_told(subject, guarantee, missing):
    promise, told = promised(subject, guarantee)
    assert told == missing
    assert (promise is None) is bool(missing)


def test_one_way_to_a_promise_is_enough():
    one_in_flight = Subject(producer={"max.in.flight.requests.per.connection": 1})
    promise, _ = promised(one_in_flight, "per_partition_order")
    assert promise is not None
    assert "one request in flight" in promise.text


def test_nothing_is_promised_where_no_document_speaks_of_it():
    assert promised(GROUP, "priority_order") == (None, ())
    assert {one.guarantee for one in PROMISES} <= set(GUARANTEES)


# What mends it


class Judged:
    def __init__(self, ruling):
        self._ruling = ruling

    def ruling(self, _):
        return self._ruling


def mending(rules, *, subject=LOG, check=lambda _: None, go_on=lambda: True):
    """The change found where `rules` says what a subject's executions come to; what was run."""
    ran, pool = [], [(Publish(), Publish(partition=1))]
    (claim,) = claims_of(content_of("kafka"), subject, ["at_least_once_in_log"], USUAL, pool, {})

    def execute(plan):
        ran.append(plan.subject)
        return Judged(rules(plan.subject))

    found = smallest_mending(
        claim,
        [KafkaModel().normalise(subject, (Publish(),))],
        changes=CHANGES,
        model=KafkaModel(),
        execute=execute,
        check=check,
        go_on=go_on,
        say=lambda _: None,
    )
    return found, ran


def rule(held):
    return Ruling.VALID if held else Ruling.INVALID


def test_first_change_that_holds_each_time_is_told():
    found, ran = mending(lambda subject: rule(subject.producer["acks"] == "all"))
    assert found == Mending(changes=(CHANGES[0],), valid=TIMES, executions=TIMES)
    assert len(ran) == TIMES


def test_two_changes_are_tried_once_no_single_one_holds():
    def both(subject):
        idempotent = subject.producer.get("enable.idempotence") is True
        return rule(subject.producer["acks"] == "all" and idempotent)

    found, _ = mending(both)
    assert found.changes == ("producer.acks=all", "producer.enable.idempotence=true")


def test_change_under_which_nothing_can_be_concluded_mends_nothing():
    assert mending(lambda _: Ruling.UNKNOWN)[0] is None
    assert mending(lambda _: Ruling.INCONCLUSIVE)[0] is None


def test_change_that_broke_once_is_not_tried_further():
    found, ran = mending(lambda _: Ruling.INVALID)
    assert found is None
    assert len(ran) == len(set(map(repr, ran)))


def test_setting_that_the_library_refuses_is_not_tried():
    def refuse(subject):
        if subject.producer["acks"] == "all":
            raise UsageError("no")

    _, ran = mending(lambda _: Ruling.INVALID, check=refuse)
    assert all(subject.producer["acks"] == 1 for subject in ran)


def test_stop_ends_the_search():
    assert mending(lambda _: Ruling.VALID, go_on=lambda: False) == (None, [])


@pytest.mark.parametrize("system", ["kafka", "rabbitmq"])
def test_short_forms_and_changes_of_each_system_are_of_what_there_is(system):
    asking = asking_of(system)
    assert {name for names in asking.families.values() for name in names} <= set(GUARANTEES)
    assert {name for names in asking.hazards.values() for name in names} <= set(HAZARDS)
    asked = Asked(producer=None, consumer=None, commit=None, queue=None)
    subject, _ = asking.subject(asked)
    for change in asking.changes:
        if not change.startswith("consumer."):
            changed(subject, [change])


def test_queue_is_asked_about_by_its_fields_and_a_place_for_its_dead_comes_with_it(tmp_path):
    publisher = tmp_path / "publisher.properties"
    publisher.write_text("confirms=pipelined\npersistent=true\n")
    words = "kind=quorum, length_max=3, dead_letter_exchange=, dead_letter_key=dead"
    asked = Asked(producer=publisher, consumer=None, commit=None, queue=words)
    subject, _ = asking_of("rabbitmq").subject(asked)
    assert subject.producer == {"confirms": "pipelined", "persistent": True}
    assert [queue.name for queue in subject.topology.queues] == ["q1", "dead"]
    assert subject.topology.queues[0].length_max == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [("kind=quorom", "quorom"), ("lenght_max=3", "'lenght_max'"), ("quorum", "name=value")],
    ids=["value-misspelt", "field-misspelt", "no-field"],
)
def test_queue_that_cannot_be_meant_is_refused(words, message):
    asked = Asked(producer=None, consumer=None, commit=None, queue=words)
    with pytest.raises(UsageError, match=message):
        asking_of("rabbitmq").subject(asked)
