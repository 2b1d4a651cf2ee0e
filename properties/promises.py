"""What every system's promises are to those who ask for one."""

from typing import Protocol


class Promise(Protocol):
    """A guarantee that the documentation promises of some settings, in its words."""

    @property
    def guarantee(self) -> str:
        """Its name."""

    @property
    def text(self) -> str:
        """What is promised, in a few words."""

    @property
    def source(self) -> str:
        """Where it says so."""
