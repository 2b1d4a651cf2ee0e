"""What a client library says against settings: the one of this process, or another version.

One process holds one version of the library, so another one is asked in a process of its own.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence

from deliverycheck.clients.errors import WorkerError
from deliverycheck.plans import Setting

Asked = tuple[str, Mapping[str, Setting]]
"""``producer``, ``consumer`` or ``share``, and all settings of that client."""

_ASKED_S_MAX = 60
"""Some hundred clients without a broker are made in 2 s on an idle machine."""


def refusal_of(kind: str, settings: Mapping[str, Setting]) -> str | None:
    """What this process's library says against these settings; ``None`` if it takes them.

    The library is asked, because a later one knows more names than our list. No
    connection is made: there is no address in the settings.
    """
    import confluent_kafka  # noqa: PLC0415  # 50 ms that only a check of settings should pay.

    if kind == "share" and not hasattr(confluent_kafka, "ShareConsumer"):
        return "this version has no consumer of share groups"
    names = {"producer": "Producer", "consumer": "Consumer", "share": "ShareConsumer"}
    client = getattr(confluent_kafka, names[kind])
    quiet = {name: value for name, value in settings.items() if name != "bootstrap.servers"}
    try:
        client({**quiet, "log_level": 2})
    except confluent_kafka.KafkaException as error:
        return str(error.args[0].str())
    except (TypeError, ValueError) as error:
        return str(error)
    return None


def refusals(argv: Sequence[str], asked: Sequence[Asked]) -> tuple[str | None, ...]:
    """The same, of the library that the process `argv` has; `argv` calls `main`.

    Raises:
        WorkerError: the process did not answer.
    """
    try:
        ended = subprocess.run(
            list(argv),
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=True,
            timeout=_ASKED_S_MAX,
        )
    except (OSError, subprocess.SubprocessError) as error:
        msg = f"the client library does not say which settings it takes: {error}"
        raise WorkerError(msg) from error
    return tuple(json.loads(ended.stdout))


def main() -> None:
    """Answer what stands on stdin."""
    asked: list[Asked] = json.load(sys.stdin)
    json.dump([refusal_of(kind, settings) for kind, settings in asked], sys.stdout)
