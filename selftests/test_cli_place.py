"""The place of executions, on a real broker: what does not come up whole is ended again."""

from pathlib import Path

import pytest

from deliverycheck.brokers import BrokerError, Guardian, KafkaProcess
from deliverycheck.brokers.provision import toolchain
from deliverycheck.cli.place import Place
from faults import Toxiproxy, ToxiproxyStartError


def test_broker_whose_proxy_does_not_start_is_stopped(tmp_path):
    tools, brokers = toolchain(), []

    def broker():
        brokers.append(KafkaProcess(tools.kafka, folder=tmp_path, guardian=guardian, slots=1))
        return brokers[-1]

    def proxy(broker, folder, guardian):
        none = Path("/bin/false")
        return Toxiproxy(none, slots=broker.slots(), folder=folder, guardian=guardian)

    with Guardian.start() as guardian:
        place = Place(
            new_broker=broker,
            new_proxy=proxy,
            guardian=guardian,
            crews=None,  # Not needed before there is a broker to send them to.
            folder=tmp_path,
            say=print,
        )
        for _ in range(2):
            with pytest.raises(ToxiproxyStartError, match="/bin/false"):
                _ = place.live
        assert len(brokers) == 2
        for each in brokers:
            with pytest.raises(BrokerError, match="it is not running"):
                each.kill("b1")
