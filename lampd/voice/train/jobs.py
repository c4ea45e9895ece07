"""A job is some dozens of utterances by one synthesiser, decided by the seed and its own number alone.

But for the waver of espeak-ng's voices, which depends on all that it said before and cannot be set.
"""

import io
import random
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lampd import durable
from lampd.devices.sound import RATE
from lampd.voice.train.espeak import espeak
from lampd.voice.train.sounds import Alphabet, written
from lampd.voice.train.synthesis import Spoken, by_espeak, by_program
from lampd.voice.train.texts import texts
from lampd.voice.train.timbre import sixteen_bits, throat, trimmed, whispered
from lampd.voice.train.voices import SHARES, SPOKEN, Engine, Recorded, recorded, variants

Purpose = Literal["train", "heard", "unheard"]
"""To learn from; to judge by, in voices trained on; and in voices held out."""
UTTERANCES = 50
SHORTEST, LONGEST = 0.18, 7.6
CROWDED = 22.0
"""Characters a second that CTC's 50 frames can still hold, quickened and with blanks between equal ones."""
WHISPERS = 0.06
ENGINES: tuple[Engine, ...] = ("espeak-ng",) * 15 + ("flite",) * 2 + ("festival",) * 3
JUDGED: tuple[Engine, ...] = ("espeak-ng", "flite", "espeak-ng", "festival", "espeak-ng")
"""Of jobs that are judged by, in turn."""


@dataclass(frozen=True)
class Job:
    number: int
    purpose: Purpose
    seed: int
    alphabet: Alphabet
    utterances: int = UTTERANCES

    @property
    def name(self) -> str:
        return f"{self.purpose}-{self.number:05}.npz"


@dataclass(frozen=True)
class Utterance:
    """16 kHz mono, tight around the words; `voice` names the synthesiser and its voice."""

    sound: NDArray[np.int16]
    label: str
    language: str
    voice: str


def run(job: Job, folder: Path) -> float:
    """Speak all of a job into its file of `folder`, unless it is there; returns the seconds spoken."""
    path = folder / job.name
    if path.exists():
        with np.load(path) as part:
            return float(part["lengths"].sum()) / RATE
    found = list(_utterances(job))
    lengths = np.array([len(one.sound) for one in found], np.int64)
    parts = {
        "sound": np.concatenate([one.sound for one in found]) if found else np.zeros(0, np.int16),
        "lengths": lengths,
        "labels": np.array([one.label for one in found], str),
        "languages": np.array([one.language for one in found], str),
        "voices": np.array([one.voice for one in found], str),
    }
    data = io.BytesIO()
    np.savez(data, allow_pickle=False, **parts)
    durable.write(path, data.getvalue())
    return float(lengths.sum()) / RATE


def _utterances(job: Job) -> Iterator[Utterance]:
    chance = random.Random(zlib.crc32(f"{job.seed} {job.purpose} {job.number}".encode()))
    noise = np.random.default_rng(chance.getrandbits(32))
    held_out = job.purpose == "unheard"
    engine = chance.choice(ENGINES) if job.purpose == "train" else JUDGED[job.number % len(JUDGED)]
    english = job.alphabet == "letters"
    if engine != "espeak-ng" and not shutil.which(engine):
        engine = "espeak-ng"
    spoken = _by_espeak(job, chance, held_out) if engine == "espeak-ng" else None
    if spoken is None:
        voice = chance.choice(recorded(engine, held_out, english))
        spoken = _by_program(job, voice, chance)
    for one, label, language, name in spoken:
        samples = trimmed(throat(one.samples, one.rate, one.scale))
        if chance.random() < WHISPERS:
            samples = whispered(samples, noise)
        seconds = len(samples) / RATE
        if label and SHORTEST <= seconds <= LONGEST and len(label) <= CROWDED * seconds:
            yield Utterance(sixteen_bits(samples), label, language, name)


def _by_espeak(job: Job, chance: random.Random, held_out: bool) -> Iterator[tuple[Spoken, str, str, str]]:
    engine, among = espeak(), variants(held_out)
    shares = {"en": 1} if job.alphabet == "letters" else SHARES
    for _ in range(job.utterances):
        language = chance.choices(list(shares), list(shares.values()))[0]
        voice, variant = chance.choice(SPOKEN[language]), chance.choice(among)
        text = texts(language).drawn(chance, job.purpose != "train")
        engine.voice(f"{voice}+{variant}")
        label = _label(text, engine.phonemes(text), voice, job.alphabet)
        yield by_espeak(engine, text, chance), label, language, f"espeak-ng {variant}"


def _by_program(job: Job, voice: Recorded, chance: random.Random) -> Iterator[tuple[Spoken, str, str, str]]:
    said = [texts(voice.language).drawn(chance, job.purpose != "train") for _ in range(job.utterances)]
    engine = espeak()
    engine.voice(voice.written)
    for one in by_program(voice, said, chance):
        text = said[one.number]
        label = _label(text, engine.phonemes(text), voice.written, job.alphabet)
        yield one, label, voice.language, f"{voice.engine} {voice.name}"


def _label(text: str, ipa: str, voice: str, alphabet: Alphabet) -> str:
    """Empty, so that the utterance is left out, where espeak-ng has a symbol of its own."""
    try:
        return written(text, ipa, voice, alphabet)
    except ValueError:
        return ""
