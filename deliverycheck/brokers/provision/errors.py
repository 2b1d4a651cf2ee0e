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


def in_one_line(problem: str) -> str:
    """The first and the last line of `problem`: what was asked, and what was said in the end."""
    lines = [line.strip() for line in problem.splitlines() if line.strip()]
    return " … ".join(dict.fromkeys(lines[:1] + lines[-1:]))[:300]
