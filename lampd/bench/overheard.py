"""What a lamp overhears: sentences that nobody wrote for it come in; what its ear makes of them leaves.

espeak-ng speaks them, each in a voice, an accent, at a speed, from a distance of its own; one in four is said by those
who live in the house. The ear looks at the words as they are said, as often as the recorder would have it, and hears
the whole. It takes half a second for each, so that what was heard by a voice is kept in the user's cache.
"""

import os
import random
import re
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import soundfile
from msgspec.structs import replace
from numpy.typing import NDArray

from lampd.bench.scene import QUIET_DB, level, pcm, speech
from lampd.devices.sound import RATE
from lampd.durable import write
from lampd.messages import AnyMessage, Block, PartialTranscript, Speech, Transcript
from lampd.routes import Stage
from lampd.settings import Recorder
from lampd.voice.identity import identity

Heard = list[PartialTranscript | Transcript]
"""Of one sentence, `at` from the beginning of its speech, without a number."""
Samples = NDArray[np.float32]

RECIPE = 1
"""Another for each change of what is spoken, or how it is heard."""
SHELF = 100
"""Sentences to a file."""
SHORTEST, LONGEST = 2, 16
"""Words of a sentence from a book."""
LIVES_HERE = 0.25
SOFTEST_DB, LOUDEST_DB = -42.0, -20.0
TAIL_S, QUIET_S, BLOCK = 0.2, 2.0, RATE // 10
MARGIN = RATE // 50


class Person(NamedTuple):
    """A voice of espeak-ng's, the scale of a throat, and words a minute, pitch and liveliness (0 to 99)."""

    voice: str
    scale: float
    speed: float
    pitch: float
    liveliness: float


HOUSE = Person("en-gb-x-rp+Alicia", 1.05, 165, 60, 55), Person("en-us+m7", 0.97, 150, 40, 45)
"""Those who live there: voices that the bundled ear was not trained on."""


class Piece(NamedTuple):
    """What is said, by anybody or by one of HOUSE or as a recording has it; `about` is an intent or a book."""

    text: str
    about: str
    who: Person | None = None
    clip: Path | None = None
    take: int = 0


def asks_for_light(piece: Piece) -> bool:
    """Whether it is a command for light indeed, though nobody composed it for this lamp."""
    said = re.search(r"\b(lights?|lamps?)\b", piece.text)
    return bool(said) and (piece.about == "smart_home" or piece.text == "allow me to turn on the lights")


def pieces(folder: Path) -> dict[str, list[Piece]]:
    """By material, in an order of no meaning: what is said in the data `folder`."""
    lines = (folder / "text/clinc150.tsv").read_text("utf-8").splitlines()
    requests = [Piece(sentence, intent) for intent, sentence in (line.split("\t") for line in lines)]
    verse = [Piece(text, "shakespeare") for text in _spoken((folder / "text/tinyshakespeare.txt").read_text("utf-8"))]
    wiki = "".join((folder / f"text/wikitext2_{part}.txt").read_text("utf-8") for part in ("test", "valid"))
    prose = [Piece(text, "wikitext") for text in _spoken(re.sub(r"<unk>|@-@|^ =.*$", "", wiki, flags=re.MULTILINE))]
    orders = [Piece("", "coffee", clip=clip) for clip in sorted((folder / "speech/coffee").glob("*.flac"))]
    found = {"clinc150": requests, "shakespeare": verse, "wikitext": prose, "coffee": orders}
    for name, said in found.items():
        random.Random(name).shuffle(said)
    return found


def _spoken(book: str) -> list[str]:
    """What might be said in one breath, once each."""
    parts = (re.sub(r"[^a-zA-Z' ]", " ", part).lower().split() for part in re.split(r"[.;:!?\n]| , ", book))
    return [*dict.fromkeys(" ".join(part) for part in parts if SHORTEST <= len(part) <= LONGEST)]


def somebody(chance: random.Random) -> Person:
    from lampd.voice.train.voices import ENGLISH, VARIANTS

    voice = f"{chance.choice(ENGLISH)}+{chance.choice(VARIANTS)}"
    scale = min(1.3, max(0.8, chance.gauss(1.03, 0.12)))
    return Person(voice, scale, chance.uniform(110, 220), chance.uniform(10, 90), chance.uniform(10, 90))


def sound_of(piece: Piece) -> Samples:
    """The speech alone, as loud as it comes to the microphone; the same each time. Raises EspeakError."""
    chance = random.Random(f"{piece.text} {piece.clip} {piece.take}")
    if piece.clip:
        samples: Samples = soundfile.read(piece.clip, dtype="float32")[0]
        return samples[slice(*speech(samples))]
    from lampd.voice.train.espeak import espeak
    from lampd.voice.train.timbre import throat

    person = piece.who or (chance.choice(HOUSE) if chance.random() < LIVES_HERE else somebody(chance))
    engine = espeak()
    engine.voice(person.voice)
    speed, pitch = person.speed * chance.uniform(0.93, 1.07) / person.scale, person.pitch + chance.uniform(-8, 8)
    said = engine.speak(piece.text, round(speed), round(pitch), round(person.liveliness))
    spoken = throat(said.astype(np.float32) / np.float32(32768), engine.rate, person.scale)
    start, end = speech(spoken)
    spoken = spoken[max(0, start - MARGIN) : end + MARGIN]
    return spoken * np.float32(10 ** ((chance.uniform(SOFTEST_DB, LOUDEST_DB) - level(spoken)) / 20))


def in_a_room(sound: Samples, before_s: float, after_s: float, seed: int) -> NDArray[np.int16]:
    """`sound` in the noise of a quiet room, which is there so long before and after it."""
    padded = np.pad(sound, (round(before_s * RATE), round(after_s * RATE)))
    noise = np.random.default_rng(seed).normal(0, 10 ** (QUIET_DB / 20), len(padded))
    return pcm(padded + noise.astype(np.float32))


class Whole:
    """Each utterance as a whole, from `transcriber` alone."""

    name = "whole"

    def __init__(self, transcriber: Stage, settings: Recorder) -> None:
        self._transcriber, self._settings = transcriber, settings

    def hear(self, sound: Samples) -> Heard:
        heard = in_a_room(sound, self._settings.preroll_s, TAIL_S, len(sound)).tobytes()
        long = len(sound) / RATE
        said = self._transcriber.handle(Speech(long + self._settings.hangover_s, 0, 0.0, long, heard))
        return [one for one in said if isinstance(one, Transcript)]


class Looked:
    """As the lamp hears: `recorder` finds utterances, and `transcriber` looks at them while they are said."""

    name = "looked"

    def __init__(self, transcriber: Stage, recorder: Stage) -> None:
        self._transcriber, self._recorder = transcriber, recorder
        self._now = 0.0

    def hear(self, sound: Samples) -> Heard:
        heard, began = in_a_room(sound, QUIET_S / 2, QUIET_S, len(sound)), self._now + QUIET_S / 2
        said: list[AnyMessage] = []
        for block in np.split(heard, range(BLOCK, len(heard), BLOCK)):
            self._now += len(block) / RATE
            for message in self._recorder.handle(Block(self._now, block.tobytes())):
                said += self._transcriber.handle(message)
        return [
            replace(one, at=one.at - began, start=one.start - began)
            if isinstance(one, PartialTranscript)
            else replace(one, at=one.at - began, start=one.start - began, end=one.end - began)
            for one in said
            if isinstance(one, (PartialTranscript, Transcript))
        ]


Ear = Whole | Looked


class Shelves:
    """What `ear` makes of each of the pieces, in order; heard now where it is not kept yet of this `voice`."""

    def __init__(self, said: list[Piece], voice: str, ear: Ear) -> None:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        self._folder = cache / "lampd" / "overheard" / f"{identity(voice)}-{RECIPE}-{ear.name}"
        self._said, self._ear = said, ear

    def shelf(self, number: int) -> list[Heard]:
        """Those SHELF from `number` times SHELF on."""
        said = self._said[number * SHELF :][:SHELF]
        path = self._folder / f"{sha256(repr(said).encode()).hexdigest()[:16]}.z"
        if not path.is_file():
            heard = [self._ear.hear(sound_of(piece)) for piece in said]
            write(path, zlib.compress(msgspec.msgpack.encode(heard), 1))
        return msgspec.msgpack.decode(zlib.decompress(path.read_bytes()), type=list[Heard])

    def __iter__(self) -> Iterator[Heard]:
        for number in range(-(-len(self._said) // SHELF)):
            yield from self.shelf(number)
