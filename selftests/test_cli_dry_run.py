"""`run --dry-run`: what is told of a run against a broker that somebody else runs."""

from pathlib import Path

import msgspec
import pytest

from deliverycheck.brokers import KafkaExternal
from deliverycheck.cli.dry_run import dry_run
from deliverycheck.cli.run_options import RunOptions, profile_of
from deliverycheck.cli.systems import UsageError, content_of
from deliverycheck.cli.target import TargetOptions


def options(tmp_path, *, own=(), bootstrap="127.0.0.1:1"):
    return RunOptions(
        profile=profile_of("demo"),
        target=TargetOptions(bootstrap=bootstrap),
        claims=tuple(claim.id for claim in own),
        seed=0,
        out=tmp_path,
        corpus=Path("corpus"),
        own=own,
    )


def test_dry_run_counts_the_claims_that_a_run_would_try_own_ones_too(tmp_path, monkeypatch):
    monkeypatch.setattr(KafkaExternal, "would_create", lambda _: ("would create: topics",))
    own = (msgspec.structs.replace(content_of("kafka").claims[0], id="own-1"),)
    said = []
    dry_run(options(tmp_path, own=own), said.append)
    assert said == [
        "Kafka: backend: external, since an address was given",
        "would create: topics",
        "would run: 1 claims, with faults on links and on clients",
    ]


def test_dry_run_without_a_broker_of_somebody_else_is_refused(tmp_path):
    with pytest.raises(UsageError, match="--dry-run is for a broker that somebody else runs"):
        dry_run(options(tmp_path, bootstrap=None), print)
