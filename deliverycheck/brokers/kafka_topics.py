"""Topics for executions: made fifty at a time, handed out one by one, deleted in batches."""

import threading
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import count

from deliverycheck.brokers.broker import BrokerError
from deliverycheck.brokers.kafka_admin import KafkaAdmin, PartitionEnd

# One request that creates 100 topics takes 35 ms, one that creates a single one
# 3 ms and a wait for its partitions of up to 30 ms.
BATCH_TOPICS = 50
# 15 topics last for a second at 1,000 executions a minute; a batch takes a quarter of it.
_LOW_TOPICS = 15
_ANSWER_S_MAX = 20.0
_FIRST_EPOCH = 0  # Of a partition's first leader.


class TopicFactory:
    """Fresh topics of one cluster; any thread may call."""

    def __init__(self, admin: KafkaAdmin, *, prefix: str) -> None:
        """All names that it makes, and all that it accepts, begin with `prefix`."""
        self._admin = admin
        self._prefix = prefix
        self._numbers = count(1)
        self._making = threading.Lock()
        self._guard = threading.Lock()
        self._ready: dict[int, deque[str]] = defaultdict(deque)
        self._live: dict[str, int] = {}
        self._epochs: dict[str, dict[int, set[int]]] = {}
        self._retired: list[str] = []

    def lease(self, partitions: int) -> str:
        """A fresh topic whose every partition answers."""
        while True:
            with self._guard:
                stock = self._ready[partitions]
                name = stock.popleft() if stock else None
                low = len(stock) == _LOW_TOPICS
            if name is None:
                self._fill(partitions)
                continue
            if low:
                threading.Thread(target=self._fill_ahead, args=(partitions,), daemon=True).start()
            return name

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Nothing is being made during the with-block: a node is about to be hit."""
        with self._making:
            yield

    def create(self, name: str, partitions: int) -> None:
        """The topic exists; nothing is awaited."""
        if not name.startswith(self._prefix):
            message = (
                f"topic {name!r}: names made here begin with {self._prefix!r}, so that only what "
                "a campaign created is ever deleted"
            )
            raise BrokerError(message)
        with self._guard:
            self._live[name] = partitions
        self._admin.create([name], partitions)

    def delete(self, name: str) -> None:
        """The topic is gone; one that is created by its name later is another one."""
        self._delete([name])
        self._admin.await_gone([name], timeout_s=_ANSWER_S_MAX)

    def grow(self, name: str, partitions: int) -> None:
        """The topic has so many partitions, and each answers."""
        self._admin.grow(name, partitions)
        with self._guard:
            self._live[name] = partitions
        self._expect(self._admin.await_answering({name: partitions}, timeout_s=_ANSWER_S_MAX))

    def await_answering(self, name: str, partitions: int) -> None:
        """Every partition of the topic answers."""
        self._admin.await_answering({name: partitions}, timeout_s=_ANSWER_S_MAX)

    def await_all(self) -> None:
        """Every partition of every topic in use or in stock answers: the broker was away."""
        with self._guard:
            live = {name: each for name, each in self._live.items() if name not in self._retired}
        self._expect(self._admin.await_answering(live, timeout_s=_ANSWER_S_MAX))

    def moved(self, epochs: Mapping[tuple[str, int], Collection[int]]) -> tuple[str, ...]:
        """Partitions that lost their leader since they were made, though no node was restarted.

        `epochs` are those that were seen: of its leader, and of what was written.
        """
        with self._guard:
            return tuple(
                f"{topic}-{partition}"
                for (topic, partition), seen in epochs.items()
                if not self._epochs.get(topic, {}).get(partition, {_FIRST_EPOCH}).issuperset(seen)
            )

    def retire(self, names: Sequence[str]) -> None:
        """They are deleted with the next full batch."""
        with self._guard:
            self._retired += [name for name in names if name in self._live]
            full = self._retired if len(self._retired) >= BATCH_TOPICS else []
            if full:
                self._retired = []
        self._delete(full)

    def delete_all(self) -> None:
        """Nothing that was made here is left in the cluster."""
        with self._guard:
            names = list(self._live)
            self._retired = []
        self._delete(names)
        self._admin.await_gone(names, timeout_s=_ANSWER_S_MAX)
        self._ready.clear()

    def _fill(self, partitions: int) -> None:
        """There is stock: made now, or by somebody else meanwhile."""
        with self._making:
            with self._guard:
                if len(self._ready[partitions]) > _LOW_TOPICS:
                    return
            names = [f"{self._prefix}{next(self._numbers)}" for _ in range(BATCH_TOPICS)]
            made = dict.fromkeys(names, partitions)
            self._admin.create(names, partitions)
            self._expect(self._admin.await_answering(made, timeout_s=_ANSWER_S_MAX))
            with self._guard:
                self._live |= made
                self._ready[partitions].extend(names)

    def _fill_ahead(self, partitions: int) -> None:
        """As `_fill`, for nobody yet: whoever finds no stock meets the error himself."""
        with suppress(BrokerError):
            self._fill(partitions)

    def _expect(self, ends: Mapping[tuple[str, int], PartitionEnd]) -> None:
        """These epochs are known to be of a leader that is there for as long as it is needed."""
        with self._guard:
            for (topic, partition), end in ends.items():
                known = self._epochs.setdefault(topic, {})
                known.setdefault(partition, {_FIRST_EPOCH}).add(end.epoch)

    def _delete(self, names: Sequence[str]) -> None:
        self._admin.delete(names)
        with self._guard:
            for name in names:
                self._live.pop(name, None)
                self._epochs.pop(name, None)
