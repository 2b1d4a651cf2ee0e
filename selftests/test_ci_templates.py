"""The templates for CI: YAML, commands that exist with options that exist, and a loop that runs."""

import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml

from deliverycheck.cli.app import app
from deliverycheck.history import CampaignFolder
from reports import render
from selftests.sample_campaign import sample

TEMPLATES = Path(__file__).parents[1] / "ci-templates"
FILES = sorted(TEMPLATES.glob("*.yml"))
VALUES = {
    "github.run_number": "7",
    "matrix.system": "kafka",
    "matrix.shard": "2/2",
    "$CI_PIPELINE_IID": "7",
    "$SYSTEM": "rabbitmq",
    "$SHARD": "1/2",
    "$campaign": "nights/a/delivery",
}
SCRIPTS = frozenset({"run", "script", "before_script", "after_script"})


def scripts_in(node, name=""):
    """Every line of shell in a template."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from scripts_in(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from scripts_in(value, name)
    elif name in SCRIPTS:
        yield str(node)


def filled(text):
    text = re.sub(r"\$\{\{ *([\w.]+) *\}\}", lambda found: VALUES[found.group(1)], text)
    for name, value in VALUES.items():
        text = text.replace(name, value) if name.startswith("$") else text
    return text


def commands_in(path):
    """The arguments of each call of `deliverycheck`, as a shell would give them."""
    for script in scripts_in(yaml.safe_load(path.read_text())):
        for line in script.splitlines():
            if line.strip().startswith("deliverycheck "):
                alone = re.split(r"\|\||&&|;|>>", filled(line))[0]
                yield shlex.split(alone)[1:]


def test_there_are_templates_for_both():
    assert [path.name for path in FILES] == [
        "github-nightly.yml",
        "github-pull-request.yml",
        "gitlab-ci.yml",
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_command_and_each_of_its_options_exists(path):
    group = typer.main.get_command(app)
    called = list(commands_in(path))
    assert called
    for name, *arguments in called:
        command = group.commands[name]
        with command.make_context(name, list(arguments)) as context:
            assert context.params


def test_option_that_does_not_exist_would_be_seen():
    group = typer.main.get_command(app)
    with pytest.raises(Exception, match="No such option"):
        group.commands["run"].make_context("run", ["--profle", "smoke"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_it_keeps_is_what_a_campaign_writes(path):
    paths = CampaignFolder(root=Path("delivery"))
    text = path.read_text()
    assert str(paths.summary) in text
    assert "--out delivery" in text
    assert f"!delivery/**/{paths.executions.name}" in text or "delivery/**/executions/**" in text


STAND_IN = """#!/bin/sh
case "$1" in
  run|campaign) while [ "$1" != --out ]; do shift; done; cp -r {campaign} "$2"; exit {code};;
esac
exec {real} "$@"
"""
"""`deliverycheck`, of which a run only copies a campaign that was; all else is the real one."""


def scripts_of(name, job):
    """What a runner would do in this job, without what it installs."""
    found = yaml.safe_load((TEMPLATES / name).read_text())
    if "jobs" in found:
        steps = [step["run"] for step in found["jobs"][job]["steps"] if "run" in step]
    else:
        steps = [*found[job]["script"], *found[".deliverycheck"]["after_script"]]
    return [filled(step) for step in steps if "pip install" not in step]


@pytest.mark.parametrize(
    ("name", "job", "code", "passes"),
    [
        ("github-pull-request.yml", "smoke", 0, True),
        ("github-pull-request.yml", "smoke", 4, True),
        ("github-pull-request.yml", "smoke", 1, False),
        ("github-nightly.yml", "campaign", 1, False),
        ("gitlab-ci.yml", "delivery-smoke", 0, True),
        ("gitlab-ci.yml", "delivery-nightly", 1, False),
    ],
)
def test_steps_of_a_job_run_and_the_summary_is_told_whatever_came_out(
    tmp_path, name, job, code, passes
):
    sample(tmp_path / "was", alarm=True)
    render(tmp_path / "was")
    stand_in, told = tmp_path / "deliverycheck", tmp_path / "told.md"
    real = Path(sys.executable).with_name("deliverycheck")
    stand_in.write_text(STAND_IN.format(campaign=tmp_path / "was", code=code, real=real))
    stand_in.chmod(stat.S_IRWXU)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    done = [
        subprocess.run(
            ["/bin/bash", "-e", "-c", script],
            cwd=tmp_path,
            env={**os.environ, "PATH": path, "GITHUB_STEP_SUMMARY": str(told)},
            capture_output=True,
            text=True,
            check=False,
        )
        for script in scripts_of(name, job)
    ]
    assert (done[0].returncode == 0) == passes, done[0].stderr
    assert [one.returncode for one in done[1:]] == [0]
    shown = told.read_text() if told.exists() else done[1].stdout
    assert "repeats messages" in shown


def test_nights_of_all_machines_come_onto_one_page(tmp_path):
    for shard in range(2):
        sample(tmp_path / "nights" / f"night-kafka-{shard}" / "delivery", alarm=True)
    (script,) = (one for one in scripts_of("github-nightly.yml", "issues") if "trend" in one)
    real = Path(sys.executable).with_name("deliverycheck")
    subprocess.run(
        ["/bin/bash", "-e", "-c", script.replace("deliverycheck", shlex.quote(str(real)), 1)],
        cwd=tmp_path,
        check=True,
    )
    assert (tmp_path / "trend" / "trend.html").stat().st_size


GH = """#!/bin/sh
echo "$@" >> {log}
case "$*" in
  "issue list"*) test "{known}" && case "$*" in *"[alarm]"*) echo 12;; esac;;
  "issue reopen"*) exit 1;;
esac
exit 0
"""


def issues_step(folder, known):
    """What the nightly template's step did in this folder, and what it asked the tracker for."""
    tools, log = folder / "tools", folder / "gh.log"
    tools.mkdir()
    (tools / "gh").write_text(GH.format(log=log, known=known))
    (tools / "gh").chmod(stat.S_IRWXU)
    steps = yaml.safe_load((TEMPLATES / "github-nightly.yml").read_text())["jobs"]["issues"][
        "steps"
    ]
    (script,) = (step["run"] for step in steps if step.get("name") == "Issues")
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["/bin/bash", "-e", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    calls = log.read_text().splitlines()
    quiet = ("label", "issue list", "issue reopen")
    return done, [call for call in calls if not call.startswith(quiet)]


@pytest.mark.parametrize(
    ("known", "shards", "called"),
    [
        (
            "",
            2,
            "issue create --label deliverycheck --title an idempotent producer repeats messages",
        ),
        ("yes", 1, "issue edit 12 --body-file issues/alarm.md"),
    ],
    ids=["a-new-signature-opens-an-issue", "a-known-one-updates-its-issue"],
)
def test_nightly_has_one_issue_for_each_signature(tmp_path, known, shards, called):
    for shard in range(shards):
        sample(tmp_path / "nights" / f"night-kafka-{shard}" / "delivery", alarm=True)
    done, told = issues_step(tmp_path, known)
    assert done.returncode == 0, done.stderr
    assert len(told) == 1
    assert told[0].startswith(called)


def test_campaign_that_cannot_be_read_fails_the_step_after_the_issues_of_the_others(tmp_path):
    sample(tmp_path / "nights" / "night-kafka-0" / "delivery")
    sample(tmp_path / "nights" / "night-kafka-1" / "delivery", alarm=True)
    record = CampaignFolder(root=tmp_path / "nights" / "night-kafka-0" / "delivery").campaign
    record.write_bytes(record.read_bytes()[:1000])
    done, told = issues_step(tmp_path, known="")
    assert done.returncode == 1
    assert "was the file cut?" in done.stderr
    assert [call.split(" --")[0] for call in told] == ["issue create"]
