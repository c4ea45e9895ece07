"""How the sound of an utterance travels in messages: MOMENTS rows of 8-bit numbers, multiples of STEP."""

import numpy as np
from numpy.typing import NDArray

MOMENTS = 32
"""Evenly spread over the speech, however long it was."""
STEP = 1 / 6


def pack(rows: NDArray[np.float64]) -> bytes:
    """(MOMENTS, features)."""
    return np.clip(np.round(rows / STEP), -127, 127).astype(np.int8).tobytes()


def unpack(sound: bytes) -> NDArray[np.float32]:
    """(MOMENTS, features)."""
    return np.frombuffer(sound, np.int8).reshape(MOMENTS, -1) * np.float32(STEP)
