"""Voices to measure: the bundled one in either precision, and one of wav2vec2-base's size with random weights."""

import json
import shutil
from pathlib import Path
from typing import Any

from lampd.voice.export import Precision, export
from lampd.voice.folder import BUNDLED, NEEDED
from lampd.voice.identity import PREPARED

LETTERS = "ETAONIHSRDLUMWCFGYPBVK'XJQZ"
"""As in facebook/wav2vec2-base-960h."""


def base(folder: Path) -> Path:
    """A checkpoint of the shape of facebook/wav2vec2-base-960h in `folder`: 94 million random parameters."""
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC
    from transformers.utils import logging

    folder.mkdir(parents=True)
    tokens = ["<pad>", "<s>", "</s>", "<unk>", "|", *LETTERS]
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
    quiet: Any = logging
    quiet.disable_progress_bar()
    extractor: Any = Wav2Vec2FeatureExtractor
    extractor(do_normalize=True).save_pretrained(folder)
    torch.manual_seed(0)
    Wav2Vec2ForCTC(Wav2Vec2Config(vocab_size=len(tokens), pad_token_id=0)).save_pretrained(folder)
    return folder


def prepared(source: Path, folder: Path, precision: Precision) -> Path:
    """The voice of `source` prepared in `precision`, alone in `folder`: without the weights it was made from."""
    folder.mkdir(parents=True)
    for path in source.iterdir():
        if path.name != PREPARED:
            shutil.copy(path, folder)
    export(folder, precision)
    for path in folder.iterdir():
        if path.name not in (*NEEDED, PREPARED, "processor_config.json"):
            path.unlink()
    return folder


def bundled(folder: Path) -> Path:
    """The bundled voice in 8 bits."""
    return prepared(BUNDLED, folder, "int8")
