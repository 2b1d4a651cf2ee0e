"""Workers that have said hello before anybody needs them."""

import contextlib
import os
import select
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from deliverycheck.clients.errors import WorkerDiedError, WorkerError, WorkerSilentError
from deliverycheck.clients.handle import WorkerHandle

HELLO_S = 20.0
LEASE_S = 30.0
# More at once only slow each other down: a start is nothing but CPU, on few cores.
_STARTING_MAX = max(2, (os.cpu_count() or 2) - 1)
_CLOSE_S = 2.0


class WorkerPool:
    """Keeps `spare` workers ready. Any thread may lease and give back.

    Always spawned, never forked: librdkafka's threads do not survive a fork.
    """

    def __init__(self, argv: Sequence[str], *, spare: int, folder: Path) -> None:
        """Begin to start workers; their logs and journals go to `folder`, which must exist."""
        self._argv = tuple(argv)
        self._folder = folder
        self._spare = spare
        self._changed = threading.Condition()
        self._ready: deque[WorkerHandle] = deque()
        self._starting: dict[WorkerHandle, float] = {}
        self._waiting = 0
        self._spawned = 0
        self._failure: WorkerError | None = None
        self._closed = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._refiller = threading.Thread(target=self._refill, name="worker-pool", daemon=True)
        self._refiller.start()

    @property
    def spawned(self) -> int:
        """Processes started so far."""
        return self._spawned

    @property
    def ready(self) -> int:
        """Workers that a lease would get at once."""
        return len(self._ready)

    def lease(self, process: str) -> WorkerHandle:
        """A worker that is ready and nobody else's, named `process`, with an empty log.

        Raises:
            WorkerError: none could be started; says what the last one logged.
        """
        end = time.monotonic() + LEASE_S
        with self._changed:
            self._waiting += 1
            self._wake()
            try:
                while not self._ready:
                    self._raise_failure()
                    if not self._changed.wait(max(0.0, end - time.monotonic())):
                        msg = f"no worker became ready within {LEASE_S:g} s; logs in {self._folder}"
                        raise WorkerSilentError(msg)
                handle = self._ready.popleft()
            finally:
                self._waiting -= 1
            self._wake()
        handle.process = process
        handle.empty_log()
        return handle

    def give_back(self, handle: WorkerHandle) -> None:
        """Take back a worker that answered a `Reset`; what is too many is ended."""
        with self._changed:
            if handle.alive and not self._closed and len(self._ready) < self._spare:
                # To the front: it is warm, and the others stay for those that cannot be reused.
                self._ready.appendleft(handle)
                self._changed.notify()
                return
        handle.kill()
        handle.remove_files()

    def close(self) -> None:
        """No worker of the pool is left; leased ones are their owners' business."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
            self._wake()
        self._refiller.join()
        for handle in (*self._ready, *self._starting):
            handle.kill()
            handle.remove_files()
        self._ready.clear()
        self._starting.clear()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _raise_failure(self) -> None:
        """Raise what kept workers from starting, once; the next lease tries again."""
        if self._closed:
            msg = "the worker pool is closed"
            raise WorkerDiedError(msg)
        if self._failure is not None and not self._starting:
            failure, self._failure = self._failure, None
            self._wake()
            raise failure

    def _wake(self) -> None:
        if self._closed and not self._refiller.is_alive():
            return
        with contextlib.suppress(BlockingIOError):  # Then it has enough to wake up from.
            os.write(self._wake_write, b".")

    def _refill(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                missing = self._missing()
            for _ in range(missing):
                self._start_one()
            self._hear()

    def _missing(self) -> int:
        """How many to start now. After a failure none, until a lease has told it."""
        if self._failure is not None:
            return 0
        wanted = max(self._spare, self._waiting) - len(self._ready) - len(self._starting)
        return max(0, min(wanted, _STARTING_MAX - len(self._starting)))

    def _start_one(self) -> None:
        self._spawned += 1
        try:
            handle = WorkerHandle(self._argv, self._folder, f"worker-{self._spawned}")
        except WorkerError as error:
            self._fail(error)
            return
        with self._changed:
            self._starting[handle] = time.monotonic() + HELLO_S

    def _hear(self) -> None:
        """Wait for a hello, a wake-up, or a deadline; sort out who is ready."""
        left = min(self._starting.values(), default=None)
        timeout = None if left is None else max(0.0, left - time.monotonic())
        awaited: list[int | WorkerHandle] = [self._wake_read, *self._starting]
        readable, _, _ = select.select(awaited, [], [], timeout)
        if self._wake_read in readable:
            os.read(self._wake_read, 4096)
        now = time.monotonic()
        for handle, deadline in tuple(self._starting.items()):
            if handle in readable or now >= deadline:
                self._greet(handle, 0.0 if now >= deadline else deadline - now)

    def _greet(self, handle: WorkerHandle, left_s: float) -> None:
        try:
            handle.await_hello(left_s)
        except WorkerError as error:
            handle.kill()
            with self._changed:
                del self._starting[handle]
            self._fail(error)
            return
        with self._changed:
            del self._starting[handle]
            self._ready.append(handle)
            self._changed.notify()

    def _fail(self, error: WorkerError) -> None:
        with self._changed:
            self._failure = error
            self._changed.notify_all()
