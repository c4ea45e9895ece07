"""A folder with a wav2vec2 CTC checkpoint in transformers' format comes in; from 16 kHz sound it makes CTC logits.

Nothing is fetched, and nothing unpickled: the folder holds all, with model.safetensors, or it is an error. The bundled
checkpoint is a small one that was trained on synthetic speech; facebook/wav2vec2-base-960h and its like work the same
way.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lampd.voice import confidence
from lampd.voice.ctc import Alphabet, Logits, check
from lampd.voice.folder import VoiceError

RATE = 16_000


def receptive_field(kernels: Sequence[int], strides: Sequence[int]) -> int:
    """Samples that the first frame of a stack of convolutions is made of."""
    samples = 1
    for kernel, stride in reversed([*zip(kernels, strides, strict=True)]):
        samples = (samples - 1) * stride + kernel
    return samples


class Voice:
    """A loaded checkpoint. Imports torch and transformers, which takes seconds."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        import torch
        from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC
        from transformers.utils import logging as transformers_logging

        quiet: Any = transformers_logging
        quiet.disable_progress_bar()
        torch.set_num_threads(threads)
        self._torch = torch
        try:
            self.alphabet = Alphabet.of(folder)
            self.confidence = confidence.of(folder)
            self._extractor: Any = Wav2Vec2FeatureExtractor.from_pretrained(folder, local_files_only=True)
            model: Any = Wav2Vec2ForCTC.from_pretrained(
                folder, local_files_only=True, dtype=torch.float32, use_safetensors=True
            )
            self._model = model.eval()
            self._shortest = receptive_field(model.config.conv_kernel, model.config.conv_stride)
            check(self, model.config.vocab_size)
        except VoiceError:
            raise
        except Exception as error:  # what transformers and its parts raise has no base of its own
            raise VoiceError(f"transcriber.voice: {folder}: {error}") from None

    def logits(self, samples: NDArray[np.int16]) -> Logits:
        """CTC logits (frames, vocabulary) for 16 kHz mono `samples`; no frame for less than one takes."""
        if len(samples) < self._shortest:
            return np.zeros((0, self._model.config.vocab_size), np.float32)
        sound = samples.astype(np.float32) / 32768
        with self._torch.inference_mode():
            inputs = self._extractor(sound, sampling_rate=RATE, return_tensors="pt")
            logits: Logits = self._model(**inputs).logits[0].numpy()
        return logits
