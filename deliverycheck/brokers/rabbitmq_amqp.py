"""The harness's own connections to RabbitMQ by AMQP 0-9-1, each call bounded."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pika
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import (
    AMQPConnectionError,
    AMQPError,
    ConnectionClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from deliverycheck.brokers.broker import BrokerError, Endpoint, Namespace

# 10 s: a connection takes 4 ms, 20 ms at load 13 on two cores.
_CONNECT_S_MAX = 10.0


@contextmanager
def connected(endpoint: Endpoint, namespace: Namespace, limit_s: float) -> Iterator[Any]:
    """A connection to the namespace for the with-block, which ends after `limit_s` at the latest.

    Raises:
        BrokerError: it could not be opened, or it ended, or the time was over.
    """
    try:
        connection = pika.BlockingConnection(_parameters(endpoint, namespace))
    except (AMQPError, AMQPConnectorException, OSError) as error:
        raise BrokerError(_refusal(endpoint, namespace, error)) from error
    timed_out = f"no answer within {limit_s:g} s"
    implementation = connection._impl  # noqa: SLF001  # Only its loop has a timer inside a call.
    # pika waits for an answer without a limit; this ends the stream as a missed heartbeat does.
    implementation.ioloop.call_later(
        limit_s,
        lambda: implementation._terminate_stream(AMQPConnectionError(timed_out)),  # noqa: SLF001
    )
    try:
        yield connection
    except AMQPConnectionError as error:
        message = f"the connection to {endpoint}, {namespace.name!r}, ended: {error!r}"
        raise BrokerError(message) from error
    finally:
        if connection.is_open:
            with suppress(AMQPError):
                connection.close()


def _parameters(endpoint: Endpoint, namespace: Namespace) -> pika.ConnectionParameters:
    return pika.ConnectionParameters(
        host=endpoint.host,
        port=endpoint.port,
        virtual_host=namespace.name,
        credentials=pika.PlainCredentials(namespace.user, namespace.password),
        heartbeat=0,  # Each has its own limit, and nobody serves it between calls.
        socket_timeout=_CONNECT_S_MAX,
        stack_timeout=_CONNECT_S_MAX,
    )


def _refusal(endpoint: Endpoint, namespace: Namespace, error: Exception) -> str:
    where, who = f"RabbitMQ at {endpoint}", f"user {namespace.user!r}"
    if isinstance(error, ProbableAuthenticationError):
        return f"{where} refused {who}: wrong user or password"
    if isinstance(error, (ProbableAccessDeniedError, ConnectionClosedByBroker)):
        return f"{where} refused {who} the virtual host {namespace.name!r}: {error!r}"
    return f"{where} takes no connection: {error!r}"
