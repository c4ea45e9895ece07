"""An evening of television, or of guests: what is heard is learned as meaning nothing. How often the lamp would have
taken it for a wish is counted, each time before that was learned.

The lamp only observes meanwhile. A hand on the switch ends it, for then somebody means something.
"""

from typing import Any

import msgspec

from lampd.history import HistoryError, told
from lampd.hub import Hub
from lampd.messages import AnyMessage, Autonomy, Directive, Flip, Tick
from lampd.rates import Estimate, rate


class Heard(msgspec.Struct):
    """Of one half: how much was heard, in how many hours, and how often the lamp would have acted on it."""

    hours: float = 0.0
    utterances: int = 0
    would_act: int = 0

    @property
    def an_hour(self) -> Estimate | None:
        return rate(self.would_act, self.hours) if self.hours else None


class Night:
    """From lamp time `begin` on, for `for_s` seconds."""

    def __init__(self, hub: Hub, begin: float, for_s: float) -> None:
        self._hub = hub
        self._begin, self._for_s = begin, for_s
        self._until = begin + for_s
        self._now = begin
        self._halves = Heard(), Heard()
        self.over = False
        hub.observers.append(self._observe)
        hub.post(Autonomy(begin, "observe", for_s))

    def _observe(self, message: AnyMessage) -> None:
        match message:
            case Tick():
                self._now = message.at
                if message.at >= self._until:
                    self.end(self._until)
            case Flip():
                self.end(message.at)
            case Directive() if not self.over:
                half = self._halves[message.at - self._begin >= self._for_s / 2]
                half.utterances += 1
                half.would_act += message.would != "nothing"
                # after everybody has seen what it thought of it
                self._hub.processes.soon(lambda: self._tell(message.utterance))

    def _tell(self, utterance: int) -> None:
        try:
            self._hub.tell(told(self._hub.journal, utterance, "nothing"))
        except HistoryError:
            # forgotten meanwhile
            return

    def end(self, now: float) -> None:
        """It is over, at lamp time `now`."""
        if not self.over:
            self.over, self._now = True, now
            self._hub.processes.soon(self._go_on)

    def _go_on(self) -> None:
        self._hub.observers.remove(self._observe)
        self._hub.post(Autonomy(self._now, self._hub.standing.lasting))

    def report(self) -> dict[str, Any]:
        """For `lampctl`: of the first half, in which most was new, and of the second."""
        half_s = self._for_s / 2
        for half, begin in zip(self._halves, (self._begin, self._begin + half_s), strict=True):
            half.hours = min(max(self._now - begin, 0.0), half_s) / 3600
        told = [msgspec.to_builtins(half) | {"an_hour": half.an_hour} for half in self._halves]
        return {"over": self.over, "left_s": round(max(self._until - self._now, 0.0)), "halves": told}
