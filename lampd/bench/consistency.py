"""How alike a voice hears what is alike: the same word said again is nearer to itself than to other words.

Clips are compared by the cosine of their n-grams, log(1 + count) each, of the best string and of what is expected under
the CTC posterior; and by their sound under warped time, 1 - distance / FAR. For each digit of a speaker two takes are
taught, and the others are taken for what the nearest taught one is; of three phrases by many people four are taught.
Chance is one in ten, and one in three.
"""

import argparse
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lampd.bench import Refused, Report, data
from lampd.bench.materials import SPEAKERS
from lampd.devices.sound import read
from lampd.learners.ngrams import expected, ngrams
from lampd.learners.soundings import FAR
from lampd.learners.warping import distances
from lampd.moments import unpack
from lampd.voice.ctc import Ear, Logits, decode, guesses
from lampd.voice.embedding import embed
from lampd.voice.folder import VoiceError, folder_of
from lampd.voice.wav2vec2 import Voice

PHRASES = ("jarvis", "snowboy", "computer")
TAUGHT = {"digits": 2, "phrases": 4}
CLIPS = 60
"""Of each phrase."""
SPLITS = 10
QUICK = ()

Likeness = NDArray[np.float64]


def groups(speech: Path) -> dict[str, dict[Path, str]]:
    """What is said in each clip, by speaker of digits, and of all phrases together."""
    found = {who: {clip: clip.name[0] for clip in sorted((speech / "digits" / who).glob("*.flac"))} for who in SPEAKERS}
    found["phrases"] = {clip: name for name in PHRASES for clip in sorted((speech / name).glob("*.flac"))[:CLIPS]}
    return found


def cosines(counts: Sequence[Mapping[str, float]]) -> Likeness:
    """Of each of N clips with each (N x N); of one without an n-gram 0."""
    vocabulary = {ngram: i for i, ngram in enumerate(sorted({ngram for one in counts for ngram in one}))}
    x = np.zeros((len(counts), len(vocabulary)))
    for row, one in enumerate(counts):
        for ngram, count in one.items():
            x[row, vocabulary[ngram]] = math.log1p(count)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    likeness: Likeness = x @ x.T
    return likeness


def sounding(voice: Ear, clips: Iterable[Path], logits: Iterable[Logits]) -> Likeness:
    """How alike the sounds of N clips are (N x N)."""
    sounds = [unpack(embed(read(clip), one, voice.alphabet.blank)) for clip, one in zip(clips, logits, strict=True)]
    others = np.stack([sound.T for sound in sounds], axis=2)
    return 1 - np.stack([distances(sound, others) for sound in sounds]).astype(np.float64) / FAR


def nearest(likeness: Likeness, words: Sequence[str], taught: int, seed: int) -> float:
    """The share of clips whose nearest of the `taught` ones of each word is of their own."""
    rng = random.Random(f"consistency {seed}")
    known = [
        i for word in sorted(set(words)) for i in rng.sample([j for j, one in enumerate(words) if one == word], taught)
    ]
    asked = sorted({*range(len(words))} - {*known})
    best: list[int] = likeness[np.ix_(asked, known)].argmax(1).tolist()
    right = [words[known[b]] == words[i] for i, b in zip(asked, best, strict=True)]
    return float(np.mean(right))


def figures(likeness: Likeness, words: Sequence[str], taught: int) -> dict[str, float]:
    same = np.array([[one == other for other in words] for one in words])
    apart = ~np.eye(len(words), dtype=bool)
    found = [nearest(likeness, words, taught, seed) for seed in range(SPLITS)]
    return {
        "same": round(float(likeness[same & apart].mean()), 3),
        "different": round(float(likeness[~same].mean()), 3),
        "nearest": round(sum(found) / len(found), 3),
    }


def measure(voice: Ear, speech: Path) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for name, clips in groups(speech).items():
        logits = [voice.logits(read(clip)) for clip in clips]
        taught = TAUGHT["phrases" if name == "phrases" else "digits"]
        by_best = cosines([ngrams(decode(one, voice.alphabet)[0]) for one in logits])
        by_guesses = cosines([expected(guesses(one, voice.alphabet)) for one in logits])
        by_sound = sounding(voice, clips, logits)
        words = [*clips.values()]
        ways = {"best string": by_best, "guesses": by_guesses, "sound": by_sound}
        rows[name] = {way: figures(likeness, words, taught) for way, likeness in ways.items()}
    mean = {
        how: {key: round(sum(rows[who][how][key] for who in SPEAKERS) / len(SPEAKERS), 3) for key in of}
        for how, of in rows["phrases"].items()
    }
    return rows | {"digits, mean": mean}


def table(voices: dict[str, dict[str, Any]]) -> str:
    lines = [f"{'':24} {'':13} {'by':11}  same  different  nearest"]
    for voice, rows in voices.items():
        for name, row in rows.items():
            for way, found in row.items():
                figures = f"{found['same']:6.3f} {found['different']:9.3f} {found['nearest']:9.3f}"
                lines.append(f"{voice[-24:]:24} {name:13} {way:11} {figures}")
    return "\n".join(lines)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--voice", nargs="+", default=["bundled"], help="checkpoints' folders (bundled)")


def run(arguments: argparse.Namespace) -> Report:
    speech = data.needed() / "speech"
    try:
        voices = {name: measure(Voice(folder_of(name)), speech) for name in arguments.voice}
    except VoiceError as error:
        raise Refused(str(error)) from None
    return Report(voices, table(voices))
