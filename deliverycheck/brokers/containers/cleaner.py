"""Removes what a harness left in the engine: its guardian runs this when the harness is gone.

python -m deliverycheck.brokers.containers.cleaner <marker>
"""

import sys

from deliverycheck.brokers.provision import ProvisionError


def cleaner_command(marker: str) -> tuple[str, ...]:
    """What removes all containers and networks of the harness with this marker."""
    return (sys.executable, "-m", __name__, marker)


def main() -> int:
    """Nothing is left of the harness; 3 if the engine is gone too."""
    from deliverycheck.brokers.containers.engine import Engine  # noqa: PLC0415  # only who cleans pays

    try:
        engine = Engine()
    except ProvisionError:
        return 3
    engine.remove_of(sys.argv[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
