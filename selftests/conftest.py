"""The suite's own tests draw the same examples each time: whoever runs them asks about the code.

With `DELIVERYCHECK_EXAMPLES` they draw others each time, to find what nobody thought of.
"""

import os

from hypothesis import settings

exploring = "DELIVERYCHECK_EXAMPLES" in os.environ
settings.register_profile("selftests", derandomize=not exploring, database=None, deadline=None)
settings.load_profile("selftests")
