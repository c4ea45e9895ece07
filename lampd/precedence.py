"""What each stage steps back to when the machine is busy: a stage's name comes in, its process gives way to the others.

systemd/lampd.service starts them all where the operator stays: to step back needs no privilege, to step forward does.
"""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

from lampd.settings import Settings

OOM_SCORE_ADJ = Path("/proc/self/oom_score_adj")


class Place(NamedTuple):
    """Who waits for the processor, and whom the kernel ends when memory runs out: the higher, the sooner."""

    nice: int
    oom_score_adj: int


PLACES = {
    "operator": Place(-10, -900),
    # sound that is not fetched in time is lost
    "recorder": Place(-5, -600),
    "anticipator": Place(0, -300),
    # the largest, and what it had not finished is given to its next life
    "transcriber": Place(0, 200),
    "trainer": Place(0, 500),
}


def place(name: str, settings: Settings) -> Place:
    """The place of the stage called `name`; the trainer's niceness is its owner's to set."""
    if name == "trainer":
        return PLACES[name]._replace(nice=settings.trainer.niceness)
    return PLACES[name]


def step_back(name: str, settings: Settings) -> None:
    """Move this process to its place, or leave it where it is if that is further back already."""
    to = place(name, settings)
    os.setpriority(os.PRIO_PROCESS, 0, max(to.nice, os.getpriority(os.PRIO_PROCESS, 0)))
    # no such file but on Linux
    with contextlib.suppress(OSError):
        OOM_SCORE_ADJ.write_text(str(max(to.oom_score_adj, int(OOM_SCORE_ADJ.read_text()))))
