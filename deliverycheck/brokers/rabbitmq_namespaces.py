"""A virtual host for each execution: made when it is asked for, deleted some time after."""

import itertools
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from deliverycheck.brokers.broker import BrokerError, Namespace
from deliverycheck.brokers.rabbitmq_api import Account, RabbitApi

# A deletion fails when the node dies in the middle of it; it is tried again when it may be up.
_RETRY_S = 1.0
_TRIES_MAX = 5


class Namespaces:
    """Lends virtual hosts of one broker, all of whose names begin alike. From any thread."""

    def __init__(self, api: RabbitApi, account: Account, *, prefix: str) -> None:
        """Nothing is asked yet."""
        self._api = api
        self._account = account
        self._prefix = prefix
        self._numbers = itertools.count(1)
        self._guard = threading.Lock()
        self._living: set[str] = set()
        self._retired: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        # Held while one is deleted: a node is not stopped in the middle of it.
        self._deleting = threading.Lock()
        self._may_delete = threading.Event()
        self._may_delete.set()
        self._closed = False
        self._thread: threading.Thread | None = None

    def lease(self) -> Namespace:
        """A fresh one, in which the harness's user may do everything.

        Raises:
            BrokerError: it could not be made; says what the broker said.
        """
        name = f"{self._prefix}{next(self._numbers)}"
        with self._guard:
            self._living.add(name)
        try:
            # Who makes a virtual host gets all rights in it, and the answer comes when it runs.
            self._api.put("vhosts", name, body={})
        except BrokerError as error:
            with self._guard:
                self._living.discard(name)
            message = f"cannot make a virtual host: {error}"
            raise BrokerError(message) from error
        return self._named(name)

    def living(self) -> tuple[Namespace, ...]:
        """Those that were lent and not yet given back."""
        with self._guard:
            return tuple(self._named(name) for name in sorted(self._living))

    def retire(self, namespace: Namespace) -> None:
        """Nobody needs it any more; it is deleted in the background."""
        with self._guard:
            self._living.discard(namespace.name)
            if self._thread is None:
                self._thread = threading.Thread(target=self._delete_all, daemon=True)
                self._thread.start()
        self._retired.put(namespace.name)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """From the with-block on none is being deleted, until `go_on`: nobody would answer."""
        self._may_delete.clear()
        with self._deleting:
            yield

    def go_on(self) -> None:
        """The node answers again."""
        self._may_delete.set()

    def close(self, *, delete: bool) -> None:
        """Nothing is deleted in the background any more; all are gone now if so asked.

        Raises:
            BrokerError: one could not be deleted.
        """
        self._closed = not delete
        self.go_on()
        with self._guard:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._retired.put(None)
            if delete:
                thread.join()
        if delete:
            for namespace in self.living():
                self._api.delete("vhosts", namespace.name)

    def _named(self, name: str) -> Namespace:
        return Namespace(name=name, user=self._account.user, password=self._account.password)

    def _delete_all(self) -> None:
        while (name := self._retired.get()) is not None:
            for _ in range(_TRIES_MAX):
                if self._closed or self._is_deleted(name):
                    break
                time.sleep(_RETRY_S)

    def _is_deleted(self, name: str) -> bool:
        """Whether it could be deleted, once the node answers."""
        while True:
            self._may_delete.wait()
            with self._deleting:
                # The node may have been stopped while we waited for our turn.
                if not self._may_delete.is_set():
                    continue
                try:
                    self._api.delete("vhosts", name)
                except BrokerError:
                    return False
                return True
