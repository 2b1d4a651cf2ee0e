"""Settings of groups, which the broker keeps."""

from collections.abc import Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType

from deliverycheck.brokers.broker import BrokerError
from deliverycheck.brokers.kafka_admin import CLIENT_SETTINGS

_ALTER_S_MAX = 10.0


class GroupSettings:
    """Sets what groups are told; any thread may call."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._client: AdminClient | None = None

    def set(self, group: str, settings: Mapping[str, str | int | float | bool]) -> None:
        """The broker knows the group's settings.

        Raises:
            BrokerError: it did not take them in time.
        """
        if self._client is None:
            self._client = AdminClient({**CLIENT_SETTINGS, "bootstrap.servers": self._bootstrap})
        resource = ConfigResource(ResourceType.GROUP, group)
        for name, value in settings.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            entry = ConfigEntry(name, text, incremental_operation=AlterConfigOpType.SET)
            resource.add_incremental_config(entry)
        asked = self._client.incremental_alter_configs([resource], request_timeout=_ALTER_S_MAX)
        try:
            for answer in asked.values():
                answer.result(_ALTER_S_MAX + 1)
        except (KafkaException, TimeoutError) as error:
            message = f"settings {dict(settings)} of group {group}: {error}"
            raise BrokerError(message) from error
