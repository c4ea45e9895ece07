"""The network: a small wav2vec2 (Baevski et al. 2020) whose first layer begins as a bank of filters.

From a random front end, CTC on this little speech stays at emitting nothing; from windowed cosines and sines on a mel
scale it begins to write within minutes.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lampd.devices.sound import RATE
from lampd.voice.train.sounds import Alphabet, vocabulary

LOWEST, HIGHEST = 60.0, 7600.0
"""Centres of the filters, in hertz."""
FRAMES = 50
"""A second."""
SHAPE: dict[str, Any] = {
    "conv_dim": (256, 128, 192),
    "conv_kernel": (400, 3, 3),
    "conv_stride": (160, 1, 2),
    "hidden_size": 192,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "intermediate_size": 640,
    "num_conv_pos_embeddings": 32,
    "num_conv_pos_embedding_groups": 8,
}
TINY: dict[str, Any] = SHAPE | {
    "conv_dim": (64, 32, 32),
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
"""To try the recipe itself out."""
SIZES = {"small": SHAPE, "tiny": TINY}


def network(alphabet: Alphabet, seed: int, size: str = "small") -> Any:
    """A fresh Wav2Vec2ForCTC of transformers'."""
    import transformers

    library: Any = transformers
    dropouts = ("hidden", "attention", "activation", "feat_proj", "final")
    shape = SIZES[size]
    config = library.Wav2Vec2Config(
        vocab_size=len(vocabulary(alphabet)),
        pad_token_id=0,
        conv_bias=True,
        feat_extract_norm="layer",
        feat_extract_activation="relu",
        hidden_act="relu",
        do_stable_layer_norm=True,
        layerdrop=0.0,
        # what is lost in time and frequency is lost in the sound
        mask_time_prob=0.0,
        mask_feature_prob=0.0,
        ctc_zero_infinity=True,
        **{f"{name}_dropout": 0.0 for name in dropouts},
        **shape,
    )
    torch.manual_seed(seed)
    model = library.Wav2Vec2ForCTC(config)
    first: nn.Conv1d = model.wav2vec2.feature_extractor.conv_layers[0].conv
    with torch.no_grad():
        filters = mel_filters(first.out_channels, first.kernel_size[0])
        first.weight.copy_(torch.from_numpy(filters)[:, None])
        if first.bias is not None:
            first.bias.zero_()
    return model


def mel_filters(count: int, size: int) -> NDArray[np.float32]:
    """(count, size): cosines, then sines, of unit norm; high ones are short, for their bands are wide."""
    mel = np.linspace(_mel(LOWEST), _mel(HIGHEST), count // 2)
    centres = 700 * (10 ** (mel / 2595) - 1)
    widths = np.gradient(centres)
    time = np.arange(size) - (size - 1) / 2
    filters = []
    for wave in (np.cos, np.sin):
        for centre, width in zip(centres, widths, strict=True):
            half = float(np.clip(RATE / width / 2, size / 5, size / 2))
            window = np.cos(np.pi * np.clip(time / (2 * half), -0.5, 0.5)) ** 2
            one = window * wave(2 * np.pi * centre / RATE * time)
            filters.append(one / np.sqrt((one * one).sum()))
    return np.asarray(filters, np.float32)


def _mel(hertz: float) -> float:
    return 2595 * math.log10(1 + hertz / 700)


def begun_from(model: Any, folder: Path) -> list[str]:
    """Take the weights of a voice in `folder` wherever they fit; returns the names of those that do not.

    Raises OSError and ValueError.
    """
    from transformers import Wav2Vec2ForCTC

    other: Any = Wav2Vec2ForCTC.from_pretrained(
        folder, local_files_only=True, dtype=torch.float32, use_safetensors=True
    )
    theirs, ours = other.state_dict(), model.state_dict()
    fitting = {name: value for name, value in theirs.items() if name in ours and value.shape == ours[name].shape}
    model.load_state_dict(fitting, strict=False)
    return sorted(set(ours) - set(fitting))


def save(model: Any, folder: Path, alphabet: Alphabet) -> None:
    """A voice as transformers and lampd load it, weights in half precision. Raises OSError."""
    import transformers

    library: Any = transformers
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary(alphabet), ensure_ascii=False, indent=1), "utf-8")
    tokenizer = library.Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    extractor = library.Wav2Vec2FeatureExtractor(
        feature_size=1, sampling_rate=RATE, padding_value=0.0, do_normalize=True, return_attention_mask=True
    )
    library.Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    extractor.save_pretrained(folder)
    library.utils.logging.disable_progress_bar()
    model.eval().half().save_pretrained(folder)
    model.float()
