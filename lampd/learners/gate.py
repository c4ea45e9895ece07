"""The gate: a linear model over character n-grams. A file comes in, probabilities leave; gate_fit.py makes the file.

A text's features are x[j] = log(1 + count[j]) * idf[j] over its n-grams, scaled to unit L2 norm; those unknown when it
was fitted count in the norm alone. The probability of a wish is logistic(x . U_wish + b).
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

from lampd.learners.ngrams import counts
from lampd.learners.wish import WISHES, Wish, logistic
from lampd.messages import Said, Tag

KIND = "gate"
FORMAT = 2
LARGEST = 1e6
"""No weight is larger: in a file that says otherwise some are no numbers, or would not be once they are added."""

FLOAT = np.dtype(np.float32)
FAULTS = OSError, SafetensorError, LookupError, TypeError, ValueError, RecursionError, MemoryError
"""What reading a file may raise that is no model."""


class ModelError(Exception):
    """A model file that cannot be used; the text names it and says why."""


class About(msgspec.Struct, frozen=True):
    """What a model file says of itself."""

    kind: str = ""
    format: int = 0
    version: int = 0
    examples: dict[str, int] = {}
    unknown: float = 1.0
    bias: float = 0.0


class Gate(msgspec.Struct, frozen=True, dict=True):
    """V n-grams with `idf` (V; `unknown` for all others) and `weights` (2 x V: lit, dark), a `bias`, and how many
    examples of each tag they were fitted to."""

    ngrams: list[str]
    idf: NDArray[np.float32]
    unknown: float
    weights: NDArray[np.float32]
    bias: float
    examples: dict[str, int]
    version: int = 0

    @classmethod
    def untaught(cls, examples: dict[str, int], version: int) -> "Gate":
        """Where there is no wish yet to learn from: it is never likely."""
        return cls([], np.zeros(0, np.float32), 1.0, np.zeros((2, 0), np.float32), 0.0, examples, version)

    @property
    def name(self) -> str:
        return f"{KIND} {self.version}"

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        """The index of each n-gram; made when it is first asked for, which of most models it never is."""
        return dict(zip(self.ngrams, range(len(self.ngrams)), strict=True))

    def contributions(self, said: Said, wish: Tag) -> dict[str, float]:
        """What each known n-gram of `said` adds to the logit of `wish`."""
        found = counts(said)
        known = {ngram: j for ngram in found if (j := self.vocabulary.get(ngram)) is not None}
        index = np.fromiter(known.values(), int, len(known))
        x = np.log1p(np.array([found[ngram] for ngram in known], np.float32)) * self.idf[index]
        strange = sum((math.log1p(n) * self.unknown) ** 2 for ngram, n in found.items() if ngram not in known)
        norm = math.sqrt(float(x @ x) + strange)
        if not norm:
            return {}
        parts = x * self.weights[WISHES.index(wish), index] / norm
        return dict(zip(known, parts.tolist(), strict=True))

    def predict(self, said: Said, lit: bool) -> Wish:
        """Probabilities of what `said` asks of a lamp that is lit or not."""
        parts = self.contributions(said, "dark" if lit else "lit")
        return Wish.of(lit, logistic(math.fsum(parts.values()) + self.bias) if parts else 0.0)

    def to_bytes(self) -> bytes:
        """The model as a safetensors file that says what it is."""
        # no n-gram holds a NUL
        words = np.frombuffer("\0".join(self.ngrams).encode(), np.uint8)
        # safetensors writes memory as it lies
        weights = np.ascontiguousarray(self.weights)
        tensors: dict[str, NDArray[Any]] = {"ngrams": words, "idf": self.idf, "weights": weights}
        about = About(KIND, FORMAT, self.version, self.examples, self.unknown, self.bias)
        # under one key, for safetensors writes several in a random order
        return save(tensors, {"lampd": msgspec.json.encode(about).decode()})


def load(path: Path) -> Gate:
    """Read a gate from its file. Raises ModelError for one that is missing, torn, or of another kind."""
    try:
        with safe_open(path, "numpy") as file:
            about = msgspec.json.decode((file.metadata() or {}).get("lampd", "{}"), type=About)
            if (about.kind, about.format) != (KIND, FORMAT):
                raise ModelError(f"{path}: not a {KIND} of format {FORMAT}")
            words, idf, weights = (file.get_tensor(key) for key in ("ngrams", "idf", "weights"))
        text = words.tobytes().decode()
        known = text.split("\0") if text else []
        if idf.shape != (len(known),) or weights.shape != (2, len(known)) or {idf.dtype, weights.dtype} != {FLOAT}:
            raise ValueError("its parts do not fit each other")
        if not all(np.all(np.abs(part) < LARGEST) for part in (idf, weights, about.unknown, about.bias)):
            raise ValueError("not all of its weights are numbers")
        return Gate(known, idf, about.unknown, weights, about.bias, about.examples, about.version)
    except FAULTS as error:
        raise ModelError(f"{path}: {error}") from None
