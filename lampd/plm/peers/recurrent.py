"""Recurrent networks: Elman's, the LSTM and the GRU, as torch has them.

Elman, "Finding structure in time" (1990); Hochreiter and Schmidhuber, "Long short-term memory" (1997); Cho et al.,
arXiv 1406.1078. The last layer's state is brought down to the width of the embedding, which is the output's too (Press
and Wolf, arXiv 1608.05859; Inan et al., arXiv 1611.01462).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from lampd.plm.peers.gradient import Course, GradientModel, Network

CELLS: dict[str, type[nn.RNN] | type[nn.LSTM] | type[nn.GRU]] = {"elman": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}

State = Tensor | tuple[Tensor, Tensor] | None


@dataclass(frozen=True)
class Shape:
    width: int = 128
    """Of the embedding."""
    hidden: int = 192
    layers: int = 1
    dropout: float = 0.3
    """Before the cells, between their layers and before the output."""
    stretch: int = 32
    """Tokens that a gradient reaches back; the state is carried further."""


class Recurrent(Network):
    def __init__(self, counts: Tensor, cell: str, shape: Shape) -> None:
        super().__init__(counts, shape.width)
        self._stretch = shape.stretch
        between = shape.dropout if shape.layers > 1 else 0.0
        self.cells = CELLS[cell](shape.width, shape.hidden, shape.layers, batch_first=True, dropout=between)
        for name, weights in self.cells.named_parameters():
            if "weight_hh" in name:
                # keeps what is remembered at its size; gates lie below one another
                for gate in torch.split(weights.data, shape.hidden):
                    nn.init.orthogonal_(gate)
            elif "bias_hh" in name and cell == "lstm":
                # gates are input, forget, cell, output: begin by remembering
                weights.data[shape.hidden : 2 * shape.hidden] = 1.0
        self.down = nn.Linear(shape.hidden, shape.width)
        self.dropout = nn.Dropout(shape.dropout)

    def stretches(self, tokens: Tensor) -> Iterator[Tensor]:
        """See Network; the state passes on from each stretch to the next, its gradient does not."""
        state: State = None
        for stretch in torch.split(tokens, self._stretch, 1):
            hidden, state = self.cells(self.dropout(self.embedding(stretch)), _detached(state))
            yield self.dropout(self.down(self.dropout(hidden)))


def _detached(state: State) -> State:
    match state:
        case Tensor():
            return state.detach()
        case (hidden, cell):
            return hidden.detach(), cell.detach()
    return None


COURSE = Course(rate=4e-3)
COURSES = {"elman": replace(COURSE, rate=1.5e-3), "lstm": COURSE, "gru": COURSE}
"""Found on word-level WikiText-2, at a minute of one core."""


def recurrent(cell: str, shape: Shape | None = None, course: Course | None = None) -> GradientModel:
    """`cell` is elman, lstm or gru."""
    shape = shape or Shape()
    return GradientModel(cell, lambda counts: Recurrent(counts, cell, shape), course or COURSES[cell])
