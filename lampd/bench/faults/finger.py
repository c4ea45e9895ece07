"""A lampd with a finger on its button: it presses at moments drawn beforehand, in the operator's own process; how long
after each the relay's pin moved leaves in a file.
"""

import os
import random
import sys
import threading
import time
from multiprocessing.queues import Queue
from pathlib import Path

from lampd import child

FILE, PAUSED = "LAMPD_PRESSES", "LAMPD_PAUSED"
"""Name the file that takes a line for each press: when, in seconds of the monotonic clock, after how many milliseconds
the relay moved, and how many of these the machine took to wake the finger; and one that is there while nobody is to
press."""
LEAST_S, MOST_S = 0.05, 0.25


def _press(one: child.Child, seed: int) -> None:
    rng = random.Random(seed)
    with Path(os.environ[FILE]).open("a", buffering=1) as presses:
        while one.panel:
            meant = time.monotonic() + rng.uniform(LEAST_S, MOST_S)
            time.sleep(max(0.0, meant - time.monotonic()))
            woke = time.monotonic()
            if not Path(os.environ[PAUSED]).exists():
                one.panel.press()
                presses.write(f"{meant} {1000 * (time.monotonic() - meant)} {1000 * (woke - meant)}\n")


class Pressed(child.Child):
    """A stage that is pressed as soon as it is ready, where it has a button."""

    def _say(self, handled: child.Handled) -> None:
        super()._say(handled)
        if handled.ready and self.panel:
            threading.Thread(target=_press, args=(self, os.getpid()), daemon=True).start()


def main(inbox: "Queue[bytes]", outbox: "Queue[bytes]") -> None:
    """In place of child.main: the same, and the finger where it is the operator."""
    child.Child = Pressed  # type: ignore[misc]
    original(inbox, outbox)


original = child.main

if __name__ == "__main__":
    from lampd import daemon
    from lampd.bench.faults import finger

    child.main = finger.main
    sys.exit(daemon.main())
