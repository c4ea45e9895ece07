"""The network is a legal wav2vec2, small on disk, and loads as any voice does."""

from pathlib import Path

import numpy as np
import pytest
import torch

from lampd.voice.comparison import distance
from lampd.voice.ctc import Alphabet, decode
from lampd.voice.folder import folder_of
from lampd.voice.train.evaluation import counted, heard, judged, rate
from lampd.voice.train.network import begun_from, mel_filters, network, save
from lampd.voice.train.sounds import vocabulary
from lampd.voice.wav2vec2 import Voice

ALPHABET = Alphabet.by(vocabulary("sounds"))


def test_a_saved_voice_hears_what_the_network_heard(tmp_path: Path) -> None:
    model = network("sounds", 0)
    assert sum(one.numel() for one in model.parameters()) == pytest.approx(2.84e6, rel=0.01)
    save(model, tmp_path / "voice", "sounds")
    assert (tmp_path / "voice" / "model.safetensors").stat().st_size < 8_000_000
    voice = Voice(folder_of(str(tmp_path / "voice")))
    sound = np.random.default_rng(0).normal(0, 3000, 16_000).astype(np.int16)
    logits = voice.logits(sound)
    assert logits.shape == (47, 30)
    assert decode(logits, ALPHABET) == pytest.approx(heard(model, sound.astype(np.float32), ALPHABET))


def test_training_may_begin_from_a_voice(tmp_path: Path) -> None:
    model = network("sounds", 0, "tiny")
    save(model, tmp_path, "sounds")
    other = network("sounds", 1, "tiny")
    assert begun_from(other, tmp_path) == []
    assert all(
        torch.allclose(one, two, atol=1e-3) for one, two in zip(model.parameters(), other.parameters(), strict=True)
    )
    assert begun_from(network("sounds", 1), tmp_path)


def test_the_first_layer_begins_as_a_bank_of_filters() -> None:
    filters = mel_filters(256, 400)
    assert np.allclose((filters**2).sum(axis=1), 1, atol=1e-5)
    peaks = np.abs(np.fft.rfft(filters, 16_000)).argmax(axis=1)
    assert np.all(np.diff(peaks[5:128]) > 0)
    assert np.allclose(peaks[5:128], peaks[133:], atol=3)
    first = network("sounds", 0).wav2vec2.feature_extractor.conv_layers[0].conv
    assert np.allclose(first.weight[:, 0].detach().numpy(), filters)


def test_errors_are_counted_by_group() -> None:
    assert distance("kitten", "sitting") == 3
    assert distance("", "abc") == distance("abc", "") == 3
    model = network("sounds", 0, "tiny")
    counts = counted(judged(model, [("one", np.ones(4000, np.float32), "abc")], ALPHABET))
    assert counts["one"][1] == 3
    assert rate([(1, 10), (2, 20)]) == 0.1
