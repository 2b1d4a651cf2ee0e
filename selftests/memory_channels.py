"""Clients in memory that are channels of one connection: a worker for all of them."""

from selftests.memory_queues import MemoryQueueTarget, MemoryQueueWorker

_TAGS_OF_A_CHANNEL = 10**9


class MemoryConnection(MemoryQueueWorker):
    """Each channel does what a worker of its own would, and what ends the process ends all.

    With the defect ``takes_all`` the close of one gives back what the others hold, unasked.
    """

    def __init__(self, broker, folder, process, number):
        super().__init__(broker, folder, process, number)
        self._folder, self.channels = folder, {}

    def _obey(self, identity, command):
        settings = getattr(command, "settings", {})
        number = settings.get("channel", getattr(command, "channel", None))
        if number is None and hasattr(command, "how"):
            number = command.covers[0].position // _TAGS_OF_A_CHANNEL
        if number is None:
            super()._obey(identity, command)
            return
        self._channel(number)._obey(identity, command)  # noqa: SLF001
        closes = type(command).__name__ == "CloseChannel"
        if closes and self.broker.defect == "takes_all":
            for other in self.channels.values():
                for queue, stored in other._held.values():  # noqa: SLF001
                    self.broker.queues[queue].append(stored)

    def _channel(self, number):
        if number not in self.channels:
            channel = MemoryQueueWorker(self.broker, self._folder, self.process, number)
            channel._say, channel._tag = self._say, number * _TAGS_OF_A_CHANNEL  # noqa: SLF001
            self.channels[number] = channel
        return self.channels[number]

    def _let_go(self):
        for channel in self.channels.values():
            channel._let_go()  # noqa: SLF001
        super()._let_go()

    def _close(self, command):
        for channel in self.channels.values():
            channel._close(command)  # noqa: SLF001
        self.channels = {}

    _reset = _close


class MemoryConnectionTarget(MemoryQueueTarget):
    """Leases such workers."""

    kind = MemoryConnection
