"""Scikit-learn's 8 x 8 digits: one softmax layer, explicitly solved, trained from there, and trained from nothing.

The first 1,200 are to learn from, the last 200 of these to stop by; the other 597 are to judge by.
"""

import math
import time
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from lampd.plm.explicit import CoOccurrence

LEARNED, STOPPED = 1000, 1200
RATE, ROWS, PATIENCE, EPOCHS = 3e-3, 32, 8, 300
PRIMING = (1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 256.0)
"""Values of K tried, beside the mean norm."""


@dataclass(frozen=True)
class Digits:
    """Pixels (M, 64) from 0 to 1 and labels (M)."""

    pixels: Tensor
    labels: Tensor

    @classmethod
    def load(cls) -> "Digits":
        from sklearn.datasets import load_digits

        pixels, labels = load_digits(return_X_y=True)
        return cls(torch.tensor(pixels).float() / 16, torch.tensor(labels).long())

    def part(self, start: int, end: int | None) -> "Digits":
        return Digits(self.pixels[start:end], self.labels[start:end])

    def accuracy(self, weights: Tensor) -> float:
        """Of softmax(H U), U (64, 10)."""
        return float(((self.pixels @ weights).argmax(1) == self.labels).double().mean())

    def loss(self, weights: Tensor) -> float:
        return float(functional.cross_entropy(self.pixels @ weights, self.labels))


@dataclass(frozen=True)
class Trained:
    """Epochs until it stopped, the best among them, seconds, and the accuracy on the test digits at the best."""

    epochs: int
    best: int
    seconds: float
    accuracy: float
    course: list[float] = field(default_factory=list)
    """Accuracy on the test digits after each epoch, from none."""

    def reaching(self, accuracy: float) -> int | None:
        """Epochs until the test digits were told apart so well; None, if never."""
        return next((epoch for epoch, found in enumerate(self.course) if found >= accuracy), None)


def explicit(digits: Digits, priming: float | None = None) -> Tensor:
    """U (64, 10) in closed form; K is the mean norm of the inputs where `priming` is None."""
    found = CoOccurrence.none(digits.pixels.shape[1], 10)
    found.add(digits.pixels, digits.labels)
    if priming is not None:
        found.norm = priming * found.weight
    return found.solution()


def trained(digits: Digits, start: Tensor) -> Trained:
    """Adam from `start`, until the digits to stop by got no better for PATIENCE epochs; always the same."""
    learn, stop, test = digits.part(0, LEARNED), digits.part(LEARNED, STOPPED), digits.part(STOPPED, None)
    weights = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([weights], lr=RATE)
    shuffle = torch.Generator().manual_seed(0)
    least, best, kept, seconds = math.inf, 0, start, 0.0
    course = [test.accuracy(start)]
    for epoch in range(1, EPOCHS + 1):
        began = time.perf_counter()
        for chosen in torch.split(torch.randperm(LEARNED, generator=shuffle), ROWS):
            optimiser.zero_grad()
            torch.autograd.backward(functional.cross_entropy(learn.pixels[chosen] @ weights, learn.labels[chosen]))
            optimiser.step()
        seconds += time.perf_counter() - began
        now = weights.detach().clone()
        course.append(test.accuracy(now))
        if (loss := stop.loss(now)) < least:
            least, best, kept = loss, epoch, now
        if epoch - best >= PATIENCE:
            break
    return Trained(epoch, best, seconds, test.accuracy(kept), course)


def measure() -> dict[str, Any]:
    from sklearn.linear_model import LogisticRegression

    digits = Digits.load()
    learn, test = digits.part(0, LEARNED), digits.part(STOPPED, None)
    began = time.perf_counter()
    solution = explicit(digits.part(0, STOPPED))
    seconds = time.perf_counter() - began
    scan = {f"{k:g}": test.accuracy(explicit(digits.part(0, STOPPED), k)) for k in PRIMING}
    warm = trained(digits, explicit(learn))
    cold = trained(digits, torch.zeros(64, 10))
    everything = digits.part(0, STOPPED)
    judge = LogisticRegression(max_iter=1000).fit(everything.pixels.numpy(), everything.labels.numpy())
    return {
        "explicit": {"accuracy": test.accuracy(solution), "seconds": seconds},
        "mean norm": float(everything.pixels.sum(1).mean()),
        "by K": scan,
        "warm": fields(warm, cold),
        "cold": fields(cold, warm),
        "logistic regression": float(judge.score(test.pixels.numpy(), test.labels.numpy())),
    }


def fields(one: Trained, other: Trained) -> dict[str, Any]:
    """`reached` is after how many epochs it was as good as the worse of the two ended."""
    goal = min(one.accuracy, other.accuracy)
    return {
        "start": one.course[0],
        "accuracy": one.accuracy,
        "epochs": one.best,
        "reached": one.reaching(goal),
        "seconds": one.seconds,
    }
