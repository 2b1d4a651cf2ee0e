"""Words that may leave this machine: what is recorded of trouble is read, and sent, elsewhere."""

import re
from pathlib import Path

_PATH = re.compile(r"(?<![\w./:~])(/[\w.@+-]+)(?:/[^\s/'\"<>():;,]+)+")


def portable(text: str) -> str:
    """The first line, with each path of this machine cut to its end: ``…/broker/b1.log``.

    The lines below it are those of a log, which says whatever a broker likes, and is kept itself.
    What only looks like a path, such as ``/api/policies/e1``, begins with no folder of ours.
    """
    return _PATH.sub(_end, text.partition("\n")[0].rstrip(": "))


def _end(found: re.Match[str]) -> str:
    """Its last two names, but none of the first two: they are often those of a user."""
    if not Path(found[1]).is_dir():
        return found[0]
    names = found[0].split("/")[1:]
    return "/".join(("…", *(names[2:][-2:] or names[-1:])))
