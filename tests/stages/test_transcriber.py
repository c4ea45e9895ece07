"""A transcript says what was heard, by whom, and how it sounded."""

import numpy as np

from lampd.learners.ngrams import expected
from lampd.messages import PartialTranscript, Speaking, Speech, Tick, Transcript
from lampd.moments import MOMENTS, unpack
from lampd.stages.transcriber import Transcriber
from lampd.voice.ctc import Alphabet, Logits, guesses

SOUND = (3000 * np.sin(np.arange(16_000) * 0.3)).astype("<i2")


class Ear:
    """Hears "ab", more surely than not, whatever is said."""

    alphabet = Alphabet(("", " ", "a", "b"), 0)

    def logits(self, samples: np.ndarray) -> Logits:
        path = [0, 2, 2, 0, 3, 0] if len(samples) > 1 else [0] * 6
        return np.asarray(3 * np.eye(4)[path], np.float32)

    def confidence(self, probability: float) -> float:
        return probability / 2


def test_a_transcript_holds_words_guesses_sound_and_voice() -> None:
    [said] = Transcriber(Ear(), identity="ear").handle(Speech(9.0, 7, 1.0, 2.0, SOUND.tobytes()))
    assert isinstance(said, Transcript)
    assert (said.text, said.voice, said.utterance) == ("ab", "ear", 7)
    probability = float(np.exp(3) / (np.exp(3) + 3))
    assert abs(said.confidence - probability / 2) < 1e-3
    found = expected(guesses(Ear().logits(SOUND), Ear.alphabet))
    assert said.ngrams.keys() == found.keys()
    assert unpack(said.sound).shape[0] == MOMENTS


def test_speech_so_far_is_passed_over_where_there_is_more() -> None:
    speaking = Speaking(9.0, 7, 1.0, SOUND.tobytes())
    [partial] = Transcriber(Ear()).handle(speaking)
    assert isinstance(partial, PartialTranscript) and partial.sound
    assert Transcriber(Ear(), newer=lambda: True).handle(speaking) == []
    assert Transcriber(Ear()).handle(Tick(1.0)) == []


def test_too_little_to_compare_has_no_sound() -> None:
    [said] = Transcriber(Ear()).handle(Speech(9.0, 7, 1.0, 1.01, SOUND[:1].tobytes()))
    assert isinstance(said, Transcript)
    assert (said.text, said.ngrams, said.sound) == ("", {}, b"")
