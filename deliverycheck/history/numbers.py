"""Numbers of lines and facts, with their bounds."""

from typing import Annotated

import msgspec

Natural = Annotated[int, msgspec.Meta(ge=0)]
"""A number from 0: a time, a position, a number of an operation."""
Several = Annotated[int, msgspec.Meta(ge=1)]
"""How many; none would be no line."""
