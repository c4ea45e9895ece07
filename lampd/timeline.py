"""A session becomes messages in order of lamp time: blocks of sound, transcripts, presses, and ticks in between.

Recorded flips become presses (an open replay), or a household's do (a closed loop), asked anew at every step for what
it does next.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lampd.household import Household
from lampd.messages import AnyMessage, Block, Press, Tick, Transcript
from lampd.session import Audio, Flip, Session, SessionError, Text, length

RATE = 16_000
STEP_S = 0.1
TICK_S = 1.0
AFTER_S = 25.0
"""Replays go on for this long after the session is over, so that every label is known."""


class Sound:
    """The session's audio, mixed as it is asked for. Clips are read when their time comes, and dropped after it."""

    def __init__(self, session: Session) -> None:
        self._folder = session.folder
        self._ahead = [(round(e.t * RATE), e.file) for e in session.events if isinstance(e, Audio)][::-1]
        self._playing: list[tuple[int, NDArray[np.int16]]] = []
        self._cache: dict[str, NDArray[np.int16]] = {}

    def take(self, start: int, count: int) -> bytes:
        """PCM of `count` samples from sample `start` on. Raises SessionError for a file that is no sound."""
        from lampd.devices.sound import SoundError, read

        while self._ahead and self._ahead[-1][0] < start + count:
            begins, file = self._ahead.pop()
            try:
                # a file that is played again and again, as room noise is, is read once
                samples = self._cache.pop(file) if file in self._cache else read(self._folder / file)
            except SoundError as error:
                raise SessionError(str(error)) from None
            if any(file == later for _, later in self._ahead):
                self._cache[file] = samples
            self._playing.append((begins, samples))
        mixed = np.zeros(count, np.int32)
        for begins, samples in self._playing:
            first, last = max(start, begins), min(start + count, begins + len(samples))
            if first < last:
                mixed[first - start : last - start] += samples[first - begins : last - begins]
        self._playing = [
            (begins, samples) for begins, samples in self._playing if begins + len(samples) > start + count
        ]
        return np.clip(mixed, -32768, 32767).astype("<i2").tobytes()


def timeline(
    session: Session, household: Household | None = None, utterance: int = 0, text: bool = False
) -> Iterator[AnyMessage]:
    """Messages of `session` in order; transcripts are numbered from `utterance` + 1.

    Where a session has sound, its transcripts are left out, unless `text` asks for them in place of the sound.
    """
    has_sound = any(isinstance(event, Audio) for event in session.events) and not text
    sound = Sound(session) if has_sound else None
    ahead: list[AnyMessage] = []
    for event in session.events:
        if isinstance(event, Text) and not has_sound:
            utterance += 1
            ahead.append(Transcript(event.t, utterance, event.start, event.end, event.text, event.confidence))
        elif isinstance(event, Flip) and household is None:
            ahead.append(Press(event.t, event.lit))
    ahead.sort(key=lambda message: message.at, reverse=True)
    end = length(session) + AFTER_S
    step = STEP_S if sound else TICK_S
    taken, ticked = 0, 0.0
    for number in range(1, round(end / step) + 1):
        now = number * step
        while ahead and ahead[-1].at <= now:
            message = ahead.pop()
            if household:
                yield from household.due(message.at)
            yield message
        if household:
            yield from household.due(now)
        if sound:
            until = round(now * RATE)
            yield Block(now, sound.take(taken, until - taken))
            taken = until
        if now >= ticked + TICK_S - 1e-6:
            ticked = now
            yield Tick(now)
