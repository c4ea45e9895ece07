"""Laws of attention: -log softmax, level where nothing is preferred, blind to what is masked, cached or not."""

import math

import pytest
import torch

from lampd.plm import saffu
from lampd.plm.contextual import contextual

GENERATOR = torch.Generator().manual_seed(0)


def test_attention_is_minus_log_softmax() -> None:
    q, w = torch.rand(5, 3, generator=GENERATOR), torch.randn(3, 3, generator=GENERATOR)
    expected = -(q @ w).softmax(-1).log() / math.log(3)
    assert torch.allclose(saffu.attention(q, w), expected, atol=1e-6)
    assert torch.allclose(saffu.attention(q, torch.zeros(3, 3)), torch.ones(5, 3))


def test_what_is_masked_neither_speaks_nor_listens() -> None:
    q, w = torch.rand(1, 4, generator=GENERATOR), torch.randn(4, 4, generator=GENERATOR)
    valid = torch.tensor([[True, True, True, False]])
    other = q.clone()
    other[0, 3] = 9.0
    a, b = saffu.attention(q, w, valid), saffu.attention(other, w, valid)
    assert torch.equal(a, b)
    assert a[0, 3] == 0
    assert torch.allclose(a[:, :3], saffu.attention(q[:, :3], w[:3, :3]), atol=1e-6)


def test_sum_and_cat_by_hand() -> None:
    shares, keys = torch.tensor([[1.0, 2.0]]), torch.tensor([[[1.0, 0.0], [0.5, 0.5]]])
    assert saffu.joined(shares, keys, "sum").tolist() == [[1.0, 0.5]]
    assert saffu.joined(shares, keys, "cat").tolist() == [[1.0, 0.0, 1.0, 1.0]]


def test_extreme_comparisons_stay_finite() -> None:
    a = saffu.attention(torch.tensor([[1e4, -1e4, 0.0]]), torch.eye(3))
    assert a.isfinite().all() and (a >= 0).all()


def test_tuning_targets_of_a_perfect_output_are_level() -> None:
    labels, u = torch.eye(3), torch.randn(4, 3, generator=GENERATOR)
    assert torch.equal(saffu.tuning_targets(labels, labels, u), torch.zeros(3, 4))
    slices = saffu.tuning_targets(labels, torch.full((3, 3), 1 / 3), torch.stack([u, 2 * u]))
    assert torch.allclose(slices[:, 1], 2 * slices[:, 0])


@pytest.mark.parametrize("join", ["sum", "cat"])
def test_contextual_vectors_by_hand(join: str) -> None:
    found = contextual(torch.eye(3), [torch.tensor([0, 1, 0])], 1, join)
    if join == "sum":
        # token 0 was seen twice beside 1, and counts once more; token 2 never
        assert torch.allclose(found, torch.tensor([[3, 2, 0], [2, 2, 0], [0, 0, 1]]) / torch.tensor([[5], [4], [1]]))
    else:
        assert found.shape == (3, 9)
        assert torch.allclose(found.sum(1), torch.ones(3))
        assert torch.allclose(found[1], torch.tensor([1, 0, 0, 0, 2, 0, 1, 0, 0]) / 4)
