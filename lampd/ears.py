"""Whether the lamp hears: levels come in, what is wrong with its microphone leaves.

A microphone that is muted, or the wrong one, goes on giving sound: zeros, or one value. One that works never does, but
for those that silence themselves in a quiet room.
"""

from lampd.doctor.levels import STEADY_DB, advice
from lampd.log import log
from lampd.messages import Level
from lampd.story import duration

HEARD = 20
"""Levels, of four a second, with more in them than one value: what opens may click, muted or not."""
FIRST_S = 10.0
"""Of nothing but one value from the first, before that is said."""
LATER_S = 900.0
"""The same after so much else was heard: a quiet room may last so long, with a microphone that silences itself."""
SOUNDLESS_S = 20.0
"""Without a level: PortAudio may take fifteen seconds to open a microphone."""
FRESH_S = 3.0
"""A level that is older says nothing of what is heard by now."""


class Ears:
    """What is heard since lamp time `began`."""

    def __init__(self, began: float) -> None:
        self._last: Level | None = None
        self._last_at = self._still_since = began
        self._heard = 0
        self._told = False

    def hear(self, level: Level) -> None:
        if level.at - self._last_at > FRESH_S:
            self.begin(level.at)
        self._last, self._last_at = level, level.at
        if level.rms_db >= STEADY_DB:
            self._heard += 1
            self._still_since = level.at
        complaint = self.complaint(level.at)
        if complaint and not self._told:
            log.warning("microphone", complaint=complaint)
        self._told = bool(complaint)

    def begin(self, at: float) -> None:
        """It listens anew, perhaps with another microphone."""
        self._last, self._heard = None, 0
        self._last_at = self._still_since = at

    def level(self, now: float) -> Level | None:
        """The last one; None where no sound comes."""
        return self._last if self._last and now - self._last_at < FRESH_S else None

    def complaint(self, now: float) -> str:
        """What is wrong with a microphone that is open, and what to do; empty where it does well."""
        soundless_s = now - self._last_at
        if soundless_s > SOUNDLESS_S:
            return f"no sound for {duration(soundless_s)}. {advice([None])[0].do}"
        if self._last and self._last_at - self._still_since > (LATER_S if self._heard >= HEARD else FIRST_S):
            return f"nothing to be heard for {duration(now - self._still_since)}. {advice([self._last])[0].do}"
        return ""
