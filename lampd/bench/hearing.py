"""What the recorder makes of real clips in a quiet room, a kitchen or an echoing one, and of sounds nobody speaks.

A row is a few clips of one kind in a row, 1.2 s apart, in one place. Hangovers have a table of their own: two digits,
or two phrases, as parts of one sentence or as two commands, so far apart. Seeded: the same rows every time.
"""

import argparse
import sys
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from lampd import config, settings
from lampd.bench import Report, altered, data, noises, scene
from lampd.bench.heard import Tally
from lampd.bench.scene import Sound
from lampd.devices.sound import RATE, read

PHRASES = ("jarvis", "snowboy", "computer")
PAUSE_S = 1.2
TOGETHER = 12
"""Clips to a scene."""
SNRS_DB = (20.0, 10.0, 5.0)
HANGOVERS_S = (0.3, 0.5, 0.7, 1.0)
PAUSES_S = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.1)
SOME, EVERY = 12, 1200
"""Clips to a row, at most."""
QUICK = ()

Way = Callable[[Sound, np.random.Generator], Sound]
WAYS: dict[str, Way] = {
    "soft, -20 dB": lambda clip, rng: altered.soft(clip),
    "high, 1.3 times": lambda clip, rng: altered.high(clip),
    "whispered": altered.whispered,
    "across a room": altered.room,
}
MADE: dict[str, Callable[[np.random.Generator], Sound]] = {
    "whistles": noises.whistle,
    "two claps or three": noises.claps,
    "one clap": lambda rng: noises.claps(rng, 1),
    "slammed doors": noises.door,
}


def load(path: Path) -> Sound:
    return read(path).astype(np.float32) / np.float32(32768)


def clips(folder: Path, name: str, most: int) -> list[Sound]:
    """At most so many clips of `name`, evenly from all of them; a quarter as many orders, for these are long."""
    files = sorted((folder / "speech" / name).glob("**/*.flac"))
    wanted = min(len(files), most // 4 if name == "coffee" else most)
    return [load(files[number * len(files) // wanted]) for number in range(wanted)]


def heard(settings: settings.Recorder, said: list[Sound], background: Sound, snr_db: float | None = None) -> Tally:
    tally = Tally()
    for first in range(0, len(said), TOGETHER):
        cuts = [scene.cut(clip) for clip in said[first : first + TOGETHER]]
        tally.hear(settings, scene.lay(cuts, np.roll(background, -first * RATE), PAUSE_S, snr_db))
    return tally


def row(settings: settings.Recorder, folder: Path, name: str, way: str, most: int) -> Tally:
    """`way` is how the clips of `name` are said, "in a kitchen, 10 dB" or the like, or "" for as they are."""
    rng = np.random.default_rng(zlib.crc32(f"{name} {way}".encode()))
    said = [MADE[name](rng) for _ in range(max(2, most // 2))] if name in MADE else clips(folder, name, most)
    if way.startswith("kitchen"):
        return heard(settings, said, kitchen(folder), float(way.split()[1]))
    if way in WAYS:
        said = [WAYS[way](clip, rng) for clip in said]
    return heard(settings, said, scene.quiet(60, rng))


def kitchen(folder: Path) -> Sound:
    return load(folder / "noise" / "kitchen.flac")


def nobody(settings: settings.Recorder, folder: Path, name: str, most: int) -> Tally:
    """What is made of sound in which nobody speaks to the lamp."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    seconds = 600 if most == EVERY else 60
    sound = kitchen(folder) if name == "kitchen" else scene.quiet(seconds, rng)
    if name == "music":
        sound = sound + noises.music(seconds, rng)[: len(sound)]
    elif name == "typing":
        sound = sound + noises.typing(seconds, rng)
    elif name.startswith("chatter"):
        talk = [clip for kind in (*PHRASES, "coffee") for clip in clips(folder, kind, 40)]
        voices, loud_db = (1, -26.0) if name == "chatter, one near" else (4, -42.0)
        sound = sound + noises.chatter(talk, seconds, voices, loud_db, rng)
    tally = Tally()
    tally.hear(settings, scene.Scene(scene.pcm(sound), []))
    return tally


def pauses(given: settings.Recorder, folder: Path, name: str, hangover_s: float, pause_s: float, most: int) -> float:
    """The share of pairs of clips, `pause_s` apart, that a hangover makes one utterance."""
    changed = msgspec.structs.replace(
        given, hangover_s=hangover_s, hangover_least_s=hangover_s, hangover_most_s=hangover_s
    )
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    found, joined = clips(folder, name, most), 0
    for first, second in zip(found[::2], found[1::2], strict=False):
        laid = scene.lay([scene.cut(first), scene.cut(second)], scene.quiet(12, rng), pause_s)
        tally = Tally()
        tally.hear(changed, laid)
        joined += tally.merged == 2
    return round(joined / (len(found) // 2), 3)


Task = tuple[str, ...]


def tasks() -> list[Task]:
    ways = ("", *(f"kitchen {snr_db:.0f} dB" for snr_db in SNRS_DB), *WAYS)
    spoken = [("row", name, way) for name in (*PHRASES, "coffee", "digits") for way in ways]
    without = [("no gain", "digits", way) for way in ("", *WAYS)]
    made = [("row", name, way) for name in MADE for way in ("", "kitchen 20 dB", "across a room")]
    alone = [
        ("nobody", name) for name in ("kitchen", "quiet", "music", "typing", "chatter, four far", "chatter, one near")
    ]
    paused = [
        ("pauses", name, f"{h}", f"{p}") for name in ("computer", "digits") for h in HANGOVERS_S for p in PAUSES_S
    ]
    return [*spoken, *without, *made, *alone, *paused]


def found(task: Task, given: settings.Recorder, folder: Path, most: int) -> Any:
    match task:
        case ("row", name, way):
            return row(given, folder, name, way, most).figures()
        case ("no gain", name, way):
            return row(msgspec.structs.replace(given, gain_db=0.0), folder, name, way, most).figures()
        case ("nobody", name):
            return nobody(given, folder, name, most).figures()
        case ("pauses", name, hangover_s, pause_s):
            return pauses(given, folder, name, float(hangover_s), float(pause_s), min(most, 100))
        case _:
            raise ValueError(task)


def measure(given: settings.Recorder, folder: Path, most: int, processes: int = 2) -> dict[Task, Any]:
    """Figures of every task, in their order; says on standard error how far it is."""
    todo, results = tasks(), {}
    with ProcessPoolExecutor(processes) as pool:
        running = {pool.submit(found, task, given, folder, most): task for task in todo}
        for done in as_completed(running):
            results[running[done]] = done.result()
            print(f"\r{len(results)} of {len(todo)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return {task: results[task] for task in todo}


def text(figures: dict[Task, Any]) -> str:
    between = "p5  p50  p95"
    lines = [
        f"{'':34}clips  one missed split merged stray  start late, ms     end early, ms      lost p95  shown   real"
    ]
    lines.append(f"{'':67}{between:>20}{between:>19}{'ms':>9}{'':9}time")
    for task, of in figures.items():
        if task[0] == "pauses":
            continue
        kind = ", no gain" if task[0] == "no gain" else ""
        if task[0] == "nobody":
            kind = f", {of['minutes']:.0f} minutes"
        name = ", ".join(part for part in task[1:] if part) + kind
        counts = (of[key] for key in ("clips", "one", "missed", "split", "merged", "stray"))
        spread = [of[key][p] for key in ("start_late_ms", "end_early_ms") for p in ("p5", "p50", "p95")]
        times = "".join(f"{'-' if ms is None else ms:>6}" for ms in (*spread, of["lost_ms"]["p95"]))
        lines.append(f"{name:33}" + "".join(f"{n:6}" for n in counts) + times + f"{of['shown']:9.2f}")
        lines[-1] += f"{of['real_time_factor']:8.4f}"
    lines += [
        "",
        "two clips become one utterance, by the pause between them",
        f"{'':24}" + "".join(f"{p:6} s" for p in PAUSES_S),
    ]
    for name in ("computer", "digits"):
        for hangover in HANGOVERS_S:
            shares = (figures["pauses", name, f"{hangover}", f"{pause}"] for pause in PAUSES_S)
            lines.append(f"{name + f', hangover {hangover} s':24}" + "".join(f"{share:8.2f}" for share in shares))
    return "\n".join(lines)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--every", action="store_true", help="every clip, ten minutes of each noise: half an hour")


def run(arguments: argparse.Namespace) -> Report:
    recorder = config.load(None, board="laptop").recorder
    figures = measure(recorder, data.needed(), EVERY if arguments.every else SOME)
    return Report([{"name": ", ".join(task), "found": of} for task, of in figures.items()], text(figures))
