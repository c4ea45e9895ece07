"""What is said in `lampctl bench speech`: clips for each wish, and chatter."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from lampd.bench import altered, noises
from lampd.bench.scene import Sound
from lampd.devices.sound import RATE

SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
LIT, DARK = "3", "7"
"""Digits."""
COUPLE = ("george", "yweweler")
SIGNALS = 20
"""Of each kind."""


class Material(NamedTuple):
    """Clips to be said for each wish, and others."""

    name: str
    lit: list[Path]
    dark: list[Path]
    chatter: list[Path]
    commands: int
    windows: tuple[int, ...]
    """Figures are of the commands up to each of these, and of the rest."""


def phrases(folder: Path) -> Material:
    """By more than fifty people."""
    lit, dark, computer, coffee = (
        sorted((folder / "speech" / name).glob("*.flac")) for name in ("jarvis", "snowboy", "computer", "coffee")
    )
    return Material("phrases", lit, dark, computer + coffee, 120, (20, 80))


def digits(folder: Path, *who: str) -> Material:
    """By one person, or by several in turn."""
    clips = [clip for one in who for clip in sorted((folder / "speech" / "digits" / one).glob("*.flac"))]
    of = {digit: [clip for clip in clips if clip.name.startswith(digit)] for digit in (LIT, DARK)}
    chatter = [clip for clip in clips if clip not in of[LIT] + of[DARK]]
    return Material(" and ".join(who), of[LIT], of[DARK], chatter, 40 * len(who), (10 * len(who),))


def anyhow(folder: Path, who: str, work: Path, seed: int) -> Material:
    """One person's digits, each as it was said, softer, whispered, or from across the room; made in `work`."""
    rng = np.random.default_rng((seed, 1))
    plain = digits(folder, who)
    ways: tuple[Callable[[Sound], Sound], ...] = (
        lambda clip: clip,
        altered.soft,
        lambda clip: altered.whispered(clip, rng),
        lambda clip: altered.room(clip, rng),
    )

    def another(clip: Path) -> Path:
        sound: Sound = soundfile.read(clip, dtype="float32")[0]
        return _written(work / f"{who}-{clip.name}", ways[rng.integers(len(ways))](sound))

    lit, dark, chatter = ([another(clip) for clip in clips] for clips in plain[1:4])
    return Material(f"{who}, any way", lit, dark, chatter, plain.commands, plain.windows)


def signals(folder: Path, work: Path, seed: int) -> Material:
    """A rising whistle for light and two claps for dark; falling whistles, tunes, three claps, and what people say."""
    rng = np.random.default_rng((seed, 2))

    def some(name: str, make: Callable[[], Sound]) -> list[Path]:
        return [_written(work / f"{name}-{number}.flac", make()) for number in range(SIGNALS)]

    others = [
        *some("falling", lambda: noises.glide(rng, 2200, 1200)),
        *some("tune", lambda: noises.whistle(rng)),
        *some("three", lambda: noises.claps(rng, 3)),
        *sorted((folder / "speech" / "computer").glob("*.flac"))[:SIGNALS],
    ]
    rising = some("rising", lambda: noises.glide(rng, 1200, 2200))
    return Material("whistle and claps", rising, some("two", lambda: noises.claps(rng, 2)), others, 40, (10,))


def material_of(name: str, folder: Path, work: Path, seed: int) -> Material:
    """That of a name in `lampctl bench speech`; what has to be made for it is made in `work`."""
    match name:
        case "phrases":
            return phrases(folder)
        case "couple":
            return digits(folder, *COUPLE)
        case "anyhow":
            return anyhow(folder, "theo", work, seed)
        case "signals":
            return signals(folder, work, seed)
    return digits(folder, name)


def _written(path: Path, sound: Sound) -> Path:
    soundfile.write(path, sound, RATE)
    return path
