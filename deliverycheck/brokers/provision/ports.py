"""Free ports below the kernel's ephemeral range."""

import random
import socket

from deliverycheck.brokers.provision.errors import ProvisionError

# From 32768 up the kernel lends ports to outgoing connections; one of those
# takes a listener's port between two starts and the broker dies with "Address
# already in use".
_LOWEST, _HIGHEST = 20_000, 31_999


def free_ports(count: int) -> tuple[int, ...]:
    """`count` different loopback ports that nobody listens on at this moment."""
    found: list[int] = []
    for port in random.SystemRandom().sample(range(_LOWEST, _HIGHEST + 1), k=count * 50):
        if len(found) == count:
            break
        if _is_free(port):
            found.append(port)
    if len(found) < count:
        raise ProvisionError(
            "ports",
            f"only {len(found)} of {count * 50} ports tried from {_LOWEST} to {_HIGHEST} are free",
            "end what listens there",
        )
    return tuple(found)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
