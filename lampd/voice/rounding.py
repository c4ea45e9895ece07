"""Numbers come in; products of matrices in 8 bits leave, in torch as an approximation, in ONNX as what is meant.

What is multiplied is q - ZERO, q an unsigned byte, times a step. Steps differ from row to row, for sound is loud and
quiet, and a quiet row that is rounded by the loudest one's step is lost. ONNX Runtime has no dynamic quantisation by
rows, but QuantizeLinear and MatMulIntegerToFloat do it between them.
"""

from typing import Any

import torch
from torch import Tensor, nn

ZERO = 128
"""The byte that means nothing."""
LARGEST = 127
QUIETEST = 1e-6
"""Keeps silence from being divided by nothing."""


class _Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, steps: Tensor) -> Tensor:
        return (values / steps[..., None]).round().add(ZERO).clamp(0, 255).to(torch.uint8)

    @staticmethod
    def symbolic(g: Any, values: Any, steps: Any) -> Any:
        zero = g.op("Constant", value_t=torch.tensor(ZERO, dtype=torch.uint8))
        zeros = g.op("Expand", zero, g.op("Shape", steps))
        return g.op("QuantizeLinear", values, steps, zeros, axis_i=0).setType(values.type().with_dtype(torch.uint8))


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, weights: Tensor, scales: Tensor) -> Tensor:
        return (rows.float() - ZERO) @ (weights.float() * scales)

    @staticmethod
    def symbolic(g: Any, rows: Any, weights: Any, scales: Any) -> Any:
        one = g.op("Constant", value_t=torch.tensor(1.0))
        zero = g.op("Constant", value_t=torch.tensor(ZERO, dtype=torch.uint8))
        kind = scales.type().with_sizes([None, *scales.type().sizes()])
        return g.op("com.microsoft::MatMulIntegerToFloat", rows, weights, one, scales, zero).setType(kind)


class _Gelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return nn.functional.gelu(values)

    @staticmethod
    def symbolic(g: Any, values: Any) -> Any:
        return g.op("com.microsoft::Gelu", values).setType(values.type())


def loudness(values: Tensor) -> Tensor:
    """The largest magnitude of each row of (rows, columns), and at least QUIETEST."""
    return torch.maximum(values.amax(-1), -values.amin(-1)).clamp_min(QUIETEST)


def rounded(values: Tensor, steps: Tensor) -> Tensor:
    """(rows, columns) in bytes; `steps` one for each row, or one for all."""
    result: Tensor = _Rounded.apply(values, steps)  # type: ignore[no-untyped-call]
    return result


class Gelu(nn.Module):
    """In one pass over memory, where ONNX Runtime does not see by itself that it could."""

    def forward(self, values: Tensor) -> Tensor:
        result: Tensor = _Gelu.apply(values)  # type: ignore[no-untyped-call]
        return result


def gelu(activation: nn.Module) -> nn.Module:
    """Gelu for transformers' exact one, and any other as it is."""
    from transformers.activations import GELUActivation

    return Gelu() if isinstance(activation, GELUActivation) else activation


class Rounded(nn.Module):
    """A matrix (inputs, outputs) with 8 bits a weight and a scale for each column; rows of bytes come in, and rows in
    their steps leave."""

    def __init__(self, matrix: Tensor) -> None:
        super().__init__()
        scales = matrix.abs().amax(0).clamp_min(torch.finfo(torch.float32).tiny) / LARGEST
        self._weights = nn.Buffer((matrix / scales).round().to(torch.int8))
        self._scales = nn.Buffer(scales)

    def forward(self, rows: Tensor) -> Tensor:
        result: Tensor = _Product.apply(rows, self._weights, self._scales)  # type: ignore[no-untyped-call]
        return result
