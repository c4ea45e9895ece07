"""Where voices lie, by name: the bundled one, and those that were put into the lamp's state folder."""

import json
import struct
from math import prod
from pathlib import Path
from typing import Any

from lampd.voice.ctc import Alphabet
from lampd.voice.folder import BUNDLED, NEEDED, VoiceError, folder_of
from lampd.voice.identity import weights_of
from lampd.voice.onnx import OnnxVoice


def named(voice: str, state_dir: Path) -> Path:
    """The folder of a voice by its name on the shelf, or by its path. Raises VoiceError."""
    own = state_dir / "voices" / voice
    return folder_of(str(own) if voice != "bundled" and "/" not in voice and own.is_dir() else voice)


def shelf(state_dir: Path) -> dict[str, Path]:
    """All voices by name, the bundled one first."""
    found = sorted((state_dir / "voices").glob("*/"))
    return {"bundled": BUNDLED} | {one.name: one for one in found if all((one / name).is_file() for name in NEEDED)}


def parameters(folder: Path) -> int | None:
    """Of a checkpoint whose weights are safetensors, from their header; None where that cannot be read."""
    weights = weights_of(folder)
    if weights is None:
        return None
    try:
        with weights.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header: dict[str, Any] = json.loads(file.read(min(length, 1 << 26)))
        return sum(int(prod(tensor["shape"])) for name, tensor in header.items() if name != "__metadata__")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, struct.error):
        return None


def description(folder: Path) -> dict[str, Any]:
    """What a voice is: `folder`, `size_mb`, `parameters`, `vocabulary` (outputs), `prepared` (how it computes, or None)
    and `problem` (why it is not prepared, or cannot be used)."""
    told: dict[str, Any] = {
        "folder": str(folder),
        "size_mb": round(sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) / 1e6, 1),
        "parameters": parameters(folder),
        "vocabulary": None,
        "prepared": None,
        "problem": None,
    }
    try:
        told["vocabulary"] = len(Alphabet.of(folder).letters)
        told["prepared"] = OnnxVoice(folder).precision
    except (VoiceError, OSError) as error:
        told["problem"] = str(error)
    return told
