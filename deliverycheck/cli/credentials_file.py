"""Credentials for a broker of somebody else: from a file and from the environment."""

import os
from pathlib import Path

from deliverycheck.brokers.credentials import Credentials, is_about_security
from deliverycheck.cli.systems import UsageError

FILE = "DELIVERYCHECK_CREDENTIALS"
"""Names the file where the option does not."""

PASSWORD = "DELIVERYCHECK_PASSWORD"  # noqa: S105  # The name of a variable.
"""Where the password is looked for that the file does not have."""


def load_credentials(path: Path | None) -> Credentials:
    """What the file says of TLS and of an account; settings about anything else are left out.

    Raises:
        UsageError: it cannot be read, or a line is no setting. What a line holds is not repeated.
    """
    chosen = path or (Path(os.environ[FILE]) if os.environ.get(FILE) else None)
    settings = {} if chosen is None else _settings_in(chosen)
    if os.environ.get(PASSWORD) and Credentials(settings=settings).account[1] is None:
        settings["password"] = os.environ[PASSWORD]
    return Credentials(settings=settings)


def _settings_in(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"--credentials {path}: cannot be read ({getattr(error, 'strerror', error)})"
        raise UsageError(msg) from None
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.strip()
        if not words or words[0] in "#!":
            continue
        name, equals, value = (part.strip() for part in words.partition("="))
        if not equals or not name:
            msg = f"--credentials {path}:{number}: expected name=value"
            raise UsageError(msg)
        if is_about_security(name):
            found[name] = value
    return found
