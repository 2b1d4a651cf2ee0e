"""A campaign on scripted executions, and two claims that are each other's siblings."""

from threading import Event

from deliverycheck.guarantees import GUARANTEES, HAZARDS
from deliverycheck.history import CampaignFolder
from deliverycheck.plans import Claim, Kill, Publish, Stance, Subject
from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.search import (
    Campaign,
    Corpus,
    Judge,
    Ledger,
    Profile,
    entry_of,
    exit_code,
)
from selftests.scripted_target import Does, ScriptedTarget

MODEL = KafkaModel()
GOOD, BAD = Subject(producer={"acks": "all"}), Subject(producer={"acks": 0})


def claim(  # noqa: PLR0913, PLR0917  # a claim has many parts
    name,
    stance,
    subject,
    guarantee="exactly_once_in_log",
    hazards=("none",),
    pair="none",
    unless=(),
):
    return Claim(
        id=name,
        system="kafka",
        setting=name,
        subject=subject,
        guarantee=guarantee,
        stance=stance,
        hazards=hazards,
        promise="it says so",
        source="a book",
        pair=pair,
        unless=unless,
    )


HOLDS = claim("good", Stance.HOLDS, GOOD, hazards=("none", "producer_killed"), pair="bad")
BREAKS = claim("bad", Stance.BREAKS, BAD, pair="good")

POOL = [
    (Publish(count=size), *((Kill(lane="p1"), Publish()) if killed else ()))
    for size in range(1, 13)
    for killed in (False, True)
]


def quick(**changes):
    size = {
        "name": "test",
        "needed": 3,
        "generated_max": 8,
        "seconds": 60,
        "at_once": 4,
        "shrink_executions": 30,
        "shrink_s": 10,
        "pool": len(POOL),
    }
    return Profile(**{**size, **changes})


class Bench:
    """A campaign on a scripted target, and what came of it."""

    def __init__(  # noqa: PLR0913  # all but the first three by name
        self,
        folder,
        claims,
        behave,
        *,
        pool=POOL,
        reachable=frozenset(HAZARDS),
        tell=lambda _: None,
        tell_of=lambda _claim, _violation: None,
        **profile,
    ):
        self.target = ScriptedTarget(behave)
        self.folder = CampaignFolder(root=folder / "out").create()
        self.corpus = Corpus(folder / "corpus")
        self.said = []
        self.stop = Event()
        self.claims = tuple(claims)
        self.judge = Judge(
            execute=self.target.execute,
            renew=self.target.renew,
            guarantees=tuple(GUARANTEES),
            folder=self.folder.executions,
            tell=tell,
        )
        chosen = quick(**profile)
        self.campaign = Campaign(
            claims=self.claims,
            profile=chosen,
            model=MODEL,
            pool=pool,
            judge=self.judge,
            ledger=Ledger(self.claims, needed=chosen.needed, reachable=reachable),
            corpus=self.corpus,
            folder=self.folder,
            say=self.said.append,
            stop=self.stop,
            tell_of=tell_of,
        )

    def run(self):
        self.campaign.run()
        return self

    def result(self, name):
        return {one.claim.id: one for one in self.campaign.ledger.results()}[name]

    @property
    def code(self):
        return exit_code(
            self.campaign.ledger.results(),
            executions=self.judge.executions,
            inconclusive=self.judge.inconclusive,
            broker_died=bool(self.judge.deaths),
        )

    def keep(self, name, subject, *steps):
        plan = MODEL.normalise(subject, steps)
        entry = entry_of(
            plan, claim=name, convictions=9, executions=10, versions="1", found_after=4
        )
        self.corpus.keep(plan, entry)
        return plan


def keeps(_plan, _time):
    return Does.KEEPS


def bad_repeats(plan, _time):
    return Does.REPEATS if plan.subject == BAD else Does.KEEPS
