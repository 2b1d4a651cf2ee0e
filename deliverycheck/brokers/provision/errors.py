"""The one error of provisioning."""


class ProvisionError(RuntimeError):
    """A tool that a run needs cannot be had; the text names it and says what to do.

    Attributes:
        component: what is missing, in the words of `deliverycheck doctor`.
        problem: what was tried, and what was seen.
        fix: what the reader can do about it.
    """

    def __init__(self, component: str, problem: str, fix: str) -> None:
        super().__init__(f"{component}: {problem}\n  To fix it: {fix}")
        self.component = component
        self.problem = problem
        self.fix = fix


def first_lines(problem: str) -> str:
    """`problem` cut to what fits beside others in one message."""
    lines = [line.strip() for line in problem.splitlines() if line.strip()]
    return " / ".join(lines[:3])[:300]
