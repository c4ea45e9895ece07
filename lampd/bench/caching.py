"""Blocks of several lengths arrive; how much faster attention is leaves, where comparisons are looked up, not computed.

Both ways run in turn, in one process, on the same tokens; the fastest of several runs of each is taken.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from lampd.plm.batches import Piece, batch
from lampd.plm.network import View
from lampd.plm.sizes import Context

LENGTHS = (16, 32, 64, 128, 256)
DIMENSION, SIZE, TOKENS, TURNS = 128, 2000, 4096, 9


@dataclass(frozen=True)
class Speed:
    """Seconds computed over seconds looked up: of the comparisons with their keys, and of all features.

    `step` is of the features and the gradient of what learns: everything where comparisons are computed on the fly, all
    but the embeddings where they are looked up.
    """

    length: int
    comparisons: float
    features: float
    step: float


def measure(lengths: tuple[int, ...] = LENGTHS, tokens: int = TOKENS, turns: int = TURNS) -> list[Speed]:
    return [speed(length, tokens, turns) for length in lengths]


def speed(length: int, tokens: int, turns: int) -> Speed:
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.rand(SIZE + 1, DIMENSION, generator=generator)
    view = View(Context("block", DIMENSION, DIMENSION, length), embeddings, DIMENSION)
    # as frequent as words are
    zipf = 1 / torch.arange(1, SIZE + 1)
    rows = max(1, tokens // length)
    read = torch.multinomial(zipf, rows * length, replacement=True, generator=generator).view(rows, length)
    given = batch([Piece(row, torch.ones(length)) for row in read])

    def attend() -> None:
        with torch.inference_mode():
            view.attended(given)

    def features() -> None:
        with torch.inference_mode():
            view.features(given)

    def step() -> None:
        view.zero_grad()
        torch.autograd.backward((view.features(given) @ view.u).logsumexp(-1).sum())

    return Speed(length, *(ratio(view, task, turns) for task in (attend, features, step)))


def ratio(view: View, task: Callable[[], None], turns: int) -> float:
    best = {True: float("inf"), False: float("inf")}
    for _ in range(turns):
        for cached in best:
            view.e.requires_grad_(not cached)
            view.cache(cached)
            began = time.perf_counter()
            task()
            best[cached] = min(best[cached], time.perf_counter() - began)
    return best[False] / best[True]
