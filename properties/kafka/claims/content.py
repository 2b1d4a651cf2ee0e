"""What we claim of what a message looks like: it is read as it was written."""

from deliverycheck.plans import Claim, CommitPolicy, Consumer, Pace, Setting, Stance, Subject
from properties.kafka.claims.settings import NETWORK

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")

BATCHES: dict[str, Setting] = {"acks": "all", "linger.ms": 20}
"""What is published in one call shares a batch: a batch is what a codec compresses."""

CONTENT: tuple[Claim, ...] = tuple(
    Claim(
        id=f"kafka-genuine-{codec}",
        system="kafka",
        setting=f"batches, compression.type={codec}",
        subject=Subject(
            producer={**BATCHES, "compression.type": codec},
            consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT),
        ),
        guarantee="genuine_deliveries",
        stance=Stance.HOLDS,
        hazards=("none", *NETWORK),
        promise="key, value, headers and timestamp are read as they were written",
        source="Kafka 4.3, implementation, message format",
        pace=Pace.MEDIUM if codec == "zstd" else Pace.LONG,
    )
    for codec in CODECS
)
