"""All that learn, and the judge who says which of them drive: examples and models come in, what they think of words
leaves."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from lampd.learners.explicit import Explicit
from lampd.learners.judge import Judge, Verdict
from lampd.learners.kept import Kept
from lampd.learners.lineage import Lineage
from lampd.learners.models import KINDS, ModelError, load
from lampd.learners.sound import Sound
from lampd.learners.wish import Predictor
from lampd.messages import Example, Model, Said


class Thought(NamedTuple):
    """`thoughts` is by learner how likely words ask a lamp that is `lit` or not to change; `likely` is what those that
    drive say, calibrated."""

    thoughts: dict[str, float]
    verdict: Verdict
    drivers: list[Predictor]
    lit: bool
    likely: float

    @property
    def likelihoods(self) -> tuple[float, float]:
        """The probabilities of lit and of dark."""
        return (0.0, self.likely) if self.lit else (self.likely, 0.0)


class Council:
    """The explicit solution, the learner that hears, and a lineage of models of each kind; `budget` is the share of
    acts that may be wrong."""

    def __init__(self, budget: float) -> None:
        self._kept = Kept()
        self._explicit = Explicit()
        self._sound = Sound()
        self._models: dict[str, Lineage] = {kind: Lineage(kind) for kind in KINDS}
        self.judge = Judge(budget)

    @property
    def examples(self) -> Mapping[int, Example]:
        """What utterances are known to have meant."""
        return self._explicit.examples

    def compare(self) -> None:
        """Do now what would make the first thought slow."""
        self._sound.compare()

    def swap(self, model: Model, heard: int) -> None:
        """Offer a fitted model, after utterance number `heard`, to its lineage."""
        try:
            loaded = load(model.kind, Path(model.path))
        except ModelError:
            # a model already replaced by a newer one, or torn: the one in use goes on
            return
        self._models[model.kind].offer(loaded, self.judge, heard)

    def learn(self, example: Example) -> Example | None:
        """Take up what an utterance may have meant; what is forgotten for it, as it is too old."""
        if not example.possible and example.utterance in self._explicit.examples:
            for lineage in self._models.values():
                lineage.forget()
        self._explicit.learn(example)
        self._sound.learn(example)
        self.judge.learned(example)
        if (old := self._kept.learn(example)) is None:
            return None
        forgotten = self._explicit.examples.get(old)
        self._explicit.forget(old)
        self._sound.forget(old)
        return forgotten

    def forget(self, utterance: int) -> None:
        """Be as if it had taught nothing, but for what fitted models have of it."""
        if example := self._explicit.examples.get(utterance):
            self._explicit.forget(utterance)
            self._sound.forget(utterance)
            self._kept.forget(utterance)
            self.judge.learned(replace(example, possible=()))

    def think(self, said: Said, lit: bool) -> Thought:
        """What every learner thinks of `said` to a lamp that is `lit` or not, and what follows from that."""
        learners: dict[str, Predictor] = {Explicit.name: self._explicit, Sound.name: self._sound}
        for lineage in self._models.values():
            learners |= lineage.versions()
        wishes = {name: learner.predict(said, lit) for name, learner in learners.items()}
        thoughts = {name: likely for name, wish in wishes.items() if (likely := max(wish.lit, wish.dark)) > 0}
        hears = [Sound.name] if Sound.name in thoughts else []
        verdict = self.judge.verdict([Explicit.name, *hears, *(kind for kind in self._models if kind in learners)])
        drivers = [self._models[one].driver(self.judge) if one in self._models else one for one in verdict.drivers]
        likely = verdict.calibration([thoughts.get(driver, 0.0) for driver in drivers])
        return Thought(thoughts, verdict, [learners[driver] for driver in drivers], lit, likely)
