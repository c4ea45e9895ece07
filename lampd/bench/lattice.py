"""Per-frame CTC logits come in; n-gram counts leave, of the best string or expected under the posterior.

Given the sound, the frames of a CTC posterior are independent: a path drawn frame by frame and collapsed is an exact
sample of what was said, and the mean of the n-gram counts of such samples is an unbiased estimate of the expected ones.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lampd.learners.ngrams import ngrams

Counts = dict[str, float]
Paths = NDArray[np.int64]


class Alphabet(NamedTuple):
    """What each output of a voice is written as (nothing for marks that are no speech), and which is the blank."""

    letters: tuple[str, ...]
    blank: int

    @classmethod
    def of(cls, folder: Path) -> "Alphabet":
        """The alphabet of the checkpoint in `folder`."""
        vocabulary: dict[str, int] = json.loads((folder / "vocab.json").read_text("utf-8"))
        written = {token: token if len(token) == 1 else "" for token in vocabulary} | {"|": " "}
        ordered = sorted(vocabulary, key=vocabulary.__getitem__)
        return cls(tuple(written[token] for token in ordered), vocabulary["<pad>"])


def best(logits: NDArray[np.float32]) -> Paths:
    """The best path (1, frames)."""
    path: Paths = logits.argmax(-1)[None]
    return path


def sampled(logits: NDArray[np.float32], samples: int, rng: np.random.Generator, temperature: float = 1.0) -> Paths:
    """Paths (samples, frames) drawn from the posterior of `logits` / `temperature`."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(-1, keepdims=True, initial=-np.inf)
    # the last output takes all that the others leave, rounding errors with it
    reached = np.exp(scaled).cumsum(-1)[:, :-1]
    total = np.exp(scaled).sum(-1)
    drawn = rng.random((samples, len(logits))) * total
    paths: Paths = (drawn[:, :, None] >= reached).sum(-1)
    return paths


def collapsed(paths: Paths, alphabet: Alphabet) -> list[str]:
    """The text of each path: repetitions are one, blanks none."""
    written = [*alphabet.letters]
    written[alphabet.blank] = ""
    fresh = np.ones(paths.shape, bool)
    fresh[:, 1:] = paths[:, 1:] != paths[:, :-1]
    return ["".join(written[i] for i in path[new].tolist()) for path, new in zip(paths, fresh, strict=True)]


def expected(texts: Sequence[str]) -> Counts:
    """The mean of the n-gram counts of `texts`."""
    found: Counts = {}
    for text, times in Counter(texts).items():
        for ngram, count in ngrams(text).items():
            found[ngram] = found.get(ngram, 0.0) + count * times / len(texts)
    return found


def mixed(one: Counts, other: Counts) -> Counts:
    """Halfway between two counts."""
    return {ngram: (one.get(ngram, 0.0) + other.get(ngram, 0.0)) / 2 for ngram in {**one, **other}}
