"""A leader that was lost without need is seen, though the plan restarted the node afterwards."""

import pytest

from deliverycheck.brokers.kafka_admin import PartitionEnd
from deliverycheck.brokers.kafka_topics import TopicFactory

T = ("dc1", 0)


class Admin:
    """Says in turn which epochs partitions have; makes what is asked for."""

    def __init__(self, *epochs):
        self._epochs = iter(epochs)

    def create(self, names, partitions):
        pass

    def await_answering(self, topics, *, timeout_s):
        epoch = next(self._epochs)
        return {(name, 0): PartitionEnd(position=0, epoch=epoch) for name in topics}


def factory(*epochs):
    """It has leased topic 1, and met a restart for each epoch after the first."""
    topics = TopicFactory(Admin(*epochs), prefix="dc")
    topics.lease(1)
    for _ in epochs[1:]:
        topics.await_all()
    return topics


@pytest.mark.parametrize(
    ("restarts", "seen", "moved"),
    [
        ((0,), {0}, False),
        ((0,), {2}, True),
        ((0,), {0, 2}, True),
        ((0, 2), {0, 2}, False),
        ((0, 4), {2, 4}, True),
        ((26, 30), {28, 30}, True),
        ((26, 30), {26, 30}, False),
    ],
    ids=[
        "as-it-was-made",
        "lost-at-the-end",
        "lost-while-written",
        "restarted",
        "written-between-lost-and-restarted",
        "lost-before-the-plan-restarted-it",
        "restarted-and-nothing-else",
    ],
)
def test_leader_is_lost_if_anything_bears_an_epoch_that_no_restart_explains(restarts, seen, moved):
    assert bool(factory(*restarts).moved({T: seen})) is moved


def test_topic_that_the_plan_made_has_its_first_leader():
    topics = factory(0)
    topics.create("dc1-t2", 1)
    assert topics.moved({("dc1-t2", 0): {0}}) == ()
    assert topics.moved({("dc1-t2", 0): {1}}) == ("dc1-t2-0",)
