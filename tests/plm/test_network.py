"""Laws of the arithmetic: causal, normalised, the same however it is batched, padded, cached or begun."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from lampd.plm.batches import Piece, batch, batches, pieces
from lampd.plm.corpus import Corpus
from lampd.plm.language_model import perplexity
from lampd.plm.model import PrecisionModel, Start
from lampd.plm.sizes import SIZES, Configuration, Context
from lampd.plm.warm import network_of

Language = Callable[[int], Corpus]


def begun(configuration: Configuration, corpus: Corpus, start: Start = "warm") -> PrecisionModel:
    model = PrecisionModel(replace(configuration, epochs=0, thawed=0), start)
    assert len(list(model.train(corpus, corpus))) == 1
    return model


@pytest.fixture(params=["sum and cat", "cat blocks", "contextual", "start", "tuning"])
def shape(request: pytest.FixtureRequest, tiny: Configuration) -> Configuration:
    match request.param:
        case "cat blocks":
            contexts = (Context("block", 6, 5, 3, "cat"), Context("radial", 4, 4, 2, "sum"))
            return replace(tiny, contexts=contexts, attention="tuning")
        case "contextual":
            contexts = (Context("radial", 6, 5, 3, "cat", 2, "cat"), Context("block", 5, 4, 4, "sum", 1))
            return replace(tiny, contexts=contexts)
        case "start" | "tuning":
            return replace(tiny, attention=request.param)
        case _:
            return tiny


def test_a_later_token_changes_no_earlier_probability(shape: Configuration, language: Language) -> None:
    model = begun(shape, language(0))
    document = torch.arange(12) % 9
    for place in range(1, 12):
        changed = document.clone()
        changed[place:] = 8 - changed[place:]
        a, b = model.log_probabilities(document), model.log_probabilities(changed)
        assert torch.allclose(a[:place], b[:place], atol=1e-6)


def test_probabilities_sum_to_one_and_agree(shape: Configuration, language: Language) -> None:
    model = begun(shape, language(0))
    document = torch.arange(20) % 9
    each = model.log_probabilities(document)
    for place in range(20):
        following = model.next_log_probabilities(document[:place])
        assert following.exp().sum().item() == pytest.approx(1, abs=1e-5)
        assert following[document[place]].item() == pytest.approx(each[place].item(), abs=1e-5)


def test_padding_and_company_change_nothing(shape: Configuration, language: Language) -> None:
    corpus = language(0)
    network = begun(shape, corpus).network
    found = pieces(corpus, shape.span)
    for one in batches(found, 10_000):
        together = network(one)
        at = 0
        for piece in sorted(found, key=lambda piece: len(piece.tokens)):
            alone = network(batch([piece]))
            assert torch.allclose(together[at : at + len(alone)], alone, atol=1e-5)
            at += len(alone)
        assert at == len(together)


def test_cached_comparisons_equal_computed_ones(shape: Configuration, language: Language) -> None:
    corpus = language(0)
    network = begun(shape, corpus).network
    for one in batches(pieces(corpus, shape.span), 64):
        network.thaw(False, cache=True)
        assert any(view.g is not None for view in network.each())
        cached = network(one)
        network.thaw(False, cache=False)
        assert torch.allclose(cached, network(one), atol=1e-6)


@pytest.mark.parametrize("start", ["warm", "cold"])
def test_no_seed_changes_a_beginning(start: Start, shape: Configuration, language: Language) -> None:
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        found.append(begun(shape, language(0), start).network.state_dict())
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


def test_the_warm_start_knows_more_than_the_cold_one(shape: Configuration, language: Language) -> None:
    warm, cold = (perplexity(begun(shape, language(0), start), language(1)) for start in ("warm", "cold"))
    assert warm < 6 < 8 < cold


def test_the_attention_of_a_start_is_not_level(tiny: Configuration, language: Language) -> None:
    for attention in ("start", "tuning"):
        views = begun(replace(tiny, attention=attention), language(0)).network.each()
        assert all(view.w.unique().numel() > 1 for view in views if len(view.w))


DEGENERATE = {
    "nothing": Corpus([], 5),
    "empty documents": Corpus([torch.zeros(0, dtype=torch.int64)] * 3, 5),
    "one token": Corpus([torch.tensor([0])], 1),
    "one document": Corpus([torch.tensor([3, 1, 2])], 5),
    "all equal": Corpus([torch.zeros(7, dtype=torch.int64)] * 6, 5),
    "weightless": Corpus([torch.tensor([1, 2])], 5, [torch.zeros(2)]),
}


@pytest.mark.parametrize("start", ["warm", "cold"])
@pytest.mark.parametrize("case", DEGENERATE)
def test_everything_is_finite_on_hardly_any_data(case: str, start: Start, shape: Configuration) -> None:
    corpus = DEGENERATE[case]
    model = PrecisionModel(replace(shape, epochs=1, thawed=1), start)
    for point in model.train(corpus, corpus):
        assert 1 <= point.perplexity < 1e6
    assert all(value.isfinite().all() for value in model.network.state_dict().values())
    assert model.next_log_probabilities(torch.zeros(0, dtype=torch.int64)).isfinite().all()
    assert len(model.log_probabilities(torch.zeros(0, dtype=torch.int64))) == 0


def test_what_weighs_nothing_is_read_but_not_learned(tiny: Configuration) -> None:
    """A tag that follows a word, the words themselves being anything."""
    documents = [torch.tensor([word, 2 + word]) for word in (0, 1)] * 20
    corpus = Corpus(documents, 4, [torch.tensor([0.0, 1.0])] * 40)
    model = begun(tiny, corpus)
    assert model.next_log_probabilities(torch.tensor([1])).argmax() == 3
    assert model.next_log_probabilities(torch.tensor([0])).argmax() == 2
    assert model.next_log_probabilities(torch.tensor([0]))[:2].exp().sum() < 0.01


def test_parameters_are_counted() -> None:
    for size in (50, 700):
        corpus = Corpus([torch.arange(size)], size)
        for configuration in SIZES.values():
            network = network_of(configuration, corpus)
            assert configuration.parameters(size) == sum(one.numel() for one in network.parameters())
    fields = SIZES["base"].to_fields()
    assert Configuration.from_fields(fields) == SIZES["base"]


def test_batches_hold_every_piece_once_and_documents_of_like_length(language: Language) -> None:
    found = pieces(language(0), 12)
    made = list(batches(found, 40))
    assert sum(len(one.targets) for one in made) == language(0).tokens
    assert all(one.read.numel() <= 40 for one in made)
    padded = sum(one.read.numel() for one in made) / language(0).tokens
    assert padded < 1.2
    assert [len(piece.tokens) for piece in pieces(Corpus([torch.arange(7)], 7), 3)] == [3, 3, 1]
    assert Piece(torch.tensor([4]), torch.ones(1)).tokens == batch([Piece(torch.tensor([4]), torch.ones(1))]).targets
