"""What tests of voices share: tiny random checkpoints, saved by transformers."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Checkpoint = Callable[..., Path]


def saved(folder: Path, letters: str, norm: str = "group", **shape: object) -> Path:
    """A random checkpoint with a vocabulary of its own, tiny unless its `shape` is given."""
    import torch
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
        Wav2Vec2Processor,
    )

    folder.mkdir()
    vocabulary = {token: number for number, token in enumerate(["<pad>", "<unk>", "|", *letters])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    tokenizer = Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    extractor = Wav2Vec2FeatureExtractor(feature_size=1, sampling_rate=16_000, padding_value=0.0, do_normalize=True)
    # processors of older checkpoints, such as base-960h, are saved in parts
    extractor.save_pretrained(folder)
    Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    torch.manual_seed(0)
    tiny = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    tiny |= {"num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2, "num_feat_extract_layers": 3}
    tiny |= {"conv_dim": (16, 16, 16), "conv_kernel": (10, 8, 3), "conv_stride": (10, 16, 2)}
    stable = {"feat_extract_norm": norm, "do_stable_layer_norm": norm == "layer", "conv_bias": norm == "layer"}
    config = Wav2Vec2Config(vocab_size=len(vocabulary), pad_token_id=0, **{**stable, **tiny, **shape})
    Wav2Vec2ForCTC(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def checkpoint() -> Checkpoint:
    return saved
