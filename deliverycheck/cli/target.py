"""Opens what plans are run against: guardian, broker, proxy, workers, wired together."""

import platform
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

import confluent_kafka
import msgspec

from deliverycheck.brokers import Broker, Capability, Guardian, KafkaExternal, KafkaProcess
from deliverycheck.brokers.provision import Toolchain, toolchain
from deliverycheck.clients import ClientProgram, WorkerPool, client_program
from deliverycheck.executions import (
    Execution,
    LiveTarget,
    Occupancy,
    SlotPool,
    execute,
    save_header,
)
from deliverycheck.guarantees import HAZARDS, Needed
from deliverycheck.history import ExecutionFolder
from deliverycheck.plans import Plan, Setting
from deliverycheck.plans.campaign import Target
from deliverycheck.plans.model import Model

SLOTS = 40
"""Three a running execution (a producer, two consumers), 12 at once, a few to spare; a slot costs
a listener and two threads of the broker."""

SPARE_WORKERS = 6
"""Started ahead: an execution with a killed worker takes two or three, a start is 80 ms of CPU."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """What the user asked to run against.

    Attributes:
        bootstrap: a running cluster instead of one of our own.
        broker_settings: settings of our own broker that win over the fast profile.
        debug: librdkafka's debug contexts, such as ``eos,msg``, for the workers' logs.
    """

    system: str = "kafka"
    bootstrap: str | None = None
    debug: str | None = None


class OpenTarget:
    """A live target that can be renewed. Executions on it are started here, from many threads."""

    def __init__(
        self, options: TargetOptions, *, model: Model, folder: Path, say: Callable[[str], None]
    ) -> None:
        self._options = options
        self._model = model
        self._folder = folder.resolve()  # Children run in folders of their own.
        self._say = say
        self._occupancy = Occupancy()
        self._lock = Lock()
        self._renewed_s = 0.0
        self._stack = ExitStack()
        self._broker_stack = ExitStack()
        self._tools: Toolchain = toolchain(say)
        self._program = _debugged(client_program(options.system), options.debug)

    def __enter__(self) -> Self:
        """Broker, proxy and workers are up.

        Raises:
            BrokerError, FaultError, WorkerError: one of them did not come up.
        """
        try:
            self._guardian = self._stack.enter_context(Guardian.start())
            workers = self._folder / "workers"
            workers.mkdir(parents=True, exist_ok=True)
            self._workers = WorkerPool(self._program.argv, spare=SPARE_WORKERS, folder=workers)
            self._stack.callback(self._workers.close)
            self._stack.callback(self._close_broker)
            self._open_broker()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing of it runs any more."""
        self._stack.close()

    def _open_broker(self) -> None:
        from faults import Injector, Toxiproxy  # noqa: PLC0415  # content, importable once the command line has said where it lies

        began_s = time.monotonic()
        stack = self._broker_stack = ExitStack()
        broker = self._new_broker()
        stack.callback(broker.stop)
        broker.start()
        proxy = Toxiproxy(
            self._tools.toxiproxy.executable,
            slots=broker.slots(),
            folder=self._folder / "logs",
            guardian=self._guardian,
        )
        stack.callback(proxy.stop)
        proxy.start()
        self.live = LiveTarget(
            broker=broker,
            links=Injector(proxy),
            workers=self._workers,
            program=self._program,
            slots=SlotPool(broker.slots()),
        )
        self._say(f"{self.facts().broker} usable after {time.monotonic() - began_s:.1f} s")

    def _new_broker(self) -> Broker:
        if self._options.bootstrap is not None:
            return KafkaExternal(self._options.bootstrap, slots=SLOTS)
        return KafkaProcess(
            self._tools.kafka,
            folder=self._folder / "broker",
            guardian=self._guardian,
            slots=SLOTS,
        )

    def _close_broker(self) -> None:
        self._broker_stack.close()

    def execute(self, plan: Plan, folder: ExecutionFolder) -> Execution:
        """Run the plan: alone on the broker if it disturbs a node, else beside others."""
        alone = self._model.broker_wide(plan)
        with self._occupancy.alone() if alone else self._occupancy.shared():
            execution = execute(plan, self.live, folder)
        save_header(folder, msgspec.to_builtins(self.facts()) | {"plan": plan.digest})
        return execution

    def renew(self, failed: Execution) -> None:
        """A fresh broker and proxy stand in the place of those that `failed` met."""
        began_s = time.monotonic() - failed.seconds
        with self._lock:
            if self._renewed_s > began_s:
                return  # Another execution that failed with it had them renewed already.
            with self._occupancy.alone():
                self._say(f"a fresh broker, because: {failed.inconclusive}")
                self._close_broker()
                self._open_broker()
            self._renewed_s = time.monotonic()

    def reachable(self) -> frozenset[str]:
        """Hazards that this backend can bring about."""
        capabilities = self.live.capabilities
        can = {Needed.NOTHING, Needed.WORKER}
        can |= {Needed.LINK} if Capability.LINKS in capabilities else set()
        can |= {Needed.NODE} if {Capability.KILL, Capability.PAUSE} <= capabilities else set()
        return frozenset(name for name, hazard in HAZARDS.items() if hazard.needs in can)

    def facts(self) -> Target:
        """What is really there, for headers and reports."""
        broker = self.live.broker
        return Target(
            system=broker.system,
            broker=f"Kafka {broker.version()}",
            backend=f"{broker.backend}, 1 node",
            client=f"confluent-kafka {confluent_kafka.__version__} "
            f"(librdkafka {confluent_kafka.libversion()[0]})",
            proxy=f"Toxiproxy {self._tools.toxiproxy.version}",
            runtime=broker.runtime(),
            machine=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
            deviations=(*broker.deviations(), *self._program.deviations),
        )


def _debugged(program: ClientProgram, contexts: str | None) -> ClientProgram:
    """The program, with the library's debug contexts on for its producers and consumers."""
    if contexts is None:
        return program
    more: dict[str, Setting] = {"debug": contexts, "log_level": 7}
    return replace(
        program,
        producer_settings=lambda *of: program.producer_settings(*of) | more,
        consumer_settings=lambda *of: program.consumer_settings(*of) | more,
    )
