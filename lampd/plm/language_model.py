"""What every language model does, the precision one and those it is compared with."""

import math
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from torch import Tensor

from lampd.plm.corpus import Corpus


class Point(NamedTuple):
    """How far training has come: `seconds` of training so far, evaluation left out, and the development perplexity."""

    phase: str
    epoch: int
    seconds: float
    perplexity: float


class LanguageModel(Protocol):
    """Predicts each token of a document from those before it."""

    @property
    def name(self) -> str: ...

    def train(self, corpus: Corpus, development: Corpus) -> Iterator[Point]:
        """Learn `corpus`, with a point before the first gradient step and after each epoch.

        Ends when it is done or stopped early, with the best parameters found; may be left at any point.
        """
        ...

    def log_probabilities(self, document: Tensor) -> Tensor:
        """Natural logarithms (T) of the probability of each token of `document` (T) given those before it."""
        ...


def perplexity(model: LanguageModel, corpus: Corpus) -> float:
    """exp of the mean negative log-probability of a token of `corpus`; infinite where one was held impossible."""
    total = sum(float(model.log_probabilities(document).double().sum()) for document in corpus.documents)
    return math.exp(min(-total / max(1, corpus.tokens), 700.0))
