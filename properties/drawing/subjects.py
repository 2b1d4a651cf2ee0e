"""Subjects at large: drawn by a strategy, and those kept that the client library takes."""

from collections.abc import Callable
from itertools import islice

import msgspec
from hypothesis import given, seed
from hypothesis import strategies as st

from deliverycheck.clients import SettingError, client_program
from deliverycheck.plans import Subject
from properties.drawing.pool import drawing

MOSTLY_NOT = (False, False, False, False, True)


def drawer_of(
    system: str, subjects: st.SearchStrategy[Subject]
) -> Callable[[int, int, Callable[[Subject], bool]], tuple[Subject, ...]]:
    """Of a seed, a count and what is wanted: so many different subjects, always the same.

    Each is wanted, and taken by the system's client library.
    """

    def is_taken(subject: Subject) -> bool:
        try:
            client_program(system).check_settings(subject)
        except SettingError:
            return False
        return True

    def draw_subjects(
        subject_seed: int, count: int, wanted: Callable[[Subject], bool]
    ) -> tuple[Subject, ...]:
        found: dict[bytes, Subject] = {}

        @seed(subject_seed)
        @drawing(3 * count + 20)  # Some are drawn twice, some are not wanted.
        @given(subjects)
        def draw(subject: Subject) -> None:
            found.setdefault(msgspec.json.encode(subject, order="sorted"), subject)

        draw()
        return tuple(islice(filter(is_taken, filter(wanted, found.values())), count))

    return draw_subjects
