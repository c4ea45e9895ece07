"""wav2vec2's convolution for positions comes in; one leaves that computes the same by products of matrices in 8 bits.

Its kernel is long (128 frames) and its groups many (16), which is the worst for a convolution and nothing special for
a product: of all windows of a group, side by side, with the group's kernel.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from lampd.voice.rounding import LARGEST, QUIETEST, Rounded, gelu, rounded

RUN = 8
"""Frames that are copied into windows together."""


class Positions(nn.Module):
    """In the place of transformers' positional embedding: (1, frames, channels) in and out."""

    def __init__(self, embedding: Any) -> None:
        super().__init__()
        convolution = embedding.conv
        self._kernel: int = convolution.kernel_size[0]
        self._before: int = convolution.padding[0]
        self._run = math.gcd(self._kernel, RUN)
        groups = convolution.weight.detach().chunk(convolution.groups)
        self._products = nn.ModuleList([Rounded(group.permute(2, 1, 0).flatten(0, 1)) for group in groups])
        self._bias = convolution.bias
        self._activation = gelu(embedding.activation)

    def forward(self, hidden: Tensor) -> Tensor:
        frames, groups = hidden.shape[1], len(self._products)
        step = hidden.abs().amax().clamp_min(QUIETEST) / LARGEST
        padded = nn.functional.pad(hidden[0], (0, 0, self._before, self._kernel - 1 - self._before))
        taps = rounded(padded, step).reshape(padded.shape[0], groups, -1).transpose(0, 1)
        reach = frames + self._kernel - self._run
        runs = torch.cat([taps[:, start : start + reach] for start in range(self._run)], -1)
        places = torch.arange(frames)[:, None] + torch.arange(0, self._kernel, self._run)
        heard = [product(runs[group][places].flatten(1)) for group, product in enumerate(self._products)]
        activated: Tensor = self._activation(torch.cat(heard, -1) * step + self._bias)
        return activated[None]
