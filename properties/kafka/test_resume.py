"""A campaign that is killed goes on where it was, and loses at most what was under way."""

import json
import re
import subprocess
import sys

from deliverycheck.brokers.aftermath import PROGRAM, Harness
from deliverycheck.brokers.processes import wait_until
from deliverycheck.search.record import ExitCode

CLAIMS = ("--claim", "kafka-acks-0", "--claim", "kafka-acks-all")
ENOUGH = 10
ENDED_S_MAX = 120


def journal(folder):
    path = folder / "events.ndjson"
    return path.read_bytes() if path.exists() else b""


def test_killed_campaign_goes_on_with_all_that_it_had_judged(tmp_path):
    harness = Harness(tmp_path / "night", ("--profile", "ci", "--minutes", "0.3", *CLAIMS))
    harness.await_execution()
    assert wait_until(lambda: journal(harness.folder).count(b"\n") >= ENOUGH, timeout_s=60.0)
    harness.process.kill()
    harness.process.wait()
    before = journal(harness.folder)
    kept = before.count(b"\n")
    command = [sys.executable, "-c", PROGRAM, "campaign", "--resume", str(harness.folder)]
    ended = subprocess.run(  # noqa: S603  # our own program
        command, capture_output=True, text=True, timeout=ENDED_S_MAX, check=False
    )
    assert ended.returncode in {ExitCode.AS_CLAIMED, ExitCode.NOT_EXERCISED}, ended.stderr
    assert re.search(rf"going on: {kept} executions are remembered", ended.stderr)
    whole = before[: before.rindex(b"\n") + 1]
    assert journal(harness.folder).startswith(whole)
    record = json.loads((harness.folder / "campaign.json").read_text())
    assert record["executions"] >= kept
    assert [one["claim"] for one in record["violations"]] == ["kafka-acks-0"]
    assert (harness.folder / "report.html").exists()
