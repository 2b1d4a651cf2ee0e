"""`pytest properties`: which system's items an address or a version is for."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def outcome_of(items, *options):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", items, *options]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_address_of_one_system_leaves_the_items_of_the_other_unexercised():
    ended = outcome_of("properties/rabbitmq/test_claims.py", "--bootstrap", "localhost:1")
    assert "not exercised: RabbitMQ is not what runs at the given address" in ended.stdout
    assert "failed" not in ended.stdout
    assert "passed" not in ended.stdout


def test_collecting_starts_nothing():
    address = ("--bootstrap", "amqp://guest@localhost:1")
    ended = outcome_of("properties/rabbitmq/test_claims.py", "--collect-only", *address)
    assert ended.returncode == 0
    assert "tests collected" in ended.stdout
