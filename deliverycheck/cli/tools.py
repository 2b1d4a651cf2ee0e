"""What a run is made of on this machine, whichever backend it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from deliverycheck.brokers import Broker, Guardian, Slot
from deliverycheck.plans import Setting

if TYPE_CHECKING:
    from faults import ProxyServer

NewBroker = Callable[[Path, Guardian, int], Broker]
"""Of a folder, the guardian and a number of link slots; the broker is not started."""

NewProxy = Callable[[Broker, Path, Guardian], "ProxyServer"]
"""Of a broker that runs, a folder and the guardian; the proxy is not started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Brokers of one system and version, and the proxies before them.

    Attributes:
        proxy: the proxy's name and version, as reports have it.
        client_settings: what clients need besides their own; it may hold a password.
        close: to be called when no broker of it runs any more.
    """

    proxy: str
    new_broker: NewBroker
    new_proxy: NewProxy
    client_settings: Mapping[str, Setting] = field(default_factory=dict, repr=False)
    close: Callable[[], None] = lambda: None


def proxied(broker: Broker) -> tuple[Slot, ...]:
    """Every slot that a proxy is to stand before."""
    return (*broker.slots(), *chain.from_iterable(broker.own_slots().values()))
