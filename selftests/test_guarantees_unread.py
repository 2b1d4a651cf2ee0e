"""Only of logs it takes a fresh reader to say that all was read: a queue is read by who takes."""

import pytest

from deliverycheck.guarantees import GUARANTEES, Validity, check
from deliverycheck.history import Source
from selftests.story import Story, at

A = "p1#1-1"
QUEUE = Source(kind="queue")
LOG = Source()


def verdict_of(guarantee, sources, *, target="t"):
    """One message, confirmed, and worked off by the group's only member; nobody else reads."""
    story = Story(sources=sources, groups={"g": (target,)})
    story.published(A, 0, key="k", target=target)
    story.received("c1#1", at(A, 0, source=target))
    story.effect("c1#1", at(A, 0, source=target))
    (verdict,) = check(story.done().history(), [guarantee])
    return verdict


@pytest.mark.parametrize(
    ("sources", "target", "believed"),
    [
        ({}, "t", False),
        ({"t": LOG}, "t", False),
        ({"t": LOG, "q": QUEUE}, "t", False),
        ({"t": LOG, "q": QUEUE}, "q", False),
        ({"q": QUEUE}, "q", True),
        ({"q": QUEUE}, "an-exchange", True),
        ({"s": Source(kind="stream")}, "s", True),
    ],
)
def test_scan_of_a_log_that_no_fresh_reader_read_is_not_believed(sources, target, believed):
    verdict = verdict_of("at_least_once_in_effect", sources, target=target)
    assert ("no receive of a fresh reader" in (verdict.reason or "")) is not believed
    assert believed or verdict.validity is Validity.UNKNOWN


@pytest.mark.parametrize("kind", ["queue", "stream"])
@pytest.mark.parametrize("promise", [{}, {"retention_ms": 1000}, {"compacted": True}])
@pytest.mark.parametrize("guarantee", GUARANTEES)
def test_no_checker_needs_a_fresh_reader(guarantee, promise, kind):
    verdict = verdict_of(guarantee, {"t": Source(kind=kind, **promise)})
    assert "raised" not in (verdict.reason or "")
    assert not {one.name for one in verdict.anomalies} & {"vanished", "dropped_early"}
