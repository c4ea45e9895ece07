"""Recorded sessions go through the stages again, as fast as the processor allows and the same way every time."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from lampd import assembly
from lampd.household import Household
from lampd.hub import Hub
from lampd.inline import Inline, Observer, Receipts
from lampd.journal import Journal
from lampd.memory import memory
from lampd.messages import AnyMessage, Resume
from lampd.processes import Processes, Remote
from lampd.routes import STAGES, Stage
from lampd.session import Audio, Session
from lampd.settings import Settings
from lampd.timeline import timeline
from lampd.voice.identity import identity


@contextmanager
def state(settings: Settings, folder: Path | None) -> Iterator[tuple[Settings, Journal]]:
    """The settings and the journal of a learning state in `folder`, or of one that is gone afterwards."""
    # in memory, where there is such a place: replays are not to wear a card
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="lampd-", dir=memory) as temporary:
        settings = msgspec.structs.replace(settings, state_dir=str(folder or temporary))
        journal = Journal(
            folder / "journal.db" if folder else ":memory:", boot="", voice=identity(settings.transcriber.voice)
        )
        journal.boot = f"replay {journal.seq}"
        try:
            yield settings, journal
        finally:
            journal.close()


def stages_here(settings: Settings, journal: Journal, session: Session, text: bool = False) -> dict[str, Stage]:
    """The stages that `session` needs, in this process, knowing what `journal` holds."""
    hears = any(isinstance(event, Audio) for event in session.events) and not text
    deaf = () if hears else ("recorder", "transcriber")
    stages: dict[str, Stage] = {name: Silent() if name in deaf else assembly.build(name, settings) for name in STAGES}
    for name, stage in stages.items():
        for message in memory(journal, name):
            stage.handle(message)
    return stages


class Silent:
    """Stands for a stage that a session of transcripts has no use for, and saves loading it."""

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        return []


def play(
    session: Session,
    stages: Mapping[str, Stage],
    journal: Journal,
    household: Household | None = None,
    text: bool = False,
    observers: tuple[Observer, ...] = (),
    receipts: Receipts | None = None,
) -> None:
    """Play `session` through `stages`, with `journal` as their memory, each message after the one before."""
    watching = (*observers, *([household.observe] if household else []))
    inline = Inline(stages, [journal.write, *watching], receipts)
    utterance = journal.utterance()
    inline.feed(Resume(0.0, utterance, journal.lit()))
    for message in timeline(session, household, utterance, text):
        inline.feed(message)


@contextmanager
def in_processes(settings: Settings, journal: Journal) -> Iterator[dict[str, Remote]]:
    """The five stages in five real processes, to be played in lockstep: each message waits for the one before."""

    def resume() -> Resume:
        return Resume(journal.now, journal.utterance(), journal.lit())

    processes = Processes(settings, partial(memory, journal), resume)
    processes.start()
    try:
        processes.wait_ready()
        yield {name: Remote(processes, name, lambda: journal.seq) for name in STAGES}
    finally:
        processes.stop()


class SessionClock:
    """Lamp time of a session that is played `speed` times as fast as it was: 0 until begin() is called."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._began: float | None = None

    def begin(self) -> None:
        self._began = time.monotonic()

    def __call__(self) -> float:
        return 0.0 if self._began is None else (time.monotonic() - self._began) * self._speed


def play_live(
    session: Session,
    settings: Settings,
    journal: Journal,
    household: Household | None = None,
    text: bool = False,
    observers: tuple[Observer, ...] = (),
    receipts: Receipts | None = None,
    speed: float = 1.0,
) -> None:
    """Play `session` through five processes that run free, in real time or `speed` times as fast."""
    watching = (*observers, *([household.observe] if household else []))
    clock = SessionClock(speed)
    hub = Hub(settings, journal, clock, False, watching, receipts, speed)
    utterance = journal.utterance()
    hub.start()
    try:
        for message in hub.processes.wait_ready():
            hub.post(message)
        clock.begin()
        for message in timeline(session, household, utterance, text):
            while clock() < message.at:
                hub.turn(message.at, ticking=False)
            hub.post(message)
        hub.settle()
    finally:
        hub.processes.stop()
