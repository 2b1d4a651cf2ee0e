"""One broker with its proxy: opened when first needed, renewed when it failed, then closed."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import RLock

from deliverycheck.brokers import Broker, Guardian, InfrastructureError
from deliverycheck.cli.crews import Crews
from deliverycheck.cli.tools import NewProxy
from deliverycheck.clients import Publishing
from deliverycheck.executions import Execution, LiveTarget, Occupancy, SlotPool, execute
from deliverycheck.history import ExecutionFolder
from deliverycheck.plans import Plan


class Place:
    """Where executions take place. Any thread may run one; a renewal waits until none runs."""

    def __init__(  # noqa: PLR0913  # keyword-only, and each part is somebody else's to make
        self,
        *,
        new_broker: Callable[[], Broker],
        new_proxy: NewProxy,
        guardian: Guardian,
        crews: Crews,
        folder: Path,
        say: Callable[[str], None],
    ) -> None:
        self._new_broker = new_broker
        self._new_proxy = new_proxy
        self._guardian = guardian
        self._crews = crews
        self._folder = folder
        self._say = say
        self._occupancy = Occupancy()
        self._lock = RLock()
        self._stack = ExitStack()
        self._live: LiveTarget | None = None
        self._renewed_s = 0.0

    @property
    def live(self) -> LiveTarget:
        """Broker and proxy are up.

        Raises:
            InfrastructureError: one of them did not come up.
        """
        with self._lock:
            if self._live is None:
                self._live = self._open()
            return self._live

    def shared(self, plan: Plan, folder: ExecutionFolder) -> Execution:
        """Run the plan beside others."""
        with self._occupancy.shared():
            return execute(plan, self._live_for(plan), folder)

    def alone(self, plan: Plan, folder: ExecutionFolder) -> Execution:
        """Run the plan while nobody else uses the broker."""
        with self._occupancy.alone():
            return execute(plan, self._live_for(plan), folder)

    def renew(self, failed: Execution) -> None:
        """A fresh broker and proxy stand in the place of those that `failed` met."""
        began_s = time.monotonic() - failed.seconds
        with self._occupancy.alone(), self._lock:
            if self._renewed_s > began_s:
                return  # Another execution that failed with it had them renewed already.
            self._say(f"a fresh broker, because: {failed.inconclusive}")
            self.close()
            self._live = self._open()
            self._renewed_s = time.monotonic()

    def close(self) -> None:
        """Nothing of it runs."""
        with self._lock:
            self._live = None
            self._stack.close()

    def _live_for(self, plan: Plan) -> LiveTarget:
        crew, live = self._crews.of(plan.subject.client), self.live
        slots = live.own_slots.get(plan.subject.client or "", live.slots)
        if crew.program.publishing is Publishing.TO_STREAMS and slots is live.slots:
            message = f"no link slot for {crew.client}: only a broker of our own has one"
            raise InfrastructureError(message)
        return replace(live, workers=crew.workers, program=crew.program, slots=slots)

    def _open(self) -> LiveTarget:
        from faults import Injector  # noqa: PLC0415  # importable once `content` has said where it lies

        with ExitStack() as stack:  # What comes up before something does not is ended again.
            broker = self._new_broker()
            stack.callback(broker.stop)
            broker.start()
            proxy = self._new_proxy(broker, self._folder, self._guardian)
            stack.callback(proxy.stop)
            proxy.start()
            self._stack = stack.pop_all()
        return LiveTarget(
            broker=broker,
            links=Injector(proxy),
            workers=self._crews.usual.workers,
            program=self._crews.usual.program,
            slots=SlotPool(broker.slots()),
            own_slots={client: SlotPool(slots) for client, slots in broker.own_slots().items()},
        )
