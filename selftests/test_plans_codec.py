"""A plan on disk is the plan: it reads back equal, under one digest; what is none is refused."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.plans import Hold, Plan, PlanFormatError, Publish, Subject, plan_of
from selftests.plan_samples import LOG_ONLY, RICH_PLAN, any_plans


def changed(**parts):
    """The rich plan's JSON with parts of it replaced; a path is joined by ``__``."""
    content = json.loads(RICH_PLAN.to_json())
    for path, value in parts.items():
        *way, last = path.split("__")
        place = content
        for name in way:
            place = place[int(name) if isinstance(place, list) else name]
        place[int(last) if isinstance(place, list) else last] = value
    return json.dumps(content).encode()


@given(any_plans)
def test_plan_reads_back_as_itself_with_the_same_digest(plan):
    again = plan_of(plan.to_json())
    assert again == plan
    assert again.to_json() == plan.to_json()
    assert again.digest == plan.digest


@given(any_plans)
@settings(max_examples=50)
def test_saved_plan_is_indented_for_people_and_still_the_same_plan(tmp_path_factory, plan):
    path = tmp_path_factory.mktemp("plan") / "deep" / "plan.json"
    plan.save(path)
    assert plan_of(path.read_bytes()).digest == plan.digest
    assert path.read_text().endswith("}\n")
    assert "\n " in path.read_text()


@given(any_plans)
def test_json_is_canonical(plan):
    content = msgspec.json.decode(plan.to_json())
    assert plan.to_json() == msgspec.json.encode(content, order="sorted")


def test_order_of_settings_does_not_change_the_digest():
    one = Plan(system="kafka", subject=Subject(producer={"a": 1, "b": 2}), steps=())
    other = Plan(system="kafka", subject=Subject(producer={"b": 2, "a": 1}), steps=())
    assert one.digest == other.digest


def test_digest_is_the_one_that_older_programs_wrote():
    # A literal: should this fail, every corpus file and memo of users has a new name.
    plan = Plan(system="kafka", subject=LOG_ONLY, steps=(Publish(count=2), Hold(ms=60)))
    assert plan.to_json() == (
        b'{"format":"deliverycheck-plan","steps":[{"count":2,"do":"publish"},{"do":"hold","ms":60}],'
        b'"subject":{"producer":{"acks":"all"}},"system":"kafka","version":1}'
    )
    assert plan.short_digest == "f07928c37b37"


def test_steps_that_differ_in_one_argument_differ_in_digest():
    digests = {
        Plan(system="kafka", subject=LOG_ONLY, steps=(Publish(count=count),)).digest
        for count in (1, 2, 3)
    }
    assert len(digests) == 3


def test_plan_prints_as_a_reference_not_as_its_content():
    assert repr(RICH_PLAN) == f"Plan(kafka, 7 steps, {RICH_PLAN.short_digest})"


def test_plan_that_was_cut_anywhere_is_refused_in_one_line():
    data = RICH_PLAN.to_json()
    for end in range(len(data)):
        with pytest.raises(PlanFormatError, match=r"^bad\.json: not a whole JSON object .*cut\?$"):
            plan_of(data[:end], name="bad.json")


REFUSED = {
    "newer-version": (changed(version=2), r"plans of version 1, the file has 2"),
    "version-in-words": (changed(version="1"), r"version"),
    "not-ours": (b'{"hello": 1}', r"'format' to be 'deliverycheck-plan', got None; is this a plan"),
    "a-history": (
        b'{"format":"deliverycheck-history","version":1}',
        r"got 'deliverycheck-history'",
    ),
    "format-is-no-word": (changed(format=7), r"format"),
    "no-object": (b"[1, 2]", r"object"),
    "empty": (b"", r"was the file cut\?"),
    "no-text": (b"\xff\xfe\x00", r"was the file cut\?"),
    "nested-without-end": (b'{"x":' * 100_000, r"was the file cut"),
    "unknown-step": (
        changed(steps__0={"do": "dance", "lane": "p1"}),
        r"dance.*\$\.steps\[0\]|steps",
    ),
    "step-without-a-verb": (changed(steps__0={"lane": "p1"}), r"steps\[0\]|do"),
    "unknown-field-of-a-step": (changed(steps__0__colour="red"), r"step 1 \(publish\).*'colour'"),
    "unknown-field-of-the-plan": (changed(mood="good"), r"mood"),
    "unknown-field-of-the-subject": (changed(subject__ack="all"), r"subject.*'ack'"),
    "unknown-field-of-the-consumer": (changed(subject__consumer__comit="x"), r"consumer.*'comit'"),
    "unknown-field-of-a-queue": (
        changed(subject__topology={"queues": [{"name": "q1", "lenght_max": 1}]}),
        r"queues of the topology.*'lenght_max'",
    ),
    "unknown-commit-policy": (changed(subject__consumer__commit="never"), r"never"),
    "transaction-without-an-output": (
        changed(subject__consumer__commit="in_transaction"),
        r"'in_transaction' needs an output",
    ),
    "output-outside-of-transactions": (
        changed(subject__consumer__output={"acks": "all"}),
        r"output: expected a 'transactional.id'",
    ),
    "output-with-the-librarys-commits": (
        changed(
            subject__consumer__output={"transactional.id": "x"}, subject__consumer__commit="auto"
        ),
        r"'auto' is the library's",
    ),
    "seeks-in-a-share-group": (
        changed(subject__consumer__kind="share", subject__consumer__seeks="at_will"),
        r"seeks 'at_will', .*: expected a consumer group",
    ),
    "commits-of-the-library-that-do-not-wait": (
        changed(subject__consumer__commit="auto", subject__consumer__commit_mode="asynchronous"),
        r"commit 'auto' is the library's",
    ),
    "late-commits-before-the-effect": (
        changed(subject__consumer__commit="before_effect", subject__consumer__commit_every=2),
        r"commit_every and on_revoke: expected the commit 'after_effect'",
    ),
    "commits-of-what-was-handed-that-do-not-wait": (
        changed(subject__consumer__covers="handed", subject__consumer__commit_mode="asynchronous"),
        r"expected the commit_mode 'synchronous'",
    ),
    "batches-in-a-share-group": (
        changed(subject__consumer__kind="share", subject__consumer__batch=2),
        r"batch.*: expected a consumer group",
    ),
    "pattern-of-a-share-group": (
        changed(subject__consumer__kind="share", subject__consumer__subscribes="by_pattern"),
        r"a share group has no patterns",
    ),
    "setting-that-is-a-list": (changed(subject__producer={"acks": [1]}), r"acks|producer"),
    "count-in-words": (changed(steps__0__count="three"), r"steps\[0\]\.count"),
    "count-of-nothing": (changed(steps__0__count=0), r"steps\[0\]\.count"),
    "negative-partition": (changed(steps__0__partition=-1), r"steps\[0\]\.partition"),
    "hold-for-ever": (changed(steps__3__ms=10**9), r"steps\[3\]\.ms"),
    "work-of-no-call": (changed(steps__5__calls=0), r"steps\[5\]\.calls"),
    "no-partitions": (changed(subject__partitions=0), r"partitions"),
    "steps-missing": (
        b'{"format":"deliverycheck-plan","version":1,"system":"kafka","subject":{}}',
        "steps",
    ),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED)
def test_plan_that_this_program_cannot_run_is_refused_and_the_message_names_why(data, message):
    with pytest.raises(PlanFormatError, match=message) as refused:
        plan_of(data, name="bad.json")
    assert str(refused.value).startswith("bad.json: ")
    assert "\n" not in str(refused.value)


def test_default_that_is_written_out_changes_nothing():
    assert plan_of(changed(steps__0__lane="p1", steps__0__topic="t1")).digest == RICH_PLAN.digest


def test_name_that_was_computed_is_left_out_where_it_is_the_default():
    number = 1
    computed = Publish(topic=f"t{number}", lane=f"p{number}")
    plans = [Plan(system="kafka", subject=LOG_ONLY, steps=(one,)) for one in (Publish(), computed)]
    assert plans[0].digest == plans[1].digest


@given(st.binary(max_size=200))
def test_any_bytes_are_a_plan_or_refused(data):
    try:
        plan_of(data)
    except PlanFormatError:
        return
    pytest.fail("random bytes are hardly a plan")


@given(any_plans, st.data())
@settings(max_examples=60)
def test_plan_with_one_byte_changed_is_refused_or_another_plan(plan, data):
    text = bytearray(plan.to_json())
    place = data.draw(st.integers(0, len(text) - 1))
    text[place] = data.draw(st.integers(0, 255))
    try:
        read = plan_of(bytes(text))
    except PlanFormatError:
        return
    assert plan_of(read.to_json()) == read
