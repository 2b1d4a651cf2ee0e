"""What contract tests need for containers: an engine with the images, or the reason for none."""

import pytest

from deliverycheck.brokers.containers.engine import Engine
from deliverycheck.brokers.containers.images import digest_of_image, image_of
from deliverycheck.brokers.containers.node import Image
from deliverycheck.brokers.containers.owner import HARNESS
from deliverycheck.brokers.provision import ProvisionError
from faults.toxiproxy_container import ToxiproxyContainer

TOXIPROXY = "2.12.0"
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
                self._image("toxiproxy", TOXIPROXY),
            )
        except ProvisionError as error:
            self.engine.close()
            pytest.skip(f"not exercised: {error.problem}")

    def _image(self, component, version):
        name = image_of(component, version)
        return Image(name=name, digest=digest_of_image(self.engine, component, name))

    def broker(self, kind, **options):
        return kind(self.image, engine=self.engine, **options)

    def proxy(self, broker, slots, folder):
        return ToxiproxyContainer(self.proxy_image, slots=slots, folder=folder, node=broker.node)

    def made_by(self, marker):
        """Containers, networks and volumes of the harness with this marker, as (kind, id)."""
        client, label = self.engine.client, {"label": f"{HARNESS}={marker}"}
        containers = client.containers.list(all=True, filters=label)
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
            *(("container", one.id) for one in client.containers.list(all=True)),
            *(("network", one.id) for one in client.networks.list()),
            *(("volume", one.id) for one in client.volumes.list()),
        }
        return things & there
