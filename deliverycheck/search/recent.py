"""What was seen lately: a mapping that forgets its oldest entries."""

from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """At most `size` entries. Not for many threads at once."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """What is remembered for the key."""
        return self._entries.get(key)

    def put(self, key: Key, value: Value) -> None:
        """It is remembered, and what is too old is forgotten."""
        self._entries[key] = value
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def __contains__(self, key: Key) -> bool:
        """Whether it is remembered."""
        return key in self._entries
