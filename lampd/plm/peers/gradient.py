"""Training by gradients, from random weights, of any network that turns tokens into hidden vectors.

Adam with decoupled weight decay, clipped gradients, truncated back-propagation where the network carries a state, and a
rate that halves after each epoch that did not better the development perplexity, until several did not.
"""

import math
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from lampd.plm.corpus import Corpus
from lampd.plm.language_model import Point
from lampd.plm.peers.pieces import PADDING, Piece, laid_out, piece_of, stacked

AT_ONCE = 8192
"""Tokens judged at once."""


class Network(nn.Module):
    """Tokens (B, T) become hidden vectors (B, T, D); these are compared with the embedding (N + 1, D) of the tokens.

    The output shares its weights with the input. Its bias begins at the logarithm of the tokens' frequencies, so an
    untrained network is about as good as a unigram model.
    """

    longest: int = 512
    """Tokens of a row, in training, at whose end the state is forgotten."""

    def __init__(self, counts: Tensor, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(counts) + 1, width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        smoothed = counts.float() + 0.5
        self.bias = nn.Parameter((smoothed / smoothed.sum()).log())

    @abstractmethod
    def stretches(self, tokens: Tensor) -> Iterator[Tensor]:
        """Hidden vectors (B, t, D) of `tokens` (B, T), a stretch at a time; no gradient passes between stretches."""

    def logits(self, hidden: Tensor) -> Tensor:
        """(..., D) -> (..., N)."""
        return functional.linear(hidden, self.embedding.weight[:-1], self.bias)


@dataclass(frozen=True)
class Course:
    """How a network is trained."""

    rate: float = 2e-3
    warmup: int = 0
    """Steps in which the rate rises from nothing."""
    decay: float = 0.01
    clip: float = 1.0
    rows: int = 16
    """Side by side."""
    epochs: int = 100
    patience: int = 5
    """Epochs in a row that may not better the development perplexity; the rate halves after each."""
    pause: float = math.inf
    """Within an epoch there is a point after each so many seconds too."""
    seed: int = 0


class Stopwatch:
    """`seconds` spent within `with`."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *exception: object) -> None:
        self.seconds += time.perf_counter() - self._began


class GradientModel:
    """A language model around a network, which `build` makes from the counts (N) of the tokens."""

    def __init__(self, name: str, build: Callable[[Tensor], Network], course: Course) -> None:
        self.name = name
        self.course = course
        self._build = build
        self._network: Network | None = None

    @property
    def parameters(self) -> int:
        """Numbers learned; 0 before training."""
        return sum(each.numel() for each in self._network.parameters()) if self._network else 0

    def train(self, corpus: Corpus, development: Corpus) -> Iterator[Point]:
        """See LanguageModel; within an epoch there may be points too, see Course.pause."""
        course, watch = self.course, Stopwatch()
        with watch, torch.random.fork_rng(devices=[]):
            torch.manual_seed(course.seed)
            counts = sum((torch.bincount(one, minlength=corpus.size) for one in corpus.documents), torch.zeros(()))
            network = self._network = self._build(torch.as_tensor(counts).expand(corpus.size))
        best = _Best(network)
        yield best.offered("start", 0, watch.seconds, _perplexity(network, development))
        teacher = _Teacher(network, course)
        shuffle = torch.Generator().manual_seed(course.seed)
        misses = 0
        try:
            for epoch in range(1, course.epochs + 1):
                before, due = best.perplexity, watch.seconds + course.pause
                with watch:
                    today = list(laid_out(corpus, course.rows, network.longest, shuffle))
                for batch in today:
                    with watch:
                        teacher.teach(batch)
                    if watch.seconds > due:
                        yield best.offered("epochs", epoch - 1, watch.seconds, _perplexity(network, development))
                        due = watch.seconds + course.pause
                yield best.offered("epochs", epoch, watch.seconds, _perplexity(network, development))
                misses = 0 if best.perplexity < before else misses + 1
                teacher.rate *= 0.5 if misses else 1.0
                if misses >= course.patience:
                    break
        finally:
            network.load_state_dict(best.parameters)

    def log_probabilities(self, document: Tensor) -> Tensor:
        if self._network is None:
            raise RuntimeError(f"{self.name} has not been trained")
        if not len(document):
            return torch.empty(0)
        row = piece_of(document, len(self._network.bias))
        return -_losses(self._network, Piece(row.read[None], row.wanted[None]))


class _Best:
    """The parameters of the best point so far."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.perplexity = math.inf
        self.parameters = deepcopy(network.state_dict())

    def offered(self, phase: str, epoch: int, seconds: float, perplexity: float) -> Point:
        if perplexity < self.perplexity:
            self.perplexity, self.parameters = perplexity, deepcopy(self._network.state_dict())
        return Point(phase, epoch, seconds, perplexity)


class _Teacher:
    """Gradient steps; the same ones whatever else draws random numbers meanwhile."""

    def __init__(self, network: Network, course: Course) -> None:
        self.rate = course.rate
        self._network, self._course = network, course
        self._optimiser = torch.optim.AdamW(network.parameters(), weight_decay=course.decay)
        self._steps = 0

    def teach(self, batch: Piece) -> None:
        network, at = self._network, 0
        network.train()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._course.seed + self._steps)
            for hidden in network.stretches(batch.read):
                wanted = batch.wanted[:, at : at + hidden.shape[1]]
                at += hidden.shape[1]
                there = wanted != PADDING
                self._step(functional.cross_entropy(network.logits(hidden[there]), wanted[there]))
        network.eval()

    def _step(self, loss: Tensor) -> None:
        self._steps += 1
        for group in self._optimiser.param_groups:
            group["lr"] = self.rate * min(1.0, self._steps / max(1, self._course.warmup))
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._network.parameters(), self._course.clip)
        self._optimiser.step()


def _losses(network: Network, batch: Piece) -> Tensor:
    """-log p of every token of `batch` that is no padding, row by row within each stretch."""
    network.eval()
    losses, at = [], 0
    with torch.inference_mode():
        for hidden in network.stretches(batch.read):
            wanted = batch.wanted[:, at : at + hidden.shape[1]]
            at += hidden.shape[1]
            there = wanted != PADDING
            losses.append(functional.cross_entropy(network.logits(hidden[there]), wanted[there], reduction="none"))
    return torch.cat(losses)


def _perplexity(network: Network, corpus: Corpus) -> float:
    """As `language_model.perplexity`, many documents at a time."""
    total = sum(float(_losses(network, batch).double().sum()) for batch in stacked(corpus, AT_ONCE))
    return math.exp(min(total / max(1, corpus.tokens), 700.0))
