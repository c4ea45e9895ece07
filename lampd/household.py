"""Simulated people: wishes and what the lamp does come in, presses of the switch leave.

They want what the session's wishes say. When the lamp has not followed within their patience, a hand does it; when the
lamp changes against what they want, a hand changes it back; a right act is left alone. Now and then they do not bother.
"""

import random
from bisect import insort

from lampd.messages import Acted, AnyMessage, Flip, Lamp, Press
from lampd.session import Wish


class Household:
    """Responds to `wishes` (in order) with a `patience` and a `reaction` time in seconds (each varied by a third), and
    leaves a share `error` of what it should mend. Equal seeds respond equally."""

    def __init__(
        self, wishes: list[Wish], seed: int = 0, patience: float = 3.0, reaction: float = 2.0, error: float = 0.02
    ) -> None:
        self._ahead = sorted(wishes, key=lambda wish: wish.end)[::-1]
        self._rng = random.Random(f"people {seed}")
        self._patience, self._reaction, self._error = patience, reaction, error
        self._lit = self._wanted = False
        self._plans: list[tuple[float, bool]] = []

    def _vary(self, seconds: float) -> float:
        return seconds * self._rng.uniform(2 / 3, 4 / 3)

    def observe(self, message: AnyMessage) -> None:
        """See the lamp change."""
        match message:
            case Lamp():
                self._lit = self._wanted = message.lit
            case Flip():
                self._lit = message.lit
            case Acted():
                self._lit = message.lit
                if message.lit != self._wanted:
                    self._plan(message.at + self._vary(self._reaction), self._wanted)

    def _plan(self, at: float, lit: bool) -> None:
        if self._rng.random() >= self._error:
            insort(self._plans, (at, lit))

    def due(self, now: float) -> list[Press]:
        """Presses that happen up to `now`, in order."""
        while self._ahead and self._ahead[-1].end <= now:
            wish = self._ahead.pop()
            if wish.lit is None:
                continue
            self._wanted = wish.lit
            # the lamp may have followed before the words were over; a flip without words waits for nothing
            spoken = wish.end > wish.start
            if self._lit != wish.lit:
                self._plan(wish.end + (self._vary(self._patience) if spoken else 0.0), wish.lit)
        presses = []
        while self._plans and self._plans[0][0] <= now:
            at, lit = self._plans.pop(0)
            if lit == self._wanted and lit != self._lit:
                presses.append(Press(at))
                self._lit = lit
        return presses
