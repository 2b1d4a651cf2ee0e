"""Settings of groups, which the broker keeps."""

import time
from collections import defaultdict
from collections.abc import Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import KafkaError

from deliverycheck.brokers.broker import BrokerError
from deliverycheck.brokers.kafka_admin import CLIENT_SETTINGS

_ALTER_S_MAX = 10.0
_POLL_S = 0.01


class GroupSettings:
    """Sets what groups are told; any thread may call."""

    def __init__(self, bootstrap: str, settings: Mapping[str, str] | None = None) -> None:
        """Nothing is asked yet; `settings` are those a secured cluster needs."""
        self._settings = {**CLIENT_SETTINGS, **(settings or {}), "bootstrap.servers": bootstrap}
        self._client: AdminClient | None = None
        self._set: dict[str, set[str]] = defaultdict(set)

    def set(self, group: str, settings: Mapping[str, str | int | float | bool]) -> None:
        """The broker says that the group has these settings.

        The answer to the change is the controller's. A busy broker heard of it so much later that
        a group had begun at the end of its topic by then, and not at the start as it was told.

        Raises:
            BrokerError: it did not take them in time.
        """
        client = self._connected()
        self._set[group] |= settings.keys()
        wanted = {name: _text(value) for name, value in settings.items()}
        deadline_s, has = time.monotonic() + _ALTER_S_MAX, dict[str, str]()
        try:
            _alter(client, group, wanted)
            while not wanted.items() <= (has := _described(client, group)).items():
                if time.monotonic() > deadline_s:
                    message = f"group {group}: asked for {wanted}, the broker still says {has}"
                    raise BrokerError(message)
                time.sleep(_POLL_S)
        except (KafkaException, TimeoutError) as error:
            message = f"settings {wanted} of group {group}: {error}"
            raise BrokerError(message) from error

    def delete(self, prefix: str) -> None:
        """No group whose name begins so is left, nor a setting that one was given.

        Raises:
            BrokerError: one could not be deleted.
        """
        client = self._connected()
        try:
            for group, names in self._set.items():
                _alter(client, group, dict.fromkeys(names), AlterConfigOpType.DELETE)
            listed = client.list_consumer_groups(request_timeout=_ALTER_S_MAX).result()
            left = [each.group_id for each in listed.valid if each.group_id.startswith(prefix)]
            if left:
                _delete(client, left)
        except (KafkaException, TimeoutError) as error:
            message = f"groups {prefix}… could not be deleted: {error}"
            raise BrokerError(message) from error

    def _connected(self) -> AdminClient:
        if self._client is None:
            self._client = AdminClient(self._settings)
        return self._client


def _delete(client: AdminClient, groups: list[str]) -> None:
    """Gone already is fine: a group without members and offsets goes by itself."""
    for answer in client.delete_consumer_groups(groups, request_timeout=_ALTER_S_MAX).values():
        try:
            answer.result(_ALTER_S_MAX)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.GROUP_ID_NOT_FOUND:
                raise


def _text(value: str | float | bool) -> str:  # noqa: FBT001  # A value of a setting.
    return str(value).lower() if isinstance(value, bool) else str(value)


def _alter(
    client: AdminClient,
    group: str,
    wanted: Mapping[str, str | None],
    how: AlterConfigOpType = AlterConfigOpType.SET,
) -> None:
    resource = ConfigResource(ResourceType.GROUP, group)
    for name, value in wanted.items():
        entry = ConfigEntry(name, value, incremental_operation=how)
        resource.add_incremental_config(entry)
    for answer in client.incremental_alter_configs([resource]).values():
        answer.result(_ALTER_S_MAX)


def _described(client: AdminClient, group: str) -> dict[str, str]:
    asked = client.describe_configs([ConfigResource(ResourceType.GROUP, group)])
    (answer,) = asked.values()
    return {name: str(entry.value) for name, entry in answer.result(_ALTER_S_MAX).items()}
