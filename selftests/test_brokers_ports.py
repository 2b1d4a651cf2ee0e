"""Ports: whose they are, and that no two harnesses meet on one."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deliverycheck.brokers import ports
from deliverycheck.brokers.ports import PortBlock, PortsError
from deliverycheck.brokers.processes import wait_until

needs_proc = pytest.mark.skipif(
    not Path("/proc/net/tcp").exists(), reason="sockets are read from /proc"
)
ROOT = Path(__file__).resolve().parents[1]


def test_ports_lie_below_the_range_that_the_kernel_lends_from():
    with PortBlock.lease() as block:
        assert max(block.take(ports.BLOCK_PORTS - 1)) < 32_768


def test_two_leases_share_no_port():
    with PortBlock.lease() as one, PortBlock.lease() as other:
        assert not set(one.take(100)) & set(other.take(100))


def test_lease_of_another_process_is_respected_and_ends_with_it():
    code = "from deliverycheck.brokers.ports import PortBlock\n"
    code += "block = PortBlock.lease()\nprint(block.first, flush=True)\ninput()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], text=True, cwd=ROOT, **pipes) as other:
        first = int(other.stdout.readline())
        assert not ports.is_free(first)
        other.kill()
    assert ports.is_free(first)


def test_port_with_a_listener_is_not_handed_out():
    with PortBlock.lease() as block, socket.create_server(("127.0.0.1", block.first + 1)):
        assert block.take(3) == (block.first + 2, block.first + 3, block.first + 4)


def test_more_ports_than_a_block_has_are_refused_with_the_cure():
    with PortBlock.lease() as block, pytest.raises(PortsError, match="use fewer link slots"):
        block.take(ports.BLOCK_PORTS)


def test_every_block_taken_is_an_error_that_says_so(monkeypatch):
    monkeypatch.setattr(ports, "_bound", lambda *_, **__: None)
    with pytest.raises(PortsError, match=r"every block of ports .* is in use"):
        PortBlock.lease()


@needs_proc
def test_process_behind_a_port_is_named():
    with PortBlock.lease() as block:
        one, other = block.take(2)
        assert ports.pid_behind(one) is None
        with socket.create_server(("127.0.0.1", one)):
            assert ports.pid_behind(one) == os.getpid()
            assert ports.pids_behind((one, other), likely=(1, os.getpid())) == {one: os.getpid()}


@needs_proc
def test_connection_counts_until_both_ends_are_closed():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ports.connections_to(port) == 0
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        assert ports.connections_to(port) == 2
        client.close()
        # The listener's end has not seen the end of the stream yet: bytes may wait there.
        assert wait_until(lambda: ports.connections_to(port) == 1, timeout_s=1)
        accepted.close()
        assert wait_until(lambda: ports.connections_to(port) == 0, timeout_s=1)
