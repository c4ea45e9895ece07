"""A synthesiser speaks texts: espeak-ng as a library, flite and festival as programs."""

import random
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lampd.voice.train.espeak import Espeak
from lampd.voice.train.timbre import Samples
from lampd.voice.train.voices import Recorded

LOWEST, HIGHEST = 0.8, 1.3
"""Of the scale of throats: a large man's to a child's."""
SLOWEST, FASTEST = 95, 235
"""Words a minute, about."""


@dataclass(frozen=True)
class Spoken:
    """Sound as it came, at `rate` hertz; it is to be scaled by `scale`. `number` is that of the text."""

    number: int
    samples: Samples
    rate: int
    scale: float


def throat_of(chance: random.Random) -> float:
    """Often as recorded or close to it, seldom a child or a giant."""
    return min(HIGHEST, max(LOWEST, chance.gauss(1.03, 0.12)))


def by_espeak(engine: Espeak, text: str, chance: random.Random) -> Spoken:
    """In the voice that is chosen, at a random speed, pitch and liveliness."""
    scale = throat_of(chance)
    # scaling makes it quicker by as much
    rate = round(min(400.0, max(80.0, chance.uniform(SLOWEST, FASTEST) / scale)))
    sound = engine.speak(text, rate, chance.randint(5, 95), chance.randint(10, 90))
    return Spoken(0, sound.astype(np.float32) / np.float32(32768), engine.rate, scale)


def by_program(voice: Recorded, texts: Sequence[str], chance: random.Random) -> Iterator[Spoken]:
    """Those texts that the voice could speak."""
    with tempfile.TemporaryDirectory(prefix="lampd-voice-") as name:
        folder = Path(name)
        scales = [throat_of(chance) for _ in texts]
        stretches = [chance.uniform(0.8, 1.35) * scale for scale in scales]
        speak = _flite if voice.engine == "flite" else _festival
        speak(voice, texts, stretches, folder)
        for number, scale in enumerate(scales):
            read = _read(folder / f"{number}.wav")
            if read is not None:
                yield Spoken(number, *read, scale)


def _flite(voice: Recorded, texts: Sequence[str], stretches: Sequence[float], folder: Path) -> None:
    for number, (text, stretch) in enumerate(zip(texts, stretches, strict=True)):
        setting = f"duration_stretch={stretch:.3f}"
        command = ["flite", "-voice", voice.name, "--setf", setting, "-t", text, "-o", str(folder / f"{number}.wav")]
        subprocess.run(command, capture_output=True, check=False, timeout=60)


def _festival(voice: Recorded, texts: Sequence[str], stretches: Sequence[float], folder: Path) -> None:
    lines = [f"(voice_{voice.name})"]
    for number, (text, stretch) in enumerate(zip(texts, stretches, strict=True)):
        plain = text.replace("\\", " ").replace('"', " ")
        lines.append(f"(Parameter.set 'Duration_Stretch {stretch:.3f})")
        file = folder / f"{number}.wav"
        lines.append(f"""(utt.save.wave (utt.synth (Utterance Text "{plain}")) "{file}" 'riff)""")
    script = "\n".join(lines).encode(voice.encoding, errors="ignore")
    subprocess.run(["festival", "--pipe"], input=script, capture_output=True, check=False, timeout=600)


def _read(path: Path) -> tuple[NDArray[np.float32], int] | None:
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError):
        return None
    return np.asarray(samples.mean(axis=1), np.float32), int(rate)
