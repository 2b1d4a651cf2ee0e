"""Opens what plans are run against: guardian, broker, proxy, workers, wired together."""

import os
import platform
import re
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from deliverycheck.brokers import Capability, Guardian
from deliverycheck.cli.backends import Backend, Choice, chosen
from deliverycheck.cli.credentials_file import load_credentials
from deliverycheck.cli.crews import Crew, Crews
from deliverycheck.cli.makers import Wanted, maker_of
from deliverycheck.cli.memory import give_back_free_memory, keep_memory_together
from deliverycheck.cli.place import Place
from deliverycheck.cli.tools import Tools
from deliverycheck.clients import ClientProgram
from deliverycheck.executions import Execution, LiveTarget, save_header
from deliverycheck.guarantees import HAZARDS, Needed
from deliverycheck.history import ExecutionFolder
from deliverycheck.plans import Plan, Setting
from deliverycheck.plans.campaign import Target
from deliverycheck.plans.model import Model

SLOTS = 40
"""Three a running execution (a producer, two consumers), 12 at once, a few to spare; a slot costs
a listener and two threads of the broker."""

SLOTS_APART = 6
"""For one execution at a time."""

EXECUTIONS_A_TRIM = 50
"""Half a minute of a campaign, in which its heap gains some MB of holes."""

SPARE_WORKERS = 6
"""Started ahead: an execution with a killed worker takes two or three, a start is 80 ms of CPU."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """What the user asked to run against.

    Attributes:
        backend: where the broker comes from.
        bootstrap: a running cluster instead of one of our own.
        credentials: a file of client settings that a running cluster wants for TLS or an account.
        broker: ``kafka:3.9.2``, a version of our own broker other than the usual one.
        client: ``confluent-kafka==2.3.0``, a version of the client library other than the usual.
        debug: librdkafka's debug contexts, such as ``eos,msg``, for the workers' logs.
    """

    system: str = "kafka"
    backend: Backend = Backend.AUTO
    bootstrap: str | None = None
    credentials: Path | None = None
    broker: str | None = None
    client: str | None = None
    debug: str | None = None


def without_password(address: str | None) -> str | None:
    """The address as it may be written: ``amqp://u:p@host`` is ``amqp://u@host``.

    Up to the last ``@``: a password may hold what should have been quoted.
    """
    return address and re.sub("(?<=//)([^:@/]*):.*@", r"\1@", address)


def choice_of(options: TargetOptions) -> Choice:
    """The backend that these options mean on this machine.

    Raises:
        UsageError: they exclude each other.
    """
    return chosen(options.system, options.backend, options.bootstrap)


def tools_of(options: TargetOptions, choice: Choice, say: Callable[[str], None]) -> Tools:
    """What the target is made of is here.

    Raises:
        ProvisionError: something cannot be had.
    """
    return maker_of(options.system).tools(wanted_of(options, choice), say)


def wanted_of(options: TargetOptions, choice: Choice) -> Wanted:
    """What is to be made, with the secrets that it takes.

    Raises:
        UsageError: the file of credentials cannot be read.
    """
    return Wanted(
        system=options.system,
        backend=choice.backend,
        broker=options.broker,
        address=options.bootstrap,
        credentials=load_credentials(options.credentials),
    )


def reachable_with(capabilities: frozenset[Capability]) -> frozenset[str]:
    """Hazards that a backend with these capabilities can bring about."""
    can = {Needed.NOTHING, Needed.WORKER}
    can |= {Needed.LINK} if Capability.LINKS in capabilities else set()
    can |= {Needed.NODE} if {Capability.KILL, Capability.PAUSE} <= capabilities else set()
    can |= {Needed.MEMORY} if Capability.STARVE in capabilities else set()
    return frozenset(name for name, hazard in HAZARDS.items() if hazard.needs in can)


class OpenTarget:
    """A live target that can be renewed. Executions on it are started here, from many threads.

    Plans that disturb a node have a broker of their own, one at a time: on the
    broker of all others each of them would wait until nobody else is under way,
    and all others for it.
    """

    def __init__(
        self, options: TargetOptions, *, model: Model, folder: Path, say: Callable[[str], None]
    ) -> None:
        self._options = options
        self._model = model
        self._folder = folder.resolve()  # What the user is told lies there, wherever they stand.
        self._say = say
        self._stack = ExitStack()
        self._executions = count(1)
        self._maker = maker_of(options.system)
        choice = choice_of(options)
        say(f"{self._maker.title}: {choice}")
        self._external = choice.backend is Backend.EXTERNAL
        self._tools = tools_of(options, choice, say)

    def __enter__(self) -> Self:
        """Broker, proxy and workers are up.

        Raises:
            BrokerError, FaultError, WorkerError: one of them did not come up.
        """
        began_s = time.monotonic()
        keep_memory_together()
        self._stack.callback(self._tools.close)
        try:
            self._guardian = self._stack.enter_context(Guardian.start())
            self._crews = Crews(
                self._options.system,
                self._options.client,
                spare=SPARE_WORKERS,
                folder=self._folder / "workers",
                adapt=self._adapted,
                say=self._say,
            )
            self._stack.callback(self._crews.close)
            self._common = self._place("broker", slots=SLOTS)
            self._apart = self._common
            if not self._external:
                self._apart = self._place("broker-apart", slots=SLOTS_APART)
            facts = self.facts()
        except BaseException:
            self._stack.close()
            raise
        self._say(f"{facts.broker} usable after {time.monotonic() - began_s:.1f} s")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing of it runs any more."""
        self._stack.close()

    def _adapted(self, program: ClientProgram) -> ClientProgram:
        """With what the broker wants of its clients, and the library's debug contexts on."""
        more = dict(self._tools.client_settings)
        if self._options.debug is not None:
            more |= {"debug": self._options.debug, "log_level": 7}
        return _with(program, more) if more else program

    def _place(self, name: str, *, slots: int) -> Place:
        folder = self._folder / name
        place = Place(
            new_broker=lambda: self._tools.new_broker(folder, self._guardian, slots),
            new_proxy=self._tools.new_proxy,
            guardian=self._guardian,
            crews=self._crews,
            folder=folder,
            say=self._say,
        )
        self._stack.callback(place.close)
        return place

    @property
    def live(self) -> LiveTarget:
        """What executions that disturb no node are run against."""
        return self._common.live

    def execute(self, plan: Plan, folder: ExecutionFolder) -> Execution:
        """Run the plan: alone if it disturbs a node, else beside others."""
        run = self._apart.alone if self._model.broker_wide(plan) else self._common.shared
        execution = run(plan, folder)
        facts = msgspec.to_builtins(self.facts(self._crews.of(plan.subject.client)))
        save_header(folder, facts | {"plan": plan.digest})
        if next(self._executions) % EXECUTIONS_A_TRIM == 0:
            give_back_free_memory()
        return execution

    def renew(self, failed: Execution) -> None:
        """A fresh broker and proxy stand in the place of those that `failed` met."""
        apart = self._model.broker_wide(failed.plan)
        (self._apart if apart else self._common).renew(failed)

    def reachable(self) -> frozenset[str]:
        """Hazards that this backend can bring about."""
        return reachable_with(self.live.capabilities)

    def facts(self, crew: Crew | None = None) -> Target:
        """What is really there, for headers and reports; with this crew or the usual one."""
        broker, present = self.live.broker, crew or self._crews.usual
        return Target(
            system=broker.system,
            broker=f"{self._maker.title} {broker.version()}",
            backend=f"{broker.backend}, 1 node",
            client=present.client,
            proxy=self._tools.proxy,
            runtime=broker.runtime(),
            machine=_machine(),
            deviations=(*broker.deviations(), *present.program.deviations),
        )


def _machine() -> str:
    """Cores, memory, system and Python, as a report names them."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


def _with(program: ClientProgram, more: Mapping[str, Setting]) -> ClientProgram:
    """The program, with further settings for its producers and consumers."""
    return replace(
        program,
        producer_settings=lambda *of: program.producer_settings(*of) | dict(more),
        consumer_settings=lambda *of: program.consumer_settings(*of) | dict(more),
    )
