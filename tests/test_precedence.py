"""Where the five real processes stand when the machine is busy."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lampd.hub import Hub
from lampd.journal import Journal
from lampd.precedence import PLACES, Place, place
from lampd.routes import STAGES
from lampd.settings import Settings


def standing(pid: int | str) -> Place:
    return Place(os.getpriority(os.PRIO_PROCESS, int(pid)), int(Path(f"/proc/{pid}/oom_score_adj").read_text()))


@contextlib.contextmanager
def daemon_at(start: Place) -> Iterator[None]:
    """This process as the unit would start it, as far as its privileges go."""
    before = standing(os.getpid())
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, start.nice)
    with contextlib.suppress(PermissionError):
        Path("/proc/self/oom_score_adj").write_text(str(start.oom_score_adj))
    try:
        yield
    finally:
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, before.nice)
        Path("/proc/self/oom_score_adj").write_text(str(before.oom_score_adj))


@pytest.mark.parametrize("start", [PLACES["operator"], Place(0, 100)], ids=["by systemd", "further back than some"])
def test_each_stage_stands_in_its_place_and_none_steps_forward(settings: Settings, start: Place) -> None:
    settings = msgspec.structs.replace(settings, trainer=msgspec.structs.replace(settings.trainer, niceness=15))
    with daemon_at(start):
        here = standing(os.getpid())
        hub = Hub(settings, Journal(":memory:", boot="test"), time.monotonic, live=False)
        try:
            hub.start()
            hub.processes.wait_ready()
            stood = {
                name: standing(child.life.process.pid or 0)
                for name, child in hub.processes.children.items()
                if child.life
            }
        finally:
            hub.processes.stop()
    wanted = {name: Place(*map(max, place(name, settings), here)) for name in STAGES}
    assert stood == wanted
    assert stood["trainer"].nice == 15


def test_the_operator_is_the_last_to_be_left_waiting_or_ended() -> None:
    assert set(PLACES) == set(STAGES)
    others = [place for name, place in PLACES.items() if name != "operator"]
    assert all(PLACES["operator"].nice < other.nice for other in others)
    assert all(PLACES["operator"].oom_score_adj < other.oom_score_adj for other in others)
    assert max(others, key=lambda place: place.oom_score_adj) == PLACES["trainer"]
