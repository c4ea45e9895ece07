"""Recorded sessions go through the stages again, as fast as the processor allows and the same way every time."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from lampd import assembly
from lampd.household import Household
from lampd.inline import Inline, Observer, Receipts
from lampd.journal import Journal
from lampd.messages import AnyMessage, Resume
from lampd.processes import Processes, Remote
from lampd.routes import STAGES, Stage
from lampd.score import Score
from lampd.session import Audio, Session
from lampd.settings import Settings
from lampd.timeline import timeline


@contextmanager
def state(settings: Settings, folder: Path | None) -> Iterator[tuple[Settings, Journal]]:
    """The settings and the journal of a learning state in `folder`, or of one that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="lampd-") as temporary:
        settings = msgspec.structs.replace(settings, state_dir=str(folder or temporary))
        journal = Journal(folder / "journal.db" if folder else ":memory:", boot="")
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
        for message in journal.memory(name):
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
) -> Score:
    """Replay `session` through `stages`, with `journal` as their memory, and score it."""
    score = Score(session.wishes())
    watching: list[Observer] = [journal.write, score.observe, *observers]
    if household:
        watching.append(household.observe)
    inline = Inline(stages, watching, receipts)
    utterance = journal.utterance()
    inline.feed(Resume(0.0, utterance, journal.lit()))
    for message in timeline(session, household, utterance, text):
        inline.feed(message)
    return score


@contextmanager
def in_processes(settings: Settings, journal: Journal) -> Iterator[dict[str, Remote]]:
    """The five stages in five real processes, to be played in lockstep: each message waits for the one before."""

    def resume() -> Resume:
        return Resume(0.0, journal.utterance(), journal.lit())

    processes = Processes(settings, journal.memory, resume)
    processes.start()
    try:
        processes.wait_ready()
        yield {name: Remote(processes, name, lambda: journal.seq) for name in STAGES}
    finally:
        processes.stop()
