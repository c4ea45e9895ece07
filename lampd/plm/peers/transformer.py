"""A decoder-only transformer of torch's own layers: pre-norm, heads of 64, sinusoidal or learned positions.

Vaswani et al., arXiv 1706.03762; the norm first, as Xiong et al., arXiv 2002.04745, found to train steadily.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from lampd.plm.peers.gradient import Course, GradientModel, Network

HEAD = 64

Positions = Literal["sinusoidal", "learned"]


@dataclass(frozen=True)
class Shape:
    width: int = 128
    """A multiple of HEAD."""
    layers: int = 2
    context: int = 128
    """Tokens seen at once."""
    dropout: float = 0.2
    positions: Positions = "sinusoidal"


def sinusoids(length: int, width: int) -> Tensor:
    """(length, width): sines, then cosines, of wavelengths from 2 pi to 10000 * 2 pi; arXiv 1706.03762, section 3.5."""
    rates = torch.exp(-math.log(1e4) * torch.arange(0, width, 2) / width)
    angles = torch.arange(length)[:, None] * rates
    return torch.cat((angles.sin(), angles.cos()), 1)


class Transformer(Network):
    def __init__(self, counts: Tensor, shape: Shape) -> None:
        super().__init__(counts, shape.width)
        self.longest = shape.context
        learned = shape.positions == "learned"
        start = 0.02 * torch.randn(shape.context, shape.width) if learned else sinusoids(shape.context, shape.width)
        self.positions = nn.Parameter(start, requires_grad=learned)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                shape.width,
                shape.width // HEAD,
                4 * shape.width,
                shape.dropout,
                activation="gelu",
                batch_first=True,
                norm_first=True,
            )
            for _ in range(shape.layers)
        )
        self.norm = nn.LayerNorm(shape.width)
        # the residual stream still resembles the token read, which is not the one to predict
        self.turn = nn.Linear(shape.width, shape.width)
        self.dropout = nn.Dropout(shape.dropout)
        mask = nn.Transformer.generate_square_subsequent_mask(shape.context)
        self.register_buffer("mask", mask, persistent=False)

    def stretches(self, tokens: Tensor) -> Iterator[Tensor]:
        """See Network. What is longer than the context is seen through windows that each move on by half of it."""
        length, step = tokens.shape[1], self.longest // 2
        yield self._window(tokens[:, : self.longest])
        for end in range(self.longest + step, length + step, step):
            window = tokens[:, end - self.longest : end]
            yield self._window(window)[:, self.longest - step :]

    def _window(self, tokens: Tensor) -> Tensor:
        """(B, T) -> (B, T, D)."""
        length = tokens.shape[1]
        mask = self.get_buffer("mask")[:length, :length]
        # embeddings are of unit length for the output's sake; the positions are of this one
        hidden = self.dropout(
            self.embedding(tokens) * math.sqrt(self.embedding.embedding_dim) + self.positions[:length]
        )
        for layer in self.layers:
            hidden = layer(hidden, mask, is_causal=True)
        normed: Tensor = self.dropout(self.turn(self.norm(hidden)))
        return normed


def transformer(shape: Shape | None = None, course: Course | None = None) -> GradientModel:
    shape = shape or Shape()
    name = f"transformer, {shape.positions} positions"
    return GradientModel(
        name, lambda counts: Transformer(counts, shape), course or Course(rate=2e-3, warmup=50, rows=4)
    )
