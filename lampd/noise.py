"""Recordings of a household's noise come in; what the lamp hears in them leaves, and how often it would have acted on
that, the second half apart, of which nothing was known yet but what the first half taught."""

from collections.abc import Sequence
from pathlib import Path

from lampd import assembly
from lampd.inline import Inline
from lampd.messages import AnyMessage, Example, Resume, Transcript
from lampd.night import Heard
from lampd.replay import Silent
from lampd.routes import STAGES, Stage
from lampd.session import AnyEvent, Audio, Session, SessionError, length
from lampd.settings import Settings
from lampd.timeline import timeline
from lampd.why import Thinker

EARS = ("recorder", "transcriber")
GAP_S = 1.0
"""Between two recordings, so that the words of one are not taken for the next one's."""


def heard(files: Sequence[Path], settings: Settings) -> tuple[list[Transcript], float]:
    """What recorder and transcriber hear in sound files, one after another, and how long these are (s). Raises
    SessionError."""
    evening = Session("", ())
    for file in files:
        if not file.is_file():
            raise SessionError(f"{file}: there is no such file")
        begin = length(evening) + GAP_S if evening.events else 0.0
        events: tuple[AnyEvent, ...] = (*evening.events, Audio(begin, str(file.absolute())))
        evening = Session("", events)
    transcripts: list[Transcript] = []

    def observe(message: AnyMessage) -> None:
        if isinstance(message, Transcript):
            transcripts.append(message)

    stages: dict[str, Stage] = {one: assembly.build(one, settings) if one in EARS else Silent() for one in STAGES}
    inline = Inline(stages, [observe])
    inline.feed(Resume(0.0, 0, False))
    for message in timeline(evening):
        inline.feed(message)
    return transcripts, length(evening)


def judged(said: Sequence[Transcript], seconds: float, mind: Thinker) -> tuple[Heard, Heard]:
    """How often `mind` would have acted on what was `said` in so many `seconds`, to a lamp that is lit or one that is
    dark; it learns that all of it meant nothing, each after it was asked."""
    halves = Heard(seconds / 7200), Heard(seconds / 7200)
    for number, one in enumerate(said, 10**9):
        half = halves[one.end >= seconds / 2]
        thoughts = [mind.think(one.said, lit) for lit in (False, True)]
        half.utterances += 1
        half.would_act += any(thought.likely >= thought.verdict.act_above for thought in thoughts)
        meant = Example(one.at, number, one.text, False, ("nothing",), "told", True, one.ngrams, one.sound, one.voice)
        mind.learn(meant)
    return halves
