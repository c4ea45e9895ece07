"""A folder with a prepared voice comes in; from 16 kHz sound ONNX Runtime makes the CTC logits that transformers would.

`lampctl voice prepare` makes the file this needs (voice/export.py). Imports neither torch nor transformers.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lampd.voice import confidence
from lampd.voice.ctc import Alphabet, Logits, check
from lampd.voice.folder import VoiceError, read_json
from lampd.voice.identity import PREPARED, fingerprint, weights_of
from lampd.voice.wav2vec2 import RATE, receptive_field

MADE_FROM, PRECISION = "lampd.made_from", "lampd.precision"
"""Where the file says from which weights it was made, and how it computes."""


class OnnxVoice:
    """A prepared voice, warm: the first utterance takes no longer than the others. Raises VoiceError."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        again = f"run `lampctl voice prepare {folder}`"
        if not (folder / PREPARED).is_file():
            raise VoiceError(f"transcriber.voice: {folder} is not prepared: {again}")
        try:
            self.alphabet = Alphabet.of(folder)
            self.confidence = confidence.of(folder)
            sound = _extractor(folder)
            config = read_json(folder / "config.json")
            self._shortest = receptive_field(config["conv_kernel"], config["conv_stride"])
            self._outputs = int(config["vocab_size"])
            weights = weights_of(folder)
            made_from = fingerprint(weights) if weights else None
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise VoiceError(f"transcriber.voice: {folder}: {error!r}") from None
        if (rate := sound.get("sampling_rate", RATE)) != RATE:
            raise VoiceError(f"transcriber.voice: {folder}: sampling_rate: {rate} is not {RATE}")
        self._normalise = bool(sound.get("do_normalize", True))
        self._session = _session(folder / PREPARED, threads)
        told = self._session.get_modelmeta().custom_metadata_map
        if made_from and told.get(MADE_FROM) != made_from:
            raise VoiceError(f"transcriber.voice: {folder / PREPARED} was not made from {weights}: {again}")
        self.precision: str = told.get(PRECISION, "")
        try:
            check(self, self._outputs)
        except Exception as error:  # ONNX Runtime's have no base of their own
            raise VoiceError(f"transcriber.voice: {folder / PREPARED}: {error}; {again}") from None

    def logits(self, samples: NDArray[np.int16]) -> Logits:
        """CTC logits (frames, vocabulary) for 16 kHz mono `samples`; no frame for less than one takes."""
        if len(samples) < self._shortest:
            return np.zeros((0, self._outputs), np.float32)
        sound = samples.astype(np.float32) / 32768
        if self._normalise:
            # as transformers' Wav2Vec2FeatureExtractor does
            sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
        logits: Logits = self._session.run(None, {"sound": sound[None].astype(np.float32)})[0][0]
        return logits


def _extractor(folder: Path) -> dict[str, Any]:
    """How sound is to be given to the network, from where transformers looks for it first."""
    told = read_json(folder / "preprocessor_config.json")
    whole = folder / "processor_config.json"
    inside = read_json(whole).get("feature_extractor") if whole.is_file() else None
    return inside if isinstance(inside, dict) else told


def _session(path: Path, threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise VoiceError(f"ONNX Runtime cannot be loaded: {error}") from None
    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # threads that wait do so without using the processor
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # what was needed for one utterance is kept for the next, but not planned by its length; the weights lie elsewhere
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's have no base of their own
        raise VoiceError(f"transcriber.voice: {path}: {error}; run `lampctl voice prepare {path.parent}`") from None
