"""A prepared voice hears in ONNX Runtime what transformers hears; one that cannot be used says what to do."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest

from lampd.devices.sound import read
from lampd.settings import Settings
from lampd.voice.choice import ear
from lampd.voice.comparison import compare, distance, real_time_factor, signals
from lampd.voice.export import export
from lampd.voice.folder import BUNDLED, VoiceError
from lampd.voice.identity import PIECE, PIECES, PREPARED, fingerprint
from lampd.voice.onnx import OnnxVoice
from lampd.voice.wav2vec2 import Voice

Checkpoint = Callable[..., Path]
AUDIO = Path(__file__).parents[1] / "sessions" / "first_evening" / "audio"


@pytest.fixture(scope="module")
def tiny(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared random voice, as base-960h's kind normalises its front end."""
    folder = checkpoint(tmp_path_factory.mktemp("voices") / "tiny", "abcß")
    assert export(folder) == "exact"
    return folder


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny, tmp_path / "copy")


def change(folder: Path, old: str, new: str) -> None:
    """Older checkpoints have no processor; where there is one, what its parts tell is overlooked."""
    (folder / "processor_config.json").unlink()
    told = folder / "preprocessor_config.json"
    told.write_text(told.read_text("utf-8").replace(old, new))


def test_the_bundled_voice_hears_the_evening_as_transformers_does() -> None:
    clips = [read(path) for path in sorted(AUDIO.glob("*.flac"))[:40]]
    found = compare(OnnxVoice(BUNDLED), Voice(BUNDLED), clips)
    assert found.clips == 40
    assert found.identical >= 0.99
    assert found.character_error < 0.001
    assert found.largest < 0.001


@pytest.mark.parametrize("norm", ["group", "layer"])
def test_both_kinds_of_front_ends_are_exported_exactly(checkpoint: Checkpoint, tmp_path: Path, norm: str) -> None:
    folder = checkpoint(tmp_path / norm, "abc", norm)
    export(folder, "exact")
    found = compare(OnnxVoice(folder), Voice(folder), signals(1.0, 3))
    assert found.largest < 1e-4
    assert found.identical == 1


@pytest.mark.parametrize("norm", ["group", "layer"])
def test_eight_bits_come_close_and_are_smaller(checkpoint: Checkpoint, tmp_path: Path, norm: str) -> None:
    folder = checkpoint(tmp_path / norm, "abc", norm, hidden_size=128, intermediate_size=512, num_hidden_layers=2)
    export(folder, "exact")
    exact = (folder / PREPARED).stat().st_size
    assert export(folder, "int8") == "int8"
    assert (folder / PREPARED).stat().st_size < 0.6 * exact
    assert OnnxVoice(folder).precision == "int8"
    found = compare(OnnxVoice(folder), Voice(folder), signals(1.0, 3))
    # quiet frames beside loud ones keep their shape
    assert 0.0 < found.largest < 0.2


def test_the_same_number_of_frames_leaves_as_of_transformers(tiny: Path) -> None:
    voice, reference = OnnxVoice(tiny), Voice(tiny)
    for samples in (0, 1, 729, 730, 1049, 1050, 1400, 16_000, 16_001):
        sound = np.zeros(samples, np.int16)
        assert voice.logits(sound).shape == reference.logits(sound).shape, samples


def test_a_voice_that_is_not_prepared_says_how(checkpoint: Checkpoint, tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "fresh", "abc")
    with pytest.raises(VoiceError, match=f"lampctl voice prepare {folder}"):
        OnnxVoice(folder)


def test_weights_that_changed_since_are_refused(copy: Path) -> None:
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    with pytest.raises(VoiceError, match=r"was not made from .*model\.safetensors: run `lampctl voice prepare"):
        OnnxVoice(copy)
    weights.unlink()
    # the prepared file alone is enough to hear with
    assert OnnxVoice(copy).precision == "exact"


def test_a_torn_file_is_refused(copy: Path) -> None:
    prepared = copy / PREPARED
    prepared.write_bytes(prepared.read_bytes()[:5000])
    with pytest.raises(VoiceError, match=f"{prepared}.*lampctl voice prepare"):
        OnnxVoice(copy)


def test_another_rate_is_refused(copy: Path) -> None:
    change(copy, "16000", "8000")
    with pytest.raises(VoiceError, match="sampling_rate: 8000"):
        OnnxVoice(copy)


def test_sound_is_left_as_it_is_where_the_voice_wants_that(copy: Path) -> None:
    change(copy, '"do_normalize": true', '"do_normalize": false')
    assert compare(OnnxVoice(copy), Voice(copy), signals(1.0, 2)).largest < 1e-4


def test_nothing_to_prepare_is_refused(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    with pytest.raises(VoiceError, match=r"model\.safetensors"):
        export(copy)


def test_weights_are_stored_in_16_bits_only_where_that_loses_nothing(tiny: Path) -> None:
    def halves(folder: Path) -> int:
        graph = onnx.load(folder / PREPARED).graph
        return sum(tensor.data_type == onnx.TensorProto.FLOAT16 for tensor in graph.initializer)

    assert halves(tiny) == 0
    assert halves(BUNDLED) > 30


def test_large_weights_are_known_by_pieces(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    size = 3 * PIECE * PIECES

    def changed(at: int) -> str:
        with weights.open("wb") as file:
            file.truncate(size)
            file.seek(at)
            file.write(b"x")
        return fingerprint(weights)

    assert len({changed(at) for at in (0, 7, size - 1)}) == 3


def test_the_configuration_chooses_and_what_cannot_be_is_said(settings: Settings, copy: Path) -> None:
    notes: list[str] = []
    onnx_first = msgspec.structs.replace(settings.transcriber, voice=str(copy))
    assert onnx_first.runtime == "onnx"
    assert isinstance(ear(onnx_first, notes.append), OnnxVoice)
    assert isinstance(ear(msgspec.structs.replace(onnx_first, runtime="transformers"), notes.append), Voice)
    assert notes == []
    (copy / PREPARED).unlink()
    assert isinstance(ear(onnx_first, notes.append), Voice)
    assert [f"lampctl voice prepare {copy}" in note for note in notes] == [True]


def test_distance_counts_edits() -> None:
    pairs = [("", ""), ("abc", ""), ("kitten", "sitting"), ("flaw", "lawn")]
    assert [distance(*pair) for pair in pairs] == [0, 3, 3, 2]


def test_time_is_taken_of_all_clips(tiny: Path) -> None:
    assert 0 < real_time_factor(OnnxVoice(tiny), signals(1.0, 2), times=1) < 1
