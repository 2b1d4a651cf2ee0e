"""Images for Kafka, RabbitMQ and Toxiproxy from what the process backend runs: no registry.

Each holds the very files of the cache, at the very places where they lie on this machine: what
was unpacked is told where its libraries are. Beside them lies only a shell: busybox, from the
distribution's own package.
"""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path

import docker

from deliverycheck.brokers.provision import AllTools, ProvisionError
from deliverycheck.brokers.provision.rabbitmq import packages_folder

PREFIX = "deliverycheck-local"
_BUSYBOX = "busybox-static"
_FOLDERS = ("etc", "tmp", "usr/bin", "usr/lib", "usr/lib64", "usr/sbin", "var/lib", "var/log")
_LINKED = ("bin", "lib", "lib64", "sbin")
_LIBRARIES = "usr/lib/x86_64-linux-gnu"


def build_images(tools: AllTools, scratch: Path, say: Callable[[str], None]) -> dict[str, str]:
    """The engine has an image of each; the variables that name them to a run."""
    if isinstance(tools.rabbitmq, ProvisionError):
        raise tools.rabbitmq
    client = docker.from_env()
    try:
        shell = _busybox(scratch)
        names = {}
        for variable, image, (fill, changes) in (
            ("TOXIPROXY", f"toxiproxy:{tools.kafka.toxiproxy.version}", _toxiproxy(tools)),
            ("KAFKA", f"kafka:{tools.kafka.kafka.release.version}", _kafka(tools)),
            ("RABBITMQ", f"rabbitmq:{tools.rabbitmq.version}", _rabbitmq(tools)),
        ):
            name = f"{PREFIX}/{image}"
            with _tree(scratch / variable.lower(), shell) as tree:
                fill(tree)
                _import(client, tree, name, changes)
            size_mb = client.images.get(name).attrs["Size"] / 1e6
            say(f"{name}: {size_mb:.0f} MB")
            names[f"DELIVERYCHECK_{variable}_IMAGE"] = name
    finally:
        client.close()
    return names


def _toxiproxy(tools: AllTools):
    def fill(tree: Path) -> None:
        shutil.copy(tools.kafka.toxiproxy.executable, tree / "toxiproxy")

    return fill, ['ENTRYPOINT ["/toxiproxy"]', 'CMD ["-host=0.0.0.0"]', "ENV PATH=/usr/bin"]


def _kafka(tools: AllTools):
    home = tools.kafka.java.executable.resolve().parents[1]

    def fill(tree: Path) -> None:
        _copy(home, tree / "opt/java/openjdk")
        for jar in tools.kafka.kafka.jars:
            _copy(jar, tree / "opt/kafka/libs" / jar.name)

    return fill, [
        "ENV JAVA_HOME=/opt/java/openjdk",
        "ENV PATH=/opt/java/openjdk/bin:/usr/bin",
        "USER 1000",
    ]


def _rabbitmq(tools: AllTools):
    server, erlang = tools.rabbitmq.server, tools.rabbitmq.erlang_bin
    unpacked = packages_folder()

    def fill(tree: Path) -> None:
        _copy(unpacked, tree / unpacked.relative_to("/"))
        (tree / "opt").mkdir()
        (tree / "opt/rabbitmq").symlink_to(server)

    # RabbitMQ's own scripts do not bear a space in their path, so they are reached by a link.
    scripts = "/opt/rabbitmq/sbin"
    return fill, [
        f'ENV PATH="{scripts}:{erlang}:/usr/bin"',
        f"ENV RABBITMQ_SCRIPTS_DIR={scripts}",
        "ENV LANG=C.UTF-8",
        "VOLUME /var/lib/rabbitmq",
    ]


@contextmanager
def _tree(tree: Path, shell: Path):
    """A root with a shell and with the libraries that a Java needs; gone afterwards."""
    try:
        for folder in _FOLDERS:
            (tree / folder).mkdir(parents=True)
        for name in _LINKED:
            (tree / name).symlink_to(f"usr/{name}")
        (tree / "tmp").chmod(0o1777)
        shutil.copy(shell, tree / "usr/bin/busybox")
        listed = subprocess.run([shell, "--list"], text=True, capture_output=True, check=True)
        for applet in listed.stdout.split():
            if applet != "busybox":
                (tree / "usr/bin" / applet).symlink_to("busybox")
        (tree / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nu:x:1000:1000::/tmp:/bin/sh\n")
        _libraries(tree)
        yield tree
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _libraries(tree: Path) -> None:
    """The C library that came with Erlang serves Java too."""
    shutil.copytree(
        packages_folder() / "libs" / _LIBRARIES,
        tree / _LIBRARIES,
        symlinks=True,
        ignore=lambda _, names: [one for one in names if one == "gconv"],
    )
    loader = "ld-linux-x86-64.so.2"
    (tree / "usr/lib64" / loader).symlink_to(f"/{_LIBRARIES}/{loader}")


def _copy(source: Path, target: Path) -> None:
    """Hard links where it can: 100 MB each."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", source, target], check=True)  # noqa: S607


def _busybox(scratch: Path) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    installed = Path("/bin/busybox")
    if installed.is_file():
        return installed
    for command in (["apt-get", "-q", "download", _BUSYBOX], ["sh", "-c", "dpkg-deb -x *.deb ."]):
        done = subprocess.run(command, cwd=scratch, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            last = "".join(done.stderr.strip().splitlines()[-1:])
            raise ProvisionError(_BUSYBOX, last, "install that package yourself")
    return next(path for path in scratch.rglob("bin/busybox") if path.is_file())


def _import(client: docker.DockerClient, tree: Path, name: str, changes: Sequence[str]) -> None:
    repository, _, tag = name.partition(":")
    owned = ["--numeric-owner", "--owner=0", "--group=0"]
    with subprocess.Popen(["tar", *owned, "-C", tree, "-c", "."], stdout=subprocess.PIPE) as tar:  # noqa: S607
        client.api.import_image_from_stream(
            tar.stdout, repository=repository, tag=tag, changes=list(changes)
        )
