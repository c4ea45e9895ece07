"""What a microphone would have heard is of the wanted length, finite, and decided by its seed."""

import numpy as np
import pytest

from lampd.voice.train.augmentation import (
    Surroundings,
    augmented,
    normalised,
    placed,
    surrounded,
    surroundings,
)
from lampd.voice.train.timbre import PEAK, sixteen_bits, throat, trimmed, whispered


@pytest.fixture(scope="module")
def around() -> Surroundings:
    return surroundings(np.random.default_rng(0), rooms=4, noises=7, seconds=3)


def tone(samples: int) -> np.ndarray:
    return (8000 * np.sin(np.arange(samples) * 0.2)).astype(np.int16)


@pytest.mark.parametrize("samples", [2880, 9000, 15_990])
def test_rows_are_of_one_length_finite_and_decided_by_the_seed(samples: int, around: Surroundings) -> None:
    for seed in range(25):
        rows = [
            augmented(tone(samples), 16_000, np.random.default_rng(seed), around, [tone(5000), tone(50_000)])
            for _ in range(2)
        ]
        assert rows[0].shape == (16_000,)
        assert rows[0].dtype == np.float32
        assert np.isfinite(rows[0]).all()
        assert np.array_equal(*rows)
        assert abs(float(rows[0].mean())) < 1e-3
        assert float(rows[0].var()) == pytest.approx(1, abs=0.01)


def test_silence_stays_finite(around: Surroundings) -> None:
    row = augmented(np.zeros(4000, np.int16), 8000, np.random.default_rng(0), around, [])
    assert np.isfinite(row).all()
    assert not normalised(np.zeros(10, np.float32)).any()


def test_no_two_times_the_same(around: Surroundings) -> None:
    chance = np.random.default_rng(0)
    one, other = (augmented(tone(9000), 16_000, chance, around, []) for _ in range(2))
    assert not np.allclose(one, other)


def test_two_hearings_differ_and_keep_the_time(around: Surroundings) -> None:
    chance = np.random.default_rng(0)
    for _ in range(20):
        said = placed(tone(9000), 32_000, chance)
        one, other = (surrounded(said, chance, around, []) for _ in range(2))
        assert not np.allclose(one, other)
        for row in (one, other):
            within, power = row[said.speech], row**2
            assert (within**2).sum() / power.sum() > (said.speech.stop - said.speech.start) / len(row)


def test_silence_around_is_cut_off_but_a_margin() -> None:
    sound = np.concatenate([np.zeros(8000), tone(8000) / 32768, np.zeros(4000)]).astype(np.float32)
    assert 8000 < len(trimmed(sound)) <= 8000 + 5 * 160
    assert len(trimmed(np.zeros(8000, np.float32))) == 0


def test_a_longer_throat_is_deeper_and_slower() -> None:
    sound = (tone(16_000) / 32768).astype(np.float32)
    assert len(throat(sound, 16_000, 0.8)) == pytest.approx(20_000, abs=2)


def test_a_whisper_has_no_pitch_and_lasts_as_long() -> None:
    sound = (tone(16_000) / 32768).astype(np.float32)
    soft = whispered(sound, np.random.default_rng(0))
    assert soft.shape == sound.shape
    peaks = [np.abs(np.fft.rfft(one)).max() / np.abs(np.fft.rfft(one)).mean() for one in (sound, soft)]
    assert peaks[1] < peaks[0] / 10


def test_sixteen_bits_are_used() -> None:
    assert np.abs(sixteen_bits((tone(1000) / 1e6).astype(np.float32))).max() == pytest.approx(PEAK * 32767, abs=1)
    assert not sixteen_bits(np.zeros(10, np.float32)).any()
