"""The benchmark of language models, on a toy text."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lampd.bench import beginnings, caching, claims, digits, plm, race, texts
from lampd.bench.caching import Speed
from lampd.bench.command import bench
from lampd.bench.race import Mark, Run
from lampd.plm import saffu
from lampd.plm.peers.kneser_ney import KneserNey

LINES = ["turn the lamp on", "the lamp is on", "turn it off please", "is the lamp off", "on and off and on again"]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "talk.txt"
    path.write_text("\n".join(LINES[number * number % 5] for number in range(400)), "utf-8")
    return path


def run_of(*tests: float, finished: bool = True) -> Run:
    """A mark at the start and after each epoch of a second."""
    return Run("x", 1, finished, tuple(Mark("epochs", at, float(at), test, test) for at, test in enumerate(tests)))


def test_a_whole_benchmark(text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "race.png"
    options = ["--text", str(text), "--tokens", "words", "--size", "potato", "--seconds", "0.3", "--part"]
    assert bench("plm", [*options, "--json", "--picture", str(picture)]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)["figures"]["plm"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert set(found) == {"texts", "costs", "beginnings", "caching", "digits", "claims"}
    (one,) = found["texts"]
    assert [run["name"] for run in one["runs"]][:3] == [plm.WARM, plm.COLD, "Kneser-Ney"]
    assert len(one["runs"]) == 8
    for run in one["runs"]:
        assert run["parameters"] > 0, run["name"]
        assert all(set(mark) == {"phase", "epoch", "seconds", "development", "test"} for mark in run["marks"])
    assert set(found["costs"]) == {"warm start", "frozen, looked up", "frozen, computed", "thawed"}
    assert {claim["source"] for claim in found["claims"]} == {"A", "AB", "B", "T"}


def test_it_prints_a_table(text: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plm, "entrants", lambda task, configuration, seconds: dict.fromkeys("ab", KneserNey(2)))
    bench("plm", ["--text", str(text), "--size", "potato", "--quick"])
    printed = capsys.readouterr().out
    assert "unigram" in printed and "does not hold" in printed


def test_a_text_too_short_or_absent_is_said(tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    path.write_text("one line", "utf-8")
    for name in (path, tmp_path / "none.txt"):
        with pytest.raises(SystemExit):
            bench("plm", ["--text", str(name)])


def test_texts_are_cut_at_line_ends() -> None:
    assert texts.shares("aa\nbb\ncc\ndd\n", 0.4, 0.7) == ["aa\nbb\n", "cc\n", "dd\n"]
    assert texts.shares("aaaa", 0.5) == ["aaaa", ""]


def test_no_test_document_was_trained_on(text: Path) -> None:
    task = texts.cut(text, "characters")
    assert sum(len(part.documents) for part in (task.train, task.development, task.test)) == 400
    part = texts.begun(task.train, 100)
    assert 100 <= part.tokens < 130
    assert task.test.size == task.train.size


def test_the_best_within_a_budget_is_chosen_on_the_development_text() -> None:
    marks = (
        Mark("start", 0, 1.0, 9.0, 9.0),
        Mark("epochs", 0, 2.0, 5.0, 6.0),
        Mark("epochs", 1, 3.0, 6.0, 4.0),
        Mark("epochs", 2, 9.0, 3.0, 3.0),
    )
    run = Run("x", 1, True, marks)
    assert run.within(0.5) is None
    assert run.within(3.0) == marks[1]
    assert run.best == marks[3]
    assert [run.epoch(number) for number in range(4)] == [marks[0], marks[2], marks[3], None]
    assert run.costs() == {"start": 1.0, "epochs": 8.0}


def test_training_ends_with_its_seconds(text: Path) -> None:
    found = race.run(KneserNey(2), texts.cut(text, "words"), 1e9)
    assert found.finished and len(found.marks) == 1
    assert found.start.test < race.unigram(texts.cut(text, "words"))


def test_claims_of_a_race() -> None:
    warm, cold = run_of(50, 40, 30), run_of(100, 60, 30)
    verdicts = {claim.text: claim.holds for claim in claims.of_race("here", warm, cold, 70)}
    assert verdicts == {
        "warm beats cold at no gradient": True,
        "warm beats cold after one epoch": True,
        "warm beats cold at convergence": False,
        "no gradient at all is well below unigram": True,
    }
    late = [claim.text for claim in claims.of_race("here", replace(warm, finished=False), cold, 70)]
    assert "warm beats cold when time was up" in late


def test_claims_of_beginnings() -> None:
    kinds = {"W = 0": 50.0, "W start": 49.0, "W tuning": 52.0, "W start, softmax": 49.1}
    found = list(claims.of_beginnings("here", {"0.5": 60.0, "1": 50.0}, kinds))
    assert [claim.holds for claim in found] == [False, True, False]
    assert "60.0 on 50%" in str(found[0])


def test_claims_of_caching() -> None:
    assert claims.of_caching([Speed(16, 1, 1, 1), Speed(32, 2, 2, 2)]).holds
    assert not claims.of_caching([Speed(16, 1, 1.0, 1), Speed(32, 2, 0.9, 2)]).holds
    assert not claims.of_caching([Speed(16, 3, 3, 3), Speed(32, 2, 2, 2)]).holds


def test_speeds_are_ratios() -> None:
    for speed in caching.measure((4, 8), tokens=64, turns=2):
        assert min(speed.comparisons, speed.features, speed.step) > 0


def test_softmax_attention_is_for_a_while(text: Path) -> None:
    usual = saffu.attention
    with pytest.raises(KeyError), beginnings.softmax_attention():
        assert saffu.attention is not usual
        raise KeyError
    assert saffu.attention is usual


def test_the_digits_are_told_apart() -> None:
    given = digits.Digits.load()
    solution = digits.explicit(given.part(0, digits.STOPPED))
    assert given.part(digits.STOPPED, None).accuracy(solution) > 0.8
    one = digits.Trained(3, 2, 0.1, 0.9, [0.1, 0.8, 0.9, 0.85])
    assert (one.reaching(0.8), one.reaching(0.95)) == (1, None)
