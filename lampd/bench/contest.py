"""A learner alone in the lamp's place, or the lamp as it is: sessions come in, scores leave."""

from typing import Protocol

from lampd import config
from lampd.household import Household
from lampd.inline import Inline
from lampd.learners.council import Thought
from lampd.learners.explicit import Explicit
from lampd.learners.judge import Calibration, Verdict
from lampd.learners.models import Fitter, Kind, fitter
from lampd.learners.wish import Predictor, Wish
from lampd.messages import Example, Resume, Said, Tag
from lampd.replay import Silent, play, stages_here, state
from lampd.routes import Stage
from lampd.score import Score
from lampd.session import Session
from lampd.stages.anticipator import Anticipator
from lampd.stages.operator import Operator
from lampd.timeline import timeline

OURS = ("lampd", "explicit", "gate", "saffu")
PEERS = ("bayes", "regression", "gru", "transformer")


class Learner(Predictor, Protocol):
    def learn(self, example: Example) -> object: ...


class Fitted:
    """A model that is fitted anew whenever it is asked after its examples have changed."""

    def __init__(self, kind: Kind) -> None:
        self.name = kind
        self._fitter: Fitter = fitter(kind)
        self._model: Predictor | None = None

    def learn(self, example: Example) -> None:
        if self._fitter.learn(example):
            self._model = None

    def _fresh(self) -> Predictor:
        self._model = self._model or self._fitter.fit(1, lambda: False)
        return self._model

    def contributions(self, said: Said, wish: Tag) -> dict[str, float]:
        return self._fresh().contributions(said, wish)

    def predict(self, said: Said, lit: bool) -> Wish:
        return self._fresh().predict(said, lit)


def learner(name: str) -> Learner:
    if name == "explicit":
        return Explicit()
    if name == "gate":
        return Fitted("gate")
    if name == "saffu":
        return Fitted("saffu")
    if name in ("bayes", "regression"):
        from lampd.bench.simple import Simple

        return Simple(name)
    from lampd.bench.neural import Neural

    return Neural(name)


class Alone(Anticipator):
    """The anticipator with one learner and no judge."""

    def __init__(self, name: str) -> None:
        super().__init__(config.load(None, board="laptop").anticipator)
        self._learner = learner(name)

    def learn(self, example: Example) -> None:
        super().learn(example)
        self._learner.learn(example)

    def think(self, said: Said, lit: bool) -> Thought:
        name, wish = self._learner.name, self._learner.predict(said, lit)
        verdict = Verdict((name,), 0.5, Calibration(), {})
        return Thought({}, verdict, [self._learner], lit, max(wish.lit, wish.dark))


def live(name: str, session: Session, seed: int) -> Score:
    """Play `session` from nothing with `name` in the lamp's place."""
    score, household = Score(session.wishes()), Household(session.wishes(), seed)
    if name == "lampd":
        with state(config.load(None, board="laptop"), None) as (settings, journal):
            play(session, stages_here(settings, journal, session), journal, household, observers=(score.observe,))
        return score
    stages: dict[str, Stage] = {
        "operator": Operator(lambda lit: None, config.load(None, board="laptop").anticipator.correction_s),
        "anticipator": Alone(name),
    }
    deaf: dict[str, Stage] = {stage: Silent() for stage in ("recorder", "transcriber", "trainer")}
    inline = Inline(deaf | stages, [household.observe, score.observe])
    inline.feed(Resume(0.0, 0, False))
    for message in timeline(session, household):
        inline.feed(message)
    return score
