"""What is exported in 8 bits computes what transformers does, but for the rounding."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor

from lampd.voice import pieces
from lampd.voice.comparison import signals
from lampd.voice.export import export
from lampd.voice.onnx import OnnxVoice
from lampd.voice.positions import Positions
from lampd.voice.rounding import Rounded, loudness, rounded
from lampd.voice.wav2vec2 import Voice
from lampd.voice.windows import Windows

Checkpoint = Callable[..., Path]
BASE = {"num_feat_extract_layers": 4, "conv_dim": (32,) * 4, "conv_kernel": (10, 3, 3, 2), "conv_stride": (5, 2, 2, 2)}
HOP, FIELD = 40, 80
"""Samples between the frames of such a front end, and those that one frame takes."""
PIECE = 8


def model(folder: Path) -> Any:
    from transformers import Wav2Vec2ForCTC

    return Wav2Vec2ForCTC.from_pretrained(folder, local_files_only=True).eval().requires_grad_(False)


def error(one: Any, other: Any) -> float:
    """Of `one`, relative to the size of `other`."""
    return float(np.linalg.norm(np.asarray(one) - np.asarray(other)) / np.linalg.norm(np.asarray(other)))


@pytest.fixture(scope="module", params=["group", "layer"])
def eight(request: pytest.FixtureRequest, checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random voice whose front end is of base's kind, in 8 bits."""
    folder = checkpoint(tmp_path_factory.mktemp("voices") / "eight", "abc", request.param, **BASE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "CACHE", PIECE * 8 * 32 * 4)
        export(folder, "int8")
    return folder


@pytest.mark.parametrize("rows", [1, 7])
def test_a_product_in_bytes_is_near_the_product(rows: int) -> None:
    generator = torch.Generator().manual_seed(0)
    # each row ten times louder than the one before
    values = torch.randn(rows, 300, generator=generator) * 10.0 ** torch.arange(rows)[:, None]
    matrix = torch.randn(300, 20, generator=generator)
    steps = loudness(values) / 127
    found = Rounded(matrix)(rounded(values, steps)) * steps[:, None]
    for row, exact in zip(found, values @ matrix, strict=True):
        assert error(row, exact) < 0.03


@pytest.mark.parametrize("frames", [3, 4, 11, 40])
def test_windows_are_what_a_convolution_sees(eight: Path, frames: int) -> None:
    hidden = torch.randn(frames, 32, generator=torch.Generator().manual_seed(frames))
    for layer in model(eight).wav2vec2.feature_extractor.conv_layers[1:]:
        expected = layer(hidden.T[None])[0].T
        found = Windows(layer)(hidden)
        assert found.shape == expected.shape
        assert error(found, expected) < 0.03


@pytest.mark.parametrize("kernel", [16, 12, 7])
def test_positions_are_those_of_the_convolution(checkpoint: Checkpoint, tmp_path: Path, kernel: int) -> None:
    folder = checkpoint(tmp_path / "voice", "abc", num_conv_pos_embeddings=kernel)
    embedding = model(folder).wav2vec2.encoder.pos_conv_embed
    for frames in (1, 5, 60):
        hidden: Tensor = torch.randn(1, frames, 32, generator=torch.Generator().manual_seed(frames))
        expected = embedding(hidden)
        found = Positions(embedding)(hidden)
        assert found.shape == expected.shape
        assert error(found, expected) < 0.03


def test_sound_of_any_length_is_heard_to_its_end(eight: Path) -> None:
    voice, reference = OnnxVoice(eight), Voice(eight)
    (sound,) = signals(2.0, 1)
    whole = HOP * (PIECE - 1) + FIELD
    for samples in (FIELD - 1, FIELD, whole - 1, whole, whole + HOP - 1, whole + HOP, 3 * whole, 16_001):
        expected = reference.logits(sound[:samples])
        found = voice.logits(sound[:samples])
        assert found.shape == expected.shape, samples
        if found.size:
            assert error(found, expected) < 0.1, samples


def test_quiet_words_after_a_bang_are_heard_too(eight: Path) -> None:
    (sound,) = signals(2.0, 1)
    sound = sound.copy()
    sound[4000:] //= 200
    found, expected = OnnxVoice(eight).logits(sound), Voice(eight).logits(sound)
    assert error(found, expected) < 0.1
    quiet = slice(4000 // HOP + 1, None)
    assert error(found[quiet], expected[quiet]) < 0.15


def test_a_piece_of_bases_size_fills_the_cache() -> None:
    from transformers import Wav2Vec2Config
    from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2FeatureEncoder

    assert pieces.FrontEnd(Wav2Vec2FeatureEncoder(Wav2Vec2Config())).frames == 8


def test_silence_is_heard_as_numbers(eight: Path) -> None:
    assert np.isfinite(OnnxVoice(eight).logits(np.zeros(16_000, np.int16))).all()


def test_no_product_with_weights_is_left_in_32_bits(eight: Path) -> None:
    graph = onnx.load(eight / "model.onnx").graph
    (scan,) = (node for node in graph.node if node.op_type == "Scan")
    weights = {tensor.name for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT}
    kinds = [node.op_type for node in graph.node if node.op_type in ("MatMul", "Conv") and weights & {*node.input}]
    assert kinds == []
    assert [node.op_type for node in scan.attribute[0].g.node].count("MatMulIntegerToFloat") == 3
