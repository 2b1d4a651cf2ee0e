"""What we claim of Kafka, as data: each holding setting beside a sibling that must break."""

from deliverycheck.plans import Claim
from properties.kafka.claims.changing import CHANGING
from properties.kafka.claims.committing import COMMITTING
from properties.kafka.claims.content import CONTENT
from properties.kafka.claims.effect import EFFECT
from properties.kafka.claims.ends import ENDS
from properties.kafka.claims.groups import GROUPS
from properties.kafka.claims.log import LOG
from properties.kafka.claims.reading import READING
from properties.kafka.claims.remade import REMADE
from properties.kafka.claims.replay import REPLAY
from properties.kafka.claims.retention import RETENTION
from properties.kafka.claims.shares import SHARES
from properties.kafka.claims.sinks import SINKS
from properties.kafka.claims.timeouts import TIMEOUTS
from properties.kafka.claims.transactions import TRANSACTIONS
from properties.kafka.claims.twins import TWINS

CLAIMS: tuple[Claim, ...] = (
    *LOG,
    *TIMEOUTS,
    *CONTENT,
    *EFFECT,
    *COMMITTING,
    *ENDS,
    *GROUPS,
    *READING,
    *REMADE,
    *REPLAY,
    *RETENTION,
    *CHANGING,
    *TRANSACTIONS,
    *SINKS,
    *TWINS,
    *SHARES,
)

__all__ = ["CLAIMS"]
