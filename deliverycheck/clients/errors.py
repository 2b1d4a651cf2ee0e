"""What can go wrong with a worker; each one is trouble of the infrastructure, never a finding."""


class WorkerError(Exception):
    """A worker is of no more use; the message names the process, what was seen, and its log."""


class WorkerDiedError(WorkerError):
    """The process ended, or closed its output, without being asked to."""


class WorkerRubbishError(WorkerError):
    """It printed a line that is no event, too long a line, or far too many of them."""


class WorkerSilentError(WorkerError):
    """It did not say what it had to in time."""


class WorkerDeafError(WorkerError):
    """It does not read its commands: more of them wait than the harness will keep."""


class SettingError(Exception):
    """The library does not take a client setting; the message names it and the nearest ones."""
