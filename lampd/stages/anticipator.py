"""Transcripts, flips, acts and new models come in; directives and labelled examples leave.

What an utterance is taken to mean is decided once, when its transcript arrives: every learner says what it thinks, and
the judge which of them drives and how sure it must be. What it did mean is concluded by labelling.py afterwards.
"""

from collections import deque
from pathlib import Path

from lampd.learners.explanation import explain
from lampd.learners.explicit import Explicit
from lampd.learners.judge import Judge, Verdict, together
from lampd.learners.lineage import Lineage
from lampd.learners.models import KINDS, ModelError, load
from lampd.learners.wish import Predictor
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
    Said,
    Tag,
    Transcript,
)
from lampd.settings import Anticipator as Settings
from lampd.stages.labelling import Labelling, tag

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
        self._models: dict[str, Lineage] = {kind: Lineage(kind) for kind in KINDS}
        self._judge = Judge(settings.wrong_acts)
        self._heard = 0
        self._verbatim: dict[tuple[str, bool], dict[int, bool]] = {}
        """(words, lit): by utterance, whether those very words did or did not mean it."""

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        # what is remembered of other boots was told by another clock
        if not isinstance(message, (Directive, Example, Model)):
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
                self.learn(message)
            case Directive():
                # from memory: what a former life thought
                self._labelling.thought(message.utterance, message.reason != NEVER_TAUGHT)
                self._judge.thought(message.utterance, message.was_lit, message.thoughts)
            case Model():
                self._swap(message)
            case _:
                pass
        for example in self._labelling.conclude(self._now):
            self.learn(example)
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
            loaded = load(model.kind, Path(model.path))
        except ModelError:
            # a model already replaced by a newer one, or torn: the one in use goes on
            return
        self._models[model.kind].offer(loaded, self._judge, self._heard)

    def learn(self, example: Example) -> None:
        """Take up what an utterance may have meant."""
        if not example.possible and example.utterance in self._explicit.examples:
            for lineage in self._models.values():
                lineage.forget()
        self._explicit.learn(example)
        self._judge.learned(example)
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

    def _means(self, text: str, lit: bool) -> bool:
        """Whether these very words have meant `lit`."""
        return any(self._verbatim.get((_same(text), lit), {}).values())

    def judged(self, said: Said) -> tuple[dict[str, float], Verdict, list[Predictor], float]:
        """What every learner thinks of `said`, the verdict over them, those that drive, and how likely a change is to
        them, calibrated."""
        learners: dict[str, Predictor] = {Explicit.name: self._explicit}
        for lineage in self._models.values():
            learners |= lineage.versions()
        wishes = {name: learner.predict(said, self._lit) for name, learner in learners.items()}
        thoughts = {name: likely for name, wish in wishes.items() if (likely := max(wish.lit, wish.dark)) > 0}
        verdict = self._judge.verdict([Explicit.name, *(kind for kind in self._models if kind in learners)])
        drivers = [self._models[one].driver(self._judge) if one in self._models else one for one in verdict.drivers]
        likely = verdict.calibration([thoughts.get(driver, 0.0) for driver in drivers])
        return thoughts, verdict, [learners[driver] for driver in drivers], likely

    def _decide(self, said: Transcript) -> Directive:
        self._heard = max(self._heard, said.utterance)
        thoughts, verdict, drivers, likely = self.judged(said.said)
        self._judge.thought(said.utterance, self._lit, thoughts)
        self._labelling.hear(said, self._was_lit(said.start), had_model=likely > 0)
        wish: Tag = "nothing"
        if likely < verdict.act_above:
            reason = "not sure enough" if likely > 0 else NEVER_TAUGHT
        elif self._last_flip >= said.start:
            reason = "a hand was faster"
        elif self._now - said.end > self._settings.stale_s:
            reason = "too late"
        elif self._corrected(said.text, not self._lit):
            reason = "corrected before"
        elif self._means(said.text, self._lit) and not self._means(said.text, not self._lit):
            reason = "it is so already"
        else:
            wish, reason = tag(not self._lit), "sure enough"
        because: list[int] = []
        if wish != "nothing":
            because = explain(drivers, said.said, self._lit, self._explicit.examples.values()).utterances
        return Directive(
            at=said.at,
            utterance=said.utterance,
            ended=said.end,
            wish=wish,
            lit=0.0 if self._lit else likely,
            dark=likely if self._lit else 0.0,
            model=together(driver.name for driver in drivers),
            reason=reason,
            was_lit=self._lit,
            act_above=verdict.act_above,
            thoughts=thoughts,
            losses=verdict.losses,
            because=tuple(because),
        )


def _same(text: str) -> str:
    """What makes two transcripts verbatim the same."""
    return " ".join(text.casefold().split())
