"""The configuration's voice comes in; what hears with it leaves: ONNX Runtime, or transformers where that cannot."""

from collections.abc import Callable

from lampd.settings import Transcriber
from lampd.voice.ctc import Ear
from lampd.voice.folder import VoiceError, folder_of
from lampd.voice.onnx import OnnxVoice
from lampd.voice.wav2vec2 import Voice


def ear(settings: Transcriber, note: Callable[[str], None]) -> Ear:
    """The voice, loaded; `note` is told why, where it is not in the runtime that was asked for. Raises VoiceError."""
    folder = folder_of(settings.voice)
    if settings.runtime == "onnx":
        try:
            return OnnxVoice(folder, settings.threads)
        except VoiceError as error:
            note(f"hears with transformers, which is slower and takes more memory: {error}")
    return Voice(folder, settings.threads)
