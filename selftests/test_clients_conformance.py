"""The check tells the author of a foreign worker what is wrong, and passes who is right."""

import pytest

from deliverycheck.clients import client_program, conformance
from deliverycheck.clients.conformance import Grade, check_worker
from selftests.fake_workers import GOOD, fake


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(conformance, "_HELLO_S", 2.0)
    monkeypatch.setattr(conformance, "_REPLY_S", 0.5)
    monkeypatch.setattr(conformance, "_SECOND_REPLY_S", 0.05)


def wrong(program):
    return [one for one in check_worker(fake(program)) if one.grade is Grade.WRONG]


def test_worker_that_speaks_the_protocol_has_nothing_wrong():
    assert wrong(GOOD) == []


def test_our_own_kafka_worker_has_nothing_wrong(monkeypatch):
    monkeypatch.setattr(conformance, "_HELLO_S", 30.0)
    monkeypatch.setattr(conformance, "_REPLY_S", 30.0)
    findings = check_worker(client_program("kafka").argv)
    assert [one for one in findings if one.grade is not Grade.GOOD] == []
    assert len(findings) == 10


def test_our_own_rabbitmq_worker_has_nothing_wrong(monkeypatch):
    monkeypatch.setattr(conformance, "_HELLO_S", 30.0)
    monkeypatch.setattr(conformance, "_REPLY_S", 30.0)
    findings = check_worker(client_program("rabbitmq").argv)
    assert [one for one in findings if one.grade is not Grade.GOOD] == []
    assert len(findings) == 10


def test_our_own_worker_for_streams_lacks_only_what_streams_have_not(monkeypatch):
    monkeypatch.setattr(conformance, "_HELLO_S", 30.0)
    monkeypatch.setattr(conformance, "_REPLY_S", 30.0)
    findings = check_worker(client_program("rabbitmq-streams").argv)
    assert [one for one in findings if one.grade is Grade.WRONG] == []
    (note,) = [one for one in findings if one.grade is Grade.NOTE]
    assert "settle" in note.seen
    assert "send" not in note.seen.split(", ")


@pytest.mark.parametrize(
    ("program", "point", "seen"),
    [
        ("hear()", "the first line is a hello", "no sign of its hello line"),
        ("say('Welcome!'); hear()", "the first line is a hello", "Welcome!"),
        (
            "HELLO['capabilities'].remove('effect'); say(HELLO); obey()",
            "required commands",
            "missing: effect",
        ),
        (
            "HELLO['capabilities'].remove('publish'); say(HELLO); obey()",
            "required commands",
            "missing: publish (or send)",
        ),
        (
            "say(HELLO)\nwhile True: say({'re': hear()['id']})",
            "a command that it does not know",
            "unsupported was False",
        ),
        (
            (
                "say(HELLO)\nwhile True:\n  n = hear()['id']\n"
                "  for _ in 'ab': say({'re': n, 'unsupported': n == 1})"
            ),
            "exactly one reply",
            "2 replies",
        ),
        (
            "say(HELLO)\nwhile True:\n  if hear()['do'] == 'no_such_command': pass",
            "the worker goes on",
            "no sign of its reply",
        ),
        (
            (
                "say(HELLO)\nwhile True:\n  c = hear()\n"
                "  say({'re': c['id'], 'unsupported': c['do'] == 'no_such_command'})\n"
                "  if c['do'] == 'exit': sys.exit(0)"
            ),
            "a call without an open client",
            "as if it had been made",
        ),
        (
            "import signal; say(HELLO)\ntry: obey()\nexcept SystemExit: time.sleep(60)",
            "the end of its input",
            "was still running",
        ),
        (
            (
                "HELLO['capabilities'].remove('exit'); HELLO['capabilities'].append('exit')\n"
                "say(HELLO)\ntry: obey()\nfinally: os._exit(4)"
            ),
            "the command `exit`",
            "status 4",
        ),
    ],
    ids=[
        "no-hello",
        "chatter-before-hello",
        "required-command-missing",
        "nothing-to-publish-with",
        "claims-to-have-obeyed-the-unknown",
        "answers-twice",
        "silent-on-the-unknown",
        "pretends-to-flush",
        "stays-after-end-of-input",
        "exits-with-an-error",
    ],
)
def test_defect_is_named(program, point, seen):
    findings = wrong(program)
    assert any(point in one.point and seen in one.seen for one in findings), findings
