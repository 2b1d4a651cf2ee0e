"""The command line: bad usage is one line and exit code 2, `check` says what a history proves."""

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from deliverycheck import content
from deliverycheck.cli import main
from deliverycheck.cli.systems import UsageError, claims_named, content_of
from deliverycheck.plans import CreateTopic, Heal, Hold, Plan, Publish, Subject
from properties.kafka import CLAIMS
from selftests.plan_samples import LOG_ONLY, RICH_PLAN

GOLDEN = Path(__file__).parent / "golden"
COMMANDS = (
    "run",
    "replay",
    "check",
    "report",
    "doctor",
    "claims",
    "detect",
    "keep",
    "bench",
    "compare",
    "trend",
    "schema",
)


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys):
    """Run the command line in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["deliverycheck", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return call


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_names_its_purpose(command, cli):
    code, out, err = cli(command, "--help")
    assert (code, err) == (0, "")
    assert f"deliverycheck {command}" in out or "Usage" in out
    assert len(out.splitlines()) > 4


def test_help_lists_every_command(cli):
    code, out, _ = cli("--help")
    assert code == 0
    assert [name for name in COMMANDS if name not in out] == []


def saved(name, data):
    Path(name).write_bytes(data)
    return name


def plan_of_steps(*steps, subject=LOG_ONLY, system="kafka"):
    return Plan(system=system, subject=subject, steps=steps).to_json()


MISUSE = {
    "command-misspelt": (["rum"], "rum"),
    "option-misspelt": (["run", "--profle", "demo"], "--profle"),
    "profile-misspelt": (["run", "--profile", "nightyl"], "no profile 'nightyl'; there are: smoke"),
    "claim-misspelt": (["run", "--claim", "kafka-acks-al"], "did you mean 'kafka-acks-all'?"),
    "claim-unlike-any": (["run", "--claim", "zzz"], "`deliverycheck claims` lists them all"),
    "system-unknown": (
        ["run", "--system", "kafak"],
        "no system 'kafak'; there are: kafka, rabbitmq",
    ),
    "seed-no-number": (["run", "--seed", "lucky"], "'--seed'"),
    "time-too-short": (["run", "--minutes", "-1"], "--minutes"),
    "too-many-at-once": (["run", "--at-once", "99"], "--at-once"),
    "argument-missing": (["replay"], "Missing argument 'plan'"),
    "times-zero": (["replay", "x.json", "--times", "0"], "--times"),
    "plan-missing": (["replay", "nowhere.json"], "nowhere.json: cannot be read"),
    "plan-is-a-folder": (["replay", "."], ".: cannot be read"),
    "history-missing": (["check", "nowhere.jsonl"], "nowhere.jsonl: cannot be read"),
    "claims-of-no-system": (["claims", "--system", "x"], "no system 'x'"),
    "seeds-in-words": (["detect", "--seeds", "many"], "--seeds 'many'"),
    "seeds-backwards": (["detect", "--seeds", "9-3"], "--seeds '9-3'"),
    "seeds-none": (["detect", "--seeds", "0"], "--seeds '0'"),
    "detect-of-what-holds": (["detect", "--claim", "kafka-acks-all"], "stated to break"),
    "keep-of-what-holds": (["keep", "--claim", "kafka-acks-all"], "stated to break"),
    "report-of-nothing": (["report", "nowhere"], "nowhere"),
    "compare-with-nothing": (["compare", "nowhere", "nowhere"], "nowhere: no such folder"),
    "trend-of-nothing": (["trend", "nowhere"], "nowhere: no such folder"),
    "schema-misspelt": (["schema", "campain"], "no schema 'campain'; there are: campaign, events"),
    "one-address-for-two-systems": (
        ["run", "--systems", "kafka,rabbitmq", "--bootstrap", "h:1"],
        "a running broker is of one system",
    ),
    "stdout-wanted-twice": (["run", "--json", "--events", "-"], "only one of them can have"),
    "events-into-no-folder": (["run", "--events", "no/x"], "--events no/x: No such file"),
}


@pytest.mark.parametrize(("arguments", "message"), MISUSE.values(), ids=MISUSE)
def test_misuse_is_told_in_one_line(arguments, message, cli):
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("deliverycheck: ")
    assert message in err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert not Path("reports").exists()


BAD_PLANS = {
    "cut": (RICH_PLAN.to_json()[:150], "not a whole JSON object"),
    "newer": (RICH_PLAN.to_json().replace(b'"version":1', b'"version":2'), "has 2"),
    "history": (b'{"format":"deliverycheck-history","version":1}\n', "is this a plan?"),
    "setting-misspelt": (
        plan_of_steps(Publish(), subject=Subject(producer={"ack": "all"})),
        "Did you mean 'acks'?",
    ),
    "system-unknown": (plan_of_steps(Publish(), system="carrier pigeon"), "carrier pigeon"),
    "step-out-of-place": (plan_of_steps(Publish(), Heal(lane="link p1")), "not every step"),
    "tail-written-out": (plan_of_steps(CreateTopic(topic="t2"), Hold(ms=9)), "not every step"),
}


@pytest.mark.parametrize(("data", "message"), BAD_PLANS.values(), ids=BAD_PLANS)
def test_plan_that_cannot_be_replayed_is_told_in_one_line(data, message, cli):
    code, out, err = cli("replay", saved("bad.json", data))
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["cut", "newer", "step-out-of-place"])
def test_message_about_a_plan_names_its_file(name, cli):
    _, _, err = cli("replay", saved("bad.json", BAD_PLANS[name][0]))
    assert "bad.json" in err


def test_corpus_entry_that_was_cut_is_told_before_anything_starts(cli, monkeypatch, tmp_path):
    entry = tmp_path / "corpus" / "kafka-acks-0" / "cut.json"
    entry.parent.mkdir(parents=True)
    entry.write_text('{"format": "deliverycheck-corpus", "vers')
    monkeypatch.setattr(content, "folder", lambda name: tmp_path / name)
    code, out, err = cli("run", "--claim", "kafka-acks-0")
    assert (code, out) == (2, "")
    assert "cut.json: not a whole JSON object" in err
    assert not Path("reports").exists()


def test_corpus_entry_of_a_claim_that_is_gone_is_told_with_the_nearest(cli):
    path = saved("plan.json", plan_of_steps(Publish()))
    code, _, err = cli("replay", path, "--claim", "kafka-acks-one")
    assert code == 2
    assert "did you mean" in err


# check


CHECKS = {
    "anomaly": ("at_least_once_in_log/anomaly-confirmed-and-missing", 1),
    "near-miss": ("at_least_once_in_log/near-miss-there-twice", 0),
    "unknown": ("at_least_once_in_log/unknown-not-scanned", 4),
    "empty": ("at_least_once_in_log/empty", 4),
}


@pytest.mark.parametrize(("name", "code"), CHECKS.values(), ids=CHECKS)
def test_check_says_by_its_exit_code_what_the_history_proves(name, code, cli):
    path = GOLDEN / f"{name}.jsonl"
    found, out, err = cli("check", path, "--guarantee", name.partition("/")[0])
    assert (found, err) == (code, "")
    assert out.startswith(f"{path}: ")
    assert "at least once, in the log: " in out


def test_check_of_all_guarantees_is_broken_if_one_is(cli):
    code, out, _ = cli("check", GOLDEN / "at_least_once_in_log/anomaly-confirmed-and-missing.jsonl")
    assert code == 1
    assert "lost" in out


def test_unknown_among_the_guarantees_that_were_asked_for_is_never_green(cli):
    path = GOLDEN / "at_least_once_in_log/near-miss-there-twice.jsonl"
    asked = ["--guarantee", "at_least_once_in_log", "--guarantee", "at_least_once_in_effect"]
    assert cli("check", path, *asked[:2])[0] == 0
    assert cli("check", path, *asked)[0] == 4


def test_guarantee_misspelt_is_told_in_one_line(cli):
    path = GOLDEN / "at_least_once_in_log/empty.jsonl"
    code, out, err = cli("check", path, "--guarantee", "at_least_once_in_lgo")
    assert (code, out) == (2, "")
    assert "at_least_once_in_lgo" in err
    assert err.count("\n") == 1


def test_history_with_a_broken_line_is_refused_with_file_and_line(cli):
    lines = (
        (GOLDEN / "at_least_once_in_log/near-miss-there-twice.jsonl")
        .read_bytes()
        .splitlines(keepends=True)
    )
    lines[2] = lines[2][:20] + b"\n"
    code, _, err = cli("check", saved("history.jsonl", b"".join(lines)))
    assert code == 2
    assert "history.jsonl, line 3" in err
    assert err.count("\n") == 1


def test_plan_given_for_a_history_is_refused(cli):
    code, _, err = cli("check", saved("plan.json", RICH_PLAN.to_json() + b"\n"))
    assert code == 2
    assert "plan.json, line 1" in err


# claims, and where content lies


def test_claims_are_listed_with_stance_hazards_and_source(cli):
    code, out, _ = cli("claims")
    assert code == 0
    for claim in (*CLAIMS, *content_of("rabbitmq").claims):
        assert claim.id in out
        assert claim.source in out


def test_claims_as_json_are_the_claims(cli):
    _, out, _ = cli("claims", "--json", "--systems", "kafka")
    assert [one["id"] for one in json.loads(out)] == [claim.id for claim in CLAIMS]


def test_claims_are_named_by_their_ids_in_the_order_asked_for():
    names = [CLAIMS[2].id, CLAIMS[0].id]
    assert [claim.id for claim in claims_named(CLAIMS, names)] == names
    assert claims_named(CLAIMS, []) == CLAIMS
    with pytest.raises(UsageError, match="no system"):
        content_of("x")


def test_content_of_a_checkout_stands_at_its_root():
    for name in ("properties", "faults", "reports", "corpus", "locks"):
        assert content.folder(name).is_dir()


def test_content_of_an_installed_package_becomes_importable(tmp_path, monkeypatch):
    inside = tmp_path / "_content"
    inside.mkdir()
    monkeypatch.setattr(content, "_INSTALLED", inside)
    monkeypatch.setattr(sys, "path", list(sys.path))
    content.make_importable()
    assert sys.path[0] == str(inside)
    content.make_importable()
    assert sys.path.count(str(inside)) == 1


def test_library_use_brings_no_further_names_and_no_hypothesis():
    program = (
        "import sys, deliverycheck.guarantees, deliverycheck.history;"
        "print([one for one in ('faults','reports','properties','hypothesis','confluent_kafka')"
        " if one in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout == "[]\n"


def test_command_is_installed_under_its_name():
    found = entry_points(group="console_scripts", name="deliverycheck")
    assert [one.value for one in found] == ["deliverycheck.cli:main"]
