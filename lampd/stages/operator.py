"""Presses of the hand and directives come in; the relay moves, and flips, acts and corrections leave. A status light
shines while the lamp listens, blinks while it records, and thrice when it only hints at what it would do.

The hand has the last word: a press is always obeyed, and a directive about words that ended before the last press
does nothing.
"""

from collections.abc import Callable

from lampd.messages import (
    HINTS,
    Acted,
    AnyMessage,
    Correction,
    Directive,
    Flip,
    Lamp,
    Light,
    Listening,
    Press,
    Privacy,
    Records,
    Resume,
    Tick,
)

HINT_S = 1.0
"""How long the light is taken up with a hint."""


class Operator:
    """Keeps the lamp. `relay` closes or opens it, at once, and `light` the status light; `correction_s` is how long an
    act can be corrected, and `rest_s` how long the relay is left alone after one: only a hand may be quicker. What was
    directed more than `stale_s` before it came up is not done."""

    def __init__(
        self,
        relay: Callable[[bool], None],
        correction_s: float,
        light: Callable[[Light], None] = lambda light: None,
        rest_s: float = 0.0,
        stale_s: float = float("inf"),
    ) -> None:
        self._relay = relay
        self._light = light
        self._listens, self._records = True, False
        self._hinted = float("inf")  # when it began to hint, if it does
        self._correction_s, self._rest_s = correction_s, rest_s
        self._stale_s = stale_s
        self._began = self._rests_until = float("-inf")
        self._lit = False
        self._last_press = float("-inf")
        self._last_act: Acted | None = None

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        match message:
            case Press():
                return self._press(message)
            case Directive():
                return self._act(message)
            case Privacy():
                return self._listen(message)
            case Records():
                self._records = message.records
                self._shine()
            case Tick() if message.at > self._hinted + HINT_S:
                self._hinted = float("inf")
                self._shine()
            case Flip():
                # from memory, as the next: what a hand and a former life did
                self._last_press, self._last_act = message.at, None
            case Acted():
                self._last_act, self._rests_until = message, message.at + self._rest_s
            case Resume():
                self._began = message.at
                self._set(message.lit)
                self._listens, self._records = message.listens, message.records
                self._shine()
                return [Lamp(message.at, self._lit)]
        return []

    def _shine(self) -> None:
        self._light("off" if not self._listens else "blinking" if self._records else "on")

    def _set(self, lit: bool) -> None:
        # where the relay does not move, the lamp is as it was
        self._relay(lit)
        self._lit = lit

    def _listen(self, privacy: Privacy) -> list[AnyMessage]:
        self._listens = not self._listens if privacy.listens is None else privacy.listens
        self._shine()
        return [Listening(privacy.at, self._listens, privacy.for_s)]

    def _press(self, press: Press) -> list[AnyMessage]:
        lit = not self._lit if press.lit is None else press.lit
        self._last_press = press.at
        if lit == self._lit:
            return []
        self._set(lit)
        act, self._last_act = self._last_act, None
        said: list[AnyMessage] = [Flip(press.at, lit)]
        if act and press.at - act.at <= self._correction_s:
            said.append(Correction(press.at, act.utterance, act.lit))
        return said

    def _act(self, directive: Directive) -> list[AnyMessage]:
        if directive.reason == HINTS:
            self._hinted = directive.at
            self._light("hint")
        lit = directive.wish == "lit"
        late = directive.ended <= self._last_press or self._began - directive.at > self._stale_s
        late |= directive.at < self._rests_until
        if directive.wish == "nothing" or lit == self._lit or late:
            return []
        self._set(lit)
        self._rests_until = directive.at + self._rest_s
        self._last_act = Acted(directive.at, directive.utterance, lit)
        return [self._last_act]
