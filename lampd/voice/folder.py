"""The name of a voice comes in; its folder leaves, and what the JSON files in it say."""

import json
from pathlib import Path
from typing import Any

BUNDLED = Path(__file__).parent / "bundled"
NEEDED = ("config.json", "preprocessor_config.json", "vocab.json")
LARGE = 1 << 22
"""Bytes of a JSON file."""


class VoiceError(Exception):
    """A checkpoint that cannot be used; the text names the folder and what it lacks."""


def folder_of(voice: str) -> Path:
    """The folder of a voice by its name in the configuration. Raises VoiceError."""
    folder = BUNDLED if voice == "bundled" else Path(voice).expanduser()
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise VoiceError(
            f"transcriber.voice: {folder} lacks {', '.join(missing)}; "
            "name a folder with a wav2vec2 CTC checkpoint saved by transformers, or `bundled`"
        )
    return folder


def read_json(path: Path) -> dict[str, Any]:
    """What a file of a voice says. Raises VoiceError."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGE + 1)
        told = json.loads(text) if len(text) <= LARGE else None
    except (OSError, ValueError, RecursionError) as error:
        raise VoiceError(f"transcriber.voice: {path}: {error}") from None
    if not isinstance(told, dict):
        raise VoiceError(f"transcriber.voice: {path}: it must be a JSON object of {LARGE} bytes at most")
    return told
