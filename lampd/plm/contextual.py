"""Contextual vectors (2311.11012): a vector per token and the text arrive, vectors of what stands around it leave.

Tokens used alike become alike: the vectors within a radius of each occurrence are summed, or concatenated by offset,
and rows brought back to unit sum.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from lampd.plm.cipher import normalised


def contextual(e: Tensor, documents: Iterable[Tensor], radius: int, join: str = "sum") -> Tensor:
    """From e (N, D) and `documents` of ids below N: (N, D) for "sum", (N, (2 radius + 1) D) for "cat".

    A token counts as having been seen once among nothing but itself.
    """
    offsets = [torch.zeros_like(e) for _ in range(2 * radius + 1)]
    offsets[radius] += e
    for document in documents:
        for offset in range(-radius, radius + 1):
            here, there = document[max(0, -offset) :], document[max(0, offset) :]
            length = min(len(here), len(there))
            offsets[radius + offset].index_add_(0, here[:length], e[there[:length]])
    return normalised(torch.stack(offsets).sum(0) if join == "sum" else torch.cat(offsets, -1))
