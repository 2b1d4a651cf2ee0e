"""Executions: a plan and a live target in, an execution folder out."""

from deliverycheck.executions.driver import Execution, execute, save_header
from deliverycheck.executions.live import InconclusiveError, LinkFaults, LiveTarget, SlotPool
from deliverycheck.executions.occupancy import Occupancy

__all__ = [
    "Execution",
    "InconclusiveError",
    "LinkFaults",
    "LiveTarget",
    "Occupancy",
    "SlotPool",
    "execute",
    "save_header",
]
