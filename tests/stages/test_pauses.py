"""The hangover follows the pauses of the people who speak."""

from pathlib import Path

import numpy as np
import pytest

from lampd import config
from lampd.devices.sound import read
from lampd.messages import Block, Speech
from lampd.stages.pauses import ENOUGH, UTTERANCES, Pauses
from lampd.stages.recorder import Recorder

AUDIO = Path(__file__).parents[1] / "sessions" / "first_evening" / "audio"


def heard(*pauses: float) -> Pauses:
    found = Pauses(0.5, 0.3, 0.8)
    for pause in pauses:
        found.over(pause)
    return found


def test_before_enough_is_known_it_is_as_configured() -> None:
    assert heard(*[0.0] * (ENOUGH - 1)).hangover_s == 0.5


@pytest.mark.parametrize(("pause", "hangover"), [(0.0, 0.3), (0.3, 0.39), (0.4, 0.52), (0.9, 0.8)])
def test_then_it_is_a_little_longer_than_people_pause(pause: float, hangover: float) -> None:
    assert heard(*[pause] * ENOUGH).hangover_s == pytest.approx(hangover)


def test_one_hesitation_does_not_make_everybody_wait() -> None:
    assert heard(*[0.0] * 30, 0.7).hangover_s == 0.3


def test_old_habits_are_forgotten() -> None:
    assert heard(*[0.7] * UTTERANCES, *[0.0] * UTTERANCES).hangover_s == 0.3


def test_speech_that_goes_on_after_its_end_was_a_pause() -> None:
    found = heard(*[0.0] * ENOUGH)
    for _ in range(3):
        found.over(0.0)
        found.resumed(0.45)
    assert found.hangover_s > 0.45
    before = found.hangover_s
    found.over(0.0)
    found.resumed(1.5)
    assert found.hangover_s <= before, "another utterance, not the same one"


def test_the_recorder_learns_to_wait_less_for_people_who_do_not_pause() -> None:
    settings = config.load(None, board="laptop").recorder
    words = read(AUDIO / "0001.flac")
    one = np.concatenate([np.zeros(32_000 - len(words) % 1600, np.int16), words])
    one = (one + np.random.default_rng(0).normal(0, 8, len(one))).astype("<i2")
    recorder, ends = Recorder(settings), []
    for number in range(2 * ENOUGH):
        for part in range(0, len(one), 1600):
            at = (number * len(one) + part + 1600) / 16_000
            said = recorder.handle(Block(at, one[part : part + 1600].tobytes()))
            ends += [message.at - message.end for message in said if isinstance(message, Speech)]
    assert len(ends) == 2 * ENOUGH - 1, "the last may go on"
    assert ends[0] == pytest.approx(settings.hangover_s, abs=0.05)
    assert ends[-1] == pytest.approx(settings.hangover_least_s, abs=0.05)
