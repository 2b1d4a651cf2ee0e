"""`python -m deliverycheck.brokers.provision`: everything is in the cache afterwards."""

import signal
import sys
import time

from deliverycheck.brokers.provision import ProvisionError, Toolchain, toolchain

_INFRASTRUCTURE = 3
_INTERRUPTED = 130


def main() -> int:
    """Provide all tools, telling what is being done; 3 if one cannot be had."""
    begun = time.monotonic()

    def report(line: str) -> None:
        print(f"[{time.monotonic() - begun:5.1f} s] {line}", flush=True)  # noqa: T201

    # As Ctrl-C: what this process started must end with it.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        report(_summary(toolchain(report)))
    except ProvisionError as error:
        print(f"set-up stopped: {error}", file=sys.stderr)  # noqa: T201
        return _INFRASTRUCTURE
    except KeyboardInterrupt:
        print("set-up interrupted; the next one goes on from here", file=sys.stderr)  # noqa: T201
        return _INTERRUPTED
    return 0


def _summary(tools: Toolchain) -> str:
    return (
        f"tools ready: Kafka {tools.kafka.release}, Java {tools.java.version} "
        f"({tools.java.origin}), Toxiproxy {tools.toxiproxy.version}"
    )


if __name__ == "__main__":
    sys.exit(main())
