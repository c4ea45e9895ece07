"""The gate: a linear model over character n-grams. A file comes in, probabilities leave; gate_fit.py makes the file.

A text's features are x[j] = log(1 + count[j]) * idf[j] over the n-grams known when it was fitted, scaled to unit L2
norm. The probability of a wish is logistic(x . U + b), with features and U of that wish's own.
"""

import math
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from lampd.learners.ngrams import ngrams
from lampd.learners.wish import Wish, logistic

KIND = "gate"
FORMAT = 1


class ModelError(Exception):
    """A model file that cannot be used; the text names it and says why."""


class About(msgspec.Struct, frozen=True):
    """What a model file says of itself."""

    kind: str = ""
    format: int = 0
    version: int = 0
    examples: dict[str, int] = {}


class Head(msgspec.Struct, frozen=True, dict=True):
    """The model of one wish: V n-grams with `idf` (V) and `weights` (V), and a `bias` (1)."""

    ngrams: list[str]
    idf: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        """The index of each n-gram; made when it is first asked for, which of most models it never is."""
        return dict(zip(self.ngrams, range(len(self.ngrams)), strict=True))

    def probability(self, text: str) -> float:
        counts = {j: n for ngram, n in ngrams(text).items() if (j := self.vocabulary.get(ngram)) is not None}
        if not counts:
            return 0.0
        index = np.fromiter(counts.keys(), int, len(counts))
        x = np.log1p(np.fromiter(counts.values(), np.float32, len(counts))) * self.idf[index]
        return logistic(float(x @ self.weights[index]) / math.sqrt(float(x @ x)) + float(self.bias[0]))


NO_HEAD = Head([], *(np.zeros(n, np.float32) for n in (0, 0, 1)))
"""Where there is no example yet to learn a wish from: it is never likely."""


class Gate(msgspec.Struct, frozen=True):
    """A head for each wish, and how many examples of each tag they were fitted to."""

    lit: Head
    dark: Head
    examples: dict[str, int]
    version: int = 0

    @property
    def name(self) -> str:
        return f"{KIND} {self.version}"

    def predict(self, text: str, lit: bool) -> Wish:
        """Probabilities of what `text` asks of a lamp that is lit or not."""
        return Wish.of(lit, (self.dark if lit else self.lit).probability(text))

    def to_bytes(self) -> bytes:
        """The model as a safetensors file that says what it is."""
        tensors: dict[str, NDArray[Any]] = {}
        for wish, head in (("lit", self.lit), ("dark", self.dark)):
            # no n-gram holds a NUL
            words = np.frombuffer("\0".join(head.ngrams).encode(), np.uint8)
            parts: dict[str, NDArray[Any]] = {
                "ngrams": words,
                "idf": head.idf,
                "weights": head.weights,
                "bias": head.bias,
            }
            tensors |= {f"{wish}.{part}": tensor for part, tensor in parts.items()}
        about = msgspec.json.encode(About(KIND, FORMAT, self.version, self.examples)).decode()
        # under one key, for safetensors writes several in a random order
        return save(tensors, {"lampd": about})


def _head(tensors: dict[str, NDArray[Any]], wish: str) -> Head:
    words = tensors[f"{wish}.ngrams"].tobytes().decode()
    head = Head(words.split("\0") if words else [], *(tensors[f"{wish}.{key}"] for key in ("idf", "weights", "bias")))
    if not (head.idf.shape == head.weights.shape == (len(head.ngrams),) and head.bias.shape == (1,)):
        raise ValueError("its parts do not fit each other")
    return head


def load(path: Path) -> Gate:
    """Read a gate from its file. Raises ModelError for one that is missing, torn, or of another kind."""
    try:
        with safe_open(path, "numpy") as file:
            about = msgspec.json.decode((file.metadata() or {}).get("lampd", "{}"), type=About)
            if (about.kind, about.format) != (KIND, FORMAT):
                raise ModelError(f"{path}: not a {KIND} of format {FORMAT}")
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        return Gate(_head(tensors, "lit"), _head(tensors, "dark"), about.examples, about.version)
    except (OSError, SafetensorError, KeyError, ValueError, msgspec.DecodeError) as error:
        raise ModelError(f"{path}: {error}") from None
