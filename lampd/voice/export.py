"""A folder with a wav2vec2 CTC checkpoint comes in; the file that ONNX Runtime hears with leaves.

`exact` computes as transformers does, in 32 bits, and stores in 16 what fits there without loss. `int8` multiplies
8-bit weights (one scale a column) by activations that are rounded to 8 bits as they come, from the second layer of the
front end to the last, positions included; norms, softmax and the first layer stay in 32 bits. Imports torch,
transformers and onnx.
"""

import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import torch
from onnx import ModelProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

from lampd import durable
from lampd.voice.folder import VoiceError
from lampd.voice.identity import PREPARED, fingerprint, weights_of
from lampd.voice.onnx import MADE_FROM, PRECISION
from lampd.voice.pieces import DOMAIN, FrontEnd, Piece, filled
from lampd.voice.positions import Positions
from lampd.voice.wav2vec2 import RATE

Precision = Literal["exact", "int8"]
SMALL = 20_000_000
"""Parameters up to which a voice is exact: 8 bits save it little, and change one transcript in seven."""
OPSET = 17
CONTRIB = "com.microsoft"
"""ONNX Runtime's own operators."""


def parameters(folder: Path) -> int:
    """How many a checkpoint has. Raises VoiceError."""
    return sum(parameter.numel() for parameter in _loaded(folder).parameters())


def export(folder: Path, precision: Precision | None = None) -> Precision:
    """Write the prepared file into `folder`, whole or not at all; without a `precision` in the one that suits its size,
    which is returned. Raises VoiceError and OSError."""
    weights = weights_of(folder)
    if weights is None:
        raise VoiceError(f"{folder} lacks model.safetensors: there is nothing to prepare")
    model = _loaded(folder)
    if precision is None:
        precision = "exact" if sum(one.numel() for one in model.parameters()) <= SMALL else "int8"
    with tempfile.TemporaryDirectory() as draft:
        graph = _eight_bits(model, Path(draft)) if precision == "int8" else _halved(_traced(model, Path(draft)))
    helper.set_model_props(graph, {MADE_FROM: fingerprint(weights), PRECISION: precision})
    durable.write(folder / PREPARED, graph.SerializeToString())
    return precision


def _loaded(folder: Path) -> Any:
    from transformers import Wav2Vec2ForCTC
    from transformers.utils import logging as transformers_logging

    quiet: Any = transformers_logging
    quiet.disable_progress_bar()
    try:
        model: Any = Wav2Vec2ForCTC.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32, use_safetensors=True
        )
    except Exception as error:  # what transformers and its parts raise has no base of their own
        raise VoiceError(f"{folder}: {error}") from None
    return model.eval().requires_grad_(False)


class _Logits(nn.Module):
    """From sound (1, samples) to logits (1, frames, outputs)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, sound: Tensor) -> Tensor:
        logits: Tensor = self.model(sound).logits
        return logits


def _traced(model: Any, draft: Path, *domains: str) -> ModelProto:
    """The network as ONNX, for any number of samples."""
    axes = {"sound": {1: "samples"}, "logits": {1: "frames"}}
    return _graph(_Logits(model), {"sound": torch.zeros(1, RATE)}, "logits", draft / "voice.onnx", axes, *domains)


def _graph(
    network: nn.Module, given: dict[str, Tensor], made: str, path: Path, axes: dict[str, dict[int, str]], *domains: str
) -> ModelProto:
    """What `network` does to what is `given`, as a graph written to `path`: lengths are as there, but for the `axes`
    named; operators may be from `domains` beside ONNX's own."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),  # in training mode it would drop out and mask at random
            tuple(given.values()),
            str(path),
            input_names=list(given),
            output_names=[made],
            dynamic_axes=axes,
            opset_version=OPSET,
            custom_opsets=dict.fromkeys(domains, 1),
            dynamo=False,  # the older exporter needs no packages beside torch, and folds the weight norm
        )
    return onnx.load(path)


def _halved(model: ModelProto) -> ModelProto:
    """The same weights, stored in 16 bits where that loses nothing; the runtime widens them as it loads."""
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        wide = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            narrow = wide.astype(np.float16)
        if wide.size < 1024 or not np.array_equal(narrow.astype(np.float32), wide):
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(narrow, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def _eight_bits(model: Any, draft: Path) -> ModelProto:
    """The network as ONNX, its products in 8 bits; `model` is changed."""
    network = model.wav2vec2
    front, piece = FrontEnd(network.feature_extractor), Piece(network.feature_extractor)
    network.feature_extractor = front
    network.encoder.pos_conv_embed = Positions(network.encoder.pos_conv_embed)
    whole = _unfused(_quantised(_traced(model, draft, CONTRIB, DOMAIN), draft))
    return filled(whole, _graph(piece, front.example(), "frames", draft / "piece.onnx", {}, CONTRIB))


def _quantised(model: ModelProto, draft: Path) -> ModelProto:
    """Its remaining products, those of the transformer, with activations rounded by the largest in the utterance."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    smaller = draft / "int8.onnx"
    said = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        quantize_dynamic(model, smaller, op_types_to_quantize=["MatMul"], per_channel=True, weight_type=QuantType.QInt8)
    finally:
        logging.disable(said)
    return onnx.load(smaller)


def _unfused(model: ModelProto) -> ModelProto:
    """Sums before norms keep ONNX Runtime from making one node of both, which takes three times as long as the two."""
    normed = {node.input[0] for node in model.graph.node if node.op_type == "LayerNormalization"}
    for node in model.graph.node:
        if node.op_type == "Add" and node.output[0] in normed:
            node.op_type = "Sum"
    return model
