"""Chains of executions, side by side: each is a call that ends when `stop` is set."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event


def run_chains(chains: Iterable[Callable[[], None]], *, at_once: int, stop: Event) -> None:
    """Every chain has ended. The first that raises sets `stop`, and what it raised is raised."""

    def run(chain: Callable[[], None]) -> None:
        if stop.is_set():
            return
        try:
            chain()
        except BaseException:
            stop.set()  # Here, not where it is raised again: the next chain begins at once.
            raise

    with ThreadPoolExecutor(at_once, thread_name_prefix="chain") as threads:
        try:
            for future in as_completed([threads.submit(run, chain) for chain in chains]):
                future.result()
        except BaseException:  # Ctrl-C where nobody caught it: leaving the block waits for all.
            stop.set()
            raise
