"""A killed run goes on where it was, and the whole recipe makes a voice."""

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from lampd.voice.folder import folder_of
from lampd.voice.train import corpus as speech
from lampd.voice.train.batches import SHAPES, Batches
from lampd.voice.train.checkpoints import CHECKPOINT, read
from lampd.voice.train.espeak import EspeakError, espeak
from lampd.voice.train.jobs import Job, run
from lampd.voice.train.plan import FLAT, Plan, Progress
from lampd.voice.train.training import Training, learn, learned, unlike
from lampd.voice.wav2vec2 import Voice

WANTED = speech.Wanted(hours=0.006, judged=2)
PLAN = Plan(steps=8, size="tiny", processes=1, batch=6, easy=2, look=1e9, keep=1e9)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with some twenty seconds of speech."""
    try:
        espeak()
    except EspeakError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("voice")
    speech.make(folder, WANTED, 1, lambda line: None)
    return folder


def copied(spoken: Path, folder: Path) -> Path:
    folder.mkdir()
    for name in (speech.SOUND, speech.INDEX):
        (folder / name).write_bytes((spoken / name).read_bytes())
    return folder


def test_speech_is_what_was_asked_for(spoken: Path) -> None:
    corpus = speech.load(spoken)
    assert corpus.hours("train") >= WANTED.hours
    assert len(corpus.of("heard")) > 3
    assert len(corpus.of("unheard")) > 3
    voices = {purpose: {corpus.voices[number] for number in corpus.of(purpose)} for purpose in ("train", "unheard")}
    assert not voices["train"] & voices["unheard"]
    assert len(corpus.sound) == corpus.lengths.sum()
    assert not (spoken / speech.PARTS).exists()
    with pytest.raises(speech.CorpusError, match="--work"):
        speech.make(spoken, speech.Wanted(hours=1), 1, lambda line: None)


def test_a_job_is_decided_by_its_number_and_done_once(spoken: Path, tmp_path: Path) -> None:
    jobs = [Job(number, "heard", 0, "sounds", 2) for number in (0, 0, 2)]
    for name, job in zip("abc", jobs, strict=True):
        run(job, tmp_path / name)
    parts = [np.load(tmp_path / name / job.name) for name, job in zip("abc", jobs, strict=True)]
    said = [[part[name].tolist() for name in ("labels", "languages", "voices")] for part in parts]
    assert said[0] == said[1] != said[2]
    seconds = run(jobs[0], tmp_path / "a")
    assert seconds > 0.3


def test_letters_are_english_alone(spoken: Path, tmp_path: Path) -> None:
    run(Job(0, "train", 0, "letters", 5), tmp_path)
    with np.load(tmp_path / "train-00000.npz") as part:
        assert set(part["languages"].tolist()) == {"en"}
        assert all(label.isupper() for label in part["labels"].tolist())


def test_batches_hold_every_utterance_once_short_ones_first() -> None:
    chance = random.Random(0)
    lengths = np.array([chance.randint(3000, 100_000) for _ in range(900)])
    batches = Batches(np.arange(900), lengths, 32, 2, 0)
    epoch = [batches.at(step, easy=5) for step in range(batches.count)]
    seen = np.concatenate([batch.numbers for batch in epoch])
    assert len(set(seen.tolist())) == len(seen) > 750
    assert all(batch.length in SHAPES and len(batch.numbers) % 2 == 0 for batch in epoch)
    assert all((lengths[batch.numbers] <= batch.length).all() for batch in epoch)
    assert all(batch.length <= 25_600 for batch in epoch[:5])
    again = Batches(np.arange(900), lengths, 32, 2, 0)
    assert np.array_equal(again.at(batches.count + 3).numbers, batches.at(batches.count + 3).numbers)


def test_the_rate_rises_stays_and_falls() -> None:
    plan = Plan(minutes=10)
    rates = [Progress(step=1000, seconds=600 * share).rate(plan) for share in (0, FLAT, 0.7, 1)]
    assert rates[0] == rates[1] == plan.peak > rates[2] > rates[3] > 0
    assert Progress(step=0).rate(plan) < plan.peak / 50
    assert Progress(seconds=300).left(plan) == pytest.approx(300)
    assert Progress(step=2).share(Plan(steps=8)) == 0.25


class Killed(Exception):
    pass


def test_a_killed_training_ends_as_if_it_had_not_been(
    spoken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, killed = copied(spoken, tmp_path / "whole"), copied(spoken, tmp_path / "killed")
    learn(whole, PLAN, print)
    step = Training._step

    def dying(self: Training, seconds: float) -> tuple[float, float]:
        if self.progress.step == 5:
            raise Killed
        return step(self, seconds)

    monkeypatch.setattr(Training, "_step", dying)
    with pytest.raises(Killed):
        learn(killed, Plan(**{**PLAN.__dict__, "keep": 0.0}), print)
    monkeypatch.undo()
    assert read(killed)[1].step == 5
    learn(killed, PLAN, print)
    models = [learned(folder, PLAN)[0] for folder in (whole, killed)]
    assert all(torch.equal(one, two) for one, two in zip(models[0].parameters(), models[1].parameters(), strict=True))
    assert [point["steps"] for point in read(killed)[1].curve] == [8]
    # done is done
    learn(killed, PLAN, print)


def test_its_processes_end_with_it(spoken: Path, tmp_path: Path) -> None:
    work = copied(spoken, tmp_path / "work")
    wanted = ["--hours", str(WANTED.hours), "--judged", str(WANTED.judged), "--work", str(work)]
    plan = ["--steps", "100000", "--size", "tiny", "--batch", "6", "--processes", "2", "--keep", "0"]
    training = subprocess.Popen([sys.executable, "-m", "lampd.voice.train", *wanted, *plan], start_new_session=True)
    try:
        until(lambda: (work / CHECKPOINT).exists(), 120)
    finally:
        training.kill()
        training.wait()
    until(lambda: not alive(training.pid), 60)


def until(reached: Callable[[], bool], patience_s: float) -> None:
    end = time.monotonic() + patience_s
    while not reached():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.2)


def alive(session: int) -> list[int]:
    """The processes of a session that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, _, its = stat.read_text().rpartition(")")[2].split()[:4]
            if int(its) == session and state != "Z":
                found.append(int(stat.parent.name))
    return found


def test_the_recipe_makes_a_voice(spoken: Path, tmp_path: Path) -> None:
    work = copied(spoken, tmp_path / "work")
    wanted = ["--hours", str(WANTED.hours), "--judged", str(WANTED.judged), "--work", str(work)]
    plan = ["--steps", "3", "--size", "tiny", "--batch", "6", "--processes", "2"]
    command = [sys.executable, "-m", "lampd.voice.train", *wanted, *plan]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    folder = work / "voice"
    card = (folder / "README.md").read_text("utf-8")
    assert "GPL-3+" in card
    assert "voices held out" in card
    assert json.loads((work / "curve.json").read_text())[0]["steps"] == 3
    assert Voice(folder_of(str(folder))).logits(speech.load(work).samples(0)).shape[1] == 30
    other = subprocess.run([*command, "--seed", "1"], capture_output=True, text=True, timeout=600, check=False)
    assert other.returncode == 2
    assert "--work" in other.stderr


def test_hearings_are_as_far_apart_as_their_probabilities() -> None:
    one, other = (
        torch.randn(3, 5, 7, generator=torch.Generator().manual_seed(seed)).log_softmax(-1) for seed in (0, 1)
    )
    assert float(unlike(one, one)) == 0
    both = ((one.exp() - other.exp()) * (one - other)).sum()
    assert float(unlike(one, other)) == pytest.approx(float(both), rel=1e-4)
    drawn = one.clone().requires_grad_()
    for _ in range(50):
        apart = unlike(drawn.log_softmax(-1), other)
        (gradient,) = torch.autograd.grad(apart, drawn)
        drawn = (drawn - 0.3 * gradient).detach().requires_grad_()
    assert float(apart.detach()) < 0.1 * float(both)
