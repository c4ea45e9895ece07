"""Sound of other rates and channels keeps its pitch, its level and its length; faults name the file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from lampd.devices.sound import Resampler, SoundError, read

RATES = [(8_000, 1), (16_000, 1), (16_000, 2), (22_050, 1), (44_100, 2), (48_000, 6)]


def tone(rate: int, channels: int, seconds: float = 1.0) -> NDArray[np.float32]:
    """440 Hz at half of full scale, the same in all channels."""
    samples = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)
    return np.repeat(samples[:, None], channels, axis=1).astype(np.float32)


def same_tone(samples: NDArray[np.int16]) -> bool:
    """Whether it is `tone` but for its edges, to -40 dB."""
    expected = tone(16_000, 1, len(samples) / 16_000)[:, 0] * 32768
    middle = slice(1600, -1600)
    return bool(np.abs(samples[middle] - expected[middle]).max() < 164)


@pytest.mark.parametrize(("rate", "channels"), RATES)
def test_files_of_any_rate_and_channels_are_read(tmp_path: Path, rate: int, channels: int) -> None:
    soundfile.write(tmp_path / "tone.wav", tone(rate, channels), rate)
    samples = read(tmp_path / "tone.wav")
    assert samples.dtype == np.int16
    assert abs(len(samples) - 16_000) <= 1
    assert same_tone(samples)


def test_samples_of_our_own_rate_stay_as_they_are(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).integers(-32768, 32768, 5000).astype(np.int16)
    soundfile.write(tmp_path / "noise.flac", samples, 16_000)
    assert np.array_equal(read(tmp_path / "noise.flac"), samples)
    assert Resampler(16_000, 1).feed(samples[:, None]) == samples.tobytes()


def test_channels_are_averaged(tmp_path: Path) -> None:
    both = np.stack([np.full(800, 8000), np.full(800, 4000)], axis=1).astype(np.int16)
    soundfile.write(tmp_path / "stereo.wav", both, 16_000)
    assert set(read(tmp_path / "stereo.wav").tolist()) == {6000}


@pytest.mark.parametrize(("rate", "channels"), RATES)
@pytest.mark.parametrize("of_16_bits", [True, False])
def test_captured_sound_is_resampled_piece_by_piece(rate: int, channels: int, of_16_bits: bool) -> None:
    samples = tone(rate, channels, 2.0)
    pieces: list[NDArray[Any]] = np.array_split((samples * 32768).astype(np.int16) if of_16_bits else samples, 37)
    resampler = Resampler(rate, channels)
    pcm = b"".join([resampler.feed(piece) for piece in pieces[:-1]] + [resampler.feed(pieces[-1], last=True)])
    resampled = np.frombuffer(pcm, "<i2")
    assert abs(len(resampled) - 32_000) <= 1
    assert same_tone(resampled)


def test_what_is_too_loud_is_clipped_not_wrapped() -> None:
    assert (
        Resampler(16_000, 1).feed(np.array([[1.5], [-1.5]], np.float32))
        == np.array([32767, -32768], np.int16).tobytes()
    )


@pytest.mark.parametrize("name", ["nowhere.wav", "text.wav", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.wav").write_text("this is no sound")
    with pytest.raises(SoundError, match=str(tmp_path / name)):
        read(tmp_path / name)
