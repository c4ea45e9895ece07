"""A model and a text arrive; how good it is after so many epochs and so many seconds of training leaves."""

import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch

from lampd.bench.texts import Task
from lampd.plm.language_model import LanguageModel, perplexity
from lampd.plm.model import PrecisionModel

SLACK = 1.05
"""Training is looked at between batches, a little late."""


@dataclass(frozen=True)
class Mark:
    """A point of training (see language_model.Point), judged on the test text too."""

    phase: str
    epoch: int
    seconds: float
    development: float
    test: float


@dataclass(frozen=True)
class Run:
    name: str
    parameters: int
    finished: bool
    """It stopped by itself, before its time was over."""
    marks: tuple[Mark, ...]

    @property
    def start(self) -> Mark:
        return self.marks[0]

    def epoch(self, number: int) -> Mark | None:
        """As it was when epoch `number` ended, counted from the first; None, if it never did."""
        ended = [b for a, b in itertools.pairwise(self.marks) if (a.phase, a.epoch) != (b.phase, b.epoch)]
        whole = [mark for mark in ended if mark.epoch > 0]
        return self.start if number == 0 else whole[number - 1] if number <= len(whole) else None

    def within(self, seconds: float) -> Mark | None:
        """What would be used after `seconds` of training: the best by the development text. None, if not begun."""
        reached = [mark for mark in self.marks if mark.seconds <= SLACK * seconds]
        return min(reached, key=lambda mark: mark.development, default=None)

    @property
    def best(self) -> Mark:
        return min(self.marks, key=lambda mark: mark.development)

    def costs(self) -> dict[str, float]:
        """The seconds of each phase; what came before the first point is one too."""
        found: dict[str, float] = {}
        before = 0.0
        for mark in self.marks:
            found[mark.phase] = found.get(mark.phase, 0.0) + mark.seconds - before
            before = mark.seconds
        return found

    def to_fields(self) -> dict[str, Any]:
        return {**asdict(self), "marks": [asdict(mark) for mark in self.marks]}


def marks(model: LanguageModel, task: Task, seconds: float) -> Iterator[Mark]:
    """Train for `seconds`, at least to the first point; the mark that passes the limit is the last."""
    for point in model.train(task.train, task.development):
        yield Mark(point.phase, point.epoch, point.seconds, point.perplexity, perplexity(model, task.test))
        if point.seconds >= seconds:
            return


def run(model: LanguageModel, task: Task, seconds: float, name: str | None = None) -> Run:
    found = tuple(marks(model, task, seconds))
    return Run(name or model.name, parameters(model), found[-1].seconds < seconds, found)


def parameters(model: LanguageModel) -> int:
    """Numbers that the model consists of, embeddings that are never learned among them."""
    if isinstance(model, PrecisionModel):
        return sum(each.numel() for each in model.network.parameters())
    return int(getattr(model, "parameters", 0))


def unigram(task: Task) -> float:
    """The test perplexity of token frequencies, each token counted once more than it was seen."""
    none = torch.empty(0, dtype=torch.int64)
    counts = torch.bincount(torch.cat([none, *task.train.documents]), minlength=task.train.size).double() + 1
    test = torch.cat([none, *task.test.documents])
    return float((-(counts / counts.sum()).log()[test].mean()).exp())
