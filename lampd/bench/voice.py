"""The voice's runtime: how fast, how large, how soon it hears, and how like transformers it writes.

Speed is processor time for a second of sound, on one thread, in rounds in which every contestant hears the same four
seconds, so that all have the same machine. The one of wav2vec2-base's size has random weights: it says what the large
voice costs and how far its logits move, not how it hears.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lampd.bench import Report, checkpoints, consistency, data, fresh
from lampd.devices.sound import read
from lampd.voice.comparison import Samples, compare, signals
from lampd.voice.ctc import Ear
from lampd.voice.folder import BUNDLED
from lampd.voice.identity import PREPARED, weights_of
from lampd.voice.onnx import OnnxVoice
from lampd.voice.wav2vec2 import RATE, Voice

TORCH_BASE = "base, transformers"
QUICK = ("--rounds", "2", "--clips", "20")


class Contestant(NamedTuple):
    """A voice in a runtime."""

    name: str
    folder: Path
    runtime: str

    def load(self) -> Ear:
        return OnnxVoice(self.folder) if self.runtime == "onnx" else Voice(self.folder)

    def file_mb(self) -> float:
        file = self.folder / PREPARED if self.runtime == "onnx" else weights_of(self.folder)
        return round(file.stat().st_size / 1e6, 1) if file else 0.0


def contestants(work: Path) -> list[Contestant]:
    """The bundled voice and one of base's size, each in transformers, exact, and in 8 bits; exported into `work`."""
    tell("making and exporting a checkpoint of base's size")
    base = checkpoints.base(work / "base")
    return [
        Contestant(TORCH_BASE, base, "transformers"),
        Contestant("base, exact", checkpoints.prepared(base, work / "exact", "exact"), "onnx"),
        Contestant("base, int8", checkpoints.prepared(base, work / "int8", "int8"), "onnx"),
        Contestant("bundled, transformers", BUNDLED, "transformers"),
        Contestant("bundled, as it ships", BUNDLED, "onnx"),
        Contestant("bundled, int8", checkpoints.bundled(work / "bundled"), "onnx"),
    ]


def speeds(ears: dict[str, Ear], rounds: int) -> dict[str, float]:
    """Median seconds of processor time for a second of sound."""
    (clip,) = signals(4.0, 1)
    times: dict[str, list[float]] = {name: [] for name in ears}
    for number in range(rounds + 1):
        tell(f"speed: round {number} of {rounds}")
        for name, ear in ears.items():
            began = time.process_time()
            ear.logits(clip)
            times[name].append(time.process_time() - began)
    return {name: statistics.median(taken[1:]) / (len(clip) / RATE) for name, taken in times.items()}


def clips(speech: Path, most: int) -> dict[str, list[Samples]]:
    """Real clips by group, at most so many of each, spread over it."""
    folders = [folder for folder in sorted(speech.iterdir()) if folder.is_dir() and folder.name != "digits"]
    groups = {folder.name: sorted(folder.glob("*.flac")) for folder in folders}
    groups["digits"] = sorted(speech.glob("digits/*/*.flac"))
    return {
        name: [read(path) for path in paths[:: max(1, len(paths) // most)][:most]] for name, paths in groups.items()
    }


def likeness(ear: Ear, reference: Ear, groups: dict[str, list[Samples]]) -> dict[str, Any]:
    """By group and over all: share of identical texts, character error against the reference, largest difference."""
    rows = {}
    for name, sounds in groups.items():
        tell(f"likeness: {name}")
        found = compare(ear, reference, sounds)
        rows[name] = {
            "clips": found.clips,
            "identical": round(found.identical, 4),
            "character_error": round(found.character_error, 4),
            "largest_difference": round(found.largest, 6),
        }
    total = sum(row["clips"] for row in rows.values())
    rows["all"] = {
        "clips": total,
        "identical": round(sum(row["clips"] * row["identical"] for row in rows.values()) / total, 4),
        "character_error": round(sum(row["clips"] * row["character_error"] for row in rows.values()) / total, 4),
        "largest_difference": max(row["largest_difference"] for row in rows.values()),
    }
    return rows


def movement(ear: Ear, reference: Ear, sounds: list[Samples]) -> dict[str, float]:
    """How far the logits of `ear` are from the reference's: the largest difference, over the largest logit of the clip;
    the size of the difference, over that of the logits; and how they correlate; each of the worst clip."""
    pairs = [(ear.logits(sound).ravel(), reference.logits(sound).ravel()) for sound in sounds]
    return {
        "largest_difference": round(max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs), 6),
        "relative_error": round(max(float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in pairs), 6),
        "correlation": round(min(float(np.corrcoef(a, b)[0, 1]) for a, b in pairs), 5),
    }


def measure(work: Path, speech: Path, rounds: int, most: int) -> dict[str, Any]:
    """All figures, by contestant."""
    every = contestants(work)
    rows: dict[str, dict[str, Any]] = {}
    for one in every:
        tell(f"start: {one.name}")
        rows[one.name] = {"file_mb": one.file_mb(), **fresh.start(one.folder, one.runtime)}
    ears = {one.name: one.load() for one in every}
    for name, factor in speeds(ears, rounds).items():
        rows[name]["real_time_factor"] = round(factor, 5)
    for row in rows.values():
        row["times_torch_base"] = round(rows[TORCH_BASE]["real_time_factor"] / row["real_time_factor"], 1)
    groups = clips(speech, most)
    alike = {
        name: likeness(ears[name], ears["bundled, transformers"], groups)
        for name in ("bundled, as it ships", "bundled, int8")
    }
    some = [clip for sounds in groups.values() for clip in sounds[:2]]
    tell("likeness: base")
    moved = {name: movement(ears[name], ears[TORCH_BASE], some) for name in ("base, exact", "base, int8")}
    tell("consistency")
    consistent = consistency.measure(ears["bundled, as it ships"], speech)
    return {"runtimes": rows, "likeness": alike, "base_moved": moved, "consistency": consistent}


def tell(what: str) -> None:
    print(f"\r\033[K{what} ...", end="", file=sys.stderr, flush=True)


def table(figures: dict[str, Any]) -> str:
    heads = "voice | real-time factor | times torch base | memory, MB | peak | file, MB | loaded, s | hears after, s"
    lines = [f"| {heads} |", "|---" * 8 + "|"]
    for name, row in figures["runtimes"].items():
        lines.append(
            f"| {name} | {row['real_time_factor']:.4f} | {row['times_torch_base']:.1f} "
            f"| {row['resident_mb']:.0f} | {row['peak_mb']:.0f} | {row['file_mb']:.1f} "
            f"| {row['ready_s']:.2f} | {row['hearing_s']:.2f} |"
        )
    lines += ["", "| against transformers, on | clips | same text | character error | logits differ by |"]
    lines.append("|---" * 5 + "|")
    for name, groups in figures["likeness"].items():
        for group, row in groups.items():
            lines.append(
                f"| {name}: {group} | {row['clips']} | {row['identical']:.1%} "
                f"| {row['character_error']:.4f} | {row['largest_difference']:.2g} |"
            )
    beside = [""]
    for name, row in figures["base_moved"].items():
        lines.append(f"| {name} (random weights): two of each | | | | {row['largest_difference']:.2g} |")
        beside.append(
            f"{name}: logits are {row['relative_error']:.2%} of their size away from transformers' and correlate with "
            f"them by {row['correlation']:.4f}, on the worst clip"
        )
    return "\n".join([*lines, *beside, "", consistency.table({"bundled": figures["consistency"]})])


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=7, help="of taking the time (7)")
    parser.add_argument("--clips", type=int, default=200, help="of each kind, to compare texts on (200)")


def run(arguments: argparse.Namespace) -> Report:
    speech = data.needed() / "speech"
    with tempfile.TemporaryDirectory() as work:
        figures = measure(Path(work), speech, arguments.rounds, arguments.clips)
    tell("done")
    print(file=sys.stderr)
    return Report(figures, table(figures))
