"""Faults: what we break, how, and what it means for delivery."""

from faults.catalogue import FAULTS, toxics_of
from faults.errors import (
    DirectionError,
    FaultError,
    FaultNotAppliedError,
    FaultNotHealedError,
    ToxiproxyRefusedError,
    ToxiproxyStartError,
    ToxiproxyUnreachableError,
)
from faults.fault import DirectionRule, Fault, Target, Toxic
from faults.injector import Injector
from faults.toxiproxy import ProxyServer, Toxiproxy

__all__ = [
    "FAULTS",
    "DirectionError",
    "DirectionRule",
    "Fault",
    "FaultError",
    "FaultNotAppliedError",
    "FaultNotHealedError",
    "Injector",
    "ProxyServer",
    "Target",
    "Toxic",
    "Toxiproxy",
    "ToxiproxyRefusedError",
    "ToxiproxyStartError",
    "ToxiproxyUnreachableError",
    "toxics_of",
]
