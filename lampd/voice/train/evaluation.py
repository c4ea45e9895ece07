"""Character errors of a network's best string on utterances, as they are or as a room would make them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import torch

from lampd.voice.comparison import distance
from lampd.voice.ctc import Alphabet, decode
from lampd.voice.train.augmentation import Samples, normalised

Counts = dict[str, tuple[int, int]]
"""By group: errors, and characters there should have been."""


class Judged(NamedTuple):
    """One utterance: how probable the best path was, errors, and characters there should have been."""

    group: str
    probability: float
    errors: int
    characters: int


@torch.no_grad()
def heard(model: Any, sound: Samples, alphabet: Alphabet) -> tuple[str, float]:
    """What the network writes down of `sound`, float samples of any level at 16 kHz, and how probable that is."""
    logits = model(torch.from_numpy(normalised(sound))[None]).logits[0]
    return decode(logits.float().numpy(), alphabet)


def judged(model: Any, utterances: Iterable[tuple[str, Samples, str]], alphabet: Alphabet) -> Iterator[Judged]:
    """Each of (group, sound, label)."""
    model.eval()
    for group, sound, label in utterances:
        text, probability = heard(model, sound, alphabet)
        yield Judged(group, probability, distance(label, text), len(label))
    model.train()


def counted(judgements: Iterable[Judged]) -> Counts:
    """Errors by group."""
    totals: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for one in judgements:
        errors, characters = totals[one.group]
        totals[one.group] = errors + one.errors, characters + one.characters
    return dict(totals)


def rate(counts: Iterable[tuple[int, int]]) -> float:
    """Errors per character over all; 1 where there are none."""
    pairs = list(counts)
    return sum(errors for errors, _ in pairs) / (sum(characters for _, characters in pairs) or 1)
