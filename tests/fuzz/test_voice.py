"""Voices that are not what they should be: one that hears, or an error that names its folder. Nothing is unpickled,
nothing outside the folder is read."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as some
from onnx import TensorProto

from lampd.voice.ctc import Ear, decode, guesses
from lampd.voice.export import export
from lampd.voice.folder import VoiceError, folder_of
from lampd.voice.identity import PREPARED
from lampd.voice.onnx import OnnxVoice
from lampd.voice.shelf import description
from lampd.voice.wav2vec2 import Voice
from tests.fuzz.cases import WRITABLE, cases, damaged
from tests.voice.conftest import saved

JSONS = ("config.json", "preprocessor_config.json", "processor_config.json", "vocab.json", "confidence.json")
SOUND = np.random.default_rng(1).normal(0, 3000, 24_000).astype(np.int16)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = saved(tmp_path_factory.mktemp("voice") / "tiny", "abc")
    (folder / "confidence.json").write_text('{"probability": [0.0, 1.0], "right": [0.0, 1.0]}')
    export(folder, "exact")
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def hears(folder: Path, kind: Any = OnnxVoice) -> bool:
    """Whether it is taken for a voice; then it hears what the stage will have it hear."""
    description(folder)
    try:
        voice: Ear = kind(folder_of(str(folder)))
    except VoiceError as error:
        assert str(folder) in str(error)
        return False
    for samples in (SOUND[:0], SOUND[:1], SOUND[:500], SOUND):
        logits = voice.logits(samples)
        text, probability = decode(logits, voice.alphabet)
        assert isinstance(text, str) and 0 <= voice.confidence(probability) <= 1
        guesses(logits, voice.alphabet)
    return True


def test_what_they_are_made_from_is_well(whole: Path) -> None:
    assert hears(whole) and hears(whole, Voice)


@cases()
@given(name=some.sampled_from(JSONS), data=some.data())
def test_a_damaged_description(whole: Path, copy: Path, name: str, data: some.DataObject) -> None:
    (copy / name).write_bytes(data.draw(damaged((whole / name).read_bytes())))
    hears(copy)
    shutil.copyfile(whole / name, copy / name)


VALUES: some.SearchStrategy[Any] = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(),
    some.sampled_from([-1, 0, 10**6, 10**9, 10**18, 1e300, float("nan"), float("inf")]),
    WRITABLE.filter(lambda text: len(text) < 200),
    some.lists(some.integers(-2, 100), max_size=4),
    some.just({}),
)


@cases(0.5)
@given(name=some.sampled_from(JSONS), data=some.data())
def test_a_description_of_something_else(whole: Path, copy: Path, name: str, data: some.DataObject) -> None:
    told = json.loads((whole / name).read_text())
    told[data.draw(some.sampled_from(sorted(told)) | some.just("<unk>"))] = data.draw(VALUES)
    (copy / name).write_text(json.dumps(told))
    hears(copy)
    shutil.copyfile(whole / name, copy / name)


@cases(0.3)
@given(data=some.data())
def test_a_description_that_transformers_reads(whole: Path, copy: Path, data: some.DataObject) -> None:
    told = json.loads((whole / "config.json").read_text())
    told[data.draw(some.sampled_from(sorted(told)))] = data.draw(VALUES.filter(lambda value: value != 10**6))
    (copy / "config.json").write_text(json.dumps(told))
    hears(copy, Voice)


@cases(0.5)
@given(data=some.data(), name=some.sampled_from([PREPARED, "model.safetensors"]))
def test_damaged_weights(whole: Path, copy: Path, data: some.DataObject, name: str) -> None:
    (copy / name).write_bytes(data.draw(damaged((whole / name).read_bytes())))
    hears(copy)
    shutil.copyfile(whole / name, copy / name)


def test_vocabularies_that_would_take_all_memory_are_refused(copy: Path) -> None:
    for vocabulary in (
        {"<pad>": 10**9},
        {"<pad>": 0, "a": -1},
        {"<pad>": 0, "a": 1.5},
        {"a": 0},
        {},
        [],
        "x" * (5 << 20),
    ):
        (copy / "vocab.json").write_text(json.dumps(vocabulary))
        assert not hears(copy), str(vocabulary)[:40]


def test_descriptions_that_would_take_all_memory_are_refused(whole: Path, copy: Path) -> None:
    for name in JSONS:
        for data in (b"[" * 100_000, b"{" + b'"a": {' * 10_000):
            (copy / name).write_bytes(data)
            assert not hears(copy)
        with (copy / name).open("wb") as file:
            file.truncate(1 << 36)
        assert not hears(copy)
        shutil.copyfile(whole / name, copy / name)


def test_fewer_letters_than_outputs_are_refused(copy: Path) -> None:
    (copy / "vocab.json").write_text('{"<pad>": 0, "a": 1}')
    for kind in (OnnxVoice, Voice):
        with pytest.raises(VoiceError, match="its alphabet has 2"):
            kind(copy)


def test_weights_that_are_no_numbers_are_refused(copy: Path) -> None:
    from safetensors.numpy import load_file, save_file

    weights = load_file(copy / "model.safetensors")
    weights["lm_head.bias"] = np.full_like(weights["lm_head.bias"], np.nan)
    save_file(weights, copy / "model.safetensors", {"format": "pt"})
    with pytest.raises(VoiceError, match="are numbers"):
        Voice(copy)


@pytest.mark.parametrize("place", ["../secret.bin", "link.bin", "/etc/passwd", "/dev/zero"])
def test_weights_outside_the_folder_are_not_read(copy: Path, place: str) -> None:
    (copy.parent / "secret.bin").write_bytes(bytes(1 << 20))
    (copy / "link.bin").symlink_to(copy.parent / "secret.bin")
    (copy / "model.safetensors").unlink()
    model = onnx.load(copy / PREPARED)
    tensor = next(one for one in model.graph.initializer if len(one.raw_data) > 100)
    length = len(tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", place), ("offset", "0"), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)
    (copy / PREPARED).write_bytes(model.SerializeToString())
    with pytest.raises(VoiceError, match="xternal"):
        OnnxVoice(copy)


class Trap:
    """What a pickle may do."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


def test_a_pickle_is_not_read(copy: Path, tmp_path: Path) -> None:
    import torch

    (copy / "model.safetensors").unlink()
    for name in ("pytorch_model.bin", "model.bin", "model.pt"):
        torch.save({"lm_head.bias": Trap(tmp_path / "sprung")}, copy / name)
    with pytest.raises(VoiceError, match=r"safetensors"):
        Voice(copy)
    with pytest.raises(VoiceError, match=r"model\.safetensors"):
        export(copy)
    assert not (tmp_path / "sprung").exists()


def test_code_beside_a_voice_is_not_run(copy: Path, tmp_path: Path) -> None:
    told = json.loads((copy / "config.json").read_text())
    told["auto_map"] = {"AutoConfig": "evil.Evil", "AutoModelForCTC": "evil.Evil"}
    (copy / "config.json").write_text(json.dumps(told))
    (copy / "evil.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'sprung')!r})\n")
    assert hears(copy, Voice)
    assert not (tmp_path / "sprung").exists() and "evil" not in sys.modules
