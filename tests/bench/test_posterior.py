"""Expected counts, the learners that take them, and the benchmark that judges them."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lampd.bench import data, posterior
from lampd.bench.clips import Task, split, tasks
from lampd.bench.command import bench
from lampd.learners.ngrams import RARE, ngrams
from lampd.messages import Tag
from lampd.voice.ctc import Alphabet, Logits

TAGS: list[Tag] = ["lit", "dark", "nothing", "nothing", "nothing", "nothing"]


def test_rare_ngrams_can_be_left_out() -> None:
    logits = np.log(np.array([[0.01, 0.005, 0.98, 0.005]], np.float32))
    alphabet = Alphabet(("", " ", "A", "B"), 0)
    kept, all_of_them = (posterior.by_samples(400, least)(logits, alphabet).ngrams for least in (RARE, 0.0))
    assert kept.keys() == ngrams("a").keys() < all_of_them.keys()


def test_splits_are_nested_disjoint_and_the_same_again() -> None:
    tags = TAGS * 10
    few, rest = split(tags, 2, 0)
    assert Counter(tags[i] for i in few) == {"lit": 2, "dark": 2, "nothing": 12}
    assert sorted(few + rest) == list(range(60))
    assert (few, rest) == split(tags, 2, 0) != split(tags, 2, 1)
    assert {*few} < {*split(tags, 4, 0)[0]}


def test_average_precision_and_f1() -> None:
    wished = np.array([True, False, True, False])
    assert posterior.average_precision(np.array([4.0, 3.0, 2.0, 1.0]), wished) == pytest.approx((1 + 2 / 3) / 2)
    assert posterior.average_precision(np.array([0.4, 0.1, 0.2, 0.0]), wished) == 1
    assert posterior.average_precision(np.zeros(4), wished) == 0.5, "equals count together"
    assert posterior.f1(np.array([0.9, 0.9, 0.1, 0.1]), wished) == 0.5
    assert posterior.f1(np.full(4, 0.2), wished) == 0


def rows(gain: float, noise: float, f1: float = 0.0) -> dict[str, object]:
    """Figures of a best string, and of a representation that is so much better in either measure."""
    base = np.random.default_rng(0).uniform(0.4, 0.6, (2, 4, 20, 2))
    jitter = np.random.default_rng(2).normal(0, noise, base.shape)
    todo = [Task("fair", {}), Task("unfair", {}, telling=True)]
    other = base + jitter + np.array([gain, f1])
    other[1] += 9
    return posterior.compare({posterior.BEST: base, "other": other}, todo)


def test_differences_are_paired_and_unfair_tasks_count_in_no_mean() -> None:
    found = posterior.compare(
        {posterior.BEST: np.zeros((1, 4, 4, 2)), "other": np.ones((1, 4, 4, 2)) * np.arange(4)[:, None]},
        [Task("fair", {})],
    )
    mean, error = found["other"]["macro-F1"]["gain"]
    assert (mean, error) == (1.5, pytest.approx((5 / 3) ** 0.5 / 2))
    assert rows(0.1, 0.0)["other"]["average precision"]["gain"] == pytest.approx((0.1, 0.0))  # type: ignore[index]


@pytest.mark.parametrize(
    ("gain", "noise", "f1", "better"),
    [(0.1, 0.02, 0.0, True), (0.001, 0.1, 0.0, False), (-0.1, 0.02, 0.0, False), (0.1, 0.02, -0.1, False)],
)
def test_verdict(gain: float, noise: float, f1: float, better: bool) -> None:
    said = posterior.verdict({"gate": rows(gain, noise, f1)}, ["fair"])
    assert said.startswith("gate: expected counts (other) are better by 0.10" if better else "the best string stays")


def test_verdict_speaks_of_each_learner() -> None:
    said = posterior.verdict({"explicit": rows(-0.1, 0.0), "gate": rows(0.1, 0.01)}, ["fair"])
    assert said.startswith("explicit: the best string stays; gate: expected counts (other) are better by ")


def test_a_contest_of_synthetic_clips() -> None:
    """Where only the second-best letter tells, expected counts learn it and best strings cannot."""
    letters = {"lit": 2, "dark": 3, "nothing": 1}
    clips: dict[Path, Tag] = {}
    heard: dict[Path, Logits] = {}
    alphabet = Alphabet(("", "x", "A", "B", "C"), 0)
    for number in range(180):
        tag = TAGS[number % 6]
        chances = np.full(5, 0.02)
        chances[4], chances[letters[tag]] = 0.55, 0.39
        clips[Path(f"{number}")] = tag
        heard[Path(f"{number}")] = np.log(np.array([chances, [0.96, 0.01, 0.01, 0.01, 0.01]], np.float32))
    task = Task("synthetic", clips)
    found = {}
    for name in (posterior.BEST, "128 guesses"):
        said, _ = posterior.represent(heard, posterior.READERS[name], alphabet)
        found[name] = np.stack([posterior.contest(task, said, "explicit", 3)[0]])
    figures = posterior.compare(found, [task])
    assert figures["128 guesses"]["average precision"]["mean"][0] > 0.99
    assert figures[posterior.BEST]["average precision"]["mean"][0] < 0.3
    assert "better" in posterior.verdict({"explicit": figures}, ["synthetic"])


@pytest.fixture(scope="module")
def speech(data_folder: Path) -> Path:
    return data_folder / "speech"


def test_the_tasks_hold_clips_enough(speech: Path) -> None:
    for task in tasks(speech):
        held = Counter(task.clips.values())
        assert min(held["lit"], held["dark"]) > 2 * max(posterior.EXAMPLES), task.name
        assert held["nothing"] > 6 * max(posterior.EXAMPLES) + 50, task.name


def test_it_prints_a_table_and_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    both = {"explicit": rows(0.1, 0.01), "gate": rows(0.1, 0.01)}
    figures = {
        "voice": {"clips": 3, "seconds a clip": 1.0, "ms a clip": 9.0},
        "costs": {"other": {"ms a clip": 1.0, "n-grams a clip": 9.0, "explicit ms": 1.0, "gate ms": 9.0}},
        "learners": both,
        "verdict": posterior.verdict(both, ["fair"]),
    }
    monkeypatch.setattr(posterior, "measure", lambda folder, splits, voice: figures)
    monkeypatch.setattr(data, "needed", Path)
    assert bench("posterior", []) == 0
    assert capsys.readouterr().out.splitlines()[-1] == figures["verdict"]
    assert bench("posterior", ["--json"]) == 0
    assert json.loads(capsys.readouterr().out)["figures"]["posterior"]["verdict"].startswith(
        "explicit: expected counts (other) are better"
    )
