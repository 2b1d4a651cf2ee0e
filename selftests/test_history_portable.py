"""What is recorded of trouble names no place of the machine that it happened on."""

import pytest

from deliverycheck.history import portable


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "b1 died by itself; the end of /tmp/anna/out/broker/b1.log:\n    at /usr/lib/x.so",
            "b1 died by itself; the end of …/broker/b1.log",
        ),
        (
            "File: [Errno 2] No such file: '/usr/anna/java'",
            "File: [Errno 2] No such file: '…/java'",
        ),
        ("/usr/out: no space left", "…/out: no space left"),
        (
            "refused PUT /api/policies/e3/of-q1 with 400",
            "refused PUT /api/policies/e3/of-q1 with 400",
        ),
        ("amqp://host/tmp/x and t1/0, 3/4", "amqp://host/tmp/x and t1/0, 3/4"),
    ],
    ids=[
        "log-of-a-broker-and-what-it-said",
        "path-in-quotes",
        "short-path",
        "path-of-an-api",
        "no-path-at-all",
    ],
)
def test_of_a_path_of_this_machine_only_the_end_is_told(text, told):
    assert portable(text) == told
