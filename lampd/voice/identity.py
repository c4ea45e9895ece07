"""A folder with a checkpoint comes in; what tells its voice from any other leaves."""

import hashlib
from functools import lru_cache
from pathlib import Path

from lampd.voice.folder import VoiceError, folder_of

PREPARED = "model.onnx"
PIECE, PIECES, GLANCE = 1 << 19, 64, 1 << 12
"""Bytes of a piece, and how many: to read a large checkpoint whole would take a memory card ten seconds at each start.
To tell voices apart a glance at each place is enough, and the switch waits for it."""


def weights_of(folder: Path) -> Path | None:
    """The checkpoint's weights, or None where only the prepared file was kept. PyTorch's own files are pickles, which
    may do anything when they are read: lampd reads none."""
    weights = folder / "model.safetensors"
    return weights if weights.is_file() else None


def fingerprint(weights: Path, piece: int = PIECE) -> str:
    """SHA-256 of a file's size and content: all of it up to 64 pieces of so many bytes, else 64 from its beginning to
    its end. Raises OSError."""
    size = weights.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with weights.open("rb") as file:
        for number in range(PIECES):
            if size > piece * PIECES:
                file.seek((size - piece) * number // (PIECES - 1))
            digest.update(file.read(piece))
    return digest.hexdigest()


@lru_cache(maxsize=4)
def identity(voice: str) -> str:
    """A short name for what the voice of that name in the configuration hears with; empty where it is not there.

    What was heard by one voice cannot be compared with what another hears.
    """
    try:
        folder = folder_of(voice)
        return fingerprint(weights_of(folder) or folder / PREPARED, GLANCE)[:12]
    except (VoiceError, OSError):
        return ""
