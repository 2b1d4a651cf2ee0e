"""What goes wrong before anything can be shown."""


class ReportError(Exception):
    """A campaign cannot be shown; the message names the file and what was expected."""
