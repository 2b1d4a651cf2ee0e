"""Worker programs in a few lines each, most of them with a defect; none needs a broker."""

import sys

# Each line of a fake is Python; `say` prints a line, `hear` reads one.
_PREAMBLE = """
import json, os, signal, sys, time
def say(line): os.write(1, (line if isinstance(line, str) else json.dumps(line)).encode() + b"\\n")
def hear():
    line = sys.stdin.readline()
    if not line: sys.exit(0)
    return json.loads(line)
HELLO = {"event": "hello", "protocol": 1, "language": "python", "library": "fake",
    "version": "0", "capabilities": ["publish", "flush", "receive", "effect", "idle", "close",
    "reset", "exit"]}
def obey():
    while True:
        command = hear()
        if command["do"] not in HELLO["capabilities"]:
            say({"re": command["id"], "unsupported": True})
        elif command["do"] == "flush":
            say({"re": command["id"], "error": "NotOpen"})
        else:
            say({"re": command["id"]})
        if command["do"] == "exit": sys.exit(0)
"""
GOOD = "say(HELLO); obey()"


def fake(program):
    """The argv of a worker that runs `program`."""
    return (sys.executable, "-I", "-S", "-c", _PREAMBLE + program)
