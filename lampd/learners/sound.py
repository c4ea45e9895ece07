"""The learner that hears: an utterance means what those mean that sounded like it.

The sound itself is compared (voice/embedding.py, warping.py), so it takes neither words nor a language, only somebody
who says the same in the same way. With `yes` the distance to the nearest remembered utterance that meant a wish, `no`
that to the nearest that did not, and `usual` the mean distance to all, FAR among them,

    logit = z0 + z1 log(no / yes) + z2 log(usual / yes),

with z at the maximum of the likelihood of all remembered utterances, each predicted from the others, times a normal
prior.
"""

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from lampd.learners import regression
from lampd.learners.soundings import FAR, Soundings
from lampd.learners.wish import ASIDE, WISHES, Wish, bearing, certainty, logistic
from lampd.messages import Example, Said, Tag
from lampd.moments import MOMENTS

MEANT, OTHERS = 100, 300
"""The newest utterances are remembered: so many of each wish, and so many of all others."""
NEAR = 0.5
"""No distance counts for less."""
BESIDE = 1.15
"""So much farther seems what meant the other wish: the same words may ask for both."""
PRIOR, SPREAD = np.array([-1.5, 12.0, 6.0]), np.array([1.5, 3.0, 3.0])
"""Means and standard deviations of z."""
MOST = 0.5
"""No logarithm of a ratio counts for more: a wrong label is not to decide z."""

Floats = NDArray[np.float64]
Ear = tuple[str, int]
"""The voice that heard a sound, and the bytes that it makes of one: others cannot be compared."""


class Sound:
    """Learns from one example at a time and predicts at once; keeps the `examples` that have a sound, by utterance."""

    name = "sound"

    def __init__(self) -> None:
        self.examples: dict[int, Example] = {}
        self._by: dict[Ear, Soundings] = {}
        self._new: dict[int, Example] = {}
        """Those not compared yet: of a long memory most are forgotten before that is needed."""
        self._weights: dict[tuple[Ear, Tag], Floats] = {}

    def learn(self, example: Example) -> None:
        """Add `example`, in place of what its utterance taught before; one with nothing possible is forgotten."""
        example = replace(example, ngrams={})
        known = self.examples.get(example.utterance)
        if known and (known.said != example.said or not example.possible):
            self.forget(example.utterance)
        # what is no whole number of moments is no sound
        if not example.possible or not example.sound or len(example.sound) % MOMENTS:
            return
        if example.utterance not in self.examples:
            self._new[example.utterance] = example
        self.examples[example.utterance] = example
        self._weights.clear()
        # those of this example's kind may be too many now
        alike = [one for one in self.examples.values() if _kind(one) == _kind(example)]
        if len(alike) > (MEANT if _kind(example) else OTHERS):
            self.forget(min(one.utterance for one in alike))

    def forget(self, utterance: int) -> None:
        """Be as if `utterance` had never been learned; unknown ones are ignored."""
        if example := self.examples.pop(utterance, None):
            if not self._new.pop(utterance, None):
                self._by[_ear(example)].drop(utterance)
            self._weights.clear()

    def compare(self) -> None:
        """Have all that is remembered compared, so that the next prediction need not wait for it."""
        for utterance, example in self._new.items():
            self._by.setdefault(_ear(example), Soundings()).add(utterance, example.sound)
        self._new.clear()

    def predict(self, said: Said, lit: bool) -> Wish:
        """Probabilities of what `said` asks of a lamp that is `lit` or not."""
        wish: Tag = "dark" if lit else "lit"
        self.compare()
        sounds = self._by.get(_ear(said))
        if not sounds or not said.sound:
            return Wish.of(lit, 0.0)
        meant, farther = self._labels(sounds, wish)
        if not meant.any():
            return Wish.of(lit, 0.0)
        x = _evidence(sounds.distances(said.sound)[None], meant, farther)
        return Wish.of(lit, logistic(float(x[0] @ self._fitted(_ear(said), wish))))

    def contributions(self, said: Said, wish: Tag) -> dict[str, float]:
        """None: no n-gram has a part in it."""
        return {}

    def nearest(self, said: Said, wish: Tag, meant: bool) -> list[int]:
        """Remembered utterances that meant `wish`, or did not, nearest in sound first."""
        self.compare()
        sounds = self._by.get(_ear(said))
        if not sounds or not said.sound:
            return []
        ordered = np.argsort(sounds.distances(said.sound), kind="stable")
        utterances = [sounds.utterances[slot] for slot in ordered]
        return [one for one in utterances if bearing(self.examples[one].possible, wish) is meant]

    def _labels(self, sounds: Soundings, wish: Tag) -> tuple[NDArray[np.bool_], Floats]:
        """Of each sound whether it meant `wish`; and how much farther than it is it seems as one that did not:
        infinitely, where its label does not say so."""
        labels = [self.examples[one].possible for one in sounds.utterances]
        bearings = [bearing(label, wish) for label in labels]
        farther = [
            np.inf if is_it is not False else 1.0 if certainty(label, wish) == 1 else BESIDE
            for label, is_it in zip(labels, bearings, strict=True)
        ]
        return np.array([is_it is True for is_it in bearings], bool), np.array(farther)

    def _fitted(self, ear: Ear, wish: Tag) -> Floats:
        if (ear, wish) not in self._weights:
            sounds = self._by[ear]
            meant, farther = self._labels(sounds, wish)
            # the only one that meant it cannot be predicted from others
            told = np.isfinite(farther) | (meant & (meant.sum() > 1))
            x = _evidence(sounds.apart[told], meant, farther)
            weight = np.where(farther[told] == BESIDE, ASIDE, 1.0)
            self._weights[ear, wish] = regression.fit(x, meant[told].astype(float), weight, PRIOR, SPREAD)
        return self._weights[ear, wish]


def _ear(said: Said | Example) -> Ear:
    return said.voice, len(said.sound)


def _kind(example: Example) -> Tag | None:
    """The wish that it meant, if it did."""
    return next((wish for wish in WISHES if example.possible == (wish,)), None)


def _evidence(distances: NDArray[np.float32], meant: NDArray[np.bool_], farther: Floats) -> Floats:
    """(M, 3): the inputs of the regression, of M utterances with `distances` (M, N) to those remembered."""
    apart = np.maximum(distances.astype(np.float64), NEAR)
    yes = apart[:, meant].min(1)
    no = np.minimum((apart * farther).min(1), FAR)
    usual = (apart.sum(1) + FAR) / (apart.shape[1] + 1)
    ratios = np.log(np.stack([no, usual], axis=1) / yes[:, None])
    return np.hstack([np.ones((len(apart), 1)), np.clip(ratios, -MOST, MOST)])
