"""A scene and what the recorder made of it come in; what became of each clip leaves.

A clip is missed if no utterance overlaps it, merged if an utterance covers another clip too, split if it has several of
its own, and else one. Utterances that overlap no clip are strays.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lampd.bench.scene import Scene, Span
from lampd.devices.sound import RATE
from lampd.messages import Block, Speech
from lampd.settings import Recorder as Settings
from lampd.stages.recorder import TAIL, Recorder

BLOCK = 1600  # samples


@dataclass
class Tally:
    """What became of clips. `late` and `early` are milliseconds for each that was heard."""

    clips: int = 0
    one: int = 0
    missed: int = 0
    split: int = 0
    merged: int = 0
    stray: int = 0
    late: list[float] = field(default_factory=list)
    """Of an utterance's start against its speech's."""
    early: list[float] = field(default_factory=list)
    """Of its end."""
    lost: list[float] = field(default_factory=list)
    """Of speech, in none of the sound that is kept, before the first utterance's and after the last one's."""
    seconds: float = 0.0
    used: float = 0.0
    """Seconds of processor."""
    chunks: int = 0
    shown: int = 0

    def hear(self, settings: Settings, scene: Scene) -> None:
        recorder, began = Recorder(settings), time.process_time()
        speeches = utterances(recorder, scene)
        self.used += time.process_time() - began
        self.seconds += len(scene.samples) / RATE
        self.chunks, self.shown = self.chunks + recorder.chunks, self.shown + recorder.shown
        spans = [Span(round(speech.start * RATE), round(speech.end * RATE)) for speech in speeches]
        kept = [Span(start := _begin(speech), start + len(speech.pcm) // 2) for speech in speeches]
        self.judge(scene.spans, spans, kept)

    def judge(self, clips: Sequence[Span], heard: Sequence[Span], kept: Sequence[Span]) -> None:
        """`heard` are utterances' spans, `kept` those of their sound."""
        owners = [[number for number, clip in enumerate(clips) if clip.overlap(span) > 0] for span in heard]
        self.clips += len(clips)
        self.stray += sum(not found for found in owners)
        for number, clip in enumerate(clips):
            mine = [index for index, found in enumerate(owners) if number in found]
            if not mine:
                self.missed += 1
                continue
            if any(len(owners[index]) > 1 for index in mine):
                self.merged += 1
            elif len(mine) > 1:
                self.split += 1
            else:
                self.one += 1
            first, last = mine[0], mine[-1]
            # in a merged utterance only its first clip's start and its last clip's end are its own
            if owners[first][0] == number:
                self.late.append(_ms(heard[first].start - clip.start))
            if owners[last][-1] == number:
                self.early.append(_ms(clip.end - heard[last].end))
            self.lost.append(_ms(max(0, kept[first].start - clip.start) + max(0, clip.end - kept[last].end)))

    def figures(self) -> dict[str, Any]:
        counts = {name: getattr(self, name) for name in ("clips", "one", "missed", "split", "merged", "stray")}
        return counts | {
            "start_late_ms": _spread(self.late),
            "end_early_ms": _spread(self.early),
            "lost_ms": _spread(self.lost),
            "minutes": round(self.seconds / 60, 2),
            "real_time_factor": round(self.used / max(self.seconds, 1e-9), 4),
            "shown": round(self.shown / max(self.chunks, 1), 3),
        }


def utterances(recorder: Recorder, scene: Scene) -> list[Speech]:
    """Those that `recorder` makes of sound that starts at 0."""
    said = []
    for start in range(0, len(scene.samples), BLOCK):
        pcm = scene.samples[start : start + BLOCK].tobytes()
        said += recorder.handle(Block((start + len(pcm) // 2) / RATE, pcm))
    return [message for message in said if isinstance(message, Speech)]


def _begin(speech: Speech) -> int:
    """Where the sound that is kept begins: an utterance's sound ends with its end and a tail, unless it was cut."""
    tail = 0 if speech.cut else min(TAIL, round((speech.at - speech.end) * RATE))
    return round(speech.end * RATE) + tail - len(speech.pcm) // 2


def _ms(samples: int) -> float:
    return 1000 * samples / RATE


def _spread(values: list[float]) -> dict[str, float | None]:
    """Fifth, fiftieth and ninety-fifth percentile."""
    if not values:
        return {"p5": None, "p50": None, "p95": None}
    low, middle, high = np.percentile(values, [5, 50, 95])
    return {"p5": round(float(low)), "p50": round(float(middle)), "p95": round(float(high))}
