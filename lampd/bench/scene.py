"""Clips of speech come in; one stretch of sound leaves, in which they follow one another, and where each is spoken.

Each clip is cut to its speech, so that the pauses are known, and laid over a background: a quiet room or a kitchen.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lampd.devices.sound import RATE

Sound = NDArray[np.float32]
"""16 kHz mono of any length, 1 is full scale."""
LEAD_S = 2.0
"""Of background before the first clip."""
QUIET_DB = -64.0
"""Level of the noise of a quiet room with a cheap microphone, of full scale."""
MARGIN = RATE // 20
"""Samples kept around speech, and faded."""
FRAME = RATE // 100
RANGE_DB = 26.0
"""Speech is what is within this of a clip's loudest 30 ms ..."""
ABOVE_DB = 8.0
"""... and this much above its quietest fifth, if the clip is longer than a second."""


class Span(NamedTuple):
    """In samples."""

    start: int
    end: int

    def overlap(self, other: "Span") -> int:
        return min(self.end, other.end) - max(self.start, other.start)


class Scene(NamedTuple):
    samples: NDArray[np.int16]
    spans: list[Span]


def level(sound: Sound) -> float:
    """Root mean square in decibels of full scale."""
    return float(10 * np.log10(float(np.mean(sound * sound)) + 1e-12))


def speech(clip: Sound) -> Span:
    """Where in `clip` its speech is: from the first to the last 30 ms in a row that are loud enough."""
    count = len(clip) // FRAME
    energy = (clip[: count * FRAME].reshape(count, FRAME) ** 2).mean(1)
    smooth = np.convolve(energy, np.ones(3) / 3, "valid")
    loud = 10 * np.log10(smooth + 1e-12)
    floor = loud.max() - RANGE_DB
    if len(clip) > RATE:
        # a clip may be all speech
        floor = max(floor, min(np.percentile(loud, 20) + ABOVE_DB, loud.max() - RANGE_DB / 2))
    [active] = np.nonzero(loud >= floor)
    return Span(int(active[0]) * FRAME, (int(active[-1]) + 3) * FRAME)


def cut(clip: Sound) -> tuple[Sound, Span]:
    """`clip` with MARGIN around its speech, faded in and out, and where the speech is now."""
    span = speech(clip)
    start, end = max(0, span.start - MARGIN), min(len(clip), span.end + MARGIN)
    kept = clip[start:end].copy()
    before, after = span.start - start, end - span.end
    kept[:before] *= np.linspace(0, 1, before, dtype=np.float32)
    kept[len(kept) - after :] *= np.linspace(1, 0, after, dtype=np.float32)
    return kept, Span(before, before + span.end - span.start)


def lay(cuts: Sequence[tuple[Sound, Span]], background: Sound, pause_s: float, snr_db: float | None = None) -> Scene:
    """The clips over `background`, begun somewhere else where it ends, with `pause_s` between the speech of two.

    Each clip is as loud as it was recorded, or `snr_db` louder than the background while it is spoken.
    """
    pause, lead = round(pause_s * RATE), round(LEAD_S * RATE)
    length = 2 * lead + sum(span.end - span.start + pause for _, span in cuts)
    mix = np.resize(background, length).astype(np.float32)
    ground, at, spans = level(background), lead, []
    for clip, span in cuts:
        gain = 1.0 if snr_db is None else 10 ** ((ground + snr_db - level(clip[span.start : span.end])) / 20)
        first = at - span.start
        mix[first : first + len(clip)] += np.float32(gain) * clip
        spans.append(Span(at, at + span.end - span.start))
        at = spans[-1].end + pause
    return Scene(pcm(mix), spans)


def quiet(seconds: float, rng: np.random.Generator) -> Sound:
    """The noise of a quiet room: white."""
    return np.asarray(rng.normal(0, 10 ** (QUIET_DB / 20), round(seconds * RATE)), np.float32)


def pcm(sound: Sound) -> NDArray[np.int16]:
    return np.clip(np.round(sound * 32768), -32768, 32767).astype(np.int16)
