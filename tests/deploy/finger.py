"""A finger on the simulated button, in the guest: prints, as JSON, how soon the simulated relay followed.

`finger.py start`: lampd is restarted, and the button pressed until the relay follows, in seconds from the service's
start. `finger.py PRESSES`: that many presses at odd moments, in milliseconds. Needs Python alone.
"""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

BUTTON, RELAY = Path("/run/button"), Path("/run/relay")
STARTED = ["systemctl", "show", "--value", "--property", "ExecMainStartTimestampMonotonic", "lampd"]


def press(down: bool) -> None:
    BUTTON.write_text("pull-down" if down else "pull-up")


def follows(was: str, patience_s: float, look_s: float = 0) -> float | None:
    """When the relay was seen to move, on the monotonic clock, by looks `look_s` apart."""
    end = time.monotonic() + patience_s
    while (now := time.monotonic()) < end:
        if RELAY.read_text() != was:
            return now
        time.sleep(look_s)
    return None


def start() -> float:
    subprocess.run(["systemctl", "stop", "lampd"], check=True)
    subprocess.run(["systemctl", "start", "--no-block", "lampd"], check=True)
    was = RELAY.read_text()
    moved = None
    while not moved:
        press(True)
        # what loads needs the processor
        moved = follows(was, 0.3, 0.05)
        press(False)
        time.sleep(0.1)
    began = int(subprocess.run(STARTED, check=True, capture_output=True, text=True).stdout) / 1e6
    return moved - began


def presses(count: int) -> list[float]:
    rng = random.Random(0)
    taken = []
    for _ in range(count):
        time.sleep(rng.uniform(0.3, 0.6))
        was, began = RELAY.read_text(), time.monotonic()
        press(True)
        moved = follows(was, 5)
        if not moved:
            sys.exit("the relay did not follow")
        taken.append(1000 * (moved - began))
        time.sleep(0.05)
        press(False)
    return taken


print(json.dumps(start() if sys.argv[1] == "start" else presses(int(sys.argv[1]))))
