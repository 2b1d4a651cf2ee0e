"""Every fault of the table acts as the table says: a real Toxiproxy before an echo server."""

import os
import signal
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from deliverycheck.brokers import Endpoint, Guardian, PortBlock, Slot
from deliverycheck.brokers.processes import wait_until
from deliverycheck.brokers.provision.errors import ProvisionError
from deliverycheck.brokers.provision.progress import Progress, silent
from deliverycheck.brokers.provision.toxiproxy import provide_toxiproxy
from deliverycheck.plans import Direction, FaultKind
from faults import (
    DirectionError,
    FaultNotAppliedError,
    FaultNotHealedError,
    Injector,
    Toxic,
    Toxiproxy,
    ToxiproxyRefusedError,
    ToxiproxyStartError,
    ToxiproxyUnreachableError,
)
from faults.wrapper import ToxiproxyClient
from selftests.tcp_echo import EchoServer

UPSTREAM, DOWNSTREAM, BOTH = Direction.UPSTREAM, Direction.DOWNSTREAM, Direction.BOTH
SLOTS = 4
# 0.15 s: an echo through the proxy takes 1 ms.
SILENCE_S = 0.15


@pytest.fixture(scope="module")
def executable():
    try:
        with Progress(silent) as progress:
            return provide_toxiproxy(progress).executable
    except ProvisionError as error:
        pytest.skip(f"no Toxiproxy: {error}")


@pytest.fixture(scope="module")
def guardian():
    with Guardian.start() as running:
        yield running


@contextmanager
def proxied(executable, guardian, folder):
    with PortBlock.lease() as block:
        ports = [(block.take(1)[0], block.take(1)[0]) for _ in range(SLOTS)]
        slots = tuple(
            Slot(name=f"slot{number}", listener=loopback(listener), advertised=loopback(advertised))
            for number, (listener, advertised) in enumerate(ports)
        )
        server = Toxiproxy(executable, slots=slots, folder=folder, guardian=guardian)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def loopback(port):
    return Endpoint(host="127.0.0.1", port=port)


@pytest.fixture(scope="module")
def shared(executable, guardian, tmp_path_factory):
    with proxied(executable, guardian, tmp_path_factory.mktemp("toxiproxy")) as server:
        yield server


@pytest.fixture
def own(executable, guardian, tmp_path):
    with proxied(executable, guardian, tmp_path) as server:
        yield server


class Link:
    """One slot with an echo server behind it and one client connected through it."""

    def __init__(self, server, slot):
        self.slot = slot
        self.injector = Injector(server)
        self.echo = EchoServer(slot.listener.port)
        self.client = self.connected()
        assert self.answer(b"hello") == b"hello"
        self.echo.received.clear()

    def connected(self):
        client = socket.create_connection((self.slot.advertised.host, self.slot.advertised.port))
        client.settimeout(SILENCE_S)
        return client

    def inject(self, fault, direction=None):
        return self.injector.inject(fault, self.slot, direction)

    def heal(self):
        return self.injector.heal(self.slot)

    def answer(self, data):
        """What comes back: bytes, ``"closed"`` or ``"silence"``."""
        try:
            self.client.sendall(data)
            return self.client.recv(1000) or "closed"
        except TimeoutError:
            return "silence"
        except ConnectionError:
            return "closed"

    def answers_again(self):
        """A new connection works."""
        self.client.close()
        self.client = self.connected()
        self.client.settimeout(2)
        return self.answer(b"again") == b"again"

    def close(self):
        self.heal()
        self.client.close()
        self.echo.close()


@pytest.fixture
def link(shared):
    opened = Link(shared, shared.slots[0])
    yield opened
    opened.close()


def test_lost_reply_reaches_the_broker_and_closes_the_connection(link):
    link.inject(FaultKind.LOSE_REPLY)
    assert link.answer(b"request") == "closed"
    assert link.echo.received == b"request"
    link.heal()
    assert link.answers_again()


def test_lost_request_never_arrives_and_closes_the_connection(link):
    link.inject(FaultKind.LOSE_REQUEST)
    assert link.answer(b"request") == "closed"
    assert link.echo.received == b""
    link.heal()
    assert link.answers_again()


def test_torn_request_arrives_in_its_first_fifty_bytes(link):
    link.inject(FaultKind.TORN_REQUEST)
    link.client.sendall(b"r" * 200)
    assert wait_until(lambda: link.echo.closed_connections == 1, timeout_s=2)
    assert link.echo.received == b"r" * 50
    link.heal()
    assert link.answers_again()


@pytest.mark.parametrize(
    ("direction", "arrived"),
    [(UPSTREAM, b""), (DOWNSTREAM, b"request"), (BOTH, b"")],
    ids=["upstream-swallows-requests", "downstream-swallows-replies", "both-swallow-everything"],
)
def test_black_hole_is_silent_and_closes_when_it_heals(link, direction, arrived):
    evidence = link.inject(FaultKind.BLACK_HOLE, direction)
    assert len(evidence["toxics"]) == (2 if direction is BOTH else 1)
    assert link.answer(b"request") == "silence"
    link.heal()
    assert link.answer(b"") == "closed"
    assert link.echo.received == arrived
    assert link.answers_again()


@pytest.mark.parametrize("direction", [UPSTREAM, DOWNSTREAM, BOTH])
def test_stall_holds_bytes_and_delivers_them_when_it_heals(link, direction):
    link.inject(FaultKind.STALL, direction)
    assert link.answer(b"request") == "silence"
    assert link.echo.received == (b"request" if direction is DOWNSTREAM else b"")
    link.heal()
    link.client.settimeout(2)
    assert link.client.recv(100) == b"request"


@pytest.mark.parametrize(("direction", "late_s"), [(UPSTREAM, 0.7), (DOWNSTREAM, 0.7), (BOTH, 1.4)])
def test_delay_is_as_long_as_it_says(link, direction, late_s):
    link.inject(FaultKind.DELAY, direction)
    link.client.settimeout(5)
    begun = time.monotonic()
    assert link.answer(b"request") == b"request"
    assert late_s <= time.monotonic() - begun < late_s + 0.5


def test_delayed_request_takes_effect_although_its_client_is_gone(link):
    link.inject(FaultKind.DELAY, UPSTREAM)
    link.client.sendall(b"request")
    time.sleep(0.05)  # Long enough for the proxy to have read it.
    link.client.close()
    link.heal()
    assert wait_until(lambda: link.echo.received == b"request", timeout_s=2)
    assert link.answers_again()


def test_refused_link_resets_connections_and_takes_no_new_one(link):
    assert link.inject(FaultKind.REFUSE)["enabled"] is False
    assert link.answer(b"") == "closed"
    with pytest.raises(ConnectionRefusedError):
        link.connected()
    link.heal()
    assert link.answers_again()


@pytest.mark.parametrize("fault", [FaultKind.BLACK_HOLE, FaultKind.STALL, FaultKind.DELAY])
def test_fault_with_directions_wants_one(link, fault):
    with pytest.raises(DirectionError, match=f"'{fault}' needs a direction: upstream, downstream"):
        link.inject(fault)


@pytest.mark.parametrize(
    "fault",
    [FaultKind.LOSE_REPLY, FaultKind.LOSE_REQUEST, FaultKind.TORN_REQUEST, FaultKind.REFUSE],
)
def test_fault_without_a_choice_refuses_a_direction(link, fault):
    with pytest.raises(DirectionError, match=f"'{fault}' .* got direction 'upstream'"):
        link.inject(fault, UPSTREAM)


def test_evidence_is_the_toxic_as_the_proxy_holds_it(link):
    assert link.inject(FaultKind.LOSE_REPLY) == {
        "slot": "slot0",
        "toxics": [{"type": "limit_data", "stream": "downstream", "attributes": {"bytes": 0}}],
    }
    assert link.heal() == {"slot": "slot0", "toxics": [], "enabled": True, "tries": 1}


def test_misspelt_attribute_stops_the_run_and_heals(link, monkeypatch):
    misspelt = Toxic(kind="limit_data", stream=DOWNSTREAM, attributes={"byts": 0})
    monkeypatch.setattr("faults.injector.toxics_of", lambda *_: (misspelt,))
    with pytest.raises(FaultNotAppliedError, match=r"asked for .*'byts': 0.* holds .*'bytes': 0"):
        link.inject(FaultKind.LOSE_REPLY)
    assert link.answers_again()


def test_unknown_toxic_is_refused_in_the_servers_words(link, monkeypatch):
    unknown = Toxic(kind="lose_data", stream=DOWNSTREAM, attributes={})
    monkeypatch.setattr("faults.injector.toxics_of", lambda *_: (unknown,))
    with pytest.raises(ToxiproxyRefusedError, match=r"add lose_data_downstream .*invalid toxic"):
        link.inject(FaultKind.LOSE_REPLY)


def test_heal_touches_no_other_slot(shared):
    injector, one, other = Injector(shared), shared.slots[1], shared.slots[2]
    injector.inject(FaultKind.STALL, one, BOTH)
    injector.inject(FaultKind.REFUSE, other, None)
    injector.heal(one)
    assert shared.client.state(other)[0] is False
    injector.heal(other)


def test_slots_are_broken_and_healed_by_many_threads_at_once(shared):
    injector, failures = Injector(shared), []

    def disturb(slot):
        try:
            for fault, direction in [(FaultKind.DELAY, BOTH), (FaultKind.LOSE_REPLY, None)] * 5:
                evidence = injector.inject(fault, slot, direction)
                if evidence["slot"] != slot.name or not injector.heal(slot)["enabled"]:
                    failures.append(evidence)
        except Exception as error:  # noqa: BLE001  # A thread's error belongs to the test.
            failures.append(error)

    threads = [threading.Thread(target=disturb, args=(slot,)) for slot in shared.slots]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failures == []


def test_removal_that_hangs_is_cut_and_tried_again(link, monkeypatch):
    remove, switched = ToxiproxyClient.remove, []
    switch = ToxiproxyClient.switch

    def hanging_once(client, slot, name):
        if not switched:
            message = "no answer in 2 s"
            raise ToxiproxyUnreachableError(message)
        remove(client, slot, name)

    def noted(client, slot, *, on):
        switched.append(on)
        switch(client, slot, on=on)

    link.inject(FaultKind.DELAY, DOWNSTREAM)
    monkeypatch.setattr(ToxiproxyClient, "remove", hanging_once)
    monkeypatch.setattr(ToxiproxyClient, "switch", noted)
    assert link.heal()["tries"] == 2
    assert switched == [False, True]
    assert link.answers_again()


def test_dead_toxiproxy_is_named_with_how_it_ended(own):
    injector, slot = Injector(own), own.slots[0]
    assert injector.alive() is None
    injector.inject(FaultKind.STALL, slot, BOTH)
    os.kill(own.pid(), signal.SIGKILL)
    assert wait_until(lambda: injector.alive() is not None, timeout_s=2)
    assert "ended by SIGKILL" in injector.alive()
    with pytest.raises(ToxiproxyUnreachableError, match=r"its process is gone \(ended by SIGKILL"):
        injector.inject(FaultKind.REFUSE, slot, None)
    with pytest.raises(FaultNotHealedError, match=r"'slot0' could not be healed.*SIGKILL"):
        injector.heal(slot)


def all_threads_stopped(pid):
    states = [path.read_text().rpartition(")")[2].split()[0] for path in threads_of(pid)]
    return set(states) == {"T"}


def threads_of(pid):
    return Path(f"/proc/{pid}/task").glob("*/stat")


def test_silent_toxiproxy_is_given_up_on_in_seconds(own, monkeypatch):
    monkeypatch.setattr("faults.wrapper._TIMEOUTS_S_MAX", (0.2, 0.2))
    os.kill(own.pid(), signal.SIGSTOP)
    # The call returns before every thread has stopped, and one that runs may still answer.
    assert wait_until(lambda: all_threads_stopped(own.pid()), timeout_s=2)
    with pytest.raises(ToxiproxyUnreachableError, match="its process runs"):
        own.client.version()


def test_proxy_of_the_users_shell_has_no_say(own, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    own.client.close()
    assert own.version()


def test_connection_that_the_server_dropped_is_opened_again(own):
    pid, version = own.pid(), own.version()
    own.stop()
    own.start()
    assert own.pid() != pid
    assert own.version() == version


def test_taken_address_of_a_slot_is_an_error_of_the_start(executable, guardian, tmp_path):
    with PortBlock.lease() as block, socket.socket() as taken:
        listener, advertised = block.take(2)
        taken.bind(("127.0.0.1", advertised))
        taken.listen()
        slot = Slot(name="slot0", listener=loopback(listener), advertised=loopback(advertised))
        server = Toxiproxy(executable, slots=(slot,), folder=tmp_path, guardian=guardian)
        with pytest.raises(ToxiproxyStartError, match="address already in use"):
            server.start()
        assert server.pid() is None


def test_missing_binary_is_named(guardian, tmp_path):
    server = Toxiproxy(tmp_path / "none", slots=(), folder=tmp_path, guardian=guardian)
    with pytest.raises(ToxiproxyStartError, match=r"cannot start .*none: No such file"):
        server.start()
