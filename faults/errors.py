"""What can go wrong with a fault. All of it is trouble of the infrastructure, never a verdict."""

from deliverycheck.brokers.broker import InfrastructureError


class FaultError(InfrastructureError):
    """A fault could not be brought into the state asked for."""


class ToxiproxyStartError(FaultError):
    """The proxy server did not come up."""


class ToxiproxyUnreachableError(FaultError):
    """The proxy server does not answer; if its process is gone, the message says how it ended."""


class ToxiproxyRefusedError(FaultError):
    """The proxy server answered with an error."""


class FaultNotAppliedError(FaultError):
    """What the proxy holds is not what was asked for; it was healed before this was raised."""


class FaultNotHealedError(FaultError):
    """A link could not be brought back to the state without faults."""


class DirectionError(FaultError):
    """A direction is missing, or this fault has none of that name."""
