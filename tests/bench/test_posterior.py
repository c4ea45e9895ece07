"""Expected counts, the learners that take them, and the benchmark that judges them."""

import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lampd.bench import data, posterior
from lampd.bench.clips import Task, split, tasks
from lampd.bench.counted import Floats, gated, matrix, solved
from lampd.bench.lattice import Alphabet, Paths, best, collapsed, expected, mixed, sampled
from lampd.devices.sound import read
from lampd.learners.explicit import Explicit
from lampd.learners.gate_fit import Fitter
from lampd.learners.ngrams import ngrams
from lampd.learners.wish import logistic
from lampd.messages import Example, Tag
from lampd.voice.wav2vec2 import BUNDLED, Voice

AB = Alphabet(("", " ", "A", "B"), 0)
HEARD: list[tuple[str, Tag]] = [
    ("lamp on", "lit"),
    ("lamp off", "dark"),
    ("a lamp is nice", "nothing"),
    ("please turn it on", "lit"),
    ("what is on tonight", "nothing"),
    ("", "nothing"),
    ("go dark", "dark"),
    ("good night all", "nothing"),
]
TAGS: list[Tag] = ["lit", "dark", "nothing", "nothing", "nothing", "nothing"]
ASKED = ["lamp on", "lamp", "lamp lamp off", "zzz", "", "go to the dark night"]


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def logits_of(*frames: list[float]) -> posterior.Logits:
    return np.log(np.array(frames, np.float32))


def path(*outputs: int) -> Paths:
    return np.array([outputs])


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_expected_counts_are_those_of_all_paths(temperature: float) -> None:
    frames = [[0.1, 0.2, 0.4, 0.3], [0.3, 0.1, 0.5, 0.1]]
    powers = np.array(frames) ** (1 / temperature)
    chances = powers / powers.sum(-1, keepdims=True)
    exact: dict[str, float] = {}
    for outputs in itertools.product(range(4), repeat=2):
        (text,) = collapsed(path(*outputs), AB)
        for ngram, count in ngrams(text).items():
            exact[ngram] = exact.get(ngram, 0.0) + count * chances[0, outputs[0]] * chances[1, outputs[1]]
    samples = 40_000
    found = expected(collapsed(sampled(logits_of(*frames), samples, rng(), temperature), AB))
    assert found.keys() == exact.keys()
    # counts of two frames are 2 at most, so five standard errors are less than this
    assert found == pytest.approx(exact, abs=5 / samples**0.5)


def test_one_hot_posterior_gives_the_best_strings_counts() -> None:
    logits = np.full((6, 4), -1000, np.float32)
    logits[range(6), [2, 2, 0, 2, 1, 3]] = 0
    assert collapsed(best(logits), AB) == ["AA B"]
    assert expected(collapsed(sampled(logits, 50, rng()), AB)) == pytest.approx(dict(ngrams("AA B")))


@pytest.mark.parametrize(
    ("outputs", "text"),
    [((2, 2, 2), "A"), ((2, 0, 2), "AA"), ((0, 0), ""), ((2, 1, 1, 3), "A B"), ((), "")],
)
def test_paths_collapse(outputs: tuple[int, ...], text: str) -> None:
    assert collapsed(np.array([outputs], np.int64), AB) == [text]


def test_samples_are_the_same_again_and_fewer_are_the_first_of_more() -> None:
    logits = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    many = sampled(logits, 32, rng())
    assert np.array_equal(many, sampled(logits, 32, rng()))
    assert np.array_equal(many[:8], sampled(logits, 8, rng()))
    assert len({*collapsed(many, AB)}) > 8


def test_no_frame_has_no_ngram() -> None:
    nothing = np.zeros((0, 4), np.float32)
    assert expected(collapsed(best(nothing), AB)) == {}
    assert expected(collapsed(sampled(nothing, 8, rng()), AB)) == {}


def test_mixing_is_halfway() -> None:
    assert mixed({"a": 1.0, "b": 2.0}, {"b": 1.0, "c": 3.0}) == {"a": 0.5, "b": 1.5, "c": 1.5}


def test_rare_ngrams_can_be_left_out() -> None:
    logits = logits_of([0.01, 0.005, 0.98, 0.005])
    kept = posterior.by_samples(400, least=posterior.RARE)(logits, rng(), AB)
    assert kept.keys() == ngrams("a").keys() < posterior.by_samples(400)(logits, rng(), AB).keys()


def counted(texts: list[str]) -> list[dict[str, float]]:
    return [{ngram: float(count) for ngram, count in ngrams(text).items()} for text in texts]


def learned_and_judged() -> tuple[list[Example], list[Tag], Floats, Floats]:
    """The examples, and what both learners make of the counts of ASKED, as probabilities."""
    examples = [Example(0.0, u, text, tag == "dark", (tag,), "flip") for u, (text, tag) in enumerate(HEARD) if text]
    tags: list[Tag] = [example.possible[0] for example in examples]
    x = matrix(counted([example.text for example in examples] + ASKED))
    learned, judged = x[: len(examples)], x[len(examples) :]
    of = np.vectorize(logistic)
    return examples, tags, of(solved(learned, tags, judged)), of(gated(learned, tags, judged))


def test_whole_counts_give_the_lamps_own_learners() -> None:
    examples, _, by_solution, by_gate = learned_and_judged()
    explicit, fitter = Explicit(), Fitter()
    for example in examples:
        explicit.learn(example)
        fitter.learn(example)
    gate = fitter.fit(1)
    for row, text in enumerate(ASKED):
        for column, lit in enumerate((False, True)):
            assert by_solution[row, column] == pytest.approx(1 - explicit.predict(text, lit).nothing, abs=1e-9), text
            assert by_gate[row, column] == pytest.approx(1 - gate.predict(text, lit).nothing, abs=1e-4), text


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
    assert posterior.average_precision(np.array([4.0, 1.0, 2.0, -np.inf]), wished) == 1
    assert posterior.average_precision(np.full(4, -np.inf), wished) == 0.5, "equals count together"
    assert posterior.f1(np.array([1.0, 1.0, -1.0, -1.0]), wished) == 0.5
    assert posterior.f1(np.full(4, -1.0), wished) == 0


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
    heard: dict[Path, posterior.Logits] = {}
    alphabet = Alphabet(("", "x", "A", "B", "C"), 0)
    for number in range(180):
        tag = TAGS[number % 6]
        chances = np.full(5, 0.02)
        chances[4], chances[letters[tag]] = 0.55, 0.39
        clips[Path(f"{number}")] = tag
        heard[Path(f"{number}")] = logits_of(*[[*chances], [0.96, 0.01, 0.01, 0.01, 0.01]])
    task = Task("synthetic", clips)
    found = {}
    for name in (posterior.BEST, "128 samples"):
        counts, _ = posterior.represent(heard, posterior.READERS[name], alphabet, 0)
        found[name] = np.stack([posterior.contest(task, counts, solved, 3)[0]])
    figures = posterior.compare(found, [task])
    assert figures["128 samples"]["average precision"]["mean"][0] > 0.99
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


def test_the_best_path_is_what_the_transcriber_writes(speech: Path) -> None:
    voice, alphabet = Voice(BUNDLED), Alphabet.of(BUNDLED)
    for clip in [*tasks(speech)[0].clips][::150]:
        samples = read(clip)
        (text,) = collapsed(best(voice.logits(samples)), alphabet)
        assert ngrams(text) == ngrams(voice.transcribe(samples)[0]), clip


def test_it_prints_a_table_and_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    both = {"explicit": rows(0.1, 0.01), "gate": rows(0.1, 0.01)}
    figures = {
        "voice": {"clips": 3, "seconds a clip": 1.0, "ms a clip": 9.0},
        "costs": {"other": {"ms a clip": 1.0, "n-grams a clip": 9.0, "explicit ms": 1.0, "gate ms": 9.0}},
        "learners": both,
        "verdict": posterior.verdict(both, ["fair"]),
    }
    monkeypatch.setattr(posterior, "measure", lambda folder, splits, seed: figures)
    monkeypatch.setattr(data, "needed", lambda parser, given: Path())
    assert posterior.main([]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == figures["verdict"]
    assert posterior.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"].startswith("explicit: expected counts (other) are better")
