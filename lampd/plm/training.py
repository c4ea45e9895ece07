"""The three phases: a network with its beginning arrives; embeddings are frozen, then thawed; the best one leaves.

While embeddings are frozen their comparisons are looked up. A phase ends after its epochs, or early after so many
rises of development perplexity, and the next begins from the best parameters found so far.
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from lampd.plm.batches import Piece, batches, pieces
from lampd.plm.corpus import Corpus
from lampd.plm.language_model import Point
from lampd.plm.network import Network

PHASES = ("frozen", "thawed")


@dataclass
class Progress:
    """How far training has come: `epoch` epochs in all, `within` of them in the phase; `rises` since the best."""

    phase: str = "frozen"
    epoch: int = 0
    within: int = 0
    rises: int = 0
    seconds: float = 0.0
    best: float = math.inf


class Training:
    """Adam on a network, with all that it takes to go on after a kill as if there had been none."""

    def __init__(self, network: Network, cache: bool = True, seconds: float = math.inf) -> None:
        self.network = network
        self.progress = Progress()
        self._cache = cache
        self._limit = seconds
        self._best = _copied(network)
        self._adam: torch.optim.Adam
        self._begin()

    def run(self, corpus: Corpus, development: Corpus, begun: str = "") -> Iterator[Point]:
        """Points before the first step, named `begun`, and after each epoch; the network is then the best one.

        An empty development corpus is stood in for by `corpus` itself. With `begun` empty the first point is left
        out: training goes on from where it was.
        """
        span = self.network.configuration.span
        learned = pieces(corpus, span)
        judged = pieces(development, span) or learned
        try:
            if begun:
                self._judge(judged)
                yield self._point(begun)
            while self._more():
                phase = self.progress.phase
                self._epoch(learned)
                self._judge(judged)
                yield self._point(phase)
        finally:
            self.network.load_state_dict(self._best)
            self.network.thaw(False, cache=False)

    def _more(self) -> bool:
        """Whether there is another epoch, having moved on to the next phase where one is over."""
        configuration, progress = self.network.configuration, self.progress
        epochs = dict(zip(PHASES, (configuration.epochs, configuration.thawed), strict=True))
        while progress.within >= epochs[progress.phase] or progress.rises >= configuration.patience:
            if progress.phase == PHASES[-1]:
                return False
            progress.phase, progress.within, progress.rises = PHASES[-1], 0, 0
            self.network.load_state_dict(self._best)
            self._begin()
        return progress.seconds < self._limit

    def _begin(self) -> None:
        """The optimiser of the present phase, without any memory."""
        configuration, thawed = self.network.configuration, self.progress.phase == "thawed"
        self.network.thaw(thawed, self._cache and configuration.epochs > 0)
        rate = configuration.rate / (configuration.slower if thawed else 1)
        self._adam = torch.optim.Adam(self._learning(), lr=rate)

    def _learning(self) -> list[Tensor]:
        return [parameter for parameter in self.network.parameters() if parameter.requires_grad]

    def _epoch(self, learned: Sequence[Piece]) -> None:
        """One pass over `learned`, in an order that only the number of the epoch decides."""
        begun, before = time.perf_counter(), self.progress.seconds
        order = list(batches(learned, self.network.configuration.batch))
        for index in torch.randperm(len(order), generator=torch.Generator().manual_seed(self.progress.epoch)).tolist():
            batch = order[index]
            if len(batch.targets):
                chosen = self.network(batch).gather(1, batch.targets[:, None])[:, 0]
                loss = -(batch.weights @ chosen) / batch.weights.sum()
                self._adam.zero_grad()
                loss.backward()
                self._adam.step()
            self.progress.seconds = before + time.perf_counter() - begun
            if self.progress.seconds >= self._limit:
                break
        self.progress.epoch += 1
        self.progress.within += 1

    @torch.no_grad()
    def _judge(self, judged: Sequence[Piece]) -> None:
        self.perplexity = perplexity_of(self.network, judged)
        if self.perplexity < self.progress.best:
            self.progress.best, self.progress.rises = self.perplexity, 0
            self._best = _copied(self.network)
        else:
            self.progress.rises += 1

    def _point(self, phase: str) -> Point:
        return Point(phase, self.progress.epoch, self.progress.seconds, self.perplexity)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and plain fields, to be given back to `restore`."""
        tensors = {f"now.{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self._best.items()}
        for index, moments in self._adam.state_dict()["state"].items():
            tensors |= {f"adam.{index}.{name}": value for name, value in moments.items()}
        return tensors, asdict(self.progress)

    def restore(self, tensors: dict[str, Tensor], fields: dict[str, Any]) -> None:
        """Be where `state` was taken. Raises KeyError, TypeError or RuntimeError for one of another network."""
        self.progress = Progress(**fields)
        self.network.load_state_dict(_under("now.", tensors))
        self._best = _under("best.", tensors)
        self._begin()
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in _under("adam.", tensors).items():
            index, _, moment = name.partition(".")
            moments.setdefault(int(index), {})[moment] = value
        self._adam.load_state_dict({**self._adam.state_dict(), "state": moments})


@torch.no_grad()
def perplexity_of(network: Network, judged: Sequence[Piece]) -> float:
    """exp of the mean negative log-probability of what counts in `judged`; 1 where nothing does."""
    total = weight = 0.0
    for batch in batches(judged, network.configuration.batch):
        chosen = network(batch).gather(1, batch.targets[:, None])[:, 0]
        total -= float(batch.weights.double() @ chosen.double())
        weight += float(batch.weights.double().sum())
    return math.exp(min(total / weight, 700.0)) if weight else 1.0


def _copied(network: Network) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
