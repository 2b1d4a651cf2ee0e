"""Everything a checkout needs, from nothing but Python: `make setup` runs this.

Standard library only, and no module of the project: neither is there yet. It
makes `.venv` from the wheels that `locks/requirements.txt` pins, then hands over
to `deliverycheck.brokers.provision` for Java, Kafka, RabbitMQ and Toxiproxy. With the
name of an extra, such as `mutants`, it adds the wheels of that lock to `.venv` and ends.

The wheels are kept in a per-user cache, so a second clone needs no network.
What has its stamp is complete: a set-up that was stopped is done again from the
last complete step, and two at once wait for each other.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  # Read by older ones too, to say this.
    sys.exit(
        f"deliverycheck needs Python 3.11 or newer, {sys.executable} is {sys.version.split()[0]}.\n"
        "  To fix it: install one, then make … PY=python3.12"
    )

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
LOCKS = ROOT / "locks"
REQUIREMENTS = LOCKS / "requirements.txt"
EXTRAS = ("browser", "mutants")

_STAMP = "complete.json"
# 5 s: somebody who sees nothing for longer begins to wonder whether it hangs.
_SILENCE_S_MAX = 5.0
_INFRASTRUCTURE = 3
_INTERRUPTED = 130
_begun = time.monotonic()


class SetUpError(Exception):
    """Set-up cannot go on; the text says why and what to do."""


def say(line: str) -> None:
    """One line of progress with the time since the start."""
    print(f"[{time.monotonic() - _begun:5.1f} s] {line}", flush=True)


def main(extras: list[str]) -> int:
    """Leave a complete environment, then become the process that provides the tools."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        with exclusive(ROOT / ".venv.lock") as lock:
            if _stamp_of(ENVIRONMENT) != fingerprint():
                make_environment(lock)
            for extra in extras:
                add_extra(extra, lock)
        if extras:
            return 0
        tools = [_python(), "-m", "deliverycheck.brokers.provision"]
        os.execv(tools[0], tools)
    except SetUpError as error:
        print(f"set-up stopped: {error}", file=sys.stderr)
        return _INFRASTRUCTURE
    except OSError as error:
        print(f"set-up stopped: {error}. Is the disk full or not yours?", file=sys.stderr)
        return _INFRASTRUCTURE
    except KeyboardInterrupt:
        print("set-up interrupted; the next one goes on from here", file=sys.stderr)
        return _INTERRUPTED


def make_environment(lock: int) -> None:
    """`.venv` holds the locked packages and this checkout; stamped last."""
    say(f"environment: making .venv with Python {platform.python_version()} …")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    pip = pip_wheel(lock)
    # Without pip: Debian splits ensurepip into a package of its own, and the
    # locked pip arrives with the other wheels.
    run([sys.executable, "-m", "venv", "--without-pip", str(ENVIRONMENT)], "environment", lock)
    _install_wheels(REQUIREMENTS, pip, lock)
    editable = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    run([_python(), "-m", "pip", "install", "-q", "--no-index", *editable], "this checkout", lock)
    _write_stamp(ENVIRONMENT, fingerprint())
    say("environment: ready")


def fingerprint() -> str:
    """Changes with all that `.venv` is made of: lock, project, interpreter, place."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    parts = [
        REQUIREMENTS.read_text(),
        json.dumps([project["project"], project["build-system"]], sort_keys=True),
        sys.version,
        sys.base_prefix,
        str(ROOT),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def add_extra(extra: str, lock: int) -> None:
    """`.venv` also holds the packages of `locks/<extra>.txt`; stamped last."""
    if extra not in EXTRAS:
        message = f"no extra is called {extra!r}; there is {', '.join(EXTRAS)}"
        raise SetUpError(message)
    stamp, requirements = ENVIRONMENT / f"extra-{extra}", LOCKS / f"{extra}.txt"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if _stamp_of(stamp) != wanted:
        _install_wheels(requirements, pip_wheel(lock), lock)
        stamp.mkdir(exist_ok=True)
        _write_stamp(stamp, wanted)


def _install_wheels(requirements: Path, pip: Path, lock: int) -> None:
    """The locked wheels are in `.venv`, from the cache; a damaged cache is fetched anew."""
    wheels = wheelhouse(requirements, pip, lock)
    try:
        _install_from(wheels, requirements, pip, lock)
    except SetUpError as error:
        if "HASHES" not in str(error) and "No matching distribution" not in str(error):
            raise
        say("python packages: the cached wheels are not those of the lock; fetching them again")
        shutil.rmtree(wheels)
        _install_from(wheelhouse(requirements, pip, lock), requirements, pip, lock)


def _install_from(wheels: Path, requirements: Path, pip: Path, lock: int) -> None:
    # Compiling all 52 packages took 6 of 10 s; Python compiles what it imports.
    sources = ["--no-compile", "--no-index", "--find-links", str(wheels), *_from_lock(requirements)]
    run([_python(), str(pip / "pip"), "install", "-q", *sources], "python packages", lock)


def _from_lock(requirements: Path) -> list[str]:
    # Without resolving: the lock is complete, and pip took 6 s to find the same again.
    return ["--no-deps", "--require-hashes", "--requirement", str(requirements)]


def wheelhouse(requirements: Path, pip: Path, lock: int) -> Path:
    """The folder of the cache with every locked wheel for this interpreter."""

    def fetch(draft: Path) -> None:
        options = ["--no-cache-dir", "--only-binary=:all:", "--dest", str(draft)]
        command = [
            _python(),
            str(pip / "pip"),
            "download",
            "-q",
            *options,
            *_from_lock(requirements),
        ]
        try:
            run(command, f"python packages: fetching the wheels of {requirements.name}", lock)
        except SetUpError as error:
            message = f"{error}\n  To fix it: check the network, and the index in pip.conf"
            raise SetUpError(message) from error

    content = hashlib.sha256(requirements.read_bytes()).hexdigest()[:8]
    tag = f"{sys.implementation.cache_tag}-{sysconfig.get_platform()}"
    return made_once(cache_folder() / f"wheels-{content}-{tag}", fetch)


def pip_wheel(lock: int) -> Path:
    """A pip that can be run as it lies: the interpreter's, the distribution's, or fetched."""
    for folder in _folders_with_pip():
        for wheel in sorted(folder.glob("pip-*.whl"), reverse=True):
            return wheel
    if shutil.which("apt-get") and shutil.which("dpkg-deb"):
        fetched = made_once(cache_folder() / "pip", lambda draft: _fetch_pip(draft, lock))
        return next(fetched.glob("pip-*.whl"))
    message = f"{sys.executable} comes without pip (ensurepip).\n{_PIP_FIX}"
    raise SetUpError(message)


_PIP_FIX = (
    "  To fix it: sudo apt-get update && sudo apt-get install python3-venv   (Debian, Ubuntu)\n"
    "         or: make … PY=/path/to/another/python3"
)


def _folders_with_pip() -> Iterator[Path]:
    """Where Python and distributions keep pip's wheel for new environments."""
    bundled = importlib.util.find_spec("ensurepip")
    if bundled and bundled.origin:
        yield Path(bundled.origin).parent / "_bundled"
    shared = sysconfig.get_config_var("WHEEL_PKG_DIR")
    if shared:
        yield Path(shared)
    yield Path("/usr/share/python-wheels")


def _fetch_pip(draft: Path, lock: int) -> None:
    """Put pip's wheel there, from the distribution's signed package, without root."""
    with tempfile.TemporaryDirectory(dir=draft) as scratch:
        folder = Path(scratch)
        try:
            _download_package(["apt-get"], folder, lock)
        except SetUpError:
            # Slim images come without package lists; ours are made beside theirs.
            own = _apt_with_lists_in(folder)
            run([*own, "update"], "pip: reading the distribution's package lists", lock)
            _download_package(own, folder, lock)
        package = next(folder.glob("*.deb"))
        run(["dpkg-deb", "-x", str(package), str(folder / "root")], "pip: unpacking", lock)
        for wheel in folder.glob("root/usr/share/python-wheels/pip-*.whl"):
            shutil.copy(wheel, draft)
    if not any(draft.glob("pip-*.whl")):
        message = f"python3-pip-whl holds no wheel of pip.\n{_PIP_FIX}"
        raise SetUpError(message)


def _download_package(apt: list[str], folder: Path, lock: int) -> None:
    what = "pip: fetching the distribution's python3-pip-whl"
    try:
        run([*apt, "-q", "download", "python3-pip-whl"], what, lock, folder)
    except SetUpError as error:
        message = f"{error}\n{_PIP_FIX}"
        raise SetUpError(message) from error


def _apt_with_lists_in(folder: Path) -> list[str]:
    """apt-get with the system's sources and keys, and lists and caches of its own."""
    lists, cache = folder / "lists", folder / "cache"
    (lists / "partial").mkdir(parents=True)
    (cache / "archives" / "partial").mkdir(parents=True)
    options = {
        "Dir::State::lists": lists,
        "Dir::Cache": cache,
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
    }
    return ["apt-get", *(word for name in options for word in ("-o", f"{name}={options[name]}"))]


def run(command: list[str], what: str, lock: int, folder: Path = ROOT) -> None:
    """`command` ended well; a line every few seconds until then.

    It inherits `lock`: should this process be killed, the lock lasts until
    nobody writes into the environment any more.
    """
    begun = time.monotonic()
    # `user = true` in pip.conf contradicts an environment.
    settings = {**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=folder,
            env=settings,
            pass_fds=(lock,),
        )
    except OSError as error:
        message = f"{what}: cannot run {command[0]}: {error.strerror}"
        raise SetUpError(message) from error
    with process:
        output = _output_of(process, what, begun)
    if process.returncode != 0:
        # Of a traceback only what was raised; else pip names the packages in a few lines.
        kept = 1 if "Traceback (most recent call last):" in output else 12
        tail = "\n    ".join(output.strip().splitlines()[-kept:])
        message = f"{what}: ended with {process.returncode} and said:\n    {tail}"
        raise SetUpError(message)


def _output_of(process: "subprocess.Popen[str]", what: str, begun: float) -> str:
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=_SILENCE_S_MAX)[0]
            say(f"still at it: {what} ({time.monotonic() - begun:.0f} s)")
    except BaseException:
        process.kill()
        raise


def cache_folder() -> Path:
    """The per-user cache; `deliverycheck.brokers.provision.places` follows the same rule."""
    chosen = os.environ.get("DELIVERYCHECK_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if base.is_absolute():
        return base / "deliverycheck"
    return Path.home() / ".cache" / "deliverycheck"


def made_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """`folder` is complete: found so, or built beside its place and moved there."""
    if _stamp_of(folder) is not None:
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(folder.with_name(f"{folder.name}.lock")):
        if _stamp_of(folder) is None:
            for left_over in folder.parent.glob(f"{folder.name}.tmp-*"):
                shutil.rmtree(left_over, ignore_errors=True)
            draft = folder.with_name(f"{folder.name}.tmp-{os.getpid()}")
            draft.mkdir()
            try:
                build(draft)
                _write_stamp(draft, "")
                shutil.rmtree(folder, ignore_errors=True)
                draft.rename(folder)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    return folder


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[int]:
    """Hold the lock file `path`; say so while another set-up has it."""
    with path.open("a") as lock:
        waited = 0.0
        while not _locked(lock.fileno()):
            if waited % _SILENCE_S_MAX == 0:
                say(f"waiting for another set-up ({path.name}, {waited:.0f} s)")
            time.sleep(0.25)
            waited += 0.25
        yield lock.fileno()


def _locked(descriptor: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _stamp_of(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / _STAMP).read_text())["fingerprint"])
    except (OSError, ValueError, KeyError):
        return None


def _write_stamp(folder: Path, text: str) -> None:
    """The last thing written, by rename: half a stamp would be worse than none."""
    draft = folder / f"{_STAMP}.tmp"
    draft.write_text(json.dumps({"fingerprint": text}))
    draft.rename(folder / _STAMP)


def _python() -> str:
    return str(ENVIRONMENT / "bin" / "python")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
