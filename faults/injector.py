"""Puts faults on link slots and takes them off, with evidence of both."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from deliverycheck.brokers.broker import Slot
from deliverycheck.plans import Direction, FaultKind
from faults.catalogue import FAULTS, toxics_of
from faults.errors import FaultError, FaultNotAppliedError, FaultNotHealedError
from faults.fault import Toxic
from faults.toxiproxy import ProxyServer
from faults.wrapper import ToxiproxyClient

# A removal that hangs is cut by switching the proxy off; the second try finds
# the toxics free. A third is for a server that was busy.
_HEAL_TRIES_MAX = 3


class Injector:
    """Any thread may call, several at once on different slots."""

    def __init__(self, server: ProxyServer) -> None:
        """The server is up, or will be before the first call."""
        self._server = server

    def inject(self, fault: FaultKind, slot: Slot, direction: Direction | None) -> dict[str, Any]:
        """The fault is on the slot, with the toxics as read back for evidence.

        Raises:
            DirectionError: nothing was done.
            FaultNotAppliedError: the proxy holds something else; the slot was healed.
            FaultError: the server refused or did not answer; the slot was healed if it could be.
        """
        toxics = toxics_of(fault, direction)
        try:
            if FAULTS[fault].disables:
                return self._switched_off(slot)
            return self.apply(slot, toxics)
        except FaultError:
            with suppress(FaultError):  # The first error says more than that of the heal.
                self.heal(slot)
            raise

    def apply(self, slot: Slot, toxics: Sequence[Toxic]) -> dict[str, Any]:
        """The toxics are installed exactly as asked for; reads them back.

        Toxiproxy drops attributes that it does not know and says nothing.
        """
        client = self._server.client
        for toxic in toxics:
            client.add(slot, toxic)
        _, held = client.state(slot)
        for toxic in toxics:
            found = held.get(toxic.name)
            if found is None or dict(found.attributes) != dict(toxic.attributes):
                seen = "no such toxic" if found is None else dict(found.attributes)
                message = (
                    f"slot {slot.name!r}: asked for {toxic.name} {dict(toxic.attributes)}, "
                    f"Toxiproxy holds {seen}. The execution would have tested nothing; compare "
                    "the names of the attributes with those of this Toxiproxy version."
                )
                raise FaultNotAppliedError(message)
        return {"slot": slot.name, "toxics": [_evidence(held[toxic.name]) for toxic in toxics]}

    def heal(self, slot: Slot) -> dict[str, Any]:
        """The slot's proxy is on and holds no toxic, as read back. Other slots are left alone.

        Raises:
            FaultNotHealedError: it is not, after all tries.
        """
        client, errors = self._server.client, list[str]()
        for tries in range(1, _HEAL_TRIES_MAX + 1):
            try:
                _clear(client, slot)
                enabled, held = client.state(slot)
                if enabled and not held:
                    return {"slot": slot.name, "toxics": [], "enabled": True, "tries": tries}
                errors.append(f"enabled={enabled}, toxics {sorted(held)}")
            except FaultError as error:
                errors.append(str(error))
                if self.alive() is not None:
                    break
                with suppress(FaultError):
                    # Closes the connections, and with them what the removal waits for.
                    client.switch(slot, on=False)
        message = f"slot {slot.name!r} could not be healed: {'; '.join(errors)}"
        raise FaultNotHealedError(message)

    def alive(self) -> str | None:
        """Why Toxiproxy is gone; ``None`` while it runs."""
        return self._server.died()

    def _switched_off(self, slot: Slot) -> dict[str, Any]:
        client = self._server.client
        client.switch(slot, on=False)
        enabled, _ = client.state(slot)
        if enabled:
            message = f"slot {slot.name!r}: asked for its proxy to be off, Toxiproxy says it is on"
            raise FaultNotAppliedError(message)
        return {"slot": slot.name, "enabled": False}


def _clear(client: ToxiproxyClient, slot: Slot) -> None:
    """Remove what the proxy holds and switch it on."""
    enabled, held = client.state(slot)
    for name in held:
        client.remove(slot, name)
    if not enabled:
        client.switch(slot, on=True)


def _evidence(toxic: Toxic) -> dict[str, Any]:
    return {
        "type": toxic.kind,
        "stream": str(toxic.stream),
        "attributes": dict(toxic.attributes),
    }
