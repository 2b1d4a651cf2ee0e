"""A pytest plugin: properties draw the same examples each time, and nothing is shrunk.

Mutants are judged with it: a mutant dies by the same test each time, or lives each time.
"""

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "derandomized",
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("derandomized")
