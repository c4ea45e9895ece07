"""The versions of one learner's model, in order: the newest, and the last that proved itself on this owner's stream.

Both predict each utterance before it is learned. As soon as the newest has done clearly worse than the proven one on
the utterances since that was chosen, the proven one is the one to drive, until the newest is so no longer.
"""

from lampd.learners.judge import Judge
from lampd.learners.wish import Predictor

PROVEN = ", proven"
MARGIN = 0.1
"""Nats an utterance by which a version must have done worse before it is rolled back."""


class Lineage:
    """Versions of the learner `kind`."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._newest: Predictor | None = None
        self._proven: Predictor | None = None
        self._since = 0

    def offer(self, model: Predictor, judge: Judge, utterance: int) -> None:
        """A new version, after `utterance` was heard; the one that it follows is proven if it was no worse."""
        if self._proven is None:
            self._proven, self._since = model, utterance
        elif (worse := judge.worse(self._kind, self._kind + PROVEN, self._since)) is not None and worse <= 0:
            self._proven, self._since = self._newest, utterance
        self._newest = model

    def forget(self) -> None:
        """No old version may drive: it has learned what is to be forgotten. The newest does until the next."""
        self._proven = None

    def versions(self) -> dict[str, Predictor]:
        """The models that predict, by the name under which the judge knows them."""
        if self._newest is None:
            return {}
        return {self._kind: self._newest, self._kind + PROVEN: self._proven or self._newest}

    def driver(self, judge: Judge) -> str:
        """The name of the version that is to drive when this learner does."""
        proven = self._kind + PROVEN
        worse = judge.worse(self._kind, proven, self._since)
        return proven if worse is not None and worse > MARGIN else self._kind
