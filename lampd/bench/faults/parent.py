"""Kill the parent of a lampd, and start it again as systemd does: the lamp's state, first of all, and the rest come
back."""

import os
import random
import signal
import tempfile
import time
from contextlib import closing
from pathlib import Path

from lampd.bench.faults import Say
from lampd.bench.faults.running import Running, stages_are_ready, switch_works
from lampd.journal import Journal, boot_id

LIVES_S = 2.0
RESTART_S = 0.5
"""RestartSec of lampd.service."""
ORPHANS_S = 30.0
"""A stage looks for its parent twice a second, once it has loaded."""


def run(times: int, seed: int, say: Say, counts: dict[str, float], broken: list[str]) -> None:
    """Every other time its children are left to find out by themselves."""
    rng = random.Random(f"{seed} parent")
    switch, whole, orphaned = [0.0], [0.0], [0.0]
    with tempfile.TemporaryDirectory(prefix="lampd-") as folder:
        lamp = Running(Path(folder))
        lamp.start()
        try:
            for number in range(times):
                lamp.until(stages_are_ready)
                time.sleep(rng.uniform(0, LIVES_S))
                lamp.kill(parent_alone=bool(number % 2))
                orphaned.append(_alone(lamp, broken) if number % 2 else 0.0)
                with closing(Journal(lamp.state / "journal.db", boot_id())) as journal:
                    lit, known = journal.lit(), journal.seq
                time.sleep(RESTART_S)
                lamp.start()
                switch.append(lamp.until(switch_works))
                whole.append(switch[-1] + lamp.until(stages_are_ready))
                if lamp.ready()[0] != "operator":
                    broken.append(f"the switch came back after the {lamp.ready()[0]}")
                with closing(Journal(lamp.state / "journal.db", boot_id())) as journal:
                    first = journal.db.execute("SELECT lit FROM lamp WHERE seq > ? ORDER BY seq LIMIT 1", (known,))
                    if (found := first.fetchone()) is None or bool(found[0]) != lit:
                        broken.append(f"the lamp was {'lit' if lit else 'dark'} and came back otherwise")
        finally:
            lamp.kill()
    counts["parents killed"] = times
    counts["s until the switch was back, at most"] = max(switch)
    counts["s until all stages were, at most"] = max(whole)
    say(f"{times} parents killed; children outlived them by {max(orphaned):.1f} s at most")


def _alone(lamp: Running, broken: list[str]) -> float:
    """For how many seconds children outlive their parent."""
    began = time.monotonic()
    while lamp.left():
        if time.monotonic() > began + ORPHANS_S:
            broken.append(f"children outlived their parent by {ORPHANS_S:.0f} s")
            for pid in lamp.left():
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    return time.monotonic() - began
