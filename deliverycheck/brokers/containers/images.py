"""Which image is run for what, whether it is here, and how it comes here: only when asked for."""

import os
from collections.abc import Callable
from typing import Any

import docker.errors
import docker.utils.utils
from testcontainers.core.config import testcontainers_config

from deliverycheck.brokers.containers.engine import Engine, asking
from deliverycheck.brokers.provision import ProvisionError

_OFFICIAL = {
    "kafka": "apache/kafka",
    "rabbitmq": "rabbitmq",
    "toxiproxy": "ghcr.io/shopify/toxiproxy",
}
# Its plain image has the HTTP API too, but not switched on in every version.
_TAG = {"rabbitmq": "{version}-management"}
# Of a name with a port, a tag or a digest; untyped, as all of the package.
_split: Any = docker.utils.utils.parse_repository_tag
_MB = 1_000_000
_LINE_EVERY_MB = 20


def image_of(component: str, version: str) -> str:
    """The official image of that version, or the one that DELIVERYCHECK_<COMPONENT>_IMAGE names."""
    chosen = os.environ.get(variable_of(component))
    if chosen:
        return chosen
    tag = _TAG.get(component, "{version}").format(version=version)
    return f"{testcontainers_config.hub_image_name_prefix}{_OFFICIAL[component]}:{tag}"


def variable_of(component: str) -> str:
    """The variable that names another image."""
    return f"DELIVERYCHECK_{component.upper()}_IMAGE"


def digest_of_image(engine: Engine, component: str, image: str) -> str:
    """The digest by which its registry knows it, or its own.

    Raises:
        ProvisionError: it is not here; nothing is pulled.
    """
    found = _here(engine, image)
    if found is None:
        problem = f"the image {image} is not here, and a run pulls none"
        fix = f"deliverycheck pull, or name one that is here with {variable_of(component)}"
        raise ProvisionError(component, problem, fix)
    digests = found.attrs.get("RepoDigests") or [found.id]
    return str(digests[0]).rpartition("@")[2]


def is_here(engine: Engine, image: str) -> bool:
    """Whether the engine has the image."""
    return _here(engine, image) is not None


def pull(engine: Engine, component: str, image: str, say: Callable[[str], None]) -> None:
    """The image is here; `say` is told how far it is.

    Raises:
        ProvisionError: it could not be had; with what the engine said.
    """
    repository, tag = _split(image)
    layers: dict[str, tuple[int, int]] = {}
    told_mb = 0.0
    try:
        for line in engine.client.api.pull(
            repository, tag=tag or "latest", stream=True, decode=True
        ):
            if "error" in line:
                raise _not_pulled(component, image, str(line["error"]))
            progress = line.get("progressDetail") or {}
            if line.get("status") == "Downloading" and progress.get("total"):
                layers[line["id"]] = (progress["current"], progress["total"])
                done_mb = sum(done for done, _ in layers.values()) / _MB
                if done_mb - told_mb >= _LINE_EVERY_MB:
                    told_mb, total_mb = done_mb, sum(total for _, total in layers.values()) / _MB
                    say(f"{image}: {done_mb:.0f} of {total_mb:.0f} MB so far")
    except docker.errors.DockerException as error:
        words = str(getattr(error, "explanation", None) or error)
        raise _not_pulled(component, image, words) from error
    say(f"{image}: here, {digest_of_image(engine, component, image)}")


def _here(engine: Engine, image: str) -> Any:  # noqa: ANN401  # docker-py's, without types.
    """The image, or ``None``."""
    with asking(f"look for the image {image}"):
        try:
            return engine.client.images.get(image)
        except docker.errors.ImageNotFound:
            return None


def _not_pulled(component: str, image: str, said: str) -> ProvisionError:
    fix = f"check the network and the name; another image is named with {variable_of(component)}"
    return ProvisionError(component, f"{image} could not be pulled: {said}", fix)
