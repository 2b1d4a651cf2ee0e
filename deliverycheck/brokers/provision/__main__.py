"""`python -m deliverycheck.brokers.provision`: everything is in the cache afterwards."""

import signal
import sys
import time

from deliverycheck.brokers.provision import AllTools, ProvisionError, all_tools
from deliverycheck.brokers.provision.errors import in_one_line

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
        report(_summary(all_tools(report)))
    except ProvisionError as error:
        print(f"set-up stopped: {error}", file=sys.stderr)  # noqa: T201
        return _INFRASTRUCTURE
    except KeyboardInterrupt:
        print("set-up interrupted; the next one goes on from here", file=sys.stderr)  # noqa: T201
        return _INTERRUPTED
    return 0


def _summary(tools: AllTools) -> str:
    kafka, rabbitmq = tools.kafka, tools.rabbitmq
    if isinstance(rabbitmq, ProvisionError):
        which = f"no RabbitMQ ({in_one_line(rabbitmq.problem)})"
    else:
        which = f"RabbitMQ {rabbitmq.version} ({rabbitmq.origin}, Erlang/OTP {rabbitmq.otp})"
    return (
        f"tools ready: Kafka {kafka.kafka.release}, Java {kafka.java.version} "
        f"({kafka.java.origin}), {which}, Toxiproxy {kafka.toxiproxy.version}"
    )


if __name__ == "__main__":
    sys.exit(main())
