"""Every fault by its name, in the order in which reports show them."""

from collections.abc import Mapping

from deliverycheck.plans import Direction, FaultKind
from faults import (
    black_hole,
    delay,
    kill,
    lose_reply,
    lose_request,
    pause,
    refuse,
    stall,
    starve,
    torn_request,
)
from faults.errors import DirectionError
from faults.fault import DirectionRule, Fault, Toxic

_MODULES = (
    lose_reply,
    lose_request,
    torn_request,
    black_hole,
    stall,
    delay,
    refuse,
    kill,
    pause,
    starve,
)
FAULTS: Mapping[str, Fault] = {module.FAULT.name: module.FAULT for module in _MODULES}


def toxics_of(kind: FaultKind, direction: Direction | None) -> tuple[Toxic, ...]:
    """The toxics that make the fault; none where the proxy is switched off instead.

    Raises:
        DirectionError: the fault needs a direction and has none, or the other way round.
    """
    fault = FAULTS[kind]
    streams = _streams(fault, direction)
    if fault.kind is None:
        return ()
    return tuple(
        Toxic(kind=fault.kind, stream=stream, attributes=fault.attributes) for stream in streams
    )


def _streams(fault: Fault, direction: Direction | None) -> tuple[Direction, ...]:
    if fault.rule is DirectionRule.REQUIRED:
        if direction is None:
            expected = ", ".join((*fault.streams, Direction.BOTH))
            message = f"fault '{fault.name}' needs a direction: {expected}"
            raise DirectionError(message)
        return fault.streams if direction is Direction.BOTH else (direction,)
    if direction is not None:
        why = f"always acts {fault.streams[0]}" if fault.streams else "has no direction"
        message = f"fault '{fault.name}' {why}; got direction '{direction}'"
        raise DirectionError(message)
    return fault.streams
