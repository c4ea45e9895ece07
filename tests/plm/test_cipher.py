"""Laws of the bit cipher: the published order, worked by hand; all vectors different; no zero after the noise."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lampd.plm.cipher import bits, noised, normalised


def words(tokens: int, dimension: int) -> list[str]:
    return ["".join(str(int(bit)) for bit in row) for row in bits(tokens, dimension)]


def test_the_published_order_by_hand() -> None:
    assert words(7, 3) == ["100", "010", "001", "011", "101", "110", "111"]
    one = ["1000", "0100", "0010", "0001"]
    two = ["0011", "0101", "1001", "0110", "1010", "1100"]
    three = ["1101", "1011", "0111", "1110"]
    assert words(15, 4) == [*one, *two, *three, "1111"]


@given(st.integers(1, 70), st.data())
def test_vectors_differ_and_their_norms_never_fall(dimension: int, data: st.DataObject) -> None:
    tokens = data.draw(st.integers(1, min(2**dimension - 1, 400)))
    z = bits(tokens, dimension)
    assert z.shape == (tokens, dimension)
    assert len({tuple(row) for row in z.tolist()}) == tokens
    norms = z.sum(1)
    assert (norms.diff() >= 0).all() and norms[0] == 1
    assert z.unique().tolist() in ([0, 1], [1])


def test_shorter_lists_begin_longer_ones() -> None:
    assert torch.equal(bits(300, 12), bits(2000, 12)[:300])


def test_too_few_bits_are_an_error() -> None:
    with pytest.raises(ValueError, match="3 bits tell 7 tokens apart, not 8"):
        bits(8, 3)


def test_noise_by_hand() -> None:
    e = normalised(bits(3, 2))
    assert torch.equal(e, torch.tensor([[1, 0], [0, 1], [0.5, 0.5]]))
    # the mean row is (8, 1) / 9, so p is (1, 8) / 9
    p = torch.tensor([1, 8]) / 9
    expected = torch.stack([7 / 8 * e[0] + 1 / 8 * p, p, 2 / 3 * e[2] + 1 / 3 * p])
    assert torch.allclose(noised(e, torch.tensor([7.0, 0.0, 2.0])), expected)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=30))
def test_noised_rows_are_distributions_without_zeros(counts: list[int]) -> None:
    e = noised(normalised(bits(len(counts), 5)), torch.tensor(sorted(counts, reverse=True)).float())
    assert torch.allclose(e.sum(1), torch.ones(len(e)))
    assert (e > 0).all() or sum(counts) == 0 or max(counts) == sum(counts)
