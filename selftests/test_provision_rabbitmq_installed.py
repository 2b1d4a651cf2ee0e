"""A RabbitMQ server that is installed: found, asked for its version, refused with one message."""

import os

import pytest

from deliverycheck.brokers.provision import ProvisionError
from deliverycheck.brokers.provision.commands import output_of
from deliverycheck.brokers.provision.progress import Progress, silent
from deliverycheck.brokers.provision.rabbitmq import CHOSEN, installed_at, provide_rabbitmq
from deliverycheck.brokers.provision.rabbitmq_unpacked import _relocate_scripts
from selftests.test_provision_rabbitmq import cut_off, program

QUIET = Progress(silent)

__all__ = ["cut_off"]


def installed(folder, version):
    """The folder of a server, and an Erlang on PATH."""
    server = folder / f"rabbitmq_server-{version}"
    (server / "plugins" / f"rabbit-{version}").mkdir(parents=True)
    (server / "plugins" / f"rabbitmq_stream-{version}.ez").touch()
    return server, program(server / "sbin" / "rabbitmq-server", "exit 1")


def fake_erlang(folder, says="echo OTP 27"):
    program(folder / "bin" / "erl", says)
    return folder / "bin"


def test_installed_server_tells_its_version_and_plugins(cut_off, tmp_path, monkeypatch):
    _, script = installed(tmp_path, "4.1.2")
    erlang = fake_erlang(tmp_path / "erlang")
    monkeypatch.setenv("PATH", f"{erlang}{os.pathsep}{cut_off}")
    found = installed_at(script, "PATH")
    assert (found.version, found.otp, found.origin) == ("4.1.2", "27", "PATH")
    assert found.script == script
    assert found.has_plugin("rabbitmq_stream")
    assert not found.has_plugin("rabbitmq_management")


def test_server_on_path_is_used_where_there_is_no_apt(cut_off, tmp_path, monkeypatch):
    server, script = installed(tmp_path, "4.1.2")
    (cut_off / "rabbitmq-server").symlink_to(script)
    erlang = fake_erlang(tmp_path / "erlang")
    monkeypatch.setenv("PATH", f"{erlang}{os.pathsep}{cut_off}")
    found = provide_rabbitmq(QUIET)
    assert (found.server, found.origin) == (server, "PATH")


def test_chosen_server_of_another_version_is_refused(cut_off, tmp_path, monkeypatch):
    _, script = installed(tmp_path, "3.12.0")
    monkeypatch.setenv("PATH", f"{fake_erlang(tmp_path / 'erlang')}{os.pathsep}{cut_off}")
    monkeypatch.setenv(CHOSEN, str(script))
    with pytest.raises(
        ProvisionError, match=r"\(DELIVERYCHECK_RABBITMQ\) is 3\.12\.0, wanted is 4"
    ):
        provide_rabbitmq(QUIET)


@pytest.mark.usefixtures("cut_off")
def test_installed_server_without_erlang_says_so(tmp_path):
    _, script = installed(tmp_path, "4.1.2")
    with pytest.raises(ProvisionError, match="needs Erlang, and no erl is on PATH"):
        installed_at(script, "PATH")


def test_erlang_that_lacks_a_part_is_told_with_what_it_said(cut_off, tmp_path, monkeypatch):
    _, script = installed(tmp_path, "4.1.2")
    erlang = fake_erlang(tmp_path / "erlang", "echo '{error,{asn1,undef}}'; exit 1")
    monkeypatch.setenv("PATH", f"{erlang}{os.pathsep}{cut_off}")
    with pytest.raises(ProvisionError, match="asn1,undef"):
        installed_at(script, "PATH")


@pytest.mark.usefixtures("cut_off")
def test_program_that_leads_to_no_server_is_named(tmp_path):
    alone = program(tmp_path / "alone" / "rabbitmq-server", "exit 1")
    with pytest.raises(ProvisionError, match="does not lie in a RabbitMQ server's folder"):
        installed_at(alone, "PATH")


def test_scripts_find_erlang_at_a_path_with_a_space(tmp_path):
    programs = tmp_path / "a cache" / "erlang" / "bin"
    programs.mkdir(parents=True)
    script = programs / "erl"
    script.write_text('#!/bin/sh\nROOTDIR=/usr/lib/erlang\necho "$ROOTDIR"\n')
    script.chmod(0o755)
    _relocate_scripts(programs.parent)
    said = output_of([script], component="rabbitmq", fix="none", timeout_s_max=10)
    assert said.strip() == str(programs.parent)
