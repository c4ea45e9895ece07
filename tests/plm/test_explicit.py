"""Laws of the explicit solution: it is naive Bayes, F is a sum over examples, evidence weights are best."""

import numpy as np
import torch
from sklearn.naive_bayes import MultinomialNB

from lampd.plm.evidence import believe
from lampd.plm.explicit import FLOOR, CoOccurrence


def examples(seed: int = 0, count: int = 60, inputs: int = 7, outputs: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs of L1 norm 3 each, without zeros, and targets."""
    generator = torch.Generator().manual_seed(seed)
    h = torch.rand(count, inputs, generator=generator) + 0.1
    return 3 * h / h.sum(1, keepdim=True), torch.randint(outputs, (count,), generator=generator)


def solved(h: torch.Tensor, y: torch.Tensor) -> CoOccurrence:
    found = CoOccurrence.none(h.shape[1], 4)
    found.add(h, y)
    return found


def test_the_formula_as_published() -> None:
    h, y = examples()
    f = h.T @ torch.eye(4)[y]
    k = float(h.sum(1).mean())
    expected = f.log() - (k - 1) / k * f.sum(0).log()
    assert torch.allclose(solved(h, y).solution(), expected, atol=1e-5)


def test_it_is_multinomial_naive_bayes() -> None:
    h, y = examples()
    logits = h @ solved(h, y).solution()
    bayes = MultinomialNB(alpha=0, force_alpha=True).fit(h.numpy(), y.numpy())
    assert np.allclose(logits.log_softmax(1).numpy(), bayes.predict_log_proba(h.numpy()), atol=1e-4)


def test_an_example_is_added_and_taken_away_in_place() -> None:
    h, y = examples()
    one_by_one = CoOccurrence.none(7, 4)
    for row, target in zip(h, y, strict=True):
        one_by_one.add(row[None], target[None])
    assert torch.allclose(one_by_one.solution(), solved(h, y).solution(), atol=1e-5)
    one_by_one.add(h[:5], y[:5], sign=-1)
    assert torch.allclose(one_by_one.solution(), solved(h[5:], y[5:]).solution(), atol=1e-4)


def test_shards_sum() -> None:
    h, y = examples()
    whole, part = solved(h, y), solved(h[:23], y[:23])
    assert torch.allclose((part + solved(h[23:], y[23:])).solution(), whole.solution(), atol=1e-5)
    assert torch.allclose((whole - part).solution(), solved(h[23:], y[23:]).solution(), atol=1e-4)


def test_a_weight_is_as_many_examples() -> None:
    h, y = examples(count=2)
    weighted = CoOccurrence.none(7, 4)
    weighted.add(h, y, torch.tensor([3.0, 0.5]))
    repeated = solved(h[[0, 0, 0]], y[[0, 0, 0]])
    repeated.add(h[1:], torch.eye(4)[y[1:]] / 2)
    assert torch.allclose(weighted.mass, repeated.mass, atol=1e-6)


def test_labels_stand_in_for_targets() -> None:
    h, y = examples()
    labels = torch.rand(4, 3, generator=torch.Generator().manual_seed(1))
    direct = CoOccurrence.none(7, 3)
    direct.add(h, labels[y])
    assert torch.allclose(solved(h, y).through(labels).mass, direct.mass, atol=1e-5)


def test_nothing_seen_is_finite_and_undecided() -> None:
    u = CoOccurrence.none(3, 2).solution([1, 2])
    assert u.isfinite().all()
    assert torch.equal(u[:, 0], u[:, 1])
    assert FLOOR > 0


def test_evidence_weights_are_where_no_step_lowers_the_loss() -> None:
    generator = torch.Generator().manual_seed(0)
    contributions = torch.randn(3, 200, 5, generator=generator)
    # the first group tells the truth, the second the opposite, the third nothing
    y = contributions[0].argmax(1)
    contributions[1] = -contributions[0] + 0.1 * contributions[1]
    targets, weights = torch.eye(5)[y], torch.ones(200)

    def loss(s: torch.Tensor) -> float:
        log_p = torch.einsum("g,gmn->mn", s, contributions).log_softmax(-1)
        return float(-(weights @ (targets * log_p).sum(1)) + (s - 1).square().sum() / 2)

    s = believe(contributions, targets, weights)
    assert s[0] > 1 and s[1] == 0 and abs(s[2]) < 0.7
    for group in range(3):
        for step in (-0.05, 0.05):
            tried = s.clone()
            tried[group] = max(0.0, float(tried[group]) + step)
            assert loss(tried) >= loss(s) - 1e-3


def test_evidence_weights_are_one_where_there_is_no_evidence() -> None:
    s = believe(
        torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0)), torch.eye(3)[[0, 1, 2, 0]], torch.zeros(4)
    )
    assert torch.allclose(s, torch.ones(2))
