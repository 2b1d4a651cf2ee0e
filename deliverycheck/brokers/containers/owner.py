"""Who made a container, a network or an image: labels, and whether that harness still lives."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from deliverycheck.brokers import sweep

HARNESS = "deliverycheck.harness"
"""``<pid>-<start time>-<random>``, as the marker of its processes."""

CAMPAIGN = "deliverycheck.campaign"
"""The name of the campaign's folder."""

_MACHINE = "deliverycheck.machine"
_BOOT = "deliverycheck.boot"
_NAMESPACE = "deliverycheck.pids"


def labels(marker: str, campaign: str) -> dict[str, str]:
    """What everything carries that a harness makes: its campaign, its pid and start time."""
    return {HARNESS: marker, CAMPAIGN: campaign, **_here()}


def is_orphan(carried: Mapping[str, str]) -> bool:
    """The harness that made it is surely dead.

    A pid says nothing on another machine, nor in another namespace of pids: an engine may
    serve several. What another boot of this machine made is nobody's any more.
    """
    here, marker = _here(), carried.get(HARNESS)
    if marker is None or carried.get(_MACHINE) != here[_MACHINE]:
        return False
    if carried.get(_BOOT) != here[_BOOT]:
        return bool(here[_MACHINE])
    return carried.get(_NAMESPACE) == here[_NAMESPACE] and not sweep.harness_lives(marker)


def _here() -> dict[str, str]:
    """Which machine, boot and namespace of pids we are in; empty what the machine does not tell."""
    machine = _text("/etc/machine-id")
    return {
        _MACHINE: hashlib.sha256(machine.encode()).hexdigest()[:16] if machine else "",
        _BOOT: _text("/proc/sys/kernel/random/boot_id"),
        _NAMESPACE: sweep.pid_namespace("self") or "",
    }


def _text(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text().strip()
    return ""
