"""What a person sees while a campaign runs: a live line on a terminal, else a line every 30 s."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from deliverycheck.cli.events import EventStream
from deliverycheck.plans.campaign import ClaimState, Target
from deliverycheck.search import Campaign

LINE_EVERY_S = 30.0
REFRESH_EVERY_S = 0.25


class Progress:
    """Speaks on stderr, so that stdout stays free for results.

    Attributes:
        events: the same for programs.
    """

    def __init__(self, console: Console, events: EventStream | None = None) -> None:
        self._console = console
        self.events = events or EventStream(None)
        self.events.complain = self._show

    def say(self, text: str) -> None:
        """One line."""
        self._show(text)
        self.events.said(text)

    def _show(self, text: str) -> None:
        self._console.print(text, style="dim", highlight=False, markup=False)

    def head(self, target: Target) -> None:
        """What is run against, before the first execution."""
        parts = (f"{target.broker} ({target.backend})", target.client, target.proxy, target.runtime)
        self._console.print(
            " · ".join(part for part in parts if part), highlight=False, markup=False
        )

    @contextmanager
    def following(self, campaign: Campaign) -> Iterator[None]:
        """Show how far the campaign is within the block."""
        ended = Event()
        show = self._live if self._console.is_terminal else self._lines
        thread = Thread(target=show, args=(campaign, ended), name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _lines(self, campaign: Campaign, ended: Event) -> None:
        began_s = time.monotonic()
        while not ended.wait(LINE_EVERY_S):
            self._show(f"{time.monotonic() - began_s:4.0f} s  {_state(campaign)}")

    def _live(self, campaign: Campaign, ended: Event) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Bar(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task("", total=len(campaign.claims))
            while not ended.wait(REFRESH_EVERY_S):
                settled = sum(
                    result.state is not ClaimState.NOT_EXERCISED
                    for result in campaign.ledger.results()
                )
                bar.update(task, completed=settled, description=_state(campaign))


def _state(campaign: Campaign) -> str:
    results = campaign.ledger.results()
    settled = sum(result.as_stance_says for result in results)
    return f"{campaign.judge.executions} executions, {settled} of {len(results)} claims settled"
