"""What bulk calls of all libraries share: bodies alike but for their number, few made in full."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Template:
    """Bodies that differ in the sequence number only, encoded once for each of its lengths."""

    def __init__(self, process: str, encode: Callable[[int], bytes]) -> None:
        """`encode` makes the body of message ``<process>-<sequence>``."""
        self._process = process
        self._encode = encode
        self._of_digits: dict[int, bytes] = {}

    def end(self, sequence: int) -> int:
        """The first later sequence with another number of digits."""
        return int(10 ** len(str(sequence)))

    def of(self, sequence: int) -> bytes:
        """To be formatted with any sequence of as many digits."""
        digits = len(str(sequence))
        if digits not in self._of_digits:
            found = template_of(self._encode(sequence), self._process, str(sequence))
            assert found is not None, "a body names its message"  # noqa: S101  # By its encoding.
            self._of_digits[digits] = found
        return self._of_digits[digits]


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """A hundred thousand callbacks in flight are no garbage, and looking through them is slow."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def template_of(encoded: bytes, process: str, digits: str) -> bytes | None:
    """The encoded body with its number left open; ``None`` if it does not name that message."""
    own = f'"message":"{process}-'.encode()
    before, found, after = encoded.partition(own + digits.encode() + b'"')
    return _escaped(before + own) + b'%d"' + _escaped(after) if found else None


def _escaped(text: bytes) -> bytes:
    """To stand in a template that is formatted with ``%``."""
    return text.replace(b"%", b"%%")
