"""Laws of training and files: it learns, stops early, keeps the best, goes on after a stop as if none had been."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from lampd.plm import training
from lampd.plm.corpus import Corpus
from lampd.plm.files import FileError
from lampd.plm.generation import generate
from lampd.plm.language_model import perplexity
from lampd.plm.model import PrecisionModel, Start
from lampd.plm.sizes import Configuration
from lampd.plm.vocabulary import Vocabulary

Language = Callable[[int], Corpus]


@pytest.mark.parametrize("start", ["warm", "cold"])
def test_training_lowers_the_loss_phase_by_phase(start: Start, tiny: Configuration, language: Language) -> None:
    corpus = language(0)
    model = PrecisionModel(tiny, start)
    points = list(model.train(corpus, corpus))
    assert [point.phase for point in points] == [start, *["frozen"] * 3, *["thawed"] * 2]
    assert [point.epoch for point in points] == [0, 1, 2, 3, 4, 5]
    assert points[3].perplexity < points[0].perplexity
    assert points[5].perplexity < points[3].perplexity
    assert perplexity(model, corpus) == pytest.approx(points[5].perplexity, rel=1e-4)


def test_frozen_embeddings_stay_and_thawed_ones_do_not(tiny: Configuration, language: Language) -> None:
    model = PrecisionModel(tiny)
    seen = []
    for point in model.train(language(0), language(0)):
        seen.append((point.phase, model.network.each()[0].e.clone()))
    assert torch.equal(seen[0][1], seen[3][1])
    assert seen[4][0] == "thawed" and not torch.equal(seen[3][1], seen[4][1])


def test_gradients_are_those_of_the_loss(tiny: Configuration, language: Language) -> None:
    model = PrecisionModel(replace(tiny, epochs=0, thawed=0))
    list(model.train(language(0), language(0)))
    network = model.network.double()
    network.thaw(True)
    document = torch.arange(6)

    def loss() -> torch.Tensor:
        one = training.pieces(Corpus([document], 9), 12)
        return torch.stack(
            [-network(each).gather(1, each.targets[:, None]).sum() for each in training.batches(one, 99)]
        )

    loss().sum().backward()
    for parameter in network.parameters():
        if parameter.numel():
            index = int(parameter.grad.abs().argmax()) if parameter.grad is not None else 0
            with torch.no_grad():
                parameter.view(-1)[index] += 1e-5
                above = loss().sum()
                parameter.view(-1)[index] -= 2e-5
                below = loss().sum()
                parameter.view(-1)[index] += 1e-5
            assert parameter.grad is not None
            slope = parameter.grad.view(-1)[index].item()
            assert ((above - below) / 2e-5).item() == pytest.approx(slope, rel=1e-3, abs=1e-8)


def test_each_phase_stops_after_rises_and_the_best_is_kept(
    tiny: Configuration, language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    judgements = iter([9.0, 5.0, 6.0, 5.5, 5.0, 4.0, 7.0, 7.0, 7.0, 1.0])
    monkeypatch.setattr(training, "perplexity_of", lambda network, judged: next(judgements))
    model = PrecisionModel(replace(tiny, epochs=50, thawed=50, patience=3))
    best = None
    points = []
    for point in model.train(language(0), language(0)):
        points.append(point)
        if point.perplexity == 4.0:
            best = {name: value.clone() for name, value in model.network.state_dict().items()}
    phases = [point.phase for point in points]
    assert phases == ["warm", *["frozen"] * 4, *["thawed"] * 4]
    assert best is not None
    assert all(torch.equal(value, best[name]) for name, value in model.network.state_dict().items())


def test_training_may_be_left_at_any_point_and_has_its_limit(tiny: Configuration, language: Language) -> None:
    model = PrecisionModel(tiny)
    points = model.train(language(0), language(0))
    next(points)
    points.close()
    assert model.log_probabilities(torch.tensor([1, 2])).isfinite().all()
    assert len(list(PrecisionModel(tiny, seconds=0).train(language(0), language(0)))) == 1


def test_the_cache_changes_no_training(tiny: Configuration, language: Language) -> None:
    ends = [list(PrecisionModel(tiny, cache=cache).train(language(0), language(1)))[-1] for cache in (True, False)]
    assert ends[0].perplexity == pytest.approx(ends[1].perplexity, rel=1e-4)


def test_a_model_comes_back_bit_for_bit(tiny: Configuration, language: Language, tmp_path: Path) -> None:
    model = PrecisionModel(tiny, vocabulary=Vocabulary.of("a b c d e f g", "words"))
    list(model.train(language(0), language(1)))
    path = tmp_path / "deep" / "model.safetensors"
    model.save(path)
    again = PrecisionModel.load(path)
    assert again.vocabulary == model.vocabulary and again.configuration == tiny
    document = torch.arange(9)
    assert torch.equal(model.log_probabilities(document), again.log_probabilities(document))
    first = path.read_bytes()
    again.save(path)
    assert path.read_bytes() == first
    assert [one.name for one in path.parent.iterdir()] == ["model.safetensors"]
    with safe_open(path, "pt") as file:
        assert set(file.metadata()) == {"lampd"}
        assert json.loads(file.metadata()["lampd"])["size"] == 9


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with pytest.raises(FileError, match=r"model.safetensors: there is no such file"):
        PrecisionModel.load(path)
    path.write_bytes(b"torn")
    with pytest.raises(FileError, match=r"model.safetensors: not a safetensors file"):
        PrecisionModel.load(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(FileError, match=r"model.safetensors: not a model of lampd"):
        PrecisionModel.load(path)
    save_file({"a": torch.zeros(1)}, path, {"lampd": "{}"})
    with pytest.raises(FileError, match=r"model.safetensors: not a model of this version"):
        PrecisionModel.load(path)
    with pytest.raises(RuntimeError, match="not been trained"):
        PrecisionModel().log_probabilities(torch.tensor([1]))


@pytest.mark.parametrize("stop", range(6))
def test_a_stop_changes_nothing(stop: int, tiny: Configuration, language: Language, tmp_path: Path) -> None:
    whole = PrecisionModel(tiny)
    expected = [point.perplexity for point in whole.train(language(0), language(1))]
    begun = PrecisionModel(tiny)
    for point in begun.train(language(0), language(1)):
        if point.epoch == stop:
            begun.save(tmp_path / "checkpoint", training=True)
            break
    resumed = PrecisionModel.load(tmp_path / "checkpoint")
    assert [point.perplexity for point in resumed.resume(language(0), language(1))] == expected[stop + 1 :]
    state = resumed.network.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in whole.network.state_dict().items())


def test_generation_is_seeded_and_the_likeliest_where_cold(tiny: Configuration, language: Language) -> None:
    model = PrecisionModel(tiny)
    list(model.train(language(0), language(0)))

    def said(temperature: float, seed: int) -> list[int]:
        # no token ends these documents
        speech = generate(model, [1, 2, 3], -1, temperature, seed)
        return [next(speech) for _ in range(20)]

    assert said(1.0, 1) == said(1.0, 1) != said(1.0, 2)
    assert said(0.0, 1) == said(0.0, 2)
    assert said(0.0, 1)[:5] == [4, 5, 6, 7, 8]
    assert list(generate(model, [1, 2, 3], 4, 0.0)) == []
    with pytest.raises(ValueError, match="temperature"):
        next(generate(model, [3], 4, -1.0))


# the command line

TEXT = "the lamp is lit\nthe lamp is dark\nlight the lamp\n" * 200


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "lampd.plm", *arguments]


def test_a_killed_command_ends_where_an_undisturbed_one_does(tmp_path: Path) -> None:
    (tmp_path / "text").write_text(TEXT, "utf-8")
    asked = ("train", str(tmp_path / "text"), "--size", "potato", "--epochs", "12", "--thawed", "3", "--out")
    whole = subprocess.run(command(*asked, str(tmp_path / "whole")), capture_output=True, text=True, check=True)
    killed = subprocess.Popen(command(*asked, str(tmp_path / "killed")), stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    for line in killed.stdout:
        if "epoch   4" in line:
            break
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    killed.stdout.close()
    assert not (tmp_path / "killed" / "model.safetensors").exists()
    resumed = subprocess.run(command(*asked, str(tmp_path / "killed")), capture_output=True, text=True, check=True)
    assert "going on where it was" in resumed.stdout
    assert resumed.stdout.split()[-1] == whole.stdout.split()[-1]
    a, b = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed"))
    assert a == b
    assert not list(tmp_path.rglob("checkpoint*"))


def test_the_command_line_trains_speaks_and_judges(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from lampd.plm.__main__ import main

    text, out = tmp_path / "text", str(tmp_path / "out")
    text.write_text(TEXT, "utf-8")
    assert main(["train", str(text), "--size", "potato", "--epochs", "2", "--thawed", "0", "--out", out]) == 0
    assert main(["evaluate", out, str(text)]) == 0
    assert "perplexity" in capsys.readouterr().out
    assert main(["generate", out, "--prompt", "the lamp is", "--temperature", "0"]) == 0
    assert capsys.readouterr().out.startswith("the lamp is ")
    assert main(["evaluate", str(tmp_path / "none"), str(text)]) == 2
    assert "none: there is no such file" in capsys.readouterr().err
    text.write_text(" \n", "utf-8")
    assert main(["train", str(text), "--out", out]) == 2
    assert "no text in there" in capsys.readouterr().err
    text.write_bytes(b"\xff\xfe")
    assert main(["evaluate", out, str(text)]) == 2
    assert "not text in UTF-8" in capsys.readouterr().err
