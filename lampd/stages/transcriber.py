"""Speech comes in, transcripts leave: partial ones of speech that goes on, and one of the whole utterance."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lampd.learners.ngrams import expected
from lampd.messages import AnyMessage, PartialTranscript, Speaking, Speech, Transcript
from lampd.voice.ctc import Ear, decode, guesses
from lampd.voice.embedding import embed


class Transcriber:
    """Hears with a voice, whose `identity` it tells; speech so far is passed over where there is `newer` speech."""

    def __init__(self, voice: Ear, newer: Callable[[], bool] = lambda: False, identity: str = "") -> None:
        self._voice = voice
        self._identity = identity
        self._newer = newer

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        match message:
            case Speaking() if not self._newer():
                return [PartialTranscript(message.at, message.utterance, message.start, **self._hear(message.pcm))]
            case Speech(at, utterance, start, end, pcm, cut):
                return [Transcript(at, utterance, start, end, cut=cut, **self._hear(pcm))]
        return []

    def _hear(self, pcm: bytes) -> dict[str, Any]:
        """What speech sounds like, in the fields of a transcript."""
        samples = np.frombuffer(pcm, "<i2")
        logits = self._voice.logits(samples)
        text, probability = decode(logits, self._voice.alphabet)
        confidence = self._voice.confidence(probability)
        # what was heard as nothing is no utterance, whatever it might have been
        found = expected(guesses(logits, self._voice.alphabet)) if text else {}
        ngrams = {ngram: round(count, 3) for ngram, count in found.items()}
        heard = {"text": text, "confidence": round(confidence, 4), "ngrams": ngrams, "voice": self._identity}
        return heard | {"sound": embed(samples, logits, self._voice.alphabet.blank)}
