"""What contract tests need for containers: an engine with the images, or the reason for none."""

import socket
from contextlib import suppress
from threading import Thread

import pytest

from deliverycheck.brokers.containers.engine import Engine
from deliverycheck.brokers.containers.images import digest_of_image, image_of
from deliverycheck.brokers.containers.node import ContainerPlan, Image
from deliverycheck.brokers.containers.owner import HARNESS
from deliverycheck.brokers.provision import ProvisionError
from deliverycheck.brokers.provision.toxiproxy import locked_version
from faults.toxiproxy_container import ToxiproxyContainer

BACKENDS = ("process", "container")


class Containers:
    """An engine, and what it has."""

    def __init__(self, system, version):
        try:
            self.engine = Engine()
        except ProvisionError as error:
            pytest.skip(f"not exercised: {error.problem}")
        try:
            self.image, self.proxy_image = (
                self._image(system, version),
                self._image("toxiproxy", locked_version()),
            )
        except ProvisionError as error:
            self.engine.close()
            pytest.skip(f"not exercised: {error.problem}")

    def _image(self, component, version):
        name = image_of(component, version)
        return Image(name=name, digest=digest_of_image(self.engine, component, name))

    def broker(self, kind, folder, guardian, slots):
        plan = ContainerPlan(folder=folder, slots=slots, image=self.image)
        return kind(plan, self.engine, guardian)

    def proxy(self, broker, slots, folder):
        return ToxiproxyContainer(self.proxy_image, slots=slots, folder=folder, node=broker.node)

    def made_by(self, marker):
        """Containers, networks and volumes of the harness with this marker, as (kind, id)."""
        client, label = self.engine.client, {"label": f"{HARNESS}={marker}"}
        containers = client.containers.list(all=True, filters=label, ignore_removed=True)
        return {
            *(("container", one.id) for one in containers),
            *(("network", one.id) for one in client.networks.list(filters=label)),
            *(
                ("volume", mount["Name"])
                for one in containers
                for mount in one.attrs["Mounts"]
                if mount["Type"] == "volume"
            ),
        }

    def left_of(self, things):
        """Those that are still there."""
        client = self.engine.client
        there = {
            *(("container", one["Id"]) for one in client.api.containers(all=True)),
            *(("network", one.id) for one in client.networks.list()),
            *(("volume", one.id) for one in client.volumes.list()),
        }
        return things & there


class EngineDoor:
    """A socket that leads to the engine, until it is closed: then the engine is gone."""

    def __init__(self, engine, path):
        self._engine = engine.client.api.get_adapter("http+docker://localhost").socket_path
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._path, self._open = path, []
        self.address = f"unix://{path}"
        Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._path.unlink(missing_ok=True)
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                outer, _ = self._listener.accept()
                inner = socket.socket(socket.AF_UNIX)
                inner.connect(self._engine)
                self._open += [outer, inner]
                for pair in ((outer, inner), (inner, outer)):
                    Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source, target):
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
