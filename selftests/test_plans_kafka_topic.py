"""What settings of a topic mean for what it holds."""

import pytest

from deliverycheck.history import Source
from deliverycheck.plans.kafka_topic import source_of

KEEPS = {
    "nothing-said": ({}, None),
    "a-week": ({"retention.ms": 604_800_000}, None),
    "for-ever": ({"retention.ms": -1}, None),
    "for-a-time": ({"retention.ms": 300}, Source(retention_ms=300)),
    "so-many-bytes": ({"retention.bytes": 100}, Source(retention_ms=0)),
    "any-number-of-bytes": (
        {"retention.bytes": -1, "retention.ms": 300},
        Source(retention_ms=300),
    ),
    "compacted": ({"cleanup.policy": "compact"}, Source(compacted=True)),
    "compacted-whatever-the-time": (
        {"cleanup.policy": "compact", "retention.ms": 300},
        Source(compacted=True),
    ),
    "compacted-and-for-a-time": (
        {"cleanup.policy": "compact,delete", "retention.ms": 300},
        Source(compacted=True, retention_ms=300),
    ),
}


@pytest.mark.parametrize(("settings", "source"), KEEPS.values(), ids=KEEPS)
def test_topic_keeps_what_its_settings_say(settings, source):
    assert source_of(settings) == source
