"""Speech comes in, transcripts leave: partial ones of speech that goes on, and one of the whole utterance."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lampd.messages import AnyMessage, PartialTranscript, Speaking, Speech, Transcript


class Ear(Protocol):
    """Text and confidence (0..1) for 16 kHz mono samples."""

    def transcribe(self, samples: NDArray[np.int16]) -> tuple[str, float]: ...


class Transcriber:
    """Hears with a voice."""

    def __init__(self, voice: Ear) -> None:
        self._voice = voice

    def handle(self, message: AnyMessage) -> list[AnyMessage]:
        match message:
            case Speaking():
                text, confidence = self._transcribe(message.pcm)
                return [PartialTranscript(message.at, message.utterance, message.start, text, confidence)]
            case Speech():
                text, confidence = self._transcribe(message.pcm)
                return [
                    Transcript(message.at, message.utterance, message.start, message.end, text, confidence, message.cut)
                ]
        return []

    def _transcribe(self, pcm: bytes) -> tuple[str, float]:
        text, confidence = self._voice.transcribe(np.frombuffer(pcm, "<i2"))
        return text, round(confidence, 4)
