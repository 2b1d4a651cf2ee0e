"""Kafka's properties: each slot has its way in, each deviation its reason."""

from pathlib import Path

import pytest

from deliverycheck.brokers.kafka_properties import (
    AFTER_A_KILL,
    BrokerPorts,
    SlotPorts,
    deviations,
    render,
)

PORTS = BrokerPorts(
    internal=20001,
    controller=20002,
    direct=20003,
    slots=(
        SlotPorts(listener=20010, advertised=20110),
        SlotPorts(listener=20011, advertised=20111),
    ),
)


def rendered(data="/data", ports=PORTS, overrides=None):
    lines = render(Path(data), ports, overrides).splitlines()
    settings = dict(line.split("=", 1) for line in lines)
    assert len(settings) == len(lines), "a setting is written twice"
    return settings


def test_a_slot_listens_on_its_port_and_advertises_its_proxy():
    settings = rendered()
    assert "SLOT1://127.0.0.1:20011" in settings["listeners"].split(",")
    assert "SLOT1://127.0.0.1:20111" in settings["advertised.listeners"].split(",")
    assert "SLOT1:PLAINTEXT" in settings["listener.security.protocol.map"].split(",")


def test_the_direct_listener_leads_past_every_proxy():
    settings = rendered()
    assert "DIRECT://127.0.0.1:20003" in settings["listeners"].split(",")
    assert "DIRECT://127.0.0.1:20003" in settings["advertised.listeners"].split(",")


def test_the_controller_listens_and_is_never_advertised():
    settings = rendered()
    assert "CONTROLLER://127.0.0.1:20002" in settings["listeners"].split(",")
    assert "CONTROLLER" not in settings["advertised.listeners"]


def test_every_address_is_on_the_loopback():
    addresses = rendered()["listeners"].split(",")
    assert all("://127.0.0.1:" in address for address in addresses)


def test_the_subject_has_the_last_word():
    settings = rendered(overrides={"group.min.session.timeout.ms": "700", "unclean.x": "true"})
    assert settings["group.min.session.timeout.ms"] == "700"
    assert settings["unclean.x"] == "true"


@pytest.mark.parametrize(
    ("folder", "written"),
    [
        ("/home/a b/data", "/home/a b/data"),
        ("/home/back\\slash", "/home/back\\\\slash"),
        ("/home/jürgen", "/home/j\\u00fcrgen"),
        ("/home/🦊", "/home/\\ud83e\\udd8a"),
    ],
    ids=["a-space-stays", "a-backslash-is-doubled", "latin-1-is-escaped", "a-pair-is-two-escapes"],
)
def test_a_data_folder_reads_back_as_it_was(folder, written):
    assert rendered(data=folder)["log.dirs"] == written


def test_every_deviation_has_its_value_its_default_and_its_reason():
    for item in deviations():
        assert item.value != item.default, item.name
        assert item.why.endswith("."), item.name
        now = item.value.removesuffix(" once it was killed")
        written = rendered(overrides=AFTER_A_KILL if item.value != now else {})
        assert written[item.name] == now, item.name


def test_short_sessions_begin_with_a_kill():
    assert "broker.session.timeout.ms" not in rendered()
    assert rendered(overrides=AFTER_A_KILL)["broker.session.timeout.ms"] == "500"


def test_what_the_subject_sets_is_a_deviation_of_the_subject():
    found = {item.name: item for item in deviations({"min.insync.replicas": "2"})}
    assert found["min.insync.replicas"].why == "Set by the plan's subject."


def test_a_default_given_back_is_no_deviation():
    names = {item.name for item in deviations({"broker.session.timeout.ms": "9000"})}
    assert "broker.session.timeout.ms" not in names
    assert "broker.heartbeat.interval.ms" in names
