"""A feature extractor comes in; one leaves that does the same in 8 bits, to a piece of the sound after the other.

The intermediate results of a piece fit into a processor's cache; those of a whole utterance would go to memory and back
a dozen times. ONNX's Scan runs the pieces: the network is exported with a gap in their place, which `filled` fills.
"""

from typing import Any

import torch
from onnx import GraphProto, ModelProto, compose, helper
from torch import Tensor, nn

from lampd.voice.rounding import gelu
from lampd.voice.windows import Windows, windows

CACHE = 1 << 20
"""Bytes that the first layer, whose result is the largest, may fill."""
MOST = 25
"""Frames of a piece; the last one of an utterance is half empty on average."""
DOMAIN = "lampd"


class Piece(nn.Module):
    """The extractor of one piece, whose first layer is given: (samples) in, (frames, channels) out."""

    def __init__(self, extractor: Any) -> None:
        super().__init__()
        first, *rest = extractor.conv_layers
        self._kernel: int = first.conv.kernel_size[0]
        self._stride: int = first.conv.stride[0]
        self._norm = nn.Identity() if isinstance(first.layer_norm, nn.GroupNorm) else first.layer_norm
        self._activation = gelu(first.activation)
        self._rest = nn.Sequential(*map(Windows, rest))

    def forward(self, sound: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        hidden = windows(sound, self._kernel, self._stride) @ kernel + bias
        frames: Tensor = self._rest(self._activation(self._norm(hidden)))
        return frames


class _Gap(torch.autograd.Function):
    """What Scan will make of (pieces, samples): (pieces, frames, channels)."""

    @staticmethod
    def forward(ctx: Any, pieces: Tensor, kernel: Tensor, bias: Tensor, frames: int, channels: int) -> Tensor:
        return pieces.new_zeros(pieces.shape[0], frames, channels)

    @staticmethod
    def symbolic(g: Any, pieces: Any, kernel: Any, bias: Any, frames: int, channels: int) -> Any:
        kind = pieces.type().with_sizes([None, frames, channels])
        return g.op(f"{DOMAIN}::Gap", pieces, kernel, bias).setType(kind)


class FrontEnd(nn.Module):
    """In the place of transformers' feature extractor: (1, samples) in, (1, channels, frames) out, which are nothing
    but zeros before the gap is filled."""

    def __init__(self, extractor: Any) -> None:
        super().__init__()
        first, last = extractor.conv_layers[0], extractor.conv_layers[-1]
        self._kernel: int = first.conv.kernel_size[0]
        self._stride: int = first.conv.stride[0]
        self._channels: int = last.conv.out_channels
        self._hop, self._field = 1, 1
        for layer in extractor.conv_layers:
            self._field += (layer.conv.kernel_size[0] - 1) * self._hop
            self._hop *= layer.conv.stride[0]
        bytes_a_frame = 4 * first.conv.out_channels * self._hop // self._stride
        self.frames = min(max(1, CACHE // bytes_a_frame), MOST)
        """Of a piece."""
        self._samples = self._hop * (self.frames - 1) + self._field
        bias = first.conv.bias
        self._weights = nn.Buffer(first.conv.weight.detach()[:, 0].T.contiguous())
        self._bias = nn.Buffer(torch.zeros(first.conv.out_channels) if bias is None else bias.detach())
        self._norm = first.layer_norm

    def example(self) -> dict[str, Tensor]:
        """What a Piece is given."""
        return {"sound": torch.zeros(self._samples), "kernel": self._weights, "bias": self._bias}

    def forward(self, sound: Tensor) -> Tensor:
        samples = sound.shape[1]
        kernel, bias = self._normed(sound[0]) if isinstance(self._norm, nn.GroupNorm) else (self._weights, self._bias)
        frames = (samples - self._field) // self._hop + 1
        starts = torch.arange((frames + self.frames - 1) // self.frames) * (self.frames * self._hop)
        # the last piece may reach beyond the end: its frames there are dropped
        places = (starts[:, None] + torch.arange(self._samples)).clamp(max=samples - 1)
        shape = self.frames, self._channels
        made: Tensor = _Gap.apply(sound[0][places], kernel, bias, *shape)  # type: ignore[no-untyped-call]
        return made.flatten(0, 1)[:frames].T[None]

    def _normed(self, sound: Tensor) -> tuple[Tensor, Tensor]:
        """The first layer's kernel and bias with its group norm in them. A channel is w . x for each window x: its mean
        over time is w . mean(x), and its variance w' cov(x) w, so that it need not be computed first."""
        seen = windows(sound, self._kernel, self._stride).double()
        mean = seen.mean(0)
        apart = seen - mean
        covariance = apart.T @ apart / seen.shape[0]
        kernel = self._weights.double()
        variance = (kernel * (covariance @ kernel)).sum(0)
        kernel = kernel * self._norm.weight.double() / torch.sqrt(variance + self._norm.eps)
        return kernel.float(), (self._norm.bias - mean @ kernel).float()


def filled(model: ModelProto, piece: ModelProto) -> ModelProto:
    """`model` with `piece`, whose inputs are sound, kernel and bias, in the gap that FrontEnd has left for it."""
    body: GraphProto = compose.add_prefix(piece, "piece/").graph
    (gap,) = (node for node in model.graph.node if node.domain == DOMAIN)
    outer = dict(zip([one.name for one in body.input[1:]], gap.input[1:], strict=True))
    for node in body.node:
        node.input[:] = [outer.get(name, name) for name in node.input]
    del body.input[1:]
    gap.CopyFrom(helper.make_node("Scan", gap.input[:1], gap.output, "pieces", num_scan_inputs=1, body=body))
    domains = [one for one in model.opset_import if one.domain != DOMAIN]
    del model.opset_import[:]
    model.opset_import.extend(domains)
    return model
