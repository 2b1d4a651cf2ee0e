"""What a run would make in a broker that somebody else runs, and what it could not exercise."""

from collections.abc import Callable
from itertools import chain

from deliverycheck.brokers import Capability
from deliverycheck.cli.backends import Backend
from deliverycheck.cli.crews import without_clients
from deliverycheck.cli.makers import maker_of
from deliverycheck.cli.run_options import RunOptions
from deliverycheck.cli.systems import UsageError
from deliverycheck.cli.target import choice_of, reachable_with, wanted_of


def dry_run(options: RunOptions, say: Callable[[str], None]) -> None:
    """All of it is told; the broker was asked what it is, and nothing was made.

    Raises:
        UsageError: the run would not be against a broker of somebody else.
        BrokerError: nobody answers there, or nobody lets us in.
    """
    target = options.target
    choice = choice_of(target)
    if choice.backend is not Backend.EXTERNAL:
        msg = f"--dry-run is for a broker that somebody else runs; this is {choice}"
        raise UsageError(msg)
    maker, wanted = maker_of(target.system), wanted_of(target, choice)
    broker = maker.external(wanted.address or "", 0, wanted.credentials)
    say(f"{maker.title}: {choice}")
    for line in broker.would_create():
        say(line)
    claims = options.chosen_claims()
    left_out = without_clients(target.system, claims, target.bootstrap)
    gone = set(chain.from_iterable(left_out.values()))
    reachable = reachable_with(frozenset({Capability.LINKS}))
    reached = [one for one in claims if one.id not in gone]
    unreached = [one.id for one in reached if not reachable.intersection(one.hazards)]
    say(f"would run: {len(reached) - len(unreached)} claims, with faults on links and on clients")
    if unreached:
        say(f"not exercised, since the broker's process is not ours: {', '.join(unreached)}")
    for why, names in left_out.items():
        say(f"not exercised, since {why}: {', '.join(names)}")
