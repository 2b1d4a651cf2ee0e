"""Ports for brokers and proxies, and what the kernel says of who uses them.

All lie below the kernel's ephemeral range: above its lower end the kernel lends
ports to outgoing connections, one of them takes a listener's port while its
broker is down, and the broker dies at restart with "Address already in use".
"""

import os
import socket
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

# 256 ports: 32 link slots with two each, and the node's own, fit three times.
BLOCK_PORTS = 256
_LOWEST, _HIGHEST = 10_240, 32_767
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_SOCKET_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))

# States of include/net/tcp_states.h as the socket tables print them.
_ESTABLISHED, _FIN_WAIT1, _CLOSE_WAIT, _LISTEN, _CLOSING = "01", "04", "08", "0A", "0B"
_INODE = 9  # Where its inode stands in a line of such a table.
_MAY_BRING_BYTES_HERE = {_ESTABLISHED, _CLOSE_WAIT}
_MAY_SEND_BYTES = {_ESTABLISHED, _FIN_WAIT1, _CLOSE_WAIT, _CLOSING}


class PortsError(Exception):
    """No block of free ports is left."""


class PortBlock:
    """Ports that no other harness of this machine uses until `close`, or until this process ends.

    The lease is the block's first port, bound and never listened on: the kernel
    takes it back when the process dies, it holds between users, and it lives in
    the same network namespace as the ports. So the ports of a broker stay ours
    while the broker is down.
    """

    def __init__(self, lease: socket.socket) -> None:
        """Use `lease`."""
        self._lease = lease
        self.first: int = lease.getsockname()[1]
        self._next = self.first + 1

    @classmethod
    def lease(cls) -> "PortBlock":
        """A block that nobody has.

        Raises:
            PortsError: all are leased.
        """
        starts = range(_LOWEST, _highest() - BLOCK_PORTS + 2, BLOCK_PORTS)
        # Each harness begins its search elsewhere, so that two rarely try the same.
        offset = os.getpid() % len(starts)
        for first in (*starts[offset:], *starts[:offset]):
            lease = _bound(first, reuse=False)
            if lease is not None:
                return cls(lease)
        msg = (
            f"every block of ports from {_LOWEST} to {_highest()} is in use ({len(starts)} blocks "
            f"of {BLOCK_PORTS}); are other harnesses running?"
        )
        raise PortsError(msg)

    def take(self, count: int) -> tuple[int, ...]:
        """The next `count` ports of the block on which nobody listens.

        Raises:
            PortsError: fewer are left.
        """
        taken: list[int] = []
        while len(taken) < count:
            if self._next >= self.first + BLOCK_PORTS:
                msg = (
                    f"block {self.first}-{self.first + BLOCK_PORTS - 1} has {len(taken)} free "
                    f"ports left, asked for {count}; use fewer link slots"
                )
                raise PortsError(msg)
            if is_free(self._next):
                taken.append(self._next)
            self._next += 1
        return tuple(taken)

    def close(self) -> None:
        """Give the block back."""
        self._lease.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def is_free(port: int) -> bool:
    """Nobody listens on the loopback port; connections that are closing do not count."""
    probe = _bound(port, reuse=True)
    if probe is None:
        return False
    probe.close()
    return True


def _bound(port: int, *, reuse: bool) -> socket.socket | None:
    bound = socket.socket()
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(reuse))
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        return None
    return bound


def _highest() -> int:
    """The last port below the ephemeral range.

    Where that range leaves no block, ours lie inside it: a start that meets a
    taken port is tried again with other ones.
    """
    with suppress(OSError, ValueError, IndexError):
        highest = int(_EPHEMERAL_RANGE.read_text().split()[0]) - 1
        if highest - _LOWEST >= BLOCK_PORTS:
            return min(highest, _HIGHEST)
    return _HIGHEST


def pid_behind(port: int) -> int | None:
    """The process that listens on the loopback port.

    ``None`` for nobody, for a process that is not ours to look into, and where
    there is no /proc.
    """
    return pids_behind((port,)).get(port)


def listeners(ports: Collection[int]) -> dict[str, int]:
    """The inode of each listening socket on these ports, to its port; a socket keeps its inode."""
    return {
        inode: local for local, _, state, inode in _sockets() if state == _LISTEN and local in ports
    }


def pids_behind(ports: Collection[int], *, likely: Iterable[int] = ()) -> dict[int, int]:
    """Port to listening pid; `likely` pids are looked at first, which spares the others' tables."""
    ports_of_inodes = listeners(ports)
    owners: dict[int, int] = {}
    for pid in (*likely, *_all_pids()):
        if len(owners) == len(set(ports_of_inodes.values())):
            break
        for inode in _socket_inodes(pid):
            if inode in ports_of_inodes:
                owners[ports_of_inodes[inode]] = pid
    return owners


def connections_to(*ports: int, tables: Iterable[str] | None = None) -> int:
    """How many ends of connections may still bring bytes to whoever listens on one of the ports.

    Both ends are looked at: a proxy that has closed may have sent bytes that the
    broker has not read; the broker's end is gone only when it has. `tables` are those of another
    network, as its /proc shows them.
    """
    holding = tuple(f":{port:04X} " for port in ports)
    return sum(
        (local in ports and state in _MAY_BRING_BYTES_HERE)
        or (remote in ports and state in _MAY_SEND_BYTES)
        for local, remote, state, _ in _sockets(tables, holding)
    )


def _sockets(
    tables: Iterable[str] | None = None, holding: Sequence[str] = ()
) -> Iterator[tuple[int, int, str, str]]:
    """(local port, remote port, state, inode) of each TCP socket of this network namespace.

    Only of those whose line holds one of the texts, if any is given: polled every few
    milliseconds, the table is not taken apart for nothing.
    """
    for table in _own_tables() if tables is None else tables:
        for line in table.splitlines():
            if holding and not any(text in line for text in holding):
                continue
            fields = line.split()
            if len(fields) > _INODE and fields[0].endswith(":"):
                yield (
                    int(fields[1].rpartition(":")[2], 16),
                    int(fields[2].rpartition(":")[2], 16),
                    fields[3],
                    fields[_INODE],
                )


def _own_tables() -> Iterator[str]:
    for table in _SOCKET_TABLES:
        with suppress(OSError):
            yield table.read_text()


def _all_pids() -> Iterator[int]:
    with suppress(OSError):
        yield from (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _socket_inodes(pid: int) -> Iterator[str]:
    with suppress(OSError):
        for descriptor in Path("/proc", str(pid), "fd").iterdir():
            with suppress(OSError):
                target = str(descriptor.readlink())
                if target.startswith("socket:["):
                    yield target[8:-1]
