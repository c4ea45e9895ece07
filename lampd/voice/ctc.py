"""CTC logits come in; the best string leaves, how sure it is, and other guesses of what was said.

A path gives each frame an output; repetitions on it are one, blanks none (Graves et al. 2006). Given the sound the
frames are independent: a path drawn frame by frame and collapsed is an exact sample of what was said.
"""

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from lampd.voice.confidence import Confidence
from lampd.voice.folder import VoiceError, read_json

BLANK = "<pad>"
DELIMITER = "|"
MOST = 100_000
"""Outputs of a voice."""
SAMPLES = 128
"""Guesses: what they cost and bring is printed by `lampctl bench posterior`."""
SEED = 128

Logits = NDArray[np.float32]
Paths = NDArray[np.int64]


class Alphabet(NamedTuple):
    """What each output of a voice is written as: nothing for the blank, and for marks that are no speech."""

    letters: tuple[str, ...]
    blank: int

    @classmethod
    def of(cls, folder: Path) -> "Alphabet":
        """The alphabet of the checkpoint in `folder`. Raises VoiceError."""
        path = folder / "vocab.json"
        vocabulary = read_json(path)
        for token, output in vocabulary.items():
            if not isinstance(output, int) or not 0 <= output < MOST:
                raise VoiceError(f"transcriber.voice: {path}: {token!r}: {output!r} is no output below {MOST}")
        if BLANK not in vocabulary:
            raise VoiceError(f"transcriber.voice: {path}: there is no {BLANK}")
        return cls.by(vocabulary)

    @classmethod
    def by(cls, vocabulary: dict[str, int]) -> "Alphabet":
        """The alphabet of a vocabulary, outputs by token. Raises KeyError."""
        letters = [""] * (1 + max(vocabulary.values()))
        for token, output in vocabulary.items():
            is_mark = len(token) > 1 and token[0] + token[-1] in ("<>", "[]")
            letters[output] = " " if token == DELIMITER else "" if is_mark else token
        return cls(tuple(letters), vocabulary[BLANK])


class Ear(Protocol):
    """CTC logits (frames, outputs) for 16 kHz mono samples, and what the outputs are written as; `confidence` makes of
    the probability of a path the share of its text that is right."""

    @property
    def alphabet(self) -> Alphabet: ...

    @property
    def confidence(self) -> Confidence: ...

    def logits(self, samples: NDArray[np.int16]) -> Logits: ...


def check(ear: Ear, outputs: int) -> None:
    """Have `ear`, which is to have so many `outputs`, hear a second of noise. Raises ValueError for what it cannot have
    meant."""
    noise = np.random.default_rng(SEED).normal(0, 1000, 16_000).astype(np.int16)
    logits = ear.logits(noise)
    if logits.ndim != 2 or len(logits) < 2 or logits.shape[1] != outputs or outputs > len(ear.alphabet.letters):
        raise ValueError(f"of a second of sound it makes {logits.shape}; its alphabet has {len(ear.alphabet.letters)}")
    if not np.isfinite(logits).all():
        raise ValueError("not all that it makes of sound are numbers")


def collapsed(paths: Paths, alphabet: Alphabet) -> list[str]:
    """The text of each of `paths` (paths, frames), words parted by one space."""
    letters = [*alphabet.letters]
    letters[alphabet.blank] = ""
    fresh = np.ones(paths.shape, bool)
    fresh[:, 1:] = paths[:, 1:] != paths[:, :-1]
    written = ("".join(letters[i] for i in path[new].tolist()) for path, new in zip(paths, fresh, strict=True))
    return [" ".join(text.split()) for text in written]


def decode(logits: Logits, alphabet: Alphabet) -> tuple[str, float]:
    """The text of the best path of `logits` (frames, outputs), and the geometric mean of the probabilities of its
    frames that are not blank (0..1)."""
    best = logits.argmax(-1)
    (text,) = collapsed(best[None], alphabet)
    spoken = best != alphabet.blank
    if not spoken.any():
        return text, 0.0
    log_p = logits.max(-1) - np.logaddexp.reduce(logits, axis=-1)
    return text, float(np.exp(log_p[spoken].mean()))


def guesses(logits: Logits, alphabet: Alphabet, samples: int = SAMPLES) -> list[str]:
    """Texts drawn from the posterior of `logits` (frames, outputs), always the same; fewer are the first of more."""
    scaled = np.exp(logits - logits.max(-1, keepdims=True, initial=-np.inf), dtype=np.float64)
    # the last output takes all that the others leave, rounding errors with it
    reached = scaled.cumsum(-1)[:, :-1]
    drawn = np.random.default_rng(SEED).random((samples, len(logits))) * scaled.sum(-1)
    return collapsed((drawn[:, :, None] >= reached).sum(-1), alphabet)
