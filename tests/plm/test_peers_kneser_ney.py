"""Kneser-Ney against cases worked by hand."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lampd.plm.corpus import Corpus
from lampd.plm.peers.kneser_ney import LEAST, USUAL, KneserNey, _discounts

# "a b", twice, and "a c"
TEXT = Corpus([torch.tensor([0, 1]), torch.tensor([0, 1]), torch.tensor([0, 2])], 3)


def trained(corpus: Corpus, highest: int) -> KneserNey:
    model = KneserNey(highest)
    list(model.train(corpus, corpus))
    return model


def test_bigrams_by_hand() -> None:
    """Too few for estimates: every discount is .75.

    One token was seen before each of a, b, c, so alone each keeps .25 of 3 and gets a third of the 2.25 freed: 1/3.
    After a: b keeps 1.25 of 3, c .25, and 1.5 / 3 is spread by the 1/3 each. At a beginning: a keeps 2.25 of 3.
    """
    model = trained(TEXT, 2)
    assert model.order == 2
    for document, expected in (([0, 0], 1 / 6), ([0, 1], 1.25 / 3 + 1 / 6), ([0, 2], 0.25 / 3 + 1 / 6)):
        found = model.log_probabilities(torch.tensor(document)).exp()
        assert found.tolist() == pytest.approx([2.25 / 3 + 0.25 / 3, expected])


def test_a_token_seen_in_one_place_only_is_unlikely_elsewhere() -> None:
    """What Kneser and Ney are for: "san francisco" is frequent, francisco alone is not."""
    san, francisco, lake, the = range(4)
    there = [torch.tensor([san, francisco])] * 20
    lakes = [torch.tensor([one, lake]) for one in (san, francisco, lake, the)]
    model = trained(Corpus([*there, *lakes], 4), 2)
    after_the = [float(model.log_probabilities(torch.tensor([the, one]))[1]) for one in range(4)]
    assert after_the[francisco] < after_the[lake]
    alone = trained(Corpus([*there, *lakes], 4), 1)
    assert alone.log_probabilities(torch.tensor([francisco])) > alone.log_probabilities(torch.tensor([lake]))


def test_an_unseen_context_leaves_the_shorter_one() -> None:
    model = trained(TEXT, 2)
    assert model.log_probabilities(torch.tensor([1, 1]))[1].exp() == pytest.approx(1 / 3)


def test_discounts_by_hand() -> None:
    """n = 4, 2, 1, 1: Y = 4 / 8, D = 1 - 2 Y 2/4, 2 - 3 Y 1/2, 3 - 4 Y 1/1."""
    counts = torch.tensor([1, 1, 1, 1, 2, 2, 3, 4, 0])
    assert _discounts(counts).tolist() == pytest.approx([0, 0.5, 1.25, 1.0])
    assert _discounts(torch.tensor([1, 2])).tolist() == [0, USUAL, USUAL, USUAL]
    # more of count 4 than of 3 would give more than is there
    assert _discounts(torch.tensor([1, 2, 3, *[4] * 9])).min() == 0
    assert _discounts(torch.tensor([1, 2, 3, *[4] * 9]))[3] == LEAST


def test_the_order_is_the_one_best_on_the_development_text() -> None:
    noise = torch.randint(6, (400,), generator=torch.Generator().manual_seed(0))
    model = KneserNey(5)
    (point,) = model.train(Corpus([noise[:200]], 6), Corpus([noise[200:]], 6))
    assert model.order <= 1
    assert point.perplexity < 6.3
    assert trained(Corpus([torch.tensor([0, 0, 1] * 40)], 2), 5).order >= 3


def test_fewer_tokens_than_the_order() -> None:
    assert trained(TEXT, 5).order <= 3


def test_an_order_is_one_at_least() -> None:
    with pytest.raises(ValueError, match="0"):
        KneserNey(0)


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(st.lists(st.integers(0, 3), max_size=12), max_size=6),
    context=st.lists(st.integers(0, 3), max_size=6),
    highest=st.integers(1, 4),
)
def test_always_a_distribution(texts: list[list[int]], context: list[int], highest: int) -> None:
    model = trained(Corpus([torch.tensor(text, dtype=torch.int64) for text in texts], 4), highest)
    last = [model.log_probabilities(torch.tensor([*context, token]))[-1].exp() for token in range(4)]
    assert float(sum(last)) == pytest.approx(1.0)
    assert min(last) > 0
