"""Histories of brokers that keep their word, made step by step from any list of small numbers.

A step that makes no sense where it stands does nothing, so every list of steps is a history and
every part of one is too: what Hypothesis finds, it shrinks.
"""

from selftests.worlds.conversation_flaws import FlawedConversation
from selftests.worlds.conversation_world import ConversationWorld
from selftests.worlds.group_flaws import FlawedGroup
from selftests.worlds.keeping_flaws import FlawedKeeping
from selftests.worlds.keeping_world import KeepingWorld
from selftests.worlds.limits_flaws import FlawedLimits
from selftests.worlds.limits_world import LimitsWorld
from selftests.worlds.liveness_world import FlawedLiveness, LivenessWorld
from selftests.worlds.log_flaws import FlawedLog
from selftests.worlds.log_world import LogWorld, SeekingWorld
from selftests.worlds.queue_flaws import FlawedQueue
from selftests.worlds.queue_world import QueueWorld
from selftests.worlds.routed_flaws import FlawedRouting
from selftests.worlds.routed_world import RoutedWorld
from selftests.worlds.share_flaws import FlawedShare
from selftests.worlds.share_world import ShareWorld
from selftests.worlds.transaction_flaws import FlawedTransactions
from selftests.worlds.transaction_world import SerialWorld, TransactionWorld
from selftests.worlds.world import World, steps_for, worlds

WORLDS = {
    "log": LogWorld,
    "seeking": SeekingWorld,
    "keeping": KeepingWorld,
    "queue": QueueWorld,
    "limits": LimitsWorld,
    "routed": RoutedWorld,
    "share": ShareWorld,
    "transactions": TransactionWorld,
    "serial": SerialWorld,
    "conversation": ConversationWorld,
    "liveness": LivenessWorld,
}
FLAWED = {
    "log": FlawedLog,
    "groups": FlawedGroup,
    "keeping": FlawedKeeping,
    "queue": FlawedQueue,
    "limits": FlawedLimits,
    "routed": FlawedRouting,
    "share": FlawedShare,
    "transactions": FlawedTransactions,
    "conversation": FlawedConversation,
    "liveness": FlawedLiveness,
}

__all__ = ["FLAWED", "WORLDS", "World", "steps_for", "worlds"]
