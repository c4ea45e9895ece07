"""How much each group of inputs is to be believed: logits group by group arrive, one weight per group leaves.

The explicit solution takes groups as independent, which neighbouring words are not. With c_g the logits that group g
would contribute, and c_0 those of the prior, the weights minimise

    - sum_m w_m log softmax(sum_g s_g c_g[m])[y_m] + 1/2 sum_g (s_g - 1)^2,

which is convex in the few s_g: Newton's method finds the only minimum, without a learning rate and without chance.
The second term keeps the published weights, 1, where there is little to learn from.
"""

import torch
from torch import Tensor

STEPS = 12
HALVINGS = 8


def believe(contributions: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """s (G), none negative, from contributions (G, M, N), targets as distributions (M, N) and weights (M)."""
    s = torch.ones(len(contributions))
    loss, gradient, curvature = _loss(contributions, targets, weights, s)
    for _ in range(STEPS):
        # what is held at zero, and would go below, does not move
        free = (s > 0) | (gradient < 0)
        step = torch.zeros_like(s)
        step[free] = torch.linalg.solve(curvature[free][:, free], gradient[free])
        for halving in range(HALVINGS):
            tried = (s - step / 2**halving).clamp(min=0)
            now = _loss(contributions, targets, weights, tried)
            if now[0] <= loss:
                break
        else:
            break
        done = loss - now[0] < 1e-4 * max(1.0, abs(loss))
        s, (loss, gradient, curvature) = tried, now
        if done:
            break
    return s


def _loss(contributions: Tensor, targets: Tensor, weights: Tensor, s: Tensor) -> tuple[float, Tensor, Tensor]:
    """The loss at s, its gradient (G) and its Hessian (G, G)."""
    log_p = torch.einsum("g,gmn->mn", s, contributions).log_softmax(-1)
    p = log_p.exp()
    means = torch.einsum("gmn,mn->mg", contributions, p)
    seen = torch.einsum("gmn,mn->mg", contributions, targets)
    gradient = weights @ (means - seen) + s - 1
    spread = (contributions * (p * weights[:, None])).flatten(1) @ contributions.flatten(1).T
    curvature = spread - (means * weights[:, None]).T @ means + torch.eye(len(s))
    loss = float(-(weights @ (targets * log_p).sum(-1)) + (s - 1).square().sum() / 2)
    return loss, gradient, curvature
