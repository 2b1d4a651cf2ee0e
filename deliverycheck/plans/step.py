"""What every step is, and the words that several of them share."""

import sys
from enum import StrEnum
from typing import Annotated

import msgspec


class Wait(StrEnum):
    """When a step is over for the plan."""

    RETURNED = "returned"
    SENT = "sent"
    CONFIRMED = "confirmed"


BYTES_MAX = 1_000_000
"""The size of a request that librdkafka makes at most, unless it is told otherwise."""

Count = Annotated[int, msgspec.Meta(ge=1)]

NAMES = frozenset({"lane", "topic", "exchange", "key", "queue"})


class Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", omit_defaults=True):
    """What all steps share.

    A field at its default is left out of the JSON where it is the very object that the
    default is; hence names are interned, or equal plans would have two digests.
    """

    def __post_init__(self) -> None:
        for name in NAMES & set(self.__struct_fields__):
            value = getattr(self, name)
            if type(value) is str:
                msgspec.structs.force_setattr(self, name, sys.intern(value))
