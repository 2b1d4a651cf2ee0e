"""What is said on stderr."""

from rich.console import Console

from deliverycheck.search.record import ExitCode


def fail(error: object, code: ExitCode) -> ExitCode:
    """One clear message on stderr."""
    stderr().print(f"deliverycheck: {error}", style="red", highlight=False, markup=False)
    return code


def told(error: Exception) -> str:
    """The error in words; of the operating system's, the file and what is wrong with it."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return "\n".join((str(error), *getattr(error, "__notes__", ())))


def stderr() -> Console:
    """Where people are told things while results go to stdout; lines are not wrapped."""
    return Console(stderr=True, soft_wrap=True)
