"""Who drives, and how sure it must be. What each learner thought of an utterance before it was learned comes in, and
what the utterance turned out to mean; the driver, a calibration for each learner and the act threshold leave.

All of it is a function of the last utterances whose meaning is known, in whatever order they were told: a judge that
is reminded of them after a restart decides as the old one did. Where few of them are wishes, it looks back on more.

Those who may drive are each learner alone, and all together, who say the mean of their logits. Calibration (Platt
1999): p' = logistic(a * logit(p) + b), with a and b of each at the maximum of the likelihood times normal priors around
1 and 0. The loss is the mean negative log-likelihood of p', newer utterances weighing more.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lampd.learners.regression import fit
from lampd.learners.wish import bearing, logistic
from lampd.messages import Example

WINDOW, SEEN, WIDEST = 200, 20, 2000
"""Utterances of known meaning that are looked back on: so many, or as many as hold SEEN wishes; and at most."""
HALF_LIFE = 0.5
"""After newer ones of this share of the window an utterance counts half."""
ENOUGH = 10
"""Wishes of known meaning before anybody is judged; until then those of BEGINNERS drive that can."""
BEGINNERS = ("explicit", "sound")
"""They know something from the first flip on."""
TRIED = 6
"""Of these a learner must have been tried on to be among those judged."""
SCALE_SPREAD, SHIFT_SPREAD = 0.5, 1.0
"""Standard deviations of the priors of a calibration's scale and shift."""
LIKELIEST = 12.0
"""The largest logit a learner is believed."""
UNTRIED = 0.5
"""The act threshold before anything is known of the stream."""
RECENT = 0.2
"""The same for the threshold: learners grow surer."""
CREDIT = 20.0
"""Right acts that the budget begins with; they fade like all that is past."""
LOWEST, HIGHEST = 0.3, 0.9
"""Between these the act threshold stays."""
RETRIED = 8
"""New utterances after which a model is compared with the one that proved itself before it."""

EARLY, EARLY_TRIED = 0.95, 20
"""How steadily sure one must be to act on words that are still being said, before so many such cases are known."""

Floats = NDArray[np.float64]
Known = list[tuple[dict[str, float], bool]]
"""Thoughts by learner, and whether a change was meant, of utterances in order."""


class Calibration(NamedTuple):
    scale: float = 1.0
    shift: float = 0.0

    def __call__(self, probabilities: Sequence[float]) -> float:
        """The calibrated probability of those who say these; 0 is said by those who know nothing of it."""
        said = [one for one in probabilities if one > 0]
        if not said:
            return 0.0
        return logistic(self.scale * float(_logit(np.array(said)).mean()) + self.shift)


class Verdict(NamedTuple):
    """Who drives, alone or together; `losses` are in nats, of all who might and have been tried enough."""

    drivers: tuple[str, ...]
    act_above: float
    calibration: Calibration
    losses: dict[str, float]


def together(names: Iterable[str]) -> str:
    """What those who drive are called."""
    return " + ".join(names)


def _logit(p: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        logit: Floats = np.clip(np.log(p) - np.log1p(-p), -LIKELIEST, LIKELIEST)
    return logit


def calibrate(logit: Floats, truth: Floats, weight: Floats) -> Calibration:
    """The calibration of predictions `logit` (M) against what was true (M, 0 or 1)."""
    x = np.stack([logit, np.ones_like(logit)], axis=1)
    scale, shift = fit(x, truth, weight, np.array([1.0, 0.0]), np.array([SCALE_SPREAD, SHIFT_SPREAD]))
    # a learner that is worse than none is not believed upside down
    return Calibration(max(float(scale), 0.05), float(shift))


def fading(count: int, half_life: float) -> Floats:
    """The weights (M) of `count` utterances, in order."""
    return np.asarray(0.5 ** (np.arange(count)[::-1] / (half_life * max(count, WINDOW))))


def threshold(probability: Floats, budget: float) -> float:
    """The lowest act threshold at which the expected share of wrong acts, of those that calibrated predictions (M,
    in order of time) would have made and, at first, CREDIT right ones, keeps within `budget`."""
    recent = fading(len(probability), RECENT)
    credit = CREDIT * 0.5 ** (len(probability) / (RECENT * max(len(probability), WINDOW)))
    order = np.argsort(-probability, kind="stable")
    ordered, weight = probability[order], recent[order]
    wrong = np.cumsum(weight * (1 - ordered)) / (np.cumsum(weight) + credit)
    # those that are equally probable act together
    last = np.append(ordered[1:] < ordered[:-1], True)
    within = np.flatnonzero((wrong <= budget) & last)
    return float(np.clip(ordered[within[-1]] if len(within) else HIGHEST, LOWEST, HIGHEST))


def table(known: Known, learners: Sequence[str]) -> tuple[Floats, Floats]:
    """Of utterances that all `learners` thought of: their logits (M, learners) and the truth (M)."""
    said = np.array([[thoughts[learner] for learner in learners] for thoughts, _ in known])
    return _logit(said), np.array([meant for _, meant in known], float)


def measure(logit: Floats, truth: Floats) -> tuple[float, Calibration, Floats]:
    """Of predictions `logit` (M), in order, of what was true (M): loss, calibration, calibrated probabilities (M)."""
    weight = fading(len(truth), HALF_LIFE)
    calibration = calibrate(logit, truth, weight)
    z = calibration.scale * logit + calibration.shift
    loss = float(weight @ (np.logaddexp(0, z) - truth * z) / weight.sum())
    return loss, calibration, 1 / (1 + np.exp(-z))


class Judge:
    """Keeps the last thoughts and meanings; `budget` is the share of acts that may be wrong."""

    def __init__(self, budget: float) -> None:
        self._budget = budget
        self._thoughts: dict[int, tuple[bool, dict[str, float]]] = {}
        self._meant: dict[int, tuple[bool, bool]] = {}
        self._steady: dict[int, float] = {}
        self._verdicts: dict[tuple[str, ...], Verdict] = {}
        self._worse: dict[tuple[str, str, int], float | None] = {}
        self._looked: list[int] | None = None
        """All until more is known: words that are still being said are looked at several times a second."""

    def thought(self, utterance: int, was_lit: bool, thoughts: dict[str, float], steady: float = 0.0) -> None:
        """The probability by learner that `utterance` asks a lamp that `was_lit` or not to change, and the highest
        that two looks in a row have agreed on before it was over."""
        self._changed()
        self._thoughts[utterance] = was_lit, thoughts
        self._steady[utterance] = steady
        _keep_last(self._thoughts)
        _keep_last(self._steady)

    def learned(self, example: Example) -> None:
        """What an utterance turned out to mean, or may no longer be said to mean."""
        self._changed()
        meant = bearing(example.possible, "dark" if example.was_lit else "lit")
        if meant is None:
            self._meant.pop(example.utterance, None)
            return
        self._meant[example.utterance] = example.was_lit, meant
        _keep_last(self._meant)

    def _changed(self) -> None:
        self._verdicts.clear()
        self._worse.clear()
        self._looked = None

    def _window(self) -> list[int]:
        """The utterances that are looked back on, in order."""
        if self._looked is None:
            known = sorted(self._meant.keys() & self._thoughts.keys())
            wishes = [place for place, utterance in enumerate(known) if self._meant[utterance][1]]
            enough = wishes[-SEEN] if len(wishes) >= SEEN else 0
            self._looked = known[max(0, min(enough, len(known) - WINDOW)) :]
        return self._looked

    def _known(self, learners: Iterable[str], since: int = 0) -> Known:
        """Thoughts and truth of the utterances after `since` that all of the `learners` thought of, in order."""
        known, names = [], set(learners)
        for utterance in self._window():
            lit, thoughts = self._thoughts[utterance]
            was_lit, meant = self._meant[utterance]
            if utterance > since and lit == was_lit and thoughts.keys() >= names:
                known.append((thoughts, meant))
        return known

    def verdict(self, learners: list[str]) -> Verdict:
        """Which of the `learners` drive: the best of those tried enough, or all of these; the first where none is."""
        if (given := tuple(learners)) not in self._verdicts:
            self._verdicts[given] = self._judged(learners)
        return self._verdicts[given]

    def _judged(self, learners: list[str]) -> Verdict:
        first = self._known(learners[:1])
        trials = {name: sum(meant for thoughts, meant in first if name in thoughts) for name in learners}
        tried = [name for name in learners if trials[name] >= TRIED] if trials[learners[0]] >= ENOUGH else []
        known = [one for one in first if all(name in one[0] for name in tried)]
        if not tried or not known:
            return Verdict(tuple(one for one in learners if one in BEGINNERS), UNTRIED, Calibration(), {})
        logits, truth = table(known, tried)
        panels = {(name,): logits[:, place] for place, name in enumerate(tried)} | {tuple(tried): logits.mean(1)}
        measured = {panel: measure(logit, truth) for panel, logit in panels.items()}
        drivers = min(measured, key=lambda panel: measured[panel][0])
        _, calibration, probability = measured[drivers]
        losses = {together(panel): loss for panel, (loss, _, _) in measured.items()}
        return Verdict(drivers, threshold(probability, self._budget), calibration, losses)

    def early(self) -> float:
        """How steadily sure one must be to act on words that are still being said: the least that would have kept the
        share of wrong acts within half the budget so far; more than 1 if nothing would."""
        known = ((self._steady.get(utterance, 0.0), self._meant[utterance][1]) for utterance in self._window())
        sure = [one for one in known if one[0] >= LOWEST]
        if len(sure) < EARLY_TRIED:
            return EARLY
        above = 2.0
        for least in sorted({steady for steady, _ in sure}, reverse=True):
            acts = [meant for steady, meant in sure if steady >= least]
            if (acts.count(False) + 0.5) / (len(acts) + 1) <= self._budget / 2:
                above = least
        return above

    def worse(self, learner: str, proven: str, since: int) -> float | None:
        """By how many nats an utterance `learner` did worse than `proven` on those after `since`, at least RETRIED
        and a wish among them; None where they are too few."""
        if (asked := (learner, proven, since)) not in self._worse:
            self._worse[asked] = self._compared(*asked)
        return self._worse[asked]

    def _compared(self, learner: str, proven: str, since: int) -> float | None:
        known = self._known([learner, proven], since)
        if len(known) < RETRIED or not any(meant for _, meant in known):
            return None
        logits, truth = table(known, [learner, proven])
        return measure(logits[:, 0], truth)[0] - measure(logits[:, 1], truth)[0]


def _keep_last(kept: dict[int, Any]) -> None:
    while len(kept) > WIDEST:
        del kept[min(kept)]
