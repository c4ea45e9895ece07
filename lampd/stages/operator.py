"""Presses of the hand and directives come in; the relay moves, and flips, acts and corrections leave. A status light
shines while the lamp listens.

The hand has the last word: a press is always obeyed, and a directive about words that ended before the last press
does nothing.
"""

from collections.abc import Callable

from lampd.messages import (
    Acted,
    AnyMessage,
    Correction,
    Directive,
    Flip,
    Lamp,
    Listening,
    Press,
    Privacy,
    Resume,
)


class Operator:
    """Keeps the lamp. `relay` closes or opens it, at once, and `light` the status light; `correction_s` is how long an
    act can be corrected."""

    def __init__(
        self, relay: Callable[[bool], None], correction_s: float, light: Callable[[bool], None] = lambda listens: None
    ) -> None:
        self._relay = relay
        self._light = light
        self._listens = True
        self._correction_s = correction_s
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
            case Resume():
                self._set(message.lit)
                self._listens = message.listens
                self._light(self._listens)
                return [Lamp(message.at, self._lit)]
        return []

    def _set(self, lit: bool) -> None:
        self._lit = lit
        self._relay(lit)

    def _listen(self, privacy: Privacy) -> list[AnyMessage]:
        self._listens = not self._listens if privacy.listens is None else privacy.listens
        self._light(self._listens)
        return [Listening(privacy.at, self._listens)]

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
        lit = directive.wish == "lit"
        if directive.wish == "nothing" or lit == self._lit or directive.ended <= self._last_press:
            return []
        self._set(lit)
        self._last_act = Acted(directive.at, directive.utterance, lit)
        return [self._last_act]
