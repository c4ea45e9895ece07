"""Transcripts, flips, acts and new models come in; directives and labelled examples leave.

What an utterance is taken to mean is decided once, when its transcript arrives, by the gate as soon as it has two
examples of each wish and by the explicit solution before. What it did mean is concluded by labelling.py afterwards.
"""

from collections import deque
from pathlib import Path

from lampd.learners.explicit import Explicit
from lampd.learners.gate import Gate, ModelError, load
from lampd.learners.wish import WISHES, Predictor
from lampd.messages import (
    Acted,
    AnyMessage,
    Correction,
    Directive,
    Example,
    Flip,
    Lamp,
    Model,
    Resume,
    Tag,
    Transcript,
)
from lampd.settings import Anticipator as Settings
from lampd.stages.labelling import Labelling, tag

ENOUGH = 2
"""Examples of each wish before the gate drives."""
NEVER_TAUGHT = "never taught"
FLIPS_KEPT = 64


class Anticipator:
    """Decides what the lamp should do, and collects the examples to learn it from."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._now = 0.0
        self._lit = False
        self._changes: deque[tuple[float, bool]] = deque(maxlen=FLIPS_KEPT)
        self._last_flip = float("-inf")
        self._labelling = Labelling(settings)
        self._explicit = Explicit()
        self._gate: Gate | None = None
        self._verbatim: dict[tuple[str, bool], dict[int, bool]] = {}
        """(words, lit): by utterance, whether those very words did or did not mean it."""

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        # what is remembered of other boots was told by another clock
        if not isinstance(message, (Example, Model)):
            self._now = max(self._now, message.at)
        said: list[AnyMessage] = []
        match message:
            case Transcript():
                said.append(self._decide(message))
            case Resume() | Lamp():
                self._change(message.at, message.lit)
            case Flip():
                self._last_flip = message.at
                self._change(message.at, message.lit)
                self._labelling.flip(message)
            case Acted():
                self._change(message.at, message.lit)
                self._labelling.acted(message)
            case Correction():
                self._labelling.corrected(message)
            case Example():
                self._learn(message)
            case Directive():
                # from memory: what a former life thought of words that this one has just heard again
                self._labelling.thought(message.utterance, message.reason != NEVER_TAUGHT)
            case Model():
                self._swap(message)
            case _:
                pass
        for example in self._labelling.conclude(self._now):
            self._learn(example)
            said.append(example)
        return said

    def _change(self, at: float, lit: bool) -> None:
        self._lit = lit
        self._changes.append((at, lit))

    def _was_lit(self, at: float) -> bool:
        """The lamp's state at a time gone by."""
        state = next((lit for since, lit in reversed(self._changes) if since <= at), None)
        if state is not None:
            return state
        return not self._changes[0][1] if self._changes else self._lit

    def _swap(self, model: Model) -> None:
        try:
            self._gate = load(Path(model.path))
        except ModelError:
            # a model already replaced by a newer one, or torn: the one in use goes on
            return

    def _learn(self, example: Example) -> None:
        self._explicit.learn(example)
        for lit in (True, False):
            words = _same(example.text), lit
            if example.possible == (tag(lit),):
                self._verbatim.setdefault(words, {})[example.utterance] = True
            elif example.cause == "correction" and tag(lit) not in example.possible:
                self._verbatim.setdefault(words, {})[example.utterance] = False
            else:
                self._verbatim.get(words, {}).pop(example.utterance, None)

    def _corrected(self, text: str, lit: bool) -> bool:
        """Whether these very words, when last a hand spoke of them, did not mean `lit`."""
        verdicts = self._verbatim.get((_same(text), lit), {})
        return not verdicts.get(max(verdicts, default=0), True)

    def _driver(self) -> Predictor:
        if self._gate and all(self._gate.examples.get(wish, 0) >= ENOUGH for wish in WISHES):
            return self._gate
        return self._explicit

    def _decide(self, said: Transcript) -> Directive:
        driver = self._driver()
        thought = driver.predict(said.text, self._lit)
        likely = max(thought.lit, thought.dark)
        self._labelling.hear(said, self._was_lit(said.start), had_model=likely > 0)
        wish: Tag = "nothing"
        if likely < self._settings.act_above:
            reason = "not sure enough" if likely > 0 else NEVER_TAUGHT
        elif self._last_flip >= said.start:
            reason = "a hand was faster"
        elif self._now - said.end > self._settings.stale_s:
            reason = "too late"
        elif self._corrected(said.text, not self._lit):
            reason = "corrected before"
        else:
            wish, reason = tag(not self._lit), "sure enough"
        return Directive(
            at=said.at,
            utterance=said.utterance,
            ended=said.end,
            wish=wish,
            lit=thought.lit,
            dark=thought.dark,
            model=driver.name,
            reason=reason,
        )


def _same(text: str) -> str:
    """What makes two transcripts verbatim the same."""
    return " ".join(text.casefold().split())
