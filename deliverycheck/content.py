"""Where the content folders lie: at the root of a checkout, or inside an installed package."""

import sys
from importlib.util import find_spec
from pathlib import Path

_PACKAGE = Path(__file__).parent
_INSTALLED = _PACKAGE / "_content"


def root() -> Path:
    """The folder that holds properties/, faults/, reports/, corpus/ and locks/."""
    return _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent


def folder(name: str) -> Path:
    """One content folder."""
    return root() / name


def make_importable() -> None:
    """`properties`, `faults` and `reports` can be imported, also from an installed package.

    Called by the command line and the pytest wiring only: whoever imports the
    engine as a library gets no further top-level names.
    """
    path = str(root())
    wanted = find_spec("faults") is None or _INSTALLED.is_dir()
    if wanted and path not in sys.path:
        sys.path.insert(0, path)
