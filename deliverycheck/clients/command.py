"""What all commands to a worker share."""

import msgspec


class WorkerCommand(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", omit_defaults=True):
    """One line on a worker's stdin: `WorkerHandle.send` gives each one its ``id``."""
