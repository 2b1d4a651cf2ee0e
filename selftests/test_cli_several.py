"""Several systems in one run: one record, each one's evidence in a folder of its own."""

from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import msgspec
import pytest

from deliverycheck.brokers.provision import ProvisionError
from deliverycheck.cli import several
from deliverycheck.cli.backends import Backend
from deliverycheck.cli.run_options import RunOptions, load_options, profile_of
from deliverycheck.cli.several import run_several
from deliverycheck.cli.systems import UsageError, content_of, systems, systems_named
from deliverycheck.cli.target import TargetOptions
from deliverycheck.history import CampaignFolder
from deliverycheck.plans.campaign import Campaign, Cell, ClaimResult, ClaimState, Target
from deliverycheck.search.record import ExitCode
from reports import ReportError, load_campaign
from reports.matrix import matrix_of
from reports.words import answer_of

SILENT = SimpleNamespace(say=lambda _: None)


@pytest.fixture
def options(tmp_path):
    return RunOptions(
        profile=profile_of("demo"),
        target=TargetOptions(),
        claims=(),
        seed=0,
        out=tmp_path / "both",
        corpus=Path("corpus"),
    )


def record(one, *, exit_code=0):
    """What a campaign against one system leaves."""
    system = one.target.system
    claim = content_of(system).claims[0]
    target = Target(
        system=system, broker=f"{system.title()} 1", backend="process", client="c", proxy="p"
    )
    cell = Cell(hazard=claim.hazards[0], state=ClaimState.HELD, valid=3)
    result = ClaimResult(claim=claim, state=ClaimState.HELD, cells=(cell,), executions=3, valid=3)
    return Campaign(
        id=system,
        profile="demo",
        seed=0,
        started="now",
        duration_s=1.0,
        target=target,
        executions=3,
        inconclusive=0,
        results=(result,),
        violations=(),
        exit_code=exit_code,
    )


def test_without_a_name_all_systems_are_run_and_claims_name_theirs():
    assert systems_named(None) == systems()
    assert systems_named(None, ["rabbitmq-transient"]) == ("rabbitmq",)
    assert systems_named("rabbitmq, kafka") == ("rabbitmq", "kafka")
    with pytest.raises(UsageError, match="there are: kafka, rabbitmq"):
        systems_named("kafka,rabbit")


@pytest.mark.parametrize("password", ["hunter2", "/hunter2", "?hunter2", "#hunter2", "@/hunter2"])
def test_password_of_an_address_is_not_written(options, tmp_path, password):
    target = TargetOptions(system="rabbitmq", bootstrap=f"amqp://u:{password}@h:5672?api=1")
    folder = CampaignFolder(root=tmp_path)
    replace(options, target=target).save(folder)
    assert "hunter2" not in folder.options.read_text()
    assert load_options(tmp_path).target.bootstrap == "amqp://u@h:5672?api=1"


def test_two_systems_are_told_in_one_matrix_with_their_names(options, monkeypatch):
    folders = []

    def run(one, *_):
        folders.append(one.out)
        return record(one, exit_code=0)

    monkeypatch.setattr(several, "run", run)
    whole = run_several(options, systems(), SILENT, Event())
    assert folders == [options.out / "kafka", options.out / "rabbitmq"]
    assert whole.executions == 6
    assert whole.brokers == "Kafka 1 and Rabbitmq 1"
    settings = [row.setting for group in matrix_of(whole).groups for row in group.rows]
    assert {text.partition(":")[0] for text in settings} == {"Kafka", "Rabbitmq"}
    assert load_campaign(options.out) == whole


def test_campaigns_of_two_systems_can_be_gone_on_with_from_the_folder_of_both(options, monkeypatch):
    def run(one, *_):
        assert one.systems == ()
        if one.target.system == "rabbitmq":
            raise KeyboardInterrupt
        return record(one)

    monkeypatch.setattr(several, "run", run)
    with pytest.raises(KeyboardInterrupt):
        run_several(options, systems(), SILENT, Event())
    assert load_options(options.out).systems == systems()
    (options.out / "kafka").mkdir()
    (options.out / "kafka" / "events.ndjson").touch()
    with pytest.raises(ReportError, match=r"folder of its own there: kafka\. Go on with"):
        load_campaign(options.out)


def test_password_of_an_address_is_not_saved_with_the_options(options):
    address = "amqp://anna:tr0ub4dor@broker:5672?api=1"
    folder = CampaignFolder(root=options.out)
    folder.create()
    replace(options, target=replace(options.target, bootstrap=address)).save(folder)
    assert "tr0ub4dor" not in folder.options.read_text()
    assert load_options(options.out).target.bootstrap == "amqp://anna@broker:5672?api=1"


def test_worst_exit_code_is_that_of_the_whole(options, monkeypatch):
    codes = {"kafka": 0, "rabbitmq": 1}
    monkeypatch.setattr(
        several, "run", lambda one, *_: record(one, exit_code=codes[one.target.system])
    )
    assert run_several(options, systems(), SILENT, Event()).exit_code == 1


def test_system_that_cannot_be_had_is_not_exercised_and_told_in_one_line(options, monkeypatch):
    def run(one, *_):
        if one.target.system == "rabbitmq":
            raise ProvisionError("RabbitMQ", "no apt here", "install it")
        return record(one, exit_code=0)

    said = []
    monkeypatch.setattr(several, "run", run)
    whole = run_several(options, systems(), SimpleNamespace(say=said.append), Event())
    assert said == ["RabbitMQ cannot be had: no apt here; install it"]
    assert whole.exit_code == 0
    (note,) = [note for note in whole.notes if "RabbitMQ" in note]
    assert note == "RabbitMQ cannot be had here, so its claims are not exercised: no apt here"
    states = {one.state for one in whole.results if one.claim.system == "rabbitmq"}
    assert states == {ClaimState.NOT_EXERCISED}
    assert "not exercised" in answer_of(whole)


def test_claim_asked_for_by_name_of_a_system_that_cannot_be_had_is_no_pass(options, monkeypatch):
    def run(one, *_):
        if one.target.system == "rabbitmq":
            raise ProvisionError("RabbitMQ", "no apt here", "install it")
        return record(one)

    monkeypatch.setattr(several, "run", run)
    named = tuple(content_of(name).claims[0].id for name in systems())
    whole = run_several(replace(options, claims=named), systems(), SILENT, Event())
    assert whole.exit_code == ExitCode.NOT_EXERCISED


def test_own_claim_of_a_system_that_cannot_be_had_is_listed_as_not_exercised(options, monkeypatch):
    own = tuple(
        msgspec.structs.replace(content_of(name).claims[0], id=f"own-{name}") for name in systems()
    )

    def run(one, *_):
        if one.target.system == "rabbitmq":
            raise ProvisionError("RabbitMQ", "no apt here", "install it")
        return record(one)

    monkeypatch.setattr(several, "run", run)
    asked = replace(options, own=own, claims=tuple(claim.id for claim in own))
    whole = run_several(asked, systems(), SILENT, Event())
    assert [one.claim.id for one in whole.results if one.claim.system == "rabbitmq"] == [
        "own-rabbitmq"
    ]


def test_only_system_that_cannot_be_had_is_an_error(options, monkeypatch):
    def run(*_):
        raise ProvisionError("RabbitMQ", "no apt here", "install it")

    monkeypatch.setattr(several, "run", run)
    with pytest.raises(ProvisionError):
        run_several(options, ("rabbitmq",), SILENT, Event())


def test_no_system_that_can_be_had_is_an_error_not_a_pass(options, monkeypatch):
    def run(one, *_):
        raise ProvisionError(one.target.system, "nothing here", "install it")

    monkeypatch.setattr(several, "run", run)
    with pytest.raises(ProvisionError, match="kafka"):
        run_several(options, systems(), SILENT, Event())
    only = replace(options, claims=("rabbitmq-transient",))
    with pytest.raises(ProvisionError, match="rabbitmq"):
        run_several(only, systems(), SILENT, Event())


def test_backend_that_was_asked_for_and_cannot_be_had_is_an_error_not_a_gap(options, monkeypatch):
    def run(*_):
        raise ProvisionError("container engine", "no engine answers", "start one")

    monkeypatch.setattr(several, "run", run)
    target = replace(options.target, backend=Backend.CONTAINER)
    with pytest.raises(ProvisionError, match="no engine answers"):
        run_several(replace(options, target=target), systems(), SILENT, Event())


def test_claim_of_one_system_starts_no_other(options, monkeypatch):
    ran = []

    def run(one, *_):
        ran.append((one.target.system, one.claims))
        return record(one, exit_code=0)

    monkeypatch.setattr(several, "run", run)
    some = replace(options, claims=("rabbitmq-transient",))
    run_several(some, systems(), SILENT, Event())
    assert ran == [("rabbitmq", ("rabbitmq-transient",))]
    assert CampaignFolder(root=options.out).campaign.exists()
