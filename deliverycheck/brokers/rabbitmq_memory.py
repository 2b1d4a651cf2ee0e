"""How a RabbitMQ node of ours is made to run out of memory: the way that its documentation names.

RabbitMQ 4.3, Memory Alarms: a watermark of 0 raises the alarm at once and blocks all who publish.
"""

from collections.abc import Callable, Mapping

from deliverycheck.brokers.broker import BrokerError
from deliverycheck.brokers.processes import wait_until
from deliverycheck.brokers.rabbitmq_api import RabbitApi, RefusedError

# 5 s: the alarm stands, or is gone, some ms after the watermark was set.
_ALARM_S_MAX = 5.0
_POLL_S = 0.005
_NONE = "0"
_NOT_WELL = 503

Call = Callable[[str, str], str]
"""A function of `vm_memory_monitor` and its argument, ``""`` for none: what the node answers."""


class Memory:
    """How much memory the node may use, and whether it says that it has none left."""

    def __init__(self, call: Call, api: RabbitApi) -> None:
        """Nothing is asked yet."""
        self._call = call
        self._api = api
        self._before: str | None = None

    def take(self) -> Mapping[str, str]:
        """None is left, and the alarm stands; raises BrokerError if it does not in time."""
        if self._before is None:
            self._before = self._call("get_vm_memory_high_watermark", "")
        return self._set(_NONE, alarmed=True)

    def give_back(self) -> Mapping[str, str]:
        """As much as before, and no alarm; raises as `take`."""
        before, self._before = self._before, None
        return {} if before is None else self._set(before, alarmed=False)

    def _set(self, watermark: str, *, alarmed: bool) -> Mapping[str, str]:
        self._call("set_vm_memory_high_watermark", watermark)
        if not wait_until(
            lambda: self._alarmed() is alarmed, timeout_s=_ALARM_S_MAX, poll_s=_POLL_S
        ):
            now = "still tells of an alarm" if self._alarmed() else "tells of no alarm"
            message = (
                f"a memory watermark of {watermark} was set, and after {_ALARM_S_MAX:.0f} s "
                f"RabbitMQ {now} (health/checks/local-alarms)"
            )
            raise BrokerError(message)
        return {"watermark": watermark, "alarm": "memory" if alarmed else "none"}

    def _alarmed(self) -> bool:
        try:
            self._api.get("health", "checks", "local-alarms")
        except RefusedError as error:
            if error.status != _NOT_WELL:
                raise
            return True
        return False
