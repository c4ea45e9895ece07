"""The explicit solution of a softmax layer (2311.07498): co-occurrences of inputs and targets arrive, weights leave.

With non-negative inputs H (M, J), targets Y (M, N), F = H^T Y and K the mean L1 norm of the rows of H,

    U[j, i] = log F[j, i] - ((K - 1) / K) log sum_d F[d, i].

This is multinomial naive Bayes with fractional counts. F is a sum over examples: it is updated in place by an example
more or less, and the sums of several machines are added.

Inputs often come in groups, one per position or context, each a distribution of its own. Taken as independent they
are too sure of themselves, so each group g may be given an evidence weight s_g, and the prior s_0 (see evidence.py):

    U[j, i] = s_g log (F[j, i] / F_g[i]) + (s_0 / K) log mean_g F_g[i],      F_g[i] = sum_{d in g} F[d, i].

One group and weights of 1 are the formula above.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

FLOOR = 1e-2
"""Least co-occurrence, before its logarithm."""


@dataclass
class CoOccurrence:
    """`mass` is F (J, N), `norm` the sum of the L1 norms of its inputs, `weight` how many examples there were."""

    mass: Tensor
    norm: float = 0.0
    weight: float = 0.0

    @classmethod
    def none(cls, inputs: int, outputs: int) -> "CoOccurrence":
        return cls(torch.zeros(inputs, outputs))

    def add(self, inputs: Tensor, targets: Tensor, weights: Tensor | None = None, sign: int = 1) -> None:
        """Add examples in place: inputs (M, J) and, as targets, ids (M) or distributions (M, N).

        Each counts `weights` (M) times, once where None; with `sign` -1 they are taken away again.
        """
        weighted = sign * (inputs if weights is None else inputs * weights[:, None])
        if targets.is_floating_point():
            self.mass.addmm_(weighted.T, targets)
        else:
            # by rows of the transpose, which lie together
            rows = self.mass.new_zeros(self.mass.shape[1], self.mass.shape[0]).index_add_(0, targets, weighted)
            self.mass.add_(rows.T)
        self.norm += float(weighted.sum())
        self.weight += sign * (len(inputs) if weights is None else float(weights.sum()))

    def __add__(self, other: "CoOccurrence") -> "CoOccurrence":
        return CoOccurrence(self.mass + other.mass, self.norm + other.norm, self.weight + other.weight)

    def __sub__(self, other: "CoOccurrence") -> "CoOccurrence":
        return CoOccurrence(self.mass - other.mass, self.norm - other.norm, self.weight - other.weight)

    def through(self, labels: Tensor) -> "CoOccurrence":
        """As if the target of every example had been its row of `labels` (N, D): F becomes F Y (J, D)."""
        return CoOccurrence(self.mass @ labels, self.norm, self.weight)

    @property
    def mean_norm(self) -> float:
        """K, and 1 before there is any example."""
        return max(self.norm / self.weight, 1e-6) if self.weight > 0 else 1.0

    def solution(self, groups: Sequence[int] | None = None, evidence: Tensor | None = None) -> Tensor:
        """U (J, N), for inputs in `groups` of so many each; the last of `evidence` weighs the prior."""
        conditional, prior = self.parts(groups)
        if evidence is None:
            evidence = torch.ones(len(conditional) + 1)
        own = [weight * part for weight, part in zip(evidence, conditional, strict=False)]
        return torch.cat(own) + evidence[-1] / self.mean_norm * prior

    def parts(self, groups: Sequence[int] | None = None) -> tuple[list[Tensor], Tensor]:
        """log(F / F_g), one (J_g, N) per group, and log mean_g F_g (N)."""
        parts = torch.split(self.mass.clamp(min=FLOOR), list(groups or [len(self.mass)]))
        sums = torch.stack([part.sum(0) for part in parts])
        return [part.log() - total.log() for part, total in zip(parts, sums, strict=True)], sums.mean(0).log()
