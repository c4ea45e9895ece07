"""A feature extractor comes in; one leaves that computes the same by products of matrices, which quantise well.

From its second layer on it keeps time before channels. There a convolution whose kernel is K strides long is a sum of K
products: of all windows of one stride, side by side, with that part of the kernel.
"""

from typing import Any

import torch
from torch import Tensor, nn

QUIETEST = 1e-6
"""Keeps silence from being divided by nothing."""


class Windows(nn.Module):
    """One convolution of a feature extractor with its norm and activation; (1, time, channels) in and out."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self._kernel: int = layer.conv.kernel_size[0]
        self._stride: int = layer.conv.stride[0]
        taps = layer.conv.weight.detach().permute(2, 1, 0)
        starts = range(0, self._kernel, self._stride)
        parts = [taps[start : start + self._stride].reshape(-1, taps.shape[2]).contiguous() for start in starts]
        self._parts = nn.ParameterList([nn.Parameter(part, requires_grad=False) for part in parts])
        self._bias = layer.conv.bias
        self._norm = getattr(layer, "layer_norm", nn.Identity())
        self._activation = layer.activation

    def forward(self, hidden: Tensor) -> Tensor:
        channels, stride = hidden.shape[2], self._stride
        frames = (hidden.shape[1] - self._kernel) // stride + 1
        total: Any = 0 if self._bias is None else self._bias
        for number, part in enumerate(self._parts):
            taps, start = self._taps(number), number * stride
            if taps == stride:
                seen = hidden[:, start : start + frames * stride].reshape(1, frames, stride * channels)
            else:
                # the last part of a kernel that is no multiple of its stride
                beginnings = range(start, start + taps)
                seen = torch.cat([hidden[:, i : i + (frames - 1) * stride + 1 : stride] for i in beginnings], -1)
            # each window by its own loudness: rounded by the loudest one's, quiet ones would be lost
            loudness = seen.abs().amax(-1, keepdim=True).clamp_min(QUIETEST)
            total = total + (seen / loudness) @ part * loudness
        activated: Tensor = self._activation(self._norm(total))
        return activated

    def _taps(self, number: int) -> int:
        return min(self._stride, self._kernel - number * self._stride)


class FrontEnd(nn.Module):
    """In the place of transformers' feature extractor: (1, samples) in, (1, channels, frames) out."""

    def __init__(self, extractor: Any) -> None:
        super().__init__()
        first, *rest = extractor.conv_layers
        self._first = first
        self._rest = nn.ModuleList([Windows(layer) for layer in rest])

    def forward(self, sound: Tensor) -> Tensor:
        hidden: Tensor = self._first(sound[:, None]).transpose(1, 2)
        for layer in self._rest:
            hidden = layer(hidden)
        return hidden.transpose(1, 2)
