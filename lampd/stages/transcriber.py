"""Speech comes in, transcripts leave: partial ones of speech that goes on, and one of the whole utterance."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lampd.learners.ngrams import expected
from lampd.messages import AnyMessage, PartialTranscript, Speaking, Speech, Transcript
from lampd.voice.ctc import Alphabet, Logits, decode, guesses


class Ear(Protocol):
    """CTC logits (frames, outputs) for 16 kHz mono samples, and what the outputs are written as."""

    @property
    def alphabet(self) -> Alphabet: ...

    def logits(self, samples: NDArray[np.int16]) -> Logits: ...


class Transcriber:
    """Hears with a voice."""

    def __init__(self, voice: Ear) -> None:
        self._voice = voice

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        match message:
            case Speaking():
                text, confidence = decode(self._logits(message.pcm), self._voice.alphabet)
                partial = PartialTranscript(message.at, message.utterance, message.start, text, round(confidence, 4))
                return [partial]
            case Speech():
                return [self._transcript(message)]
        return []

    def _logits(self, pcm: bytes) -> Logits:
        return self._voice.logits(np.frombuffer(pcm, "<i2"))

    def _transcript(self, speech: Speech) -> Transcript:
        logits = self._logits(speech.pcm)
        text, confidence = decode(logits, self._voice.alphabet)
        # what was heard as nothing is no utterance, whatever it might have been
        found = expected(guesses(logits, self._voice.alphabet)) if text else {}
        return Transcript(
            at=speech.at,
            utterance=speech.utterance,
            start=speech.start,
            end=speech.end,
            text=text,
            confidence=round(confidence, 4),
            cut=speech.cut,
            ngrams={ngram: round(count, 3) for ngram, count in found.items()},
        )
