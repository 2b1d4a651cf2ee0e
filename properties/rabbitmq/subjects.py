"""Subjects at large: settings and queues of every kind that the suite knows, in any combination."""

from hypothesis import strategies as st

from deliverycheck.plans import (
    AfterError,
    CommitPolicy,
    Connection,
    Consumer,
    ErrorMeans,
    Overflow,
    Queue,
    QueueKind,
    ReliesOn,
    Setting,
    Subject,
    TopicReady,
    Topology,
)
from properties.drawing import MOSTLY_NOT, drawer_of
from properties.rabbitmq.topologies import DEAD, EVERY_EXCHANGE, FAN_OUT


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    """Settings in any combination, be it wise or not."""
    relies_on_call = draw(st.sampled_from(MOSTLY_NOT))
    takes_for_absence = draw(st.sampled_from(MOSTLY_NOT))
    reads = not draw(st.sampled_from(MOSTLY_NOT))
    return Subject(
        producer=draw(_producers()),
        consumer=draw(_consumers()) if reads else None,
        relies_on=ReliesOn.CALL_RETURNED if relies_on_call else ReliesOn.CONFIRM,
        error_means=ErrorMeans.ABSENT if takes_for_absence else ErrorMeans.UNKNOWN,
        after_error=draw(st.sampled_from(AfterError)),
        connection=draw(st.sampled_from((*[Connection.OWN] * 5, Connection.SHARED))),
        topic_ready=draw(st.sampled_from((*[TopicReady.ANSWERED] * 5, TopicReady.CREATED))),
        topology=draw(st.one_of(_topologies(), st.sampled_from((FAN_OUT, EVERY_EXCHANGE)))),
    )


@st.composite
def _producers(draw: st.DrawFn) -> dict[str, Setting]:
    found: dict[str, Setting] = {
        "persistent": draw(st.sampled_from((True, True, True, False))),
        "mandatory": draw(st.sampled_from((True, True, True, False))),
    }
    if draw(st.sampled_from(MOSTLY_NOT)):
        return {**found, "transactional": True}
    return {**found, "confirms": draw(st.sampled_from(("pipelined", "pipelined", "synchronous")))}


@st.composite
def _consumers(draw: st.DrawFn) -> Consumer:
    commit = draw(
        st.sampled_from(
            (CommitPolicy.AFTER_EFFECT,) * 3 + (CommitPolicy.BEFORE_EFFECT, CommitPolicy.AUTO)
        )
    )
    settings: dict[str, Setting] = {}
    if draw(st.sampled_from(MOSTLY_NOT)):
        settings["take"] = "get"
    else:
        settings["prefetch"] = draw(st.sampled_from((1, 2, 3, 10)))
    return Consumer(
        commit=commit, settings=settings, handling_ms=draw(st.sampled_from((0, 0, 0, 40)))
    )


@st.composite
def _topologies(draw: st.DrawFn) -> Topology:
    """One queue to work off, and perhaps one for its dead letters."""
    kind = draw(st.sampled_from((QueueKind.CLASSIC, QueueKind.QUORUM)))
    dead = draw(st.sampled_from((True, False)))
    limits = draw(st.sampled_from(("none", "none", "length", "refuse", "expiry", "deliveries")))
    classic = kind is QueueKind.CLASSIC
    queue = Queue(
        name="q1",
        kind=kind,
        durable=not classic or draw(st.sampled_from((True, True, True, False))),
        length_max=draw(st.sampled_from((1, 3, 8))) if limits in {"length", "refuse"} else None,
        overflow=Overflow.REJECT_PUBLISH if limits == "refuse" else Overflow.DROP_HEAD,
        expires_ms=draw(st.sampled_from((60, 400))) if limits == "expiry" else None,
        delivery_limit=2 if limits == "deliveries" and not classic else None,
        dead_letter_exchange="" if dead else None,
        dead_letter_key=DEAD if dead else None,
        priorities_max=draw(st.sampled_from((None, None, 9))) if classic else None,
        single_active=draw(st.sampled_from(MOSTLY_NOT)),
    )
    return Topology(queues=(queue, *([Queue(name=DEAD, kind=kind)] if dead else [])))


draw_subjects = drawer_of("rabbitmq", subjects())
