"""Transcripts, flips, acts and new models come in; directives and labelled examples leave.

What an utterance is taken to mean is decided when its transcript arrives: every learner says what it thinks, and the
judge which of them drives and how sure it must be; or before, where two looks in a row at words that are still being
said agree that they are sure enough for that. What an utterance did mean is concluded by labelling.py afterwards.
"""

from collections import deque
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from lampd.learners.explanation import explain
from lampd.learners.explicit import Explicit
from lampd.learners.judge import Judge, Verdict, together
from lampd.learners.lineage import Lineage
from lampd.learners.looks import Looks
from lampd.learners.models import KINDS, ModelError, load
from lampd.learners.sound import Sound
from lampd.learners.verbatim import Verbatim
from lampd.learners.wish import Predictor
from lampd.messages import (
    ALREADY,
    Acted,
    AnyMessage,
    Correction,
    Directive,
    Example,
    Flip,
    Lamp,
    Model,
    PartialTranscript,
    Resume,
    Said,
    Tag,
    Told,
    Transcript,
)
from lampd.settings import Anticipator as Settings
from lampd.stages.labelling import Labelling, tag

NEVER_TAUGHT = "never taught"
FLIPS_KEPT = 64


class Thought(NamedTuple):
    """`thoughts` is by learner how likely words ask a lamp that is `lit` or not to change; `likely` is what those that
    drive say, calibrated."""

    thoughts: dict[str, float]
    verdict: Verdict
    drivers: list[Predictor]
    lit: bool
    likely: float


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
        self._sound = Sound()
        self._models: dict[str, Lineage] = {kind: Lineage(kind) for kind in KINDS}
        self._judge = Judge(settings.wrong_acts)
        self._heard = 0
        self._looks = Looks()
        self._verbatim = Verbatim()

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        # what is remembered of other boots was told by another clock
        if not isinstance(message, (Directive, Example, Model)):
            self._now = max(self._now, message.at)
        said: list[AnyMessage] = []
        match message:
            case PartialTranscript():
                said += self._overhear(message)
            case Transcript():
                said.append(self._decide(message))
            case Resume() | Lamp():
                self._sound.compare()
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
                self._remember(message)
            case Told():
                self._remember(message.example)
            case Directive():
                # from memory: what a former life thought
                self._labelling.thought(message.utterance, message.reason != NEVER_TAUGHT)
                self._judge.thought(message.utterance, message.was_lit, message.thoughts, message.steady)
                if not message.thoughts and message.wish != "nothing":
                    self._looks = Looks(message.utterance, message.was_lit, acted=True)
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

    def _remember(self, example: Example) -> None:
        if example.cause == "told":
            self._labelling.told(example.utterance)
        self.learn(example)

    def learn(self, example: Example) -> None:
        """Take up what an utterance may have meant."""
        if not example.possible and example.utterance in self._explicit.examples:
            for lineage in self._models.values():
                lineage.forget()
        self._explicit.learn(example)
        self._sound.learn(example)
        self._judge.learned(example)
        self._verbatim.learn(example)

    def think(self, said: Said, lit: bool) -> Thought:
        """What every learner thinks of `said` to a lamp that is `lit` or not, and what follows from that."""
        learners: dict[str, Predictor] = {Explicit.name: self._explicit, Sound.name: self._sound}
        for lineage in self._models.values():
            learners |= lineage.versions()
        wishes = {name: learner.predict(said, lit) for name, learner in learners.items()}
        thoughts = {name: likely for name, wish in wishes.items() if (likely := max(wish.lit, wish.dark)) > 0}
        hears = [Sound.name] if Sound.name in thoughts else []
        verdict = self._judge.verdict([Explicit.name, *hears, *(kind for kind in self._models if kind in learners)])
        drivers = [self._models[one].driver(self._judge) if one in self._models else one for one in verdict.drivers]
        likely = verdict.calibration([thoughts.get(driver, 0.0) for driver in drivers])
        return Thought(thoughts, verdict, [learners[driver] for driver in drivers], lit, likely)

    def _overhear(self, said: PartialTranscript) -> list[AnyMessage]:
        """Look at words that are still being said, and act on them if this look and the last are sure enough."""
        if not self._settings.early:
            return []
        if self._looks.utterance != said.utterance:
            self._looks = Looks(said.utterance, self._lit)
        if self._looks.acted:
            return []
        thought = self.think(said.said, self._looks.lit)
        agreed = self._looks.see(thought.likely)
        enough = max(thought.verdict.act_above, self._judge.early())
        # uncalibrated, the beginning of anything may look like the little that is known
        if not thought.verdict.losses or agreed < enough or self._refusal(said.text, said.start, said.at):
            return []
        self._looks.acted = True
        directive = self._directive(said, said.at, thought, tag(not thought.lit), "sure while it was being said")
        return [replace(directive, act_above=enough)]

    def _decide(self, said: Transcript) -> Directive:
        self._heard = max(self._heard, said.utterance)
        looks = self._looks if self._looks.utterance == said.utterance else Looks(said.utterance, self._lit)
        thought = self.think(said.said, looks.lit if looks.acted else self._lit)
        self._judge.thought(said.utterance, thought.lit, thought.thoughts, looks.steady)
        self._labelling.hear(said, self._was_lit(said.start), had_model=thought.likely > 0)
        wish: Tag = "nothing"
        if looks.acted:
            reason = ALREADY
        elif thought.likely < thought.verdict.act_above:
            reason = "not sure enough" if thought.likely > 0 else NEVER_TAUGHT
        elif not (reason := self._refusal(said.text, said.start, said.end)):
            wish, reason = tag(not self._lit), "sure enough"
        directive = self._directive(said, said.end, thought, wish, reason)
        return replace(directive, thoughts=thought.thoughts, steady=looks.steady)

    def _refusal(self, text: str, start: float, end: float) -> str:
        """Why a change is not made though it is likely enough; empty where nothing speaks against it."""
        to, back = tag(not self._lit), tag(self._lit)
        if self._last_flip >= start:
            return "a hand was faster"
        if self._now - end > self._settings.stale_s:
            return "too late"
        if self._verbatim.corrected(text, to):
            return "corrected before"
        if self._verbatim.means(text, back) and not self._verbatim.means(text, to):
            return "it is so already"
        return ""

    def _directive(
        self, said: Transcript | PartialTranscript, ended: float, thought: Thought, wish: Tag, reason: str
    ) -> Directive:
        because: list[int] = []
        if wish != "nothing":
            because = explain(thought.drivers, said.said, thought.lit, self._explicit.examples.values()).utterances
        return Directive(
            at=said.at,
            utterance=said.utterance,
            ended=ended,
            wish=wish,
            lit=0.0 if thought.lit else thought.likely,
            dark=thought.likely if thought.lit else 0.0,
            model=together(driver.name for driver in thought.drivers),
            reason=reason,
            was_lit=thought.lit,
            act_above=thought.verdict.act_above,
            losses=thought.verdict.losses,
            because=tuple(because),
        )
