"""A lamp that hears one thing after another, and a hand that answers: what is heard comes in, what the lamp did leaves.

The anticipator, the operator and the trainer are the lamp's, in virtual time, 200 utterances an hour.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from lampd import assembly
from lampd.inline import Inline
from lampd.messages import Acted, AnyMessage, Flip, Lamp, PartialTranscript, Press, Resume, Tick, Transcript, Trust
from lampd.replay import Silent
from lampd.routes import Stage
from lampd.settings import Settings

Heard = Sequence[PartialTranscript | Transcript]
"""Of what is said at one time; `at` from its beginning on, numbered from anywhere."""

AN_HOUR = 200
APART_S = 3600 // AN_HOUR
REACTION_S, PATIENCE_S = 2.0, 3.0
"""After this an act is taken back; so long after the words a hand does what the lamp did not."""
FITS_S = 600.0


class Unhurried:
    """A trainer that fits every FITS_S at most, as on a slow board: hours are gone through in minutes."""

    def __init__(self, trainer: Stage) -> None:
        self._trainer = trainer
        self._fits_at = 0.0

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        if isinstance(message, Tick):
            if message.at < self._fits_at:
                return []
            self._fits_at = message.at + FITS_S
        return self._trainer.handle(message)


class Living:
    """One lamp from nothing; `lit` and `trusted` are as it is."""

    def __init__(self, settings: Settings) -> None:
        self.lit, self.trusted = False, True
        self.lost = 0
        """How often it was no longer trusted."""
        self._now, self._utterance = 0.0, 0
        self._acts: list[Acted] = []
        stages: dict[str, Stage] = {"recorder": Silent(), "transcriber": Silent()}
        stages |= {name: assembly.build(name, settings) for name in ("operator", "anticipator", "trainer")}
        stages["trainer"] = Unhurried(stages["trainer"])
        self._inline = Inline(stages, [self._see])
        self._inline.feed(Resume(0.0, 0, False))

    def _see(self, message: AnyMessage) -> None:
        match message:
            case Lamp() | Flip():
                self.lit = message.lit
            case Acted():
                self.lit = message.lit
                self._acts.append(message)
            case Trust():
                self.trusted = message.trusted
                self.lost += not message.trusted

    def hear(self, heard: Heard, flips: bool, takes_back: bool) -> int:
        """How often the lamp acted on it; a hand `flips` if it did not, or `takes_back` what it did."""
        began, self._acts, answered = self._now, [], 0
        first = min((one.utterance for one in heard), default=0)
        press_at = began + max((one.end for one in heard if isinstance(one, Transcript)), default=0.0) + PATIENCE_S
        due = press_at if flips else None
        messages: list[AnyMessage] = [_shifted(one, began, self._utterance + 1 - first) for one in heard]
        messages += [Tick(began + second) for second in range(1, APART_S + 1)]
        for message in sorted(messages, key=lambda one: one.at):
            if len(self._acts) > answered:
                answered = len(self._acts)
                due = self._acts[-1].at + REACTION_S if takes_back else None
            if due is not None and due <= message.at:
                self._inline.feed(Press(due))
                due = None
            self._inline.feed(message)
        self._now = began + APART_S
        self._utterance += 1 + max((one.utterance for one in heard), default=0) - first
        return len(self._acts)


def _shifted(said: PartialTranscript | Transcript, by: float, number: int) -> PartialTranscript | Transcript:
    moved = replace(said, at=said.at + by, start=said.start + by, utterance=said.utterance + number)
    return replace(moved, end=moved.end + by) if isinstance(moved, Transcript) else moved
