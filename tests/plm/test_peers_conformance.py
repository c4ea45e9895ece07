"""What holds for every language model that the precision one is compared with."""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from lampd.plm.corpus import Corpus
from lampd.plm.language_model import LanguageModel, Point, perplexity
from lampd.plm.peers import recurrent, transformer
from lampd.plm.peers.gradient import Course, GradientModel
from lampd.plm.peers.kneser_ney import KneserNey
from lampd.plm.peers.recurrent import Recurrent
from lampd.plm.peers.transformer import Transformer

COURSE = Course(rate=5e-3, rows=4, epochs=16, patience=16)
SMALL = recurrent.Shape(width=16, hidden=24, layers=2, dropout=0.1, stretch=5)
WINDOW = transformer.Shape(width=64, layers=1, context=8, dropout=0.1)


def gradient_model(name: str, course: Course = COURSE) -> GradientModel:
    if name in recurrent.CELLS:
        return recurrent.recurrent(name, SMALL, course)
    return transformer.transformer(replace(WINDOW, positions=name), course)  # type: ignore[arg-type]


GRADIENT = [*recurrent.CELLS, "sinusoidal", "learned"]
PEERS: dict[str, Callable[[], LanguageModel]] = {
    "kneser_ney": lambda: KneserNey(3),
    **{name: lambda name=name: gradient_model(name) for name in GRADIENT},  # type: ignore[misc]
}


def documents(*texts: str) -> Corpus:
    return Corpus([torch.tensor(["abcde".index(letter) for letter in text], dtype=torch.int64) for text in texts], 5)


TRAINING = documents(*[("aabac" * 5)[start : start + 16] for start in range(5)] * 2, "abac", "ca", "", "d")
DEVELOPMENT = documents("abacaabaca", "acaab")
DOCUMENT = documents("aabacadabcab")


@pytest.fixture(scope="module", params=PEERS)
def trained(request: pytest.FixtureRequest) -> tuple[LanguageModel, list[Point]]:
    model = PEERS[request.param]()
    return model, list(model.train(TRAINING, DEVELOPMENT))


def test_the_first_point_comes_before_any_step(trained: tuple[LanguageModel, list[Point]]) -> None:
    model, points = trained
    assert points[0].epoch == 0
    assert [point.epoch for point in points[1:]] == list(range(1, len(points)))
    assert all(earlier.seconds < later.seconds for earlier, later in itertools.pairwise(points))
    assert model.name


def test_the_best_parameters_are_kept(trained: tuple[LanguageModel, list[Point]]) -> None:
    model, points = trained
    assert perplexity(model, DEVELOPMENT) == pytest.approx(min(point.perplexity for point in points), rel=1e-4)


def test_it_learns_more_than_a_unigram_model(trained: tuple[LanguageModel, list[Point]]) -> None:
    counts = torch.bincount(torch.cat(TRAINING.documents), minlength=5).double() + 0.5
    unigram = (counts / counts.sum()).log()
    mean = torch.cat([unigram[document] for document in DEVELOPMENT.documents]).mean()
    assert perplexity(trained[0], DEVELOPMENT) < 0.7 * math.exp(-mean)


def test_probabilities_of_all_tokens_add_up_to_one(trained: tuple[LanguageModel, list[Point]]) -> None:
    for length in (0, 1, 4, 11):
        before = DOCUMENT.documents[0][:length]
        last = [trained[0].log_probabilities(torch.cat((before, torch.tensor([token]))))[-1] for token in range(5)]
        assert float(torch.stack(last).exp().sum()) == pytest.approx(1.0, abs=1e-5)


def test_no_token_sees_a_later_one(trained: tuple[LanguageModel, list[Point]]) -> None:
    whole = DOCUMENT.documents[0]
    expected = trained[0].log_probabilities(whole)
    for length in range(1, len(whole)):
        changed = torch.cat((whole[:length], 4 - whole[length:]))
        seen = trained[0].log_probabilities(changed)[:length]
        torch.testing.assert_close(seen, expected[:length], rtol=1e-4, atol=1e-5)


def test_every_token_stays_possible(trained: tuple[LanguageModel, list[Point]]) -> None:
    for text in ("", "a", "e", "eeee"):
        (document,) = documents(text).documents
        found = trained[0].log_probabilities(document)
        assert found.shape == (len(text),)
        assert found.isfinite().all()


@pytest.mark.parametrize("name", PEERS)
def test_two_trainings_are_the_same(name: str) -> None:
    def train() -> tuple[Tensor, list[float]]:
        model = PEERS[name]()
        points = []
        for point in itertools.islice(model.train(TRAINING, DEVELOPMENT), 3):
            torch.rand(3)  # what others draw changes nothing
            points.append(point.perplexity)
        return model.log_probabilities(DOCUMENT.documents[0]), points

    (one, points), (other, again) = train(), train()
    assert torch.equal(one, other)
    assert points == again


@pytest.mark.parametrize("name", PEERS)
def test_nothing_to_learn_from_is_no_reason_to_fail(name: str) -> None:
    for training in (documents(), documents(""), documents("a")):
        model = PEERS[name]()
        assert list(itertools.islice(model.train(training, documents("")), 2))
        assert model.log_probabilities(DOCUMENT.documents[0]).isfinite().all()


@pytest.mark.parametrize("name", GRADIENT)
def test_training_may_be_left_at_any_point(name: str) -> None:
    model = gradient_model(name, replace(COURSE, rate=10.0, clip=1e6))
    for point in model.train(TRAINING, DEVELOPMENT):
        if point.epoch == 1:
            break
    start = next(gradient_model(name).train(TRAINING, DEVELOPMENT)).perplexity
    assert point.perplexity > start, "that rate is ruinous"
    assert perplexity(model, DEVELOPMENT) == pytest.approx(start, rel=1e-4)


def test_training_stops_when_nothing_gets_better() -> None:
    points = list(gradient_model("gru", Course(rate=0.0, patience=3)).train(TRAINING, DEVELOPMENT))
    assert [point.epoch for point in points] == [0, 1, 2, 3]


def test_points_within_an_epoch() -> None:
    points = list(gradient_model("learned", replace(COURSE, epochs=2, pause=0.0)).train(TRAINING, DEVELOPMENT))
    assert [point.epoch for point in points][-1] == 2
    assert len([point for point in points if point.epoch == 1]) > 2


def test_an_untrained_network_knows_how_frequent_tokens_are() -> None:
    counts = torch.bincount(torch.cat(TRAINING.documents), minlength=5).double() + 0.5
    mean = torch.cat([(counts / counts.sum()).log()[document] for document in DEVELOPMENT.documents]).mean()
    for name in GRADIENT:
        start = next(gradient_model(name).train(TRAINING, DEVELOPMENT)).perplexity
        assert start < 1.6 * math.exp(-mean), name


@pytest.mark.parametrize("name", recurrent.CELLS)
def test_the_state_passes_between_stretches(name: str) -> None:
    torch.manual_seed(0)
    network = Recurrent(torch.ones(5), name, replace(SMALL, dropout=0.0)).eval()
    tokens = torch.randint(5, (2, 12))
    cut = torch.cat(list(network.stretches(tokens)), 1)
    whole = network.down(network.cells(network.embedding(tokens))[0])
    torch.testing.assert_close(cut, whole)


def test_a_window_moves_on_by_half_a_context() -> None:
    torch.manual_seed(0)
    network = Transformer(torch.ones(5), WINDOW).eval()
    tokens = torch.randint(5, (2, 21))
    hidden = torch.cat(list(network.stretches(tokens)), 1)
    assert hidden.shape == (2, 21, 64)
    (alone,) = network.stretches(tokens[:, 4:12])
    torch.testing.assert_close(hidden[:, 8:12], alone[:, 4:])


def test_one_never_trained_says_so() -> None:
    with pytest.raises(RuntimeError, match="gru"):
        gradient_model("gru").log_probabilities(torch.tensor([0]))
