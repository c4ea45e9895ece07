"""Transcripts, flips, acts and new models come in; directives and labelled examples leave.

What an utterance is taken to mean is decided when its transcript arrives: every learner says what it thinks, and the
judge which of them drives and how sure it must be; or before, where two looks in a row at words that are still being
said agree that they are sure enough for that. What an utterance did mean is concluded by labelling.py afterwards.
"""

from collections import deque

from msgspec.structs import replace

from lampd.learners.conduct import Conduct, freedom
from lampd.learners.council import Council, Thought
from lampd.learners.explanation import explain
from lampd.learners.judge import together
from lampd.learners.looks import Looks
from lampd.learners.verbatim import Verbatim
from lampd.messages import (
    ALREADY,
    HINTS,
    OBSERVES,
    Acted,
    AnyMessage,
    Autonomy,
    Correction,
    Directive,
    Example,
    Flip,
    Freedom,
    Lamp,
    Leaning,
    Learning,
    Model,
    PartialTranscript,
    Resume,
    Said,
    Tag,
    Told,
    Transcript,
    Trust,
)
from lampd.settings import Anticipator as Settings
from lampd.stages.labelling import Labelling, tag

NEVER_TAUGHT = "never taught"
EARLY = "sure while it was being said"
SURE: dict[Freedom, str] = {"act": "sure enough", "hint": HINTS, "observe": OBSERVES}
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
        self._learns = True
        self._limit: Freedom = "act"
        self._conduct = Conduct(settings.wrong_acts)
        self._council = Council(settings.wrong_acts)
        self._heard = 0
        self._looks = Looks()
        self._verbatim = Verbatim()

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        # what is remembered of other boots was told by another clock
        if not isinstance(message, (Directive, Example, Model, Learning, Autonomy, Trust)):
            self._now = max(self._now, message.at)
        said: list[AnyMessage] = []
        match message:
            case PartialTranscript():
                said += self._overhear(message)
            case Transcript():
                said.append(self._decide(message))
            case Resume():
                self._labelling.begin()
                self._council.compare()
                if not self._changes:
                    # else it may be lit because of what waits to be heard
                    self._change(message.at, message.lit)
            case Lamp():
                self._council.compare()
                self._change(message.at, message.lit)
            case Flip():
                self._last_flip = message.at
                self._change(message.at, message.lit)
                if self._learns:
                    self._labelling.flip(message)
            case Acted():
                self._change(message.at, message.lit)
                self._conduct.acted(message.utterance)
                self._looks.acted |= self._looks.utterance == message.utterance
                if self._learns:
                    self._labelling.acted(message)
            case Correction():
                self._labelling.corrected(message)
            case Learning():
                # what is not settled yet may be about what happens in the pause
                self._learns, self._labelling = message.learns, Labelling(self._settings)
            case Autonomy():
                self._limit = message.limit
            case Trust():
                self._conduct.trust(message.trusted, message.utterance)
            case Example():
                # from memory: it is not the time to conclude anything yet
                self._remember(message)
                self._labelling.concluded(message)
                return []
            case Told():
                self._remember(message.example)
            case Directive():
                # from memory: what a former life thought
                self._labelling.thought(message.utterance, message.reason != NEVER_TAUGHT)
                self._council.judge.thought(message.utterance, message.was_lit, message.thoughts, message.steady)
                done = message.would != "nothing"
                self._conduct.decided(message)
                if done:
                    self._conduct.acted(message.utterance)
                if not message.thoughts and message.wish != "nothing":
                    self._looks = Looks(message.utterance, message.was_lit, asked=True, acted=done)
            case Model():
                self._council.swap(message, self._heard)
            case _:
                pass
        for example in self._labelling.conclude(self._now):
            self.learn(example)
            said.append(example)
        if any(isinstance(one, Example) for one in said):
            said += self._reviewed(message.at)
        return said

    def _reviewed(self, at: float) -> list[AnyMessage]:
        """Whether it is still trusted to act, or again, where that has changed."""
        trusted = self._conduct.review(self._council.examples)
        if trusted == self._conduct.trusted:
            return []
        self._conduct.trust(trusted, self._heard)
        return [Trust(at, trusted, self._heard)]

    @property
    def _freedom(self) -> Freedom:
        return freedom(self._limit, self._conduct.trusted)

    def _change(self, at: float, lit: bool) -> None:
        self._lit = lit
        self._changes.append((at, lit))

    def _was_lit(self, at: float) -> bool:
        """The lamp's state at a time gone by."""
        state = next((lit for since, lit in reversed(self._changes) if since <= at), None)
        if state is not None:
            return state
        return not self._changes[0][1] if self._changes else self._lit

    def _remember(self, example: Example) -> None:
        if example.cause == "told":
            self._labelling.told(example.utterance)
        self.learn(example)

    def learn(self, example: Example) -> None:
        """Take up what an utterance may have meant."""
        old = self._council.learn(example)
        self._verbatim.learn(example)
        if old:
            self._verbatim.forget(old)

    def forget(self, utterance: int) -> None:
        """Think as if an utterance had taught nothing, but what fitted models have of it."""
        self._council.forget(utterance)

    def think(self, said: Said, lit: bool) -> Thought:
        """What `said` to a lamp that is `lit` or not is taken to mean."""
        return self._council.think(said, lit)

    def _overhear(self, said: PartialTranscript) -> list[AnyMessage]:
        """Look at words that are still being said, and act on them if this look and the last are sure enough."""
        if not self._settings.early:
            return []
        if self._looks.utterance != said.utterance:
            self._looks = Looks(said.utterance, self._lit)
        if self._looks.asked:
            return []
        thought = self.think(said.said, self._looks.lit)
        leaning: list[AnyMessage] = [Leaning(said.at, said.utterance, *thought.likelihoods)]
        agreed = self._looks.see(thought.likely)
        enough = max(thought.verdict.act_above, self._council.judge.early())
        # uncalibrated, the beginning of anything may look like the little that is known
        unsure = not thought.verdict.losses or agreed < enough
        if unsure or self._freedom != "act" or self._refusal(said.text, said.start, said.at):
            return leaning
        self._looks.asked = True
        wish = tag(not thought.lit)
        directive = self._directive(said, said.at, thought, wish, EARLY)
        directive = replace(directive, act_above=enough, would=wish)
        self._conduct.decided(directive)
        return [*leaning, directive]

    def _decide(self, said: Transcript) -> Directive:
        self._heard = max(self._heard, said.utterance)
        looks = self._looks if self._looks.utterance == said.utterance else Looks(said.utterance, self._lit)
        thought = self.think(said.said, looks.lit if looks.acted else self._lit)
        self._council.judge.thought(said.utterance, thought.lit, thought.thoughts, looks.steady)
        if self._learns:
            self._labelling.hear(said, self._was_lit(said.start), had_model=thought.likely > 0)
        would: Tag = "nothing"
        if looks.acted:
            reason = ALREADY
        elif thought.likely < thought.verdict.act_above:
            reason = "not sure enough" if thought.likely > 0 else NEVER_TAUGHT
        elif not (reason := self._refusal(said.text, said.start, said.end)):
            would, reason = tag(not self._lit), SURE[self._freedom]
        wish = would if self._freedom == "act" else "nothing"
        directive = self._directive(said, said.end, thought, wish, reason)
        directive = replace(directive, would=would, thoughts=thought.thoughts, steady=looks.steady)
        self._conduct.decided(directive)
        return directive

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
        lit, dark = thought.likelihoods
        if wish != "nothing":
            known = self._council.examples.values()
            because = explain(thought.drivers, said.said, thought.lit, known, acted=True).utterances
        return Directive(
            at=said.at,
            utterance=said.utterance,
            ended=ended,
            wish=wish,
            lit=lit,
            dark=dark,
            model=together(driver.name for driver in thought.drivers),
            reason=reason,
            was_lit=thought.lit,
            act_above=thought.verdict.act_above,
            losses=thought.verdict.losses,
            because=tuple(because),
        )
