"""A checkpoint's folder comes in; it is exported, timed on this machine, and compared with the original."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lampd.voice.comparison import Samples, compare, real_time_factor, signals
from lampd.voice.export import Precision, export
from lampd.voice.folder import VoiceError
from lampd.voice.identity import PREPARED
from lampd.voice.onnx import OnnxVoice
from lampd.voice.wav2vec2 import RATE, Voice

SLOWEST = 0.5
"""Seconds for a second of sound; a voice that takes longer answers too late to be liked."""
COMPARED_S = 60
"""Of sound at most, for the original may be slow."""


class TooSlow(VoiceError):
    """The voice works, but not at the speed of speech on this machine."""


def prepare(
    folder: Path,
    clips: Sequence[Samples],
    precision: Precision | None,
    threads: int,
    anyway: bool,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Write the prepared file into `folder` and return what was measured. Without `clips` of people it is compared on
    noise, which says little. A voice slower than SLOWEST is not left there, unless it is wanted `anyway`. Raises
    VoiceError and OSError."""
    progress("exporting")
    precision = export(folder, precision)
    progress("taking the time")
    voice = OnnxVoice(folder, threads)
    speed = real_time_factor(voice, signals(4.0, 1))
    if speed > SLOWEST and not anyway:
        (folder / PREPARED).unlink()
        raise TooSlow(
            f"{folder} takes {speed:.2f} s for a second of sound here; above {SLOWEST} a lamp answers "
            "too late: choose a smaller voice, give it more of transcriber.threads, or use --anyway"
        )
    progress("comparing it with the original")
    found = compare(voice, Voice(folder, threads), _first(clips or signals()))
    return {
        "folder": str(folder),
        "precision": precision,
        "size_mb": round((folder / PREPARED).stat().st_size / 1e6, 1),
        "threads": threads,
        "real_time_factor": round(speed, 4),
        "compared_on": "sound" if clips else "noise",
        "clips": found.clips,
        "identical": round(found.identical, 4),
        "character_error": round(found.character_error, 4),
        "largest_difference": round(found.largest, 6),
        "real_time_factor_transformers": round(found.reference_real_time_factor, 4),
        "times_transformers": round(found.reference_real_time_factor / found.real_time_factor, 2),
    }


def _first(clips: Sequence[Samples]) -> list[Samples]:
    """As many as fit into COMPARED_S, and one."""
    chosen, seconds = [], 0.0
    for clip in clips:
        chosen.append(clip)
        seconds += len(clip) / RATE
        if seconds > COMPARED_S:
            break
    return chosen
