"""Whistles and claps call the lamp; one clap, a slammed door, typing, music and a kettle do not."""

import msgspec
import numpy as np
import pytest

from lampd import config
from lampd.bench import altered, noises, scene
from lampd.bench.heard import Tally
from lampd.bench.hearing import heard
from lampd.devices.sound import RATE

SETTINGS = config.load(None, board="laptop").recorder


def chance() -> np.random.Generator:
    return np.random.default_rng(5)


def said(sounds: list[scene.Sound], patterns: bool = True) -> Tally:
    return heard(msgspec.structs.replace(SETTINGS, patterns=patterns), sounds, scene.quiet(40, chance()))


def alone(sound: scene.Sound) -> int:
    """Utterances in sound over a quiet room."""
    tally, lead = Tally(), np.zeros(2 * RATE, np.float32)
    sound = np.concatenate([lead, sound, lead])
    tally.hear(SETTINGS, scene.Scene(scene.pcm(sound + scene.quiet(len(sound) / RATE, chance())), []))
    return tally.stray


@pytest.mark.parametrize("sound", [noises.whistle, noises.claps])
@pytest.mark.parametrize("far", [False, True])
def test_whistles_and_claps_are_one_utterance_each(sound: noises.Maker, far: bool) -> None:
    rng = chance()
    sounds = [sound(rng) for _ in range(10)]
    if far:
        sounds = [altered.room(one, rng) for one in sounds]
    found = said(sounds)
    assert found.one >= (8 if far else 10)
    assert found.stray == 0
    assert np.median(found.lost) == 0
    assert said(sounds, patterns=False).one == 0, "the detector of speech is deaf to them"


def test_one_clap_or_a_slammed_door_is_nothing() -> None:
    rng = chance()
    for sounds in ([noises.claps(rng, 1) for _ in range(8)], [noises.door(rng) for _ in range(8)]):
        found = said(sounds)
        assert (found.missed, found.stray) == (8, 0)


def test_neither_music_nor_typing_nor_a_kettle_says_anything_for_long() -> None:
    rng = chance()
    assert alone(noises.music(20, rng)) == 0
    assert alone(noises.typing(20, rng)) == 0
    kettle = np.float32(0.1) * np.sin(2 * np.pi * 2000 * np.arange(20 * RATE) / RATE).astype(np.float32)
    assert alone(kettle) <= 1
