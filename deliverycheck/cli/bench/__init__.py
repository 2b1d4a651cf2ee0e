"""`deliverycheck bench`: executions a minute, worker throughput, broker start, check time."""

from deliverycheck.cli.bench.command import bench

__all__ = ["bench"]
