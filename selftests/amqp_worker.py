"""The RabbitMQ worker told and heard line by line, before a peer that plays the broker."""

import time

import pytest

from deliverycheck.clients import Reply, ReturnedEvent, commands


def ask(handle, command, seconds=10):
    """Everything up to the command's reply."""
    return hear(handle, handle.send(command), seconds)


def hear(handle, identity, seconds=10):
    heard = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        heard += handle.receive()
        if any(isinstance(line, Reply) and line.re == identity for line in heard):
            return heard
        time.sleep(0.001)
    pytest.fail(f"no reply to {identity} within {seconds} s; heard {heard}")


def hear_until(handle, wanted, seconds=10):
    heard = []
    end = time.monotonic() + seconds
    while not any(wanted(line) for line in heard):
        assert time.monotonic() < end, f"heard only {heard}"
        heard += handle.receive()
        time.sleep(0.001)
    return heard


def opened(handle, peer, **settings):
    wanted = {"host": "127.0.0.1", "port": peer.port, **settings}
    heard = ask(handle, commands.OpenProducer(settings=wanted))
    assert heard[-1].error is None, heard


def reading(handle, peer, *queues, **settings):
    wanted = {"host": "127.0.0.1", "port": peer.port, **settings}
    heard = ask(handle, commands.OpenConsumer(settings=wanted, topics=queues or ("q",)))
    assert heard[-1].error is None, heard


def send(*letters):
    return commands.Send(execution="e", messages=letters)


def letter(op, **fields):
    return commands.Letter(op=op, message=f"p1#1-{op}", **{"key": "q", **fields})


def of_op(heard, op):
    return [line for line in heard if getattr(line, "op", None) == op]


def over(op):
    return lambda line: getattr(line, "op", None) == op and not isinstance(line, ReturnedEvent)


def body_of(message="m"):
    return f'{{"execution":"e","message":"{message}","target":"q"}}'.encode()
