"""Plans about queues: publishers and consumers of exchanges and queues, and their quiet tail."""

from deliverycheck.executions.queues.performance import QueuePerformance

__all__ = ["QueuePerformance"]
