"""Character errors of a network's best string on utterances, as they are or as a room would make them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lampd.voice.train.augmentation import Samples, normalised
from lampd.voice.train.sounds import SPECIAL

Counts = dict[str, tuple[int, int]]
"""By group: errors, and characters there should have been."""


def greedy(logits: NDArray[np.float32], tokens: list[str]) -> str:
    """The string of the most probable path through CTC `logits` (frames, tokens)."""
    best = logits.argmax(-1)
    kept = best[(best != 0) & (np.diff(best, prepend=0) != 0)] if len(best) else best
    text = "".join(" " if tokens[one] == "|" else tokens[one] for one in kept if tokens[one] not in SPECIAL[:2])
    return " ".join(text.split())


def distance(one: str, other: str) -> int:
    """Insertions, deletions and substitutions (Levenshtein)."""
    row = list(range(len(other) + 1))
    for number, left in enumerate(one, 1):
        before, row[0] = row[0], number
        for place, right in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (left != right))
    return row[-1]


@torch.no_grad()
def heard(model: Any, sound: Samples, tokens: list[str]) -> str:
    """What the network writes down of `sound`, float samples of any level at 16 kHz."""
    logits = model(torch.from_numpy(normalised(sound))[None]).logits[0]
    return greedy(logits.float().numpy(), tokens)


def counted(model: Any, utterances: Iterable[tuple[str, Samples, str]], tokens: list[str]) -> Counts:
    """Errors by group over (group, sound, label)."""
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    model.eval()
    for group, sound, label in utterances:
        totals[group][0] += distance(label, heard(model, sound, tokens))
        totals[group][1] += len(label)
    model.train()
    return {group: (errors, characters) for group, (errors, characters) in totals.items()}


def rate(counts: Iterable[tuple[int, int]]) -> float:
    """Errors per character over all; 1 where there are none."""
    pairs = list(counts)
    return sum(errors for errors, _ in pairs) / (sum(characters for _, characters in pairs) or 1)
