"""Waiting for a page, by asking from outside: its policy lets nothing be evaluated within."""

import time

SECONDS_MAX = 90.0
_POLL_MS = 50


def until(page, condition):
    """The expression is true on the page.

    Raises:
        AssertionError: it is not after `SECONDS_MAX`.
    """
    deadline = time.monotonic() + SECONDS_MAX
    while not page.evaluate(condition):
        if time.monotonic() > deadline:
            msg = f"waited {SECONDS_MAX:.0f} s for {condition}"
            raise AssertionError(msg)
        page.wait_for_timeout(_POLL_MS)


def until_painted(page, timeline):
    """The timeline of this id was drawn for the first time."""
    until(page, f"performance.getEntriesByName('painted {timeline}').length > 0")
