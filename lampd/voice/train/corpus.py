"""Speech for training: jobs are spoken in parallel until there are hours enough, then lie in one file with an index."""

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lampd import durable
from lampd.devices.sound import RATE
from lampd.voice.train.jobs import Job, Purpose, run
from lampd.voice.train.sounds import Alphabet

SOUND, INDEX, PARTS = "sound.i16", "corpus.json", "parts"
JUDGED: tuple[Purpose, ...] = ("heard", "unheard")
JOBS = 5
"""For each of those."""
Say = Callable[[str], None]


class CorpusError(Exception):
    """A folder that holds other speech than what is asked for; the text says so."""


@dataclass(frozen=True)
class Wanted:
    """What a corpus is made of, and from which seed."""

    hours: float = 20.0
    seed: int = 0
    alphabet: Alphabet = "sounds"
    judged: int = 45
    """Utterances of each of the ten jobs to judge by."""


@dataclass(frozen=True)
class Corpus:
    """Utterance i is sound[starts[i] : starts[i] + lengths[i]], 16 kHz mono in 16 bits, mapped from its file."""

    wanted: Wanted
    sound: NDArray[np.int16]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    labels: list[str]
    languages: list[str]
    voices: list[str]
    purposes: list[Purpose]

    def of(self, purpose: Purpose) -> NDArray[np.int64]:
        """The numbers of the utterances for one purpose."""
        return np.flatnonzero(np.array([one == purpose for one in self.purposes]))

    def samples(self, number: int) -> NDArray[np.int16]:
        return self.sound[self.starts[number] : self.starts[number] + self.lengths[number]]

    def hours(self, purpose: Purpose) -> float:
        return float(self.lengths[self.of(purpose)].sum()) / RATE / 3600


def load(folder: Path) -> Corpus:
    """What `make` left in a folder. Raises OSError."""
    index = json.loads((folder / INDEX).read_text("utf-8"))
    lengths = np.array(index["lengths"], np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]) if len(lengths) else lengths
    sound = np.memmap(folder / SOUND, np.int16, "r") if len(lengths) else np.zeros(0, np.int16)
    return Corpus(
        Wanted(**index["wanted"]),
        sound,
        starts,
        lengths,
        index["labels"],
        index["languages"],
        index["voices"],
        index["purposes"],
    )


def make(folder: Path, wanted: Wanted, processes: int, say: Say) -> Corpus:
    """Speak what is not there yet; killed, and run again, it goes on. Raises CorpusError."""
    if (folder / INDEX).exists():
        corpus = load(folder)
        if corpus.wanted != wanted:
            raise CorpusError(f"{folder} holds other speech: {corpus.wanted}; delete it or choose another --work")
        return corpus
    parts = folder / PARTS
    parts.mkdir(parents=True, exist_ok=True)
    asked = parts / "wanted.json"
    if asked.exists() and json.loads(asked.read_text("utf-8")) != asdict(wanted):
        raise CorpusError(f"{folder} was begun for other speech: delete it or choose another --work")
    durable.write(asked, json.dumps(asdict(wanted)).encode())
    judged = [
        Job(number, purpose, wanted.seed, wanted.alphabet, wanted.judged)
        for purpose in JUDGED
        for number in range(JOBS)
    ]
    spoken = _speak(parts, judged, wanted, processes, say)
    _join(folder, [*judged, *spoken], wanted)
    return load(folder)


def _speak(parts: Path, judged: Sequence[Job], wanted: Wanted, processes: int, say: Say) -> list[Job]:
    """All jobs to judge by, and as many to learn from as it takes; returns the latter."""
    goal, seconds, begun, told = wanted.hours * 3600, 0.0, time.monotonic(), time.monotonic()
    jobs: list[Job] = []
    for job, spoken in _results([*judged], wanted, parts, processes):
        if job.purpose != "train":
            continue
        jobs.append(job)
        seconds += spoken
        now = time.monotonic()
        if now - told > 15 or seconds >= goal:
            told, left = now, (now - begun) * (goal / max(seconds, 1) - 1)
            say(f"spoken {seconds / 3600:6.2f} of {wanted.hours:g} h, {max(0, left) / 60:5.1f} min left")
        if seconds >= goal:
            break
        if len(jobs) >= 20 and not seconds:
            raise CorpusError("the synthesisers say nothing: is espeak-ng installed?")
    return jobs


def _results(judged: list[Job], wanted: Wanted, parts: Path, processes: int) -> Iterator[tuple[Job, float]]:
    """Jobs in order with the seconds spoken, without an end."""
    work = partial(run, folder=parts)
    batch, number = 4 * processes, 0
    if processes == 1:
        yield from ((job, work(job)) for job in judged)
        while True:
            job = Job(number, "train", wanted.seed, wanted.alphabet)
            yield job, work(job)
            number += 1
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from zip(judged, pool.imap(work, judged), strict=True)
        while True:
            # a few at a time: the pool would run ahead without an end
            jobs = [Job(number + ahead, "train", wanted.seed, wanted.alphabet) for ahead in range(batch)]
            yield from zip(jobs, pool.imap(work, jobs), strict=True)
            number += batch


def _join(folder: Path, jobs: Sequence[Job], wanted: Wanted) -> None:
    """One file of sound and its index, which is written last; the parts are removed after that."""
    index: dict[str, list[object]] = {name: [] for name in ("lengths", "labels", "languages", "voices", "purposes")}
    with (folder / SOUND).open("wb") as file:
        for job in jobs:
            with np.load(folder / PARTS / job.name) as part:
                file.write(part["sound"].astype("<i2").tobytes())
                for name in ("lengths", "labels", "languages", "voices"):
                    index[name] += part[name].tolist()
                index["purposes"] += [job.purpose] * len(part["lengths"])
    durable.write(folder / INDEX, json.dumps({"wanted": asdict(wanted), **index}, ensure_ascii=False).encode())
    for path in (folder / PARTS).iterdir():
        path.unlink()
    (folder / PARTS).rmdir()
