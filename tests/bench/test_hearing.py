"""Scenes are laid as they say, what becomes of clips is told apart, and real ones are heard in all their ways."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from lampd import config
from lampd.bench import altered, hearing, scene
from lampd.bench.heard import Tally
from lampd.bench.scene import Span
from lampd.devices.sound import RATE

SETTINGS = config.load(None, board="laptop").recorder


def tone(seconds: float, loud_db: float = -20) -> scene.Sound:
    times = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(np.sin(2 * np.pi * 300 * times) * 2**0.5 * 10 ** (loud_db / 20), np.float32)


def test_speech_is_found_in_a_clip_with_noise_around() -> None:
    clip = scene.quiet(3, np.random.default_rng(0))
    clip[RATE : 2 * RATE] += tone(1)
    assert scene.speech(clip) == pytest.approx((RATE, 2 * RATE), abs=320)


def test_clips_lie_where_the_scene_says_as_loud_as_it_says() -> None:
    rng = np.random.default_rng(0)
    background = scene.quiet(5, rng)
    laid = scene.lay([scene.cut(tone(1)), scene.cut(tone(0.5, -50))], background, pause_s=1.0, snr_db=10)
    first, second = laid.spans
    assert second.start - first.end == RATE
    sound = laid.samples.astype(np.float32) / 32768
    for start, end in laid.spans:
        assert scene.level(sound[start:end]) == pytest.approx(scene.QUIET_DB + 10.4, abs=0.3)
    assert scene.level(sound[first.end + 1600 : second.start - 1600]) == pytest.approx(scene.QUIET_DB, abs=0.3)


def test_what_becomes_of_clips_is_told_apart() -> None:
    clips = [Span(1000 * at, 1000 * at + 400) for at in range(6)]
    spans = [Span(16, 368), Span(2000, 2100), Span(2200, 2400), Span(3100, 4300), Span(4600, 4900)]
    kept = [Span(48, 368), *(Span(start - 160, end + 160) for start, end in spans[1:])]
    tally = Tally()
    tally.judge(clips, spans, kept)
    counts = (tally.one, tally.missed, tally.split, tally.merged, tally.stray)
    assert counts == (1, 2, 1, 2, 1)
    assert tally.late == [1.0, 0.0, 6.25]
    assert tally.early == [2.0, 0.0, 6.25]
    assert tally.lost[0] == 3.0 + 2.0


def test_altered_clips_are_softer_higher_and_without_a_voice() -> None:
    times = np.arange(RATE) / RATE
    voice = np.asarray(sum(np.sin(2 * np.pi * 150 * k * times) for k in range(1, 20)) / 30, np.float32)
    assert scene.level(altered.soft(voice)) == pytest.approx(scene.level(voice) - 20, abs=0.1)
    assert len(altered.high(voice)) == pytest.approx(RATE / 1.3, abs=2)
    lag = round(RATE / 150)

    def pitch(sound: scene.Sound) -> float:
        return float(np.corrcoef(sound[lag:], sound[:-lag])[0, 1])

    assert pitch(voice) > 0.95
    assert abs(pitch(altered.whispered(voice, np.random.default_rng(0)))) < 0.5


@pytest.mark.parametrize(
    ("name", "way", "least"),
    [
        ("jarvis", "", 20),
        ("computer", "kitchen 10 dB", 19),
        ("snowboy", "whispered", 18),
        ("digits", "soft, -20 dB", 18),
        ("digits", "high, 1.3 times", 19),
        ("digits", "across a room", 19),
    ],
)
def test_real_clips_are_one_utterance_each(data_folder: Path, name: str, way: str, least: int) -> None:
    tally = hearing.row(SETTINGS, data_folder, name, way, most=20)
    assert tally.clips == 20
    assert tally.one >= least
    # the sound that is kept begins before the speech and ends after it
    assert np.median(tally.lost) == 0


def test_soft_words_are_heard_because_they_are_made_louder(data_folder: Path) -> None:
    without = msgspec.structs.replace(SETTINGS, gain_db=0.0)
    soft = [hearing.row(given, data_folder, "digits", "soft, -20 dB", most=24).one for given in (without, SETTINGS)]
    assert soft[0] + 4 <= soft[1]


def test_a_kitchen_says_nothing(data_folder: Path) -> None:
    assert hearing.nobody(SETTINGS, data_folder, "kitchen", most=1).stray == 0
