"""The precision language model, whole: corpora, documents and files arrive, probabilities leave."""

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from lampd.plm import files
from lampd.plm.batches import Piece, batch
from lampd.plm.corpus import Corpus
from lampd.plm.language_model import Point
from lampd.plm.network import Network
from lampd.plm.sizes import SIZES, Configuration
from lampd.plm.training import Training
from lampd.plm.vocabulary import Vocabulary
from lampd.plm.warm import cold_start, network_of, warm_start

Start = Literal["warm", "cold"]


class PrecisionModel:
    """`start` "cold" draws the weights that "warm" solves for; `evidence` false believes all inputs alike.

    `cache` looks comparisons up while embeddings are frozen; `seconds` limits training, the start included. The
    vocabulary, where there is one, only goes to disk and back. Raises ValueError for another start.
    """

    def __init__(
        self,
        configuration: Configuration = SIZES["micro"],
        start: Start = "warm",
        evidence: bool = True,
        cache: bool = True,
        seconds: float = math.inf,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        if start not in get_args(Start):
            raise ValueError(f"a model starts {' or '.join(get_args(Start))}, not {start!r}")
        self.configuration = configuration
        self.start: Start = start
        self.evidence = evidence
        self.vocabulary = vocabulary
        self._cache = cache
        self._seconds = seconds
        self._network: Network | None = None
        self._training: Training | None = None

    @property
    def name(self) -> str:
        return f"precision {self.configuration.name}, {self.start}"

    @property
    def network(self) -> Network:
        """What was learned. Raises RuntimeError before anything was."""
        if self._network is None:
            raise RuntimeError("the model has not been trained or loaded yet")
        return self._network

    def train(self, corpus: Corpus, development: Corpus) -> Iterator[Point]:
        """Learn `corpus` from nothing: a point after the start and after each epoch. The best parameters stay."""
        begun = time.perf_counter()
        self._network = network_of(self.configuration, corpus)
        if self.start == "warm":
            warm_start(self._network, corpus, self.evidence)
        else:
            cold_start(self._network)
        self._training = Training(self._network, self._cache, self._seconds)
        self._training.progress.seconds = time.perf_counter() - begun
        yield from self._training.run(corpus, development, self.start)

    def resume(self, corpus: Corpus, development: Corpus) -> Iterator[Point]:
        """Go on from where the model was saved in training. Raises RuntimeError where it was not."""
        if self._training is None:
            raise RuntimeError("the model was not saved in training")
        yield from self._training.run(corpus, development)

    @torch.no_grad()
    def log_probabilities(self, document: Tensor) -> Tensor:
        """Natural logarithms (T) of the probability of each token of `document` (T) given those before it."""
        network = self.network
        parts = []
        for tokens in torch.split(document, self.configuration.span) if len(document) else ():
            one = batch([Piece(tokens, torch.ones(len(tokens)))])
            parts.append(network(one).gather(1, one.targets[:, None])[:, 0])
        return torch.cat([*parts, torch.zeros(0)])

    @torch.no_grad()
    def next_log_probabilities(self, document: Tensor) -> Tensor:
        """Natural logarithms (N) of the probability of every token to come after `document` (T)."""
        read = document[len(document) // self.configuration.span * self.configuration.span :]
        tokens = torch.cat([read, torch.zeros(1, dtype=torch.int64)])
        weights = torch.zeros(len(tokens))
        weights[-1] = 1
        return torch.as_tensor(self.network(batch([Piece(tokens, weights)]))[0])

    def save(self, path: Path, training: bool = False) -> None:
        """Write the model to a file; with all that `resume` needs where `training`, just after a point."""
        files.write(path, self.to_bytes(training))

    def to_bytes(self, training: bool = False, about: dict[str, Any] | None = None) -> bytes:
        """The model as a safetensors file, which says what else it is `about`."""
        fields = (about or {}) | {
            "configuration": self.configuration.to_fields(),
            "start": self.start,
            "evidence": self.evidence,
            "size": self.network.size,
            "vocabulary": self.vocabulary and self.vocabulary.to_json(),
        }
        if training and self._training:
            tensors, fields["training"] = self._training.state()
        else:
            tensors = self.network.state_dict()
        return files.encoded(tensors, fields)

    @classmethod
    def load(cls, path: Path, cache: bool = True, seconds: float = math.inf) -> "PrecisionModel":
        """The model that was saved, bit for bit. Raises files.FileError, which names the file."""
        tensors, fields = files.read(path)
        try:
            configuration = Configuration.from_fields(fields["configuration"])
            vocabulary = Vocabulary.from_json(fields["vocabulary"]) if fields["vocabulary"] else None
            model = cls(configuration, fields["start"], fields["evidence"], cache, seconds, vocabulary)
            prefix = "now." if "training" in fields else ""
            shapes = [tensors[f"{prefix}views.{index}.e"] for index in range(len(configuration.contexts))]
            model._network = Network(configuration, [torch.zeros(one.shape) for one in shapes], fields["size"])
            if prefix:
                model._training = Training(model._network, cache, seconds)
                model._training.restore(tensors, fields["training"])
            else:
                model._network.load_state_dict(tensors)
        except (LookupError, TypeError, ValueError, RuntimeError) as error:
            raise files.FileError(f"{path}: not a model of this version of lampd ({error})") from error
        return model
