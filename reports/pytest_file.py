"""A plan as a test that stands alone: it fails while the plan breaks what it broke."""

import json
import re
from collections.abc import Sequence

from deliverycheck.plans import Claim, Plan
from reports.visible import visible

_TEMPLATE = '''\
"""{title}

Passes while {times} executions of this plan break nothing; needs deliverycheck and nothing else.
"""

import json
import subprocess
import sys

PLAN = r"""
{plan}"""
OPTIONS = {options}


def test_{name}(tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(PLAN)
    command = [sys.executable, "-m", "deliverycheck.cli", "replay", str(plan)]
    command += ["--json", "--out", str(tmp_path / "out"), *OPTIONS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    result = json.loads(done.stdout)
    assert result["rate"]["convictions"] == 0, "\\n".join(result["told"])
    assert done.returncode == 0, f"it was not exercised: {{result['reasons']}}"
'''


def pytest_text(plan: Plan, claim: Claim | None, *, times: int, target: Sequence[str] = ()) -> str:
    """The text of a pytest file that replays the plan and fails if it breaks what it did.

    `target` are the options of `replay` that say what it is run against.
    """
    judged = ("--claim", claim.id) if claim else ()
    what = f"{claim.guarantee}, {claim.setting}" if claim else "no guarantee is broken"
    # A setting is anybody's words: in a docstring it must neither end it nor escape from it.
    what = visible(what).replace("\\", "/").replace('"', "'")
    return _TEMPLATE.format(
        title=f"Does it still break? {plan.system}: {what}.",
        plan=json.dumps(json.loads(plan.to_json()), indent=1) + "\n",
        options=json.dumps(["--times", str(times), *judged, *target]),
        name=re.sub(r"\W+", "_", claim.id if claim else f"plan_{plan.short_digest}"),
        times=times,
    )
