"""Every symbol that espeak-ng speaks has its sound, and every sound its letter."""

# ruff: noqa: RUF001

import random

import pytest

from lampd.voice.train.espeak import EspeakError, espeak
from lampd.voice.train.sounds import ALPHABETS, LETTERS, LOCAL, TABLE, letters, sounds, vocabulary
from lampd.voice.train.texts import texts
from lampd.voice.train.voices import RECORDED, SPOKEN

VOICES = [(language, voice) for language, voices in SPOKEN.items() for voice in voices]


@pytest.mark.parametrize(
    ("ipa", "voice", "said"),
    [
        ("t_ˈɜː_n ɔ_n_ð_ə l_ˈaɪ_t", "en-us", "tən onqə lait"),
        ("k_ˈɪ_tʃ_ə_n", "en", "kicən"),
        ("f_ˈɔːɹ_ɾ_i", "en-us", "fordi"),
        ("k_w_a_ɾ", "es", "kwar"),
        ("v_w_ˈɔ_n_tʃ ɕ_fʲ_ˈa_t_w_ɔ", "pl", "vwonc xfatwo"),
        ("(en)_t_ˈɜː_n_(fr) b_ˈɔ̃ v_ˈɛ̃", "fr", "tən bon ven"),
        ("tɕh_ˈi2_ŋ_ t_ˈɑ2_ kh_ˈai5_ f_ˈaɜ_ŋ", "cmn-latn-pinyin", "cin da kai fan"),
        ("k_ˈei_tː_ɪ__ˌø_s_s_æ", "fi", "keitiəsa"),
    ],
)
def test_phonemes_become_letters(ipa: str, voice: str, said: str) -> None:
    assert sounds(ipa, voice) == said


def test_a_symbol_without_a_sound_is_named() -> None:
    with pytest.raises(ValueError, match="☃"):
        sounds("a_☃", "en")


def test_all_that_the_table_writes_is_in_the_alphabet() -> None:
    written = set("".join([*TABLE.values(), *(said for local in LOCAL.values() for said in local.values())]))
    assert written == set(LETTERS["sounds"])


@pytest.mark.parametrize(("language", "voice"), VOICES)
def test_the_table_has_every_symbol_that_is_spoken(language: str, voice: str) -> None:
    try:
        engine = espeak()
    except EspeakError as error:
        pytest.skip(str(error))
    engine.voice(voice)
    chance = random.Random(1)
    said = [texts(language).draw(chance) for _ in range(300)]
    for text in said:
        assert set(sounds(engine.phonemes(text), voice)) <= {*LETTERS["sounds"], " "}, text


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_the_vocabulary_is_wav2vec2s(alphabet: str) -> None:
    tokens = vocabulary("sounds" if alphabet == "sounds" else "letters")
    assert list(tokens)[:3] == ["<pad>", "<unk>", "|"]
    assert sorted(tokens.values()) == list(range(30))


def test_letters_are_capitals() -> None:
    assert letters("don't turn-on, please") == "DON'T TURN ON PLEASE"


def test_recorded_voices_are_written_by_voices_of_their_language() -> None:
    assert all(one.written in SPOKEN[one.language] and one.licence for one in RECORDED)
