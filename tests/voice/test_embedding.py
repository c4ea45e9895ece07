"""What is kept of a sound: small, of one size, and alike for what is alike."""

from pathlib import Path

import numpy as np
import pytest

from lampd.devices.sound import read
from lampd.learners.warping import distances
from lampd.moments import MOMENTS, STEP, unpack
from lampd.voice.embedding import CEPSTRA, OUTPUTS, SHORTEST, embed
from lampd.voice.folder import BUNDLED
from lampd.voice.onnx import OnnxVoice

LOGITS = np.random.default_rng(1).normal(0, 3, (50, 30)).astype(np.float32)


def tone(hertz: float, seconds: float = 1.0) -> np.ndarray:
    time = np.arange(int(16_000 * seconds)) / 16_000
    return (8000 * np.sin(2 * np.pi * hertz * time * (1 + 0.2 * time))).astype(np.int16)


@pytest.mark.parametrize("seconds", [0.15, 1.0, 15.0])
def test_it_is_of_one_size_whatever_it_lasted(seconds: float) -> None:
    kept = embed(tone(500, seconds), LOGITS, 0)
    assert unpack(kept).shape == (MOMENTS, 2 * CEPSTRA + 30 + 1)
    assert len(kept) < 2000
    assert embed(tone(500, seconds), LOGITS, 0) == kept


def test_a_voice_of_thousands_of_outputs_takes_no_more() -> None:
    wide = np.random.default_rng(2).normal(0, 3, (50, 3000)).astype(np.float32)
    assert unpack(embed(tone(500), wide, 0)).shape == (MOMENTS, 2 * CEPSTRA + OUTPUTS + 1)


@pytest.mark.parametrize(
    "samples", [np.zeros(16_000, np.int16), np.full(16_000, 32767, np.int16), tone(50, SHORTEST / 16_000)]
)
def test_silence_and_full_scale_are_finite(samples: np.ndarray) -> None:
    assert np.isfinite(unpack(embed(samples, LOGITS, 0))).all()


def test_too_short_is_nothing() -> None:
    assert embed(tone(500)[: SHORTEST - 1], LOGITS, 0) == b""
    assert embed(tone(500), LOGITS[:1], 0) == b""


def test_numbers_survive_in_eight_bits() -> None:
    rows = unpack(embed(tone(500), LOGITS, 0))
    assert float(np.abs(rows).max()) <= 127 * STEP
    assert len(np.unique(rows)) > 20


def test_silence_around_and_loudness_change_little_and_another_word_much(data_folder: Path) -> None:
    voice = OnnxVoice(BUNDLED)
    seven, again, three = (
        read(data_folder / "speech/digits/theo" / f"{name}.flac") for name in ("7_00", "7_01", "3_00")
    )
    chance = np.random.default_rng(0)

    def kept(sound: np.ndarray, before: int = 3000, gain: float = 1.0) -> np.ndarray:
        row = chance.normal(0, 8, len(sound) + before + 4000)
        row[before : before + len(sound)] += gain * sound
        row = row.astype(np.int16)
        return unpack(embed(row, voice.logits(row), voice.alphabet.blank)).T

    others = np.stack([kept(seven, 9000), kept(seven, gain=0.5), kept(again), kept(three)], axis=2)
    later, softer, take, other = distances(kept(seven).T, others)
    assert max(later, softer) < take < 0.9 * other
