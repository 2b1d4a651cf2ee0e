"""Where the locks are and where provisioned tools are kept."""

import hashlib
import os
from pathlib import Path

from deliverycheck.brokers.provision.errors import ProvisionError

_PACKAGE = Path(__file__).resolve().parents[2]


def locks_folder() -> Path:
    """`locks/` of the checkout, or its copy inside an installed package."""
    for candidate in (_PACKAGE.parent / "locks", _PACKAGE / "_content" / "locks"):
        if (candidate / "java.txt").is_file():
            return candidate
    raise ProvisionError(
        "locks",
        f"no locks/java.txt beside or inside {_PACKAGE}",
        "install deliverycheck again, or restore locks/ from git",
    )


def cache_folder() -> Path:
    """The per-user cache, shared by every clone; not made by asking for it.

    `bootstrap.py` follows the same rule; a selftest compares the two.
    """
    chosen = os.environ.get("DELIVERYCHECK_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if base.is_absolute():
        return base / "deliverycheck"
    try:
        return Path.home() / ".cache" / "deliverycheck"
    except RuntimeError as error:
        raise ProvisionError(
            "cache",
            "neither DELIVERYCHECK_CACHE nor XDG_CACHE_HOME nor HOME names a folder",
            "set DELIVERYCHECK_CACHE to a folder of yours",
        ) from error


def digest_of(*parts: str | Path) -> str:
    """Eight hex digits that change with any part; a Path counts by its content.

    Folder names in the cache end with it, so that two clones with different
    locks never fight over one folder.
    """
    total = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        total.update(len(content).to_bytes(8, "big") + content)
    return total.hexdigest()[:8]
