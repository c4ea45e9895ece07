"""Any wav2vec2 CTC checkpoint in transformers' format is a voice; the bundled one hears the evening."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lampd.devices.sound import read
from lampd.learners.ngrams import RARE, ngrams
from lampd.messages import PartialTranscript, Speaking, Speech, Tick, Transcript
from lampd.stages.transcriber import Transcriber
from lampd.voice.ctc import decode
from lampd.voice.folder import BUNDLED, VoiceError, folder_of
from lampd.voice.wav2vec2 import Voice, receptive_field

AUDIO = Path(__file__).parents[1] / "sessions" / "first_evening" / "audio"
Checkpoint = Callable[..., Path]


@pytest.fixture(scope="module")
def bundled() -> Voice:
    return Voice(folder_of("bundled"))


def test_a_checkpoint_of_any_vocabulary_is_a_voice(tmp_path: Path, checkpoint: Checkpoint) -> None:
    voice = Voice(folder_of(str(checkpoint(tmp_path / "polish", "aąbcćdeę"))))
    sound = np.random.default_rng(0).normal(0, 2000, 16_000).astype(np.int16)
    logits = voice.logits(sound)
    assert logits.shape[1] == 11
    assert 40 < len(logits) <= 50
    text, confidence = decode(voice.logits(sound), voice.alphabet)
    assert set(text) <= set("aąbcćdeę ")
    assert 0 <= confidence <= 1
    # the same network in the same words
    assert decode(voice.logits(sound), voice.alphabet) == (text, confidence)


def test_what_a_folder_lacks_is_named(tmp_path: Path, checkpoint: Checkpoint) -> None:
    with pytest.raises(VoiceError, match=r"config\.json"):
        folder_of(str(tmp_path))
    folder = checkpoint(tmp_path / "voice", "abc")
    (folder / "model.safetensors").unlink()
    with pytest.raises(VoiceError, match=str(folder)):
        Voice(folder_of(str(folder)))


def test_a_torn_checkpoint_is_refused_by_name(tmp_path: Path, checkpoint: Checkpoint) -> None:
    folder = checkpoint(tmp_path / "voice", "abc")
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(VoiceError, match=str(folder)):
        Voice(folder_of(str(folder)))


def test_the_bundled_voice_hears_the_first_wish(bundled: Voice) -> None:
    assert folder_of("bundled") == BUNDLED
    text, confidence = decode(bundled.logits(read(AUDIO / "0001.flac")), bundled.alphabet)
    assert "lai" in text, "the sounds of lights"
    assert confidence > 0.5


@pytest.mark.parametrize("samples", [0, 1, 399, 400, 1039, 1040, 1200])
def test_a_click_is_no_word(bundled: Voice, samples: int) -> None:
    text, confidence = decode(bundled.logits(np.zeros(samples, np.int16)), bundled.alphabet)
    assert text == ""
    assert confidence <= 1


def test_a_frame_of_wav2vec2_base_is_made_of_400_samples() -> None:
    assert receptive_field((10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)) == 400


def test_speech_becomes_a_transcript_and_speech_so_far_a_partial_one(bundled: Voice) -> None:
    stage = Transcriber(bundled)
    pcm = read(AUDIO / "0001.flac").tobytes()
    said = stage.handle(Speech(9.0, 4, 7.0, 8.5, pcm, cut=True))
    assert [type(message) for message in said] == [Transcript]
    whole = said[0]
    assert isinstance(whole, Transcript)
    assert (whole.at, whole.utterance, whole.start, whole.end, whole.cut) == (9.0, 4, 7.0, 8.5, True)
    # other guesses than the best are heard too
    held = ngrams(whole.text)
    assert whole.ngrams.keys() - held and held.keys() & whole.ngrams.keys()
    assert all(RARE <= count <= 5 for count in whole.ngrams.values())
    partial = stage.handle(Speaking(8.0, 4, 7.0, pcm[: len(pcm) // 2]))[0]
    assert isinstance(partial, PartialTranscript)
    assert (partial.utterance, partial.start) == (4, 7.0)
    assert len(partial.text) < len(whole.text)
    assert stage.handle(Tick(10.0)) == []
