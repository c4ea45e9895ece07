"""A convolution comes in; one leaves that computes the same by a product of all its windows with its kernel, in 8 bits.

It keeps time before channels: (time, channels) in and out.
"""

from typing import Any

import torch
from torch import Tensor, nn

from lampd.voice.rounding import LARGEST, Rounded, gelu, loudness, rounded


def windows(sound: Tensor, kernel: int, stride: int) -> Tensor:
    """All windows (count, kernel) of (samples)."""
    count = (sound.shape[0] - kernel) // stride + 1
    return sound[torch.arange(count)[:, None] * stride + torch.arange(kernel)]


class Windows(nn.Module):
    """A layer of a feature extractor: convolution, norm if it has one, activation. Each window is rounded by its own
    loudness."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self._kernel: int = layer.conv.kernel_size[0]
        self._stride: int = layer.conv.stride[0]
        self._starts = range(0, self._kernel, self._stride)
        self._product = Rounded(layer.conv.weight.detach().permute(2, 1, 0).flatten(0, 1))
        self._bias = layer.conv.bias
        self._norm = getattr(layer, "layer_norm", nn.Identity())
        self._activation = gelu(layer.activation)

    def forward(self, hidden: Tensor) -> Tensor:
        length = len(hidden)  # a number, not a tensor, as those of a shape become when they are traced
        count = (length - self._kernel) // self._stride + 1
        loud = loudness(hidden).reshape(1, 1, length)
        steps = nn.functional.max_pool1d(loud, self._kernel, self._stride).reshape(count, 1) / LARGEST
        # bytes are cheaper to cut into windows than what they are made of
        seen = torch.cat([taps for start in self._starts for taps in self._taps(hidden, steps, start)], -1)
        total = self._product(seen) * steps
        if self._bias is not None:
            total = total + self._bias
        activated: Tensor = self._activation(self._norm(total))
        return activated

    def _taps(self, hidden: Tensor, steps: Tensor, start: int) -> list[Tensor]:
        """What the kernel's taps of one stride, from `start` on, see in every window: (windows, channels) or several of
        them, in bytes."""
        length, count, stride = len(hidden), len(steps), self._stride
        each = steps.expand(count, stride).reshape(-1)
        parts = torch.ones(start), each, torch.ones(max(0, length - start - len(each)))
        # frames in no window have any step
        part = rounded(hidden, torch.cat([part for part in parts if len(part)])[:length])
        if start + stride <= self._kernel:
            return [part[start : start + count * stride].reshape(count, -1)]
        reach = (count - 1) * stride + 1
        return [part[tap : tap + reach : stride] for tap in range(start, self._kernel)]
