"""Character errors of a network's best string on utterances, as they are or as a room would make them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch

from lampd.voice.comparison import distance
from lampd.voice.ctc import Alphabet, decode
from lampd.voice.train.augmentation import Samples, normalised

Counts = dict[str, tuple[int, int]]
"""By group: errors, and characters there should have been."""


@torch.no_grad()
def heard(model: Any, sound: Samples, alphabet: Alphabet) -> str:
    """What the network writes down of `sound`, float samples of any level at 16 kHz."""
    logits = model(torch.from_numpy(normalised(sound))[None]).logits[0]
    return decode(logits.float().numpy(), alphabet)[0]


def counted(model: Any, utterances: Iterable[tuple[str, Samples, str]], alphabet: Alphabet) -> Counts:
    """Errors by group over (group, sound, label)."""
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    model.eval()
    for group, sound, label in utterances:
        totals[group][0] += distance(label, heard(model, sound, alphabet))
        totals[group][1] += len(label)
    model.train()
    return {group: (errors, characters) for group, (errors, characters) in totals.items()}


def rate(counts: Iterable[tuple[int, int]]) -> float:
    """Errors per character over all; 1 where there are none."""
    pairs = list(counts)
    return sum(errors for errors, _ in pairs) / (sum(characters for _, characters in pairs) or 1)
